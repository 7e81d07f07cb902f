"""How many keys a statement names: as many as are answered in time, and never another row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from sandbox.database.statement_sizes import FIRST, LEAST, MOST, StatementSizes


@dataclass
class Clock:
    """Time that only statements take."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def lengths(sizes: StatementSizes, clock: Clock, keys: range, per_key: float) -> list[int]:
    """Give how many keys each statement names, on a source that needs some time for each."""
    some = []
    for part in sizes.cut("orders", keys):
        some.append(len(part))
        clock.now += per_key * len(part)
    return some


@given(st.integers(0, 3000), st.lists(st.floats(0, 100), min_size=1))
def test_every_key_comes_once_and_in_order_however_long_statements_take(
    count: int, seconds: Sequence[float]
) -> None:
    clock = Clock()
    came: list[int] = []
    for number, part in enumerate(StatementSizes(0.5, clock).cut("orders", range(count))):
        assert 0 < len(part) <= MOST
        came += [key for key in part if isinstance(key, int)]
        clock.now += seconds[number % len(seconds)]
    assert came == list(range(count))


def test_statements_grow_while_they_are_answered_quickly() -> None:
    clock = Clock()
    assert lengths(StatementSizes(0.5, clock), clock, range(3000), 0.00001) == [
        FIRST, 2 * FIRST, MOST, MOST, 250,
    ]  # fmt: skip


def test_statements_shrink_to_the_time_they_may_take() -> None:
    clock = Clock()
    found = lengths(StatementSizes(0.5, clock), clock, range(3000), 0.01)
    assert set(found[3:-1]) == {50}
    clock = Clock()
    assert min(lengths(StatementSizes(0.5, clock), clock, range(1000), 9.0)[:-1]) == LEAST


def test_what_one_kind_learned_is_not_that_of_another() -> None:
    clock = Clock()
    sizes = StatementSizes(0.5, clock)
    lengths(sizes, clock, range(3000), 0.01)
    assert len(next(sizes.cut("orders", range(3000)))) == 50
    assert len(next(sizes.cut("customers", range(3000)))) == FIRST
