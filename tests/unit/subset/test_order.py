from __future__ import annotations

from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.subset.order import PLACES, DrawingOrder

SECRETS = st.binary(min_size=1, max_size=32)
KEYS = st.integers(-(2**63), 2**64 - 1)


def first(order: DrawingOrder, low: int, high: int) -> list[int]:
    return [number for number in order.first(low, high) if number is not None]


@settings(max_examples=30)
@given(SECRETS, st.integers(-700, 700), st.integers(0, 700))
def test_order_gives_each_number_of_a_range_once_and_in_the_order_of_its_place(
    secret: bytes, low: int, width: int
) -> None:
    order = DrawingOrder(secret, "orders")
    wanted = range(low, low + width)
    assert first(order, low, low + width - 1) == sorted(wanted, key=order.place)


@given(SECRETS, KEYS)
def test_a_key_has_one_place_whatever_was_asked_before(secret: bytes, key: int) -> None:
    order = DrawingOrder(secret, "orders")
    others = [order.place(other) for other in (-300, 0, 255, 256, 1 << 40)]
    assert 0 <= order.place(key) < PLACES
    assert order.place(key) == DrawingOrder(secret, "orders").place(key)
    assert others == [order.place(other) for other in (-300, 0, 255, 256, 1 << 40)]


@settings(max_examples=30)
@given(SECRETS, st.integers(200, 600), st.integers(0, 900))
def test_growth_of_a_table_moves_no_key_before_another(secret: bytes, high: int, more: int) -> None:
    before = first(DrawingOrder(secret, "orders"), 1, high)
    after = first(DrawingOrder(secret, "orders"), 1, high + more)
    assert [number for number in after if number <= high] == before


def test_an_order_needs_the_secret_and_the_table() -> None:
    def some(secret: bytes, table: str) -> list[int]:
        return first(DrawingOrder(secret, table), 0, 999)

    assert some(b"one", "orders") != some(b"another", "orders")
    assert some(b"one", "orders") != some(b"one", "items")


@pytest.mark.parametrize("keys", [
    range(256), range(5_000), range(6_000, 9_000), range(0, 50_000, 10), range(-4_000, 0),
    range(1 << 40, (1 << 40) + 5_000),
], ids=str)  # fmt: skip
def test_places_are_spread_evenly(keys: range) -> None:
    tenths = [0] * 10
    for secret in range(10):
        order = DrawingOrder(b"%d" % secret, "orders")
        for key in keys:
            tenths[order.place(key) * 10 // PLACES] += 1
    mean = len(keys)
    # Twice the deviation that independent places would have, four times over.
    assert all(abs(count - mean) < 8 * mean**0.5 for count in tenths)


@pytest.mark.parametrize("key", [0, 1, 2, 255, 256, 1000, -1, -2, 1 << 62])
def test_each_key_comes_with_the_same_chance(key: int) -> None:
    drawn = sum(
        DrawingOrder(b"%d" % secret, "orders").place(key) < PLACES // 20 for secret in range(1000)
    )
    assert 15 < drawn < 85  # five standard deviations around a twentieth


def test_the_first_keys_of_a_long_order_have_no_pattern() -> None:
    order = DrawingOrder(b"secret", "orders")
    drawn = [number for number in islice(order.first(1 << 19, (1 << 20) - 1), 4000) if number]
    for bit in range(19):
        assert 1800 < sum(number >> bit & 1 for number in drawn) < 2200
    for bit in range(18):
        assert 1800 < sum((number >> bit ^ number >> (bit + 1)) & 1 for number in drawn) < 2200
    drawn.sort()
    # The mean is 131; the longest of 4,000 gaps is by chance some 8 times that.
    assert max(later - earlier for earlier, later in pairwise(drawn)) < 131 * 14
