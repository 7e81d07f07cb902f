"""Rows that came, went, changed and stayed: what any order, window and duplicate gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from sandbox.diff.found import Fate
from sandbox.diff.rows import Tally, compare_lines

Row = tuple[bytes, ...]

CELLS = st.sampled_from([b"", b"a", b"A", rb"\N", rb"\\N", b"a ", b"0", b"00"])
KEYS = st.tuples(st.integers(0, 40).map(lambda one: b"%d" % one), st.sampled_from([b"x", b"X"]))
# In any order, as rows of masked keys come.
KEYED = st.dictionaries(KEYS, st.tuples(CELLS, CELLS), max_size=60).flatmap(
    lambda rows: st.permutations([(*key, *cells) for key, cells in rows.items()])
)
KEYLESS = st.lists(st.tuples(CELLS, CELLS), max_size=60)
BLOCKS = st.integers(1, 9)
WINDOWS = st.sampled_from([1, 400, 2_000, 1 << 20])


def blocks(rows: Sequence[Row], size: int) -> Iterator[list[bytes]]:
    lines = [b"\t".join(row) for row in rows]
    for start in range(0, len(lines), size):
        yield lines[start : start + size]


@given(KEYED, KEYED, st.tuples(BLOCKS, BLOCKS), WINDOWS, st.sampled_from([0, 200 << 20]))
def test_rows_with_a_key_are_told_apart_as_by_comparing_each_with_each(
    old: list[Row], new: list[Row], sizes: tuple[int, int], window: int, expected: int
) -> None:
    named: list[tuple[Fate, Row, tuple[int, ...]]] = []
    tally = compare_lines(
        blocks(old, sizes[0]),
        blocks(new, sizes[1]),
        (0, 1),
        expected=expected,
        named=lambda fate, key, fields: named.append((fate, tuple(key), tuple(fields))),
        window=window,
    )
    before, now = ({row[:2]: row for row in rows} for rows in (old, new))
    wanted: list[tuple[Fate, Row, tuple[int, ...]]] = []
    stayed = 0
    for key in {**before, **now}:
        if key not in now:
            wanted.append((Fate.WENT, key, ()))
        elif key not in before:
            wanted.append((Fate.CAME, key, ()))
        elif before[key] == now[key]:
            stayed += 1
        else:
            fields = tuple(place for place in range(4) if before[key][place] != now[key][place])
            wanted.append((Fate.CHANGED, key, fields))
    assert sorted(named) == sorted(wanted)
    fates = Counter(fate for fate, _, _ in wanted)
    assert tally == Tally(
        came=fates[Fate.CAME],
        went=fates[Fate.WENT],
        changed=fates[Fate.CHANGED],
        stayed=stayed,
        fields=Counter(field for _, _, fields in wanted for field in fields),
    )


@given(KEYLESS, KEYLESS, BLOCKS, BLOCKS, WINDOWS)
def test_rows_without_a_key_are_compared_as_often_as_they_are_there(
    old: list[Row], new: list[Row], old_block: int, new_block: int, window: int
) -> None:
    tally = compare_lines(
        blocks(old, old_block), blocks(new, new_block), (), expected=0, window=window
    )
    before, now = Counter(old), Counter(new)
    assert tally == Tally(
        came=(now - before).total(), went=(before - now).total(), stayed=(before & now).total()
    )


@given(KEYLESS, KEYLESS, BLOCKS, WINDOWS)
def test_a_key_that_is_none_leaves_every_row_counted_once(
    old: list[Row], new: list[Row], block: int, window: int
) -> None:
    tally = compare_lines(blocks(old, block), blocks(new, block), (0,), expected=0, window=window)
    assert tally.went + tally.changed + tally.stayed == len(old)
    assert tally.came + tally.changed + tally.stayed == len(new)
