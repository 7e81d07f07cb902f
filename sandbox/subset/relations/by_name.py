"""Propose relations by what columns are called, where the types fit. Pure: reads the schema alone.

Plain names are ``customer_id``, ``fk_customer``, ``billing_address_id`` and ``parent_id``. Vague
ones (``created_by``, ``customer``, a key's name that two tables share) are proposed too, but count
only if the data says more than it can by chance. What some tables declare says what a column of the
same name means in those that do not: schemas whose tables have prefixes and endings
(``catalog_product_entity``) are found by that alone.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sandbox.model import Column, ForeignKey, Origin, Schema, Table
from sandbox.subset.comparison import can_refer
from sandbox.subset.names import tables_by_name, words_of
from sandbox.subset.relations.found import Proposal
from sandbox.subset.relations.nearly import LINKS, is_of_table_itself, nearly_named, twin_of
from sandbox.subset.relations.written import undeclared

_KEYS = frozenset({"id", "fk", "uid", "uuid", "guid"})
_OTHER_KEYS = frozenset(
    {"no", "nr", "num", "number", "code", "key", "ref", "name", "login", "slug"}
)
_FIRST = frozenset({"id", "fk"})
# Words that say "of this same table".
_SELF = frozenset({"parent", "root", "prev", "previous", "next", "original", "predecessor"})
_SELF |= {"successor", "reply", "duplicate", "merged", "replaces", "replaced"}
_SELF_LINKS = frozenset({"to", "of", "in", "into", "by"})
# Somebody else's numbers, whatever follows.
_FOREIGN = frozenset({"external", "ext", "remote", "foreign", "legacy", "old", "api", "session"})
_FOREIGN |= {"facebook", "google", "twitter", "github", "paypal", "stripe", "amazon", "ebay", "sap"}
_FOREIGN |= {"crm", "erp", "tax", "vat", "third", "partner", "provider", "gateway", "import"}
# What people do to rows, and who they are to them.
_ROLES = frozenset({"author", "owner", "assignee", "agent", "reporter", "requester", "creator"})
_ROLES |= {"editor", "approver", "reviewer", "manager", "supervisor", "sender", "recipient"}
_ROLES |= {"receiver", "operator", "assigned", "by"}
_PEOPLE = ("user", "account", "member", "person", "employee", "agent", "admin", "staff")
_LEAST_WORDS = 2

_LEAST_DECLARED = 2  # tables that have to declare the same of a name for it to be plain

Keys = Mapping[str, Sequence[tuple[Table, Column]]]


@dataclass(frozen=True, slots=True)
class _Meant:
    """What all tables that declare a reference by a column of some name agree on."""

    parent: Table
    key: Column
    tables: int


@dataclass(frozen=True, slots=True)
class _Known:
    """What is looked up once for all columns: keys by name, declared names, the table of people.

    Attributes:
        declared: What declared references of a name mean, where all agree.
        said: The names of all declared references between two tables: they mean what those say.
    """

    keys: Keys
    declared: Mapping[str, _Meant]
    said: frozenset[str]
    people: tuple[Table, ...]

    def allows(self, name: str, parent: Table) -> bool:
        """Tell whether declared references of a name leave it to mean a table."""
        meant = self.declared.get(name.lower())
        return name.lower() not in self.said or (meant is not None and meant.parent == parent)


def propose_by_name(schema: Schema, apart: Collection[tuple[str, str]] = ()) -> Iterator[Proposal]:
    """Propose relations of single columns to single-column keys.

    Args:
        schema: The source's schema.
        apart: Tables and columns that are the number of a polymorphic pair.
    """
    known = _Known(_keys_by_name(schema), _declared_names(schema), _said(schema), _people(schema))
    for table in schema.tables.values():
        declared = {name for key in table.foreign_keys for name in key.columns}
        for column in table.stored_columns:
            if column.name in declared or (table.name, column.name) in apart:
                continue
            best: dict[tuple[str, str], Proposal] = {}
            for proposal in _of_column(schema, table, column, known):
                target = (proposal.key.parent, proposal.key.parent_columns[0])
                if target not in best or _weight(proposal) > _weight(best[target]):
                    best[target] = proposal
            plain = any(one.strong for one in best.values())
            for one in best.values():
                yield dataclasses.replace(one, nearly=False) if plain else one


def _weight(proposal: Proposal) -> tuple[bool, bool]:
    return proposal.strong, proposal.nearly


def _of_column(schema: Schema, table: Table, column: Column, known: _Known) -> Iterator[Proposal]:
    owner, tail = _owner_and_tail(column.name)
    yield from _of_declared_name(table, column, known.declared)
    if owner:
        yield from _of_owner(schema, table, column, owner, tail)
    else:
        yield from _of_bare_name(schema, table, column)
    for parent, key, said in nearly_named(schema, table, column):
        if known.allows(column.name, parent):
            yield from _propose(table, column, parent, key, said, strong=False, nearly=True)
    for parent, key, said in twin_of(schema, table, column):
        yield from _propose(table, column, parent, key, said, strong=False, nearly=True)
    if _is_role(owner or words_of(column.name), tail):
        for people in known.people:
            said = "a column for a person, by its name"
            yield from _to_keys(table, column, people, said, strong=False)
    yield from _of_shared_name(schema, table, column, known.keys)


def _owner_and_tail(name: str) -> tuple[tuple[str, ...], str]:
    """Take the name of a key's column apart; no owner where it is called like none.

    >>> _owner_and_tail("billing_address_id"), _owner_and_tail("idCustomer")
    ((('billing', 'address'), 'id'), (('customer',), 'id'))
    >>> _owner_and_tail("customerid"), _owner_and_tail("paid")
    ((('customer',), 'id'), ((), ''))
    """
    words = words_of(name)
    if len(words) >= _LEAST_WORDS and words[0] in _FIRST:
        rest = words[1:]
        if rest[-1] in _KEYS and len(rest) >= _LEAST_WORDS:
            rest = rest[:-1]
        return rest, "id"
    if len(words) >= _LEAST_WORDS and words[-1] in _KEYS | _OTHER_KEYS:
        return words[:-1], words[-1]
    if len(words) == 1 and words[0].endswith("id") and len(words[0]) > len("avoid"):
        return (words[0][:-2],), "id"
    return (), ""


def _of_owner(
    schema: Schema, table: Table, column: Column, owner: tuple[str, ...], tail: str
) -> Iterator[Proposal]:
    if set(owner) <= _SELF | _SELF_LINKS and set(owner) & _SELF:
        yield from _to_key(table, column, table, tail, "named after the table itself", strong=True)
        return
    own_key = column.name[len(owner[0]) + 1 :].lower()
    if owner[0] in _SELF and own_key in {key.name.lower() for key in _single_keys(table)}:
        key = next(one for one in _single_keys(table) if one.name.lower() == own_key)
        yield from _propose(table, column, table, key, "named after its own key", strong=True)
        return
    for start in range(len(owner)):
        parents = tables_by_name(schema, "_".join(owner[start:]))
        own = parents and parents[0].name == table.name
        if own and start == 0:
            return  # its own key, or its own number
        if parents:
            said = f"named after {parents[0].name}"
            strong = not set(owner[:start]) & _FOREIGN
            yield from _to_key(table, column, parents[0], tail, said, strong=strong)
            return


def _to_key(  # noqa: PLR0913 - what a relation is, named one by one
    table: Table, column: Column, parent: Table, tail: str, said: str, *, strong: bool
) -> Iterator[Proposal]:
    """Propose the key that a name's last word means: the one called so, else the primary key."""
    for key in _single_keys(parent):
        plain = words_of(key.name)[-1]
        if plain == tail and key.name != _primary(parent):
            yield from _propose(table, column, parent, key, said, strong=strong)
    primary = _primary(parent)
    if primary:
        by_number = tail in _KEYS or words_of(primary)[-1] == tail
        found = parent.column(primary)
        yield from _propose(table, column, parent, found, said, strong=strong and by_number)


