"""Small steps of a closure: rows wait, keys come some at a time, errors name an option."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from sandbox.database.statement_sizes import evenly
from sandbox.errors import ConditionRefused, SourceError
from sandbox.model import Table
from sandbox.subset.keys import KeySet, RowKey, key_set_for

_AT_ONCE = 1000  # keys that are held at a time


@contextmanager
def blaming(option: str, table: str) -> Iterator[None]:
    """Let an error in what somebody wrote name the option, where there is one."""
    try:
        yield
    except SourceError as failed:
        if not option or not failed.reason:
            raise
        raise ConditionRefused(f"{option} {table}: {failed.reason}.") from None


def wait(waiting: dict[str, KeySet], table: Table, keys: Sequence[RowKey]) -> None:
    """Let rows wait for their turn."""
    if keys:
        if table.name not in waiting:
            waiting[table.name] = key_set_for(table)
        waiting[table.name].add_new(keys)


def slices(keys: Iterable[RowKey]) -> Iterator[list[RowKey]]:
    """Cut keys into some at a time, for they may be millions."""
    return evenly(keys, _AT_ONCE)
