"""What of a table is read to profile it: all of it, or blocks of it where time does not allow.

The clock decides, not the server's estimate alone: a table that turns out larger than it seemed is
left after the block in which its time ran out, and what was read stands for the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from sandbox.database.expressions import quoted, read_expression
from sandbox.model import Batch, Cell, Table
from sandbox.subset.keys import RowKey
from sandbox.subset.odd.remembered import Block, Remembered, has_blocks

# Assumed until something was read: slower than any server that was measured.
_FIRST_BYTES, _FIRST_ROWS = 20 << 20, 60_000  # a second
_TO_MEASURE = 0.2  # seconds of reading after which the speed is that which was measured
_LONG = 5.0  # seconds of reading beyond which it is done in blocks
_BLOCK = 0.5  # seconds that a block may take
_LEAST_BLOCKS, _MOST_BLOCKS = 8, 128


class Source(Protocol):
    """What is read from: a reader inside its snapshot."""

    def rows(
        self, sql: str, *, columns: int, at_once: bool = False
    ) -> Iterator[tuple[Sequence[Cell], ...]]:
        """Run a SELECT and give its rows as chunks of columns."""

    def batches(self, table: Table, where: str = "") -> Iterator[Batch]:
        """Read the rows of a table that meet a condition."""

    def now(self) -> float:
        """Tell the time in seconds; it stands still while nothing may be read."""

    def batches_by_keys(self, table: Table, keys: Iterable[RowKey]) -> Iterator[Batch]:
        """Read the rows of given keys."""


@dataclass
class Speed:
    """How fast tables are read and looked at, as measured so far."""

    seconds: float = 0.0
    rows: int = 0

    def seconds_for(self, table: Table) -> float:
        """Give about how long a table takes."""
        if self.seconds < _TO_MEASURE:
            return max(table.size / _FIRST_BYTES, table.rows / _FIRST_ROWS)
        by_rows = table.rows * self.seconds / max(self.rows, 1)
        return max(by_rows, table.size / _FIRST_BYTES)

    def add(self, rows: int, seconds: float) -> None:
        """Learn from a table that was read."""
        self.seconds += seconds
        self.rows += rows


@dataclass
class Reading:
    """How much of a table was read.

    Attributes:
        rows: Rows that were read.
        share: Part of the table that was read, 1.0 for all.
        words: The same for people, where it is not all.
        blocks: The blocks of its key that were read, as ranges: the first number of each, and the
            one behind its last.
    """

    rows: int = 0
    share: float = 1.0
    words: str = ""
    blocks: list[tuple[int, int]] = field(default_factory=list)
    seconds: float = field(default=0.0, compare=False)


def read_within(  # noqa: PLR0913 - what a reading rests on, named one by one
    table: Table,
    source: Source,
    seconds: float,
    *,
    expected: float,
    order: Callable[[int], int],
    where: str = "",
    before: Remembered | None = None,
) -> tuple[Reading, Iterator[Batch]]:
    """Read a table, or as much of it as the time allows.

    Args:
        table: The table.
        source: Reads it.
        seconds: How long it may take.
        expected: How long all of it takes, probably.
        order: Gives the number that was drawn for a block.
        where: Condition that its rows have to meet; empty for none.
        before: What earlier readings remember: the blocks that they read come last.

    Returns:
        What will have been read when the batches are at an end, and the batches.
    """
    reading = Reading()
    if expected <= min(seconds, _LONG):
        return reading, _timed(reading, source, source.batches(table, where))
    count = min(max(int(expected / _BLOCK), _LEAST_BLOCKS), _MOST_BLOCKS)
    blocks = _blocks(table, source, count, order)
    if blocks:
        if before is not None:
            # Those that nobody has read yet first; those of one day stay as they were drawn.
            blocks.sort(key=before.read_on)
        ends = source.now() + seconds
        of_block = partial(_batches_of, table, source, where)
        in_time = partial(_is_before, source, ends)
        return reading, _timed(reading, source, _in_blocks(of_block, blocks, reading, in_time))
    if expected <= seconds:
        return reading, _timed(reading, source, source.batches(table, where))
    if not table.transactional:
        return reading, _timed(reading, source, _while_time(table, source, reading, seconds, where))
    share = seconds / expected
    return reading, _timed(reading, source, _first_rows(table, source, reading, share, where))


def _timed(reading: Reading, source: Source, batches: Iterator[Batch]) -> Iterator[Batch]:
    began = source.now()
    for batch in batches:
        reading.rows += len(batch)
        yield batch
    reading.seconds = source.now() - began


def _blocks(table: Table, source: Source, count: int, order: Callable[[int], int]) -> list[Block]:
    """Cut the key of a table into blocks, in the order that was drawn; none if it is no number."""
    if not has_blocks(table):
        return []
    name = quoted(table.identity[0].name)
    sql = f"SELECT MIN({name}), MAX({name}) FROM {quoted(table.name)}"  # noqa: S608 - quoted
    ((low_cell,), (high_cell,)) = next(iter(source.rows(sql, columns=2)))
    if low_cell is None or high_cell is None:
        return []
    low, high = int(low_cell), int(high_cell)
    width = (high - low) // count + 1
    starts = [low + block * width for block in sorted(range((high - low) // width + 1), key=order)]
    # The last one ends with the key: behind the greatest BIGINT there are no more numbers to keep.
    return [(start, min(start + width, high + 1)) for start in starts]


def _batches_of(table: Table, source: Source, where: str, block: Block) -> Iterator[Batch]:
    name = quoted(table.identity[0].name)
    met = f" AND ({where}\n)" if where else ""
    return source.batches(table, f"{name} >= {block[0]} AND {name} < {block[1]}{met}")


def _in_blocks(
    batches: Callable[[Block], Iterator[Batch]],
    blocks: Sequence[Block],
    reading: Reading,
    in_time: Callable[[], bool],
) -> Iterator[Batch]:
    """Read block after block until the time is over; one at the least."""
    for done, block in enumerate(blocks):
        if done and not in_time():
            reading.share = done / len(blocks)
            reading.words = f"read were {done} of {len(blocks)} blocks of its key"
            return
        yield from batches(block)
        reading.blocks.append(block)


def _is_before(source: Source, ends: float) -> bool:
    return source.now() <= ends


def _while_time(
    table: Table, source: Source, reading: Reading, seconds: float, where: str
) -> Iterator[Batch]:
    """Read chunk after chunk of a table that comes in chunks, until the time is over."""
    ends = source.now() + seconds
    for batch in source.batches(table, where):
        yield batch
        if source.now() > ends:
            _say_first(table, reading, reading.rows)
            return


def _first_rows(
    table: Table, source: Source, reading: Reading, share: float, where: str
) -> Iterator[Batch]:
    """Read the first rows of a table whose key is no number to cut blocks by."""
    most = max(int(table.rows * share), 1000)
    columns = table.stored_columns
    shown = ", ".join(read_expression(column) for column in columns)
    keys = ", ".join(quoted(column.name) for column in table.identity)
    met = f" WHERE ({where}\n)" if where else ""
    ordered = f" ORDER BY {keys}" if keys else ""
    sql = f"SELECT {shown} FROM {quoted(table.name)}{met}{ordered} LIMIT {most}"  # noqa: S608 - quoted
    names = tuple(column.name for column in columns)
    rows = 0
    for cells in source.rows(sql, columns=len(columns)):
        rows += len(cells[0])
        yield Batch(table.name, names, cells)
    if rows >= most:
        _say_first(table, reading, rows)


def _say_first(table: Table, reading: Reading, rows: int) -> None:
    reading.share = min(rows / max(table.rows, rows), 1.0)
    reading.words = f"read were the first {rows:,} rows"
