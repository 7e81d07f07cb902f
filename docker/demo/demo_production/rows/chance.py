"""Chance that repeats itself: equal seed and purpose, equal draws.

Every purpose has a stream of its own, so that a change in how orders are drawn leaves the customers
as they were.
"""

import random
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


def stream(seed: int, purpose: str) -> random.Random:
    """Open the stream of draws for one purpose."""
    return random.Random(f"{seed}/{purpose}")


class Popularity(Generic[Thing]):
    """Things drawn the way people choose: a few very often, most hardly ever (Zipf).

    The things come in the order in which they became available; a draw can be limited to the first
    ones, as nobody buys in 2014 what came in 2020.
    """

    def __init__(self, rng: random.Random, things: Sequence[Thing], exponent: float) -> None:
        ranks = list(range(1, len(things) + 1))
        rng.shuffle(ranks)
        self._things = things
        self._reach = list(accumulate(rank**-exponent for rank in ranks))
        self._rng = rng

    def draw(self, first: int | None = None) -> Thing:
        """Draw one thing, among the first ones only if a number is given."""
        limit = len(self._things) if first is None else max(1, min(first, len(self._things)))
        point = self._rng.random() * self._reach[limit - 1]
        return self._things[bisect_left(self._reach, point, 0, limit - 1)]


def happens(rng: random.Random, probability: float) -> bool:
    """Let something happen with a probability between 0 and 1."""
    return rng.random() < probability
