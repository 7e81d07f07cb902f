"""What an export would take, before the first row of it is read."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.export.choice import Choice
from sandbox.export.decisions import Decisions
from sandbox.export.source import SourceFacts


@dataclass(frozen=True, slots=True)
class Planned:
    """What an export would take.

    Attributes:
        source: The source.
        decisions: How each column is treated.
        choice: The rows.
    """

    source: SourceFacts
    decisions: Decisions
    choice: Choice

    def rows_of(self, name: str) -> int:
        """Give how many rows of a table there will be; see `knows_rows`.

        Of a whole one it may be the server's estimate; of one without a key, rows that are equal
        count as one.
        """
        subset = self.choice.subset
        if subset.is_whole(name):
            return self.choice.counted.get(name, self.source.schema.tables[name].rows)
        return len(subset.keys[name])

    def knows_rows(self, name: str) -> bool:
        """Tell whether the rows to take were counted: neither estimated, nor equal ones as one."""
        if self.choice.subset.is_whole(name):
            return name in self.choice.counted
        return bool(self.source.schema.tables[name].identity)

    def rows_in_source(self, name: str) -> tuple[int, bool]:
        """Give how many rows the source has of a table, and whether they were counted."""
        counted = self.choice.counted.get(name)
        if counted is None:
            return max(self.source.schema.tables[name].rows, self.rows_of(name)), False
        return counted, True
