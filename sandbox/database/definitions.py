"""What CREATE statements say of themselves: their object, its keys, its definer."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable

from sandbox.database.heads import definer_of, plain_head, with_definer
from sandbox.model import ForeignKey, Index, Key, ObjectKind, Schema, SchemaObject

_UNIQUE = re.compile(
    r"^\s+(?:PRIMARY KEY|UNIQUE KEY `(?P<name>(?:[^`]|``)+)`)\s+\((?P<parts>.*)\)"
    r"(?P<rest>[^)\n]*)",
    re.MULTILINE,
)
_PLAIN = re.compile(
    r"^  KEY `(?P<name>(?:[^`]|``)+)` \((?P<parts>.*)\)(?P<rest>[^)\n]*)", re.MULTILINE
)
_UNUSED = re.compile(r"\b(?:INVISIBLE|IGNORED)\b")  # an index that is kept up, and asked by nobody
_PART = re.compile(r"`((?:[^`]|``)*)`(\(\d+\))?(?:\s+(?:ASC|DESC))?")
# Names go up to the quote before the next word: MariaDB 10.5 does not double quotes in them.
_FOREIGN = re.compile(
    r"^  CONSTRAINT `(?P<name>[^\n]+?)` FOREIGN KEY \(`(?P<columns>[^\n]+?)`\) "
    r"REFERENCES `(?P<parent>[^\n]+?)` \(`(?P<others>[^\n]+?)`\)(?P<actions>[^\n]*)$",
    re.MULTILINE,
)
_CONNECTION = re.compile(r"\bCONNECTION\s*=\s*'(?:[^'\\]|''|\\.)*'", re.IGNORECASE)
_BYTES = re.compile(r"\bDEFAULT '((?:[^'\\]|''|\\.)*[\udc80-\udcff](?:[^'\\]|''|\\.)*)'", re.DOTALL)
_ESCAPE = re.compile(r"''|\\.", re.DOTALL)
_ESCAPED = {"''": "'", r"\0": "\0", r"\n": "\n", r"\r": "\r", r"\t": "\t", r"\Z": "\x1a"}
_NEXT_NUMBER = re.compile(r" AUTO_INCREMENT=\d+")


class Definers:
    """Gives accounts that define objects a name that says nothing of them.

    The same account gets the same name from one of these.
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def replace(self, definition: str) -> str:
        """Replace the definer in the head of a CREATE statement.

        >>> Definers().replace("CREATE DEFINER=`root`@`10.0.0.1` VIEW `v` AS select 1")
        'CREATE DEFINER=`definer1`@`%` VIEW `v` AS select 1'
        """
        account = re.sub(r"[`'\"\s]", "", definer_of(definition)).lower()
        if not account:
            return definition
        name = self._names.setdefault(account, f"definer{len(self._names) + 1}")
        return with_definer(definition, f"`{name}`@`%`")


def replace_definers(schema: Schema) -> Schema:
    """Make definitions fit another server: no definer of the source, heads without a database.

    Done once, after all objects are there.
    """
    definers = Definers()
    objects = tuple(
        dataclasses.replace(
            thing,
            definition=plain_head(thing.kind, thing.name, definers.replace(thing.definition)),
        )
        for thing in schema.objects
    )
    return dataclasses.replace(schema, objects=objects)


def without_connection(definition: str) -> str:
    """Take the address of a remote table (FEDERATED, CONNECT) out, which may hold a password."""
    return _CONNECTION.sub("CONNECTION=''", definition)


def table_as_shown(shown: str) -> str:
    """Make a definition of what SHOW CREATE TABLE gives.

    Args:
        shown: The statement. Bytes that are no UTF-8 are lone surrogates: MariaDB shows the DEFAULT
            of a binary column as it is. Such a literal is written in digits, as MySQL does.
    """
    return _BYTES.sub(_in_digits, requoted(without_connection(shown)))


def _in_digits(found: re.Match[str]) -> str:
    meant = _ESCAPE.sub(lambda one: _ESCAPED.get(one[0], one[0][1:]), found[1])
    return f"DEFAULT 0x{meant.encode('utf-8', 'surrogateescape').hex().upper()}"


