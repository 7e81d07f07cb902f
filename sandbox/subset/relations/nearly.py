"""Propose relations by names that nearly say it: ``to_user``, ``changed_by``, ``sla``. Pure.

Each of these names means a table to a person who reads it, and something else now and then. They
count if the data holds all of it, and if no other table fits as well: see `judge` and `find`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from sandbox.database.expressions import quoted
from sandbox.model import Column, Schema, Table
from sandbox.subset.names import singular, tables_by_name, words_of

Meant = tuple[Table, Column, str]  # the parent, its key, and what speaks for it

# Who people are to a row, and what they do to it.
_PERSONS = frozenset({"author", "owner", "assignee", "agent", "reporter", "requester", "creator"})
_PERSONS |= {"editor", "approver", "reviewer", "manager", "supervisor", "sender", "recipient"}
_PERSONS |= {"receiver", "operator", "actor", "worker", "member", "lead", "moderator", "user"}
_DONE = frozenset({"created", "updated", "modified", "edited", "changed", "deleted", "removed"})
_DONE |= {"added", "inserted", "uploaded", "assigned", "approved", "reviewed", "closed", "opened"}
_DONE |= {"reopened", "resolved", "answered", "published", "locked", "archived", "signed"}
_DONE |= {"invited", "granted", "verified", "confirmed", "rejected", "cancelled", "canceled"}
_DONE |= {"handled", "written", "posted", "submitted", "requested", "reported", "owned"}
_DONE |= {"managed", "checked", "entered", "registered", "revised", "translated", "started"}
_DONE |= {"finished", "completed", "commented", "moderated", "flagged", "banned"}
_PEOPLE = frozenset({"user", "account", "member", "person", "employee", "agent", "admin", "staff"})
_PEOPLE |= {"worker", "operator", "author", "people", "login"}
_CLIENTS = frozenset({"customer", "client", "contact"})
# What leads to somebody: ``to_user``, ``shared_with_team``.
LINKS = frozenset({"from", "to", "with", "for", "by", "in", "shared", "assigned", "current"})
LINKS |= {"last", "first", "main", "default", "primary", "home", "previous", "next", "root"}
# Called like tables, and counts, places or ranks as often as not.
_COUNTED = frozenset({"order", "position", "page", "line", "version", "level", "rank", "rating"})
_COUNTED |= {"score", "number", "count", "size", "step", "year", "month", "day", "week", "hour"}
_COUNTED |= {"rate", "price", "amount", "total", "stock", "weight", "unit", "priority", "view"}
_COUNTED |= {"visit", "hit", "vote", "like", "comment", "reply", "download", "point", "stage"}
_COUNTED |= {"index", "sort", "quantity", "duration", "attempt", "revision", "round", "slot"}
_COUNTED |= {"season", "episode", "chapter", "track", "disc", "volume", "issue", "edition", "floor"}
_COUNTED |= {"room", "seat", "row", "table", "gate", "lane", "block", "grade", "lesson", "period"}
_COUNTED |= {"cycle", "wave", "lap", "set", "quarter", "section", "paragraph", "column", "question"}
_COUNTED |= {"staff", "crew", "people", "frame", "lot", "offer", "bid", "deposit", "discount"}
_COUNTED |= {"payment", "fee", "tax", "salary", "balance", "budget", "cost", "credit", "bonus"}
_COUNTED |= {"refund", "charge", "fine"}
_ARTICLES = frozenset({"sku", "ean", "gtin", "isbn", "upc", "asin"})
_NUMBERS = frozenset({"id", "uid", "fk"})
_GENERIC = frozenset({"entity", "data", "tbl", "table"})  # endings of names that say nothing
_FEW = 2


def nearly_named(schema: Schema, table: Table, column: Column) -> Iterator[Meant]:
    """Give the keys that a column's name nearly says."""
    words = words_of(column.name)
    yield from _of_person(schema, table, words)
    if not column.name.lower().endswith("s"):
        yield from _of_table(schema, table, words)
    yield from _of_key(schema, table, column, words)
    if column.charset:
        yield from _of_text(schema, table, words)


def is_of_table_itself(words: Sequence[str], own: frozenset[str], links: frozenset[str]) -> bool:
    """Tell whether a name without the word for a key says "of this same table".

    >>> is_of_table_itself(("in", "reply", "to"), frozenset({"reply"}), frozenset({"in", "to"}))
    True
    """
    return len(words) >= _FEW and set(words) <= own | links and bool(set(words) & own)


def _of_person(schema: Schema, table: Table, words: tuple[str, ...]) -> Iterator[Meant]:
    """Columns for a person: every table of people is meant, until the data says which."""
    bare = words[:-1] if words[-1] == "id" and len(words) >= _FEW else words
    done = len(bare) >= _FEW and bare[-1] == "by" and bare[-2] in _DONE
    if not done and bare[-1] not in _PERSONS:
        return
    others = [one for one in schema.tables.values() if one.name != table.name]
    if bare[-2:] == ("user", "agent") or any(_stem(one)[-1] == bare[-1] for one in others):
        return  # a browser; or what is called like a table, and is for other rules
    if any(_stem(one)[-1] in _CLIENTS for one in schema.tables.values()):
        return  # one of them, maybe; or somebody who is gone, and whose number a client has
    for parent in schema.tables.values():
        if _stem(parent)[-1] in _PEOPLE - {bare[-1]}:
            yield from _whole_number(parent, "a column for a person, by its name")


