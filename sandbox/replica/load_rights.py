"""Whether an account may do what a load does, asked before anything is made.

The server would else refuse somewhere in the middle: a view after an hour of rows.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from sandbox.bundle.manifest import Manifest
from sandbox.database.grants import Grants, parse_grants
from sandbox.database.writer import Writer
from sandbox.errors import SourceError
from sandbox.model import Family, ObjectKind

_ALWAYS = ("SELECT", "INSERT", "CREATE", "DROP")
_BY_KIND = {
    ObjectKind.SEQUENCE: "ALTER",
    ObjectKind.FUNCTION: "CREATE ROUTINE",
    ObjectKind.PROCEDURE: "CREATE ROUTINE",
    ObjectKind.VIEW: "CREATE VIEW",
    ObjectKind.TRIGGER: "TRIGGER",
    ObjectKind.EVENT: "EVENT",
}
_LOGGED = frozenset({ObjectKind.FUNCTION, ObjectKind.TRIGGER})
_TRUSTED = (
    "SUPER, or log_bin_trust_function_creators = ON there: the server has a binary log, and the "
    "bundle functions or triggers"
)


def missing_rights(
    writer: Writer, manifest: Manifest, database: str, *, alters: bool
) -> tuple[str, ...]:
    """Say which rights a load of a bundle needs that the account lacks.

    Args:
        writer: A session in the target.
        manifest: What is to be loaded.
        database: The target's name.
        alters: Whether the target's own character set is to be changed.

    Returns:
        The rights; none where the server does not tell what the account may do.
    """
    try:
        grants = _grants(writer)
    except SourceError:
        return ()
    needed = _needed(manifest, alters=alters)
    lacking = [right for right in needed if not grants.allows(right, database)]
    kinds = {one.kind for one in manifest.objects}
    if kinds & _LOGGED and _distrusts(writer) and not _is_trusted(grants):
        lacking.append(_TRUSTED)
    return tuple(lacking)


def _needed(manifest: Manifest, *, alters: bool) -> list[str]:
    needed = [*_ALWAYS, *(["ALTER"] if alters else [])]
    needed += [_BY_KIND[one.kind] for one in manifest.objects if one.kind in _BY_KIND]
    if manifest.source.family is Family.MYSQL and any(one.foreign_keys for one in manifest.tables):
        needed.append("REFERENCES")
    return list(dict.fromkeys(needed))


def _grants(writer: Writer) -> Grants:
    """Ask what the account may do, its active roles and what everybody may included."""
    lines = [*_lines(writer, "SHOW GRANTS")]
    if writer.server.family is Family.MYSQL:
        roles = writer.fetch("SELECT CURRENT_ROLE()")[0][0] or b"NONE"
        if roles != b"NONE":
            lines += _lines(writer, f"SHOW GRANTS FOR CURRENT_USER() USING {roles.decode()}")
    else:
        with contextlib.suppress(SourceError):  # before 10.11 there is no such role
            lines += _lines(writer, "SHOW GRANTS FOR PUBLIC")
    return Grants(parse_grants(lines))


def _lines(writer: Writer, sql: str) -> Iterator[str]:
    return ((row[0] or b"").decode(errors="replace") for row in writer.fetch(sql))


def _distrusts(writer: Writer) -> bool:
    """Whether the server lets only a few create what its binary log will repeat elsewhere."""
    asked = writer.fetch("SELECT @@log_bin, @@log_bin_trust_function_creators")
    return asked[0] == (b"1", b"0")


def _is_trusted(grants: Grants) -> bool:
    return grants.allows("SUPER") or grants.allows("BINLOG ADMIN")
