"""Say why a row is in a bundle: find what was asked for, and how it came."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.bundle.manifest import TableEntry
from sandbox.bundle.reader import open_bundle
from sandbox.bundle.why.asked import Asked, parse_asked
from sandbox.bundle.why.chain import Chain, Chains, reason_of
from sandbox.bundle.why.rows import Columns, Row, first_places, rows_of
from sandbox.model import Progress, ReasonKind

_MOST = 5  # rows that are explained, where several are meant


@dataclass(frozen=True, slots=True)
class Explained:
    """Why some rows are in a bundle.

    Attributes:
        path: The bundle.
        tables: Its tables by name.
        asked: What was asked for.
        found: How many rows it means.
        chains: How the first of them came.
        include: The option of an export that takes the row; empty where none can be given.
        advice: What to do about a row that is not there.
    """

    path: Path
    tables: Mapping[str, TableEntry]
    asked: Asked
    found: int
    chains: tuple[Chain, ...]
    include: str = ""
    advice: str = ""


def explain_row(path: Path, text: str, progress: Progress) -> Explained:
    """Find the rows that are asked for, and say how they came.

    Args:
        path: The bundle.
        text: The row, as `parse_asked` takes it.
        progress: Hears of it.

    Raises:
        BundleInvalid: It is no bundle, or is damaged.
        UsageError: The text names no row that the bundle could have.
    """
    bundle = open_bundle(path)
    asked = parse_asked(text, bundle.manifest)
    table = asked.table
    chains = Chains(bundle)
    wanted, needed = Columns(table, list(asked.values)), chains.columns(table)
    rows: list[Row] = []
    found = 0
    with progress.stage("look", total=table.rows, unit="rows") as stage:
        for part, first in first_places(table):
            for place, (number, fields) in enumerate(rows_of(bundle, table, part), start=first):
                if not asked.is_met_by(wanted.cells(fields)):
                    continue
                found += 1
                if len(rows) < _MOST:
                    rows.append(
                        Row(table.name, place, needed.cells(fields), reason_of(table, number))
                    )
            stage.advance(part.rows, table.name)
        explained = tuple(chains.explain(row) for row in rows)
        steps = sum(len(chain.steps) for chain in explained)
        stage.done(f"{found:,} found, {steps:,} rows on the way")
    include, advice = ("", "") if found else _advice(asked)
    tables = {one.name: one for one in bundle.manifest.tables}
    return Explained(path, tables, asked, found, explained, include, advice)


def _advice(asked: Asked) -> tuple[str, str]:
    """Give the option that would take a row that is not there, and what to say of it."""
    table = asked.table
    if any(one.kind == ReasonKind.WHOLE for one in table.reasons):
        return "", f"{table.name} was taken whole: production had no such row."
    masked = [one.name for one in table.columns if one.name in asked.values and not one.kept]
    if masked:
        columns = ", ".join(f"{table.name}.{name}" for name in masked)
        return "", (
            f"{columns} is masked: the bundle's values are not production's. "
            f"Name the row as production has it: --include '{table.name}:…'"
        )
    conditions = [f"{name}={_literal(table, name, text)}" for name, text in asked.texts.items()]
    include = f"--include {shlex.quote(f'{table.name}:' + ' AND '.join(conditions))}"
    return include, f"An export takes it with {include}, if production has it."


def _literal(table: TableEntry, name: str, text: str) -> str:
    column = next(one for one in table.columns if one.name == name).column()
    if column.is_integer or (not column.charset and text.startswith("0x")):
        return text
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
