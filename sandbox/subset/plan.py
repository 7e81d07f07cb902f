"""Which tables give rows, and why. Pure: takes the schema and what is asked, gives a plan.

Four roles. A small table is taken *whole*. A *target* is sampled on its own account. A *child* goes
with the rows of the one parent that owns it, so that a sampled customer comes with their orders and
those with their items. Everything else is there only as somebody's *parent*. Whatever the role, a
row is never taken without its parents.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sandbox.model import ForeignKey, Schema, Table
from sandbox.subset.refusals import refuse_impossible
from sandbox.subset.request import SampleRequest, Share
from sandbox.subset.strata import StrataRequest
from sandbox.subset.windows import Span, Window


class Role(StrEnum):
    """Why a table gives rows."""

    WHOLE = "whole"
    TARGET = "target"
    CHILD = "child"
    PARENT = "parent"


@dataclass(frozen=True, slots=True)
class TablePlan:
    """What is taken of one table.

    Attributes:
        table: Its name.
        role: Why it gives rows.
        share: How much of it; meaningful for a target.
        where: Condition its sampled rows must meet, windows included; empty for none.
        limits: The options that make this condition.
        words: Of a target, how its rows are drawn, in words without any value.
        spans: Its windows, each with its two ends.
        strata: Of which values its sample has some rows at the least; None for no such.
        owner: For a child, the reference along which it follows its parent.
        why: The same in words for people.
        other_owners: Of a polymorphic pair, the references to the other parents.
    """

    table: str
    role: Role
    share: Share
    where: str = ""
    owner: ForeignKey | None = None
    why: str = ""
    other_owners: tuple[ForeignKey, ...] = ()
    limits: tuple[str, ...] = ()
    words: str = ""
    spans: tuple[tuple[Window, Span], ...] = ()
    strata: StrataRequest | None = None

    @property
    def owners(self) -> tuple[ForeignKey, ...]:
        """Every reference along which it follows a parent."""
        return () if self.owner is None else (self.owner, *self.other_owners)


@dataclass(frozen=True, slots=True)
class SubsetPlan:
    """What is taken of every table of a schema."""

    tables: Mapping[str, TablePlan]
    request: SampleRequest

    def role(self, table: str) -> Role:
        """Give a table's role."""
        return self.tables[table].role

    def is_sampled(self, table: str) -> bool:
        """Tell whether rows of a table come for their own sake, or with others that do.

        Where somebody asks for named rows only, as ``--sample none`` does, none do.
        """
        one = self.tables[table]
        if one.role is Role.CHILD:
            return any(self.is_sampled(owner.parent) for owner in one.owners)
        return one.role is Role.TARGET

    def limited_by(self, table: str) -> str:
        """Give the table with a condition that a child goes with in the end; empty for none."""
        for owner in self.tables[table].owners:
            if self.tables[owner.parent].where:
                return owner.parent
            if further := self.limited_by(owner.parent):
                return further
        return ""

    def children_of(self, table: str) -> tuple[ForeignKey, ...]:
        """Give the references along which children of a table follow it."""
        return tuple(
            owner for one in self.tables.values() for owner in one.owners if owner.parent == table
        )


def plan_subset(
    schema: Schema, request: SampleRequest, small: frozenset[str], now: datetime | None = None
) -> SubsetPlan:
    """Plan a subset.

    Args:
        schema: The source's schema.
        request: What is asked.
        small: Tables that were counted and have at most `request.small` rows. The server's own
            estimates are not asked: they can be off by any factor.
        now: What the server's clock says, in UTC; where the request needs it.

    Raises:
        UsageError: The request names tables or columns that do not exist, or that cannot do what
            is asked of them; all of them together.
    """
    refuse_impossible(schema, request)
    keyless_parents = {
        key.parent
        for table in schema.tables.values()
        for key in table.foreign_keys
        if key.parent in schema.tables and not schema.tables[key.parent].identity
    }
    whole = {
        name: "others refer to it, and no key tells its rows apart"
        + ("; conditions do not apply" if _is_limited(name, request) else "")
        for name in keyless_parents
    }
    whole |= {
        table.name: reason
        for table in schema.tables.values()
        if (reason := _reason_to_take_whole(table, request, small))
    }
    owners = _owners(schema, request, frozenset(whole))
    plans = {}
    for name, table in schema.tables.items():
        plan = _plan_table(table, request, whole.get(name, ""), owners.get(name, ()), now)
        asked_for = name in request.targets
        if plan.role in {Role.TARGET, Role.PARENT} and not asked_for:
            plan = dataclasses.replace(plan, why=plan.why + _held_back(table, frozenset(whole)))
        plans[name] = plan
    return SubsetPlan(plans, request)


def _is_limited(table: str, request: SampleRequest) -> bool:
    """Tell whether rows of a table have to meet a condition."""
    return table in request.where or table in request.windows


def _reason_to_take_whole(table: Table, request: SampleRequest, small: frozenset[str]) -> str:
    if _is_limited(table.name, request):
        return ""
    share = request.tables.get(table.name)
    if share is not None:
        return "asked for whole" if share.whole else ""
    if request.default.whole and request.budget is None:
        return "everything is asked for"
    if table.name in small and not request.default.nothing:
        return f"at most {request.small} rows"
    return ""


