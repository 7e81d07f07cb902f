"""Close a sample over its relations: no row without its parents, families complete.

Takes a plan and a source that answers questions, gives the keys of every row to be taken. Works in
rounds until nothing new comes: rows that were sampled, named or followed bring their children;
every row brings its parents. Self references and cycles need nothing special, for a row is expanded
once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import repeat
from typing import Protocol

from sandbox.database.statement_sizes import StatementSizes
from sandbox.model import ForeignKey, Reason, ReasonKind, Schema, Stage, Table
from sandbox.subset.answers import (
    Answered,
    Columns,
    Source,
    answered,
    answered_in_time,
    answers,
    keys_where,
)
from sandbox.subset.families import Family
from sandbox.subset.keys import KeySet, RowKey, draw, key_set_for, keys_of
from sandbox.subset.limits import age_of
from sandbox.subset.lookups import (
    Question,
    Told,
    ask_for_children,
    ask_for_orphans,
    ask_for_parents,
)
from sandbox.subset.plan import Role, SubsetPlan
from sandbox.subset.reasons import Reasons, along
from sandbox.subset.steps import blaming, slices, wait
from sandbox.subset.strata import StrataFound
from sandbox.subset.targets import Target


class Growing(Protocol):
    """A sample that is closed, and that rows can be added to.

    Attributes:
        taken: By table, the keys of its rows; no entry for a table that is taken whole.
        orphans: By child table and constraint, the taken rows whose parent the source lacks.
        fresh: By table, the keys of the rows that came since the first one was added.
        largest: By child table and constraint, the size of the largest family that came along it.
    """

    taken: dict[str, KeySet]
    orphans: dict[tuple[str, str], int]
    fresh: dict[str, KeySet]
    largest: dict[tuple[str, str], int]

    def keys_where(self, table: Table, where: str, option: str = "") -> Iterator[RowKey]:
        """Give the keys of the rows that meet a condition."""

    def parents_of(
        self, table: Table, keys: Sequence[RowKey]
    ) -> Iterator[tuple[RowKey, tuple[tuple[str, RowKey], ...]]]:
        """Give the parents of some rows, by table and key, but for those that are whole."""

    def add(self, table: Table, keys: Iterable[RowKey], reason: Reason) -> None:
        """Take more rows."""

    def close(self) -> None:
        """Bring what the added rows need."""


@dataclass(frozen=True, slots=True)
class NamedRows:
    """Rows that are taken in any case, and why.

    Attributes:
        table: Their table.
        where: Condition that names them, as SQL.
        because: Where they come from, in words without values.
        option: The option that somebody wrote the condition in; empty where nobody did.
    """

    table: str
    where: str = field(repr=False)
    because: str
    option: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """How many rows one of the named conditions found."""

    table: str
    because: str
    rows: int
    option: str = ""


@dataclass(frozen=True, slots=True)
class Subset:
    """The rows to be taken.

    Attributes:
        plan: What they were chosen by.
        keys: By table, the keys of its rows; no entry for a table that is taken whole.
        orphans: By child table and constraint, how many of the taken rows refer to a parent that
            the source does not have.
        named: What each of the named conditions found.
        counted: By table, how many rows the source has, where each of them was looked at.
        cut: By child table and constraint, how many families were cut at the plan's limit.
        reasons: By table, why its rows came; the marks of `keys` are places in it. Rows that bring
            their children have the reason of that, others the one they first came for.
        met: By table, how many rows meet the plan's condition, where there is one.
        strata: By table, what the strata of its sample were.
    """

    plan: SubsetPlan
    keys: Mapping[str, KeySet]
    orphans: Mapping[tuple[str, str], int]
    named: tuple[Found, ...] = ()
    cut: Mapping[tuple[str, str], int] = field(default_factory=dict)
    counted: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, Sequence[Reason]] = field(default_factory=dict)
    met: Mapping[str, int] = field(default_factory=dict)
    strata: Mapping[str, StrataFound] = field(default_factory=dict)

    def is_whole(self, table: str) -> bool:
        """Tell whether every row of a table is taken."""
        return table not in self.keys

    def expected_rows(self, schema: Schema) -> int:
        """Give how many rows there will be; of whole tables, what the server estimates."""
        return sum(
            table.rows if self.is_whole(name) else len(self.keys[name])
            for name, table in schema.tables.items()
        )


def choose_rows(  # noqa: PLR0913 - what a choice rests on, named one by one
    schema: Schema,
    plan: SubsetPlan,
    source: Source,
    *,
    secret: bytes,
    named: Sequence[NamedRows] = (),
    stage: Stage | None = None,
    more: Callable[[Growing], None] | None = None,
    sizes: StatementSizes | None = None,
) -> Subset:
    """Choose the rows of a subset and close them over their relations.

    Args:
        schema: The source's schema.
        plan: From `plan_subset`.
        source: Answers inside one snapshot.
        secret: Decides which rows are drawn; the same one draws the same rows next week.
        named: Rows to take in any case.
        stage: Hears how many rows are taken.
        more: Adds rows once the first ones are closed.
        sizes: How many keys a statement names; what is chosen does not depend on it.

    Raises:
        ConditionRefused: The server cannot run a condition of the plan, or one that names rows.
        SourceError: The source cannot be read.
    """
    closure = _Closure(schema, plan, source, secret, stage)
    closure.sizes = sizes or closure.sizes
    closure.take_whole_tables()
    found = tuple(closure.take_named(one) for one in named)
    closure.take_targets()
    closure.close()
    if more is not None:
        more(closure)
    return Subset(
        plan,
        closure.taken,
        dict(closure.orphans),
        found,
        cut=dict(closure.cut),
        counted=closure.counted,
        reasons=closure.reasons.listed(),
        met=closure.met,
        strata=closure.strata,
    )


class _Closure:
    """The state of one closure while it grows."""

    def __init__(
        self, schema: Schema, plan: SubsetPlan, source: Source, secret: bytes, stage: Stage | None
    ) -> None:
        self._schema = schema
        self._plan = plan
        self._source = source
        self._secret = secret
        self._stage = stage
        self.sizes = StatementSizes()
        self._sampled = {
            name: table
            for name, table in schema.tables.items()
            if plan.role(name) is not Role.WHOLE
        }
        self.taken: dict[str, KeySet] = {
            name: key_set_for(table) for name, table in self._sampled.items()
        }
        # Rows whose children come along: not those that are there only as somebody's parent.
        self._core = {name: key_set_for(table) for name, table in self._sampled.items()}
        self._to_expand: dict[str, KeySet] = {}
        self._to_follow: dict[str, KeySet] = {}
        self.orphans: dict[tuple[str, str], int] = defaultdict(int)
        self.fresh: dict[str, KeySet] = {}
        self.largest: dict[tuple[str, str], int] = defaultdict(int)
        self._adds = False
        self.cut: dict[tuple[str, str], int] = defaultdict(int)
        self.counted: dict[str, int] = {}
        self.reasons = Reasons()
        self.met: dict[str, int] = {}
        self.strata: dict[str, StrataFound] = {}

    def take_whole_tables(self) -> None:
        """Take the parents of tables that are whole, where those are not whole themselves."""
        for name, table in self._schema.tables.items():
            if self._plan.role(name) is not Role.WHOLE:
                continue
            if any(key.parent in self._sampled for key in table.foreign_keys):
                every = answered(self._source, ask_for_parents(self._schema, table, None))
                self._take_parents(table, every)
                continue
            for key in table.foreign_keys:
                ((count,),) = next(iter(self._answers(ask_for_orphans(self._schema, key))))
                self.orphans[name, key.name] += int(count or b"0")

    def take_named(self, named: NamedRows) -> Found:
        """Take the rows that a condition names, and let their children follow."""
        table = self._schema.tables[named.table]
        keys = keys_where(self._source, table, named.where)
        with blaming(named.option, named.table):
            if named.table in self._sampled:
                reason = Reason(ReasonKind.NAMED, named.because)
                rows = self._take(table, keys, reason, core=True)
            else:
                rows = sum(1 for _ in keys)
        return Found(named.table, named.because, rows, named.option)

    def take_targets(self) -> None:
        """Draw the sample of every target."""
        for name, table in self._sampled.items():
            plan = self._plan.tables[name]
            if plan.role is Role.TARGET:
                target = Target(table, plan, self._source, self._secret)
                with blaming(plan.limits[0] if plan.limits else "", name):
                    self._take(table, target.drawn(), target.reason, core=True)
                    self._take(table, target.lacking(), target.reason_of_lacking, core=True)
                if target.seen is not None:
                    (self.met if plan.where else self.counted)[name] = target.seen
                if target.strata is not None:
                    self.strata[name] = target.strata

    def add(self, table: Table, keys: Iterable[RowKey], reason: Reason) -> None:
        """Take more rows, for a reason of the caller's."""
        self._adds = True
        self._take(table, keys, reason, core=False)

    def keys_where(self, table: Table, where: str, option: str = "") -> Iterator[RowKey]:
        """Give the keys of the rows that meet a condition."""
        with blaming(option, table.name):
            yield from keys_where(self._source, table, where)

    def parents_of(
        self, table: Table, keys: Sequence[RowKey]
    ) -> Iterator[tuple[RowKey, tuple[tuple[str, RowKey], ...]]]:
        """Give the parents of some rows, by table and key, but for those that are whole."""
        if not table.identity or not table.foreign_keys:
            return
        for some in slices(keys):
            found: dict[RowKey, list[tuple[str, RowKey]]] = {key: [] for key in some}
            for question, columns in self._parents_of(table, some):
                rows = keys_of(table, columns[: question.key])
                for told in question.parents:
                    for row, key in self._told(told, columns, range(len(rows))):
                        found[rows[row]].append((told.reference.parent, key))
            yield from ((key, tuple(parents)) for key, parents in found.items())

    def close(self) -> None:
        """Bring parents and children until nothing new comes."""
        while self._to_expand or self._to_follow:
            while self._to_follow:
                name, keys = self._to_follow.popitem()
                for relation in self._plan.children_of(name):
                    for some in self.sizes.cut(f"{relation.table}.{relation.name}", keys):
                        self._take_children(relation, some)
            if self._to_expand:
                name, keys = self._to_expand.popitem()
                self._expand(self._schema.tables[name], keys)

    def _expand(self, table: Table, keys: KeySet) -> None:
        if not table.identity:
            # Only their content tells these rows apart: the table is read once more to find them.
            every = answered(self._source, ask_for_parents(self._schema, table, None))
            self._take_parents(table, every, keys)
            return
        for some in slices(keys):
            self._take_parents(table, self._parents_of(table, some))

    def _take(self, table: Table, keys: Iterable[RowKey], reason: Reason, *, core: bool) -> int:
        """Take rows and give how many keys came: some at a time, for they may be millions."""
        count = 0
        for some in slices(keys):
            count += len(some)
            came = new = self.taken[table.name].add_new(some)
            if self._stage is not None:
                self._stage.advance(len(new), table.name)
            if self._adds:
                wait(self.fresh, table, new)
            if table.foreign_keys:
                wait(self._to_expand, table, new)
            if core:
                came = self._core[table.name].add_new(some)
                if table.identity and self._plan.children_of(table.name):
                    wait(self._to_follow, table, came)
            if came:
                # Also of rows that came before, but alone: the children they bring now lead here.
                self.taken[table.name].mark(came, self.reasons.number(table.name, reason))
        return count

    def _take_parents(self, table: Table, found: Answered, only: KeySet | None = None) -> None:
        """Take the parents that the answers name, and count the rows that have none."""
        for question, columns in found:
            rows: Sequence[int] = range(len(columns[0]))
            if only is not None:
                keys = keys_of(table, columns[: question.key])
                rows = [row for row in rows if keys[row] in only]
            for told in question.parents:
                self._take_told(told, columns, rows)

    def _take_told(self, told: Told, columns: Columns, rows: Sequence[int]) -> None:
        reference = told.reference
        if told.orphan >= 0:
            orphans = sum(columns[told.orphan][row] == b"1" for row in rows)
            self.orphans[reference.table, reference.name] += orphans
        parents = dict.fromkeys(key for _, key in self._told(told, columns, rows))
        if parents:
            parent = self._schema.tables[reference.parent]
            self._take(parent, parents, along(ReasonKind.PARENT, reference), core=False)

    def _told(
        self, told: Told, columns: Columns, rows: Sequence[int]
    ) -> Iterator[tuple[int, RowKey]]:
        """Give the rows that an answer names a parent of, with its key; none where it is whole."""
        if not told.width or told.reference.parent not in self._sampled:
            return
        found = [row for row in rows if columns[told.first][row] is not None]
        cells = [
            [column[row] for row in found]
            for column in columns[told.first : told.first + told.width]
        ]
        yield from zip(
            found, keys_of(self._schema.tables[told.reference.parent], cells), strict=True
        )

    def _take_children(self, relation: ForeignKey, parents: Sequence[RowKey]) -> None:
        child, parent = self._schema.tables[relation.table], self._schema.tables[relation.parent]
        limit = self._plan.request.limit_of(child.name)
        newest_by = [child.column(limit.newest_by)] if limit.newest_by else []
        drawn = partial(draw, self._secret, child.name)
        families: dict[RowKey, Family] = {}
        question = ask_for_children(self._schema, relation, parents, newest_by)
        for columns in self._answers(question):
            owners = keys_of(parent, columns[question.owner :])
            keys = keys_of(child, columns[: question.key])
            ages = map(age_of, columns[question.key]) if newest_by else repeat(0)
            for owner, key, age in zip(owners, keys, ages, strict=False):
                if owner not in families:
                    families[owner] = Family(limit, drawn)
                families[owner].add(key, age)
        reason = along(ReasonKind.CHILD, relation)
        for family in families.values():
            if family.was_cut:
                self.cut[relation.table, relation.name] += 1
            came = self._take(child, family, reason, core=True)
            which = child.name, relation.name
            self.largest[which] = max(self.largest[which], came)

    def _parents_of(self, table: Table, keys: Sequence[RowKey]) -> Answered:
        return answered_in_time(self._source, self._schema, table, keys, self.sizes)

    def _answers(self, question: Question) -> Iterator[Columns]:
        return answers(self._source, question)
