"""The database that a bundle goes into: is it empty, does it fit, and emptying it again.

Whoever acts on it holds a lock on the server meanwhile, from before the first look. Half-made loads
are known by a marker table, which is the first thing made and the last removed.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.bundle.definitions import LOAD_SQL_MODE
from sandbox.bundle.manifest import Manifest
from sandbox.database.connect import Endpoint, open_writer
from sandbox.database.expressions import quoted
from sandbox.database.server import read_version
from sandbox.database.session import Limits
from sandbox.database.statements import StatementLog
from sandbox.database.writer import Writer
from sandbox.errors import SourceError, TargetRefused
from sandbox.model import Family, ObjectKind, SchemaObject
from sandbox.replica.load_rights import missing_rights
from sandbox.replica.load_undo import Made

MARKER = "_sandbox_load_in_progress"
# Sessions of a load wait for each other as long as the biggest table takes.
PATIENT = Limits(lock_wait=60, statement=24 * 3600, idle=24 * 3600)

_SHOWN = 10
# Names of locks are limited to 64 characters on MySQL, shared by the whole server.
_LOCK = "CONCAT('sandbox load ', LEFT(SHA2(DATABASE(), 256), 32))"
_DROPS = {
    "BASE TABLE": "TABLE",
    "SYSTEM VERSIONED": "TABLE",
    "VIEW": "VIEW",
    "SYSTEM VIEW": "VIEW",
    "SEQUENCE": "SEQUENCE",
}
_CONTENTS = (
    "SELECT 'EVENT', EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()",
    """SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES
       WHERE ROUTINE_SCHEMA = DATABASE()""",
    "SELECT TABLE_TYPE, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()",
)


@dataclass(frozen=True, slots=True)
class Target:
    """What a database is before a bundle goes into it.

    Attributes:
        name: Its name.
        address: Where it is, for people.
        version: The server's version.
        family: The server's family.
        contents: What is in it, as kind and name, in the order in which it can be dropped.
        charset: Its default character set.
        collation: Its default collation.
        buffers_changes: Whether the server could miss a duplicate in a unique key while unique
            checks are off.
        warnings: What is worth knowing before the load.
    """

    name: str
    address: str
    version: str
    family: Family
    contents: tuple[tuple[str, str], ...]
    charset: str
    collation: str
    buffers_changes: bool
    warnings: tuple[str, ...] = ()

    @property
    def is_half_made(self) -> bool:
        """Whether a load that did not end left its marker here."""
        return any(name == MARKER for _, name in self.contents)


def open_target(endpoint: Endpoint) -> Writer:
    """Open a session that changes the target.

    Raises:
        SourceError: It cannot be opened.
    """
    writer = open_writer(endpoint, StatementLog(), sql_mode=LOAD_SQL_MODE, limits=PATIENT)
    try:
        # A session that was cut off may hold a table for a moment; somebody else's, for longer.
        writer.execute(f"SET SESSION lock_wait_timeout = {PATIENT.lock_wait}")
        with contextlib.suppress(SourceError):  # MySQL calls it a right of administrators
            writer.execute("SET SESSION max_error_count = 65535")
    except BaseException:
        writer.close()
        raise
    return writer


def check_target(
    writer: Writer, endpoint: Endpoint, manifest: Manifest, *, replace_partial: bool
) -> Target:
    """Look at the target and refuse one that the bundle cannot go into.

    Raises:
        TargetRefused: It is not empty, of another family, does not allow LOAD DATA LOCAL, or the
            account may not do there what a load does.
    """
    target = look_at_target(writer, endpoint, manifest)
    if target.family is not manifest.source.family:
        raise TargetRefused(
            f"The bundle is of {manifest.source.family.value}, {target.address} is of "
            f"{target.family.value}: types and collations do not map one to one."
        )
    if target.contents and not (target.is_half_made and replace_partial):
        raise _not_empty(target)
    if writer.fetch("SELECT @@GLOBAL.local_infile")[0][0] != b"1":
        raise TargetRefused(
            f"The server at {target.address} does not take rows from a client (local_infile).",
            hint="As an administrator there run: SET GLOBAL local_infile = ON",
        )
    alters = not _has_charset_of(target, manifest)
    if missing := missing_rights(writer, manifest, target.name, alters=alters):
        raise TargetRefused(
            f"The account lacks rights that the load needs in {target.address}; nothing was made.",
            findings=missing,
            hint="As an administrator there: GRANT ALL PRIVILEGES ON the database TO the account; "
            "docs/load.md says what each right is for.",
        )
    return target


def _has_charset_of(target: Target, manifest: Manifest) -> bool:
    source = manifest.source
    return (target.charset, target.collation) == (source.charset, source.collation)


def look_at_target(writer: Writer, endpoint: Endpoint, manifest: Manifest) -> Target:
    """Say what the target is and holds."""
    server = writer.server
    name = (writer.fetch("SELECT DATABASE()")[0][0] or b"").decode()
    charset, collation = _charset(writer)
    warnings = []
    if server.numbers[:2] < read_version(manifest.source.version).numbers[:2]:
        warnings.append(
            f"the server is older ({server.version}) than the source was "
            f"({manifest.source.version}): it may behave differently, or not know a type"
        )
    buffering = writer.fetch("SHOW GLOBAL VARIABLES LIKE 'innodb_change_buffering'")
    return Target(
        name=name,
        address=str(endpoint.address),
        version=server.version,
        family=server.family,
        contents=tuple(_contents(writer)),
        charset=charset,
        collation=collation,
        buffers_changes=bool(buffering) and buffering[0][1] != b"none",
        warnings=tuple(warnings),
    )


@contextlib.contextmanager
def only_load(writer: Writer, endpoint: Endpoint) -> Iterator[int]:
    """Keep other loads out of the target while inside; a killed one keeps nobody out.

    Gives the number of the session that does so, for `is_taken`.

    Raises:
        TargetRefused: Another load is under way.
    """
    if writer.fetch(f"SELECT GET_LOCK({_LOCK}, 0)")[0][0] != b"1":
        raise TargetRefused(
            f"Another load into {endpoint.address} is under way.", hint="Wait until it has ended."
        )
    yield int(writer.fetch("SELECT CONNECTION_ID()")[0][0] or 0)
    with contextlib.suppress(SourceError):  # the server frees it with the session
        writer.fetch(f"SELECT RELEASE_LOCK({_LOCK})")


def is_taken(writer: Writer, holder: int) -> bool:
    """Tell whether another load has the target by now, as `holder` lost its connection."""
    found = writer.fetch(f"SELECT IS_USED_LOCK({_LOCK})")[0][0]
    return found not in (None, b"%d" % holder)


def prepare_target(writer: Writer, target: Target, manifest: Manifest, made: Made) -> None:
    """Empty a half-made target, mark it as half-made, and give it the source's character set.

    Args:
        writer: A session of the load.
        target: The target as it was found; only if it is half-made may it hold anything.
        manifest: What comes into it.
        made: Takes note of the marker.

    Raises:
        TargetRefused: It cannot have that character set, or others put something into it.
    """
    if target.is_half_made:
        _empty(writer, target)
    marker = f"CREATE TABLE {quoted(MARKER)} (id INT PRIMARY KEY)"
    with made.creating(SchemaObject(ObjectKind.TABLE, MARKER, marker)):
        writer.execute(marker)
    if not _has_charset_of(target, manifest):
        _set_charset(writer, manifest.source.charset, manifest.source.collation)


def restore_target(writer: Writer, target: Target, made: Made) -> tuple[tuple[str, str], ...]:
    """Drop what a load made and give the target its character set back.

    Returns:
        What is there now, as `Target.contents` has it.
    """
    made.drop(writer)
    if _charset(writer) != (target.charset, target.collation):
        _set_charset(writer, target.charset, target.collation)
    return tuple(_contents(writer))


def _empty(writer: Writer, target: Target) -> None:
    """Drop what a load that did not end had left, the marker last."""
    for kind, name in sorted(target.contents, key=lambda one: one[1] == MARKER):
        writer.execute(f"DROP {_DROPS.get(kind, kind)} IF EXISTS {quoted(name)}")
    left = tuple(_contents(writer))
    if left:
        raise _not_empty(dataclasses.replace(target, contents=left))


def unmark_target(writer: Writer) -> None:
    """Remove the marker: the load is whole."""
    writer.execute(f"DROP TABLE {quoted(MARKER)}")


def _charset(writer: Writer) -> tuple[str, str]:
    """Give the target's default character set and collation."""
    asked = writer.fetch("SELECT @@character_set_database, @@collation_database")
    charset, collation = ((value or b"").decode() for value in asked[0])
    return charset, collation


