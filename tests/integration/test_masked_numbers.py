"""Masked numbers are written as every server gives them back: a load finds no difference."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import MySQLdb
import pytest

from database_servers import ROOT, DatabaseServer
from sandbox.database.expressions import read_expression
from sandbox.masking.assignment import Treatment
from sandbox.masking.columns import ColumnMaskers, spelling_of
from sandbox.masking.prf import Prf
from sandbox.model import Column

pytestmark = pytest.mark.docker

TYPES = (
    "float", "float unsigned", "float zerofill", "float(7,2)", "float(10,2)", "float(12,8)",
    "double", "double unsigned", "double zerofill", "double(9,3)", "double(18,4)", "double(30,10)",
    "decimal(7,2)", "decimal(7,2) zerofill", "decimal(3,3)", "decimal(65,30)", "decimal(20,0)",
    "tinyint", "tinyint unsigned", "int(5) zerofill", "bigint", "bigint unsigned",
)  # fmt: skip
NUMBERS = 1000
MASKERS = (
    ("digits", {}),
    ("coordinate", {}),
    *(("generalise", {"unit": unit}) for unit in ("0.1", "0.3", "7", "100", "1e9")),
)


def random_number(rng: random.Random) -> str:
    """Draw a number of any magnitude, with as many digits as people or as machines write."""
    kind = rng.randrange(5)
    sign = rng.choice(("", "-"))
    if kind == 0:
        return f"{sign}{rng.randrange(10 ** rng.randrange(1, 12))}"
    if kind == 1:
        return f"{sign}{rng.uniform(0, 10 ** rng.randrange(-3, 9)):.{rng.randrange(5)}f}"
    if kind == 2:
        return f"{sign}{rng.randrange(1, 100)}e{rng.randrange(-45, 39)}"
    if kind == 3:
        return f"{sign}{rng.random()!r}e{rng.randrange(-18, 20)}"
    return f"{sign}{rng.random()!r}e{rng.randrange(-307, 308)}"


class Table:
    """A table with a column of each type, and one for what becomes of them."""

    def __init__(self, connection: Any, database: str) -> None:
        self._connection = connection
        definitions = ", ".join(f"c{place} {declared}" for place, declared in enumerate(TYPES))
        for name in ("production", "masked"):
            self._run(f"CREATE TABLE {name} (id INT PRIMARY KEY, {definitions})")
        rows = self._run(
            "SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE FROM information_schema.COLUMNS WHERE"
            f" TABLE_SCHEMA = '{database}' AND TABLE_NAME = 'masked' AND COLUMN_NAME <> 'id'"
        )
        self.columns = [Column(*(one.decode() for one in row)) for row in rows]

    def write(self, table: str, column: Column, values: Iterable[bytes | None]) -> int:
        """Put values into a column, row by row, and tell how many the server complained of."""
        rows = [
            f"({place}, {'NULL' if value is None else repr(value.decode())})"
            for place, value in enumerate(values)
        ]
        self._run(f"DELETE FROM {table}")
        self._run(f"INSERT IGNORE INTO {table} (id, {column.name}) VALUES {', '.join(rows)}")
        return len(self._run("SHOW WARNINGS"))

    def read(self, table: str, column: Column) -> list[bytes | None]:
        """Read a column as an export does."""
        found = self._run(f"SELECT {read_expression(column)} FROM {table} ORDER BY id")
        return [value for (value,) in found]

    def _run(self, sql: str) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())


@pytest.fixture(scope="module")
def table(database_server: DatabaseServer) -> Iterator[Table]:
    database = database_server.make_database()
    # Without the driver's own idea of numbers.
    connection = MySQLdb.connect(
        host="127.0.0.1",
        port=database_server.port,
        user="root",
        passwd=ROOT,
        db=database,
        conv={},
        use_unicode=False,
        autocommit=True,
        connect_timeout=10,
    )
    with connection:
        yield Table(connection, database)


@pytest.mark.parametrize("place", range(len(TYPES)), ids=TYPES)
def test_what_is_written_of_a_masked_number_is_what_comes_back(table: Table, place: int) -> None:
    column, rng = table.columns[place], random.Random(place)  # noqa: S311 - reproducible
    table.write("production", column, [random_number(rng).encode() for _ in range(NUMBERS)])
    cells = table.read("production", column)
    assert len(set(cells)) > NUMBERS // 50
    for masker, options in MASKERS:
        if masker == "coordinate" and column.is_integer:
            continue
        treatment = Treatment(masker, "words", "rule", options)
        mask = ColumnMaskers(Prf(b"key"), (), ()).simple(
            column, treatment, spelling_of(column, is_unique=False)
        )
        written = {cell: mask(cell) for cell in cells if cell is not None}
        masked = [written[cell] for cell in cells if cell is not None]
        assert table.write("masked", column, masked) == 0, f"{masker} {options}"
        back = table.read("masked", column)
        differing = [pair for pair in zip(masked, back, strict=True) if pair[0] != pair[1]]
        assert differing == [], f"{masker} {options}"
        if masker == "digits":
            # One-to-one, as numbers: 0 and -0 are one.
            assert len(set(map(Decimal, map(bytes.decode, masked)))) == len(
                set(map(Decimal, (cell.lstrip(b"0").decode() or "0" for cell in written)))
            )
