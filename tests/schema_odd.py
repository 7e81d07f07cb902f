"""Odd rows in made schemas: planted by hand-written SQL, counted by SQL that knows nothing of us.

The conditions hold before masking and after it, for masking keeps what is odd about a value.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

from schema_made import Made, MadeSchema, MadeTable, Relation, literal
from schema_values import KINDS

Ask = Callable[[str], Sequence[tuple[object, ...]]]
Where = tuple[str, str, str]  # table, column, class
COUNTS = (1, 2, 5)
GONE = 4_000_000_000  # beyond every key that was made
_MOD_97 = "CAST(CONCAT(SUBSTR({c}, 5), '1314', SUBSTR({c}, 3, 2)) AS DECIMAL(65)) % 97"
_LUHN = " + ".join(
    f"MOD({1 + place % 2} * SUBSTR({{c}}, -{place + 1}, 1), 10)"
    f" + ({1 + place % 2} * SUBSTR({{c}}, -{place + 1}, 1) > 9)"
    for place in range(16)
)
_NUMBERS = ("0[0-9]+", "[0-9]+[eE][0-9]+", "0[xX][0-9a-fA-F]+", "[0-9]+[.][0-9]{{3}},[0-9]+")


def _has(*bytes_: str) -> str:
    return " OR ".join(f"INSTR(CAST({{c}} AS BINARY), X'{one}') > 0" for one in bytes_)


TEXT = {
    "empty": "LENGTH({c}) = 0",
    "text zero": "HEX({c}) = '30'",
    "blank": "HEX({c}) REGEXP '^(20|09|C2A0)+$'",
    "space at an end": "({c} LIKE ' %' OR {c} LIKE '% ') AND TRIM({c}) <> ''",
    "space inside": f"TRIM({{c}}) LIKE '%_  _%' OR {_has('C2A0')}",
    "control character": _has("07"),
    "invisible character": _has("E2808B", "EFBBBF"),
    "combining character": _has("CC88"),
    "four bytes": _has("F09F"),
    "right to left": _has("D7"),
    "doubly encoded": _has("C383C2"),
    "like a number": " OR ".join(f"{{c}} REGEXP '^{one}$'" for one in _NUMBERS),
    "like nothing": "LOWER({c}) IN ('null', 'undefined', 'nan', 'n/a')",
}
NUMBER = {"zero": "{c} = 0", "negative": "{c} < 0"}
DATE = {
    "zero date": "CAST({c} AS CHAR) LIKE '0000-00-00%'",
    "part of a date": "CAST({c} AS CHAR) REGEXP '^[1-9][0-9]{{3}}-(00|(0[1-9]|1[0-2])-00)'",
    "impossible date": "CAST({c} AS CHAR) REGEXP '-02-3|-(02|04|06|09|11)-31'",
    "far date": "YEAR({c}) > 2099 OR YEAR({c}) BETWEEN 1 AND 1899",
    "first second": "CAST({c} AS CHAR) LIKE '1970-01-01%'",
}
BY_DECLARED = {
    "VARCHAR": TEXT, "TEXT": TEXT, "LONGTEXT": TEXT, "DECIMAL": NUMBER, "DOUBLE": NUMBER,
    "TINYINT": NUMBER, "SMALLINT": NUMBER, "INT": NUMBER, "BIGINT": NUMBER,
    "DATE": DATE, "DATETIME": DATE, "TIMESTAMP": DATE,
    "TIME": {"beyond a day": "{c} < '00:00:00' OR {c} > '23:59:59'"},
    "ENUM": {"outside its list": "{c} + 0 = 0", "rare member": "{c} = 'held'"},
    "SET": {"no member": "{c} + 0 = 0", "rare member": "FIND_IN_SET('hidden', {c}) > 0"},
}  # fmt: skip
BY_KIND = {
    "mail": {"broken mail": "{c} NOT REGEXP '^[^@ ]+@[^@ ]+[.][a-z]+$'"},
    "iban": {"broken IBAN": f"{_MOD_97} <> 1"},
    "card": {"broken card": f"LENGTH({{c}}) = 16 AND ({_LUHN}) % 10 <> 0"},
    "json": {"broken JSON": "{c} <> '' AND JSON_VALID({c}) = 0"},
    "serialized": {"broken serialize": "TRIM({c}) <> '' AND {c} NOT LIKE '%}}'"},
    "base64": {"broken Base64": "LENGTH({c}) % 4 <> 0"},
    "gzip": {"broken gzip": "HEX({c}) LIKE '1F8B%' AND LENGTH({c}) = 14"},
    "int": {"limit of the type": "{c} IN (-2147483648, 2147483647)"},
    "small": {"limit of the type": "{c} IN (-32768, 32767)"},
}
# What is written where, as SQL. A column of a kind takes each of them; one class may look like this
# or like that.
VALUES: Mapping[str, Mapping[str, str]] = {
    "text": {
        "empty": "''",
        "text zero": "'0'",
        "blank": "'  '",
        "space at an end": "CONCAT({c}, ' ')",
        "space inside": "CONCAT({c}, '  mo')",
        "space inside: hard": "CONCAT({c}, _utf8mb4 X'C2A0', 'mo')",
        "control character": "CONCAT('Muto', CHAR(7 USING utf8mb4), 'ra ', {c})",
        "invisible character": "CONCAT(_utf8mb4 X'E2808B', {c})",
        "combining character": "_utf8mb4 X'4D75CC88746F'",
        "four bytes": "CONCAT({c}, _utf8mb4 X'20F09F9880')",
        "right to left": "_utf8mb4 X'D7A9D79CD795D79D'",
        "doubly encoded": "_utf8mb4 X'4DC383C2BC746F'",
    },
    "kept": {
        "like a number": "'00743'",
        "like a number: exponent": "'1e5'",
        "like a number: hexadecimal": "'0x1A'",
        "like a number: thousands": "'1.234,50'",
        "like nothing": "'NULL'",
    },
    "number": {"zero": "0", "negative": "-5"},
    "limit": {"limit of the type": "9e18"},  # cut off at what the column holds
    "date": {
        "zero date": "'0000-00-00'",
        "part of a date": "'2021-00-00'",
        "impossible date": "'2021-02-30'",
        "far date": "'9999-12-31'",
        "first second": "'1970-01-01'",
    },
    "time": {"beyond a day": "'-01:00:00'"},
    "enum": {"outside its list": "'none of these'", "rare member": "'held'"},
    "set": {"no member": "''", "rare member": "'hidden'"},
    "mail": {"broken mail": "'tomu.rasi@post'"},
    "iban": {"broken IBAN": "CONCAT(SUBSTR({c}, 1, 21), MOD(SUBSTR({c}, 22) + 1, 10))"},
    "card": {"broken card": "CONCAT(SUBSTR({c}, 1, 15), MOD(SUBSTR({c}, 16) + 1, 10))"},
    "json": {"broken JSON": "SUBSTR({c}, 1, 12)"},
    "serialized": {"broken serialize": "SUBSTR({c}, 1, 18)"},
    "base64": {"broken Base64": "SUBSTR({c}, 1, 26)"},
    "gzip": {"broken gzip": "SUBSTR({c}, 1, 14)"},
}


@dataclass(frozen=True)
class Odd:
    """Values of a class that are in a column, or rows that are odd in a relation."""

    table: str
    column: str
    name: str
    rows: int


class Planter:
    """Plants odd values and relations; no row of a column takes two."""

    def __init__(self, schema: MadeSchema, seed: int = 5) -> None:
        self._schema = schema
        self._rng = random.Random(seed)  # noqa: S311 - reproducible, not secret
        self._counts = cycle(COUNTS)
        self._free: dict[tuple[str, str], list[int]] = {}
        self.planted: list[Odd] = []
        self.statements = ["SET sql_mode = 'ALLOW_INVALID_DATES', foreign_key_checks = 0"]

    def plant(self, kind: str, *places: str) -> None:
        """Plant every value of a kind in each of some columns: in 1, 2 or 5 rows."""
        for turn, (name, value) in enumerate(VALUES[kind].items()):
            for place in range(len(places)):
                at = places[(turn + place) % len(places)]
                self.plant_value(at, name, value, next(self._counts))

    def plant_value(self, place: str, name: str, value: str, count: int) -> None:
        table, _, column = place.partition(".")
        rows = ", ".join(map(str, self._take(table, column, count)))
        (key,) = self._schema.tables[table].primary
        self.statements.append(
            f"UPDATE IGNORE {table} SET {column} = {value.format(c=column)} WHERE {key} IN ({rows})"
        )
        self.planted.append(Odd(table, column, name.partition(":")[0], count))

    def variants(self, place: str, padded: str) -> None:
        """Write one word in two cases, and in another column one with a space behind it."""
        self.plant_value(place, "variant", "'Tomare Lu'", 1)
        self.plant_value(place, "variant", "'TOMARE LU'", 1)
        self.plant_value(padded, "variant", "'Runati'", 1)
        self.plant_value(padded, "space at an end", "'Runati '", 1)

    def orphan(self, place: str, count: int, value: str = str(GONE)) -> None:
        self.plant_value(place, "orphan", value, count)

    def self_loop(self, place: str, count: int) -> None:
        table, _, _ = place.partition(".")
        (key,) = self._schema.tables[table].primary
        self.plant_value(place, "self loop", key, count)

    def cycle(self, place: str) -> None:
        """Let two rows refer to each other."""
        table, _, column = place.partition(".")
        (key,) = self._schema.tables[table].primary
        one, other = self._take(table, column, 2)
        for row, to in ((one, other), (other, one)):
            self.statements.append(f"UPDATE {table} SET {column} = {to} WHERE {key} = {row}")
        self.planted.append(Odd(table, column, "cycle", 2))

    def move(self, place: str, name: str, count: int) -> None:
        """Give rows the parent of another row, which all of them now share."""
        table, _, column = place.partition(".")
        (key,) = self._schema.tables[table].primary
        rows = self._take(table, column, count + 1)
        to = next(one[column] for one in self._schema.tables[table].rows if one[key] == rows[0])
        some = ", ".join(map(str, rows[1:]))
        self.statements.append(
            f"UPDATE {table} SET {column} = {literal(to)} WHERE {key} IN ({some})"
        )
        self.planted.append(Odd(table, column, name, count))

    def _take(self, table: str, column: str, count: int) -> list[int]:
        """Choose rows in which the column holds something, by the table's key."""
        made = self._schema.tables[table]
        (key,) = made.primary
        if (table, column) not in self._free:
            numbers = [int(str(row[key])) for row in made.rows if row[column]]
            self._rng.shuffle(numbers)
            self._free[table, column] = numbers
        free = self._free[table, column]
        taken, free[:count] = free[:count], []
        assert len(taken) == count, f"{table}.{column} has too few rows"
        return taken


