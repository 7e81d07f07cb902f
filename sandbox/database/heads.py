"""Heads of CREATE statements: what they create, for whom, and how they read for any database.

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


def _start(gap: str) -> str:
    return (
        rf"\A\s*CREATE{gap}+(?P<replaces>OR{gap}+REPLACE{gap}+)?"
        r"(?P<options>(?P<algorithm>ALGORITHM\s*=\s*\w+\s+)?"
        rf"(?P<definer>DEFINER\s*=\s*(?P<account>{_ACCOUNT})\s+)?"
    )


def _head(gap: str) -> re.Pattern[str]:
    return re.compile(
        rf"{_start(gap)}(?:SQL\s+SECURITY\s+\w+\s+)?(?:AGGREGATE\s+)?)"
        r"(?P<kind>TABLE|VIEW|TRIGGER|FUNCTION|PROCEDURE|EVENT|SEQUENCE|PACKAGE(?:\s+BODY)?)"
        rf"{gap}+(?P<elsewhere>(?:IF{gap}+NOT{gap}+EXISTS{gap}+)?(?:{_NAME}{gap}*\.{gap}*)?)"
        rf"(?P<name>{_NAME})(?P<gap>{gap}*)",
        re.IGNORECASE,
    )


_HEAD, _HEAD_ALONE = _head(_GAP), _head(r"\s")
_UP_TO_DEFINER = re.compile(rf"{_start(_GAP)})", re.IGNORECASE)
# Behind the name comes what only its kind has, at once: a comment could hide a dot.
_REST = re.compile(r"\s*\(|\s+[A-Za-z]|\s*\Z")
_ON = re.compile(
    rf"(?P<when>(?:BEFORE|AFTER)\b[^`\"]*?\bON){_GAP}+(?:{_NAME}{_GAP}*\.{_GAP}*)?(?P<table>{_NAME})",
    re.IGNORECASE,
)


def kind_and_name(definition: str) -> tuple[str, str] | None:
    """Tell what a CREATE statement creates: the kind in lower case, and the name.

    >>> kind_and_name("CREATE DEFINER=`a`@`b` TRIGGER t1 BEFORE INSERT ON x FOR EACH ROW …")
    ('trigger', 't1')
    """
    found = _HEAD.match(definition)
    if found is None:
        return None
    return re.sub(r"\s+", " ", found["kind"]).lower(), unquoted(found["name"])


def creates(kind: ObjectKind, name: str, definition: str) -> bool:
    """Tell whether a definition is one CREATE statement of an object, by kind and name.

    It may not replace another, nor name a database to create it in.
    """
    found = _HEAD_ALONE.match(definition)
    if found is None or found["replaces"] or found["elsewhere"]:
        return False
    is_it = (found["kind"].lower(), unquoted(found["name"])) == (kind.value, name)
    return is_it and _REST.match(definition, found.end("name")) is not None


def definer_of(definition: str) -> str:
    """Give the account in a DEFINER clause as it stands there; empty where there is none.

    >>> definer_of("CREATE DEFINER=`a`@`%` TRIGGER t BEFORE INSERT ON b FOR EACH ROW BEGIN END")
    '`a`@`%`'
    """
    found = _UP_TO_DEFINER.match(definition)
    return (found["account"] or "") if found else ""


def with_definer(definition: str, account: str) -> str:
    """Put another account into a DEFINER clause, if there is one; leave the clause out for ``""``.

    >>> with_definer("CREATE ALGORITHM=MERGE DEFINER=`a`@`%` SQL SECURITY DEFINER VIEW v AS …", "")
    'CREATE ALGORITHM=MERGE SQL SECURITY DEFINER VIEW v AS …'
    """
    found = _UP_TO_DEFINER.match(definition)
    if found is None or not found["definer"]:
        return definition
    start, end = found.span("definer")
    return definition[:start] + (f"DEFINER={account} " if account else "") + definition[end:]


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
    if kind is ObjectKind.TRIGGER and (on := _ON.match(rest)):
        table = on["table"] if on["table"][0] in '`"' else quoted(on["table"])
        rest = f"{on['when']} {table}{rest[on.end() :]}"
    return f"CREATE {found['options']}{found['kind']} {quoted(name)}{gap}{rest}"


def account_of(definer: str) -> tuple[str, str] | None:
    """Give user and host of a DEFINER clause; None where it is no plain account.

    >>> account_of("`definer1`@`%`")
    ('definer1', '%')
    """
    found = re.fullmatch(rf"({_ACCOUNT_PART})@({_ACCOUNT_PART})", definer)
    return (unquoted(found[1]), unquoted(found[2])) if found else None


def unquoted(name: str) -> str:
    """Take the quotes off an identifier, or off a part of an account."""
    if len(name) > 1 and name[0] == name[-1] and name[0] in "`\"'":
        return name[1:-1].replace(name[0] * 2, name[0])
    return name
