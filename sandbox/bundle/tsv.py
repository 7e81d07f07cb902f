r"""Rows as the text that LOAD DATA reads: exact bytes, whatever they are.

Fields end with TAB, lines with LF, NULL is ``\N``. Escaped are backslash, TAB, LF, CR and NUL.
All work is done on whole columns: most columns of most tables need no escape, which five searches
over the joined column tell; where one does, the joined column is escaped and split again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

from sandbox.model import Cell, MaskedBatch

NULL = b"\\N"
_ESCAPES = (
    (b"\\", b"\\\\"),  # first: the others make backslashes
    (b"\t", b"\\t"),
    (b"\n", b"\\n"),
    (b"\r", b"\\r"),
    (b"\0", b"\\0"),
)
# Overlaps with no shifted copy of itself and holds no byte that escaping takes or makes: if a
# joined column holds as many of it as were put in, then all of them are seams.
_SEAM = b"\x01\x02\x03\x04\x05\x06\x07\x08"
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_MEANING = {b"t": b"\t", b"n": b"\n", b"r": b"\r", b"0": b"\0", b"\\": b"\\"}
_ALL_BUT_ENDS = bytes(set(range(256)) - set(b"\t\n"))
# A backslash that means nothing, where no escaped one is left; or NULL that does not stand alone.
_STRAY = re.compile(rb"\\(?:[^tnr0N]|N[^\t\n]|N(?<![\t\n]\\N))")


def encode_rows(batch: MaskedBatch) -> tuple[bytes, int]:
    """Give the lines of a batch, and how many they are.

    Raises:
        ValueError: The batch has no columns, or columns of different lengths.
    """
    return encode_columns(batch.cells)


def encode_columns(columns: Sequence[Sequence[Cell]]) -> tuple[bytes, int]:
    """Give the lines of rows that are no batch: of a replica, read back.

    Raises:
        ValueError: As for `encode_rows`.
    """
    if not columns:
        raise ValueError("a batch without columns has no rows")
    escaped = [_escape_column(cells) for cells in columns]
    lines = list(map(b"\t".join, zip(*escaped, strict=True)))
    if not lines:
        return b"", 0
    lines.append(b"")
    return b"\n".join(lines), len(lines) - 1


def decode_cell(field: bytes) -> Cell:
    r"""Give the cell that a field of a line stands for.

    >>> decode_cell(rb"a\tb"), decode_cell(NULL)
    (b'a\tb', None)

    Raises:
        ValueError: It holds an escape that this format does not know.
    """
    if field == NULL:
        return None
    if b"\\" not in field:
        return field
    try:
        return _ESCAPED.sub(lambda found: _MEANING[found[1]], field)
    except KeyError:
        raise ValueError("an unknown escape in a field") from None


def encode_cell(cell: Cell) -> bytes:
    r"""Give the field for one cell; `encode_rows` does whole columns.

    >>> encode_cell(None), encode_cell(b"a\tb")
    (b'\\N', b'a\\tb')
    """
    return NULL if cell is None else _escape(cell)


class Lines:
    """Checks text that comes in blocks: so many fields in every line, and every one decodes.

    Blocks end anywhere. Nothing of one is right to use before it was taken.

    Args:
        fields: How many each line has to have.
    """

    def __init__(self, fields: int) -> None:
        self._ends = b"\t" * (fields - 1) + b"\n"
        self._begun = b""  # the ends of fields of a line whose own end has not come
        self._tail = b"\n"  # what the sense of the next block's first bytes hangs on
        self.rows = 0

    def take(self, block: bytes) -> None:
        """Check what comes next.

        Raises:
            ValueError: It is wrong, and says how.
        """
        ends = self._begun + block.translate(None, _ALL_BUT_ENDS)
        rows, begun = divmod(len(ends), len(self._ends))
        if ends != self._ends * rows + self._ends[:begun]:
            raise ValueError("has rows with more or fewer fields than columns")
        self._begun = self._ends[:begun]
        self.rows += rows
        self._check_bytes(block)

    def end(self) -> None:
        """Check that the last line was ended.

        Raises:
            ValueError: It was not.
        """
        if self._tail != b"\n":
            raise ValueError("ends within a row")

    def _check_bytes(self, block: bytes) -> None:
        if b"\r" in block or b"\0" in block:
            raise ValueError("has bytes that have to be escaped")
        text = self._tail + block
        length = 1
        if b"\\" in text:
            if _STRAY.search(text):  # perhaps half an escaped backslash; few texts hold any
                text = text.replace(b"\\\\", b"..")
                if _STRAY.search(text):
                    raise ValueError("has an escape that means nothing")
            length = 3 if text.endswith(b"\\N") else 2 if text.endswith(b"\\") else 1
        self._tail = text[-length:]


class LinesSum:
    """Adds up the checksum of lines that come in blocks; see `sum_of_lines`."""

    def __init__(self) -> None:
        self._begun = _hash_of_line(b"")
        self._total = 0

    def take(self, block: bytes) -> None:
        """Add what comes next; blocks end anywhere."""
        first, *others = block.split(b"\n")
        self._begun.update(first)
        if others:
            *lines, begun = others
            self._total += int.from_bytes(self._begun.digest(), "big") + sum_of_lines(lines)
            self._begun = _hash_of_line(begun)

    @property
    def total(self) -> int:
        """The sum over all lines that were ended."""
        return self._total % 2**64


def sum_of_lines(lines: Iterable[bytes]) -> int:
    """Give the checksum of lines (without their LF) that does not depend on their order."""
    hashed = (_hash_of_line(line).digest() for line in lines)
    return sum(int.from_bytes(one, "big") for one in hashed) % 2**64


def _hash_of_line(line: bytes) -> hashlib.blake2b:
    return hashlib.blake2b(line, digest_size=8)


def _escape_column(cells: Sequence[Cell]) -> Sequence[bytes]:
    present = [cell for cell in cells if cell is not None]
    escaped = _escape_cells(present)
    if len(present) == len(cells):
        return escaped
    following = iter(escaped)
    return [NULL if cell is None else next(following) for cell in cells]


def _escape_cells(cells: list[bytes]) -> list[bytes]:
    joined = _SEAM.join(cells)
    if not any(taken in joined for taken, _ in _ESCAPES):
        return cells
    if joined.count(_SEAM) == len(cells) - 1:
        return _escape(joined).split(_SEAM)
    return [_escape(cell) for cell in cells]


def _escape(text: bytes) -> bytes:
    for taken, escape in _ESCAPES:
        text = text.replace(taken, escape)
    return text