def _of_table(schema: Schema, table: Table, words: tuple[str, ...]) -> Iterator[Meant]:
    """Called like a table, maybe with a word that leads to it: ``team``, ``to_user``."""
    for start in range(len(words)):
        if not set(words[:start]) <= LINKS or words[-1] in _COUNTED:
            return
        for parent in tables_by_name(schema, "_".join(words[start:])):
            if parent.name != table.name:
                for key in _single_keys(parent):
                    yield parent, key, f"called like {parent.name}"
            return


def _of_key(
    schema: Schema, table: Table, column: Column, words: tuple[str, ...]
) -> Iterator[Meant]:
    """Called like a key of the one table whose name ends so: ``visitor_id``, ``order_item_id``.

    A table called like that, too, and nearer to the child, is as likely: then nothing is said.
    """
    if len(words) < _FEW or any(key.columns == (column.name,) for key in table.keys):
        return
    owner, name = singular(words[:-1]), words
    found: dict[tuple[str, str], Meant] = {}
    for parent in schema.tables.values():
        stem = _stem(parent)
        if parent.name == table.name or stem[-len(owner) :] != owner:
            continue
        whole = stem == owner and words[-1] in _NUMBERS
        keys = [
            key
            for key in _single_keys(parent)
            if _ends_with(name, words_of(key.name))
            or (whole and key.name == parent.keys[0].columns[0])
        ]
        if not keys and stem[0] == words_of(table.name)[0]:
            return
        for key in keys:
            meant, its = _somebodys(schema, parent, key)
            if meant.name != table.name:
                found[meant.name, its.name] = meant, its, f"named after {meant.name} and its key"
    if len(found) == 1:
        yield from found.values()


def twin_of(schema: Schema, table: Table, column: Column) -> Iterator[Meant]:
    """The key of a table that goes on with another's name: of ``visitor_info``, ``visitor_id``.

    Where the server counts the numbers itself, they are the table's own.
    """
    name, words = column.name, words_of(column.name)
    in_key = bool(table.keys) and name in table.keys[0].columns
    if not in_key or len(words) < _FEW or not column.is_integer or _is_counted(schema, table, name):
        return
    stem = _stem(table)
    above = [
        parent
        for parent in schema.tables.values()
        if len(_stem(parent)) < len(stem)
        and stem[: len(_stem(parent))] == words_of(parent.name)[: len(_stem(parent))]
        and parent.keys
        and parent.keys[0].columns == (name,)
        and _is_counted(schema, parent, name)
    ]
    nearest = max((len(_stem(parent)) for parent in above), default=0)
    found = [parent for parent in above if len(_stem(parent)) == nearest]
    if len(found) == 1:
        yield found[0], found[0].column(name), f"its name goes on with that of {found[0].name}"


def _is_counted(schema: Schema, table: Table, column: str) -> bool:
    """Tell whether the server counts a column's numbers, as far as the definition is known."""
    line = re.compile(rf"^\s*{re.escape(quoted(column))} [^\n]*\bAUTO_INCREMENT\b", re.MULTILINE)
    return bool(line.search(schema.table_definitions.get(table.name, "")))


def _of_text(schema: Schema, table: Table, words: tuple[str, ...]) -> Iterator[Meant]:
    """Texts: ``queue_slug``, ``sla`` of ``sla_levels``, and numbers of articles such as ``sku``."""
    for start in range(1, len(words)):
        owner = singular(words[:start])
        keys = [
            (parent, key)
            for parent in schema.tables.values()
            if _stem(parent)[-start:] == owner
            for key in _single_keys(parent)
            if key.charset and words_of(key.name) == words[start:]
        ]
        if len(keys) == 1:
            parent, key = keys[0]
            yield parent, key, f"named after {parent.name} and its key"
    begun = [one for one in schema.tables.values() if words_of(one.name)[: len(words)] == words]
    if len(begun) == 1 and len(words_of(begun[0].name)) > len(words):
        for key in _single_keys(begun[0]):
            if key.charset and begun[0].name != table.name:
                yield begun[0], key, f"called like the beginning of {begun[0].name}"
    if words[-1] in _ARTICLES:
        keyed = [
            (parent, key)
            for parent in schema.tables.values()
            for key in _single_keys(parent)
            if key.charset and words_of(key.name)[-1] == words[-1] and parent.name != table.name
        ]
        for parent, key in keyed:
            yield parent, key, f"called like a key of {parent.name}"


def _whole_number(parent: Table, said: str) -> Iterator[Meant]:
    first = parent.keys[0] if parent.keys else None
    if first is not None and len(first.columns) == 1:
        key = parent.column(first.columns[0])
        if key.is_integer:
            yield parent, key, said


def _somebodys(schema: Schema, parent: Table, key: Column) -> tuple[Table, Column]:
    """Give whose key it is: that of somebody's one row is somebody's."""
    for further in parent.foreign_keys:
        if further.columns == (key.name,) and further.parent in schema.tables:
            above = schema.tables[further.parent]
            return above, above.column(further.parent_columns[0])
    return parent, key


def _single_keys(table: Table) -> list[Column]:
    names = dict.fromkeys(key.columns[0] for key in table.keys if len(key.columns) == 1)
    return [table.column(name) for name in names]


def _stem(table: Table) -> tuple[str, ...]:
    """Give the words of a table's name without an ending that says nothing, in the singular."""
    return _stem_of(table.name)


@lru_cache(maxsize=4096)
def _stem_of(name: str) -> tuple[str, ...]:
    words = words_of(name)
    while len(words) > 1 and words[-1] in _GENERIC:
        words = words[:-1]
    return singular(words)


def _ends_with(words: Sequence[str], end: Sequence[str]) -> bool:
    """Tell whether a name ends with a key's, of which one word at the least is the owner's."""
    return len(end) >= _FEW and tuple(words[-len(end) :]) == tuple(end)
