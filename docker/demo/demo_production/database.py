"""The databases of the demo: loaded once, kept as images, started anew in a second.

An image's name carries a digest of everything its rows depend on, so that a changed generator,
schema or server makes a new one and an unchanged one is never loaded twice.
"""

from __future__ import annotations

import hashlib
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from demo_production import DEMO_FOLDER, LABEL, WORK_FOLDER
from demo_production.rows import generate
from sandbox.replica.containers import (
    Container,
    ContainerSpec,
    File,
    find_container,
    start_container,
    wait_until,
)
from sandbox.replica.engine import Engine

_DATABASE_FOLDER = DEMO_FOLDER / "database"
_ROWS_CODE = Path(__file__).resolve().parent / "rows"
_SCRATCH = "/srv/rows"
SETTINGS = "/etc/mysql/conf.d/50-shop.cnf"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A database that was loaded and kept.

    Attributes:
        image: Reference of the image that holds it.
        new: Whether it had to be loaded now.
    """

    image: str
    new: bool


@dataclass(frozen=True, slots=True)
class Account:
    """An account that a stack's programs use."""

    name: str
    password: str
    rights: str


def have_production(engine: Engine, server_image: str, *, scale: float = 1.0) -> Loaded:
    """Have production's database: some 330,000 generated rows, scars and all."""

    def put_rows(container: Container) -> str:
        rows = WORK_FOLDER / f"rows-{scale}"
        shutil.rmtree(rows, ignore_errors=True)
        rows.mkdir(parents=True)
        generate(rows, scale=scale)
        container.put_archive("/srv", _packed(rows))
        shutil.rmtree(rows)
        return f"{_SCRATCH}/load.sql"

    sources = tuple(sorted(_ROWS_CODE.rglob("*.py")))
    return _have(engine, "production", server_image, sources, put_rows, salt=str(scale))


def have_qa(engine: Engine, server_image: str) -> Loaded:
    """Have QA's database: the few clean rows that somebody wrote by hand."""
    rows = DEMO_FOLDER / "qa/rows.sql"

    def put_rows(container: Container) -> str:
        container.put([File(f"{_SCRATCH}/rows.sql", rows.read_bytes())])
        return f"{_SCRATCH}/rows.sql"

    return _have(engine, "qa", server_image, (rows,), put_rows)


def wait_for_database(container: Container) -> None:
    """Wait until the server answers."""
    wait_until(container, lambda: container.run(["ready"]).exit_code == 0, what="the database")


def run_script(container: Container, path: str, database: str = "") -> None:
    """Run an SQL file that lies in the container, as root, and fail with its error."""
    container.must_run(
        ["sh", "-c", 'exec mariadb --default-character-set=utf8mb4 $1 < "$0"', path, database]
    )


def use_accounts(container: Container, accounts: tuple[Account, ...]) -> None:
    """Create the accounts of a stack. Passwords travel in a file, never on a command line."""
    script = "/run/accounts.sql"
    statements = "".join(
        f"CREATE OR REPLACE USER '{one.name}'@'%' IDENTIFIED BY '{one.password}';\n"
        f"GRANT {one.rights} ON shop.* TO '{one.name}'@'%';\n"
        for one in accounts
    )
    container.put([File(script, statements.encode(), 0o600)])
    run_script(container, script)
    container.must_run(["rm", script])


def _have(  # noqa: PLR0913 - what a database is made of, named one by one
    engine: Engine,
    name: str,
    server_image: str,
    sources: tuple[Path, ...],
    put_rows: Callable[[Container], str],
    *,
    salt: str = "",
) -> Loaded:
    scripts = (_DATABASE_FOLDER / "schema.sql", _DATABASE_FOLDER / "objects.sql")
    settings = DEMO_FOLDER / name / "database.cnf"
    digest = hashlib.sha256(f"{server_image}\0{salt}".encode())
    for source in (*scripts, settings, *sources):
        digest.update(b"\0" + source.name.encode() + b"\0" + source.read_bytes())
    reference = f"prod-sandbox/demo-{name}-database:{digest.hexdigest()[:12]}"
    if engine.image_id(reference):
        return Loaded(reference, new=False)

    container = _fresh_server(engine, name, server_image, settings, digest.hexdigest()[:12])
    try:
        wait_for_database(container)
        container.put(
            [File(f"{_SCRATCH}/{script.name}", script.read_bytes()) for script in scripts]
        )
        rows = put_rows(container)
        run_script(container, f"{_SCRATCH}/schema.sql", "shop")
        run_script(container, rows, "shop")
        run_script(container, f"{_SCRATCH}/objects.sql", "shop")
        container.must_run(["rm", "-rf", _SCRATCH])
        # From here on root logs in from inside only: `use_accounts` makes what a stack needs.
        container.must_run(["mariadb", "--execute=DROP USER 'root'@'%'"])
        # Written back in full, the committed data starts without recovery and so without copying.
        container.must_run(["mariadb", "--execute=SET GLOBAL innodb_fast_shutdown = 0"])
        container.stop()
        container.commit(reference, {f"{LABEL}.database": name})
    finally:
        container.remove()
    return Loaded(reference, new=True)


def _fresh_server(engine: Engine, name: str, image: str, settings: Path, digest: str) -> Container:
    loader = f"prod-sandbox-demo-load-{name}-{digest}"
    left_over = find_container(engine, loader)  # of a run that was killed half-way
    if left_over is not None:
        left_over.remove()
    return start_container(
        engine,
        ContainerSpec(
            name=loader,
            image=image,
            network="none",
            labels={LABEL: "load"},
            # Nobody reaches this server but `docker exec`, and that password stays inside.
            environment={"MARIADB_ROOT_PASSWORD": digest, "MYSQL_DATABASE": "shop"},
            # Under its own settings, which stick to routines, triggers and the view; but neither
            # its binary log nor its events belong into the image.
            command=("--skip-log-bin", "--event-scheduler=OFF"),
            files=(
                File("/root/.my.cnf", f"[client]\npassword={digest}\n".encode(), 0o600),
                File(SETTINGS, settings.read_bytes()),
            ),
        ),
    )


def _packed(folder: Path) -> bytes:
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(folder, arcname=Path(_SCRATCH).name)
    return packed.getvalue()