def _of_bare_name(schema: Schema, table: Table, column: Column) -> Iterator[Proposal]:
    """A column that is called like a table, ``customer``, or says "of this same table"."""
    primary = primary_of(table)
    if primary and is_of_table_itself(words_of(column.name), _SELF, _SELF_LINKS):
        said = "named after the table itself"
        yield from _propose(table, column, table, primary, said, strong=False, nearly=True)
        return
    for parent in tables_by_name(schema, column.name):
        if parent.name != table.name:
            yield from _to_keys(table, column, parent, f"called like {parent.name}", strong=False)


def _keys_by_name(schema: Schema) -> Keys:
    found: dict[str, list[tuple[Table, Column]]] = defaultdict(list)
    for table in schema.tables.values():
        for key in _single_keys(table):
            found[key.name.lower()].append((table, key))
    return found


def _declared_names(schema: Schema) -> Mapping[str, _Meant]:
    """Learn from declared references of one column what its name means, where all agree.

    References of a table to itself teach nothing: a ``parent_id`` elsewhere means another table.
    """
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    tables: dict[str, set[str]] = defaultdict(set)
    for table in schema.tables.values():
        for key in table.foreign_keys:
            if len(key.columns) == 1 and key.parent != table.name and key.parent in schema.tables:
                found[key.columns[0].lower()].add((key.parent, key.parent_columns[0]))
                tables[key.columns[0].lower()].add(table.name)
    return {
        name: _Meant(parent, parent.column(key), len(tables[name]))
        for name, ((parent_name, key), *others) in found.items()
        if not others
        for parent in (schema.tables[parent_name],)
    }


