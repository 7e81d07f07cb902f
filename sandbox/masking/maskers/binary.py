"""Bytes that mean nothing to us become other bytes, as many of them."""

from __future__ import annotations

import re

from sandbox.masking.prf import Prf

_SHORT = 32
_MAGIC = re.compile(
    rb"%PDF-\d\.\d\r?\n(?:%[\x80-\xff]{4}\r?\n)?|\x89PNG\r\n\x1a\n|GIF8[79]a|\xff\xd8\xff"
    rb"|PK\x03\x04|\x1f\x8b\x08|II\*\x00|MM\x00\*|RIFF|\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1|BM"
)


def mask_bytes(prf: Prf, domain: str, value: bytes, *, keep_magic: bool) -> bytes:
    """Replace bytes; equal values stay equal, different ones different.

    Args:
        prf: The key's functions.
        domain: Equal values of one domain become equal ones.
        value: What the column holds.
        keep_magic: Leave the bytes in front by which programs know a kind of file.
    """
    found = _MAGIC.match(value) if keep_magic else None
    head = found[0] if found else b""
    rest = value[len(head) :]
    if not rest:
        return value
    if len(rest) > _SHORT:
        return head + prf.stream(domain, rest, len(rest))
    image = prf.permute(
        int.from_bytes(rest, "big"), 1 << 8 * len(rest), domain, f"bytes {len(rest)} {head.hex()}"
    )
    return head + image.to_bytes(len(rest), "big")
