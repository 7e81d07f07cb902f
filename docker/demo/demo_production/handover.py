"""What operations do next: capture both servers, and export a piece of production for a developer.

Everything here is what people would type: the installed command, an account that may only read, and
the capture script, which runs inside the servers as it would over ssh.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from demo_production import DEMO_FOLDER
from demo_production.commands import CommandFailed, run_sandbox, typed
from demo_production.database import Account, use_accounts
from demo_production.requests import SHOP_LOG
from demo_production.stack import Stack
from sandbox.model import Progress
from sandbox.replica.containers import Container, File, find_container
from sandbox.replica.engine import Engine

_ARCHIVE = "/tmp/capture.tar.gz"  # noqa: S108 - inside a container of the demo's own
_SCRIPT = "/tmp/capture.sh"  # noqa: S108 - likewise
# The daily report fails without a line in any log. Its rows are the orders of its day, which no
# request names one by one.
_DAY = "ordered_at >= '2026-11-20' AND ordered_at < '2026-11-21'"


@dataclass(frozen=True, slots=True)
class Handover:
    """What was handed over.

    Attributes:
        bundle: The bundle.
        commands: What was typed, in order.
    """

    bundle: Path
    commands: tuple[str, ...]


def hand_over(engine: Engine, production: Stack, folder: Path, progress: Progress) -> Handover:
    """Capture production's servers and export a bundle.

    Args:
        engine: The engine that production runs on.
        production: Production, after the push.
        folder: Where files of operations go; made, or emptied.
        progress: Hears of the captures; the export tells of itself.

    Raises:
        CommandFailed: The export ended otherwise than it should.
        StackError: A container did not do what was asked.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    database = find_container(engine, f"{production.ground.network}-db")
    if database is None:
        raise CommandFailed("production has no database.")
    with progress.stage("capture", total=len(production.servers), unit="servers") as stage:
        script = run_sandbox("capture", "--script", shown=False).stdout

        def capture(name: str) -> None:
            _capture(production.servers[name], script, folder / f"{name}.tar.gz")
            stage.advance(1, name)

        with ThreadPoolExecutor() as pool:  # as over ssh, each on its own machine
            list(pool.map(capture, production.servers))
        _write(folder / "shop.log", next(iter(production.servers.values())).read(SHOP_LOG))
        _write(folder / "ddl.sql", _definitions(database))
        stage.done(f"{', '.join(production.servers)}; definitions; an account that may only read")
    _write(folder / "reader.cnf", _reader(database))
    commands = (
        ("keygen", f"--out={folder / 'masking.key'}"),
        ("export", *_export_options(production, database, folder)),
        ("inspect", str(folder / "shop.bundle")),
    )
    for command in commands:
        run_sandbox(*command)
    return Handover(folder / "shop.bundle", tuple(typed(*command) for command in commands))


def _export_options(production: Stack, database: Container, folder: Path) -> Sequence[str]:
    return (
        f"--source=mysql://reader@127.0.0.1:{database.port(3306)}/shop",
        f"--defaults-file={folder / 'reader.cnf'}",
        f"--key-file={folder / 'masking.key'}",
        f"--rules={DEMO_FOLDER / 'masking_rules/shop.yaml'}",
        f"--ddl={folder / 'ddl.sql'}",
        "--sample=1%",
        f"--from-log={folder / 'shop.log'}",
        f"--requests={DEMO_FOLDER / 'requests.jsonl'}",
        f"--include=orders:{_DAY}",
        *(f"--server={name}={folder / name}.tar.gz" for name in production.servers),
        f"--out={folder / 'shop.bundle'}",
    )


def _capture(server: Container, script: bytes, archive: Path) -> None:
    server.put([File(_SCRIPT, script, 0o755)])
    server.must_run(
        [
            "sh",
            _SCRIPT,
            "-o",
            _ARCHIVE,
            "--app",
            "/srv/shop/current",
            "--config",
            "/etc/shop/local.ini",
        ]
    )
    _write(archive, server.read(_ARCHIVE))
    server.must_run(["rm", _SCRIPT, _ARCHIVE])


def _definitions(database: Container) -> bytes:
    """Dump what the reading account cannot see, with the rights of the database's own root."""
    dumped = database.must_run(
        ["mariadb-dump", "--no-data", "--routines", "--triggers", "--events", "shop"]
    )
    return dumped.encode()


def _reader(database: Container) -> bytes:
    """Create the account that docs/source-database.md asks for, and give its option file."""
    password = secrets.token_hex(16)
    account = Account("reader", password, "SELECT, SHOW VIEW", "SLAVE MONITOR, BINLOG MONITOR")
    use_accounts(database, (account,))
    return f"[client]\nuser=reader\npassword={password}\n".encode()


def _write(file: Path, content: bytes) -> None:
    """Write a file that only its owner may read."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