def conditions_of(column: Made) -> Iterator[tuple[str, str]]:
    """Give the classes that a column may hold, with their conditions."""
    name = f"`{column.name}`"
    declared = KINDS[column.kind].declared
    if column.optional:
        yield "missing", f"{name} IS NULL"
    charset = "latin1" in declared
    for one, condition in {
        **BY_DECLARED.get(declared.partition("(")[0].partition(" ")[0], {}),
        **BY_KIND.get(column.kind, {}),
    }.items():
        if not charset or "X'" not in condition:
            yield one, condition.format(c=name)


def census(tables: Mapping[str, MadeTable], ask: Ask) -> dict[Where, int]:
    """Count the rows of each class in each column."""
    found: dict[Where, int] = {}
    for table in tables.values():
        if not table.rows:
            continue
        asked = [
            (column.name, name, condition)
            for column in table.columns.values()
            for name, condition in conditions_of(column)
        ]
        sums = ", ".join(f"COALESCE(SUM({condition}), 0)" for _, _, condition in asked)
        (counts,) = ask(f"SELECT {sums} FROM {table.name}")
        for (column, name, _), count in zip(asked, counts, strict=True):
            if rows := number_of(count):
                found[table.name, column, name] = rows
    return found


def orphans_of(relation: Relation, key: Sequence[str], ask: Ask) -> list[tuple[object, ...]]:
    """Give the keys of the rows that refer to a parent that is not there."""
    columns = ", ".join(f"c.{name}" for name in key or (relation.column,))
    return list(ask(f"SELECT {columns} FROM {relation.table} c WHERE {relation.orphaned}"))


