"""Windows, strata and limits of children as people write them on the command line. Pure.

``orders.placed=30d``, ``orders.status=5``, ``orders=20 newest by placed``: what stands before the
first ``=`` is a table and, behind its first dot, columns. Settings can name the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from sandbox.errors import UsageError
from sandbox.subset.limits import ChildLimit, parse_limit
from sandbox.subset.strata import StrataRequest, parse_strata
from sandbox.subset.windows import Window, parse_window

_TWO_STRATA = (
    "the table has strata already; TABLE.COLUMN,COLUMN=ROWS takes rows of each combination"
)


@dataclass(frozen=True, slots=True)
class WrittenTargets:
    """What was written.

    Attributes:
        windows: By table, its windows.
        strata: By table, what is asked of its strata.
        children: What goes for every child table; None where nothing was said.
        per_parent: What goes for single child tables.
    """

    windows: Mapping[str, tuple[Window, ...]] = field(default_factory=dict)
    strata: Mapping[str, StrataRequest] = field(default_factory=dict)
    children: ChildLimit | None = None
    per_parent: Mapping[str, ChildLimit] = field(default_factory=dict)


def parse_targets(
    windows: Sequence[str], strata: Sequence[str], children: Sequence[str]
) -> WrittenTargets:
    """Read every ``--window``, ``--strata`` and ``--children``.

    >>> parse_targets([], [], ["50", "orders=20"]).per_parent
    {'orders': ChildLimit(most=20, newest_by='')}

    Raises:
        UsageError: Some cannot be understood, or say of one table what others say otherwise; all
            of them together.
    """
    wrong: list[str] = []
    spans: dict[str, tuple[Window, ...]] = {}
    for table, column, text in _split(windows):
        with _noting(f"--window {_named(table, column)}", wrong):
            spans[table] = (*spans.get(table, ()), parse_window(column, text))
    asked: dict[str, StrataRequest] = {}
    for table, columns, text in _split(strata):
        with _noting(f"--strata {_named(table, columns)}", wrong):
            request = parse_strata(columns, text)
            if asked.setdefault(table, request) != request:
                raise UsageError(_TWO_STRATA)
    limits: dict[str, ChildLimit] = {}
    for one in children:
        table, equals, text = one.partition("=")
        with _noting(f"--children {table.strip()}" if equals else "--children", wrong):
            limit = parse_limit(text if equals else one)
            if limits.setdefault(table.strip() if equals else "", limit) != limit:
                raise UsageError("it is given twice, and each says another limit")
    general = limits.pop("", None)
    if general is not None and general.newest_by:
        wrong.append("--children: newest by a column goes for one table: TABLE=20 newest by COLUMN")
    if len(wrong) == 1:
        raise UsageError(f"{wrong[0]}.")
    if wrong:
        raise UsageError(
            f"{len(wrong)} options of the sample cannot be understood.", findings=tuple(wrong)
        )
    return WrittenTargets(spans, asked, general, limits)


def _split(given: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Give table, columns and what is asked of them; each may be empty."""
    for one in given:
        named, _, text = one.partition("=")
        table, _, columns = named.partition(".")
        yield table.strip(), columns.strip(), text.strip()


def _named(table: str, columns: str) -> str:
    return f"{table}.{columns}" if columns else table


@contextmanager
def _noting(option: str, wrong: list[str]) -> Iterator[None]:
    try:
        yield
    except UsageError as refused:
        wrong.append(f"{option}: {refused.message.rstrip('.')}")
