"""Take what a sample lacks of odd rows: as few as can be, for those that bring others cost more.

Tables come in turn, children first, for the parents that they bring may be odd themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import islice, pairwise

from sandbox.model import Reason, ReasonKind, Schema, Table
from sandbox.subset.keys import RowKey
from sandbox.subset.odd.choose import candidates_of, choose_odd, reasons_for
from sandbox.subset.odd.needs import Needs
from sandbox.subset.odd.relations import count_taken
from sandbox.subset.odd.tally import Tally
from sandbox.subset.odd.work import LARGEST, MOST_COUNTED, Measured, Work
from sandbox.subset.reasons import along

_WHOLE_FAMILY = 10  # children of the largest family that come in any case
_PART = 5  # of a larger one every fifth comes
_RARITY = (0, 3, 30, 300, 1 << 62)  # rows of a class: within a budget, the fewest come first
_MOST = 100  # where [sample] children sets no limit


def take_lacking(work: Work, named: Sequence[Measured]) -> None:
    """Take what is lacking, and count what came.

    Within a budget, one row of each class comes first, then the rest, and of both the rarest
    classes before the others: so what comes last is what is needed least.
    """
    taken = work.growing.taken
    every = (*work.measured, *named, *_families(work))
    measured = [one for one in every if one.tally.table in taken]
    needs = Needs(work.schema, work.growing)
    if not work.growing.is_limited:
        _take(work, measured, needs)
    else:
        wanted = [one.tally.wanted for one in measured]
        for least in (1, max(wanted, default=1)):
            for one, most in zip(measured, wanted, strict=True):
                one.tally.wanted = min(least, most)
            for few, many in pairwise(_RARITY):
                _take(work, [one for one in measured if few < one.tally.rows <= many], needs)
    _count_by_key(work, (*work.measured, *named))


def count_again(work: Work, named: Sequence[Measured]) -> None:
    """Count what came to the sample since the odd rows were taken, for other reasons."""
    _count_fresh(work)
    _count_by_key(work, (*work.measured, *named))


def _take(work: Work, measured: Sequence[Measured], needs: Needs) -> None:
    by_table: dict[str, list[Measured]] = defaultdict(list)
    for one in measured:
        by_table[one.tally.table].append(one)
    for name in _children_first(work.schema, by_table):
        _close_and_count(work)
        _count_by_key(work, by_table[name])
        tallies = [one.tally for one in by_table[name]]
        if any(tally.lacking for tally in tallies):
            table = work.schema.tables[name]
            chosen = _choose(work, table, tallies, needs)
            for reason, keys in reasons_for(tallies, chosen).items():
                _add(work, table, keys, reason, by_table[name])
    _close_and_count(work)


def _add(
    work: Work, table: Table, keys: Sequence[RowKey], reason: Reason, measured: Iterable[Measured]
) -> None:
    """Take rows for the classes that lacked them.

    Where that is a largest family alone, they come with their parent, which is what is odd.
    """
    for one in measured:
        if one.parent is not None and reason.classes == ((one.tally.column, LARGEST),):
            relation, parent = one.parent
            work.growing.add(relation.parent, [parent], reason)
            work.growing.add(table, keys, along(ReasonKind.FAMILY, relation.key))
            return
    work.growing.add(table, keys, reason)


def _families(work: Work) -> Iterable[Measured]:
    """Give the children of each relation's largest family, as a class that they are of.

    They are chosen like all that is odd: so those come that are odd themselves, and those whose
    other parents are here.
    """
    for one in work.measured:
        relation = one.family
        if relation is None or relation.child.name not in work.growing.taken:
            continue
        ((parent, *_), *_) = one.tally.candidates
        size = relation.size_of(parent)
        largest = work.growing.largest.get((relation.child.name, relation.key.name), 0)
        limit = work.plan.request.limit_of(relation.child.name).most
        wanted = children_wanted(size, largest, _MOST if limit is None else limit)
        drawn = work.drawn(relation.child.name)
        family = relation.family_of(work.source, parent, wanted, drawn)
        yield Measured(family, 1.0, parent=(relation, parent))


def children_wanted(size: int, largest: int, most: int) -> int:
    """Tell how many children of a largest family are taken.

    It has to stay the largest, and to be large: what breaks on it are pages, loops and limits.

    >>> [children_wanted(size, 4, 100) for size in (7, 30, 200, 9000)]
    [7, 10, 40, 100]

    Args:
        size: How many there are.
        largest: How many the largest other family in the sample has.
        most: How many may be taken of any family.
    """
    return min(size, max(_WHOLE_FAMILY, size // _PART, largest + 1), most)


def _choose(work: Work, table: Table, tallies: Sequence[Tally], needs: Needs) -> list[RowKey]:
    candidates = candidates_of(tallies)
    needs.learn(table.name, candidates)
    brings = {key: needs.missing((table.name, key)) for key in candidates}
    chosen = choose_odd(table.name, tallies, work.growing.taken[table.name], brings)
    fitting = [((table.name, key), brings.get(key, frozenset())) for key in chosen]
    return chosen[: work.growing.affordable(fitting)]


def _children_first(schema: Schema, names: Iterable[str]) -> list[str]:
    """Put tables behind those that refer to them, but for cycles."""
    children: dict[str, list[str]] = {}
    for table in schema.tables.values():
        for key in table.foreign_keys:
            children.setdefault(key.parent, []).append(table.name)
    order: dict[str, None] = {}
    entered: set[str] = set()

    def visit(name: str) -> None:
        if name not in entered:
            entered.add(name)
            for child in children.get(name, ()):
                visit(child)
            order[name] = None

    for name in sorted(schema.tables):
        visit(name)
    wanted = set(names)
    return [name for name in order if name in wanted]


def _close_and_count(work: Work) -> None:
    """Bring what was added needs, and count by class what came."""
    work.growing.close()
    work.added += sum(len(fresh) for fresh in work.growing.fresh.values())
    _count_fresh(work)


def _count_fresh(work: Work) -> None:
    for name, fresh in work.growing.fresh.items():
        if profile := work.profiles.get(name):
            table = work.schema.tables[name]
            if table.identity:
                some = list(islice(fresh, MOST_COUNTED))
                profile.count(work.source.batches_by_keys(table, some))
                if len(some) < len(fresh):
                    work.uncounted.add(name)
            else:
                profile.count(work.source.batches(table), fresh)
    work.growing.fresh.clear()


def _count_by_key(work: Work, measured: Iterable[Measured]) -> None:
    """Count the taken rows of the classes whose rows are known by their keys."""
    for one in measured:
        tally, taken = one.tally, work.growing.taken.get(one.tally.table)
        if taken is None or not tally.rows:
            continue
        if one.members is not None:
            tally.taken = count_taken(one.members, taken)
        elif one.by_candidates:
            groups = tally.candidates
            tally.taken = sum(all(key in taken for key in group) for group in groups)
        elif one.waiting:
            tally.taken = one.before + sum(group[0] in taken for group in one.waiting)
        elif tally.name == "orphan":
            tally.taken = work.growing.orphans.get((tally.table, tally.column), 0)
