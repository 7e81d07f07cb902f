"""Spellings of one column that only case, or spaces behind them, tell apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from zlib import crc32

from sandbox.charsets import WIDE_CODECS
from sandbox.model import Cell, Column, Table
from sandbox.subset.keys import RowKey
from sandbox.subset.odd.tally import Tally

_MOST = 20_000  # spellings that are remembered of a column
_RANGE = 1 << 32
_NO_PAD = ("_0900_", "_nopad_")  # collations to which a space behind a text matters
_SHORT = frozenset({"char", "varchar", "tinytext"})


def may_vary(table: Table, column: Column) -> bool:
    """Tell whether a column can hold two spellings that its collation takes for one."""
    unique = any(key.columns == (column.name,) for key in table.keys)
    return (
        column.kind in _SHORT
        and column.collation.endswith("_ci")
        and column.charset not in WIDE_CODECS
        and not unique
    )


class Variants:
    """Remembers spellings, in bounded memory, and finds those that differ in little.

    Where there are too many, only those whose digest is below a limit are remembered: all spellings
    of one word have one digest, so what is found is found whole, and the rest can be estimated.
    """

    def __init__(self, tally: Tally, collation: str) -> None:
        self.tally = tally
        self._ignored = b"" if any(one in collation for one in _NO_PAD) else b" "
        self._first: dict[int, tuple[int, RowKey]] = {}
        self._others: set[tuple[int, int]] = set()
        self._below = _RANGE

    @property
    def share(self) -> float:
        """How much of all spellings is remembered."""
        return self._below / _RANGE

    def learn(
        self, cells: Sequence[Cell], keys_at: Callable[[Sequence[int]], list[RowKey]]
    ) -> None:
        """Look at some rows."""
        rows = dict(zip(cells, range(len(cells)), strict=True))
        rows.pop(None, None)
        values = [value or b"" for value in rows]
        words = [crc32(value.lower().rstrip(self._ignored)) for value in values]
        first, below = self._first, self._below
        fresh: list[tuple[int, int, int]] = []
        for word, value, row in zip(words, values, rows.values(), strict=True):
            known = first.get(word)
            if known is None:
                if word < below:
                    fresh.append((word, hash(value), row))
            elif known[0] != hash(value) and (word, hash(value)) not in self._others:
                fresh.append((word, hash(value), row))
        if fresh:
            self._remember(fresh, keys_at([row for _, _, row in fresh]))

    def _remember(self, fresh: Iterable[tuple[int, int, int]], keys: Iterable[RowKey]) -> None:
        for (word, spelling, _), key in zip(fresh, keys, strict=True):
            known = self._first.setdefault(word, (spelling, key))
            if known[0] != spelling and (word, spelling) not in self._others:
                self._others.add((word, spelling))
                self.tally.rows += 1
                self.tally.offer([(known[1], key)])
        while len(self._first) + len(self._others) > _MOST:
            self._below //= 2
            self._first = {word: one for word, one in self._first.items() if word < self._below}
            self._others = {one for one in self._others if one[0] < self._below}
            self.tally.rows = len(self._others)
