"""What is asked of a subset and cannot be had of this schema: all of it together. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from sandbox.errors import UsageError
from sandbox.model import Column, Schema, Table
from sandbox.subset.limits import ChildLimit, tells_age
from sandbox.subset.request import SampleRequest
from sandbox.subset.strata import can_be_stratum
from sandbox.subset.windows import can_hold_time, candidates

Asked = TypeVar("Asked")

_HINT = (
    "Names are those of base tables and their columns, as the server spells them; "
    "sandbox export --dry-run lists them."
)


def refuse_impossible(schema: Schema, request: SampleRequest) -> None:
    """Refuse tables and columns that are not there, or that cannot do what is asked of them.

    Raises:
        UsageError: There are some.
    """
    named = {
        *request.targets,
        *request.per_parent,
        *(one.table for one in request.includes),
    }
    found = []
    if unknown := sorted(named - set(schema.tables)):
        found.append(f"the source has no table {', '.join(unknown)}")
    found += _of_windows(schema, request)
    found += _of_strata(schema, request)
    found += _of_limits(schema, request)
    if len(found) == 1:
        raise UsageError(f"{found[0]}.", hint=_HINT)
    if found:
        raise UsageError(
            f"{len(found)} things that are asked of the sample cannot be had.",
            findings=tuple(found),
            hint=_HINT,
        )


def _of_windows(schema: Schema, request: SampleRequest) -> Iterator[str]:
    for table, windows in _known(schema, request.windows):
        for window in windows:
            asked = f"--window {table.name}"
            may_be = ", ".join(candidates(table))
            instead = f"it may be {may_be}" if may_be else "none of its columns holds a time"
            if window.fault:
                yield f"{asked}.{window.column}: {window.fault}"
            if not window.column:
                yield f"{asked}: by which column? {instead}"
                continue
            column = _column(table, window.column)
            if column is None:
                yield f"{asked}.{window.column}: there is no such column; {instead}"
            elif not can_hold_time(column):
                yield f"{asked}.{column.name}: a {column.kind} holds no time; {instead}"


def _of_strata(schema: Schema, request: SampleRequest) -> Iterator[str]:
    for table, strata in _known(schema, request.strata):
        if strata.fault:
            yield f"--strata {table.name}: {strata.fault}"
            continue
        for name in strata.by:
            asked = f"--strata {table.name}.{name}"
            column = _column(table, name)
            if column is None:
                yield f"{asked}: there is no such column"
            elif not can_be_stratum(column):
                what = "is generated" if column.generated else f"is a {column.kind}"
                yield f"{asked}: it {what}, and cannot be told apart by"
        if any(set(key.columns) <= set(strata.by) for key in table.keys):
            yield f"--strata {table.name}.{','.join(strata.by)}: each row has its own value"


def _of_limits(schema: Schema, request: SampleRequest) -> Iterator[str]:
    if fault := ChildLimit(request.children).fault:
        yield f"--children: {fault}"
    for table, limit in _known(schema, request.per_parent):
        if limit.fault:
            yield f"--children {table.name}: {limit.fault}"
        if not limit.newest_by:
            continue
        asked = f"--children {table.name}: newest by {limit.newest_by}"
        column = _column(table, limit.newest_by)
        if column is None or column.generated:
            yield f"{asked}: there is no such column"
        elif not tells_age(column):
            yield f"{asked}: a {column.kind} tells no age; a date, a time or a whole number does"


def _known(schema: Schema, asked: Mapping[str, Asked]) -> Iterator[tuple[Table, Asked]]:
    """Give what is asked of tables that are there; of others something else was said."""
    for name, one in asked.items():
        if name in schema.tables:
            yield schema.tables[name], one


def _column(table: Table, name: str) -> Column | None:
    return next((one for one in table.columns if one.name == name), None)
