"""Draw a number of rows without a look at all keys: try the first numbers of an order.

For a table whose key is one whole number. Where numbers are so sparse that too many would be tried
in vain, nothing is drawn, and the caller looks at all keys; what would be drawn is the same.
"""

from __future__ import annotations

from itertools import islice

from sandbox.database.conditions import among
from sandbox.database.expressions import quoted
from sandbox.model import Table
from sandbox.subset.answers import Source, answers
from sandbox.subset.keys import RowKey, keys_of
from sandbox.subset.lookups import ask_for_keys
from sandbox.subset.order import DrawingOrder

_AT_ONCE = 1000  # numbers that one statement tries
_PER_ROW = 4  # numbers are tried while they are so many times fewer than the table's rows, …
_LEAST = 4  # … or at most so many times the rows that are wanted


def has_order(table: Table) -> bool:
    """Tell whether the key of a table is one whole number."""
    return len(table.identity) == 1 and table.identity[0].is_integer


def try_first(table: Table, source: Source, order: DrawingOrder, rows: int) -> list[RowKey] | None:
    """Give the keys of the first rows in an order, or all where the table has fewer.

    Returns:
        The keys, the first one first; None where their numbers are too sparse.

    Raises:
        SourceError: The source cannot be read.
    """
    bounds = _bounds(table, source)
    if bounds is None:
        return []
    most = max(table.rows // _PER_ROW, rows * _LEAST, _AT_ONCE)
    numbers = order.first(*bounds)
    found: list[RowKey] = []
    tried = 0
    while len(found) < rows:
        some = list(islice(numbers, _AT_ONCE))
        if not some:
            break
        there = _there(table, source, [number for number in some if number is not None])
        found += sorted(there, key=order.place)
        tried += len(some)
        # As sparse as so far, would all come in time? One more, for the first may have bad luck.
        if rows * tried > most * (len(found) + 1):
            return None
    return found[:rows]


def _bounds(table: Table, source: Source) -> tuple[int, int] | None:
    """Give the least and the greatest key; None where the table is empty."""
    name = quoted(table.identity[0].name)
    sql = f"SELECT MIN({name}), MAX({name}) FROM {quoted(table.name)}"  # noqa: S608 - quoted
    ((low,), (high,)) = next(iter(source.rows(sql, columns=2)))
    return None if low is None or high is None else (int(low), int(high))


def _there(table: Table, source: Source, numbers: list[int]) -> list[RowKey]:
    """Give those of some numbers that are keys."""
    if not numbers:
        return []
    question = ask_for_keys(table, among(table.identity, numbers))
    return [key for columns in answers(source, question) for key in keys_of(table, columns)]
