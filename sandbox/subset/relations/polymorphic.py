"""Pairs of columns that name a row of one of several tables: ``owner_type``, ``owner_id``. Pure.

What the type column says is shown and written only where it names a table of the schema: any other
value is production's own, and merely counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sandbox.model import Column, Origin, Schema, Table
from sandbox.subset.comparison import can_refer
from sandbox.subset.names import tables_by_name, words_of
from sandbox.subset.relations.by_name import primary_of
from sandbox.subset.relations.found import Proposal
from sandbox.subset.relations.written import undeclared

_TYPES = frozenset({"type", "table", "class", "model", "kind", "entity", "module"})
_NUMBERS = frozenset({"id", "uid", "key", "pk", "fk"})
_LIKELY_KINDS = frozenset({"char", "varchar", "enum"})
_MEMBER = re.compile(r"'((?:[^']|'')*)'")
_NAMELIKE = re.compile(r"\\?[A-Za-z_][\w\\/.:-]*", re.ASCII)
_CASE_COUNTS = re.compile(r"_(bin|cs)(_|$)")
_LONGEST = 64


@dataclass(frozen=True, slots=True)
class Pair:
    """A type column and the number that belongs to it."""

    table: str
    kind: Column
    number: Column


def find_pairs(schema: Schema) -> tuple[Pair, ...]:
    """Give the pairs of every table: columns whose names differ in their last word only.

    ``user_type`` beside ``user_id`` is none where there is a table ``users``: it says what kind of
    user that is.
    """
    return tuple(
        pair
        for table in schema.tables.values()
        for stem, pair in _pairs_of(table)
        if not tables_by_name(schema, "_".join(stem))
    )


def propose_of_pair(schema: Schema, pair: Pair, values: Sequence[str]) -> Iterator[Proposal]:
    """Propose one relation for each value of the type column that names a table.

    Args:
        schema: The source's schema.
        pair: The pair.
        values: What stands in its type column, as far as it was looked at; empty for NULL.
    """
    tables = {value: table for value in values if (table := table_named_by(schema, value))}
    for value, parent in tables.items():
        key = primary_of(parent)
        if key is None or not can_refer(pair.number, key):
            continue
        relation = undeclared(
            pair.table,
            (pair.number.name,),
            parent.name,
            (key.name,),
            Origin.POLYMORPHIC,
            only=(pair.kind.name, value),
        )
        said = f"a pair with {pair.kind.name}, which names {parent.name}"
        yield Proposal(relation, said, strong=True)


def same_kind(column: Column, one: str, other: str) -> bool:
    """Tell whether two values of a type column are one, as its collation compares them."""
    if _CASE_COUNTS.search(column.collation):
        return one == other
    return one.casefold() == other.casefold()


def members_of(column: Column) -> tuple[str, ...]:
    """Give the members of an ENUM.

    >>> members_of(Column("kind", "enum", "enum('user','it''s')"))
    ('user', "it's")
    """
    if column.kind != "enum":
        return ()
    return tuple(one.replace("''", "'") for one in _MEMBER.findall(column.declared))


def table_named_by(schema: Schema, value: str) -> Table | None:
    r"""Give the table that a type column's value means: its name, a class, or what it ends with.

    ``ticket``, ``App\Entity\Ticket`` and ``Application_Model_DbTable_Tickets`` are all ``tickets``.
    """
    if len(value) > _LONGEST or not _NAMELIKE.fullmatch(value):
        return None  # whatever it ends with, it is nothing that code would call a table
    words = words_of(re.split(r"[\\/.:]", value)[-1])
    for start in range(len(words)):
        found = tables_by_name(schema, "_".join(words[start:]))
        if found:
            return found[0]
    return None


def _pairs_of(table: Table) -> Iterator[tuple[tuple[str, ...], Pair]]:
    columns = [(words_of(one.name), one) for one in table.stored_columns]
    own = words_of(table.name)[-1].removesuffix("s")
    for words, kind in columns:
        if kind.kind not in _LIKELY_KINDS:
            continue
        stem = words[:-1] if words[-1] in _TYPES and len(words) > 1 else words
        if stem == words and words[-1] not in _TYPES:
            continue
        if stem[-1].removesuffix("s") == own:
            continue  # the row's own kind
        for others, number in columns:
            if number is not kind and others[-1] in _NUMBERS and others[:-1] == stem:
                yield stem, Pair(table.name, kind, number)
                break
