"""Along what a bundle's rows refer to each other, and which values meet on both sides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.bundle.manifest import Manifest, RelationEntry, TableEntry
from sandbox.bundle.why.comparison import Fold, Value, fold_for, folds_of
from sandbox.model import Cell
from sandbox.subset.relations.polymorphic import members_of

Values = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a reference.

    Attributes:
        table: Its table.
        columns: Its columns.
        folds: What makes the cells of each comparable with those of the other side.
    """

    table: str
    columns: tuple[str, ...]
    folds: tuple[Fold, ...] = field(repr=False)

    def values(self, cells: Mapping[str, Cell]) -> Values | None:
        """Give what a row has on this side; None where it refers to nobody, or cannot."""
        found: list[Value] = []
        for name, fold in zip(self.columns, self.folds, strict=True):
            cell = cells[name]
            value = None if cell is None else fold(cell)
            if value is None:
                return None
            found.append(value)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Link:
    """A reference, declared or not.

    Attributes:
        name: Its name.
        child: The side that refers.
        parent: The side that is referred to.
        declared: Whether a foreign key says so.
        only: Of a pair, the column of the child and what stands there in rows that refer to this
            parent; None where all rows do.
    """

    name: str
    child: Side
    parent: Side
    declared: bool
    only: tuple[str, Fold, Value] | None = None

    def holds_for(self, child: Mapping[str, Cell]) -> bool:
        """Tell whether a row of the child refers along this reference, if to anybody."""
        if self.only is None:
            return True
        name, fold, value = self.only
        cell = child[name]
        return cell is not None and fold(cell) == value


def links_of(manifest: Manifest) -> dict[tuple[str, str], Link]:
    """Give every reference of a bundle by its child and its name."""
    tables = {table.name: table for table in manifest.tables}
    found: dict[tuple[str, str], Link] = {}
    for table in manifest.tables:
        relations = [(one, one.only) for one in table.relations]
        keys = [(one, list[str]()) for one in table.foreign_keys]
        for key, only in [*relations, *keys]:
            own = {column.name: column.column() for column in table.columns}
            other = {column.name: column.column() for column in tables[key.parent].columns}
            if not (
                own.keys() >= {*key.columns, *only[:1]} and other.keys() >= {*key.parent_columns}
            ):
                continue  # along generated columns, which no bundle holds
            pairs = [
                folds_of(own[child], other[parent])
                for child, parent in zip(key.columns, key.parent_columns, strict=True)
            ]
            found[table.name, key.name] = Link(
                key.name,
                Side(table.name, tuple(key.columns), tuple(fold for fold, _ in pairs)),
                Side(key.parent, tuple(key.parent_columns), tuple(fold for _, fold in pairs)),
                declared=not isinstance(key, RelationEntry),
                only=_only(table, only),
            )
    return found


def _only(table: TableEntry, only: list[str]) -> tuple[str, Fold, Value] | None:
    if not only:
        return None
    name, value = only
    column = next(one for one in table.columns if one.name == name).column()
    members = members_of(column)
    cell = b"%d" % (members.index(value) + 1) if value in members else value.encode()
    fold = fold_for(column)
    value_there = fold(cell)
    return name, fold, cell if value_there is None else value_there
