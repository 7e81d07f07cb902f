"""What a profile of a large table remembers: every block has its turn, and no odd row is lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.model import Batch, Cell, Column, Key, Table
from sandbox.subset.keys import RowKey
from sandbox.subset.odd.learning import learn_table
from sandbox.subset.odd.reading import Reading
from sandbox.subset.odd.remembered import Remembered
from sandbox.subset.odd.tables import TableProfile

MONDAY = date(2026, 11, 30)
NOTES = Table(
    "notes",
    "InnoDB",
    (
        Column("id", "int", "int(11)", nullable=False),
        Column("note", "varchar", "varchar(20)", charset="utf8mb4", collation="utf8mb4_bin"),
    ),
    (Key("PRIMARY", ("id",)),),
    rows=1000,
)
BLANK = "blank"
BY_KEY = " IN ("


@dataclass
class Rows:
    """The rows of `NOTES`, of which a range takes as many seconds as it has hundreds of keys."""

    seconds: float = 0.0  # that only reading takes
    notes: dict[int, bytes] = field(default_factory=lambda: dict.fromkeys(range(1, 1001), b"so"))
    by_range: list[int] = field(default_factory=list)
    breaks_at: int | None = None

    def rows(
        self, sql: str, *, columns: int, at_once: bool = False
    ) -> Iterator[tuple[Sequence[Cell], ...]]:
        del columns, at_once
        assert "MIN(" in sql
        yield ((b"1",), (b"1000",))

    def batches(self, table: Table, where: str = "") -> Iterator[Batch]:
        keys: list[int]
        if not where:
            keys = list(self.notes)
        elif BY_KEY in where:
            keys = [int(one) for one in where.partition(BY_KEY)[2].rstrip(")").split(",")]
        else:
            low, high = (int(side.split()[2]) for side in where.split(" AND "))
            keys = list(range(low, min(high, 1001)))
            self.seconds += len(keys) / 100
            if self.breaks_at in keys:
                raise ConnectionError
            self.by_range += keys
        there = [key for key in keys if key in self.notes]
        yield Batch(
            table.name, ("id", "note"), ([b"%d" % n for n in there], [self.notes[n] for n in there])
        )

    def now(self) -> float:
        return self.seconds

    def batches_by_keys(self, table: Table, keys: Iterable[RowKey]) -> Iterator[Batch]:
        raise NotImplementedError


@dataclass
class Kept:
    """Remembers one table."""

    today: date = MONDAY
    remembered: Remembered | None = None

    def recall(self, table: Table, where: str) -> Remembered | None:
        assert (table.name, where) == ("notes", "")
        return self.remembered

    def keep(self, table: Table, where: str, remembered: Remembered) -> None:
        assert (table.name, where) == ("notes", "")
        self.remembered = remembered


@pytest.fixture
def source() -> Rows:
    return Rows()


def drawn(key: RowKey) -> int:
    return hash(key)


def learn(source: Rows, memory: Kept, seconds: float = 2.5) -> tuple[TableProfile, Reading]:
    """Read what the time allows: not a third of it, in blocks."""
    source.by_range.clear()
    profile = TableProfile(NOTES, 3, drawn)
    reading = learn_table(
        profile, source, seconds, expected=4 * seconds, order=lambda block: -block, memory=memory
    )
    return profile, reading


def blank(profile: TableProfile, share: float) -> int:
    """Give how many blank notes a profile says that there are."""
    found = {tally.name: tally for tally, _ in profile.tallies()}
    return found[BLANK].rows_in_all(share) if BLANK in found else 0


def test_every_block_is_read_before_one_is_read_again(source: Rows) -> None:
    memory = Kept()
    seen: set[int] = set()
    for _ in range(4):
        _, reading = learn(source, memory)
        assert reading.share < 1
        if len(seen) + len(source.by_range) <= 1000:
            assert seen.isdisjoint(source.by_range)
        seen.update(source.by_range)
        memory.today += timedelta(days=7)
    assert len(seen) == 1000


def test_odd_row_of_an_earlier_part_is_found_again_and_counted_once(source: Rows) -> None:
    source.notes[999] = b"  "
    memory = Kept()
    first, reading = learn(source, memory)
    assert 999 in source.by_range
    assert blank(first, reading.share) == round(1 / reading.share)
    memory.today += timedelta(days=7)
    second, reading = learn(source, memory)
    assert 999 not in source.by_range
    # It is one row, and no sign of others: what was read now has none.
    assert blank(second, reading.share) == 1
    assert reading.words == (
        "read were 6 of 20 blocks of its key; "
        "odd rows of others looked at again: 1, read up to 7 days ago"
    )
    assert memory.remembered is not None
    assert 999 in memory.remembered.odd


def test_row_that_is_mended_or_gone_is_odd_no_more(source: Rows) -> None:
    source.notes |= {999: b"  ", 998: b"   "}
    memory = Kept()
    learn(source, memory)
    source.notes[999] = b"fine"
    del source.notes[998]
    later, reading = learn(source, memory)
    assert blank(later, reading.share) == 0


def test_what_was_read_before_the_connection_broke_is_remembered(source: Rows) -> None:
    memory = Kept()
    source.breaks_at = 700
    with pytest.raises(ConnectionError):
        learn(source, memory, seconds=100)
    source.breaks_at = None
    read = list(source.by_range)
    assert read
    learn(source, memory)
    assert set(source.by_range).isdisjoint(read)


def test_odd_row_outlives_a_reading_that_broke_off(source: Rows) -> None:
    source.notes[999] = b"  "
    memory = Kept()
    learn(source, memory)
    assert 999 in source.by_range
    source.breaks_at = 500  # another block had its turn before
    with pytest.raises(ConnectionError):
        learn(source, memory, seconds=100)
    assert source.by_range
    assert 999 not in source.by_range
    source.breaks_at = None
    third, reading = learn(source, memory)
    assert 999 not in source.by_range
    assert blank(third, reading.share) == 1


def test_table_that_is_read_in_one_go_leaves_nothing(source: Rows) -> None:
    memory = Kept()
    small = replace(NOTES, rows=10)
    source.notes.clear()
    profile = TableProfile(small, 3, drawn)
    learn_table(profile, source, 60, expected=1, order=hash, memory=memory)
    assert memory.remembered is None


BLOCKS = st.tuples(st.integers(-50, 50), st.integers(1, 30)).map(lambda one: (one[0], sum(one)))


@given(st.lists(st.lists(BLOCKS, max_size=6), max_size=6), BLOCKS)
def test_day_of_a_block_is_that_on_which_its_middle_was_read_last(
    days: list[list[tuple[int, int]]], asked: tuple[int, int]
) -> None:
    remembered, today, last = Remembered(), MONDAY, date.min
    for blocks in days:
        today += timedelta(days=1)
        remembered = remembered.followed_by([], blocks, today)
        if any(low <= sum(asked) // 2 < high for low, high in blocks):
            last = today
    assert remembered.read_on(asked) == last
    assert remembered.has_read(asked) == (last != date.min)


@given(st.sets(st.integers(0, 99)), st.lists(BLOCKS, max_size=4))
def test_rows_beside_some_blocks_are_in_none_of_them(
    odd: set[int], blocks: list[tuple[int, int]]
) -> None:
    inside = {key for low, high in blocks for key in range(low, high)}
    beside = Remembered(tuple(sorted(odd))).beside(blocks)
    assert beside == sorted(odd - inside)
