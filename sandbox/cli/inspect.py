"""`sandbox inspect`: what is in a bundle, why, and what was done to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from sandbox.bundle.manifest import ColumnEntry, FileEntry, Manifest, TableEntry
from sandbox.bundle.reader import open_bundle
from sandbox.errors import ExitCode
from sandbox.report.terminal import line, number_of, rows_table

_KEPT = "kept"
_FEW = 10


# How many folders of a path say whose file it is: config/servers/NAME, logs/NAME.
_FOLDERS = {"config": 3, "logs": 2, "reasons": 1}


@dataclass(frozen=True, slots=True)
class BundleContents:
    """What a manifest says."""

    path: Path
    manifest: Manifest
    with_columns: bool

    @property
    def exit_code(self) -> ExitCode:
        """Yes: the bundle could be read."""
        return ExitCode.YES

    def data(self) -> dict[str, Any]:
        """Give everything, columns included."""
        one = self.manifest
        return {
            "bundle": str(self.path),
            "format": one.format,
            "tool_version": one.tool_version,
            "created": one.created.isoformat(),
            "expires": one.expires.isoformat() if one.expires else None,
            "source": one.source.model_dump(mode="json"),
            "rows": one.rows,
            "tables": [_table_data(table) for table in one.tables],
            "objects": [{"kind": o.kind.value, "name": o.name} for o in one.objects],
            "files": [{"path": f.path, "bytes": f.bytes, "what": f.what} for f in one.files],
            "servers": list(one.servers),
            "plan": dict(one.plan),
            "rules_digest": one.rules_digest,
            "key_id": one.key_id,
            "leak_check": one.leak_check.model_dump(),
            "fidelity": list(one.fidelity),
            "unknown": list(one.unknown),
            "timings": dict(one.timings),
            "odd": [odd.model_dump() for odd in one.odd],
        }

    def text(self) -> RenderableType:
        """Lay it out: facts, tables, columns where asked for, and what to be aware of."""
        parts: list[RenderableType] = [*map(line, self._facts()), Text(), self._tables()]
        if self.with_columns:
            parts += [Text(), self._columns()]
        parts += [Text(), *map(line, self._notes())]
        return Group(*parts)

    def _facts(self) -> Iterator[str]:
        one = self.manifest
        source = one.source
        yield f"bundle    {self.path}  format {one.format}, made by sandbox {one.tool_version}"
        yield (
            f"created   {one.created:%Y-%m-%d %H:%M} UTC"
            + (f", expires {one.expires:%Y-%m-%d %H:%M} UTC" if one.expires else "")
        )
        yield (
            f"source    {source.database} on {source.family.value} {source.version}, "
            f"{source.collation} · fingerprint {source.fingerprint}"
        )
        size = sum(stored for stored, _ in one.paths.values())
        rows, tables = number_of(one.rows, "row"), number_of(len(one.tables), "table")
        yield f"holds     {rows} in {tables}, {decimal(size)} stored"
        kinds = Counter(described.kind.value for described in one.objects)
        yield "objects   " + (", ".join(f"{n} {kind}" for kind, n in kinds.items()) or "none")
        if one.servers:
            yield f"servers   {', '.join(one.servers)}"
        if one.odd:
            places = {(odd.table, odd.column) for odd in one.odd}
            classes, columns = number_of(len(one.odd), "kind"), number_of(len(places), "column")
            yield f"odd rows  {classes}, in {columns} (--json has them)"
        if one.key_id:
            yield f"key       {one.key_id} · rules {one.rules_digest[:16] or 'unknown'}"
        for name, seconds in one.timings.items():
            yield f"time      {name}: {seconds:.1f} s"

    def _tables(self) -> Table:
        return rows_table(
            ("table", "rows", "of", "bytes", "why"),
            [
                (t.name, f"{t.rows:,}", _in_source(t), decimal(t.bytes), t.why)
                for t in self.manifest.tables
            ],
        )

    def _columns(self) -> Table:
        return rows_table(
            ("column", "type", "treatment", "lost"),
            [
                (
                    f"{table.name}.{column.name}",
                    column.declared,
                    _treatment(column),
                    _lost(column),
                )
                for table in self.manifest.tables
                for column in table.columns
            ],
        )

    def _notes(self) -> Iterator[str]:
        one = self.manifest
        # One line for each server's settings: there can be a hundred files (--json has them all).
        folders: dict[tuple[str, str], list[FileEntry]] = {}
        for file in one.files:
            parts = file.path.split("/")
            folder = "/".join(parts[: _FOLDERS.get(parts[0], len(parts))])
            folders.setdefault((folder, file.what), []).append(file)
        for (folder, what), files in folders.items():
            size = decimal(sum(file.bytes for file in files))
            named = f"{folder}  {len(files)} files," if len(files) > 1 else f"{files[0].path} "
            yield f"file      {named} {size}  {what}"
        for table in one.tables:
            if not table.in_snapshot:
                yield f"aside     {table.name} was read outside the snapshot of the other tables"
            for name, count in table.expected_orphans.items():
                if count:
                    yield f"orphans   {table.name}.{name}: {_few(count)}, as in the source"
            yield from _relations(table)
            if not self.with_columns:
                for column in table.columns:
                    if column.losses:
                        yield f"lost      {table.name}.{column.name}: {_lost(column)}"
        yield from (f"fidelity  {fact}" for fact in one.fidelity)
        yield from (f"unknown   {fact}" for fact in one.unknown)
        yield f"leaks     {one.leak_check.status}: {one.leak_check.words}"
        yield "It is pseudonymised personal data, not anonymous data. Handle it as such."


def inspect(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="Folder of the bundle.")],
    *,
    columns: Annotated[
        bool, typer.Option("--columns", help="Show how each column was treated.")
    ] = False,
) -> BundleContents:
    """Say what is in a bundle: tables and why, columns and how they were treated, what is unknown.

    Reads the manifest alone; sandbox verify tells whether the files are those it speaks of.

    Exit codes: 0 shown, 13 no bundle, or one of a newer format.

    Example: sandbox inspect shop.bundle --columns
    """
    return BundleContents(bundle, open_bundle(bundle).manifest, columns)


def _table_data(table: TableEntry) -> dict[str, Any]:
    return {
        "name": table.name,
        "engine": table.engine,
        "rows": table.rows,
        "rows_in_source": table.rows_in_source,
        "rows_in_source_exact": table.rows_in_source_exact,
        "bytes": table.bytes,
        "stored_bytes": table.stored_bytes,
        "parts": len(table.parts),
        "why": table.why,
        "in_snapshot": table.in_snapshot,
        "orphans": {name: _few(count) for name, count in table.expected_orphans.items() if count},
        "relations": [
            {
                "name": one.name,
                "origin": one.origin.value,
                "confidence": one.confidence,
                "orphans": _few(one.orphans),
            }
            for one in table.relations
        ],
        "columns": [
            {
                "name": column.name,
                "type": column.declared,
                "treatment": _treatment(column),
                "losses": {what: _few(count) for what, count in column.losses.items()},
            }
            for column in table.columns
        ],
    }


def _relations(table: TableEntry) -> Iterator[str]:
    for one in table.relations:
        said = f"{one.origin.value}, {one.confidence} confidence"
        orphans = f"; orphans: {_few(one.orphans)}, as in the source" if one.orphans else ""
        yield f"relation  {table.name}.{one.name}: not declared ({said}){orphans}"


def _in_source(table: TableEntry) -> str:
    if table.rows_in_source is None:
        return "unknown"
    return ("" if table.rows_in_source_exact else "about ") + f"{table.rows_in_source:,}"


def _treatment(column: ColumnEntry) -> str:
    return _KEPT if column.kept else column.treatment


def _lost(column: ColumnEntry) -> str:
    return ", ".join(f"{what}: {_few(count)}" for what, count in column.losses.items())


def _few(count: int) -> str:
    """Give a count of people's rows so that it singles nobody out."""
    return f"{count:,}" if count >= _FEW else f"<{_FEW}"
