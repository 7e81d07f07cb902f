"""Read ``$_referenceMap`` and ``$_dependentTables`` of Zend_Db_Table classes."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.model import Origin, Schema, Table
from sandbox.subset.names import tables_by_name, words_of
from sandbox.subset.relations.by_name import primary_of
from sandbox.subset.relations.classes import Classes
from sandbox.subset.relations.found import Proposal
from sandbox.subset.relations.php import PhpClass
from sandbox.subset.relations.php_values import Value
from sandbox.subset.relations.written import undeclared

_CASCADES = frozenset({"cascade", "cascaderecurse"})
_BASES = ("Zend_Db_Table", "Zend\\Db\\Table")

Pair = tuple[str, str]


def read_references(schema: Schema, classes: Classes) -> tuple[list[Proposal], set[Pair], int]:
    """Give what the classes say.

    Returns:
        The relations; child and parent of those whose columns are not told; how many rules name
        what the schema does not have, or are not literal.
    """
    proposals: list[Proposal] = []
    dependents: set[Pair] = set()
    unmet = 0
    for one in classes:
        if not any(classes.inherits(one, base) for base in _BASES):
            continue
        child = _table_of(schema, classes, one)
        rules = classes.entries(classes.member(one, "_referenceMap"), one)
        if child is None:
            unmet += len(rules)
            continue
        for rule, value in rules.items():
            found = _relation(schema, classes, one, child, (rule, classes.entries(value, one)))
            if found is None:
                unmet += 1
            else:
                proposals.append(found)
        dependents |= set(_dependents(schema, classes, one, child))
    return proposals, dependents, unmet


def _relation(
    schema: Schema,
    classes: Classes,
    one: PhpClass,
    child: Table,
    rule: tuple[str, dict[str, Value]],
) -> Proposal | None:
    name, entries = rule
    given = {key.lower(): value for key, value in entries.items()}
    columns = classes.texts(given.get("columns"), one)
    parent = _table_named(schema, classes, classes.text(given.get("reftableclass"), one))
    if parent is None or not columns:
        return None
    others = classes.texts(given.get("refcolumns"), one)
    primary = primary_of(parent)
    if not others and len(columns) == 1 and primary is not None:
        others = (primary.name,)
    own = {column.name for column in child.stored_columns}
    keys = [set(key.columns) for key in parent.keys]
    if len(others) != len(columns) or not own.issuperset(columns) or set(others) not in keys:
        return None
    cascades = classes.text(given.get("ondelete"), one).lower() in _CASCADES
    key = undeclared(child.name, columns, parent.name, others, Origin.ZEND, cascades=cascades)
    return Proposal(key, f"rule {name} of $_referenceMap in {one.name}")


def _dependents(schema: Schema, classes: Classes, one: PhpClass, parent: Table) -> Iterator[Pair]:
    for name in classes.texts(classes.member(one, "_dependentTables"), one):
        child = _table_named(schema, classes, name)
        if child is not None:
            yield child.name, parent.name


def _table_named(schema: Schema, classes: Classes, name: str) -> Table | None:
    """Give the table of a class that another one names."""
    found = classes.find(name) if name else None
    if found is not None:
        return _table_of(schema, classes, found)
    return _by_ending(schema, name)


def _table_of(schema: Schema, classes: Classes, one: PhpClass) -> Table | None:
    """Give the table of a class: what ``$_name`` says, else what its own name ends with."""
    name = classes.text(classes.member(one, "_name"), one).rpartition(".")[2]
    if name:
        tables = tables_by_name(schema, name)
        exact = schema.tables.get(name)
        return exact or (tables[0] if tables else None)
    return _by_ending(schema, one.name)


def _by_ending(schema: Schema, name: str) -> Table | None:
    """Give the table that a class is named after: ``Application_Model_DbTable_Tickets``."""
    words = words_of(name)
    for start in range(len(words)):
        if found := tables_by_name(schema, "_".join(words[start:])):
            return found[0]
    return None
