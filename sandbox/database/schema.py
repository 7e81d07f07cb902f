"""Read a database's schema, as its server tells it, and say what it does not tell.

Takes a catalogue, gives a `Schema`: tables with columns, keys and relations, and the definition of
every object under the session it was created in. What an account may not see often looks like
"none"; here it is recorded as unknown.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping

from sandbox.database.catalogue import Catalogue, Record
from sandbox.database.definitions import (
    foreign_keys,
    merged,
    plain_indexes,
    table_as_shown,
    unique_keys,
)
from sandbox.database.expressions import quoted
from sandbox.database.grants import Grants, read_grants
from sandbox.database.schema_objects import (
    read_events,
    read_routines,
    read_sequences,
    read_triggers,
    read_views,
)
from sandbox.errors import RightMissing, SourceError
from sandbox.model import Column, ForeignKey, Index, Key, ObjectKind, Schema, SchemaObject, Table

_TABLES = (
    "SELECT TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_ROWS, DATA_LENGTH, TABLE_COMMENT "
    "FROM information_schema.TABLES WHERE TABLE_SCHEMA = :database ORDER BY TABLE_NAME"
)
_COLUMNS = (
    "SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, "
    "CHARACTER_SET_NAME, COLLATION_NAME, EXTRA, GENERATION_EXPRESSION "
    "FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = :database "
    "ORDER BY TABLE_NAME, ORDINAL_POSITION"
)
_VERSIONED = "SYSTEM VERSIONED"
_ROW_END = "ROW END"


def read_schema(
    catalogue: Catalogue,
    database: str,
    grants: Grants | None = None,
    dumped: Iterable[SchemaObject] = (),
) -> Schema:
    """Read the schema of a database.

    Definers stand in the definitions as they are: `definitions.replace_definers` takes them out,
    once everything is there.

    Args:
        catalogue: A session whose database it is.
        database: Its name.
        grants: What the account may do; asked for where None.
        dumped: Objects of a dump: it defines tables that the server does not show whole.

    Raises:
        RightMissing: There is no table, or nothing tells how one is defined.
        SourceError: The server refuses a question that every account may ask.
    """
    grants = grants or read_grants(catalogue)
    # Under lower_case_table_names the server's spelling may not be the address's.
    database = str(catalogue.value("SELECT DATABASE()") or database)
    charset, collation = _defaults(catalogue, database)
    by_type = defaultdict(list)
    for row in catalogue.rows(_TABLES, database=database):
        by_type[str(row[1])].append(row)
    unknown = _unseen(grants, database)
    base = by_type["BASE TABLE"] + by_type[_VERSIONED]
    defined = {one.name: one.definition for one in dumped if one.kind is ObjectKind.TABLE}
    tables, objects = _tables(catalogue, database, grants, base, unknown, defined=defined)
    for found, missing in (
        read_sequences(catalogue, [str(row[0]) for row in by_type["SEQUENCE"]]),
        read_routines(catalogue, database, grants),
        read_views(catalogue, [str(row[0]) for row in by_type["VIEW"]]),
        read_triggers(catalogue, database, grants, tuple(tables)),
        read_events(catalogue, database, grants),
    ):
        objects += found
        unknown += missing
    return Schema(
        database=database,
        family=catalogue.server.family,
        version=catalogue.server.version,
        charset=charset,
        collation=collation,
        tables=tables,
        objects=merged(objects, ()),
        unknown=tuple(unknown),
    )


def _tables(  # noqa: PLR0913 - what a table is known by, named one by one
    catalogue: Catalogue,
    database: str,
    grants: Grants,
    rows: list[Record],
    unknown: list[str],
    *,
    defined: Mapping[str, str],
) -> tuple[dict[str, Table], list[SchemaObject]]:
    """Read the tables that the account may read, and add what it does not see to `unknown`."""
    columns, row_ends = _columns(catalogue, database)
    tables: dict[str, Table] = {}
    objects: list[SchemaObject] = []
    for row in sorted(rows):
        name, kind = str(row[0]), str(row[1])
        if not grants.allows_some("SELECT", database, name):
            unknown.append(f"table {name}: no SELECT right")
            continue
        definition = _table_definition(catalogue, name) or defined.get(name, "")
        own, foreign = _foreign(name, definition, database)
        unknown += [*_partly_seen(grants, database, name), *foreign]
        if kind == _VERSIONED:
            unknown.append(f"table {name}: the history of its rows is not taken")
        objects.append(SchemaObject(ObjectKind.TABLE, name, definition))
        tables[name] = Table(
            name=name,
            engine=str(row[2] or ""),
            columns=tuple(columns[name]),
            keys=_keys(definition, columns[name], row_ends[name]),
            foreign_keys=own,
            rows=int(row[3] or 0),
            size=int(row[4] or 0),
            comment=str(row[5] or ""),
            indexes=_indexes(definition, columns[name]),
        )
    if not tables:
        raise RightMissing(
            f"The account may read no table of database {database}.",
            hint="Check the name, and grant SELECT on it.",
        )
    if undefined := [thing.name for thing in objects if not thing.definition]:
        raise RightMissing(
            "The account may not see how tables are defined that it may read columns of: "
            f"{', '.join(undefined)}.",
            hint="Grant SELECT on the whole of them, or hand their definitions over "
            "with --ddl FILE (mysqldump --no-data).",
        )
    return _related(tables, grants, database, unknown), objects


def _related(
    tables: dict[str, Table], grants: Grants, database: str, unknown: list[str]
) -> dict[str, Table]:
    """Keep the references that can be followed; of the others, add to `unknown` why they cannot."""
    related = {}
    for name, table in tables.items():
        problems = {
            key: problem
            for key in table.foreign_keys
            if (problem := _hidden(key, tables, grants, database))
        }
        unknown += [
            f"table {name}: foreign key {key.name} is not followed: {problem}"
            for key, problem in problems.items()
        ]
        kept = tuple(key for key in table.foreign_keys if key not in problems)
        related[name] = dataclasses.replace(table, foreign_keys=kept)
    return related


def _hidden(key: ForeignKey, tables: Mapping[str, Table], grants: Grants, database: str) -> str:
    """Say why a reference cannot be followed; nothing where it can."""
    if key.parent not in tables:
        if grants.allows("SELECT", database, key.parent):
            return f"there is no table {key.parent}"
        return f"the account lacks SELECT on {database}.{key.parent}"
    for name, columns in ((key.table, key.columns), (key.parent, key.parent_columns)):
        seen = {column.name for column in tables[name].columns}
        if not seen.issuperset(columns):
            return f"the account lacks SELECT on its columns in {database}.{name}"
    return ""


def _defaults(catalogue: Catalogue, database: str) -> tuple[str, str]:
    rows = catalogue.rows(
        "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME "
        "FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = :database",
        database=database,
    )
    if not rows:
        raise SourceError(f"There is no database {database}, or the account may not see it.")
    return str(rows[0][0]), str(rows[0][1])


def _columns(
    catalogue: Catalogue, database: str
) -> tuple[dict[str, list[Column]], dict[str, set[str]]]:
    """Read all columns by table, and which of them end a row's validity (system versioning)."""
    columns: dict[str, list[Column]] = defaultdict(list)
    row_ends: dict[str, set[str]] = defaultdict(set)
    for row in catalogue.rows(_COLUMNS, database=database):
        table, name, kind, declared, nullable, charset, collation, extra, expression = row
        flags = str(extra or "").upper()
        # DEFAULT_GENERATED is a default that is an expression: such a column is stored.
        generated = bool(expression) or any(
            word in flags for word in ("VIRTUAL GENERATED", "STORED GENERATED", "PERSISTENT")
        )
        columns[str(table)].append(
            Column(
                name=str(name),
                kind=str(kind).lower(),
                declared=str(declared),
                nullable=nullable == "YES",
                charset=str(charset or ""),
                collation=str(collation or ""),
                generated=generated,
            )
        )
        if str(expression or "").upper() == _ROW_END:
            row_ends[str(table)].add(str(name))
    return columns, row_ends


