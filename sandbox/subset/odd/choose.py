"""Which candidates are taken: as few rows as can be, with all that they bring. Pure."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sandbox.model import Reason, ReasonKind
from sandbox.subset.growing import Row
from sandbox.subset.keys import KeySet, RowKey
from sandbox.subset.odd.tally import Group, Tally


def candidates_of(tallies: Iterable[Tally]) -> set[RowKey]:
    """Give the rows that may be chosen for what is lacking."""
    return {
        key for tally in tallies if tally.lacking for group in tally.candidates for key in group
    }


def choose_odd(
    table: str, tallies: Sequence[Tally], taken: KeySet, brings: Mapping[RowKey, frozenset[Row]]
) -> list[RowKey]:
    """Choose rows of one table, so that no class lacks any.

    Candidates of which a class has no more than it lacks come in any case. Then comes whichever
    serves most classes that still lack rows, for each row that it adds to the sample: the greedy
    answer to a weighted set cover (Chvátal, 1979). Of equal ones the rarest class chooses, and
    takes those that were drawn first.

    Args:
        table: The table.
        tallies: Its classes, with their candidates.
        taken: The rows of the table in the sample.
        brings: By candidate, the rows that come with it because it needs them; none if missing.
    """
    choice = _Choice(table, tallies, taken, brings)
    choice.take_what_is_needed()
    choice.take_what_serves_most()
    return list(choice.chosen)


def reasons_for(tallies: Sequence[Tally], chosen: Sequence[RowKey]) -> dict[Reason, list[RowKey]]:
    """Give chosen rows by the classes that they are taken for, the rarest class first.

    Args:
        tallies: The classes, as they were when the rows were chosen.
        chosen: From `choose_odd`.
    """
    classes: dict[RowKey, dict[tuple[str, str], None]] = {key: {} for key in chosen}
    for tally in _rarest_first(tallies):
        for key in {key for group in tally.candidates for key in group}:
            if key in classes:
                classes[key][tally.column, tally.name] = None
    rows: dict[Reason, list[RowKey]] = {}
    for key, some in classes.items():
        rows.setdefault(Reason(ReasonKind.ODD, classes=tuple(some)), []).append(key)
    return rows


def _rarest_first(tallies: Iterable[Tally]) -> list[Tally]:
    """Give the classes that lack rows."""
    lacking = [tally for tally in tallies if tally.lacking]
    return sorted(lacking, key=lambda one: (one.rows, one.column, one.name))


class _Choice:
    """One choice while it is made."""

    def __init__(
        self,
        table: str,
        tallies: Sequence[Tally],
        taken: KeySet,
        brings: Mapping[RowKey, frozenset[Row]],
    ) -> None:
        self._table = table
        self._taken = taken
        self._brings = brings
        self.chosen: dict[RowKey, None] = {}
        self._came: set[Row] = set()
        lacking = _rarest_first(tallies)
        self._left = [tally.lacking for tally in lacking]
        self._waiting: list[dict[Group, None]] = []
        self._of_key: dict[RowKey, list[tuple[int, Group]]] = defaultdict(list)
        # Where a group stands in the order of rarity, then of the draw: decides between equals.
        self._place: dict[Group, int] = {}
        for number, tally in enumerate(lacking):
            new = [one for one in tally.candidates if any(key not in taken for key in one)]
            groups = dict.fromkeys(new)
            self._waiting.append(groups)
            for group in groups:
                self._place.setdefault(group, len(self._place))
                for key in dict.fromkeys(group):
                    self._of_key[key].append((number, group))

    def take_what_is_needed(self) -> None:
        """Take the candidates of the classes that have no choice."""
        for number, groups in enumerate(self._waiting):
            if len(groups) <= self._left[number]:
                for group in list(groups):
                    self._take(group)

    def take_what_serves_most(self) -> None:
        """Take the best candidate, again and again. Those that became dearer wait once more."""
        heap = [(*self._rank(group), group) for group in self._place]
        heapq.heapify(heap)
        near = self._near()
        while heap:
            *rank, group = heapq.heappop(heap)
            now = self._rank(group)
            if not now[0]:
                continue
            if tuple(rank) != now:
                heapq.heappush(heap, (*now, group))
                continue
            for row in self._take(group):
                for other in near.pop(row, ()):  # what came already makes these cheaper
                    heapq.heappush(heap, (*self._rank(other), other))

    def _rank(self, group: Group) -> tuple[float, int]:
        """Put groups in order, the best first: how many classes are served for each row."""
        served = {one for key in self._new(group) for one in self._completed(key, group)}
        worth = sum(self._left[number] > 0 for number, _ in served)
        if not worth:
            return 0, self._place[group]
        brought = self._brought(group)
        return -worth / (len(self._new(group)) + len(brought)), self._place[group]

    def _completed(self, key: RowKey, group: Group) -> Iterator[tuple[int, Group]]:
        """Give the classes, with the group of each, that are whole once a group is taken."""
        for number, one in self._of_key[key]:
            if one in self._waiting[number] and all(
                other in group or self._has(other) for other in one
            ):
                yield number, one

    def _has(self, key: RowKey) -> bool:
        return key in self._taken or key in self.chosen or (self._table, key) in self._came

    def _new(self, group: Group) -> list[RowKey]:
        return [key for key in dict.fromkeys(group) if not self._has(key)]

    def _brought(self, group: Group) -> set[Row]:
        brought: set[Row] = set()
        for key in group:
            brought |= self._brings.get(key, frozenset())
        return {row for row in brought if row not in self._came}

    def _near(self) -> dict[Row, list[Group]]:
        """Give, by each row that would be brought, the groups that bring it."""
        near: dict[Row, list[Group]] = defaultdict(list)
        for group in self._place:
            for row in self._brought(group):
                near[row].append(group)
        return near

    def _take(self, group: Group) -> list[Row]:
        """Take a group, and give the rows that came with it."""
        keys, brought = self._new(group), sorted(self._brought(group))
        self.chosen.update(dict.fromkeys(keys))
        self._came.update(brought)
        own = [key for name, key in brought if name == self._table]
        for key in (*keys, *own):
            for number, one in [*self._completed(key, (*group, *own))]:
                del self._waiting[number][one]
                self._left[number] -= 1
        return brought
