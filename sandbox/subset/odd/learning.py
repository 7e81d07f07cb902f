"""Learn one table for its odd rows: what the time allows, and what earlier profiles remember."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sandbox.database.conditions import among
from sandbox.model import Batch
from sandbox.subset.odd.reading import Reading, Source, read_within
from sandbox.subset.odd.remembered import Memory, Remembered, has_blocks
from sandbox.subset.odd.tables import TableProfile
from sandbox.subset.steps import slices

_NOTHING = Remembered()


def learn_table(  # noqa: PLR0913 - what a profile rests on, named one by one
    profile: TableProfile,
    source: Source,
    seconds: float,
    *,
    expected: float,
    order: Callable[[int], int],
    where: str = "",
    memory: Memory,
) -> Reading:
    """Learn a table: all of it, or a part of it and the odd rows that were found in other parts.

    Args:
        profile: Learns.
        source: Reads the table.
        seconds: How long that may take.
        expected: How long all of it takes, probably.
        order: Gives the number that was drawn for a block.
        where: Condition that its rows have to meet; empty for none.
        memory: Knows what was read before, and remembers what is read now.

    Raises:
        SourceError: The source cannot be read. What was read until then is remembered.
    """
    table = profile.table
    before = (memory.recall(table, where) if has_blocks(table) else None) or _NOTHING
    reading, batches = read_within(
        table, source, seconds, expected=expected, order=order, where=where, before=before
    )
    with _remembering(memory, profile, where, before, reading):
        for batch in batches:
            profile.learn(batch)
        again = before.beside(reading.blocks) if reading.share < 1.0 else []
        if again:
            profile.learn_again(_rows_again(profile, source, again, where))
            reading.words += (
                f"; odd rows of others looked at again: {len(again):,}, "
                f"read up to {before.age(memory.today)} days ago"
            )
    return reading


def _rows_again(
    profile: TableProfile, source: Source, keys: list[int], where: str
) -> Iterator[Batch]:
    """Read remembered rows, those of them that are still there and meet the condition."""
    table = profile.table
    met = f" AND ({where}\n)" if where else ""
    for some in slices(keys):
        yield from source.batches(table, f"{among(table.identity, some)}{met}")


@contextmanager
def _remembering(
    memory: Memory, profile: TableProfile, where: str, before: Remembered, reading: Reading
) -> Iterator[None]:
    """Remember what was read in blocks inside, also where the reading breaks off.

    A table that is read in one go is small enough to be read so the next time. Rows that could not
    be looked at again any more are remembered as they were.
    """
    ended = False
    try:
        yield
        ended = True
    finally:
        if reading.blocks:
            odd = [key for key in profile.worth_remembering() if isinstance(key, int)]
            if not ended:
                odd = [*dict.fromkeys([*odd, *before.beside(reading.blocks)])]
            kept = before.followed_by(odd, reading.blocks, memory.today)
            memory.keep(profile.table, where, kept)
