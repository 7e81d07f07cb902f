"""Bytes that a text column of the target cannot take back, replaced before the server sees them.

Old servers let bytes into UTF-8 columns that no server of today lets in: MariaDB would make a
question mark of each, MySQL would drop them with all that follows. Nothing that a client can send
brings them in (`docs/load.md`), so each becomes ``?``, length kept, and is counted as a loss.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sandbox.bundle.manifest import TableEntry
from sandbox.bundle.tsv import decode_cell, encode_cell, sum_of_lines
from sandbox.model import Family

_UTF8 = frozenset({"utf8mb4", "utf8mb3", "utf8"})
_THREE_BYTES = frozenset({"utf8mb3", "utf8"})
_HIGH = re.compile(rb"[\x80-\xff]")
_FOUR_BYTES = re.compile(rb"[\xf0-\xf4]")
_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_STRICT, _LENIENT = "sandbox.question", "sandbox.question.surrogates"


@dataclass(slots=True)
class Losses:
    """What was changed while a table was sent.

    Attributes:
        cells: By column, how many cells were changed.
        sum_change: What the changes add to the sum of the table's rows.
    """

    cells: dict[str, int] = field(default_factory=dict)
    sum_change: int = 0


class Repair:
    """Makes the text of a table's parts such that the server stores every byte of it.

    Args:
        table: The table.
        family: The server's family.
    """

    def __init__(self, table: TableEntry, family: Family) -> None:
        checked = _UTF8 if family is Family.MARIADB else _UTF8 | {"ascii"}
        self._columns = tuple(
            (position, column.name, column.charset.lower())
            for position, column in enumerate(table.columns)
            if column.charset.lower() in checked
        )
        charsets = {charset for _, _, charset in self._columns}
        self._lenient = family is Family.MARIADB
        self._ascii = "ascii" in charsets
        self._three_bytes = bool(charsets & _THREE_BYTES)
        self.losses = Losses()

    def apply(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Give the blocks of a part as the server is to get them."""
        if not self._columns:
            yield from blocks
            return
        rest = b""
        for block in blocks:
            lines, end, begun = block.rpartition(b"\n")
            if end:
                yield self._repaired(rest + lines + end)
                rest = begun
            else:
                rest += block
        if rest:
            yield rest

    def _repaired(self, text: bytes) -> bytes:
        if self._is_plainly_fine(text):
            return text
        return b"\n".join(self._line(line) for line in text.split(b"\n"))

    def _is_plainly_fine(self, text: bytes) -> bool:
        """Tell whether the whole text, columns of all character sets, is text that all take."""
        if text.isascii():
            return True
        if self._ascii or (self._three_bytes and _FOUR_BYTES.search(text)):
            return False
        try:
            text.decode()
        except UnicodeDecodeError:
            return False
        return True

    def _line(self, line: bytes) -> bytes:
        if line.isascii():
            return line
        fields = line.split(b"\t")
        changed = False
        for position, name, charset in self._columns:
            cell = decode_cell(fields[position])
            if cell is None or cell.isascii():
                continue
            stored = as_text(cell, charset, lenient=self._lenient)
            if stored != cell:
                fields[position] = encode_cell(stored)
                self.losses.cells[name] = self.losses.cells.get(name, 0) + 1
                changed = True
        if not changed:
            return line
        repaired = b"\t".join(fields)
        self.losses.sum_change += sum_of_lines([repaired]) - sum_of_lines([line])
        return repaired


def as_text(cell: bytes, charset: str, *, lenient: bool) -> bytes:
    r"""Give a cell with a question mark for each byte that its character set cannot hold.

    Args:
        cell: The bytes.
        charset: ``utf8mb4``, ``utf8mb3``, ``utf8`` or ``ascii``.
        lenient: Whether the server takes surrogates in UTF-8 for text, as MariaDB does.

    >>> as_text(b"a\xc3(\xf0\x9f\x98", "utf8mb4", lenient=True)
    b'a?(???'
    """
    if charset == "ascii":
        return _HIGH.sub(b"?", cell)
    if charset in _THREE_BYTES:
        # A character of four bytes is none there: its bytes are wrong one by one.
        cell = _FOUR_BYTES.sub(b"\xff", cell)
    text = cell.decode("utf-8", _LENIENT if lenient else _STRICT)
    return text.encode("utf-8", "surrogatepass")


def _question(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "?" * (error.end - error.start), error.end


def _question_or_surrogate(error: UnicodeError) -> tuple[str, int]:
    if isinstance(error, UnicodeDecodeError):
        found = _SURROGATE.match(error.object, error.start)
        if found:
            return found[0].decode("utf-8", "surrogatepass"), found.end()
    return _question(error)


codecs.register_error(_STRICT, _question)
codecs.register_error(_LENIENT, _question_or_surrogate)
