"""Bounds of JSON that may come from anywhere, found without parsing it."""

from __future__ import annotations

import re

MAX_DEPTH = 40
# Enough for some 20,000 tables. A value takes up to 330 bytes of memory, and two of the file.
MAX_VALUES = 3_000_000
_BRACKETS = re.compile(rb'"[^"]*"?|[\[\]{}]')


def holds_too_much(text: bytes) -> bool:
    """Tell whether JSON may hold more values than we take, without parsing it."""
    values = sum(text.count(one) for one in (b",", b"[", b"{"))
    # A value has a name at the most, and may be a text itself: four quotes.
    return values > MAX_VALUES or text.count(b'"') > 4 * MAX_VALUES


def depth_of(text: bytes) -> int:
    """Give how deep JSON is nested, without parsing it, in no more memory than the text's own."""
    depth = deepest = 0
    # Without escapes a string is one run of bytes; a pattern with them keeps a state per byte.
    for found in _BRACKETS.finditer(text.replace(b"\\\\", b"").replace(b'\\"', b"")):
        if found[0] in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif found[0] in b"]}":
            depth -= 1
    return deepest
