"""Bundles to compare, made by the writer from tables that a test spells out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bundle_samples import manifest_of
from sandbox.bundle.manifest import ColumnEntry, TableEntry
from sandbox.bundle.parts import write_part
from sandbox.bundle.writer import BundleWriter
from sandbox.model import Cell, MaskedBatch, MaskedText, ObjectKind, SchemaObject
from servers import Silent

Row = tuple[Cell, ...]


def column(name: str, declared: str = "varchar(20)", **others: Any) -> ColumnEntry:
    """Describe a kept column."""
    kind = declared.partition("(")[0].split()[0]
    charset = {"charset": "utf8mb4"} if kind in {"varchar", "char", "text", "longtext"} else {}
    return ColumnEntry(
        **{"name": name, "kind": kind, "declared": declared, "kept": True, **charset, **others}
    )


@dataclass
class MadeTable:
    """A table with its rows, and how these are cut into parts."""

    name: str
    columns: Sequence[ColumnEntry]
    rows: Sequence[Row]
    identity: Sequence[str] = ("id",)
    part: int = 1000
    definition: str = ""
    others: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The definition, or one that fits."""
        inner = [f"`{one.name}` {one.declared}" for one in self.columns]
        if self.identity:
            inner.append(f"PRIMARY KEY ({', '.join(f'`{one}`' for one in self.identity)})")
        body = ",\n  ".join(inner)
        return self.definition or f"CREATE TABLE `{self.name}` (\n  {body}\n)"


def make_bundle(
    out: Path,
    *tables: MadeTable,
    objects: Sequence[SchemaObject] = (),
    settings: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
    **facts: Any,
) -> Path:
    """Make a bundle of some tables; `facts` are fields of its manifest."""
    with BundleWriter(out, "shop") as writer:
        for one in tables:
            _add(writer, one)
        for described in objects:
            writer.add_object(described, MaskedText(described.definition.encode()))
        if settings is not None:
            text = json.dumps({"version": "x", "variables": settings})
            writer.add_json("config/database.json", MaskedText(text.encode()), "settings")
        for path, content in (files or {}).items():
            writer.add_text(path, MaskedText(content.encode()), "captured")
        writer.finish(manifest_of().model_copy(update=facts), Silent())
    return out


def _add(writer: BundleWriter, table: MadeTable) -> None:
    kept = {one.name for one in table.columns if one.kept}
    ordered = bool(table.identity) and kept.issuperset(table.identity)
    names = tuple(one.name for one in table.columns)
    parts = []
    for number, start in enumerate(range(0, max(len(table.rows), 1), table.part), 1):
        rows = table.rows[start : start + table.part]
        cells = tuple(map(list, zip(*rows, strict=True))) if rows else tuple([] for _ in names)
        batch = MaskedBatch(table.name, names, cells)
        parts.append(write_part(writer.part_path(table.name, number), [batch], ordered=ordered))
    entry = TableEntry(
        name=table.name,
        engine="InnoDB",
        columns=list(table.columns),
        identity=list(table.identity),
        ordered=ordered,
        **table.others,
    )
    writer.add_table(entry, parts)
    described = SchemaObject(ObjectKind.TABLE, table.name, table.text)
    writer.add_object(described, MaskedText(table.text.encode()))
