"""Find tables by what people call their rows: ``order``, ``customerId``, ``OrderItem``."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache

from sandbox.model import Schema, Table

_LEAST_PREFIXED = 3  # tables that a common prefix must be seen on


@lru_cache(maxsize=1 << 16)
def words_of(name: str) -> tuple[str, ...]:
    """Give the words of a name in snake or camel case, in lower case.

    >>> words_of("OrderItem"), words_of("order-items"), words_of("Shop_Db_Orders")
    (('order', 'item'), ('order', 'items'), ('shop', 'db', 'orders'))
    """
    spaced = re.sub(r"([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3 \2\4", name)
    return tuple(word.lower() for word in re.split(r"[^A-Za-z0-9]+", spaced) if word) or ("",)


def tables_by_name(schema: Schema, hint: str) -> tuple[Table, ...]:
    """Give the one table that a name means, or none; never one of several.

    Singular and plural, snake and camel case are the same; a prefix that most tables share may be
    left out.
    """
    if not hint:
        return ()
    found = _names(tuple(schema.tables)).get(singular(words_of(hint)), frozenset())
    exact = {name for name in found if name.lower() == hint.lower()}
    chosen = exact or found
    return tuple(schema.tables[name] for name in chosen) if len(chosen) == 1 else ()


@lru_cache(maxsize=8)
def _names(tables: tuple[str, ...]) -> Mapping[tuple[str, ...], frozenset[str]]:
    """Give, by the words that tables may be called by, those that are."""
    prefix = _prefix(tables)
    named: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for table in tables:
        words = words_of(table)
        named[singular(words)].add(table)
        if prefix and words[0] == prefix and len(words) > 1:
            named[singular(words[1:])].add(table)
    return {words: frozenset(some) for words, some in named.items()}


def _prefix(tables: Iterable[str]) -> str:
    firsts = Counter(words[0] for table in tables if len(words := words_of(table)) > 1)
    total = len(tuple(tables))
    (word, count), *_ = firsts.most_common(1) or [("", 0)]
    return word if count >= _LEAST_PREFIXED and count * 2 > total else ""


def singular(words: tuple[str, ...]) -> tuple[str, ...]:
    """Put the last word into one form for singular and plural.

    >>> singular(("categories",)), singular(("addresses",)), singular(("address",))
    (('category',), ('addres',), ('addres',))
    """
    last = words[-1]
    if last.endswith("ies") and len(last) > len("ties"):
        last = last[:-3] + "y"
    elif last.endswith(("sses", "xes", "ches", "shes")):
        last = last[:-2]
    return (*words[:-1], last.removesuffix("s"))
