"""What is shown of odd rows: each class with its rows in production and in the sample."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType

from sandbox.report.terminal import number_of, rows_table
from sandbox.subset.odd.found import Cover, Covered


def odd_table(cover: Cover) -> RenderableType:
    """Lay out every class that was found."""
    return rows_table(
        ("odd rows of", "class", "in production", "taken"),
        [
            (
                one.where,
                one.name,
                _about(one.rows, exact=one.exact),
                _about(one.taken, exact=one.taken_exact),
            )
            for one in (*cover.named, *cover.classes)
        ],
    )


def odd_data(cover: Cover) -> dict[str, Any]:
    """Give every class that was found, how much was looked at, and what came of it."""
    return {
        "classes": [_data(one) for one in cover.classes],
        "named": [_data(one) for one in cover.named],
        "tables": [
            {"table": one.table, "share": round(one.share, 6), "words": one.words}
            for one in cover.tables
        ],
        "added": cover.added,
        "seconds": round(cover.seconds, 3),
    }


def odd_notes(cover: Cover) -> Iterator[str]:
    """Say in short what was found, what came for it, and what was not looked at."""
    found = (*cover.classes, *cover.named)
    if found:
        places = {one.where for one in found}
        yield (
            f"odd       {number_of(len(found), 'kind')} of odd rows, in "
            f"{number_of(len(places), 'column')}; {number_of(cover.added, 'row')} came for them"
        )
    for one in cover.named:
        if not one.rows:
            yield f"not there [[cover]] {one.name}: no row of {one.table} meets the condition"
    for looked in cover.tables:
        if looked.words:
            yield f"odd       {looked.table}: {looked.words}"


def _data(one: Covered) -> dict[str, Any]:
    return {
        "table": one.table,
        "column": one.column,
        "class": one.name,
        "rows": one.rows,
        "rows_exact": one.exact,
        "taken": one.taken,
        "taken_exact": one.taken_exact,
    }


def _about(count: int, *, exact: bool) -> str:
    return f"{count:,}" if exact else f"about {count:,}"
