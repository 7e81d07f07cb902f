"""JSON as MySQL keeps it, which masking in place disturbs: the order of members, and numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sandbox.masking.maskers.number_types import write_double


class _Number(str):
    """A number as it is written."""

    __slots__ = ()


class _Object(list[tuple[str, object]]):
    """The members of an object, in the order in which they are written."""


def as_server_keeps_it(text: str) -> str:
    """Write JSON as MySQL gives it back: members by length in bytes and then by bytes.

    >>> as_server_keeps_it('{"ccc": 1.50, "bb": [{"z": "é", "a": null}]}')
    '{"bb": [{"a": null, "z": "é"}], "ccc": 1.5}'

    Args:
        text: JSON, spelled as MySQL gives it.
    """
    value = json.loads(
        text, object_pairs_hook=_Object, parse_int=_Number, parse_float=_Number, strict=False
    )
    return "".join(_written(value))


def _written(value: object) -> Iterator[str]:
    if isinstance(value, _Number):
        yield _number(value)
    elif isinstance(value, _Object):
        yield "{"
        for number, (key, inner) in enumerate(sorted(value, key=_place)):
            yield f"{', ' if number else ''}{json.dumps(key, ensure_ascii=False)}: "
            yield from _written(inner)
        yield "}"
    elif isinstance(value, list):
        yield "["
        for number, inner in enumerate(value):
            yield ", " if number else ""
            yield from _written(inner)
        yield "]"
    else:
        yield json.dumps(value, ensure_ascii=False)


def _number(written: str) -> str:
    """Write a number as the server does; one without point and exponent is kept as it is."""
    if written.lstrip("-").isdigit() and -(2**63) <= int(written) < 2**64:
        return written
    shortest = write_double(float(written))
    return shortest if "." in shortest or "e" in shortest else f"{shortest}.0"


def _place(member: tuple[str, object]) -> tuple[int, bytes]:
    key = member[0].encode("utf-8", "surrogateescape")
    return len(key), key
