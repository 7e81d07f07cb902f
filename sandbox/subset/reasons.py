"""Why each row of a sample came: every reason once, and its number as the mark of a key.

A table has few reasons, even where it has millions of rows: so a key set holds their numbers, and
what costs memory is one more bitmap for each. After Jailer, which tells why a row is there.
"""

from __future__ import annotations

from sandbox.model import ForeignKey, Reason, ReasonKind


class Reasons:
    """By table, the reasons that its rows came for, numbered from 0 in the order they came up."""

    def __init__(self) -> None:
        self._numbers: dict[str, dict[Reason, int]] = {}

    def number(self, table: str, reason: Reason) -> int:
        """Give the number of a reason among those of a table."""
        numbers = self._numbers.setdefault(table, {})
        return numbers.setdefault(reason, len(numbers))

    def listed(self) -> dict[str, tuple[Reason, ...]]:
        """Give by table every reason, at the place of its number."""
        return {table: tuple(numbers) for table, numbers in self._numbers.items()}


def along(kind: ReasonKind, relation: ForeignKey) -> Reason:
    """Give the reason of a row that came along a reference, as its child or its parent."""
    return Reason(kind, child=relation.table, relation=relation.name)
