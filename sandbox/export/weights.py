"""Weigh rows for a budget: in bytes of their text as it will stand in the bundle.

The server adds up the lengths of what would be read, and sends no value for it. How much longer or
shorter a column becomes by masking and escaping is learned from the first rows of each table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import sqrt
from operator import mul

from sandbox.bundle.tsv import NULL, encode_columns
from sandbox.database.conditions import among
from sandbox.database.expressions import quoted, read_expression
from sandbox.database.reader import Reader
from sandbox.masking.masker import Masker
from sandbox.model import Batch, Cell, Table
from sandbox.subset.budget import Budget, Unit
from sandbox.subset.keys import RowKey
from sandbox.subset.meter import Scale
from sandbox.subset.steps import slices

_LEARNED = 200  # rows of a table that show what masking makes of its columns
_SMALL = 64 << 10  # bytes of a row by the server's estimate: of larger ones fewer are read
_MANY = 10  # statements about a table after which not every one is needed, where all say the same
_EACH = 8  # then every eighth is
_SURE = 0.02  # how far off the mean of a table may be, for that


class _Known:
    """What is known of the rows of one table."""

    def __init__(self, factors: Sequence[float], guess: float) -> None:
        self.factors = factors
        self._guess = guess
        self.rows = 0
        self.bytes = 0.0
        self.means: list[float] = []

    @property
    def mean(self) -> float:
        return self.bytes / self.rows if self.rows else self._guess

    @property
    def is_sure(self) -> bool:
        """Whether another statement would hardly change the mean."""
        count = len(self.means)
        if count < _MANY or not self.mean:
            return False
        spread = sum((one - self.mean) ** 2 for one in self.means) / (count - 1)
        return sqrt(spread / count) <= _SURE * self.mean


class TextScale:
    """Weighs rows in bytes of their masked text.

    Args:
        reader: Reads the source, inside its snapshot.
        masker: Masks as the export will.
    """

    def __init__(self, reader: Reader, masker: Masker) -> None:
        self._reader = reader
        self._masker = masker
        self._known: dict[str, _Known] = {}

    def whole(self, table: Table) -> float:
        """Weigh every row of a table."""
        self.one(table)
        known = self._known[table.name]
        if not table.transactional:  # in short chunks: a long answer would keep writers waiting
            batches = self._reader.batches(table)
            return sum(_weight(batch, known.factors) for batch in batches)
        _, weight = self._ask(table, known, "")
        return weight

    def rows(self, table: Table, keys: Sequence[RowKey]) -> float:
        """Weigh some rows of a table; of very many, and all alike, a part stands for them."""
        if not table.identity:
            return len(keys) * self.one(table)
        self.one(table)
        known, weight = self._known[table.name], 0.0
        for number, some in enumerate(slices(keys)):
            if known.is_sure and number % _EACH:
                weight += len(some) * known.mean
                continue
            rows, more = self._ask(table, known, f" WHERE {among(table.identity, some)}")
            known.rows += rows
            known.bytes += more
            known.means.append(more / max(rows, 1))
            weight += more
        return weight

    def one(self, table: Table) -> float:
        """Give what one row of a table weighs, about: by its first rows, until some were weighed.

        The first time asks the source.
        """
        known = self._known.get(table.name)
        if known is None:
            known = self._learned(table, self._first(table))
        return known.mean

    def _first(self, table: Table) -> Iterator[Batch]:
        """Read the first rows of a table, whichever those are."""
        columns = table.stored_columns
        shown = ", ".join(read_expression(column) for column in columns)
        # Rows of megabytes each are large enough to be told from a few.
        most = max(min(_LEARNED * _SMALL // max(table.size // max(table.rows, 1), 1), _LEARNED), 4)
        sql = f"SELECT {shown} FROM {quoted(table.name)} LIMIT {most}"  # noqa: S608 - quoted
        names = tuple(column.name for column in columns)
        at_once = not table.transactional
        for cells in self._reader.rows(sql, columns=len(columns), at_once=at_once):
            yield Batch(table.name, names, cells)

    def _learned(self, table: Table, batches: Iterable[Batch]) -> _Known:
        """Learn from some rows what masking and escaping make of each column."""
        raw = [0] * len(table.stored_columns)
        made = [0] * len(raw)
        rows = 0
        for batch in batches:
            rows += len(batch)
            masked = self._masker.mask_batch(batch)
            for at, (before, after) in enumerate(zip(batch.cells, masked.cells, strict=True)):
                raw[at] += _length(before)
                made[at] += len(encode_columns([after])[0]) - len(batch)
        factors = [one / before if before else 1.0 for one, before in zip(made, raw, strict=True)]
        known = self._known[table.name] = _Known(factors, sum(made) / max(rows, 1) + len(raw))
        return known

    def _ask(self, table: Table, known: _Known, where: str) -> tuple[int, float]:
        """Ask how many rows there are, and add up what they will be."""
        sums = [
            f"COALESCE(SUM(COALESCE(LENGTH({read_expression(column)}), {len(NULL)})), 0)"
            for column in table.stored_columns
        ]
        sql = f"SELECT COUNT(*), {', '.join(sums)} FROM {quoted(table.name)}{where}"  # noqa: S608 - quoted
        (answer,) = zip(*next(iter(self._reader.rows(sql, columns=len(sums) + 1))), strict=True)
        rows, *lengths = (int(cell or b"0") for cell in answer)
        weight = sum(map(mul, lengths, known.factors)) + rows * len(lengths)
        return rows, weight


class RowScale:
    """Weighs rows by counting them.

    Args:
        reader: Reads the source, inside its snapshot.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def whole(self, table: Table) -> float:
        """Count every row of a table."""
        sql = f"SELECT COUNT(*) FROM {quoted(table.name)}"  # noqa: S608 - quoted
        ((cell,),) = next(iter(self._reader.rows(sql, columns=1)))
        return int(cell or b"0")

    def rows(self, table: Table, keys: Sequence[RowKey]) -> float:  # noqa: ARG002 - as all scales
        """Count some rows."""
        return len(keys)

    def one(self, table: Table) -> float:  # noqa: ARG002 - as all scales
        """Count one."""
        return 1.0


def scale_for(budget: Budget | None, reader: Reader, masker: Masker) -> Scale | None:
    """Give what weighs rows in the unit of a budget; None where there is none."""
    if budget is None:
        return None
    return RowScale(reader) if budget.unit is Unit.ROWS else TextScale(reader, masker)


def _weight(batch: Batch, factors: Sequence[float]) -> float:
    lengths = map(_length, batch.cells)
    weights: Iterator[float] = map(mul, lengths, factors)
    return sum(weights) + len(batch) * len(batch.cells)


def _length(cells: Sequence[Cell]) -> int:
    return sum(len(NULL) if cell is None else len(cell) for cell in cells)
