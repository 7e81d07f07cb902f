"""Which candidates are taken: as few rows as can be, near those that are taken already. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from sandbox.model import Reason, ReasonKind
from sandbox.subset.keys import KeySet, RowKey
from sandbox.subset.odd.tally import Group, Tally

_PARENTS = 2  # rows that one brings, probably, whose parents are not all taken


def candidates_of(tallies: Iterable[Tally]) -> set[RowKey]:
    """Give the rows that may be chosen for what is lacking."""
    return {
        key for tally in tallies if tally.lacking for group in tally.candidates for key in group
    }


def choose_odd(tallies: Sequence[Tally], taken: KeySet, near: Collection[RowKey]) -> list[RowKey]:
    """Choose rows of one table, so that no class lacks any.

    The rarest class chooses first. Of its candidates those go first that are of most other classes
    that lack rows, for what their parents add to the sample; then those that were drawn first.

    Args:
        tallies: The classes, with their candidates.
        taken: The rows in the sample.
        near: Candidates whose parents are all taken.
    """
    lacking = _rarest_first(tallies)
    worth = Counter(
        key for tally in lacking for group in tally.candidates for key in dict.fromkeys(group)
    )
    chosen: dict[RowKey, None] = {}
    for tally in lacking:
        groups = tally.candidates
        left = tally.lacking - sum(
            _is_new(group, taken) and all(key in chosen or key in taken for key in group)
            for group in groups
        )
        waiting = [group for group in groups if any(_free(key, taken, chosen) for key in group)]
        for group in sorted(waiting, key=lambda group: -_gain(group, worth, near))[: max(left, 0)]:
            chosen.update(dict.fromkeys(key for key in group if key not in taken))
        worth.subtract({key for group in groups for key in group})
    return list(chosen)


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


def _gain(group: Group, worth: Mapping[RowKey, int], near: Collection[RowKey]) -> float:
    """Give how many classes a row serves, for each row that it brings."""
    return worth[group[0]] / (1 + _PARENTS * sum(key not in near for key in group))


def _is_new(group: Group, taken: KeySet) -> bool:
    return any(key not in taken for key in group)


def _free(key: RowKey, taken: KeySet, chosen: Collection[RowKey]) -> bool:
    return key not in taken and key not in chosen
