"""A small bundle for tests, made by the writer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from sandbox.bundle.manifest import (
    ColumnEntry,
    ForeignKeyEntry,
    Manifest,
    SourceEntry,
    TableEntry,
)
from sandbox.bundle.parts import write_part
from sandbox.bundle.writer import BundleWriter
from sandbox.model import Family, MaskedBatch, MaskedText, ObjectKind, SchemaObject

Make = Callable[[Path], Path]
NASTY = "../odd `table`\n名"
ODD_TABLE = "CREATE TABLE `../odd ``table``\n名` (c BLOB)"


def manifest_of(database: str = "shop") -> Manifest:
    return Manifest(
        tool_version="0.0",
        created=dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
        source=SourceEntry(
            fingerprint="f00d",
            family=Family.MARIADB,
            version="10.11.6-MariaDB",
            database=database,
            charset="utf8mb4",
            collation="utf8mb4_general_ci",
        ),
        plan={"sample": "1%"},
        servers=["web1"],
    )


def columns(*names: str) -> list[ColumnEntry]:
    return [ColumnEntry(name=name, kind="blob", declared="blob", kept=True) for name in names]


def fill(writer: BundleWriter) -> None:
    """Put two tables, an object and a text into a bundle."""
    orders = MaskedBatch("orders", ("id", "note"), ([b"1", b"2"], [None, b"a\tb\\\n"]))
    more = MaskedBatch("orders", ("id", "note"), ([b"3"], [b""]))
    parts = [
        write_part(writer.part_path("orders", 1), [orders], ordered=True),
        write_part(writer.part_path("orders", 2), [more], ordered=True),
    ]
    key = ForeignKeyEntry(name="fk", columns=["id"], parent=NASTY, parent_columns=["c"])
    writer.add_table(
        TableEntry(
            name="orders",
            engine="InnoDB",
            columns=columns("id", "note"),
            identity=["id"],
            ordered=True,
            foreign_keys=[key],
            expected_orphans={"fk": 3},
        ),
        parts,
    )
    odd = MaskedBatch(NASTY, ("c",), ([b"x", b"x", None],))
    part = write_part(writer.part_path(NASTY, 1), [odd], ordered=False)
    writer.add_table(TableEntry(name=NASTY, engine="MyISAM", columns=columns("c")), [part])
    writer.add_object(
        SchemaObject(ObjectKind.TABLE, "orders", "not looked at"),
        MaskedText(b"CREATE TABLE orders (id INT)"),
    )
    writer.add_object(SchemaObject(ObjectKind.TABLE, NASTY, ""), MaskedText(ODD_TABLE.encode()))
    writer.add_text("logs/web1/error.log", MaskedText(b"it broke"), "error log of web1")
    writer.add_json("config/database.json", MaskedText(b"{}"), "settings of the database")
