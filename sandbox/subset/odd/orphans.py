"""What is odd of references by other keys than one whole number: the server compares, as always.

Text compares by collation, and several columns by an index of them: so such references are not
counted here, but asked for, where the child is small enough to be read once more.
"""

from __future__ import annotations

from sandbox.database.expressions import quoted, read_expression
from sandbox.model import ForeignKey, Schema, Table
from sandbox.subset.comparison import matches, refers
from sandbox.subset.keys import keys_of
from sandbox.subset.lookups import key_columns
from sandbox.subset.odd.deletion import alive, deletion_of
from sandbox.subset.odd.reading import Source
from sandbox.subset.odd.tally import Tally

_CHILD, _PARENT = "c", "p"
SMALL = 64 << 20  # bytes that are read once more without a second thought


def is_reached(child: Table, key: ForeignKey) -> bool:
    """Tell whether rows of the child are found by whom they refer to, in reasonable time."""
    return child.size <= SMALL or bool(child.index_on(key.columns))


def may_be_asked(schema: Schema, key: ForeignKey) -> bool:
    """Tell whether the orphans of a reference can be asked for in reasonable time."""
    child, parent = schema.tables[key.table], schema.tables[key.parent]
    return child.size <= SMALL and bool(parent.index_on(key.parent_columns))


def count_orphans(schema: Schema, key: ForeignKey, source: Source, tally: Tally) -> None:
    """Ask for the rows that refer to a parent that is not there."""
    child, parent = schema.tables[key.table], schema.tables[key.parent]
    missing = f"{_PARENT}.{quoted(key.parent_columns[0])} IS NULL"
    _count(schema, key, source, tally, f"{refers(key, child, parent, _CHILD)} AND {missing}")


def count_left_behind(schema: Schema, key: ForeignKey, source: Source, tally: Tally) -> None:
    """Ask for the rows that refer to a deleted parent, and are not deleted themselves."""
    child, parent = schema.tables[key.table], schema.tables[key.parent]
    if not deletion_of(parent):
        return
    there = f"{_PARENT}.{quoted(key.parent_columns[0])} IS NOT NULL"
    own = alive(child, _CHILD) or "TRUE"
    _count(schema, key, source, tally, f"{there} AND NOT {alive(parent, _PARENT)} AND {own}")


def _count(schema: Schema, key: ForeignKey, source: Source, tally: Tally, condition: str) -> None:
    child, parent = schema.tables[key.table], schema.tables[key.parent]
    shown = [read_expression(column, _CHILD) for column in key_columns(child)]
    sql = (
        f"SELECT {', '.join(shown)} FROM {quoted(child.name)} {_CHILD} "  # noqa: S608 - quoted
        f"LEFT JOIN {quoted(parent.name)} {_PARENT} "
        f"ON {matches(key, child, parent, _CHILD, _PARENT)} WHERE {condition}"
    )
    at_once = not child.transactional
    for cells in source.rows(sql, columns=len(shown), at_once=at_once):
        keys = keys_of(child, cells)
        tally.rows += len(keys)
        tally.offer((row,) for row in keys)
