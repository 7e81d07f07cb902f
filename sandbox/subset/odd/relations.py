"""What is odd about relations: orphans, loops, families of unusual size.

Both sides of a relation are learned as they are profiled: the parents' keys as a compressed bitmap,
the children's references as a count for each parent, both bounded. What the two say together names
a few parents; their children are then asked of the source by index. Only references of one whole
number to a key of one whole number are measured so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pyroaring import BitMap64

from sandbox.database.conditions import among
from sandbox.database.expressions import quoted, read_expression
from sandbox.model import Batch, Cell, ForeignKey, Schema, Table
from sandbox.subset.comparison import text_literal
from sandbox.subset.keys import KeySet, RowKey, keys_of
from sandbox.subset.lookups import key_columns
from sandbox.subset.odd.classes import class_measured
from sandbox.subset.odd.deletion import alive, deletion_of, says_deleted
from sandbox.subset.odd.orphans import is_reached
from sandbox.subset.odd.reading import Source
from sandbox.subset.odd.tally import Drawn, Tally
from sandbox.subset.relations.polymorphic import members_of

_MOST_FAMILIES = 500_000
_MOST_LINKS = 200_000
_RULE = 0.9  # of families that have one child, for one to be the rule
_ASKED_AT_ONCE = 64  # parents whose children are asked for
_MOST_CHILDREN = 2000  # of them altogether


@dataclass
class Relation:
    """One reference, and what was learned of its two sides.

    Attributes:
        key: The reference.
        child: The table that refers.
        parent: The table that is referred to.
        is_out: Whether it cannot be measured: too many families, or numbers below zero.
    """

    key: ForeignKey
    child: Table
    parent: Table
    _families: Counter[int] = field(default_factory=Counter)
    _parents: BitMap64 = field(default_factory=BitMap64)
    _deleted: BitMap64 = field(default_factory=BitMap64)
    _loops: BitMap64 = field(default_factory=BitMap64)
    _links: dict[int, int] = field(default_factory=dict)
    _links_end: bool = False
    is_out: bool = False

    def learn(self, table: Table, batch: Batch) -> None:
        """Learn from rows of either side."""
        cells = dict(zip(batch.columns, batch.cells, strict=True))
        if table.name == self.parent.name and not self.is_out:
            self.learn_parents(cells)
        if table.name == self.child.name and not self.is_out:
            self.learn_children(cells)

    def learn_parents(self, cells: Mapping[str, Sequence[Cell]]) -> None:
        """Learn which parents there are, and which of them are marked as deleted."""
        keys = _numbers(cells[self.key.parent_columns[0]])
        if min(keys, default=0) < 0:
            self.is_out = True
            return
        self._parents.update(keys)
        if name := deletion_of(self.parent):
            marks = cells[name]
            self._deleted.update(
                key for key, mark in zip(keys, marks, strict=True) if says_deleted(mark)
            )

    def learn_children(self, cells: Mapping[str, Sequence[Cell]]) -> None:
        """Learn whom the rows refer to."""
        references = self._referring(cells)
        numbers = [int(reference) for reference in references if reference]
        self._families.update(numbers)
        if len(self._families) > _MOST_FAMILIES or min(numbers, default=0) < 0:
            self.is_out = True
            self._families.clear()
            return
        if self.child.name == self.parent.name:
            self._learn_links(cells[self.key.parent_columns[0]], references)

    def tallies(
        self, source: Source, wanted: int, drawn: Callable[[str], Drawn], owned: Iterable[str]
    ) -> Iterator[tuple[Tally, BitMap64 | None]]:
        """Give the odd cardinalities there are, with their rows where those are parents.

        Args:
            source: Asked for the keys of children.
            wanted: How many rows of each are wanted.
            drawn: Gives, by table, what draws a number for a row.
            owned: Constraints along which children follow their parents.
        """
        children, parents = drawn(self.child.name), drawn(self.parent.name)

        def tally(measure: str, table: Table, draws: Drawn) -> Tally:
            name = class_measured(measure).name
            return Tally(table.name, self.key.name, name, wanted, draws)

        referred = BitMap64(self._families)
        for measure, keys in (
            ("self loop", self._loops),
            ("cycle", self._cycles()),
            ("childless", self._parents - referred),
        ):
            if keys:
                made = tally(measure, self.parent, parents)
                made.rows = len(keys)
                made.offer((key,) for key in keys)
                yield made, keys
        if missing := referred - self._parents:
            made = tally("orphan", self.child, children)
            made.rows = sum(self._families[key] for key in missing)
            made.offer((key,) for key, _ in self._children(source, missing, parents))
            yield made, None
        if several := self._exceptions():
            made = tally("second child", self.child, children)
            made.rows = len(several)
            made.offer(_pairs(self._children(source, several, parents)))
            yield made, None
        if self.key.name in owned and (largest := self._largest()):
            made = tally("largest family", self.parent, parents)
            made.rows, made.wanted = len(largest), 1
            made.offer((key,) for key in largest)
            yield made, None
        if orphaned := self._deleted & referred:
            made = tally("deleted parent", self.child, children)
            living = self._children(source, orphaned, parents, alive(self.child))
            made.offer((key,) for key, _ in living)
            made.rows = (
                len(living)
                if deletion_of(self.child)
                else sum(self._families[key] for key in orphaned)
            )
            if made.rows:
                yield made, None

    def size_of(self, parent: RowKey) -> int:
        """Give how many children a parent has."""
        return self._families[parent] if isinstance(parent, int) else 0

    def family_of(self, source: Source, parent: RowKey, wanted: int, drawn: Drawn) -> Tally:
        """Give a parent's children as a class, of which some are wanted."""
        name = class_measured("largest family").name
        made = Tally(self.child.name, self.key.name, name, wanted, drawn)
        made.rows = self.size_of(parent)
        parents = BitMap64([parent]) if isinstance(parent, int) else BitMap64()
        made.offer((key,) for key, _ in self._children(source, parents, drawn))
        return made

    def _referring(self, cells: Mapping[str, Sequence[Cell]]) -> Sequence[Cell]:
        """Give whom each row refers to; None for nobody, or for a parent of another relation."""
        references = cells[self.key.columns[0]]
        if self.key.only is not None:
            column, mark = self.child.column(self.key.only[0]), _mark_of(self.child, self.key)
            fold = bytes.lower if column.collation.endswith("_ci") else bytes
            references = [
                reference if kind is not None and fold(kind) == mark else None
                for reference, kind in zip(references, cells[column.name], strict=True)
            ]
        if not self.key.declared:  # PHP writes 0 for nobody
            return [None if reference == b"0" else reference for reference in references]
        return references

    def _learn_links(self, keys: Sequence[Cell], references: Sequence[Cell]) -> None:
        pairs = [
            (int(key), int(reference))
            for key, reference in zip(keys, references, strict=True)
            if key is not None and reference is not None
        ]
        self._loops.update(key for key, reference in pairs if key == reference)
        if len(self._links) + len(pairs) > _MOST_LINKS:
            self._links_end = True
            self._links.clear()
        if not self._links_end:
            self._links.update(pair for pair in pairs if pair[0] != pair[1])

    def _cycles(self) -> BitMap64:
        """Give the rows that come back to themselves by way of others."""
        found = BitMap64()
        seen: set[int] = set()
        for start in self._links:
            path: dict[int, int] = {}
            at = start
            while at in self._links and at not in seen:
                seen.add(at)
                path[at] = len(path)
                at = self._links[at]
            if at in path:
                found.update(key for key, place in path.items() if place >= path[at])
        return found

    def _exceptions(self) -> BitMap64:
        """Give the parents with several children where one is the rule."""
        several = BitMap64(key for key, count in self._families.items() if count > 1)
        rule = len(self._families) - len(several) >= _RULE * len(self._families)
        return several if rule else BitMap64()

    def _largest(self) -> BitMap64:
        most = max(self._families.values(), default=0)
        if most < 2 or most == min(self._families.values()):  # noqa: PLR2004 - a family of one
            return BitMap64()
        return BitMap64(
            key for key, count in self._families.items() if count == most and key in self._parents
        )

    def _children(
        self, source: Source, parents: BitMap64, drawn: Drawn, condition: str = ""
    ) -> list[tuple[RowKey, int]]:
        """Ask for children of some of these parents, those that are drawn first."""
        some = sorted(parents, key=drawn)[:_ASKED_AT_ONCE]
        column = self.child.column(self.key.columns[0])
        shown = [read_expression(one) for one in key_columns(self.child)]
        clauses = [among([column], sorted(some)), *([condition] if condition else [])]
        if self.key.only is not None:
            clauses.append(f"{quoted(self.key.only[0])} = {text_literal(self.key.only[1])}")
        sql = (
            f"SELECT {', '.join(shown)}, {read_expression(column)} "  # noqa: S608 - quoted
            f"FROM {quoted(self.child.name)} WHERE {' AND '.join(clauses)} "
            f"ORDER BY {', '.join(quoted(one.name) for one in key_columns(self.child))} "
            f"LIMIT {_MOST_CHILDREN}"
        )
        found: list[tuple[RowKey, int]] = []
        at_once = not self.child.transactional
        for cells in source.rows(sql, columns=len(shown) + 1, at_once=at_once):
            keys = keys_of(self.child, cells[:-1])
            found += zip(keys, _numbers(cells[-1]), strict=True)
        return found


