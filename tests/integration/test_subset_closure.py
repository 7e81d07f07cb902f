"""The closure against a brute-force oracle: random schemas and rows on real servers.

The oracle knows rows as Python values and walks all pairs of them. It takes from the product only
which relations children follow along, which is the plan's decision and not the closure's.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import MySQLdb
import pytest

from sandbox.database.address import parse_address
from sandbox.database.connect import Endpoint, Tls, open_catalogue, open_reader
from sandbox.database.schema import read_schema
from sandbox.database.secret import Secret
from sandbox.database.statements import StatementLog
from sandbox.subset.closure import NamedRows, Subset, choose_rows
from sandbox.subset.keys import RowKey, row_digest
from sandbox.subset.plan import Role, plan_subset
from sandbox.subset.request import SampleRequest, Share
from servers import ImageOf, answers, eventually, port_of, running

pytestmark = pytest.mark.docker

PASSWORD = "closure"  # noqa: S105 - of a container that lives for one test module
SERVERS = [("mariadb", "10.11"), ("mysql", "9.7")]
LOG = StatementLog()
Value = int | str | None
Row = dict[str, Value]


@dataclass
class Reference:
    columns: list[str]
    parent: str
    required: bool = False


@dataclass
class Made:
    """A table as the test made it."""

    name: str
    kind: str  # of its key: number, pair, text, shared, loose or none
    references: list[Reference] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    @property
    def key(self) -> list[str]:
        """What tells its rows apart."""
        known = {"number": ["id"], "pair": ["b", "a"], "text": ["code"], "shared": ["id"]}
        return known.get(self.kind, [])

    @property
    def referred(self) -> list[str]:
        """What others refer to: its key, a unique key with NULLs, or what several rows share."""
        return {"pair": ["a", "b"], "shared": ["s"], "loose": ["u"]}.get(self.kind, self.key)

    @property
    def columns(self) -> list[str]:
        more = self.referred if self.kind in {"shared", "loose"} else []
        return ["n", *self.key, *more, *(name for one in self.references for name in one.columns)]


@pytest.fixture(params=SERVERS, ids=[" ".join(one) for one in SERVERS], scope="module")
def port(request: pytest.FixtureRequest, image_of: ImageOf) -> Iterator[int]:
    account = {"MYSQL_ROOT_PASSWORD": PASSWORD}
    with running(image_of(*request.param), ports=(3306,), environment=account) as container:
        eventually(lambda: answers(container))
        yield port_of(container, 3306)


def endpoint(port: int, database: str) -> Endpoint:
    address = parse_address(f"mysql://root@127.0.0.1:{port}/{database}")
    return Endpoint(address, Secret(PASSWORD), Tls(required=False))


def make_tables(rng: random.Random) -> list[Made]:
    kinds = ["number", "pair", "text", "shared", "loose", "none"]
    tables = [Made(f"t{n}", rng.choice(kinds)) for n in range(rng.randint(2, 5))]
    for table in tables:
        # Composite keys are referred to in another order than they were declared in.
        for number in range(rng.randint(0, 3)):
            parent = rng.choice(tables)
            if parent.kind == "none":
                continue
            parts = ["a", "b"] if parent.kind == "pair" else [""]
            columns = [f"f{number}{part}" for part in parts]
            table.references.append(Reference(columns, parent.name, rng.random() < 0.4))
    for table in tables:
        table.rows = [make_row(rng, table, number) for number in range(rng.randint(0, 30))]
    by_name = {table.name: table for table in tables}
    for table in tables:
        for row in table.rows:
            for reference in table.references:
                refer(rng, row, reference, by_name[reference.parent])
    return tables


def make_row(rng: random.Random, table: Made, number: int) -> Row:
    row: Row = {"n": rng.randint(0, 9)}
    if table.kind == "number":
        row["id"] = number - 10
    elif table.kind == "pair":
        row |= {"a": number % 5, "b": number}
    elif table.kind == "text":
        row["code"] = f"Kóde {number}"
    elif table.kind == "shared":
        row |= {"id": number, "s": number % 4}
    elif table.kind == "loose":
        row["u"] = number if number % 3 else None
    return row


def refer(rng: random.Random, row: Row, reference: Reference, parent: Made) -> None:
    """Refer to a parent, to nobody, or to a parent that does not exist."""
    dice = rng.random()
    if not reference.required and (dice < 0.2 or not parent.rows):
        values: list[Value] = [None] * len(reference.columns)
        if len(values) > 1 and dice < 0.1:
            values[0] = 1  # half a reference is none
    elif dice < 0.3 or not parent.rows:
        values = ["nobody"] if parent.kind == "text" else [999_999] * len(reference.columns)
    else:
        chosen = rng.choice(parent.rows)
        values = [0 if chosen[name] is None else chosen[name] for name in parent.referred]
        if parent.kind == "text":  # equal to the server, other bytes
            text = str(values[0])
            values = [rng.choice([text.upper(), text.lower(), text]).replace("Ó", "O")]
    row.update(zip(reference.columns, values, strict=True))


def create(port: int, database: str, tables: list[Made]) -> None:
    connection = MySQLdb.connect(
        host="127.0.0.1", port=port, user="root", passwd=PASSWORD, charset="utf8mb4"
    )
    with connection, connection.cursor() as cursor:
        collation = "utf8mb4_unicode_ci"
        cursor.execute(f"CREATE DATABASE {database} CHARACTER SET utf8mb4 COLLATE {collation}")
        cursor.execute(f"USE {database}")
        cursor.execute("SET foreign_key_checks = 0")
        cursor.execute("/*!80400 SET restrict_fk_on_non_standard_key = OFF */")
        by_name = {table.name: table for table in tables}
        for table in tables:
            cursor.execute(definition(table, by_name))
        for table in tables:
            for row in table.rows:
                names = ", ".join(row)
                marks = ", ".join(["%s"] * len(row))
                cursor.execute(
                    f"INSERT INTO {table.name} ({names}) VALUES ({marks})",
                    list(row.values()),
                )
        connection.commit()


def definition(table: Made, by_name: dict[str, Made]) -> str:
    types = {"id": "INT", "a": "INT", "b": "INT", "code": "VARCHAR(20)"}
    lines = ["n INT NOT NULL", *(f"{column} {types[column]} NOT NULL" for column in table.key)]
    if table.key:
        lines.append(f"PRIMARY KEY ({', '.join(table.key)})")
    if table.kind == "shared":
        lines += ["s INT", "KEY (s)"]
    elif table.kind == "loose":
        lines += ["u INT", "UNIQUE KEY (u)"]
    for number, reference in enumerate(table.references):
        parent = by_name[reference.parent]
        kind = "VARCHAR(20)" if parent.kind == "text" else "INT"
        kind += " NOT NULL" if reference.required else ""
        lines += [f"{column} {kind}" for column in reference.columns]
        # InnoDB wants the referred columns in the key's order, whatever order the child has.
        pair = parent.kind == "pair"
        columns = reference.columns[::-1] if pair else reference.columns
        named = parent.key if pair else parent.referred
        lines.append(
            f"CONSTRAINT {table.name}_{number} FOREIGN KEY ({', '.join(columns)}) "
            f"REFERENCES {parent.name} ({', '.join(named)})"
        )
    return f"CREATE TABLE {table.name} ({', '.join(lines)}) ENGINE=InnoDB"


def folded(value: Value) -> Value:
    return value.lower().replace("ó", "o") if isinstance(value, str) else value


def parents_of(row: Row, reference: Reference, parent: Made) -> tuple[int, ...]:
    """Give the numbers of the parent's rows that are referred to."""
    wanted = [folded(row[column]) for column in reference.columns]
    return tuple(
        number
        for number, candidate in enumerate(parent.rows)
        if [folded(candidate[name]) for name in parent.referred] == wanted
    )


