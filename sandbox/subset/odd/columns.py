"""What is odd in one column: learned from its batches, then counted in the rows that are taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sandbox.model import Cell, Column, Table
from sandbox.subset.keys import RowKey
from sandbox.subset.odd.classes import ColumnClasses, class_measured, family_of, formats_of
from sandbox.subset.odd.tally import Drawn, Tally
from sandbox.subset.odd.variants import Variants, may_vary

KeysAt = Callable[[Sequence[int]], list[RowKey]]

_TO_TELL_FORMAT = 300  # values that tell which formats a column holds
_MOST_MEMBERS = 64
_RARE = 0.01
_BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
_ASCENDING = {"shortest": False, "longest": True, "least": False, "greatest": True}


class _Extreme:
    """The least or greatest of a column, and the rows that have it."""

    def __init__(self, tally: Tally, size: Callable[[bytes], float], *, greatest: bool) -> None:
        self.tally = tally
        self.best: float | None = None
        self._size = size
        self._greatest = greatest

    def learn(self, counts: Counter[bytes]) -> Iterator[bytes]:
        """Count the rows that have it; give the values that they have."""
        sizes = list(map(self._size, counts))
        best = max(sizes) if self._greatest else min(sizes)
        if self.best is not None and (best < self.best if self._greatest else best > self.best):
            return
        if best != self.best:
            self.best = best
            self.tally.begin_again()
        if not self.tally.is_open and sizes.count(best) == len(sizes):
            self.tally.rows += counts.total()
            return
        for value, size in zip(counts, sizes, strict=True):
            if size == best:
                self.tally.rows += counts[value]
                yield value

    def count(self, counts: Mapping[bytes, int]) -> None:
        """Count the taken rows that have it."""
        for value, rows in counts.items():
            if self._size(value) == self.best:
                self.tally.taken += rows


class ColumnProfile:
    """Learns a column batch by batch.

    Args:
        table: The column's table.
        column: The column.
        wanted: How many rows of each class are wanted.
        drawn: Gives the number that was drawn for a row.
    """

    def __init__(self, table: Table, column: Column, wanted: int, drawn: Drawn) -> None:
        self._table, self._column, self._wanted, self._drawn = table, column, wanted, drawn
        self._classes = ColumnClasses(column)
        self._told = False
        self._tallies: dict[str, Tally] = {}
        self._members: dict[bytes, Tally] = {}
        measures = self._classes.measures
        self._members_wanted = "member" in measures
        self._limits = _limits_of(column) if "limit" in measures else frozenset()
        self._extremes = {
            measure: _Extreme(
                self._new(measure),
                len if measure in {"shortest", "longest"} else float,
                greatest=_ASCENDING[measure],
            )
            for measure in sorted(measures & set(_ASCENDING))
            if not _measures_nothing(table, column)
        }
        self._variants = (
            Variants(self._new("variant"), column.collation) if may_vary(table, column) else None
        )

    def learn(self, cells: Sequence[Cell], keys_at: KeysAt) -> None:
        """Learn from some rows, whose keys are given where they are asked for."""
        values, nulls = _counted(cells)
        odd: dict[Cell, list[Tally]] = {}
        if nulls:
            odd[None] = [self._tally(class_measured("null").name)]
            odd[None][0].rows += nulls
        if values:
            self._tell_formats(values)
            for value, tally, rows in self._odd(values):
                tally.rows += rows
                odd.setdefault(value, []).append(tally)
            values.pop(b"", None)
            for extreme in self._extremes.values() if values else ():
                for value in extreme.learn(values):
                    odd.setdefault(value, []).append(extreme.tally)
        _offer(cells, odd, keys_at)
        if self._variants is not None:
            self._variants.learn(cells, keys_at)

    def count(self, cells: Sequence[Cell]) -> None:
        """Count taken rows by class."""
        values, nulls = _counted(cells)
        if nulls:
            self._tally(class_measured("null").name).taken += nulls
        for _, tally, rows in self._odd(values) if values else ():
            tally.taken += rows
        values.pop(b"", None)
        for extreme in self._extremes.values() if values else ():
            extreme.count(values)

    def tallies(self, rows: int) -> Iterator[Tally]:
        """Give what was found in so many rows; each class that has a row."""
        bests = {measure: one.best for measure, one in self._extremes.items()}
        for tally in self._tallies.values():
            if tally.rows:
                yield tally
        for pair in (("shortest", "longest"), ("least", "greatest")):
            if len({bests.get(measure) for measure in pair}) > 1:
                yield from (self._extremes[measure].tally for measure in pair)
        if self._variants is not None and self._variants.tally.rows:
            yield self._variants.tally
        if len(self._members) <= _MOST_MEMBERS:
            yield from (one for one in self._members.values() if one.rows <= _RARE * rows)

    def known(self) -> Iterator[Tally]:
        """Give every class that rows were looked at for, with and without any."""
        yield from self._tallies.values()
        yield from (one.tally for one in self._extremes.values())
        if self._variants is not None:
            yield self._variants.tally
        yield from self._members.values()

    def forget(self) -> None:
        """Let go of what only learning needs."""
        self._variants = None

    def share_of(self, tally: Tally) -> float:
        """Give how much of what is in the rows that were read a tally has looked at."""
        variants = self._variants
        return variants.share if variants is not None and tally is variants.tally else 1.0

    def _odd(self, values: Mapping[bytes, int]) -> Iterator[tuple[bytes, Tally, int]]:
        for value, names in self._classes.odd_among(values.keys()).items():
            for name in names:
                yield value, self._tally(name), values[value]
        for value in self._limits & values.keys():
            yield value, self._tally(class_measured("limit").name), values[value]
        if self._members_wanted and len(self._members) <= _MOST_MEMBERS:
            for value, rows in values.items():
                if value != b"0":
                    yield value, self._member(value), rows

    def _tell_formats(self, values: Mapping[bytes, int]) -> None:
        if self._told:
            return
        some = dict(islice((one for one in values.items() if one[0]), _TO_TELL_FORMAT))
        if some:
            self._told = True
            self._classes = ColumnClasses(self._column, formats_of(self._column, some))

    def _tally(self, name: str) -> Tally:
        if name not in self._tallies:
            self._tallies[name] = Tally(
                self._table.name, self._column.name, name, self._wanted, self._drawn
            )
        return self._tallies[name]

    def _member(self, value: bytes) -> Tally:
        if value not in self._members:
            self._members[value] = self._new("member")
        return self._members[value]

    def _new(self, measure: str) -> Tally:
        name = class_measured(measure).name
        # One row shows an extreme.
        wanted = 1 if measure in _ASCENDING else self._wanted
        return Tally(self._table.name, self._column.name, name, wanted, self._drawn)


def _counted(cells: Sequence[Cell]) -> tuple[Counter[bytes], int]:
    """Count the values of some cells; and how many are NULL."""
    counts: Counter[Any] = Counter(cells)
    nulls = counts.pop(None, 0)
    return counts, nulls


def _offer(cells: Sequence[Cell], odd: Mapping[Cell, Sequence[Tally]], keys_at: KeysAt) -> None:
    """Offer the rows of odd values to those tallies that still look at some."""
    wanted = {
        value: open_ones
        for value, tallies in odd.items()
        if (open_ones := [one for one in tallies if one.is_open])
    }
    if not wanted:
        return
    rows = [row for row, cell in enumerate(cells) if cell in wanted]
    for row, key in zip(rows, keys_at(rows), strict=True):
        for tally in wanted[cells[row]]:
            tally.offer([(key,)])


def _measures_nothing(table: Table, column: Column) -> bool:
    """Tell whether the extremes of a column mean nothing: it refers, or is a number of a key."""
    refers = {name for key in table.foreign_keys for name in key.columns}
    keys = {name for key in table.keys for name in key.columns}
    return column.name in refers or (column.name in keys and family_of(column) == "integer")


def _limits_of(column: Column) -> frozenset[bytes]:
    bits = _BITS[column.kind]
    if "unsigned" in column.declared:
        return frozenset({b"%d" % (2**bits - 1)})
    return frozenset({b"%d" % (2 ** (bits - 1) - 1), b"%d" % -(2 ** (bits - 1))})