def _said(schema: Schema) -> frozenset[str]:
    return frozenset(
        name.lower()
        for table in schema.tables.values()
        for key in table.foreign_keys
        if key.parent != table.name
        for name in key.columns
    )


def _of_declared_name(
    table: Table, column: Column, declared: Mapping[str, _Meant]
) -> Iterator[Proposal]:
    """A column of a name by which other tables declare a reference: ``customer_id``.

    Where it is the key of its own table it may well number that table's rows, and numbers from one
    on are found among those of any larger table: then the name is a hint only. With a word before
    it that leads to somebody, ``first_customer_id``, it says so nearly.
    """
    words = words_of(column.name)
    meant = declared.get(column.name.lower())
    further = meant is None and len(words) > _LEAST_WORDS and words[0] in LINKS
    if further:
        meant = declared.get("_".join(words[1:]))
    if meant is None or meant.parent.name == table.name:
        return
    tables = f"{meant.tables} other tables refer" if meant.tables > 1 else "another table refers"
    said = f"{tables} to {meant.parent.name} by that name"
    plain = meant.tables >= _LEAST_DECLARED and len(words) >= _LEAST_WORDS
    plain = plain and column.name != _primary(table)
    strong, nearly = plain and not further, plain and further
    yield from _propose(table, column, meant.parent, meant.key, said, strong=strong, nearly=nearly)


def _of_shared_name(schema: Schema, table: Table, column: Column, keys: Keys) -> Iterator[Proposal]:
    """A column that is called like the key of exactly one other table: ``order_no``."""
    if len(words_of(column.name)) < _LEAST_WORDS or words_of(column.name)[-1] not in (
        _KEYS | _OTHER_KEYS
    ):
        return
    if any(one.columns == (column.name,) for one in table.keys):
        return
    named = keys.get(column.name.lower(), ())
    parents = [(parent, key) for parent, key in named if parent.name != table.name]
    if len(parents) == 1:
        parent, key = parents[0]
        said = f"called like a key of {parent.name}"
        for further in parent.foreign_keys:  # the key of somebody's one row is somebody's key
            if further.columns == (key.name,) and further.parent in schema.tables:
                parent = schema.tables[further.parent]
                key = parent.column(further.parent_columns[0])
        yield from _propose(table, column, parent, key, said, strong=False)


def _is_role(words: tuple[str, ...], tail: str) -> bool:
    if set(words) & _FOREIGN:
        return False
    if tail:
        return bool(set(words) & _ROLES) and tail in _KEYS | {"name", "login"}
    if words[-2:] == ("user", "agent"):
        return False  # a browser
    return words[-1] in _ROLES or words == ("assigned", "to")


def _people(schema: Schema) -> tuple[Table, ...]:
    """Give the table of the people who work with the application, where it can be told."""
    for word in _PEOPLE:
        if found := tables_by_name(schema, word):
            return found
    ending = [one for one in schema.tables.values() if _singular(one.name) in _PEOPLE]
    return tuple(ending) if len(ending) == 1 else ()


def _singular(table: str) -> str:
    return words_of(table)[-1].removesuffix("s")


def _to_keys(
    table: Table, column: Column, parent: Table, said: str, *, strong: bool
) -> Iterator[Proposal]:
    for key in _single_keys(parent):
        yield from _propose(table, column, parent, key, said, strong=strong)


def _propose(  # noqa: PLR0913 - what a relation is, named one by one
    table: Table,
    column: Column,
    parent: Table,
    key: Column,
    said: str,
    *,
    strong: bool,
    nearly: bool = False,
) -> Iterator[Proposal]:
    itself = table.name == parent.name and column.name == key.name
    if not itself and can_refer(column, key):
        found = undeclared(table.name, (column.name,), parent.name, (key.name,), Origin.NAME)
        yield Proposal(found, said, strong=strong, nearly=nearly)


def _single_keys(table: Table) -> list[Column]:
    """Give the columns that tell a row by themselves, the primary key first."""
    names = dict.fromkeys(key.columns[0] for key in table.keys if len(key.columns) == 1)
    return [table.column(name) for name in names]


def _primary(table: Table) -> str:
    """Give the column of a primary key of one column; empty where there is none."""
    first = table.keys[0] if table.keys else None
    return first.columns[0] if first and len(first.columns) == 1 else ""


def primary_of(table: Table) -> Column | None:
    """Give the one column of a table's first key; None where it has several or none."""
    name = _primary(table)
    return table.column(name) if name else None


def is_met_by_one(schema: Schema, key: ForeignKey) -> bool:
    """Tell whether a unique key of the parent finds the one row that a reference means."""
    named = set(key.parent_columns)
    keys = [unique for unique in schema.tables[key.parent].keys if not unique.hidden]
    return any(named == set(unique.columns) for unique in keys)
