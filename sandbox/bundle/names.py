"""Names of databases, tables and objects as parts of file paths, and back.

A name may hold anything: a slash, two dots, a newline, 64 Chinese letters. What comes out is one
harmless path segment. The manifest holds the name itself, so that nobody has to decode a path.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import PurePosixPath

_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_$-")
_ENCODED = re.compile(r"(?:[A-Za-z0-9_$-]|%[0-9A-F]{2})+")
_SEGMENT = re.compile(r"[A-Za-z0-9_$%~+@=,-][A-Za-z0-9_$%~+@=,. -]*")
_LONGEST_SEGMENT = 200  # file systems take 255 bytes; suffixes come after it
_KEPT_OF_LONG = 160
_LONGEST_PATH = 1024


def encode_name(name: str) -> str:
    """Give the path segment for a name.

    A name whose encoding is too long for a file system keeps its beginning, ``~`` and a digest.

    >>> encode_name("order items")
    'order%20items'
    >>> encode_name("../../etc/passwd")
    '%2E%2E%2F%2E%2E%2Fetc%2Fpasswd'

    Raises:
        ValueError: The name is empty.
    """
    if not name:
        raise ValueError("an empty name has no path")
    raw = name.encode("utf-8", "surrogatepass")
    encoded = "".join(chr(byte) if byte in _SAFE else f"%{byte:02X}" for byte in raw)
    if len(encoded) <= _LONGEST_SEGMENT:
        return encoded
    beginning = re.sub(r"%[0-9A-F]?$", "", encoded[:_KEPT_OF_LONG])
    return f"{beginning}~{hashlib.sha256(raw).hexdigest()[:16]}"


def decode_name(segment: str) -> str:
    """Give the name that a path segment stands for.

    >>> decode_name("order%20items")
    'order items'

    Raises:
        ValueError: It is no encoded name, or one that was too long to be kept whole.
    """
    if not _ENCODED.fullmatch(segment):
        raise ValueError("not an encoded name")
    raw = re.sub(rb"%(..)", lambda found: bytes([int(found[1], 16)]), segment.encode("ascii"))
    name = raw.decode("utf-8", "surrogatepass")
    if encode_name(name) != segment:
        raise ValueError("not an encoded name")
    return name


def is_safe_path(path: str) -> bool:
    """Tell whether a path stays inside the bundle, on every system, and can be shown as it is.

    >>> is_safe_path("config/servers/web1/php.ini"), is_safe_path("config/../../x")
    (True, False)
    """
    segments = path.split("/")
    return (
        len(path) <= _LONGEST_PATH
        and str(PurePosixPath(path)) == path
        and all(_SEGMENT.fullmatch(one) and not one.endswith((".", " ")) for one in segments)
    )
