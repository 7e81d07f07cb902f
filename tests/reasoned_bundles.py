"""Small bundles whose rows have reasons, made by the writer."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bundle_samples import manifest_of
from sandbox.bundle.manifest import ColumnEntry, ForeignKeyEntry, RelationEntry, TableEntry
from sandbox.bundle.parts import write_part
from sandbox.bundle.reasons import ReasonEntry, Runs, write_reasons
from sandbox.bundle.writer import BundleWriter
from sandbox.model import Cell, MaskedBatch, MaskedText, ObjectKind, SchemaObject
from servers import Silent

DRAWN = ReasonEntry(kind="drawn", words="1 % of its rows")
NAMED = ReasonEntry(kind="named", words="asked for with --include")


def child_of(child: str, relation: str) -> ReasonEntry:
    return ReasonEntry(kind="child", child=child, relation=relation)


def parent_of(child: str, relation: str) -> ReasonEntry:
    return ReasonEntry(kind="parent", child=child, relation=relation)


def number(name: str) -> ColumnEntry:
    return ColumnEntry(name=name, kind="int", declared="int", kept=True)


def text(name: str, *, kept: bool = True) -> ColumnEntry:
    return ColumnEntry(
        name=name, kind="varchar", declared="varchar(40)", charset="utf8mb4",
        collation="utf8mb4_unicode_ci", kept=kept,
    )  # fmt: skip


def key(columns: str, parent: str, parent_columns: str = "id", name: str = "") -> ForeignKeyEntry:
    return ForeignKeyEntry(
        name=name or f"fk_{columns}", columns=columns.split(), parent=parent,
        parent_columns=parent_columns.split(),
    )  # fmt: skip


@dataclass
class Made:
    """A table of a made bundle.

    Attributes:
        rows: By row its cells, as text or NULL, and the place of its reason; None for nobody knows.
        at_once: Rows of one part.
    """

    name: str
    columns: Sequence[ColumnEntry]
    reasons: Sequence[ReasonEntry]
    rows: Sequence[tuple[tuple[str | None, ...], int | None]]
    identity: Sequence[str] = ("id",)
    keys: Sequence[ForeignKeyEntry] = ()
    relations: Sequence[RelationEntry] = field(default_factory=list)
    at_once: int = 2
    why: str = "1 % of its rows"


def make_reasoned(out: Path, *tables: Made) -> Path:
    with BundleWriter(out, "shop") as writer:
        for made in tables:
            _add(writer, made)
        writer.finish(manifest_of(), Silent())
    return out


def _add(writer: BundleWriter, made: Made) -> None:
    names = tuple(column.name for column in made.columns)
    parts = []
    for at in range(0, max(len(made.rows), 1), made.at_once):
        some, number_of_part = made.rows[at : at + made.at_once], at // made.at_once + 1
        cells = tuple([_cell(row[place]) for row, _ in some] for place in range(len(names)))
        batch = MaskedBatch(made.name, names, cells)
        facts = write_part(writer.part_path(made.name, number_of_part), [batch], ordered=False)
        if len(made.reasons) > 1:
            runs = Runs()
            runs.add(0 if which is None else which + 1 for _, which in some)
            path = writer.reasons_path(made.name, number_of_part)
            facts = dataclasses.replace(facts, reasons=write_reasons(path, runs))
        parts.append(facts)
    entry = TableEntry(
        name=made.name, engine="InnoDB", columns=list(made.columns), identity=list(made.identity),
        foreign_keys=list(made.keys), relations=list(made.relations), reasons=list(made.reasons),
        why=made.why,
    )  # fmt: skip
    writer.add_table(entry, parts)
    definition = f"CREATE TABLE `{made.name}` (id INT)"
    writer.add_object(
        SchemaObject(ObjectKind.TABLE, made.name, ""), MaskedText(definition.encode())
    )


def _cell(text_of: str | None) -> Cell:
    return None if text_of is None else text_of.encode()
