"""Make the server that a golden image is taken of: rows, accounts, settings, a clean stop."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sandbox.bundle.definitions import quote_text
from sandbox.bundle.reader import Bundle
from sandbox.capture.database import DatabaseSettings
from sandbox.database.expressions import quoted
from sandbox.database.heads import account_of, definer_of
from sandbox.database.secret import Secret
from sandbox.database.server import Server, read_version
from sandbox.database.writer import Writer
from sandbox.errors import SourceError, SourceLost
from sandbox.model import Progress
from sandbox.replica.containers import Container, File
from sandbox.replica.engine import Engine
from sandbox.replica.golden_loader import SETTINGS, Loader, run_loader
from sandbox.replica.golden_settings import (
    SETS,
    STATEMENTS,
    Wish,
    loading_file,
    read_settings,
    settings_file,
    settings_statements,
    statement_for,
    what_differs,
    wish_for,
    zone_of,
)
from sandbox.replica.load import load_bundle
from sandbox.replica.servers.web_server import DatabaseAccount

FIRST_QUERY = "/srv/first-query.sql"
_LOADER = "sandbox_loader"
_NO_GRANTS = (
    "accounts: production's grants are not captured; every account may do everything in the "
    "database and nothing else"
)
_NO_SETTINGS = (
    "database settings: the bundle holds none; only the database's character set and collation "
    "are production's"
)


@dataclass(frozen=True, slots=True)
class Made:
    """A stopped server whose files are the golden database.

    Attributes:
        container: Its container.
        version: Its version.
        differs: What is not as in production, in words for people.
    """

    container: Container
    version: str
    differs: tuple[str, ...]


@contextlib.contextmanager
def make_database(  # noqa: PLR0913, PLR0917 - as have_golden
    engine: Engine,
    name: str,
    image: str,
    bundle: Bundle,
    accounts: Sequence[DatabaseAccount],
    labels: Mapping[str, str],
    progress: Progress,
) -> Iterator[Made]:
    """Load a bundle into a server of its own and stop it; it is there for the block only.

    Raises:
        BundleInvalid: The bundle is damaged.
        LoadFailed: The rows do not come to be there as they are.
        StackError: The server does not start, or the engine failed.
    """
    source = bundle.manifest.source
    settings = read_settings(bundle)
    variables = settings.variables if settings else {}
    production = read_version(source.version)
    # The server's own version is known once it runs; what a start needs does not depend on it.
    early = wish_for(variables, production, production)
    with run_loader(engine, name, image, loading_file(early), labels) as loader:
        password = Secret(secrets.token_hex(16))
        with loader.open("root", loader.root_password) as root:
            _make_loader(root, password)
        with loader.open(_LOADER, password) as session:
            server = session.server
            wish = wish_for(variables, production, server)
            zone, unsure = zone_of(variables)
            _make_accounts(session, bundle, accounts)
            refused = _apply(session, wish.sticking())
        load = load_bundle(bundle, loader.endpoint(_LOADER, password, source.database), progress)
        with progress.stage("settings") as stage:
            with loader.open(_LOADER, password) as session:
                refused |= _apply(session, wish.later())
                _finish(session, bundle)
            running = _restart(loader, wish, refused, zone, password)
            stage.done(f"{len(wish.values)} settings of production")
        differs = (
            *_version_differs(source.version, server),
            *(_not_captured(settings) if settings else (_NO_SETTINGS,)),
            *what_differs(wish, running),
            *unsure,
            *load.warnings,
            _NO_GRANTS,
        )
        _put_first_query(loader, bundle)
        _close(loader.container, server, source.database)
        loader.forget_password()
        loader.stop()
        yield Made(loader.container, server.version, differs)


def _not_captured(settings: DatabaseSettings) -> tuple[str, ...]:
    """Give what the export says it left out, but for the grants, of which we say more."""
    return tuple(
        f"not captured: {one}" for one in settings.not_captured if not one.startswith("the grants")
    )


def _make_loader(root: Writer, password: Secret) -> None:
    """Create the account that loads: root's own goes, and must not be anything's definer."""
    loader = f"{quote_text(_LOADER)}@'%'"
    root.execute(f"CREATE USER {loader} IDENTIFIED BY {quote_text(password.reveal())}")
    root.execute(f"GRANT ALL PRIVILEGES ON *.* TO {loader} WITH GRANT OPTION")


def _make_accounts(session: Writer, bundle: Bundle, accounts: Sequence[DatabaseAccount]) -> None:
    """Create the database, those who use it, and those whom its objects run as."""
    source = bundle.manifest.source
    session.execute(f"CREATE DATABASE IF NOT EXISTS {quoted(source.database)}")
    session.execute("DROP USER 'root'@'%'")
    if session.server.is_mariadb:
        root_by_socket = "IDENTIFIED VIA unix_socket"
    else:
        root_by_socket = "IDENTIFIED WITH auth_socket"
        session.execute("INSTALL PLUGIN auth_socket SONAME 'auth_socket.so'")
    session.execute(f"ALTER USER 'root'@'localhost' {root_by_socket}")
    everything = f"GRANT ALL PRIVILEGES ON {_as_pattern(source.database)}.* TO"
    for account in accounts:
        name = f"{quote_text(account.name)}@'%'"
        session.execute(f"CREATE USER {name} IDENTIFIED BY {quote_text(account.password)}")
        session.execute(f"{everything} {name}")
    for user, host in _definers(bundle):
        name = f"{quote_text(user)}@{quote_text(host)}"
        secret = quote_text(secrets.token_hex(16))
        session.execute(f"CREATE USER IF NOT EXISTS {name} IDENTIFIED BY {secret} ACCOUNT LOCK")
        session.execute(f"{everything} {name}")


def _definers(bundle: Bundle) -> list[tuple[str, str]]:
    """Give the accounts whose rights the objects run with, under the names that masking gave."""
    named = (definer_of(one.definition) for one in bundle.objects())
    return sorted({account for one in named if one and (account := account_of(one)) is not None})


def _apply(writer: Writer, values: Mapping[str, str]) -> dict[str, str]:
    """Set variables as far as the server takes them.

    Returns:
        What it refused, with what it takes instead: empty for nothing.
    """
    known = _variables(writer)
    refused: dict[str, str] = {}
    for name, value in sorted(values.items()):
        for tried in (value, _known_members(writer, name, value)):
            try:
                writer.execute(statement_for(name, tried, known))
            except SourceLost:
                raise
            except SourceError:
                refused[name] = ""
                continue
            if tried != value:
                refused[name] = tried
            break
    return refused


def _known_members(writer: Writer, name: str, value: str) -> str:
    """Leave out of a set what a server of another version does not know."""
    if name not in SETS:
        return value
    known = []
    (before,) = writer.fetch(f"SELECT @@SESSION.{name}")[0]
    for member in value.split(","):
        with contextlib.suppress(SourceError):
            writer.execute(f"SET SESSION {name} = {quote_text(member)}")
            known.append(member)
    writer.execute(f"SET SESSION {name} = {quote_text((before or b'').decode())}")
    return ",".join(known)


def _finish(session: Writer, bundle: Bundle) -> None:
    """Count what optimizers go by, once: else every copy would, at some moment of its own."""
    database = quoted(bundle.manifest.source.database)
    for table in bundle.manifest.tables:
        session.fetch(f"ANALYZE TABLE {database}.{quoted(table.name)}")


def _restart(
    loader: Loader, wish: Wish, refused: Mapping[str, str], zone: str, password: Secret
) -> dict[str, str]:
    """Start the server again as it will be, and ask what it is like."""
    kept = wish.without([name for name, instead in refused.items() if not instead])
    values = {name: refused.get(name, value) for name, value in kept.values.items()}
    with loader.open(_LOADER, password) as session:
        known = _variables(session)
    loader.container.put(
        [
            File(SETTINGS, settings_file(Wish(values))),
            File(STATEMENTS, settings_statements(Wish(values), known)),
        ]
    )
    if zone:
        target = f"/usr/share/zoneinfo/{zone}"
        loader.container.must_run(["ln", "-sf", target, "/etc/localtime"])
    loader.stop()
    loader.container.start()
    loader.wait(_LOADER, password)
    with loader.open(_LOADER, password) as session:
        return _variables(session)


def _close(container: Container, server: Server, database: str) -> None:
    """Take the loader's rights, as root from inside, and have everything written back at the stop.

    What the loader made without a definer of its own still runs with the rights of its account.
    """
    loader = f"{quote_text(_LOADER)}@'%'"
    statements = [
        "SET SESSION sql_log_bin = 0",
        f"ALTER USER {loader} ACCOUNT LOCK",
        f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM {loader}",
        f"GRANT ALL PRIVILEGES ON {_as_pattern(database)}.* TO {loader}",
        # Written back in full, a copy starts without recovery, so without touching every file.
        "SET GLOBAL innodb_fast_shutdown = 0",
    ]
    client = 'exec "$(command -v mariadb || command -v mysql)" "$@"'
    asked = ["sh", "-c", client, "client", "--skip-column-names"]
    if container.must_run([*asked, "--execute=SELECT @@log_bin"]).strip() == "1":
        renamed = not server.is_mariadb and server.numbers >= (8, 2, 0)
        statements.append("RESET BINARY LOGS AND GTIDS" if renamed else "RESET MASTER")
    container.must_run([*asked, f"--execute={'; '.join(statements)}"])


def _put_first_query(loader: Loader, bundle: Bundle) -> None:
    database = quoted(bundle.manifest.source.database)
    tables = [one for one in bundle.manifest.tables if one.rows]
    biggest = max(tables, key=lambda one: one.bytes, default=None)
    query = f"SELECT 1 FROM {database}.{quoted(biggest.name)} LIMIT 1" if biggest else "SELECT 1"  # noqa: S608 - quoted
    loader.container.put([File(FIRST_QUERY, f"{query};\n".encode())])


def _version_differs(production: str, server: Server) -> tuple[str, ...]:
    there = read_version(production)
    if there.numbers == server.numbers:
        return ()
    shown, theirs = (".".join(map(str, one.numbers)) for one in (server, there))
    return (f"{server.family.value} {shown} (production {theirs})",)


def _variables(session: Writer) -> dict[str, str]:
    rows = session.fetch("SHOW GLOBAL VARIABLES")
    return {
        (name or b"").decode(): (value or b"").decode("utf-8", "replace") for name, value in rows
    }


def _as_pattern(database: str) -> str:
    """Quote a database for a GRANT, where _ and % stand for any letters."""
    return quoted(database.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%"))
