"""What a bundle's manifest says of odd rows: which there are, and what nobody looked at."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.bundle.manifest import OddEntry
from sandbox.subset.odd.found import Cover, unlooked

_FEW = 10


def describe_odd(cover: Cover) -> Iterator[OddEntry]:
    """Describe what was found of odd rows; a count that could single somebody out is "<10"."""
    for one in (*cover.classes, *cover.named):
        yield OddEntry(
            table=one.table,
            column=one.column,
            name=one.name,
            rows=_few(one.rows, exact=one.exact),
            taken=_few(one.taken, exact=one.taken_exact),
        )


def tell_of_odd(cover: Cover) -> Iterator[str]:
    """Say what was not looked at as a whole for odd rows."""
    for one in cover.tables:
        if one.words:
            yield f"{unlooked(one.table)}{one.words}"


def _few(count: int, *, exact: bool) -> str:
    if count < _FEW:
        return f"<{_FEW}"
    return f"{count:,}" if exact else f"about {count:,}"
