"""A table's definition, cut into columns, keys and options, so that each can be compared alone.

Takes what SHOW CREATE TABLE gives (masked); understands no more of it than where its pieces end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sandbox.database.heads import unquoted
from sandbox.database.sql_text import TextBroken, skip

_SPECIAL = re.compile(r"['\"`#/(),-]")
_QUOTED_NAME = r"`(?:[^`]|``)*`"
_KEY = re.compile(
    r"(?:CONSTRAINT\s+(?P<constraint>" + _QUOTED_NAME + r")\s+)?"
    r"(?P<what>PRIMARY KEY|FOREIGN KEY|CHECK|PERIOD FOR SYSTEM_TIME"
    r"|(?:UNIQUE |FULLTEXT |SPATIAL |VECTOR )?(?:KEY|INDEX))\b\s*(?P<name>" + _QUOTED_NAME + r")?",
    re.IGNORECASE,
)
_COLUMN = re.compile(rf"({_QUOTED_NAME}|[^\s`]+)\s*", re.DOTALL)
# Counts up with every row that comes.
_COUNTER = re.compile(r"\s*\bAUTO_INCREMENT=\d+")
_STRING = r"'(?:[^'\\]|''|\\.)*'"
_DEFAULT = re.compile(rf"\sDEFAULT ({_STRING}|\((?:[^()]|\([^()]*\))*\)|[^\s(]+(?:\([^()]*\))?)")
_COMMENT = re.compile(rf"\sCOMMENT {_STRING}")
_TEXT_TYPE = re.compile(r"\s(?:CHARACTER SET|COLLATE) \w+")
_NULL = re.compile(r"\s(?:NOT )?NULL\b")


@dataclass(frozen=True, slots=True)
class TableText:
    """The pieces of a table's definition.

    Attributes:
        columns: By name, in order, what stands behind the name.
        keys: By kind and name, the text of keys, foreign keys and checks.
        options: What stands behind the closing parenthesis, partitions included.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[tuple[str, str], str] = field(default_factory=dict)
    options: str = ""


def table_text(definition: str) -> TableText:
    r"""Cut a definition up; one that is written in no way we know has options only.

    >>> text = table_text("CREATE TABLE `t` (`a` int(11) DEFAULT 1,\n  KEY `k` (`a`)\n) ENGINE=x")
    >>> dict(text.columns), dict(text.keys), text.options
    ({'a': 'int(11) DEFAULT 1'}, {('key', 'k'): 'KEY `k` (`a`)'}, 'ENGINE=x')
    """
    try:
        pieces = list(_pieces(definition))
    except TextBroken:
        return TableText(options=definition)
    if len(pieces) < 2:  # noqa: PLR2004 - a column and what stands behind
        return TableText(options=definition)
    *inner, options = pieces
    columns: dict[str, str] = {}
    keys: dict[tuple[str, str], str] = {}
    for piece in inner:
        if found := _KEY.match(piece):
            name = unquoted(found["constraint"] or found["name"] or "")
            keys[" ".join(found["what"].lower().split()), name] = piece
        elif head := _COLUMN.match(piece):
            columns[unquoted(head[1])] = piece[head.end() :]
    return TableText(columns, keys, _COUNTER.sub("", options).strip())


def default_of(column: str) -> str:
    """Give the DEFAULT of a column's text; empty where it has none.

    >>> default_of("varchar(9) NOT NULL DEFAULT 'it''s' COMMENT 'DEFAULT 1'")
    "'it''s'"
    """
    found = _DEFAULT.search(_COMMENT.sub("", column))
    return found[1] if found else ""


def comment_of(column: str) -> str:
    """Give the COMMENT clause of a column's text; empty where it has none."""
    found = _COMMENT.search(column)
    return found[0].strip() if found else ""


def rest_of(column: str, declared: str) -> str:
    """Give what a column's text says beside type, character set, NULL, DEFAULT and COMMENT.

    >>> rest_of("int(11) NOT NULL DEFAULT 0 INVISIBLE COMMENT 'x'", "int(11)")
    'INVISIBLE'
    """
    text = column.removeprefix(declared)
    for one in (_COMMENT, _DEFAULT, _TEXT_TYPE, _NULL):
        text = one.sub("", f" {text.strip()}")
    return text.strip()


def _pieces(definition: str) -> Iterator[str]:
    """Give what stands between the outer parentheses, comma by comma, then what stands behind."""
    depth = position = start = 0
    while found := _SPECIAL.search(definition, position):
        position = found.start()
        sign = definition[position]
        if sign not in "(),":
            position = skip(definition, position, backslash_escapes=True)
            continue
        closes = sign == ")" and depth == 1
        if depth == 1 and (closes or sign == ","):
            yield definition[start:position].strip()
        if (depth == 1 and sign == ",") or (depth == 0 and sign == "("):
            start = position + 1
        depth += (sign == "(") - (sign == ")")
        position += 1
        if closes:
            yield definition[position:].strip()
            return
