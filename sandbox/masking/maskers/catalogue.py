"""All maskers by name: what each applies to, whether it is one-to-one, which options it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.model import Column

TEXT = "text"
BINARY = "binary"
INTEGER = "integer"
NUMBER = "number"
DATE = "date"
JSON = "json"
OTHER = "other"

_FAMILIES: Mapping[str, str] = {
    **dict.fromkeys(("char", "varchar", "tinytext", "text", "mediumtext", "longtext"), TEXT),
    **dict.fromkeys(("uuid", "inet4", "inet6"), TEXT),
    **dict.fromkeys(("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"), BINARY),
    **dict.fromkeys(("tinyint", "smallint", "mediumint", "int", "bigint"), INTEGER),
    **dict.fromkeys(("decimal", "float", "double"), NUMBER),
    **dict.fromkeys(("date", "datetime", "timestamp"), DATE),
    "json": JSON,
}
_ANY = frozenset({TEXT, BINARY, INTEGER, NUMBER, DATE, JSON, OTHER})
_TEXTS = frozenset({TEXT})
_TEXTS_AND_NUMBERS = frozenset({TEXT, INTEGER})
_TEXTS_AND_BYTES = frozenset({TEXT, BINARY})
_DOCUMENTS = frozenset({TEXT, BINARY, JSON})
KEY_OPTION = "keys."
"""Options ``keys.NAME`` say which masker the values under a key get, in documents."""


@dataclass(frozen=True, slots=True)
class MaskerFacts:
    """What is to be known of a masker before it is used.

    Attributes:
        applies_to: Families of column types.
        one_to_one: Whether different values stay different, so that unique keys hold.
        options: Options that it takes, beside ``domain``.
        required: Those of them without which it cannot work.
        nested: Whether it takes rules for keys.
        in_documents: Whether a key of a document may name it.
    """

    applies_to: frozenset[str]
    one_to_one: bool = True
    options: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    nested: bool = False
    in_documents: bool = True


KEEP = "keep"
SHAPE = "shape"
_WORDS = MaskerFacts(_TEXTS)

MASKERS: Mapping[str, MaskerFacts] = {
    KEEP: MaskerFacts(_ANY),
    **dict.fromkeys((SHAPE, "words", "name", "username", "email", "postcode"), _WORDS),
    "phone": MaskerFacts(_TEXTS_AND_NUMBERS),
    "digits": MaskerFacts(frozenset({TEXT, INTEGER, NUMBER})),
    "iban": _WORDS,
    "card": MaskerFacts(_TEXTS_AND_NUMBERS),
    "ip": MaskerFacts(_TEXTS_AND_BYTES),
    "token": MaskerFacts(_TEXTS_AND_BYTES),
    "session_id": MaskerFacts(_TEXTS_AND_BYTES),
    "url": MaskerFacts(_TEXTS, one_to_one=False),
    "password": MaskerFacts(_TEXTS, one_to_one=False),
    "free_text": MaskerFacts(_TEXTS_AND_BYTES, one_to_one=False),
    "date": MaskerFacts(frozenset({DATE, TEXT}), one_to_one=False, options=frozenset({"person"})),
    "serialized": MaskerFacts(_TEXTS_AND_BYTES, one_to_one=False, nested=True),
    "php_session": MaskerFacts(_TEXTS_AND_BYTES, one_to_one=False, nested=True),
    "json": MaskerFacts(_DOCUMENTS, one_to_one=False, nested=True),
    "xml": MaskerFacts(_TEXTS_AND_BYTES, one_to_one=False, nested=True),
    "document": MaskerFacts(_DOCUMENTS, one_to_one=False, nested=True),
    "by_key": MaskerFacts(
        _TEXTS_AND_BYTES,
        one_to_one=False,
        options=frozenset({"key"}),
        required=frozenset({"key"}),
        nested=True,
        in_documents=False,
    ),
    "binary": MaskerFacts(frozenset({BINARY}), options=frozenset({"magic"}), in_documents=False),
    "generalise": MaskerFacts(
        frozenset({INTEGER, NUMBER, DATE}),
        one_to_one=False,
        options=frozenset({"unit"}),
        required=frozenset({"unit"}),
        in_documents=False,
    ),
    "coordinate": MaskerFacts(frozenset({NUMBER}), one_to_one=False, in_documents=False),
    "constant": MaskerFacts(
        frozenset({TEXT, BINARY, INTEGER, NUMBER, DATE}),
        one_to_one=False,
        options=frozenset({"value"}),
        required=frozenset({"value"}),
        in_documents=False,
    ),
}


def family_of(column: Column) -> str:
    """Give the family of a column's type."""
    return _FAMILIES.get(column.kind, OTHER)
