"""Small schemas drawn at random, and their rows as Python values: what a brute-force oracle walks.

Every kind of key is referred to that InnoDB lets others refer to, by rows that refer to a parent,
to nobody, or to one that is not there.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from itertools import pairwise

import MySQLdb

Value = int | str | None
Row = dict[str, Value]
KINDS = ["number", "pair", "crossed", "text", "coded", "shared", "loose", "none"]
_KEYS = {
    "number": ["id"], "pair": ["b", "a"], "crossed": ["b", "a"], "text": ["code"],
    "coded": ["id"], "shared": ["id"],
}  # fmt: skip
_REFERRED = {
    "pair": ["a", "b"], "crossed": ["a", "b"], "coded": ["code"], "shared": ["s"], "loose": ["u"],
}  # fmt: skip
_TYPES = {"id": "INT", "a": "INT", "b": "INT", "code": "VARCHAR(20)"}
_MORE = {
    "crossed": ["UNIQUE KEY (a, b)"],
    "coded": ["code VARCHAR(20) NOT NULL", "UNIQUE KEY (code)"],
    "shared": ["s INT", "KEY (s)"],
    "loose": ["u INT", "UNIQUE KEY (u)"],
}


@dataclass(frozen=True)
class Collation:
    """How a server compares text.

    Attributes:
        names: What MariaDB and MySQL call it.
        folds: Whether case and accents make no difference.
        pads: Whether spaces at the end make none.
    """

    names: tuple[str, str]
    folds: bool
    pads: bool

    def key(self, value: Value) -> Value:
        """Give what is the same for equal values."""
        if not isinstance(value, str):
            return value
        text = value.rstrip(" ") if self.pads else value
        return text.lower().replace("ó", "o") if self.folds else text


COLLATIONS = [
    Collation(("utf8mb4_unicode_ci", "utf8mb4_unicode_ci"), folds=True, pads=True),
    Collation(("utf8mb4_unicode_nopad_ci", "utf8mb4_0900_ai_ci"), folds=True, pads=False),
    Collation(("utf8mb4_bin", "utf8mb4_bin"), folds=False, pads=True),
    Collation(("utf8mb4_nopad_bin", "utf8mb4_0900_bin"), folds=False, pads=False),
]


@dataclass
class Reference:
    """A reference as the test made it.

    Attributes:
        required: Whether its columns are NOT NULL.
        declared: Whether a constraint says so, or code alone.
        digits: Whether a text holds the parent's number.
        collation: What its text is compared by, where that is not how the parent's is.
        only: The type column of a pair, and what stands in it for this parent.
        index: Whether the child has an index of it that no constraint made.
    """

    columns: list[str]
    parent: str
    required: bool = False
    declared: bool = True
    digits: bool = False
    collation: Collation | None = None
    only: tuple[str, str] | None = None
    index: bool = False

    def is_nobody(self, row: Row) -> bool:
        """Tell whether what stands there, if nobody has that key, means nobody."""
        if self.declared or len(self.columns) > 1:
            return False
        value = row[self.columns[0]]
        return value in ({"", "0"} if self.digits else {"", 0})


@dataclass
class RandomTable:
    """A table as the test made it.

    Attributes:
        kind: Of its key: `crossed` is referred to by another key that has the columns of the
            primary one in another order, `coded` by a unique text beside the primary key, `shared`
            by what several rows share, `loose` by a unique key with NULLs.
    """

    name: str
    kind: str
    references: list[Reference] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    @property
    def key(self) -> list[str]:
        """What tells its rows apart."""
        return _KEYS.get(self.kind, [])

    @property
    def referred(self) -> list[str]:
        """What others refer to."""
        return _REFERRED.get(self.kind, self.key)

    @property
    def is_text(self) -> bool:
        return self.referred == ["code"]

    @property
    def columns(self) -> list[str]:
        more = self.referred if self.kind in {"coded", "shared", "loose"} else []
        held = [
            name
            for one in self.references
            for name in [*one.columns, *([one.only[0]] if one.only else [])]
        ]
        return ["n", *self.key, *more, *dict.fromkeys(held)]


def draw_tables(rng: random.Random) -> list[RandomTable]:
    """Draw some tables that refer to each other, with their rows."""
    tables = [RandomTable(f"t{n}", rng.choice(KINDS)) for n in range(rng.randint(2, 5))]
    for table in tables:
        for number in range(rng.randint(0, 3)):
            parent = rng.choice(tables)
            if parent.kind != "none":
                add_reference(table, number, parent, required=rng.random() < 0.4)
    fill(rng, tables, 30)
    return tables


def hide(rng: random.Random, tables: list[RandomTable]) -> None:
    """Let code alone know of most references, and hold them as schemas without constraints do."""
    by_name = {table.name: table for table in tables}
    numbered = [table for table in tables if table.referred in (["id"], ["u"])]
    for table in tables:
        for reference in table.references:
            parent = by_name[reference.parent]
            if parent.kind != "shared" and rng.random() < 0.8:
                _hide(rng, table, reference, parent)
        if numbered and rng.random() < 0.5:
            _add_pair(rng, table, [rng.choice(numbered), rng.choice(numbered)])


def _hide(
    rng: random.Random, table: RandomTable, reference: Reference, parent: RandomTable
) -> None:
    reference.declared = False
    reference.index = rng.random() < 0.6
    if len(reference.columns) > 1:
        return
    (column,) = reference.columns
    if parent.is_text:
        reference.collation = rng.choice([None, *COLLATIONS])
    else:
        reference.digits = rng.random() < 0.5
    for row in table.rows:
        if row[column] is not None and rng.random() < 0.1:
            row[column] = "" if parent.is_text or (reference.digits and rng.random() < 0.5) else 0
        if reference.digits and row[column] is not None:
            row[column] = str(row[column])


def _add_pair(rng: random.Random, table: RandomTable, parents: list[RandomTable]) -> None:
    """Let a type column say which of two tables a number is of, or another that nobody knows."""
    column, kind = "whose", "whose_kind"
    index = rng.random() < 0.6
    table.references += [
        Reference(
            [column], parent.name, required=True, declared=False, only=(kind, value), index=index
        )
        for parent, value in zip(parents, ["one", "Two"], strict=True)
    ]
    for row in table.rows:
        row[kind] = rng.choice(["one", "One", "Two", "two", "three"])
        chosen = rng.choice(parents)
        values = [one[chosen.referred[0]] for one in chosen.rows]
        row[column] = rng.choice([0, 999_999, *(value for value in values if value is not None)])


def make_chain(rng: random.Random) -> list[RandomTable]:
    """Make thirty tables, each of which refers to the one before."""
    tables = [RandomTable(f"t{n}", rng.choice(KINDS[:-1])) for n in range(30)]
    for parent, table in pairwise(tables):
        add_reference(table, 0, parent, required=rng.random() < 0.5)
    fill(rng, tables, 12)
    return tables


def make_ring(rng: random.Random) -> list[RandomTable]:
    """Make a ring of references that may not be NULL."""
    tables = [RandomTable(f"t{n}", kind) for n, kind in enumerate(rng.sample(KINDS[:6], 4))]
    for parent, table in zip(tables[-1:] + tables, tables, strict=False):
        add_reference(table, 0, parent, required=True)
    fill(rng, tables, 30)
    return tables


def make_selves(rng: random.Random) -> list[RandomTable]:
    """Make tables that refer to themselves several times."""
    tables = [RandomTable(f"t{n}", kind) for n, kind in enumerate(KINDS[:-1])]
    for table in tables:
        for number in range(3):
            add_reference(table, number, table, required=number == 0)
    fill(rng, tables, 20)
    return tables


def add_reference(table: RandomTable, number: int, parent: RandomTable, *, required: bool) -> None:
    # Composite keys are referred to in another order than they were declared in.
    parts = ["a", "b"] if len(parent.referred) > 1 else [""]
    columns = [f"f{number}{part}" for part in parts]
    table.references.append(Reference(columns, parent.name, required))


def fill(rng: random.Random, tables: list[RandomTable], most: int) -> None:
    for table in tables:
        table.rows = [make_row(rng, table, number) for number in range(rng.randint(0, most))]
    by_name = {table.name: table for table in tables}
    for table in tables:
        for row in table.rows:
            for reference in table.references:
                refer(rng, row, reference, by_name[reference.parent])


def make_row(rng: random.Random, table: RandomTable, number: int) -> Row:
    row: Row = {"n": rng.randint(0, 9)}
    if table.kind == "number":
        row["id"] = number - 10
    elif table.kind in {"pair", "crossed"}:
        row |= {"a": number % 5, "b": number}
    elif table.kind == "text":
        row["code"] = f"Kóde {number}"
    elif table.kind == "coded":
        row |= {"id": number, "code": f"Kóde {number}"}
    elif table.kind == "shared":
        row |= {"id": number, "s": number % 4}
    elif table.kind == "loose":
        row["u"] = number if number % 3 else None
    return row


def refer(rng: random.Random, row: Row, reference: Reference, parent: RandomTable) -> None:
    """Refer to a parent, to nobody, or to a parent that does not exist."""
    dice = rng.random()
    if not reference.required and (dice < 0.2 or not parent.rows):
        values: list[Value] = [None] * len(reference.columns)
        if len(values) > 1 and dice < 0.1:
            values[0] = 1  # half a reference is none
    elif dice < 0.3 or not parent.rows:
        values = ["nobody"] if parent.is_text else [999_999] * len(reference.columns)
    else:
        chosen = rng.choice(parent.rows)
        values = [0 if chosen[name] is None else chosen[name] for name in parent.referred]
        if parent.is_text:
            values = [respelled(rng, str(values[0]))]
    row.update(zip(reference.columns, values, strict=True))


def respelled(rng: random.Random, text: str) -> str:
    """Write a text in other bytes: equal to some collations, and not to others."""
    written = rng.choice([text.upper(), text.lower(), text, text, text])
    written = written.replace("Ó", "O").replace("ó", rng.choice("oóó"))
    return written + rng.choice(["", "", "  "])


def create(
    port: int, password: str, database: str, tables: list[RandomTable], how: Collation
) -> None:
    connection = MySQLdb.connect(
        host="127.0.0.1", port=port, user="root", passwd=password, charset="utf8mb4"
    )
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT VERSION()")
        family = int("MariaDB" not in str(cursor.fetchone()))
        collation = how.names[family]
        cursor.execute(f"CREATE DATABASE {database} CHARACTER SET utf8mb4 COLLATE {collation}")
        cursor.execute(f"USE {database}")
        cursor.execute("SET foreign_key_checks = 0")
        cursor.execute("/*!80400 SET restrict_fk_on_non_standard_key = OFF */")
        by_name = {table.name: table for table in tables}
        for table in tables:
            cursor.execute(definition(table, by_name, family))
        for table in tables:
            for row in table.rows:
                names = ", ".join(row)
                marks = ", ".join(["%s"] * len(row))
                cursor.execute(
                    f"INSERT INTO {table.name} ({names}) VALUES ({marks})", list(row.values())
                )
        connection.commit()


def definition(table: RandomTable, by_name: dict[str, RandomTable], family: int) -> str:
    lines = ["n INT NOT NULL", *(f"{column} {_TYPES[column]} NOT NULL" for column in table.key)]
    if table.key:
        lines.append(f"PRIMARY KEY ({', '.join(table.key)})")
    lines += _MORE.get(table.kind, [])
    for number, reference in enumerate(table.references):
        parent = by_name[reference.parent]
        lines += held_by(reference, parent, family)
        if not reference.declared:
            continue
        # InnoDB wants the referred columns in the key's order, whatever order the child has.
        pair = parent.kind == "pair"
        columns = reference.columns[::-1] if pair else reference.columns
        named = parent.key if pair else parent.referred
        lines.append(
            f"CONSTRAINT {table.name}_{number} FOREIGN KEY ({', '.join(columns)}) "
            f"REFERENCES {parent.name} ({', '.join(named)})"
        )
    # A pair has its column once, whatever it refers to.
    return f"CREATE TABLE {table.name} ({', '.join(dict.fromkeys(lines))}) ENGINE=InnoDB"


def held_by(reference: Reference, parent: RandomTable, family: int) -> list[str]:
    """Give the definitions of a reference's columns."""
    kind = "VARCHAR(20)" if parent.is_text or reference.digits else "INT"
    if reference.collation is not None:
        kind += f" COLLATE {reference.collation.names[family]}"
    kind += " NOT NULL" if reference.required else ""
    lines = [f"{column} {kind}" for column in reference.columns]
    columns = reference.columns
    if reference.only:
        lines.append(f"{reference.only[0]} VARCHAR(20) NOT NULL")
        columns = [reference.only[0], *columns]
    return [*lines, f"KEY ({', '.join(columns)})"] if reference.index else lines
