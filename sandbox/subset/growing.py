"""A sample that is closed over its relations, and that rows can be added to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from sandbox.model import Reason, Table
from sandbox.subset.keys import KeySet, RowKey

Row = tuple[str, RowKey]  # its table, and its key


class Growing(Protocol):
    """A sample that is closed, and that rows can be added to.

    Attributes:
        taken: By table, the keys of its rows; no entry for a table that is taken whole.
        orphans: By child table and constraint, the taken rows whose parent the source lacks.
        fresh: By table, the keys of the rows that came since the first one was added.
        largest: By child table and constraint, the size of the largest family that came along it.
    """

    taken: dict[str, KeySet]
    orphans: dict[tuple[str, str], int]
    fresh: dict[str, KeySet]
    largest: dict[tuple[str, str], int]

    def keys_where(self, table: Table, where: str, option: str = "") -> Iterator[RowKey]:
        """Give the keys of the rows that meet a condition."""

    def parents_of(
        self, table: Table, keys: Sequence[RowKey]
    ) -> Iterator[tuple[RowKey, tuple[Row, ...]]]:
        """Give the parents of some rows, by table and key."""

    def add(self, table: Table, keys: Iterable[RowKey], reason: Reason) -> None:
        """Take more rows."""

    @property
    def is_limited(self) -> bool:
        """Whether a budget says how large it may become."""

    def affordable(self, rows: Sequence[tuple[Row, frozenset[Row]]]) -> int:
        """Tell how many of some rows there is room for, from the first on.

        Args:
            rows: Each with the rows that it brings.
        """

    def close(self) -> None:
        """Bring what the added rows need."""
