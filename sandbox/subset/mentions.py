"""Find what a text may name: ``/api/orders/4711``, ``customer #9``, ``WHERE o.id = 42``.

Takes text of any kind; gives `Mention`s: hints at a table, a hint at a column, a value. Whether
there is such a table is not asked here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote_plus

from sandbox.errors import UsageError
from sandbox.subset.names import words_of

_TEXT_LIMIT = 32 * 1024  # characters of one text that are looked at
_MOST_VALUES = 100  # of one IN list
NUMBER = r"-?(?:0|[1-9][0-9]{0,18})"


class Source(StrEnum):
    """Where a mention stands, in words for people."""

    URL = "a URL"
    QUERY = "the query of a URL"
    STATEMENT = "an SQL statement"
    KEY = "a value entered twice"
    TRACE = "a stack trace"
    TEXT = "a message"


@dataclass(frozen=True, slots=True)
class Mention:
    """Something that may name a row.

    Attributes:
        source: Where it stands.
        tables: Hints at the table, the best one first. In a query the first one is the name of the
            parameter, the others are of the path and count only with `column`.
        column: Hint at the column; the name of a unique key where `source` is `KEY`; empty where
            the row's own key must be meant.
        value: The value, as text.
    """

    source: Source
    tables: tuple[str, ...] = field(repr=False)
    column: str = field(repr=False)
    value: str = field(repr=False)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_METHOD = r"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)"
_URL = re.compile(
    rf"(?:\b{_METHOD} (?:https?://[^\s/\"'<>]+)?|https?://[^\s/\"'<>]+|^)(/[^\s\"'<>#]*)"
)
_KEY_LIKE = re.compile(
    rf"{NUMBER}|[0-9a-fA-F]{{8}}(?:-[0-9a-fA-F]{{4}}){{3}}-[0-9a-fA-F]{{12}}"
    r"|(?=[^/]*[0-9])[A-Za-z0-9][A-Za-z0-9._-]{2,63}|[^@\s/]{1,64}@[^@\s/]{1,255}"
)
_DATE = re.compile(r"/(?:19|20)\d\d/(?:0?[1-9]|1[0-2])(?:/\d{1,2})?(?=/|$)")
# What stands before a number that counts, measures or dates something.
_NO_TABLES = _set(
    "page pages limit offset per size sort version v year month day week hour minute from to line "
    "status code error errno port pid child process bytes byte seconds second ms attempt try "
    "count total width height depth level priority timeout http php sqlstate server signal "
    "position index step retry retries least most than exit line_no thread"
)
_DUPLICATE = re.compile(r"Duplicate entry '(.{0,2000}?)' for key '([^']{1,130})'", re.DOTALL)
_TABLE = re.compile(
    r"\b(?:FROM|JOIN|UPDATE|INTO)\s+(?:`?\w+`?\.)?`?(\w+)`?(?:\s+(?:AS\s+)?`?(\w+)`?)?",
    re.IGNORECASE,
)
_COMMA_JOIN = re.compile(r"\bFROM\s+[`\w.]{1,130}(?:\s+(?:AS\s+)?`?\w{1,64}`?)?\s*,", re.IGNORECASE)
_ANY_CASE = re.IGNORECASE | re.DOTALL
_STATEMENT = re.compile(
    r"\b(?:SELECT\b.{1,4000}?\bFROM|UPDATE\s+[`\w]|DELETE\s+FROM|INTO\s)", _ANY_CASE
)
_LITERAL = rf"(?:'(?:[^'\\]|\\.|'')*'|{NUMBER}(?![\w.]))"
_EQUALS = re.compile(
    rf"(?<![\w`])(?:`?(\w{{1,64}})`?\.)?`?(\w{{1,64}})`?\s{{0,9}}(?:=\s*({_LITERAL})|IN\s*\(({_LITERAL}(?:\s*,\s*{_LITERAL})*)\))",
    re.IGNORECASE,
)
_KEYWORDS = _set(
    "as on set where join left right inner outer cross using order group having limit union "
    "values select natural straight_join force use ignore for lock"
)
_CALL = re.compile(rf"(?<!\w)(\w{{1,100}})(?:->|::)(\w{{1,100}})\(({NUMBER})[,)]")
_SAID = re.compile(
    r"(?<![\w/.-])([A-Za-z][A-Za-z_]{1,40})[\"']?(?: ?(?:#|=>|=|:)|,? (?:no\.?|nr\.?|number|id))?"
    rf"[ \"'(#]{{1,3}}({NUMBER})(?![\w%]|[.,:/-]\d)"
)
_ASSIGNED = re.compile(
    rf"(?<![\w/.-])([A-Za-z]\w{{1,40}}(?:_id|Id|ID))[\"']?\s*(?:=>|=|:)\s*[\"']?({NUMBER})(?![\w.])"
)


def identifiers_in(text: str) -> tuple[Mention, ...]:
    """Find what a text may name: a log line, a stack trace, a URL, a statement.

    >>> [(m.tables, m.value) for m in identifiers_in("GET /api/v1/orders/4711?customer=9&page=2")]
    [(('orders', 'v1', 'api'), '4711'), (('customer', 'orders', 'v1', 'api'), '9')]
    """
    text = text[:_TEXT_LIMIT]
    found: dict[Mention, None] = {}
    tables = _tables_in(text) if _STATEMENT.search(text) else {}
    for mentions in (
        _in_urls(text), _in_duplicates(text, tables), _in_statements(text, tables), _in_words(text),
    ):  # fmt: skip
        found.update(dict.fromkeys(mentions))
    return tuple(found)


def read_request(text: str) -> tuple[Mention, ...]:
    """Find what a request names: ``GET /api/orders/4711``.

    Raises:
        UsageError: It is no request line and no URL.
    """
    if not _URL.search(text.strip()):
        raise UsageError(
            "a request is a method and a path.",
            hint="For example: --from-request 'GET /api/orders/4711'",
        )
    return tuple(_in_urls(text.strip()))


def owner_of(name: str) -> str:
    """Give what a name is the id of, or nothing.

    >>> owner_of("customer_id"), owner_of("customerId"), owner_of("customer")
    ('customer', 'customer', '')
    """
    found = re.fullmatch(r"(\w+?)(?:_id|Id|ID|_no|_ref)", name)
    return found[1] if found else ""


def _in_urls(text: str) -> Iterator[Mention]:
    for found in _URL.finditer(text):
        path, _, query = found[1].partition("?")
        words: list[str] = []  # all of the path, the last one first
        since: list[str] = []  # those behind the last value: `/orders/4711/items/2` is no order 2
        for segment in _DATE.sub("", path).split("/"):
            part = unquote_plus(segment)
            if re.fullmatch(r"[A-Za-z][A-Za-z_-]*|v\d{1,2}", part):
                words.insert(0, part)
                since.insert(0, part)
            elif _KEY_LIKE.fullmatch(part) and since and not _says_no(since[0]):
                yield _in_segment(since, part)
                since = []
        for pair in re.split(r"[&;]", query):
            name, equals, value = pair.partition("=")
            if equals:
                yield from _in_pair(unquote_plus(name), unquote_plus(value), words)


def _in_segment(words: Sequence[str], value: str) -> Mention:
    """Read ``…/orders/4711``, ``…/order/view/id/4711`` and ``…/customer_id/9``."""
    if words[0].lower() == "id":
        return Mention(Source.URL, tuple(words[1:]), words[0], value)
    owner = owner_of(words[0])
    return Mention(Source.URL, (owner,) if owner else tuple(words), "", value)


def _in_pair(name: str, value: str, words: Sequence[str]) -> Iterator[Mention]:
    inner = re.findall(r"[A-Za-z_][A-Za-z_0-9]*", name)
    if inner and _KEY_LIKE.fullmatch(value) and not _says_no(inner[-1]):
        key = inner[-1]
        hints = (owner_of(key) or key, *reversed(inner[:-1]), *words)
        yield Mention(Source.QUERY, hints, key, value)


def _in_duplicates(text: str, tables: dict[str, str]) -> Iterator[Mention]:
    for found in _DUPLICATE.finditer(text):
        table, dot, key = found[2].rpartition(".")
        hints = (table,) if dot else tuple(dict.fromkeys(tables.values()))
        yield Mention(Source.KEY, hints, key, found[1])


def _tables_in(text: str) -> dict[str, str]:
    """Give the tables of statements by the names that columns are qualified with."""
    found: dict[str, str] = {}
    for match in _TABLE.finditer(text):
        table, alias = match[1], match[2] or ""
        found[table.lower()] = table
        if alias and alias.lower() not in _KEYWORDS:
            found[alias.lower()] = table
    return found


def _in_statements(text: str, tables: dict[str, str]) -> Iterator[Mention]:
    if not tables:
        return
    # `FROM a, b`: a column without its table may be of either.
    several = len(set(tables.values())) > 1 or _COMMA_JOIN.search(text)
    alone = "" if several else next(iter(set(tables.values())))
    for where in re.split(r"\bWHERE\b|\bON\b", text, flags=re.IGNORECASE)[1:]:
        for found in _EQUALS.finditer(where):
            table = tables.get(found[1].lower(), "") if found[1] else alone
            literals = re.findall(_LITERAL, found[3] or found[4])
            for literal in literals[:_MOST_VALUES] if table else ():
                yield Mention(Source.STATEMENT, (table,), found[2], _unquoted(literal))


def _in_words(text: str) -> Iterator[Mention]:
    for found in _ASSIGNED.finditer(text):
        yield Mention(Source.TEXT, (owner_of(found[1]),), "", found[2])
    for found in _SAID.finditer(text):
        if not _says_no(found[1]):
            yield Mention(Source.TEXT, (owner_of(found[1]) or found[1],), "", found[2])
    for found in _CALL.finditer(text):
        verbs = {"get", "find", "load", "fetch", "by", "id", "read", "of"}
        called = [word for word in words_of(found[2]) if word not in verbs]
        hints = ("_".join(called), words_of(found[1])[-1])
        yield Mention(Source.TRACE, tuple(one for one in hints if one), "", found[3])


def _says_no(word: str) -> bool:
    return word.lower() in _NO_TABLES or re.fullmatch(r"v\d{1,2}", word) is not None


def _unquoted(literal: str) -> str:
    if not literal.startswith("'"):
        return literal
    return re.sub(r"\\(.)|''", lambda found: found[1] or "'", literal[1:-1], flags=re.DOTALL)
