"""The rows of a bundle's table one after the other, each with what it came for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sandbox.bundle.manifest import PartEntry, TableEntry
from sandbox.bundle.reader import Bundle
from sandbox.bundle.reasons import ReasonEntry
from sandbox.bundle.tsv import decode_cell
from sandbox.errors import BundleInvalid
from sandbox.model import Cell

Fields = Sequence[bytes]
_KEYLESS_SHOWN = 3  # columns of a row that no key tells apart


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a bundle.

    Attributes:
        table: Its table.
        place: Which of the table's rows it is, from 0: what tells it from others that are equal.
        cells: Some of its cells, by column.
        reason: What it came for; None where nobody knows.
    """

    table: str
    place: int
    cells: Mapping[str, Cell] = field(repr=False)
    reason: ReasonEntry | None


def rows_of(bundle: Bundle, table: TableEntry, part: PartEntry) -> Iterator[tuple[int, Fields]]:
    """Give the rows of a part: the number of what each came for, and its fields as they stand.

    Use none of it before the last one has come: damage is found by then.

    Raises:
        BundleInvalid: The part, or what tells of its reasons, is not what the manifest says.
    """
    numbers = _numbers(bundle, table, part)
    for line in _lines(bundle.read_part(table, part)):
        number = next(numbers, None)
        if number is None:
            raise BundleInvalid(f"{part.path} has more rows than reasons.")
        yield number, line.split(b"\t")
    if next(numbers, None) is not None:  # read on in any case: the digest is checked at the end
        raise BundleInvalid(f"{part.path} has fewer rows than reasons.")


def first_places(table: TableEntry) -> Iterator[tuple[PartEntry, int]]:
    """Give each part with the place of its first row."""
    place = 0
    for part in table.parts:
        yield part, place
        place += part.rows


class Columns:
    """Some columns of a table, taken out of the fields of a line."""

    def __init__(self, table: TableEntry, names: Sequence[str]) -> None:
        places = {column.name: at for at, column in enumerate(table.columns)}
        self._places = [(name, places[name]) for name in dict.fromkeys(names)]

    def cells(self, fields: Fields) -> dict[str, Cell]:
        """Give the cells by column."""
        return {name: decode_cell(fields[at]) for name, at in self._places}


def shown_columns(table: TableEntry) -> list[str]:
    """Give the columns that a row is named by: its key, else its first ones."""
    return list(table.identity) or [one.name for one in table.columns[:_KEYLESS_SHOWN]]


def _numbers(bundle: Bundle, table: TableEntry, part: PartEntry) -> Iterator[int]:
    for rows, number in bundle.read_reasons(table, part):
        for _ in range(rows):
            yield number


def _lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    begun: list[bytes] = []  # joined once: a cell may be longer than many blocks
    for block in blocks:
        first, *others = block.split(b"\n")
        begun.append(first)
        if others:
            yield b"".join(begun)
            *whole, last = others
            yield from whole
            begun = [last]
