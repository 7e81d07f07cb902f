"""Let a sample grow to its budget, the rows that are needed most first; what is left is cut.

First comes what is never cut: named rows, whole tables, and the parents of both. Then odd rows, the
rarest classes first; then the families of named rows; then rows of the targets in the order in
which the keyed hash draws them, the same part of each target, each with its family. So a larger
budget takes the same targets and more. Nothing is read twice: after each step that could be as
large as it was expected to be, what came is weighed, and the next one is cut to what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from typing import Protocol

from sandbox.errors import UsageError
from sandbox.model import ForeignKey, Reason, Schema, Table
from sandbox.subset.budget import Budget, in_words
from sandbox.subset.growing import Growing
from sandbox.subset.keys import KeySet, RowKey, key_set_for
from sandbox.subset.meter import Meter
from sandbox.subset.odd.needs import Needs

_ENOUGH = 0.02  # of the budget: what is left of it is not worth another step
_STEP = 0.05  # of the budget that a step is expected to use at most
_NEAR = 0.1  # of the budget: below it, and at first, each row is priced before it is taken
_FIRST = 8  # drawn rows that come at once, at first
_PRICED = 100  # rows that are priced at once
_BELIEVED = 0.7  # how much of what a step cost is believed after a cheaper one
_BUCKETS = 64
_MOST_OWNERS = 1000
_KEYLESS = 8  # steps for a table without a key, which is read once more for each

_Drawn = tuple[float, int, RowKey]  # its place, the number of its target, its key


@dataclass(frozen=True, slots=True)
class Spent:
    """What became of a budget.

    Attributes:
        budget: The budget.
        used: Rows or bytes of the sample, about.
        needed: Those of them that are never cut.
        drawn: The part of the drawn rows that was taken, 1.0 for all.
        short: Families that did not come, or not as far as they should.
    """

    budget: Budget
    used: int
    needed: int
    drawn: float = 1.0
    short: int = 0


class Growable(Growing, Protocol):
    """A closure that can be grown step by step.

    Attributes:
        to_follow: By table, the rows whose children may come.
        watches: Whether rows that come are noted in `fresh`.
    """

    to_follow: dict[str, KeySet]
    watches: bool

    def draws(self) -> Iterator[Draw]:
        """Draw the sample of every target, and take none of it yet."""

    def take_drawn(self, table: Table, keys: Sequence[RowKey], reason: Reason) -> None:
        """Take rows of a target, and let their children wait."""

    def relations_to_follow(self, table: str) -> Sequence[ForeignKey]:
        """Give the relations along which children of a table follow."""

    def take_children(
        self, relation: ForeignKey, parents: Sequence[RowKey], room: Callable[[], int] | None = None
    ) -> int:
        """Take the children of some rows, as many as there is room for; give how many are short."""


class Draw:
    """The rows that are drawn of one target, in the order of their numbers.

    They are held as key sets: bitmaps, where keys are whole numbers.

    Args:
        table: The target.
        reason: Why its rows come.
        number_of: Gives the number that was drawn for a row.
        below: Below which all numbers are; 0 where that shows only when all have come.
        keys: The rows.
    """

    def __init__(
        self,
        table: Table,
        reason: Reason,
        number_of: Callable[[RowKey], int],
        below: int,
        keys: Iterable[RowKey],
    ) -> None:
        self.table = table
        self.reason = reason
        self._number_of = number_of
        self._buckets = [key_set_for(table) for _ in range(_BUCKETS)]
        if not below:
            keys = list(keys)  # somebody said how many
            below = max(map(number_of, keys), default=0) + 1
        self._below = below
        for key in keys:
            self._buckets[int(self.place(key) * _BUCKETS)].add_new([key])

    def place(self, key: RowKey) -> float:
        """Tell where a row stands among all that are drawn of its table: from 0 to below 1."""
        place = min(self._number_of(key) / self._below, 1 - 1e-9)
        return place if self.table.identity else (int(place * _KEYLESS) + 0.5) / _KEYLESS

    def bucket(self, number: int) -> Iterator[tuple[float, RowKey]]:
        """Give the rows of one bucket with their places, and let go of them."""
        keys, self._buckets[number] = self._buckets[number], key_set_for(self.table)
        for key in keys:
            yield self.place(key), key


def grow(
    schema: Schema, closure: Growable, meter: Meter, more: Callable[[Growing], None] | None
) -> Spent:
    """Let a sample grow to its budget.

    Args:
        schema: The source's schema.
        closure: The sample, with the rows that are never cut.
        meter: Knows what is used.
        more: Adds odd rows, as many as there is room for.

    Raises:
        UsageError: What is never cut is larger than the budget.
        SourceError: The source cannot be read.
    """
    growth = _Growth(schema, closure, meter)
    growth.begin()
    if more is not None:
        closure.watches = True
        more(closure)
    growth.follow()
    return growth.take(list(closure.draws()))


class _Growth:
    """One sample while it grows."""

    def __init__(self, schema: Schema, closure: Growable, meter: Meter) -> None:
        self._schema = schema
        self._closure = closure
        self._meter = meter
        self._needed = 0.0
        self._short = 0
        self._owners = 1
        self._rows = _FIRST
        # What one drawn row, and one row whose children are asked for, may cost with all it brings.
        self._per_drawn = 0.0
        self._per_owner = 0.0
        self._brings = 1.0  # rows that come with one, for each

    def begin(self) -> None:
        """Bring the parents of the rows that are never cut.

        Raises:
            UsageError: That is more than the budget.
        """
        meter, unit = self._meter, self._meter.budget.unit
        meter.settle()
        named = meter.used - meter.whole
        self._settle()
        self._needed = meter.used
        if meter.room >= 0:
            return
        parts = {
            "of tables that are whole": meter.whole,
            "of rows that were named, and of parents of whole tables": named,
            "of what those need": meter.used - meter.whole - named,
        }
        listed = ", ".join(
            f"{in_words(part, unit)} {what}" for what, part in parts.items() if part >= 1
        )
        raise UsageError(
            f"what is never cut is larger than the budget of {meter.budget}: {listed}.",
            hint=f"Give a budget of {in_words(meter.used * 1.02, unit)} at least, or have fewer "
            "tables whole: [sample] small, and --sample TABLE=1% where it says TABLE=all.",
        )

    def take(self, draws: Sequence[Draw]) -> Spent:
        """Take as much of the targets as there is room for."""
        waiting: Iterator[_Drawn] = _in_order(draws)
        any_came = False
        while not self._is_full and (some := list(islice(waiting, self._how_many()))):
            fitting = self._fitting(some, draws) if self._is_careful else some
            waiting = chain(some[len(fitting) :], waiting)
            if not fitting:
                break
            self._take_drawn(fitting, draws)
            any_came = True
        self._settle()
        left = next(waiting, None)
        reached = 1.0 if left is None else left[0] if any_came else 0.0
        budget, used = self._meter.budget, round(self._meter.used)
        return Spent(budget, used, round(self._needed), reached, self._short)

    def _take_drawn(self, rows: Sequence[_Drawn], draws: Sequence[Draw]) -> None:
        """Take some rows with all they bring, and learn what that costs."""
        before = self._meter.used
        for number, keys in _by_target(rows).items():
            self._closure.take_drawn(draws[number].table, keys, draws[number].reason)
        self._settle()
        self.follow()
        cost = (self._meter.used - before) / len(rows)
        self._per_drawn = max(cost, _BELIEVED * self._per_drawn)

    @property
    def _is_careful(self) -> bool:
        """Whether rows are priced before they are taken."""
        return not self._per_drawn or self._meter.room < _NEAR * self._meter.budget.amount

    def _how_many(self) -> int:
        """Tell how many drawn rows may come at once: a few at first, for what they bring shows."""
        may = min(self._meter.room / 2, _STEP * self._meter.budget.amount)
        fitting = may / self._per_drawn if self._per_drawn else _FIRST
        self._rows = max(int(min(fitting, 2 * self._rows)), 1)
        return min(self._rows, _PRICED) if self._is_careful else self._rows

    def _fitting(self, rows: Sequence[_Drawn], draws: Sequence[Draw]) -> Sequence[_Drawn]:
        """Give those of some rows, from the first on, that fit with their parents."""
        needs = Needs(self._schema, self._closure)
        for number, keys in _by_target(rows).items():
            needs.learn(draws[number].table.name, keys)
        named = [(draws[number].table.name, key) for _, number, key in rows]
        return rows[: self._closure.affordable([(row, needs.missing(row)) for row in named])]

    def follow(self) -> None:
        """Bring the children of rows that wait for it, and theirs, while there is room."""
        waiting = self._closure.to_follow
        while waiting:
            name, keys = waiting.popitem()
            owners, done = iter(keys), 0
            while not self._is_full and (some := list(islice(owners, self._how_many_owners()))):
                before = self._meter.used
                for relation in self._closure.relations_to_follow(name):
                    room = partial(self._room_for, self._schema.tables[relation.table])
                    self._short += self._closure.take_children(relation, some, room)
                    self._settle()
                cost = (self._meter.used - before) / len(some)
                self._per_owner = max(cost, _BELIEVED * self._per_owner)
                done += len(some)
            self._short += len(keys) - done

    def _how_many_owners(self) -> int:
        """Tell of how many rows the children may come at once."""
        may = min(self._meter.room / 4, _STEP * self._meter.budget.amount)
        fitting = may / self._per_owner if self._per_owner else _MOST_OWNERS
        self._owners = max(int(min(fitting, 4 * self._owners, _MOST_OWNERS)), 1)
        return self._owners

    def _room_for(self, table: Table) -> int:
        """Tell for how many rows of a table there is room, with what they bring."""
        return max(int(self._meter.room / (self._meter.price(table) * (1 + self._brings))), 0)

    def _settle(self) -> None:
        """Bring the parents of what was taken, and weigh it."""
        taken = self._meter.used
        fresh = self._meter.fresh
        self._meter.settle()
        self._closure.close()
        self._meter.settle()
        if fresh:
            brought = (self._meter.used - taken) / fresh
            self._brings = max(brought, _BELIEVED * self._brings)

    @property
    def _is_full(self) -> bool:
        return self._meter.room <= _ENOUGH * self._meter.budget.amount


def _in_order(draws: Sequence[Draw]) -> Iterator[_Drawn]:
    """Give the rows of all targets in the order in which they are taken."""
    for number in range(_BUCKETS):
        yield from sorted(
            (place, at, key) for at, one in enumerate(draws) for place, key in one.bucket(number)
        )


def _by_target(rows: Iterable[_Drawn]) -> dict[int, list[RowKey]]:
    keys: dict[int, list[RowKey]] = {}
    for _, number, key in rows:
        keys.setdefault(number, []).append(key)
    return keys
