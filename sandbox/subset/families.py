"""The children of one row, of which at most so many come along."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import repeat

from sandbox.model import ForeignKey, Schema
from sandbox.subset.answers import Source, answers
from sandbox.subset.keys import RowKey, keys_of
from sandbox.subset.limits import ChildLimit, age_of
from sandbox.subset.lookups import ask_for_children


class Family:
    """Keeps those children that come first, and never holds more than it keeps.

    Args:
        limit: How many it keeps; which ones is told by the ages that are added with them.
        drawn: Gives the number that was drawn for a row; of rows of one age the lowest are kept.
    """

    def __init__(self, limit: ChildLimit, drawn: Callable[[RowKey], int]) -> None:
        self._most = limit.most
        self._drawn = drawn
        self._kept: dict[RowKey, int] = {}
        # The ones that go first on top; made when there are more than are kept, which is rare.
        self._last_first: list[tuple[int, int, RowKey]] = []
        self.was_cut = False

    def add(self, key: RowKey, age: int = 0) -> None:
        """Add a child; the same one twice is one. The lowest ages are kept."""
        if key in self._kept:
            return
        self._kept[key] = age
        if self._most is None or len(self._kept) <= self._most:
            return
        if not self.was_cut:
            self.was_cut = True
            self._last_first = [self._entry(*one) for one in self._kept.items()]
            heapq.heapify(self._last_first)
            _, _, goes = heapq.heappop(self._last_first)
        else:
            _, _, goes = heapq.heappushpop(self._last_first, self._entry(key, age))
        del self._kept[goes]

    def _entry(self, key: RowKey, age: int) -> tuple[int, int, RowKey]:
        return (-age, -self._drawn(key), key)

    def __iter__(self) -> Iterator[RowKey]:
        return iter(self._kept)

    def first(self, most: int) -> list[RowKey]:
        """Give so many of those that are kept: the first ones, in whatever order they came."""
        return heapq.nsmallest(
            most, self._kept, key=lambda one: (self._kept[one], self._drawn(one))
        )

    def __len__(self) -> int:
        return len(self._kept)


def families_of(  # noqa: PLR0913 - what families are made of, named one by one
    schema: Schema,
    source: Source,
    relation: ForeignKey,
    parents: Sequence[RowKey],
    *,
    limit: ChildLimit,
    drawn: Callable[[RowKey], int],
) -> Mapping[RowKey, Family]:
    """Ask for the children of some rows along one relation, and keep what may come of each."""
    child, parent = schema.tables[relation.table], schema.tables[relation.parent]
    newest_by = [child.column(limit.newest_by)] if limit.newest_by else []
    families: dict[RowKey, Family] = {}
    question = ask_for_children(schema, relation, parents, newest_by)
    for columns in answers(source, question):
        owners = keys_of(parent, columns[question.owner :])
        keys = keys_of(child, columns[: question.key])
        ages = map(age_of, columns[question.key]) if newest_by else repeat(0)
        for owner, key, age in zip(owners, keys, ages, strict=False):
            if owner not in families:
                families[owner] = Family(limit, drawn)
            families[owner].add(key, age)
    return families
