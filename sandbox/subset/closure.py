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
    parents_by_row,
)
from sandbox.subset.families import families_of
from sandbox.subset.growing import Growing, Row
from sandbox.subset.growth import Draw, Spent, grow
from sandbox.subset.keys import KeySet, RowKey, draw, key_set_for, keys_of
from sandbox.subset.lookups import (
    Question,
    Told,
    ask_for_orphans,
    ask_for_parents,
    parents_in,
)
from sandbox.subset.meter import Meter, Scale
from sandbox.subset.plan import Role, SubsetPlan
from sandbox.subset.reasons import Reasons, along
from sandbox.subset.steps import blaming, slices, wait
from sandbox.subset.strata import StrataFound
from sandbox.subset.targets import Target


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
    spent: Spent | None = None

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
    scale: Scale | None = None,
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
        scale: Weighs rows, where the plan's request has a budget.

    Raises:
        UsageError: What is never cut is larger than the budget.
        ConditionRefused: The server cannot run a condition of the plan, or one that names rows.
        SourceError: The source cannot be read.
    """
    budget = plan.request.budget
    meter = Meter(budget, scale, schema) if budget is not None and scale is not None else None
    closure = _Closure(schema, plan, source, secret, stage, meter=meter)
    closure.sizes = sizes or closure.sizes
    closure.take_whole_tables()
    found = tuple(closure.take_named(one) for one in named)
    spent = None
    if meter is None:
        closure.take_targets()
        closure.close()
        if more is not None:
            more(closure)
    else:
        spent = grow(schema, closure, meter, more)
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
        spent=spent,
    )


class _Closure:
    """The state of one closure while it grows."""

    def __init__(  # noqa: PLR0913 - what it grows by, named one by one
        self,
        schema: Schema,
        plan: SubsetPlan,
        source: Source,
        secret: bytes,
        stage: Stage | None,
        *,
        meter: Meter | None = None,
    ) -> None:
        self._schema = schema
        self._plan = plan
        self._source = source
        self._secret = secret
        self._stage = stage
        self._meter = meter
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
        self.to_follow: dict[str, KeySet] = {}
        self.orphans: dict[tuple[str, str], int] = defaultdict(int)
        self.fresh: dict[str, KeySet] = {}
        self.largest: dict[tuple[str, str], int] = defaultdict(int)
        self.watches = False
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
            if self._meter is not None:
                self._meter.took_whole(table)
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
        for table, target in self._targets():
            self._take(table, target.drawn(), target.reason, core=True)
            self._take(table, target.lacking(), target.reason_of_lacking, core=True)

    def draws(self) -> Iterator[Draw]:
        """Draw the sample of every target, and take none of it yet."""
        for table, target in self._targets():
            yield Draw(table, target.reason, target.number, target.below, target.drawn())
            yield Draw(table, target.reason_of_lacking, target.number, 0, target.lacking())

    def _targets(self) -> Iterator[tuple[Table, Target]]:
        """Give every target to be drawn, and keep what was seen of it then."""
        for name, table in self._sampled.items():
            plan = self._plan.tables[name]
            if plan.role is Role.TARGET:
                target = Target(table, plan, self._source, self._secret)
                yield table, target
                if target.seen is not None:
                    (self.met if plan.where else self.counted)[name] = target.seen
                if target.strata is not None:
                    self.strata[name] = target.strata

    def take_drawn(self, table: Table, keys: Sequence[RowKey], reason: Reason) -> None:
        """Take rows of a target, and let their children wait."""
        self._take(table, keys, reason, core=True)

    def add(self, table: Table, keys: Iterable[RowKey], reason: Reason) -> None:
        """Take more rows, for a reason of the caller's."""
        self.watches = True
        self._take(table, keys, reason, core=False)

    def keys_where(self, table: Table, where: str, option: str = "") -> Iterator[RowKey]:
        """Give the keys of the rows that meet a condition."""
        with blaming(option, table.name):
            yield from keys_where(self._source, table, where)

    def parents_of(
        self, table: Table, keys: Sequence[RowKey]
    ) -> Iterator[tuple[RowKey, tuple[Row, ...]]]:
        """Give the parents of some rows, by table and key."""
        for some in slices(keys):
            yield from parents_by_row(self._source, self._schema, table, some, self.sizes)

    @property
    def is_limited(self) -> bool:
        """Whether a budget says how large the sample may become."""
        return self._meter is not None

    def affordable(self, rows: Sequence[tuple[Row, frozenset[Row]]]) -> int:
        """Tell how many of some rows there is room for, from the first on."""
        return len(rows) if self._meter is None else self._meter.affordable(rows)

    def close(self) -> None:
        """Bring parents and children until nothing new comes; parents only, within a budget."""
        while self._to_expand or (self.to_follow and not self.is_limited):
            while self.to_follow and not self.is_limited:
                name, keys = self.to_follow.popitem()
                for relation in self.relations_to_follow(name):
                    for some in self.sizes.cut(f"{relation.table}.{relation.name}", keys):
                        self.take_children(relation, some)
            if self._to_expand:
                name, keys = self._to_expand.popitem()
                self._expand(self._schema.tables[name], keys)

    def relations_to_follow(self, table: str) -> Sequence[ForeignKey]:
        """Give the relations along which children of a table follow."""
        return self._plan.children_of(table)

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
            if self._meter is not None:
                self._meter.took(table, new)
            if self._stage is not None:
                self._stage.advance(len(new), table.name)
            if self.watches:
                wait(self.fresh, table, new)
            if table.foreign_keys:
                wait(self._to_expand, table, new)
            if core:
                came = self._core[table.name].add_new(some)
                if table.identity and self._plan.children_of(table.name):
                    wait(self.to_follow, table, came)
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
        if reference.parent in self._sampled:
            found = parents_in(self._schema, told, columns, rows)
            parents = dict.fromkeys(key for _, key in found)
            parent = self._schema.tables[reference.parent]
            self._take(parent, parents, along(ReasonKind.PARENT, reference), core=False)

    def take_children(
        self,
        relation: ForeignKey,
        parents: Sequence[RowKey],
        room: Callable[[], int] | None = None,
    ) -> int:
        """Take the children of some rows, as many as there is room for; give how many are short."""
        child = self._schema.tables[relation.table]
        families = families_of(
            self._schema,
            self._source,
            relation,
            parents,
            limit=self._plan.request.limit_of(child.name),
            drawn=partial(draw, self._secret, child.name),
        )
        reason = along(ReasonKind.CHILD, relation)
        short = 0
        for _, family in sorted(families.items()):  # not as the server happens to answer
            if family.was_cut:
                self.cut[relation.table, relation.name] += 1
            fitting = family if room is None else family.first(room())
            came = self._take(child, fitting, reason, core=True)
            short += came < len(family)
            which = child.name, relation.name
            self.largest[which] = max(self.largest[which], came)
        return short

    def _parents_of(self, table: Table, keys: Sequence[RowKey]) -> Answered:
        return answered_in_time(self._source, self._schema, table, keys, self.sizes)

    def _answers(self, question: Question) -> Iterator[Columns]:
        return answers(self._source, question)
