"""Sets of row keys: compressed bitmaps for whole numbers, for all else objects, and a file.

A row's key is what tells it from every other row of its table, as the row itself holds it. Keys
are always read from the row they belong to, never taken from a child's column: the server compares
text by collation, and two spellings that are equal to it are two different sets of bytes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Protocol

from pyroaring import BitMap64

from sandbox.model import Cell, Table
from sandbox.subset.spilled import SpilledKeys

RowKey = int | bytes | tuple[int | bytes, ...]
_DIGEST = 16  # bytes: two different rows of one table do not share a digest by chance
_HALF = 1 << 63  # moves negative numbers into the unsigned range of a bitmap, in order


class KeySet(Protocol):
    """A set of the keys of one table's rows, each of which bears a mark: a small number."""

    def add_new(self, keys: Iterable[RowKey]) -> list[RowKey]:
        """Add keys and give those that were not there, each once, in the order they came."""

    def mark(self, keys: Collection[RowKey], number: int) -> None:
        """Mark keys of the set; a key that nobody marked bears 0."""

    def marks_of(self, keys: Sequence[RowKey]) -> list[int]:
        """Give the marks of some keys of the set."""

    def __contains__(self, key: RowKey) -> bool: ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[RowKey]:
        """Give the keys in ascending order."""


class WholeNumbers:
    """Keys of a table whose identity is one integer column.

    Ten million keys take some 5 to 20 MB, where a Python set takes 600. Marks take as much again
    at most: each but 0 is a bitmap of its own.
    """

    def __init__(self) -> None:
        self._low = BitMap64()
        self._high = BitMap64()  # unsigned BIGINT beyond 2**63
        self._marked: dict[int, tuple[BitMap64, BitMap64]] = {}

    def add_new(self, keys: Iterable[RowKey]) -> list[RowKey]:
        """Add keys and give those that were not there."""
        new: list[RowKey] = []
        for key in keys:
            bits, number = self._placed(key)
            if number not in bits:
                bits.add(number)
                new.append(key)
        return new

    def mark(self, keys: Collection[RowKey], number: int) -> None:
        """Mark keys of the set."""
        some = _bitmaps_of(keys)
        for other, others in self._marked.items():
            if other != number:
                _take_out(others[0], some[0])
                _take_out(others[1], some[1])
        if number:
            own = self._marked.setdefault(number, (BitMap64(), BitMap64()))
            _put_in(own[0], some[0])
            _put_in(own[1], some[1])

    def marks_of(self, keys: Sequence[RowKey]) -> list[int]:
        """Give the marks of some keys of the set."""
        some = _bitmaps_of(keys)
        found: dict[RowKey, int] = {}
        for number, (low, high) in self._marked.items():
            found |= {key - _HALF: number for key in low & some[0]}
            found |= {key + _HALF: number for key in high & some[1]}
        return [found.get(key, 0) for key in keys]

    def __contains__(self, key: RowKey) -> bool:
        bits, number = self._placed(key)
        return number in bits

    def __len__(self) -> int:
        return len(self._low) + len(self._high)

    def __iter__(self) -> Iterator[RowKey]:
        for number in self._low:
            yield number - _HALF
        for number in self._high:
            yield number + _HALF

    def _placed(self, key: RowKey) -> tuple[BitMap64, int]:
        number = _number(key)
        return (self._high, number - _HALF) if number >= _HALF else (self._low, number + _HALF)


def _bitmaps_of(keys: Iterable[RowKey]) -> tuple[BitMap64, BitMap64]:
    numbers = [_number(key) for key in keys]
    return (
        BitMap64([number + _HALF for number in numbers if number < _HALF]),
        BitMap64([number - _HALF for number in numbers if number >= _HALF]),
    )


# One by one: an operation on two bitmaps goes through all of the larger one, which is as long as
# the table where numbers lie far apart, and a mark is often of a single row.
def _take_out(bits: BitMap64, some: BitMap64) -> None:
    for number in bits & some:  # leaps over what is not in both
        bits.discard(number)


