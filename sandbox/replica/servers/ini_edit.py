"""Change single statements of ini files, and leave all others byte for byte as they are. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Container

from sandbox.capture.ini import Statement

_PLAIN = re.compile(rb"[A-Za-z0-9_./:*$-]+")


def whole(statement: Statement) -> bytes:
    """Put a statement together again."""
    return statement.before + statement.name + statement.equals + statement.value + statement.after


def commented(statement: Statement) -> bytes:
    """Switch a setting off, however many lines it has."""
    text = whole(statement)
    return b"".join(b";" + line for line in text.splitlines(keepends=True))


def with_value(statement: Statement, value: bytes) -> bytes:
    """Give a setting another value; quoted where it needs to be."""
    quoted = value if _PLAIN.fullmatch(value) else b'"' + value + b'"'
    end = b"\r\n" if statement.after.endswith(b"\r\n") else b"\n"
    return statement.before + statement.name + (statement.equals or b" = ") + quoted + end


def in_folder(folder: str, path: str, taken: Container[str]) -> str:
    """Give the place of a file in another folder, by its own name; a second one gets a number."""
    name = posixpath.basename(path)
    stem, dot, ending = name.rpartition(".")
    place, number = f"{folder}/{name}", 1
    while place in taken:
        number += 1
        place = f"{folder}/{stem}-{number}{dot}{ending}"
    return place
