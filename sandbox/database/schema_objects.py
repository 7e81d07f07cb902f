"""Definitions of views, routines, triggers, events and sequences, and what hides them.

Each function gives what it found, and in words what it could not see.
"""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.database.catalogue import Catalogue
from sandbox.database.expressions import quoted
from sandbox.database.grants import Grants
from sandbox.database.server import Server
from sandbox.errors import RightMissing, SourceChanged, StatementFailed
from sandbox.model import ObjectKind, SchemaObject

Found = tuple[list[SchemaObject], list[str]]


def read_views(catalogue: Catalogue, names: Iterable[str]) -> Found:
    """Read the views of given names."""
    found: list[SchemaObject] = []
    unknown: list[str] = []
    for name in names:
        try:
            rows = catalogue.rows(f"SHOW CREATE VIEW {quoted(name)}", f"view {name}")
        except RightMissing:
            unknown.append(f"view {name}: no SHOW VIEW right")
            continue
        except (SourceChanged, StatementFailed):
            unknown.append(f"view {name}: the server cannot show it, its tables may be gone")
            continue
        _, definition, charset, collation = rows[0][:4]
        found.append(
            SchemaObject(
                ObjectKind.VIEW,
                name,
                str(definition),
                charset=str(charset or ""),
                collation=str(collation or ""),
            )
        )
    return found, unknown


def read_sequences(catalogue: Catalogue, names: Iterable[str]) -> Found:
    """Read sequences with the value from which on none was handed out yet.

    Numbers that the server holds in its cache are skipped: only using one up would tell the next.
    """
    found: list[SchemaObject] = []
    unknown: list[str] = []
    for name in names:
        try:
            rows = catalogue.rows(f"SHOW CREATE SEQUENCE {quoted(name)}", f"sequence {name}")
            position = catalogue.value(
                f"SELECT next_not_cached_value FROM {quoted(name)}",  # noqa: S608 - quoted
                f"sequence {name}",
            )
        except RightMissing:
            unknown.append(f"sequence {name}: no SELECT right")
            continue
        found.append(
            SchemaObject(ObjectKind.SEQUENCE, name, str(rows[0][1]), position=int(position))
        )
    return found, unknown


def read_routines(catalogue: Catalogue, database: str, grants: Grants) -> Found:
    """Read functions and procedures."""
    found: list[SchemaObject] = []
    unknown: list[str] = []
    right, sees_all = routine_right(catalogue.server, grants, database)
    rows = catalogue.rows(
        "SELECT ROUTINE_NAME, ROUTINE_TYPE FROM information_schema.ROUTINES "
        "WHERE ROUTINE_SCHEMA = :database ORDER BY ROUTINE_TYPE, ROUTINE_NAME",
        database=database,
    )
    for name, kind in rows:
        if kind not in {"FUNCTION", "PROCEDURE"}:
            unknown.append(f"{str(kind).lower()} {name}: objects of this kind are not taken")
            continue
        thing = _routine(catalogue, ObjectKind(str(kind).lower()), str(name))
        if thing:
            found.append(thing)
        else:
            unknown.append(f"{str(kind).lower()} {name}: no {right} right")
    if not sees_all:
        unknown.append(f"routines: no {right} right")
    return found, unknown


def read_triggers(
    catalogue: Catalogue, database: str, grants: Grants, tables: tuple[str, ...]
) -> Found:
    """Read triggers in the order in which they fire.

    To an account that may write, MariaDB (10.11, 11.8) names triggers and shows no more of them.
    """
    found: list[SchemaObject] = []
    unknown: list[str] = []
    rows = catalogue.rows(
        "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = :database "
        "ORDER BY EVENT_OBJECT_TABLE, EVENT_MANIPULATION, ACTION_TIMING, ACTION_ORDER",
        database=database,
    )
    for (name,) in rows:
        thing = _trigger(catalogue, str(name))
        if thing:
            found.append(thing)
        else:
            unknown.append(f"trigger {name}: no TRIGGER right")
    if not all(grants.allows("TRIGGER", database, table) for table in tables):
        unknown.append("triggers: no TRIGGER right")
    return found, unknown


def read_events(catalogue: Catalogue, database: str, grants: Grants) -> Found:
    """Read events."""
    if not grants.allows("EVENT", database):
        return [], ["events: no EVENT right"]
    found: list[SchemaObject] = []
    rows = catalogue.rows(
        "SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = :database "
        "ORDER BY EVENT_NAME",
        database=database,
    )
    for (name,) in rows:
        shown = catalogue.rows(f"SHOW CREATE EVENT {quoted(str(name))}", f"event {name}")
        _, sql_mode, time_zone, definition, charset, collation = shown[0][:6]
        found.append(
            SchemaObject(
                ObjectKind.EVENT,
                str(name),
                str(definition),
                sql_mode=str(sql_mode),
                charset=str(charset),
                collation=str(collation),
                time_zone=str(time_zone),
            )
        )
    return found, []


def _trigger(catalogue: Catalogue, name: str) -> SchemaObject | None:
    """Read a trigger; None where the account may know of it but not look into it."""
    try:
        rows = catalogue.rows(f"SHOW CREATE TRIGGER {quoted(name)}", f"trigger {name}")
    except RightMissing:
        return None
    _, sql_mode, definition, charset, collation = rows[0][:5]
    if definition is None:
        return None
    return SchemaObject(
        ObjectKind.TRIGGER,
        name,
        str(definition),
        sql_mode=str(sql_mode),
        charset=str(charset),
        collation=str(collation),
    )


def _routine(catalogue: Catalogue, kind: ObjectKind, name: str) -> SchemaObject | None:
    """Read a routine; None where the account may know of it but not look into it."""
    try:
        rows = catalogue.rows(
            f"SHOW CREATE {kind.value.upper()} {quoted(name)}", f"{kind.value} {name}"
        )
    except (RightMissing, StatementFailed):
        return None  # "does not exist" is what the server tells those who may not see it
    _, sql_mode, definition, charset, collation = rows[0][:5]
    if definition is None:
        return None
    return SchemaObject(
        kind,
        name,
        str(definition),
        sql_mode=str(sql_mode),
        charset=str(charset),
        collation=str(collation),
    )


def routine_right(server: Server, grants: Grants, database: str) -> tuple[str, bool]:
    """Give the right that shows every routine with its body, and whether the account has it.

    A wider right counts as well.
    """
    if server.is_mariadb and server.numbers >= (11, 3, 0):
        right = "SHOW CREATE ROUTINE"
        there = grants.allows(right, database) or grants.allows("SELECT", "mysql", "proc")
    elif not server.is_mariadb and server.numbers >= (8, 0, 20):
        right = "SHOW_ROUTINE"
        there = grants.allows(right)
    else:
        right = "SELECT ON mysql.proc"
        there = grants.allows("SELECT", "mysql", "proc")
    return right, there or grants.allows("SELECT")
