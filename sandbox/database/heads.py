"""Heads of CREATE statements, made to fit any database.

MariaDB shows a trigger as it was typed, with its database, IF NOT EXISTS and comments; files of
definitions may hold the same for every kind of object.
"""

from __future__ import annotations

import re

from sandbox.database.expressions import quoted
from sandbox.model import ObjectKind

_NAME = r"(?:`(?:[^`]|``)*`|\"(?:[^\"]|\"\")*\"|[\w$]+)"
_ACCOUNT_PART = rf"(?:{_NAME}|'(?:[^'\\]|''|\\.)*'|[\w$.%-]+)"
_ACCOUNT = rf"{_ACCOUNT_PART}(?:\s*@\s*{_ACCOUNT_PART}|\(\))?"
_GAP = r"(?:\s|/\*(?:[^*]|\*(?!/))*\*/|(?:--\s|#)[^\n]*\n)"
_DATABASE = rf"(?:{_NAME}{_GAP}*\.{_GAP}*)?"
_HEAD = re.compile(
    rf"\A\s*CREATE{_GAP}+(?:OR{_GAP}+REPLACE{_GAP}+)?"
    rf"(?P<options>(?:ALGORITHM\s*=\s*\w+\s+)?(?:DEFINER\s*=\s*{_ACCOUNT}\s+)?"
    r"(?:SQL\s+SECURITY\s+\w+\s+)?(?:AGGREGATE\s+)?)"
    rf"(?P<kind>TABLE|VIEW|TRIGGER|FUNCTION|PROCEDURE|EVENT|SEQUENCE){_GAP}+"
    rf"(?:IF{_GAP}+NOT{_GAP}+EXISTS{_GAP}+)?{_DATABASE}{_NAME}(?P<gap>{_GAP}*)",
    re.IGNORECASE,
)
_ON = re.compile(
    rf"(?P<when>(?:BEFORE|AFTER)\b[^`\"]*?\bON){_GAP}+{_DATABASE}(?P<table>{_NAME})", re.IGNORECASE
)


def plain_head(kind: ObjectKind, name: str, definition: str) -> str:
    """Give a definition with the object's name alone in its head, and its table's in a trigger's.

    >>> plain_head(
    ...     ObjectKind.TRIGGER,
    ...     "t",
    ...     "CREATE DEFINER=`a`@`%` TRIGGER IF NOT EXISTS shop.t /* by x */ BEFORE INSERT ON "
    ...     "shop.orders FOR EACH ROW SET @a = 1",
    ... )
    'CREATE DEFINER=`a`@`%` TRIGGER `t` BEFORE INSERT ON `orders` FOR EACH ROW SET @a = 1'
    """
    found = _HEAD.match(definition)
    if found is None or found["kind"].lower() != kind.value:
        return definition
    gap = " " if found["gap"] else ""
    rest = definition[found.end() :]
    if kind is ObjectKind.TRIGGER:
        rest = _without_database(rest)
    return f"CREATE {found['options']}{found['kind']} {quoted(name)}{gap}{rest}"


def _without_database(rest: str) -> str:
    on = _ON.match(rest)
    if on is None:
        return rest
    table = on["table"] if on["table"][0] in '`"' else quoted(on["table"])
    return f"{on['when']} {table}{rest[on.end() :]}"