def _owners(
    schema: Schema, request: SampleRequest, whole: frozenset[str]
) -> dict[str, tuple[ForeignKey, ...]]:
    """Choose the one parent that a table goes with; none for a table that starts a family.

    The parents of a polymorphic pair are one parent here: each row has one of them.
    """
    asked_for = request.targets
    owners: dict[str, tuple[ForeignKey, ...]] = {}
    for name in sorted(schema.tables):
        if name in whole or name in asked_for:
            continue
        table = schema.tables[name]
        candidates = [
            group
            for group in _groups(table)
            if all(
                key.parent != name and key.parent not in whole and key.parent in schema.tables
                # Rows without a parent would never come.
                and not _may_be_nobody(table, key)
                and not _is_slow(key)
                for key in group
            )
        ]  # fmt: skip
        for group in sorted(candidates, key=lambda group: _distance(table, group[0])):
            if not any(_leads_back(owners, key) for key in group):
                owners[name] = group
                break
    return owners


def _groups(table: Table) -> list[tuple[ForeignKey, ...]]:
    """Give a table's references, those of one polymorphic pair together."""
    groups: dict[tuple[object, ...], list[ForeignKey]] = {}
    for key in table.foreign_keys:
        which = (key.columns, key.only[0]) if key.only else (key.name, key.columns, key.parent)
        groups.setdefault(which, []).append(key)
    return [tuple(group) for group in groups.values()]


def _may_be_nobody(table: Table, key: ForeignKey) -> bool:
    """Tell whether rows may refer to nobody. What no key declares was looked at in the data."""
    if not key.declared:
        return key.optional
    return any(table.column(column).nullable for column in key.columns)


def _is_slow(key: ForeignKey) -> bool:
    """Tell whether the whole table would be read to find the children of a row.

    InnoDB has an index for every declared reference.
    """
    return not key.declared and not key.indexed


def _held_back(table: Table, whole: frozenset[str]) -> str:
    """Say why a table does not go with the parent that an undeclared reference names."""
    for key in table.foreign_keys:
        if key.declared or key.parent == table.name or key.parent in whole:
            continue
        named = f"; not with {key.parent} by {', '.join(key.columns)}: "
        if _may_be_nobody(table, key):
            return f"{named}some rows may refer to nobody"
        if _is_slow(key):
            return f"{named}no index finds the rows of one"
    return ""


def _distance(table: Table, key: ForeignKey) -> tuple[bool, bool, int]:
    """Order a table's references from the most to the least like ownership."""
    primary = table.keys[0].columns if table.keys else ()
    starts_key = primary[: len(key.columns)] == key.columns
    return (not starts_key, not key.cascades, table.foreign_keys.index(key))


def _leads_back(owners: Mapping[str, tuple[ForeignKey, ...]], key: ForeignKey) -> bool:
    """Tell whether a table would in the end own itself."""
    above = [key.parent]
    seen: set[str] = set()
    while above:
        at = above.pop()
        if at == key.table:
            return True
        if at not in seen:
            seen.add(at)
            above += [owner.parent for owner in owners.get(at, ())]
    return False


def _plan_table(
    table: Table,
    request: SampleRequest,
    whole: str,
    owners: tuple[ForeignKey, ...],
    now: datetime | None,
) -> TablePlan:
    name = table.name
    if whole:
        return TablePlan(name, Role.WHOLE, Share(1.0), why=whole)
    if owners:
        first, *others = owners
        parents = ", ".join(dict.fromkeys(owner.parent for owner in owners))
        by = first.name if first.declared else f"{', '.join(first.columns)}, not declared"
        limit = request.per_parent.get(name)
        return TablePlan(
            name,
            Role.CHILD,
            Share(0.0),
            owner=first,
            why=f"goes with {parents} ({by})" + (f", {limit.words}" if limit else ""),
            other_owners=tuple(others),
        )
    share = request.tables.get(name, request.default)
    if share.nothing:
        passed_over = (
            ("--where", request.where), ("--window", request.windows), ("--strata", request.strata)
        )  # fmt: skip
        options = [option for option, asked in passed_over if name in asked]
        none = f"; its sample is none, whatever {' and '.join(options)} says" if options else ""
        return TablePlan(name, Role.PARENT, share, why=f"only rows that others refer to{none}")
    return _plan_target(table, request, share, now)


def _plan_target(
    table: Table, request: SampleRequest, share: Share, now: datetime | None
) -> TablePlan:
    where = request.where.get(table.name, "")
    windows = request.windows.get(table.name, ())
    strata = request.strata.get(table.name)
    # A comment may end what somebody wrote.
    conditions = [f"({where}\n)"] if where and windows else [where] if where else []
    some = f"{share.rows:,}" if share.rows is not None else share
    words = f"{'all' if share.whole else some} of its rows"
    spans = tuple((window, window.span(now)) for window in windows)
    for window, span in spans:
        conditions.append(span.condition(table.column(window.column)))
        words += f"{' and' if window is not windows[0] else ''} with {window.column} {window.words}"
    if where:
        words += f"{' and' if windows else ''} that meet the condition"
    if share.whole:
        strata = None  # they lack nothing
    return TablePlan(
        table.name,
        Role.TARGET,
        share,
        " AND ".join(conditions),
        why=words + (f"; {strata.words}" if strata is not None else ""),
        words=words,
        limits=(*(["--where"] if where else []), *(["--window"] if windows else [])),
        spans=spans,
        strata=strata,
    )