def relations_of(schema: Schema, tables: Iterable[str]) -> tuple[list[Relation], list[ForeignKey]]:
    """Give the relations of some tables that can be measured, and those that cannot."""
    known = set(tables)
    measured: list[ForeignKey] = []
    others: list[ForeignKey] = []
    for table in schema.tables.values():
        for key in table.foreign_keys:
            if key.table not in known and key.parent not in known:
                continue
            parent = schema.tables[key.parent]
            some = measured if _is_measured(key, table, parent) else others
            some.append(key)
    pairs = [(schema.tables[key.table], schema.tables[key.parent]) for key in measured]
    return [Relation(key, *sides) for key, sides in zip(measured, pairs, strict=True)], others


def _is_measured(key: ForeignKey, child: Table, parent: Table) -> bool:
    """Tell whether a reference is of one whole number to a key of one, and leads to its rows."""
    identity = tuple(one.name for one in parent.identity)
    return (
        len(identity) == 1
        and parent.identity[0].is_integer
        and identity == key.parent_columns
        and child.column(key.columns[0]).is_integer
        and is_reached(child, key)
        and (key.only is None or bool(_mark_of(child, key)))
    )


def _mark_of(child: Table, key: ForeignKey) -> bytes:
    """Give what stands in a row of the child that refers along a polymorphic relation."""
    name, value = key.only or ("", "")
    column = child.column(name)
    if column.kind == "enum":
        members = members_of(column)
        return b"%d" % (members.index(value) + 1) if value in members else b""
    if column.kind not in {"char", "varchar"}:
        return b""
    return value.lower().encode() if column.collation.endswith("_ci") else value.encode()


def count_taken(keys: BitMap64, taken: KeySet) -> int:
    """Count how many of these rows are taken."""
    return sum(key in taken for key in keys)


def _numbers(cells: Iterable[Cell]) -> list[int]:
    return [int(cell or b"0") for cell in cells]


def _pairs(children: Iterable[tuple[RowKey, int]]) -> Iterator[tuple[RowKey, ...]]:
    """Give the first two children of each parent."""
    first: dict[int, RowKey] = {}
    done: set[int] = set()
    for key, parent in children:
        if parent in done:
            continue
        if parent in first:
            done.add(parent)
            yield first[parent], key
        first.setdefault(parent, key)