@dataclass(frozen=True)
class Edge:
    """One row that refers to another, or to nobody."""

    child: str
    row: int
    constraint: str
    parent: str
    found: tuple[int, ...]


@dataclass
class Expected:
    taken: dict[str, set[int]]
    orphans: dict[tuple[str, str], int]


def edges_of(tables: list[Made]) -> list[Edge]:
    by_name = {table.name: table for table in tables}
    return [
        Edge(
            table.name,
            i,
            f"{table.name}_{number}",
            reference.parent,
            parents_of(row, reference, by_name[reference.parent]),
        )
        for table in tables
        for number, reference in enumerate(table.references)
        for i, row in enumerate(table.rows)
        if None not in [row[column] for column in reference.columns]
    ]


def oracle(
    tables: list[Made], owners: dict[str, str], whole: set[str], named: dict[str, int]
) -> Expected:
    """Walk all rows again and again until nothing changes."""
    by_name = {table.name: table for table in tables}
    edges = edges_of(tables)
    core: dict[str, set[int]] = {table.name: set() for table in tables}
    for name in set(named) - whole:
        chosen = {i for i, row in enumerate(by_name[name].rows) if int(row["n"] or 0) < named[name]}
        core[name] = same_content(by_name[name], chosen)
    taken = {t.name: set(range(len(t.rows))) if t.name in whole else set() for t in tables}
    before = None
    while before != (state := [(sorted(taken[n]), sorted(core[n])) for n in taken]):
        before = state
        for edge in edges:
            follows = owners.get(edge.child) == edge.constraint
            if follows and core[edge.parent].intersection(edge.found):
                core[edge.child] |= same_content(by_name[edge.child], {edge.row})
            if edge.row in taken[edge.child] | core[edge.child]:
                taken[edge.parent].update(edge.found)
        taken = {name: rows | core[name] for name, rows in taken.items()}
    return Expected(taken, count_orphans(edges, taken))


