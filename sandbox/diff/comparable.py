"""Which columns of a table can be compared across two bundles, and what tells its rows apart.

Cells are compared as the bundles hold them, so both have to have been read and treated alike: a
masked value says something under the same key and masker only, and DECIMAL(10,2) writes every value
otherwise than DECIMAL(12,4). What cannot be compared is left out and said, not called a change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.bundle.manifest import ColumnEntry, TableEntry
from sandbox.diff.found import LeftOut

_TEXTS = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext"})
_BLOBS = frozenset({"varbinary", "tinyblob", "blob", "mediumblob", "longblob"})
_NUMBERED = frozenset({"enum", "set"})
_SIZED = frozenset({"binary", "vector"})
_FRACTIONS = frozenset({"time", "datetime", "timestamp"})
_FLOATS = frozenset({"float", "double"})
_DECIMALS = frozenset({"decimal", "numeric"})
_ARGUMENTS = re.compile(r"\(([^)]*)\)")
OTHER_KEY = "masked under another key"


@dataclass(frozen=True, slots=True)
class Comparable:
    """How the lines of a table's parts are compared.

    Attributes:
        columns: The compared columns, in the new bundle's order.
        old_fields, new_fields: Where they stand in a line of each bundle.
        old_width, new_width: Fields of a line.
        key: Which of `columns` tell a row from all others; empty where whole rows are compared.
        why: Why there is no key.
        counts_only: Whether nothing but the numbers of rows can be compared.
        left_out: Columns that are not compared.
    """

    columns: tuple[ColumnEntry, ...]
    old_fields: tuple[int, ...]
    new_fields: tuple[int, ...]
    old_width: int
    new_width: int
    key: tuple[int, ...]
    why: str
    counts_only: bool
    left_out: tuple[LeftOut, ...]

    @property
    def same_lines(self) -> bool:
        """Whether equal lines are equal rows, as they stand."""
        return self.old_fields == self.new_fields and self.old_width == self.new_width


def comparable(old: TableEntry, new: TableEntry, *, same_key: bool) -> Comparable:
    """Tell how the rows of a table can be compared.

    Args:
        old: The table in the old bundle.
        new: The table in the new one.
        same_key: Whether both were masked under one key.
    """
    before = {column.name: (place, column) for place, column in enumerate(old.columns)}
    columns, old_fields, new_fields = [], [], []
    left_out = []
    for place, column in enumerate(new.columns):
        if column.name not in before:
            left_out.append(LeftOut(column.name, "came"))
            continue
        old_place, was = before.pop(column.name)
        if why := _why_not(was, column, same_key=same_key):
            left_out.append(LeftOut(column.name, why))
            continue
        columns.append(column)
        old_fields.append(old_place)
        new_fields.append(place)
    left_out += [LeftOut(name, "went") for name in before]
    names = [column.name for column in columns]
    key, why, counts_only = _identity(old, new, names, {one.column: one.why for one in left_out})
    return Comparable(
        columns=tuple(columns),
        old_fields=tuple(old_fields),
        new_fields=tuple(new_fields),
        old_width=len(old.columns),
        new_width=len(new.columns),
        key=key,
        why=why,
        counts_only=counts_only or not columns,
        left_out=tuple(left_out),
    )


def _identity(
    old: TableEntry, new: TableEntry, names: list[str], left_out: dict[str, str]
) -> tuple[tuple[int, ...], str, bool]:
    """Give where the key stands, why there is none, and whether that leaves counts alone."""
    if not new.identity or not old.identity:
        return (), "no key tells its rows apart", False
    if set(new.identity) != set(old.identity):
        return (), "another key tells its rows apart now", False
    for name in new.identity:
        if name not in names:
            why = left_out.get(name, "it is not in the rows")
            return (), f"key column {name}: {why}", True
    return tuple(names.index(name) for name in new.identity), "", False


def _why_not(old: ColumnEntry, new: ColumnEntry, *, same_key: bool) -> str:
    """Say why a column cannot be compared; empty where it can."""
    if (old.kept, old.treatment) != (new.kept, new.treatment):
        return f"{_treated(old)} before, {_treated(new)} now"
    if not new.kept and not same_key:
        return OTHER_KEY
    if not _written_alike(old, new):
        return "its type writes values otherwise now"
    return ""


def _treated(column: ColumnEntry) -> str:
    return "kept" if column.kept else f"masked by {column.treatment or 'nobody knows what'}"


def _written_alike(old: ColumnEntry, new: ColumnEntry) -> bool:
    """Tell whether one value is the same bytes in both columns; see `docs/bundle-format.md`."""
    if old.charset != new.charset or _family(old) != _family(new):
        return False
    if "zerofill" in f"{old.declared} {new.declared}":
        return old.declared == new.declared
    if new.kind in _NUMBERED:  # rows hold numbers: members that came at the end move none
        return old.declared == new.declared or _extends(old.declared, new.declared)
    return _form(old) == _form(new)


def _form(column: ColumnEntry) -> str:
    """Give what of a type's arguments decides how its values are written."""
    found = _ARGUMENTS.search(column.declared)
    arguments = found[1] if found else ""
    if column.kind in _SIZED or column.kind in _FLOATS:
        return arguments
    if column.kind in _FRACTIONS:
        return arguments or "0"
    return arguments.partition(",")[2] if column.kind in _DECIMALS else ""


def _family(column: ColumnEntry) -> str:
    if column.kind in _TEXTS:
        return "text"
    if column.kind in _BLOBS:
        return "blob"
    return "integer" if column.column().is_integer else column.kind


def _extends(old: str, new: str) -> bool:
    r"""Tell whether one list of members only goes on where the other ends.

    >>> _extends("enum('a','b')", "enum('a','b','c')"), _extends("enum('a','b')", "enum('b','a')")
    (True, False)
    """
    shorter, longer = sorted((old, new), key=len)
    return longer.startswith(shorter[:-1] + ",")
