"""What `sandbox relations` shows: each relation with what speaks for it, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from sandbox.errors import ExitCode
from sandbox.model import Origin
from sandbox.report.terminal import line, number_of, rows_table
from sandbox.subset.relations.found import Relation, Relations
from sandbox.subset.relations.written import written


@dataclass(frozen=True, slots=True)
class RelationsResult:
    """Relations that no key declares.

    Attributes:
        relations: All of them.
        lines: What `sandbox.toml` would say of those that are used and not yet in it.
        written_to: The settings file that says it now; empty where none was written.
        left_alone: The settings file that has a section of its own already; empty for none.
    """

    relations: Relations
    lines: tuple[str, ...] = ()
    written_to: str = ""
    left_alone: str = ""

    @property
    def exit_code(self) -> ExitCode:
        """Yes: what there is was asked for, and is here."""
        return ExitCode.YES

    def data(self) -> dict[str, Any]:
        """Give every relation."""
        return {
            "relations": [_data(one) for one in self.relations.found],
            "notes": list(self.relations.notes),
            "unknown": list(self.relations.unknown),
            "settings": list(self.lines),
            "written_to": self.written_to or None,
        }

    def text(self) -> RenderableType:
        """Lay the relations out, then what can be done with them."""
        if not self.relations.found:
            return Group(*(line(one) for one in self._notes()), line(_NOTHING))
        table = rows_table(
            ("relation", "from", "confidence", "used", "why", "index", "evidence"),
            [
                (
                    written(one.key),
                    one.key.origin.value,
                    one.confidence.value,
                    "yes" if one.used else "no",
                    one.why,
                    "yes" if one.key.indexed else "no",
                    one.evidence,
                )
                for one in self.relations.found
            ],
        )
        return Group(table, Text(), *(line(one) for one in self._notes()))

    def _notes(self) -> Iterator[str]:
        yield from (f"source    {note}" for note in self.relations.notes)
        yield from (f"unknown   {text}" for text in self.relations.unknown)
        used = sum(1 for _ in self.relations.used)
        if self.relations.found:
            yield f"{number_of(used, 'relation')} of {len(self.relations.found)} used by exports"
        if self.written_to:
            yield f"written   {number_of(len(self.lines), 'relation')} to {self.written_to}"
            return
        if self.lines:
            yield ""
            if self.left_alone:
                yield f"{self.left_alone} has a section [relations] already. Add to confirmed:"
            else:
                yield "To confirm what is used, so that it does not hang on a sample (--write):"
                yield "[relations]"
                yield "confirmed = ["
            yield from (f"  {one}," for one in self.lines)
            if not self.left_alone:
                yield "]"


_NOTHING = "No relation was found that no key declares."


def _data(one: Relation) -> dict[str, Any]:
    key = one.key
    return {
        "relation": written(key),
        "child": key.table,
        "columns": list(key.columns),
        "parent": key.parent,
        "parent_columns": list(key.parent_columns),
        "only": list(key.only) if key.only else None,
        "origin": key.origin.value,
        "confidence": one.confidence.value,
        "evidence": one.evidence,
        "used": one.used,
        "why": one.why,
        "indexed": key.indexed,
        "may_be_nobody": key.optional,
        "confirmed": key.origin is Origin.SETTINGS,
    }
