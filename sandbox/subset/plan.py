"""Which tables give rows, and why. Pure: takes the schema and what is asked, gives a plan.

Four roles. A small table is taken *whole*. A *target* is sampled on its own account. A *child* goes
with the rows of the one parent that owns it, so that a sampled customer comes with their orders and
those with their items. Everything else is there only as somebody's *parent*. Whatever the role, a
row is never taken without its parents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sandbox.errors import UsageError
from sandbox.model import ForeignKey, Schema, Table
from sandbox.subset.request import SampleRequest, Share


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
        where: Condition its sampled rows must meet; empty for none.
        owner: For a child, the reference along which it follows its parent.
        why: The same in words for people.
    """

    table: str
    role: Role
    share: Share
    where: str = ""
    owner: ForeignKey | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class SubsetPlan:
    """What is taken of every table of a schema."""

    tables: Mapping[str, TablePlan]
    request: SampleRequest

    def role(self, table: str) -> Role:
        """Give a table's role."""
        return self.tables[table].role

    def children_of(self, table: str) -> tuple[ForeignKey, ...]:
        """Give the references along which children of a table follow it."""
        return tuple(
            one.owner
            for one in self.tables.values()
            if one.owner is not None and one.owner.parent == table
        )


def plan_subset(schema: Schema, request: SampleRequest, small: frozenset[str]) -> SubsetPlan:
    """Plan a subset.

    Args:
        schema: The source's schema.
        request: What is asked.
        small: Tables that were counted and have at most `request.small` rows. The server's own
            estimates are not asked: they can be off by any factor.

    Raises:
        UsageError: The request names tables that do not exist; all of them together.
    """
    _refuse_unknown(schema, request)
    keyless_parents = {
        key.parent
        for table in schema.tables.values()
        for key in table.foreign_keys
        if key.parent in schema.tables and not schema.tables[key.parent].identity
    }
    whole = dict.fromkeys(keyless_parents, "others refer to it, and no key tells its rows apart")
    whole |= {
        table.name: reason
        for table in schema.tables.values()
        if (reason := _reason_to_take_whole(table, request, small))
    }
    owners = _owners(schema, request, frozenset(whole))
    plans = {
        name: _plan_table(name, request, whole.get(name, ""), owners.get(name))
        for name in schema.tables
    }
    return SubsetPlan(plans, request)


def _refuse_unknown(schema: Schema, request: SampleRequest) -> None:
    named = {*request.tables, *request.where, *(one.table for one in request.includes)}
    unknown = sorted(named - set(schema.tables))
    if unknown:
        raise UsageError(
            f"the source has no table {', '.join(unknown)}.",
            hint="Names are those of base tables, as the server spells them; "
            "sandbox export --dry-run lists them.",
        )


def _reason_to_take_whole(table: Table, request: SampleRequest, small: frozenset[str]) -> str:
    share = request.tables.get(table.name)
    if share is not None:
        return "asked for whole" if share.whole else ""
    if table.name in request.where:
        return ""
    if request.default.whole:
        return "everything is asked for"
    if table.name in small and not request.default.nothing:
        return f"at most {request.small} rows"
    return ""


def _owners(schema: Schema, request: SampleRequest, whole: frozenset[str]) -> dict[str, ForeignKey]:
    """Choose the one parent that a table goes with; none for a table that starts a family."""
    asked_for = {*request.tables, *request.where}
    owners: dict[str, ForeignKey] = {}
    for name in sorted(schema.tables):
        if name in whole or name in asked_for:
            continue
        candidates = [
            key
            for key in schema.tables[name].foreign_keys
            if key.parent != name
            and key.parent not in whole
            and key.parent in schema.tables
            # Rows without a parent would never come.
            and not any(schema.tables[name].column(column).nullable for column in key.columns)
        ]
        for key in sorted(candidates, key=lambda key: _distance(schema.tables[name], key)):
            if not _leads_back(owners, key):
                owners[name] = key
                break
    return owners


def _distance(table: Table, key: ForeignKey) -> tuple[bool, bool, int]:
    """Order a table's references from the most to the least like ownership."""
    primary = table.keys[0].columns if table.keys else ()
    starts_key = primary[: len(key.columns)] == key.columns
    return (not starts_key, not key.cascades, table.foreign_keys.index(key))


def _leads_back(owners: Mapping[str, ForeignKey], key: ForeignKey) -> bool:
    """Tell whether a table would in the end own itself."""
    at = key.parent
    while at in owners:
        at = owners[at].parent
    return at == key.table


def _plan_table(
    name: str, request: SampleRequest, whole: str, owner: ForeignKey | None
) -> TablePlan:
    if whole:
        return TablePlan(name, Role.WHOLE, Share(1.0), why=whole)
    if owner is not None:
        return TablePlan(
            name,
            Role.CHILD,
            Share(0.0),
            owner=owner,
            why=f"goes with {owner.parent} ({owner.name})",
        )
    share = request.tables.get(name, request.default)
    where = request.where.get(name, "")
    if share.nothing:
        return TablePlan(name, Role.PARENT, share, why="only rows that others refer to")
    why = f"{share} of its rows" + (" that meet the condition" if where else "")
    return TablePlan(name, Role.TARGET, share, where, why=why)
