"""What `sandbox why` shows: how each row came, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from sandbox.bundle.manifest import TableEntry
from sandbox.bundle.reasons import ReasonEntry
from sandbox.bundle.why.chain import Chain, Step
from sandbox.bundle.why.comparison import text_of
from sandbox.bundle.why.explain import Explained
from sandbox.bundle.why.links import Link
from sandbox.bundle.why.rows import Row, shown_columns
from sandbox.errors import ExitCode
from sandbox.model import ReasonKind
from sandbox.report.terminal import line, number_of, rows_table

_SHOWN_CLASSES = 3
_LONGEST = 40  # characters of a value of a row that no key tells apart


@dataclass(frozen=True, slots=True)
class WhyResult:
    """Why some rows are in a bundle."""

    explained: Explained

    @property
    def exit_code(self) -> ExitCode:
        """Yes where each row's way is known to its end, no where there is no such row."""
        if not self.explained.found:
            return ExitCode.NO
        open_ended = any(chain.problem for chain in self.explained.chains)
        return ExitCode.NO_VERDICT if open_ended else ExitCode.YES

    def data(self) -> dict[str, Any]:
        """Give every step."""
        one = self.explained
        return {
            "bundle": str(one.path),
            "table": one.asked.table.name,
            "found": one.found,
            "include": one.include or None,
            "rows": [self._chain_data(chain) for chain in one.chains],
        }

    def text(self) -> RenderableType:
        """Lay each row's way out, one step a line."""
        one = self.explained
        if not one.found:
            return Group(
                line(f"{one.asked.table.name} has no such row in {one.path}."), line(one.advice)
            )
        parts: list[RenderableType] = []
        for chain in one.chains:
            if parts:
                parts.append(Text())
            steps = list(self._lines(chain))
            parts.append(rows_table(("row", "why"), steps))
            if chain.problem:
                parts.append(line(f"It is not known further: {chain.problem}.", style="yellow"))
        if one.found > len(one.chains):
            parts += [
                Text(),
                line(f"{number_of(one.found, 'row')} meet that; these are the first."),
            ]
        return Group(*parts)

    def _lines(self, chain: Chain) -> Iterator[tuple[str, str]]:
        for step, brought_by in zip(chain.steps, (*chain.steps[1:], None), strict=True):
            table = self._table(step.row)
            by = self._named(brought_by.row) if brought_by is not None else ""
            yield self._named(step.row), _words(table, step, by)

    def _named(self, row: Row) -> str:
        cells = [(name, self._shown(row, name)) for name in shown_columns(self._table(row))]
        if self._table(row).identity:
            return f"{row.table} {','.join(str(value) for _, value in cells)}"
        few = ", ".join(f"{name}={_cut(str(value))}" for name, value in cells)
        return f"{row.table} ({few})"

    def _shown(self, row: Row, name: str) -> str | None:
        column = next(one for one in self._table(row).columns if one.name == name).column()
        cell = row.cells[name]
        return None if cell is None else text_of(cell, column)

    def _table(self, row: Row) -> TableEntry:
        return self.explained.tables[row.table]

    def _chain_data(self, chain: Chain) -> dict[str, Any]:
        return {
            "steps": [
                {
                    "table": step.row.table,
                    "key": {
                        name: self._shown(step.row, name)
                        for name in shown_columns(self._table(step.row))
                    },
                    "reason": None if step.row.reason is None else _reason_data(step.row.reason),
                }
                for step in chain.steps
            ],
            "complete": not chain.problem,
            "problem": chain.problem,
        }


def _reason_data(reason: ReasonEntry) -> dict[str, Any]:
    return reason.model_dump(mode="json")


def _words(table: TableEntry, step: Step, by: str) -> str:
    """Say what brought a row.

    Args:
        table: Its table.
        step: The row.
        by: The row that brought it, where one did and is known.
    """
    reason = step.row.reason
    if reason is None:
        return "nobody knows" if table.reasons else table.why
    if step.link is not None:
        return _came_along(step.link, reason, by)
    if reason.kind == ReasonKind.WHOLE:
        return f"its table was taken whole: {table.why}"
    words = _classes(table, reason) if reason.kind == ReasonKind.ODD else reason.words
    if words.startswith(reason.kind):  # "named in the path of a request"
        return words
    return f"{reason.kind}: {words}" if words else reason.kind


def _came_along(link: Link, reason: ReasonEntry, by: str) -> str:
    along = link.name if link.declared else f"{link.name}, not declared"
    if reason.kind == ReasonKind.PARENT:
        return f"parent of {by or f'a row of {link.child.table}'} ({along})"
    family = ", its largest family" if reason.kind == ReasonKind.FAMILY else ""
    return f"child of {by or f'a row of {link.parent.table}'} ({along}){family}"


def _classes(table: TableEntry, reason: ReasonEntry) -> str:
    shown = [
        f"{one.name} in {table.name}.{one.column}" if one.column else one.name
        for one in reason.classes[:_SHOWN_CLASSES]
    ]
    more = len(reason.classes) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