def _set_charset(writer: Writer, charset: str, collation: str) -> None:
    """Set the target's default character set, in which routines take their parameters."""
    try:
        writer.execute(f"ALTER DATABASE CHARACTER SET {charset} COLLATE {collation}")
    except SourceError as error:
        raise TargetRefused(
            f"The target cannot have the source's collation {collation}: {error.message}",
            hint="Use a server that knows that collation, and an account that may alter the "
            "database.",
        ) from None


def _contents(writer: Writer) -> list[tuple[str, str]]:
    return [
        ((kind or b"").decode(), (name or b"").decode())
        for statement in _CONTENTS
        for kind, name in writer.fetch(statement)
    ]


def _not_empty(target: Target) -> TargetRefused:
    if target.is_half_made:
        return TargetRefused(
            f"{target.address} holds a load that did not end.",
            hint="Run the command again with --replace-partial: what is there is dropped, and the "
            "load starts over.",
        )
    shown = [f"{kind.lower()} {name}" for kind, name in target.contents[:_SHOWN]]
    if len(target.contents) > _SHOWN:
        shown.append(f"and {len(target.contents) - _SHOWN} more")
    return TargetRefused(
        f"{target.address} is not empty; a bundle goes only into an empty database.",
        findings=tuple(shown),
    )
