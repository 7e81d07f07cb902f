"""Relations as people write them in settings and as we show them.

``orders.customer_id -> customers.id``, of several columns ``lines.(a, b) -> items.(a, b)``, and of
a polymorphic pair ``notes.owner_id -> users.id where owner_type = 'user'``. What is shown can be
read back.
"""

from __future__ import annotations

import re
from hashlib import sha256

from sandbox.errors import UsageError
from sandbox.model import ForeignKey, Origin

_NAME = r"(?:`(?:[^`]|``)+`|[^\s`.,()'=>-][^\s`.,()'=>]*)"
_NAMES = rf"(?:{_NAME}|\(\s*{_NAME}(?:\s*,\s*{_NAME})*\s*\))"
_RELATION = re.compile(
    rf"\s*({_NAME})\.({_NAMES})\s*->\s*({_NAME})\.({_NAMES})"
    rf"(?:\s+where\s+({_NAME})\s*=\s*'((?:[^']|'')+)')?\s*",
    re.IGNORECASE,
)
_ONE_NAME = re.compile(_NAME)
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
_LONGEST = 240  # characters that a manifest takes for the name of a key, with some to spare

FORMS = (
    "orders.customer_id -> customers.id, lines.(a, b) -> items.(a, b) or "
    "notes.owner_id -> users.id where owner_type = 'user'"
)


def parse_relation(text: str) -> ForeignKey:
    """Read a relation.

    >>> parse_relation("orders.customer_id -> customers.id").parent_columns
    ('id',)
    >>> parse_relation("notes.owner_id -> users.id where owner_type = 'user'").only
    ('owner_type', 'user')

    Raises:
        UsageError: It has none of the forms.
    """
    found = _RELATION.fullmatch(text)
    columns = _split(found[2]) if found else ()
    parents = _split(found[4]) if found else ()
    if found is None or len(columns) != len(parents):
        raise UsageError("that is no relation.", hint=f"It is written {FORMS}.")
    only = (_plain(found[5]), found[6].replace("''", "'")) if found[5] else None
    return undeclared(
        _plain(found[1]), columns, _plain(found[3]), parents, Origin.SETTINGS, only=only
    )


def undeclared(  # noqa: PLR0913 - what a relation is, named one by one
    table: str,
    columns: tuple[str, ...],
    parent: str,
    parent_columns: tuple[str, ...],
    origin: Origin,
    *,
    only: tuple[str, str] | None = None,
    cascades: bool = False,
) -> ForeignKey:
    """Make a reference that no constraint names: its name says what it is."""
    name = f"{_side('', columns)} -> {_side(parent, parent_columns)}{_where(only)}"
    if len(name) > _LONGEST:
        digest = sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
        name = f"{name[: _LONGEST - 20]}… {digest[:16]}"
    return ForeignKey(
        name, table, columns, parent, parent_columns, cascades=cascades, origin=origin, only=only
    )


def written(key: ForeignKey) -> str:
    """Write a relation as settings hold it.

    >>> written(parse_relation("lines.( a,b ) -> `odd name`.(a, b)"))
    'lines.(a, b) -> `odd name`.(a, b)'
    """
    child, parent = _side(key.table, key.columns), _side(key.parent, key.parent_columns)
    return f"{child} -> {parent}{_where(key.only)}"


def meaning(key: ForeignKey, *, case_counts: bool = False) -> tuple[object, ...]:
    """Give what two references share that say the same, whoever says so; as servers fold names.

    Args:
        key: The reference.
        case_counts: Whether its type column tells upper from lower case.
    """
    pairs = sorted(
        (own.casefold(), other.casefold())
        for own, other in zip(key.columns, key.parent_columns, strict=True)
    )
    only = None
    if key.only:
        only = (key.only[0].casefold(), key.only[1] if case_counts else key.only[1].casefold())
    return (key.table.casefold(), key.parent.casefold(), tuple(pairs), only)


def _split(text: str) -> tuple[str, ...]:
    return tuple(_plain(one) for one in _ONE_NAME.findall(text))


def _plain(name: str) -> str:
    return name[1:-1].replace("``", "`") if name.startswith("`") else name


def _side(table: str, columns: tuple[str, ...]) -> str:
    names = [_shown(one) for one in columns]
    shown = names[0] if len(names) == 1 else f"({', '.join(names)})"
    return f"{_shown(table)}.{shown}" if table else shown


def _where(only: tuple[str, str] | None) -> str:
    if only is None:
        return ""
    value = only[1].replace("'", "''")
    return f" where {_shown(only[0])} = '{value}'"


def _shown(name: str) -> str:
    return name if _PLAIN_NAME.fullmatch(name) else "`" + name.replace("`", "``") + "`"
