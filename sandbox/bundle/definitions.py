"""What it takes to create a schema object elsewhere as it was: session, text, order.

Takes a `SchemaObject` whose definition is masked already; gives statements. Used by the load and
by the script for loading by hand.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sandbox.charsets import CODECS
from sandbox.database import heads
from sandbox.model import ObjectKind, SchemaObject

# Nothing strict: what the source holds is to come in, impossible dates and id 0 included. But for
# engines: a server must refuse a table whose engine it lacks, and not make it in another one.
LOAD_SQL_MODE = "NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION"

_STATE = re.compile(
    r"\b(ON COMPLETION (?:NOT )?PRESERVE) (?:ENABLE|DISABLE(?: ON (?:SLAVE|REPLICA))?)\b"
)
_ENGINE = re.compile(r"^\)[^'\"\n]*?\bENGINE\s*=\s*(\w+)", re.MULTILINE | re.IGNORECASE)
_IDENTIFIER = re.compile(r"`(?:[^`]|``)+`|\"(?:[^\"]|\"\")+\"")
_UTF8 = "utf8mb4"


def quote_text(text: str) -> str:
    r"""Quote a text for a statement that runs without NO_BACKSLASH_ESCAPES.

    >>> quote_text("it's")
    "'it\\'s'"
    """
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def creation(described: SchemaObject, definition: str) -> tuple[tuple[str, ...], bytes]:
    """Give the statements that set a session up for an object, and its definition as bytes.

    A definition that the object's own character set cannot hold (masking may have brought other
    letters in) is sent as UTF-8, by a session that says so.

    Args:
        described: The object.
        definition: Its definition as it is to be created.
    """
    charset = described.charset.lower() or _UTF8
    try:
        sent = definition.encode(CODECS.get(charset, charset))
    except (UnicodeEncodeError, LookupError):
        charset, sent = _UTF8, definition.encode()
    statements = [f"SET NAMES {charset}"]
    if described.collation:
        statements.append(f"SET SESSION collation_connection = {described.collation}")
    statements.append(f"SET SESSION time_zone = {quote_text(described.time_zone or '+00:00')}")
    mode = LOAD_SQL_MODE if described.sql_mode is None else described.sql_mode
    statements.append(f"SET SESSION sql_mode = {quote_text(mode)}")
    return tuple(statements), sent


def creates(described: SchemaObject) -> bool:
    """Tell whether a definition is one CREATE statement of its object, by kind and name.

    It may not replace another, nor name a database to create it in.

    >>> creates(SchemaObject(ObjectKind.VIEW, "v", "CREATE DEFINER=`a`@`%` VIEW `v` AS SELECT 1"))
    True
    >>> creates(SchemaObject(ObjectKind.VIEW, "v", "CREATE VIEW `mysql`.`v` AS SELECT 1"))
    False
    """
    return heads.creates(described.kind, described.name, described.definition)


def engine_of(definition: str) -> str:
    r"""Give the storage engine that a table is to have; empty where its definition names none.

    >>> engine_of("CREATE TABLE `t` (\n  `a` int\n) ENGINE=ARCHIVE DEFAULT CHARSET=utf8mb4")
    'ARCHIVE'
    """
    found = _ENGINE.search(definition)
    return found[1] if found else ""


def without_definer(definition: str) -> str:
    """Drop the DEFINER clause, so that whoever creates the object is its definer.

    >>> without_definer("CREATE ALGORITHM=MERGE DEFINER=`a`@`%` SQL SECURITY DEFINER VIEW v AS SELECT 1")
    'CREATE ALGORITHM=MERGE SQL SECURITY DEFINER VIEW v AS SELECT 1'
    """  # noqa: E501
    return heads.with_definer(definition, "")


def disabled(definition: str) -> str:
    """Give the definition of an event so that it is created disabled."""
    return _STATE.sub(r"\1 DISABLE", definition, count=1)


def in_order(objects: Sequence[SchemaObject]) -> tuple[SchemaObject, ...]:
    """Give objects in an order in which they can be created; views after those they name.

    Objects of a kind else keep their order: triggers of one event fire in that of their creation.
    """
    by_kind: dict[ObjectKind, list[SchemaObject]] = {kind: [] for kind in ObjectKind}
    for one in objects:
        by_kind[one.kind].append(one)
    by_kind[ObjectKind.VIEW] = _views_in_order(by_kind[ObjectKind.VIEW])
    return tuple(one for kind in ObjectKind for one in by_kind[kind])


def _views_in_order(views: list[SchemaObject]) -> list[SchemaObject]:
    waiting = {view.name: view for view in views}
    needs = {
        name: (_names_in(view.definition) & waiting.keys()) - {name}
        for name, view in waiting.items()
    }
    placed: list[SchemaObject] = []
    while waiting:
        # Where views name each other the server will say so; more likely a column has that name.
        ready = next((name for name in waiting if not needs[name] & waiting.keys()), None)
        placed.append(waiting.pop(ready or next(iter(waiting))))
    return placed


def _names_in(definition: str) -> set[str]:
    return {heads.unquoted(name) for name in _IDENTIFIER.findall(definition)}