def number_of(counted: object) -> int:
    """Read a count, in whichever type the driver gives it."""
    return int(float(counted)) if isinstance(counted, bytes) else int(str(counted))


def count_odd_relations(schema: MadeSchema, ask: Ask) -> dict[Where, int]:
    """Count the rows that are odd in each relation, declared or not."""
    found: dict[Where, int] = {}
    for relation in schema.relations:
        for name, sql in _relation_questions(schema, relation):
            ((count,),) = ask(sql)
            if rows := number_of(count):
                found[relation.table, str(relation), name] = rows
    return found


def _relation_questions(schema: MadeSchema, one: Relation) -> Iterator[tuple[str, str]]:
    child, parent = schema.tables[one.table], schema.tables[one.parent]
    if not child.rows or not parent.rows:
        return
    count, met = f"SELECT COUNT(*) FROM {one.table} c", f"p.{one.parent_column} = c.{one.column}"
    yield "orphan", f"{count} WHERE {one.orphaned}"
    if one.table == one.parent:
        own = f"c.{one.column} = c.{one.parent_column}"
        back = f"p.{one.column} = c.{one.parent_column}"
        yield "self loop", f"{count} WHERE {own}"
        yield "cycle", f"{count} JOIN {one.parent} p ON {met} AND {back} WHERE NOT ({own})"
    if one.single:
        shared = f"SELECT 1 FROM {one.table} c GROUP BY c.{one.column} HAVING COUNT(*) > 1"
        yield "second child", f"SELECT COUNT(*) FROM ({shared}) shared"
    if "deleted_at" in parent.columns:
        alive = " AND c.deleted_at IS NULL" if "deleted_at" in child.columns else ""
        gone = f"p.deleted_at IS NOT NULL{alive}"
        yield "child of a deleted parent", f"{count} JOIN {one.parent} p ON {met} WHERE {gone}"


