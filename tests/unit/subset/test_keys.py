from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sandbox.subset.keys import OtherKeys, RowKey, WholeNumbers, draw, keys_of, row_digest
from schemas import table

SIGNED = st.integers(-(2**63), 2**64 - 1)


@given(st.lists(SIGNED), st.lists(SIGNED))
def test_whole_numbers_are_a_set_in_order(first: list[int], second: list[int]) -> None:
    keys = WholeNumbers()
    assert keys.add_new(first) == list(dict.fromkeys(first))
    assert keys.add_new(second) == [key for key in dict.fromkeys(second) if key not in set(first)]
    assert list(keys) == sorted({*first, *second})
    assert len(keys) == len({*first, *second})
    assert all(key in keys for key in first)


@given(st.lists(st.tuples(st.integers(), st.binary())))
def test_other_keys_are_a_set_in_order(given_keys: list[RowKey]) -> None:
    keys = OtherKeys()
    keys.add_new(given_keys)
    assert list(keys) == sorted(set(given_keys))


@given(st.lists(st.tuples(st.lists(SIGNED | st.integers(0, 20)), st.integers(0, 3))))
def test_key_bears_the_mark_that_it_was_given_last(marked: list[tuple[list[int], int]]) -> None:
    expected: dict[RowKey, int] = {}
    numbers, others, spilled = WholeNumbers(), OtherKeys(), OtherKeys(most=3)
    for keys, mark in marked:
        for key_set in (numbers, others, spilled):
            key_set.add_new(keys)
            key_set.mark(keys, mark)
        expected.update(dict.fromkeys(keys, mark))
    unmarked = [key for key in (-7, 5, 2**64 - 1) if key not in expected]
    numbers.add_new(unmarked)
    others.add_new(unmarked)
    spilled.add_new(unmarked)
    expected.update(dict.fromkeys(unmarked, 0))
    for given_set in (numbers, others, spilled):
        assert list(given_set) == sorted(expected)
        assert given_set.marks_of(list(expected)) == list(expected.values())


def test_keys_are_typed_by_the_columns_of_the_identity() -> None:
    assert keys_of(table("orders"), [[b"7", b"-1"]]) == [7, -1]
    assert keys_of(table("items", key=("a", "b")), [[b"7", b"8"], [b"1", b"2"]]) == [(7, 1), (8, 2)]


@given(
    st.lists(st.one_of(st.none(), st.binary()), min_size=1),
    st.lists(st.one_of(st.none(), st.binary()), min_size=1),
)
def test_rows_share_a_digest_only_if_they_are_equal(
    one: list[bytes | None], other: list[bytes | None]
) -> None:
    assert (row_digest(one) == row_digest(other)) == (one == other)


def test_a_drawing_is_stable_and_needs_the_secret() -> None:
    drawn = [draw(b"secret", "orders", key) for key in range(10_000)]
    assert drawn == [draw(b"secret", "orders", key) for key in range(10_000)]
    assert drawn != [draw(b"another", "orders", key) for key in range(10_000)]
    assert drawn != [draw(b"secret", "items", key) for key in range(10_000)]
    below = sum(number < 2**64 // 10 for number in drawn)
    assert 850 < below < 1150  # five standard deviations around a tenth
