"""The databases of the demo: loaded once, kept as images, started anew in a second.

An image's name carries a digest of everything its rows depend on, so that a changed generator,
schema or server makes a new one and an unchanged one is never loaded twice.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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

_ROWS_CODE = Path(__file__).resolve().parent / "rows"
_SCHEMA = DEMO_FOLDER / "database/schema.sql"
_OBJECTS = DEMO_FOLDER / "database/objects.sql"
_SCRATCH = "/srv/rows"
_PASSWORD_FILE = "/run/root-password"  # noqa: S105 - a path
_CLIENT_FILE = "/root/.my.cnf"
_WAY = "2"  # of making an image: counts up when images made before must not be used any more
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
    """An account that a stack's programs use.

    Attributes:
        name: Its name.
        password: Its password.
        rights: What it may do in the shop's database.
        global_rights: What it may do on the whole server.
    """

    name: str
    password: str
    rights: str
    global_rights: str = "USAGE"


def have_production(engine: Engine, server_image: str, *, scale: float = 1.0) -> Loaded:
    """Have production's database: some 330,000 generated rows, scars and all."""

    def put_rows(container: Container) -> str:
        with generated_rows(scale) as rows:
            return put_generated(container, rows)

    sources = tuple(sorted(_ROWS_CODE.rglob("*.py")))
    return _have(engine, "production", server_image, sources, put_rows, salt=str(scale))


def have_qa(engine: Engine, server_image: str) -> Loaded:
    """Have QA's database: the few clean rows that somebody wrote by hand."""
    rows = DEMO_FOLDER / "qa/rows.sql"

    def put_rows(container: Container) -> str:
        container.put([File(f"{_SCRATCH}/rows.sql", rows.read_bytes())])
        return f"{_SCRATCH}/rows.sql"

    return _have(engine, "qa", server_image, (rows,), put_rows)


@contextmanager
def generated_rows(scale: float = 1.0) -> Iterator[Path]:
    """Generate production's rows into a folder that is there for the block only."""
    rows = WORK_FOLDER / f"rows-{scale}"
    shutil.rmtree(rows, ignore_errors=True)
    rows.mkdir(parents=True)
    try:
        generate(rows, scale=scale)
        yield rows
    finally:
        shutil.rmtree(rows, ignore_errors=True)


def put_generated(container: Container, rows: Path) -> str:
    """Put generated rows into a container and give the path of the script that loads them."""
    container.put_archive("/srv", _packed(rows))
    return f"{_SCRATCH}/load.sql"


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
        f"GRANT {one.global_rights} ON *.* TO '{one.name}'@'%';\n"
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
    settings = DEMO_FOLDER / name / "database.cnf"
    digest = hashlib.sha256(f"{_WAY}\0{server_image}\0{salt}".encode())
    for source in (_SCHEMA, _OBJECTS, settings, *sources):
        digest.update(b"\0" + source.name.encode() + b"\0" + source.read_bytes())
    reference = f"prod-sandbox/demo-{name}-database:{digest.hexdigest()[:12]}"
    if engine.image_id(reference):
        return Loaded(reference, new=False)

    loader = f"prod-sandbox-demo-load-{name}-{digest.hexdigest()[:12]}"
    with fresh_server(engine, loader, name, server_image) as container:
        load(container, put_rows)
        container.must_run(["rm", "-rf", _SCRATCH])
        # From here on root logs in from inside only, by being root there: no password goes along.
        run_statements(
            container,
            "DROP USER 'root'@'%'",
            "ALTER USER 'root'@'localhost' IDENTIFIED VIA unix_socket",
            # Written back in full, the committed data starts without recovery, so without copying.
            "SET GLOBAL innodb_fast_shutdown = 0",
        )
        container.must_run(["rm", _PASSWORD_FILE, _CLIENT_FILE])
        container.stop()
        container.commit(reference, {f"{LABEL}.database": name})
    return Loaded(reference, new=True)


@contextmanager
def fresh_server(engine: Engine, name: str, site: str, image: str) -> Iterator[Container]:
    """Run an empty server under the settings of a site for the block, then remove it.

    Its root password is made up now and is in files of the container only, which have to be
    removed before anything of it is kept.
    """
    left_over = find_container(engine, name)  # of a run that was killed half-way
    if left_over is not None:
        left_over.remove()
    password = secrets.token_hex(16)
    container = start_container(
        engine,
        ContainerSpec(
            name=name,
            image=image,
            network="none",
            labels={LABEL: "load"},
            environment={"MARIADB_ROOT_PASSWORD_FILE": _PASSWORD_FILE, "MYSQL_DATABASE": "shop"},
            # Under its own settings, which stick to routines, triggers and the view; but neither
            # its binary log nor its events belong into the image.
            command=("--skip-log-bin", "--event-scheduler=OFF"),
            files=(
                File(_PASSWORD_FILE, password.encode(), 0o400),
                File(_CLIENT_FILE, f"[client]\npassword={password}\n".encode(), 0o600),
                File(SETTINGS, (DEMO_FOLDER / site / "database.cnf").read_bytes()),
            ),
        ),
    )
    try:
        wait_for_database(container)
        yield container
    finally:
        container.remove()


def load(container: Container, put_rows: Callable[[Container], str]) -> None:
    """Load schema, rows and what is made of them into a running server."""
    container.put(
        [File(f"{_SCRATCH}/{script.name}", script.read_bytes()) for script in (_SCHEMA, _OBJECTS)]
    )
    rows = put_rows(container)
    run_script(container, f"{_SCRATCH}/{_SCHEMA.name}", "shop")
    run_script(container, rows, "shop")
    run_script(container, f"{_SCRATCH}/{_OBJECTS.name}", "shop")


def run_statements(container: Container, *statements: str) -> None:
    """Run statements that hold no secret, as root, in one session."""
    container.must_run(["mariadb", f"--execute={'; '.join(statements)}"])


def _packed(folder: Path) -> bytes:
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(folder, arcname=Path(_SCRATCH).name)
    return packed.getvalue()