def same_content(table: Made, chosen: set[int]) -> set[int]:
    """Rows that no key tells apart come together."""
    if table.key:
        return chosen
    rows = [table.rows[i] for i in chosen]
    return {i for i, row in enumerate(table.rows) if row in rows}


def count_orphans(edges: list[Edge], taken: dict[str, set[int]]) -> dict[tuple[str, str], int]:
    """Count rows without their parent."""
    return dict(
        Counter(
            (edge.child, edge.constraint)
            for edge in edges
            if not edge.found and edge.row in taken[edge.child]
        )
    )


def numbers_of(table: Made, subset: Subset) -> set[int]:
    """Translate the keys that a closure gave into the numbers of the test's rows."""
    if subset.is_whole(table.name):
        return set(range(len(table.rows)))
    keys = set(subset.keys[table.name])
    return {i for i, row in enumerate(table.rows) if key_of(table, row) in keys}


def key_of(table: Made, row: Row) -> RowKey:
    if table.key == ["id"]:
        return int(row["id"] or 0)
    if table.kind == "pair":
        return (int(row["b"] or 0), int(row["a"] or 0))
    if table.kind == "text":
        return str(row["code"]).encode()
    cells = [row[column] for column in table.columns]
    return row_digest([None if cell is None else str(cell).encode() for cell in cells])


@pytest.mark.parametrize(
    "seed", [*range(10), *(pytest.param(n, marks=pytest.mark.heavy) for n in range(10, 60))]
)
def test_closure_takes_what_walking_all_rows_takes(port: int, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - reproducible, not secret
    tables = make_tables(rng)
    database = f"closure_{seed}"
    create(port, database, tables)
    whole = {table.name for table in tables if rng.random() < 0.2}
    named = {table.name: rng.randint(0, 6) for table in tables if rng.random() < 0.6}

    with open_catalogue(endpoint(port, database), LOG) as catalogue:
        schema = read_schema(catalogue, database)
    shares = {name: Share(1.0) for name in whole}
    request = SampleRequest(Share(0.0), shares, children=1000)
    plan = plan_subset(schema, request, frozenset())
    with open_reader(endpoint(port, database), LOG, snapshot=True) as reader:
        subset = choose_rows(
            schema,
            plan,
            reader,
            secret=b"secret",
            named=[NamedRows(name, f"n < {below}", "test") for name, below in named.items()],
        )

    owners = {name: one.owner.name for name, one in plan.tables.items() if one.owner}
    really_whole = {name for name in schema.tables if plan.role(name) is Role.WHOLE}
    expected = oracle(tables, owners, really_whole, named)
    assert {table.name: numbers_of(table, subset) for table in tables} == expected.taken
    found = {which: count for which, count in subset.orphans.items() if count}
    assert found == expected.orphans
