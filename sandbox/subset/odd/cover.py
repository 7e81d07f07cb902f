"""Cover what is odd: every class that production has is in the sample, with a few rows at least.

Runs when the sample is closed over its relations, inside the same snapshot. Each table is read once
within the time that is allowed, the rows that are taken are counted by class, and what is lacking
is taken from the candidates. Tables that are taken whole need none of it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice

from sandbox.errors import UsageError
from sandbox.model import Schema, Stage, Table
from sandbox.subset.growing import Growing
from sandbox.subset.keys import RowKey, draw
from sandbox.subset.odd.classes import class_measured
from sandbox.subset.odd.found import Cover, Covered, LookedAt, merged
from sandbox.subset.odd.learning import learn_table
from sandbox.subset.odd.orphans import SMALL, count_left_behind, count_orphans, may_be_asked
from sandbox.subset.odd.reading import Source, Speed
from sandbox.subset.odd.relations import Relation, relations_of
from sandbox.subset.odd.remembered import Memory, NoMemory
from sandbox.subset.odd.tables import TableProfile
from sandbox.subset.odd.take import count_again, take_lacking
from sandbox.subset.odd.tally import Tally
from sandbox.subset.odd.work import LARGEST, MOST_COUNTED, Measured, Work
from sandbox.subset.plan import Role, SubsetPlan
from sandbox.subset.request import NamedCondition

_MOST_KEYLESS = (
    2.0  # seconds of reading a table whose rows no key tells apart, which is read thrice
)


def cover(  # noqa: PLR0913 - what a cover rests on, named one by one
    schema: Schema,
    plan: SubsetPlan,
    source: Source,
    growing: Growing,
    *,
    secret: bytes,
    stage: Stage | None = None,
    memory: Memory | None = None,
) -> Covering:
    """Find what is odd and take what the sample lacks of it.

    Args:
        schema: The source's schema.
        plan: What is taken of each table, and how many odd rows.
        source: Reads inside the snapshot.
        growing: The sample so far; grows.
        secret: Decides which rows are drawn.
        stage: Hears of it.
        memory: Knows what earlier exports read of large tables; None to do without.

    Raises:
        ConditionRefused: The server cannot run a condition of ``[[cover]]``.
        UsageError: One names a table that does not exist.
        SourceError: The source cannot be read.
    """
    began = source.now()
    work = Work(schema, plan, source, growing, secret, stage, memory or NoMemory())
    named = _named_tallies(work)
    if plan.request.cover.profiles:
        _profile_tables(work)
        _measure_relations(work)
        _ask_for_orphans(work)
    seconds = source.now() - began
    take_lacking(work, named)
    return Covering(work, named, seconds)


class Covering:
    """Odd rows that were found and taken, while the sample may still grow."""

    def __init__(self, work: Work, named: Sequence[Measured], seconds: float) -> None:
        self._work = work
        self._named = named
        self._seconds = seconds

    def result(self) -> Cover:
        """Give what was found, with what is in the sample of it by now."""
        work = self._work
        count_again(work, self._named)
        return Cover(
            tuple(merged([_covered(work, one) for one in work.measured])),
            tuple(_covered(work, one) for one in self._named),
            tuple(work.looked),
            work.added,
            self._seconds,
        )


def _profile_tables(work: Work) -> None:
    """Read each table once, smallest first: what one leaves of its time goes to those after it."""
    tables = list(_tables(work))
    work.relations, work.others = relations_of(work.schema, [table.name for table in tables])
    speed = Speed()
    left = work.plan.request.cover.seconds
    for place, table in enumerate(sorted(tables, key=lambda table: (table.size, table.name))):
        expected = speed.seconds_for(table)
        if not table.identity and expected > _MOST_KEYLESS:
            work.looked.append(
                LookedAt(table.name, 0.0, "none were looked for, as no key tells them apart")
            )
            continue
        work.say(f"odd rows of {table.name}")
        began = work.source.now()
        _profile(work, table, max(left, 0.0) / (len(tables) - place), expected, speed)
        left -= work.source.now() - began


def _tables(work: Work) -> Iterator[Table]:
    """Give the tables that are sampled, and whose rows may be added to the sample."""
    for name, one in sorted(work.plan.tables.items()):
        if not work.plan.is_sampled(name):
            continue
        if one.role is Role.CHILD and (limited := work.plan.limited_by(name)):
            options = " and ".join(work.plan.tables[limited].limits)
            why = f"none were looked for, as it goes with {limited}, which {options} limits"
            work.looked.append(LookedAt(name, 0.0, why))
            continue
        yield work.schema.tables[name]


def _profile(work: Work, table: Table, seconds: float, expected: float, speed: Speed) -> None:
    order = partial(_draw_block, work.secret, table.name)
    relations = [one for one in work.relations if table.name in {one.child.name, one.parent.name}]
    profile = TableProfile(table, work.wanted, work.drawn(table.name), relations)
    where = work.plan.tables[table.name].where
    reading = learn_table(
        profile,
        work.source,
        seconds,
        expected=expected,
        order=order,
        where=where,
        memory=work.memory,
    )
    speed.add(reading.rows, reading.seconds)
    limits = " and ".join(work.plan.tables[table.name].limits)
    words = reading.words or (f"read were the rows that {limits} names" if limits else "")
    work.looked.append(LookedAt(table.name, reading.share, words))
    taken = work.growing.taken[table.name]
    if table.identity:
        some = list(islice(taken, MOST_COUNTED))
        profile.count(work.source.batches_by_keys(table, some))
        if len(some) < len(taken):
            work.uncounted.add(table.name)
    else:
        profile.count(work.source.batches(table), taken)
    work.profiles[table.name] = profile
    for tally, share in profile.tallies():
        work.measured.append(Measured(tally, share * reading.share))
    profile.forget()


def _draw_block(secret: bytes, table: str, block: int) -> int:
    return draw(secret, table, (b"block", block))


def _measure_relations(work: Work) -> None:
    """Compare both sides of each relation, where both were read as a whole."""
    read = {one.table: one for one in work.looked if one.share == 1.0 and not one.words}
    owned = {owner.name for one in work.plan.tables.values() for owner in one.owners}
    for relation in work.relations:
        unread = [
            table.name
            for table in (relation.child, relation.parent)
            if table.name not in read
            and (work.plan.role(table.name) is not Role.WHOLE or table.size > SMALL)
        ]
        if unread:
            why = f"{unread[0]} was not read as a whole"
            words = f"not looked at along {relation.key.name}: families and orphans ({why})"
            work.looked.append(LookedAt(relation.key.table, 0.0, words))
            continue
        _learn_whole(work, relation, read)
        if relation.is_out:
            work.others.append(relation.key)
            continue
        for tally, members in relation.tallies(work.source, work.wanted, work.drawn, owned):
            if tally.table in work.profiles:
                family = relation if tally.name == LARGEST else None
                work.measured.append(Measured(tally, 1.0, members, family))


def _ask_for_orphans(work: Work) -> None:
    """Ask for the orphans of the references that are not measured."""
    for key in work.others:
        if key.table not in work.profiles:
            continue
        what = "families"
        if work.plan.tables[key.table].where or not may_be_asked(work.schema, key):
            what = "families and orphans"
        else:
            for measure, count in (
                ("orphan", count_orphans),
                ("deleted parent", count_left_behind),
            ):
                name = class_measured(measure).name
                tally = Tally(key.table, key.name, name, work.wanted, work.drawn(key.table))
                count(work.schema, key, work.source, tally)
                if tally.rows:
                    work.measured.append(Measured(tally, 1.0))
        work.looked.append(LookedAt(key.table, 1.0, f"not looked at along {key.name}: {what}"))


def _learn_whole(work: Work, relation: Relation, read: Iterable[str]) -> None:
    """Learn the side of a relation that is taken whole, and so was not profiled."""
    for table in {relation.child.name: relation.child, relation.parent.name: relation.parent}:
        if table not in read:
            for batch in work.source.batches(work.schema.tables[table]):
                relation.learn(work.schema.tables[table], batch)


def _named_tallies(work: Work) -> list[Measured]:
    """Find the rows of the project's own classes."""
    found: list[Measured] = []
    for one in work.plan.request.cover.named:
        table = work.schema.tables.get(one.rows.table)
        if table is None:
            raise UsageError(f"[[cover]] {one.name}: the source has no table {one.rows.table}.")
        tally = _named_tally(work, one, table)
        taken = work.growing.taken.get(table.name, ())
        waiting = [group for group in tally.candidates if group[0] not in taken]
        found.append(Measured(tally, 1.0, waiting=waiting, before=tally.taken))
    return found


def _named_tally(work: Work, one: NamedCondition, table: Table) -> Tally:
    drawn = work.drawn(table.name)
    tally = Tally(table.name, "", one.name, work.wanted, drawn)
    taken = work.growing.taken.get(table.name)

    def counted() -> Iterator[RowKey]:
        for key in work.growing.keys_where(table, one.rows.sql, f"[[cover]] {one.name},"):
            tally.rows += 1
            tally.taken += taken is None or key in taken
            yield key

    first = heapq.nsmallest(4 * work.wanted, counted(), key=drawn)
    tally.offer((key,) for key in first)
    return tally


def _covered(work: Work, one: Measured) -> Covered:
    tally = one.tally
    whole = tally.table not in work.growing.taken
    rows = tally.rows_in_all(one.share)
    taken = tally.rows if whole else min(tally.taken, rows)
    return Covered(
        tally.table,
        tally.column,
        tally.name,
        rows,
        taken,
        exact=one.share == 1.0,
        taken_exact=tally.table not in work.uncounted and not one.by_candidates,
    )
