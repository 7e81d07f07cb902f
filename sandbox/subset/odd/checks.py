"""Checks of formats: each tells whether bytes are what they should be. No value leaves them."""

from __future__ import annotations

import binascii
import json
import re
import zlib
from collections.abc import Callable, Mapping

from sandbox.masking.maskers.identifiers import is_luhn, is_valid_iban

_MAIL = re.compile(
    rb"[^@\s,;<>\"]+@[A-Za-z0-9\x80-\xff-]+(?:\.[A-Za-z0-9\x80-\xff-]+)*\.[A-Za-z\x80-\xff][\w\x80-\xff-]+"
)
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{8,30}")
_CARD = re.compile(r"[0-9]{13,19}")
_BASE64 = re.compile(rb"[A-Za-z0-9+/\r\n]{16,}={0,2}\s*")
_MIXED = re.compile(rb"[a-z].*[A-Z]|[A-Z].*[a-z]", re.DOTALL)
# What serialized data begins with, in turn: a value, a string, an array, an object, one of its own.
_PIECE = re.compile(
    rb"(N;|b:[01];|i:[+-]?[0-9]+;|[rR]:[0-9]+;"
    rb"|d:[+-]?(?:INF|NAN|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?);)"
    rb'|[sE]:([0-9]+):"'
    rb"|a:([0-9]+):\{"
    rb'|O:([0-9]+):"([^"]*)":([0-9]+):\{'
    rb'|C:([0-9]+):"([^"]*)":([0-9]+):\{'
)
_VALUE, _STRING, _ARRAY, _OBJECT = 1, 2, 3, 6  # the last group that is there tells which
_GZIP = 32 + zlib.MAX_WBITS  # gzip or zlib, told by their beginning
_MOST_UNPACKED = 64 << 20


def is_mail(value: bytes) -> bool:
    """Tell whether it is one mail address.

    >>> is_mail(b"petra@post.example"), is_mail(b"petra@post")
    (True, False)
    """
    at = value.rfind(b"@")
    local = value[:at]
    return (
        _MAIL.fullmatch(value) is not None
        and b".." not in local
        and not local.startswith(b".")
        and not local.endswith(b".")
    )


def is_iban(value: bytes) -> bool:
    """Tell whether it is an IBAN whose check is right.

    >>> is_iban(b"DE02 1203 0000 0000 2020 51"), is_iban(b"DE02120300000000202052")
    (True, False)
    """
    text = value.decode("ascii", "replace").replace(" ", "").upper()
    return _IBAN.fullmatch(text) is not None and is_valid_iban(text)


def is_card(value: bytes) -> bool:
    """Tell whether it is a card's number that passes Luhn's check.

    >>> is_card(b"4111 1111 1111 1111"), is_card(b"4111111111111112")
    (True, False)
    """
    digits = value.decode("ascii", "replace").replace(" ", "").replace("-", "")
    return _CARD.fullmatch(digits) is not None and is_luhn(digits)


def is_json(value: bytes) -> bool:
    """Tell whether it is an object or a list in JSON.

    >>> is_json(b'{"a": [1]}'), is_json(b'{"a": [1]')
    (True, False)
    """
    if value.lstrip()[:1] not in (b"{", b"["):
        return False
    try:
        json.loads(value)
    except (ValueError, RecursionError):
        return False
    return True


def is_serialized(value: bytes) -> bool:
    """Tell whether PHP's unserialize() reads it.

    >>> is_serialized(b'a:1:{i:0;s:2:"ab";}'), is_serialized(b'a:1:{i:0;s:3:"ab";}')
    (True, False)
    """
    left = [1]  # values that each open array still has to hold
    at = 0
    while left[-1] or len(left) > 1:
        if not left[-1]:
            if value[at : at + 1] != b"}":
                return False
            at += 1
            left.pop()
            continue
        left[-1] -= 1
        end, more = _piece(value, at)
        if end < 0:
            return False
        at = end
        if more >= 0:
            left.append(more)
    return at == len(value)


def _piece(value: bytes, at: int) -> tuple[int, int]:
    """Give where the piece that begins here ends, and how many it opens; -1 for none."""
    found = _PIECE.match(value, at)
    kind = found.lastindex if found is not None else None
    if found is None or kind is None:
        return -1, -1
    if kind == _VALUE:
        return found.end(), -1
    if kind == _STRING:
        end = found.end() + int(found[2])
        return (end + 2, -1) if value[end : end + 2] == b'";' else (-1, -1)
    if kind == _ARRAY:
        return found.end(), 2 * int(found[3])
    if kind == _OBJECT:
        right = int(found[4]) == len(found[5])
        return (found.end(), 2 * int(found[6])) if right else (-1, -1)
    end = found.end() + int(found[9])
    right = int(found[7]) == len(found[8]) and value[end : end + 1] == b"}"
    return (end + 1, -1) if right else (-1, -1)


def is_base64(value: bytes) -> bool:
    """Tell whether it is Base64 of some length; one of letters of one case is taken for a name.

    >>> is_base64(b"UGV0cmEgTGluZHF2aXN0"), is_base64(b"UGV0cmEgTGluZHF2aXN"), is_base64(b"ab")
    (True, False, False)
    """
    if not _BASE64.fullmatch(value) or not _MIXED.search(value):
        return False
    try:
        binascii.a2b_base64(b"".join(value.split()), strict_mode=True)
    except binascii.Error:
        return False
    return True


def is_gzip(value: bytes) -> bool:
    """Tell whether it is gzip or zlib that unpacks, to its end.

    >>> is_gzip(zlib.compress(b"a")), is_gzip(zlib.compress(b"a")[:-1])
    (True, False)
    """
    unpacker = zlib.decompressobj(_GZIP)
    try:
        unpacker.decompress(value, _MOST_UNPACKED)
    except zlib.error:
        return False
    return unpacker.eof or bool(unpacker.unconsumed_tail)


CHECKS: Mapping[str, Callable[[bytes], bool]] = {
    "mail": is_mail,
    "iban": is_iban,
    "card": is_card,
    "json": is_json,
    "serialize": is_serialized,
    "base64": is_base64,
    "gzip": is_gzip,
}