def _table_definition(catalogue: Catalogue, name: str) -> str:
    """Give the definition; nothing where the account may read only some of the columns."""
    try:
        with catalogue.exact():
            rows = catalogue.rows(f"SHOW CREATE TABLE {quoted(name)}", f"table {name}")
    except RightMissing:
        return ""
    return table_as_shown(str(rows[0][1]))


def _keys(definition: str, seen: Iterable[Column], row_ends: set[str]) -> tuple[Key, ...]:
    """Read the unique keys whose columns are seen.

    Among current rows the end of validity tells none from another.
    """
    names = {column.name for column in seen}
    keys = []
    for key in unique_keys(definition):
        columns = tuple(name for name in key.columns if name not in row_ends)
        if columns and names.issuperset(columns):
            keys.append(dataclasses.replace(key, columns=columns))
    return tuple(keys)


def _indexes(definition: str, seen: Iterable[Column]) -> tuple[Index, ...]:
    names = {column.name for column in seen}
    return tuple(one for one in plain_indexes(definition) if names.issuperset(one.columns))


def _foreign(
    table: str, definition: str, database: str
) -> tuple[tuple[ForeignKey, ...], list[str]]:
    """Read the foreign keys: those within the database, and words about the others."""
    own, unknown = [], []
    for key, other in foreign_keys(table, definition):
        if other and other != database:
            unknown.append(
                f"table {table}: foreign key {key.name} refers to another database, "
                f"{other}.{key.parent}"
            )
        else:
            own.append(key)
    return tuple(own), unknown


def _unseen(grants: Grants, database: str) -> list[str]:
    if grants.allows("SELECT", database):
        return []
    return ["tables: the account has SELECT on single tables only and does not see the others"]


def _partly_seen(grants: Grants, database: str, table: str) -> list[str]:
    if grants.allows("SELECT", database, table):
        return []
    return [f"table {table}: columns on which the account lacks SELECT"]
