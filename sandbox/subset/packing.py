"""The key of a row as bytes that are in order as the keys are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from sandbox.database.conditions import RowKey

_HALF = 1 << 63  # moves the least number of any column to 0
_NUMBER = 9  # bytes of a number: of BIGINT, with sign and without
_ZERO, _ESCAPED, _END = b"\0", b"\0\xff", b"\0\0"


@dataclass(frozen=True, slots=True)
class Packing:
    """How the keys of one table are packed.

    Attributes:
        numbers: For each part of a key whether it is a number.
        single: Whether a key is its only part, not a tuple of parts.
    """

    numbers: tuple[bool, ...]
    single: bool

    @classmethod
    def of(cls, key: RowKey) -> Self:
        """Give the packing of keys of a form."""
        parts = key if isinstance(key, tuple) else (key,)
        return cls(tuple(isinstance(part, int) for part in parts), not isinstance(key, tuple))

    def pack(self, key: RowKey) -> bytes:
        r"""Pack a key: of two keys the lesser one becomes the lesser bytes.

        >>> packing = Packing.of((7, b"a"))
        >>> packing.pack((-1, b"z")) < packing.pack((7, b"a")) < packing.pack((7, b"a\0"))
        True
        """
        return b"".join(
            (part + _HALF).to_bytes(_NUMBER, "big")
            if isinstance(part, int)
            else part.replace(_ZERO, _ESCAPED) + _END
            for part in (key if isinstance(key, tuple) else (key,))
        )

    def unpack(self, packed: bytes) -> RowKey:
        """Give the key again."""
        parts: list[int | bytes] = []
        at = 0
        for is_number in self.numbers:
            if is_number:
                parts.append(int.from_bytes(packed[at : at + _NUMBER], "big") - _HALF)
                at += _NUMBER
                continue
            end = _end(packed, at)
            parts.append(packed[at:end].replace(_ESCAPED, _ZERO))
            at = end + len(_END)
        return parts[0] if self.single else tuple(parts)


def _end(packed: bytes, at: int) -> int:
    """Find where a text ends: each zero of its own has 0xFF behind it."""
    at = packed.index(_ZERO, at)
    while packed[at : at + len(_END)] != _END:
        at = packed.index(_ZERO, at + len(_ESCAPED))
    return at
