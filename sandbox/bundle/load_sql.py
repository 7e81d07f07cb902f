"""The script that loads a bundle without us: what anybody who knows MySQL can read and run."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.bundle.definitions import (
    LOAD_SQL_MODE,
    creation,
    disabled,
    in_order,
    quote_text,
    without_definer,
)
from sandbox.bundle.manifest import Manifest, TableEntry
from sandbox.bundle.reader import Bundle
from sandbox.database.expressions import load_target, quoted
from sandbox.model import Family, ObjectKind, SchemaObject

_BEFORE_DATA = frozenset({ObjectKind.SEQUENCE, ObjectKind.TABLE})

_HEAD = """\
-- Loads this bundle by hand. `sandbox load` does the same, in parallel, and verifies the result.
--
--   1. In the folder of this file, unpack the rows:
--        find data -name '*.zst' -exec zstd -d -k {{}} +
--   2. Make an empty database (and allow LOCAL: SET GLOBAL local_infile = ON):
--        CREATE DATABASE {database} CHARACTER SET {charset} COLLATE {collation};
--   3. In the same folder, run this file:
--        mariadb --local-infile=1 --binary-mode --comments DATABASE < load.sql
--   4. Remove what was unpacked: it is no part of the bundle.
--        find data -name '*.tsv' -delete
--
-- LOCAL turns errors of rows into warnings. So the rows of each table are counted behind it: the
-- two numbers are printed, and where they differ the script ends with error 1242 and an exit code.
-- Values that the server changed it does not notice; `sandbox load` does.
"""

_SESSION = (
    "SET NAMES utf8mb4",
    "SET SESSION time_zone = '+00:00'",
    f"SET SESSION sql_mode = '{LOAD_SQL_MODE}'",
    "SET SESSION foreign_key_checks = 0",
)

_README = """\
This folder is a bundle of prod-sandbox {tool}, format {format}.

It holds PSEUDONYMISED PERSONAL DATA of the database {database}: names, addresses and the like are
replaced, but it is not anonymous. Keep it as you would keep what it was made from, and remove it
when it has served its purpose.

  sandbox inspect FOLDER      what is in it, and how each column was treated
  sandbox verify FOLDER       whether it is whole
  sandbox up FOLDER --app CODE
                              run a sealed replica of production from it
  sandbox load FOLDER --into mysql://USER@HOST:PORT/DATABASE
                              its rows alone, into a database that is there

load.sql loads it without that tool. manifest.json is its table of contents.
"""


def render_load_sql(bundle: Bundle) -> bytes:
    """Give the script, each definition in its own character set."""
    source = bundle.manifest.source
    head = _HEAD.format(
        database=quoted(source.database).replace("\n", " "),
        charset=source.charset,
        collation=source.collation,
    )
    objects = in_order(bundle.objects())
    delimiter = _delimiter(objects)
    lines = [head.encode(), f"DELIMITER {delimiter}".encode()]
    for comment, statement in _statements(bundle.manifest, objects):
        if comment:
            lines.append(f"-- {comment}".encode())
        lines.append(statement + f"\n{delimiter}".encode())
    return b"\n".join(lines) + b"\n"


def render_readme(manifest: Manifest) -> str:
    """Give the text that tells whoever finds the folder what it is."""
    return _README.format(
        tool=manifest.tool_version,
        format=manifest.format,
        database=quoted(manifest.source.database),
    )


def load_statement(table: TableEntry, file: str) -> str:
    """Give the statement that loads a part from an unpacked file (or a pipe)."""
    targets = [
        load_target(entry.column(), position) for position, entry in enumerate(table.columns, 1)
    ]
    fields = ", ".join(target.field for target in targets)
    assignments = ", ".join(target.assignment for target in targets if target.assignment)
    return (
        f"LOAD DATA LOCAL INFILE {quote_text(file)} INTO TABLE {quoted(table.name)} "
        r"CHARACTER SET binary FIELDS TERMINATED BY '\t' ESCAPED BY '\\' LINES TERMINATED BY '\n' "
        f"({fields})" + (f" SET {assignments}" if assignments else "")
    )


def position_statement(sequence: SchemaObject) -> str:
    """Give the statement that makes a sequence go on where the source's would."""
    return f"ALTER SEQUENCE {quoted(sequence.name)} RESTART WITH {sequence.position}"


def _statements(
    manifest: Manifest, objects: tuple[SchemaObject, ...]
) -> Iterator[tuple[str, bytes]]:
    """Give every statement, each with what is said above it."""
    for statement in _SESSION:
        yield "", statement.encode()
    if manifest.source.family is Family.MARIADB:
        yield "", b"SET SESSION check_constraint_checks = 0"
    for described in objects:
        if described.kind in _BEFORE_DATA:
            yield "", described.definition.encode()
            if described.position is not None:
                yield "", position_statement(described).encode()
    yield from _loads(manifest)
    for described in objects:
        if described.kind not in _BEFORE_DATA:
            definition = disabled(without_definer(described.definition))
            session, sent = creation(described, definition)
            yield from (("", statement.encode()) for statement in session)
            yield "", sent


def _loads(manifest: Manifest) -> Iterator[tuple[str, bytes]]:
    """Give what loads each table and then counts it."""
    for table in manifest.tables:
        for part in table.parts:
            file = part.path.removesuffix(".zst")
            if part.rows:
                yield f"{part.rows} rows", load_statement(table, file).encode()
        if table.rows:
            yield from (("", check.encode()) for check in _checks(table))


def _checks(table: TableEntry) -> tuple[str, str]:
    """Give the statements that show how many rows are there, and fail where they are not all."""
    shown = (
        f"SELECT {quote_text(table.name)} AS `table`, {table.rows} AS `rows in the bundle`, "
        "COUNT(*) AS `rows here`"
    )
    # Outside of a routine, no statement of both families raises an error under a condition.
    whole = (
        f"SELECT IF(COUNT(*) = {table.rows}, 'all there', "
        "(SELECT 'too few' UNION SELECT 'or too many')) AS `rows`"
    )
    return f"{shown} FROM {quoted(table.name)}", f"{whole} FROM {quoted(table.name)}"


def _delimiter(objects: tuple[SchemaObject, ...]) -> str:
    number = 0
    while any(f"//{number}//" in described.definition for described in objects):
        number += 1
    return f"//{number}//"