def _put_in(bits: BitMap64, some: BitMap64) -> None:
    for number in some:
        bits.add(number)


def _number(key: RowKey) -> int:
    if not isinstance(key, int):
        raise TypeError("a key of one integer column is an int")
    return key


class OtherKeys:
    """Keys of any other form: in memory while they are few, else on disk.

    Args:
        most: How many stay in memory. A Python object takes some 200 bytes for each.
    """

    def __init__(self, most: int = 100_000) -> None:
        self._most = most
        self._marks: dict[RowKey, int] = {}
        self._spilled: SpilledKeys | None = None

    def add_new(self, keys: Iterable[RowKey]) -> list[RowKey]:
        """Add keys and give those that were not there."""
        if self._spilled is not None:
            return self._spilled.add_new(keys)
        new: list[RowKey] = []
        for key in keys:
            if key not in self._marks:
                self._marks[key] = 0
                new.append(key)
        if len(self._marks) > self._most:
            self._spill()
        return new

    def mark(self, keys: Collection[RowKey], number: int) -> None:
        """Mark keys of the set."""
        if self._spilled is not None:
            self._spilled.mark(keys, number)
            return
        self._marks.update(dict.fromkeys(keys, number))

    def marks_of(self, keys: Sequence[RowKey]) -> list[int]:
        """Give the marks of some keys of the set."""
        if self._spilled is not None:
            return self._spilled.marks_of(keys)
        return [self._marks[key] for key in keys]

    def __contains__(self, key: RowKey) -> bool:
        return key in (self._marks if self._spilled is None else self._spilled)

    def __len__(self) -> int:
        return len(self._marks if self._spilled is None else self._spilled)

    def __iter__(self) -> Iterator[RowKey]:
        if self._spilled is not None:
            return iter(self._spilled)
        # The keys of one table all have one form, which compares with itself.
        return iter(sorted(self._marks))

    def _spill(self) -> None:
        self._spilled = SpilledKeys()
        by_mark: dict[int, list[RowKey]] = {}
        for key, mark in self._marks.items():
            by_mark.setdefault(mark, []).append(key)
        self._spilled.add_new(sorted(self._marks))
        for mark, some in by_mark.items():
            if mark:
                self._spilled.mark(some, mark)
        self._marks = {}


def key_set_for(table: Table) -> KeySet:
    """Give an empty set for the keys of a table's rows."""
    identity = table.identity
    return WholeNumbers() if len(identity) == 1 and identity[0].is_integer else OtherKeys()


def keys_of(table: Table, columns: Sequence[Sequence[Cell]]) -> list[RowKey]:
    """Give the keys of some rows.

    Args:
        table: Whose rows they are.
        columns: The cells of the table's identity, column by column; those of all its stored
            columns where it has no identity.
    """
    identity = table.identity
    if not identity:
        return [row_digest(row) for row in zip(*columns, strict=True)]
    typed = [
        [int(cell or b"0") for cell in cells]
        if column.is_integer
        else [cell or b"" for cell in cells]
        for column, cells in zip(identity, columns, strict=True)
    ]
    return list(typed[0]) if len(typed) == 1 else list(zip(*typed, strict=True))


def row_digest(row: Sequence[Cell]) -> bytes:
    """Give a digest of a whole row: its key where nothing else tells it apart.

    Rows that are equal in every column share it, and are taken or left together.
    """
    digest = blake2b(digest_size=_DIGEST)
    for cell in row:
        digest.update(b"\0" if cell is None else b"\1%d:" % len(cell) + cell)
    return digest.digest()


def draw(secret: bytes, table: str, key: RowKey) -> int:
    """Draw a number from 0 to 2**64 - 1 for a row: the same every week, unknown without the secret.

    Membership by keyed hash is how a sample stays stable; the idea is that of consistent sampling
    by bottom-k sketches (Cohen and Kaplan, 2007).
    """
    hashed = blake2b(digest_size=8, key=secret, person=b"sandbox-sample")
    hashed.update(f"{table}\0{key!r}".encode())
    return int.from_bytes(hashed.digest(), "big")
