r"""Tables written as the tab-separated text LOAD DATA reads by default.

Takes the records of a shop, gives one file a table. NULL is `\N`; tab, line feed, backslash and
NUL are escaped. The bytes are the character set's own, latin1 as the server means it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from .shop import Shop
from .tables import Table

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\0": "\\0", "\x1a": "\\Z"})
_UNDEFINED_IN_CP1252 = {chr(one): bytes([one]) for one in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file with all rows of one table.

    Attributes:
        table: The table's name.
        path: Where the file lies.
        rows: How many rows it has.
        columns: Its columns, in order.
        charset: Its character set, as the server calls it.
        warnings: How many rows make the server warn, by intention.
    """

    table: str
    path: Path
    rows: int
    columns: tuple[str, ...]
    charset: str
    warnings: int


def write_table(shop: Shop, table: Table, target: Path) -> TableFile:
    """Write one table's file into a folder."""
    path = target / f"{table.name}.tsv"
    rows = warnings = 0
    with path.open("wb") as file:
        for record in table.rows(shop):
            rows += 1
            if table.zero_when_empty and getattr(record, table.zero_when_empty) == "":
                warnings += 1
            file.write(_encode(write_row(table, record), table.charset))
    # The server reads the file as its own user.
    path.chmod(0o644)
    return TableFile(table.name, path, rows, table.columns, table.charset, warnings)


def write_row(table: Table, record: object) -> str:
    """Write one row, with its line end."""
    return "\t".join(_cells(attrgetter(*table.columns)(record))) + "\n"


def _cells(values: tuple[object, ...]) -> Iterator[str]:
    for value in values:
        match value:
            case str():
                yield value.translate(_ESCAPES)
            case None:
                yield "\\N"
            case bytes():
                yield value.hex()
            case float():
                yield repr(value)
            case _:
                yield str(value)


def _encode(line: str, charset: str) -> bytes:
    if charset == "utf8mb4":
        return line.encode()
    return b"".join(_UNDEFINED_IN_CP1252.get(sign) or sign.encode("cp1252") for sign in line)
