"""JSON, edited in place: order, spelling and white space stay, and so do duplicate keys."""

from __future__ import annotations

import json
import re
from functools import partial

from sandbox.masking.maskers.nested import Nested
from sandbox.masking.maskers.spelled import mask_json_string, read_json_string

_TOKEN = re.compile(
    r'"([^"\\]*(?:\\.[^"\\]*)*)"(\s*:)?|(-?\d[\d.eE+\-]*)|([\[{])|([\]}])', re.DOTALL
)


def is_json(text: str) -> bool:
    """Tell whether a text is JSON, by the standard's grammar."""
    try:
        json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return False
    return True


def mask_json(nested: Nested, text: str) -> str:
    """Mask keys and values of a text that `is_json`; true, false and null stay.

    A value in a list has the key of the list.
    """
    stack: list[str] = []
    key = ""

    def replace(found: re.Match[str]) -> str:
        nonlocal key
        inside, colon, number, opened, closed = found.groups()
        if colon is not None:
            key = read_json_string(inside).text if "\\" in inside else inside
            return f'"{mask_json_string(inside, nested.mask_key)}"{colon}'
        if inside is not None:
            return f'"{mask_json_string(inside, partial(nested.mask_string, key))}"'
        if number is not None:
            return nested.mask_number(key, number)
        if opened:
            stack.append(key)
        elif closed:
            # In a list the list's key counts again, in an object a new one comes.
            key = stack.pop()
        return found[0]

    return _TOKEN.sub(replace, text)


def _refuse(constant: str) -> float:
    raise ValueError(constant)