def extremes(tables: Mapping[str, MadeTable], ask: Ask) -> dict[tuple[str, str], object]:
    """Give the least and greatest number or length of each column that is no key of any table."""
    found: dict[tuple[str, str], object] = {}
    for table in tables.values():
        if not table.rows:
            continue
        measured = {}
        keys = {name for key in (table.primary, *table.uniques) for name in key}
        for column in table.columns.values():
            if column.relations or column.name in keys:
                continue
            family = BY_DECLARED.get(KINDS[column.kind].declared.partition("(")[0].split()[0])
            if family is TEXT:
                measured[column.name] = f"NULLIF(LENGTH(`{column.name}`), 0)"
            elif family is NUMBER:
                measured[column.name] = f"`{column.name}`"
        if measured:
            asked = ", ".join(f"MIN({one}), MAX({one})" for one in measured.values())
            (row,) = ask(f"SELECT {asked} FROM {table.name}")
            for place, name in enumerate(measured):
                found[table.name, name] = row[2 * place : 2 * place + 2]
    return found


def count_variants(table: str, column: str, ask: Ask) -> int:
    """Count the values that are written in several ways which the server takes for equal."""
    several = f"HAVING COUNT(DISTINCT CAST({column} AS BINARY)) > 1"
    grouped = f"SELECT 1 FROM {table} GROUP BY {column} {several}"
    ((count,),) = ask(f"SELECT COUNT(*) FROM ({grouped}) several")
    return number_of(count)


def childless(relation: Relation, ask: Ask) -> set[object]:
    """Give the parents that nobody refers to."""
    met = f"c.{relation.column} = p.{relation.parent_column}"
    none = f"NOT EXISTS (SELECT 1 FROM {relation.table} c WHERE {met})"
    key = f"p.{relation.parent_column}"
    return {one for (one,) in ask(f"SELECT {key} FROM {relation.parent} p WHERE {none}")}


def largest_family(table: str, column: str, ask: Ask) -> object:
    """Give the parent that most rows refer to."""
    counted = f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL GROUP BY {column}"
    ((parent,),) = ask(f"{counted} ORDER BY COUNT(*) DESC LIMIT 1")
    return parent