def is_same_table(one: str, other: str) -> bool:
    """Tell whether two definitions of a table agree in all but the number its next row gets.

    >>> is_same_table("CREATE … AUTO_INCREMENT=7 DEFAULT …", "CREATE … DEFAULT …")
    True
    """
    return without_next_number(one) == without_next_number(other)


def without_next_number(definition: str) -> str:
    """Leave out of a table's definition the number that its next row gets."""
    return _NEXT_NUMBER.sub("", definition)


def unique_keys(definition: str) -> tuple[Key, ...]:
    """Read the unique keys of a table from SHOW CREATE TABLE, in its order, the primary first.

    Keys over expressions are left out: no column stands for what they compare.
    """
    keys = []
    for found in _UNIQUE.finditer(_body(definition)):
        columns, shortened = _columns(found["parts"])
        if columns:
            hidden = bool(_UNUSED.search(found["rest"]))
            keys.append(Key(_plain(found["name"] or "PRIMARY"), columns, hidden, shortened))
    return tuple(keys)


def plain_indexes(definition: str) -> tuple[Index, ...]:
    """Read the indexes of a table that are neither unique nor for full text, in its order."""
    indexes = []
    for found in _PLAIN.finditer(_body(definition)):
        columns, shortened = _columns(found["parts"])
        if columns and not _UNUSED.search(found[0]):
            indexes.append(Index(_plain(found["name"]), columns, shortened))
    return tuple(indexes)


def foreign_keys(table: str, definition: str) -> tuple[tuple[ForeignKey, str], ...]:
    """Read the foreign keys of a table from SHOW CREATE TABLE.

    Returns:
        Each with the name of the database it points to; empty for the table's own.
    """
    found_keys = []
    for found in _FOREIGN.finditer(_body(definition)):
        database, _, parent = found["parent"].rpartition("`.`")
        key = ForeignKey(
            name=_plain(found["name"]),
            table=table,
            columns=_names(found["columns"]),
            parent=_plain(parent),
            parent_columns=_names(found["others"]),
            cascades="ON DELETE CASCADE" in found["actions"],
        )
        found_keys.append((key, _plain(database)))
    return tuple(found_keys)


def requoted(definition: str) -> str:
    """Quote names of foreign keys rightly, which MariaDB 10.5 does not if a quote is in them."""

    def quote(found: re.Match[str]) -> str:
        name = _plain(found["name"]).replace("`", "``")
        return found[0].replace(f"`{found['name']}`", f"`{name}`", 1)

    return _FOREIGN.sub(quote, definition)


def _body(definition: str) -> str:
    """Give the lines between the outer parentheses."""
    return definition.partition("(\n")[2].rpartition("\n)")[0]


def _plain(name: str) -> str:
    return name.replace("``", "`")


def _names(text: str) -> tuple[str, ...]:
    """Give the names of a list whose outer quotes are off."""
    return tuple(_plain(name) for name in text.split("`, `"))


def _columns(parts: str) -> tuple[tuple[str, ...], bool]:
    """Give the columns of a key, and whether it holds but the beginning of one.

    No columns where a part is an expression.
    """
    names: list[str] = []
    position = 0
    shortened = False
    while True:
        found = _PART.match(parts, position)
        if found is None:
            return (), False
        names.append(_plain(found[1]))
        shortened |= found[2] is not None
        if not parts.startswith(",", found.end()):
            # What follows the closing parenthesis: USING BTREE, a comment.
            whole = found.end() == len(parts) or parts[found.end()] == ")"
            return (tuple(names) if whole else ()), shortened
        position = found.end() + 1


def merged(
    first: Iterable[SchemaObject], second: Iterable[SchemaObject]
) -> tuple[SchemaObject, ...]:
    """Put objects together, in the order in which they are created; the first of a name wins."""
    known: dict[tuple[ObjectKind, str], SchemaObject] = {}
    for thing in (*first, *second):
        known.setdefault((thing.kind, thing.name), thing)
    order = list(ObjectKind)
    return tuple(sorted(known.values(), key=lambda thing: order.index(thing.kind)))
