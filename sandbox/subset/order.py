"""The order in which rows are drawn whose key is one whole number.

Each key has a place in it, which only the secret tells, and which neither other keys nor the growth
of the table change. The order is read both ways: the place of a key, and the keys of the first
places, whether rows have them or not. By the second a few rows are drawn without a look at all
keys.

Numbers are cut into blocks: 0 to 255, then from each power of two to the next, and the same below
zero. Within a block a keyed permutation (multiplications and shifts, as in the finalizer of Austin
Appleby's MurmurHash3) gives each number a rank; its place is its rank over the block's size. So
the first places hold the same part of each block, as a stratified sample does.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Self

from sandbox.subset.keys import RowKey

_BITS = 64
PLACES = 1 << _BITS
_FIRST_BITS = 8  # of the block that begins at 0: smaller ones would hardly be an order
_ROUNDS = 4
_BYTES = 8  # of a constant


@dataclass(frozen=True, slots=True, repr=False)
class _Block:
    """Numbers that are permuted among themselves.

    Attributes:
        start: Its first number.
        bits: Its size is 2 to this power.
        shift: How far behind the beginning of their share of the places its ranks stand.
        rounds: What is exclusive-or'd, the factor, and what undoes the factor, round by round.
    """

    start: int
    bits: int
    shift: int
    rounds: tuple[tuple[int, int, int], ...]

    @classmethod
    def made(cls, secret: bytes, table: str, start: int, bits: int) -> Self:
        """Derive the constants of a block."""
        about = f"{table}\0{start}".encode()
        size = 1 << bits
        wanted = 2 * _ROUNDS * _BYTES
        drawn = blake2b(about, key=secret, person=b"sandbox-order", digest_size=wanted).digest()
        parts = [
            int.from_bytes(drawn[at : at + _BYTES], "big") % size for at in range(0, wanted, _BYTES)
        ]
        factors = [part | 1 for part in parts[_ROUNDS:]]  # odd ones can be undone
        rounds = tuple(
            (part, factor, pow(factor, -1, size))
            for part, factor in zip(parts[:_ROUNDS], factors, strict=True)
        )
        shift = blake2b(about, key=secret, person=b"sandbox-shift", digest_size=_BYTES).digest()
        return cls(start, bits, int.from_bytes(shift, "big") % (PLACES >> bits), rounds)

    def place(self, number: int) -> int:
        """Give the place of one of its numbers."""
        mask, half = (1 << self.bits) - 1, (self.bits + 1) // 2
        rank = number - self.start
        for part, factor, _ in self.rounds:
            rank = ((rank ^ part) * factor) & mask
            rank ^= rank >> half
        return (rank << (_BITS - self.bits)) + self.shift

    def in_order(self) -> Iterator[tuple[int, int]]:
        """Give its places and numbers, the first place first."""
        mask, half = (1 << self.bits) - 1, (self.bits + 1) // 2
        backwards = self.rounds[::-1]
        for rank in range(1 << self.bits):
            number = rank
            for part, _, undone in backwards:
                number ^= number >> half
                number = ((number * undone) & mask) ^ part
            yield (rank << (_BITS - self.bits)) + self.shift, self.start + number


class DrawingOrder:
    """The order of one table's keys.

    Args:
        secret: Decides the order.
        table: The table's name.
    """

    def __init__(self, secret: bytes, table: str) -> None:
        self._secret = secret
        self._table = table
        self._blocks: dict[int, _Block] = {}

    def place(self, key: RowKey) -> int:
        """Give the place of a key: 0 to 2**64 - 1, evenly spread over all secrets."""
        if not isinstance(key, int):
            raise TypeError("a key of one integer column is an int")
        return self._block(key).place(key)

    def first(self, low: int, high: int) -> Iterator[int | None]:
        """Give the numbers from `low` to `high`, the first place first.

        None stands for a number outside of them that had to be looked at.
        """
        blocks = []
        at = low
        while at <= high:
            block = self._block(at)
            blocks.append(block.in_order())
            at = block.start + (1 << block.bits)
        for _, number in heapq.merge(*blocks):
            yield number if low <= number <= high else None

    def _block(self, key: int) -> _Block:
        counted = key if key >= 0 else ~key
        bits = max(counted.bit_length() - 1, _FIRST_BITS)
        start = 1 << bits if counted >> _FIRST_BITS else 0
        if key < 0:
            start = -start - (1 << bits)
        if start not in self._blocks:
            self._blocks[start] = _Block.made(self._secret, self._table, start, bits)
        return self._blocks[start]
