"""What is asked of a subset: how much of each table, and which rows by name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sandbox.errors import UsageError
from sandbox.subset.budget import Budget
from sandbox.subset.limits import ChildLimit
from sandbox.subset.strata import StrataRequest
from sandbox.subset.windows import Window

_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_ROWS = re.compile(r"(\d[\d_,]*)(?:\s*rows?)?")
_NAMED = {"all": 1.0, "none": 0.0}
_WHOLE = 100.0  # per cent


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a table is wanted: a part of its rows, or a number of them.

    Attributes:
        fraction: From 0 to 1; 1 is every row.
        rows: Number of rows; None where a fraction is meant.
    """

    fraction: float = 1.0
    rows: int | None = None

    @property
    def whole(self) -> bool:
        """Whether every row is wanted."""
        return self.rows is None and self.fraction >= 1.0

    @property
    def nothing(self) -> bool:
        """Whether no row is wanted for its own sake."""
        return self.rows == 0 or (self.rows is None and self.fraction == 0.0)

    def __str__(self) -> str:
        if self.rows is not None:
            return f"{self.rows:,} rows"
        return f"{self.fraction * _WHOLE:g} %"


@dataclass(frozen=True, slots=True)
class Condition:
    """Rows of a table that an SQL condition names.

    Attributes:
        table: The table.
        sql: What stands behind WHERE. Written by ops, run as it is in a read-only session.
    """

    table: str
    sql: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NamedCondition:
    """A class of odd rows that a project names itself: ``[[cover]]`` of the settings.

    Attributes:
        name: What the plan calls it.
        rows: The rows that are of it.
    """

    name: str
    rows: Condition


@dataclass(frozen=True, slots=True)
class CoverRequest:
    """How many odd rows are taken on purpose, and how long they are looked for.

    Attributes:
        rows: Rows of each class, at least, where the source has as many; 0 for none.
        seconds: How long tables may be read for it, all of them together; 0 for not at all.
        named: Classes of the project's own.
    """

    rows: int = 3
    seconds: float = 60.0
    named: tuple[NamedCondition, ...] = ()

    @property
    def is_off(self) -> bool:
        """Whether nothing is looked for."""
        return not self.rows

    @property
    def profiles(self) -> bool:
        """Whether tables are read for it."""
        return bool(self.rows and self.seconds)


@dataclass(frozen=True, slots=True)
class SampleRequest:
    """Everything that is asked of a subset.

    Attributes:
        default: Share of each target table that `tables` does not name.
        tables: Share of single tables.
        where: By table, the condition that its sampled rows must meet.
        includes: Rows that are taken in any case, with their children.
        small: Tables with at most this many rows are taken whole.
        children: At most this many children of one row, along one relation; None for all.
        cover: Odd rows that are taken on purpose.
        windows: By table, the spans of time that its sampled rows must lie in, all of them.
        strata: By table, of which values its sample has some rows at the least.
        per_parent: By child table, what goes before `children`.
        budget: How large the sample may become; None for as large as it becomes.
    """

    default: Share
    tables: Mapping[str, Share] = field(default_factory=dict)
    where: Mapping[str, str] = field(default_factory=dict)
    includes: tuple[Condition, ...] = ()
    small: int = 200
    children: int | None = 100
    cover: CoverRequest = field(default_factory=CoverRequest)
    windows: Mapping[str, tuple[Window, ...]] = field(default_factory=dict)
    strata: Mapping[str, StrataRequest] = field(default_factory=dict)
    per_parent: Mapping[str, ChildLimit] = field(default_factory=dict)
    budget: Budget | None = None

    @property
    def targets(self) -> frozenset[str]:
        """The tables that are asked for by name: rows of theirs come for their own sake."""
        return frozenset({*self.tables, *self.where, *self.windows, *self.strata})

    @property
    def needs_clock(self) -> bool:
        """Whether it depends on what time it is."""
        return any(one.last is not None for some in self.windows.values() for one in some)

    def limit_of(self, child: str) -> ChildLimit:
        """Give how many rows of a table come along with one row that they refer to."""
        return self.per_parent.get(child, ChildLimit(self.children))


def parse_share(text: str) -> Share:
    """Read a share.

    >>> parse_share("1%"), parse_share("2,000 rows"), parse_share("all").whole
    (Share(fraction=0.01, rows=None), Share(fraction=1.0, rows=2000), True)

    Raises:
        UsageError: It is neither a percentage from 0 to 100, nor a number of rows, nor a word.
    """
    given = text.strip().lower()
    if given in _NAMED:
        return Share(_NAMED[given])
    if found := _PERCENT.fullmatch(given):
        percent = float(found[1])
        if percent <= _WHOLE:
            return Share(percent / _WHOLE)
    elif found := _ROWS.fullmatch(given):
        return Share(rows=int(re.sub(r"[_,]", "", found[1])))
    raise UsageError(
        "a sample is a percentage, a number of rows, all or none.",
        hint="For example: --sample 1% or --sample 2000 or --sample orders=5%",
    )


def parse_condition(text: str) -> Condition:
    """Read ``TABLE:CONDITION``.

    >>> parse_condition("orders:id=42").table
    'orders'

    Raises:
        UsageError: There is no table, or no condition behind it.
    """
    table, colon, sql = text.partition(":")
    if not colon or not table.strip() or not sql.strip():
        raise UsageError(
            "rows are named as TABLE:CONDITION.", hint="For example: --include 'orders:id=42'"
        )
    return Condition(table.strip(), sql.strip())


def parse_conditions(given: Sequence[str]) -> dict[str, str]:
    """Read every ``--where``: the condition of each table, as SQL.

    >>> parse_conditions(["orders:id > 42"])
    {'orders': 'id > 42'}

    Raises:
        UsageError: One is no condition, or a table has two: none is left out without a word.
    """
    conditions: dict[str, str] = {}
    for one in map(parse_condition, given):
        if one.table in conditions:
            raise UsageError(
                f"--where {one.table}: there are two conditions.",
                hint="Make them one, with AND or OR between them.",
            )
        conditions[one.table] = one.sql
    return conditions


def parse_samples(given: Sequence[str]) -> tuple[Share, dict[str, Share]]:
    """Read every ``--sample``: of all tables the last one goes, and ``TABLE=SHARE`` of single ones.

    >>> parse_samples(["1%", "orders=500"])[1]
    {'orders': Share(fraction=1.0, rows=500)}

    Raises:
        UsageError: One cannot be understood, or two of one table say different things.
    """
    default = Share(0.01)
    tables: dict[str, Share] = {}
    for one in given:
        table, equals, share = one.rpartition("=")
        if equals:
            name, asked = table.strip(), parse_share(share)
            if tables.setdefault(name, asked) != asked:
                raise UsageError(f"--sample {name}: it is given twice, {tables[name]} and {asked}.")
        else:
            default = parse_share(one)
    return default, tables
