"""The closure against a brute-force oracle: random schemas and rows on real servers.

The oracle knows rows as Python values and walks all pairs of them. It takes from the product only
which relations children follow along, which is the plan's decision and not the closure's.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from sandbox.database.address import parse_address
from sandbox.database.catalogue import Catalogue
from sandbox.database.connect import Endpoint, Tls, open_catalogue, open_reader
from sandbox.database.schema import read_schema
from sandbox.database.secret import Secret
from sandbox.database.statement_sizes import StatementSizes
from sandbox.database.statements import StatementLog
from sandbox.model import Reason, ReasonKind, Schema
from sandbox.subset.closure import NamedRows, Subset, choose_rows
from sandbox.subset.keys import RowKey, draw, row_digest
from sandbox.subset.plan import Role, plan_subset
from sandbox.subset.relations.find import find_relations, with_relations
from sandbox.subset.relations.found import Relations, WrittenRelations
from sandbox.subset.relations.written import parse_relation
from sandbox.subset.request import SampleRequest, Share
from sandbox.subset.strata import StrataRequest
from sandbox.subset.windows import parse_window
from schema_edges import Edge, edges_of, name_of
from schema_random import (
    COLLATIONS,
    Collation,
    RandomTable,
    Row,
    Value,
    create,
    draw_tables,
    hide,
    make_chain,
    make_ring,
    make_selves,
)
from servers import ImageOf, answers, eventually, port_of, running

pytestmark = pytest.mark.docker

PASSWORD = "closure"  # noqa: S105 - of a container that lives for one test module
SERVERS = [("mariadb", "10.11"), ("mysql", "9.7")]
LOG = StatementLog()
SECRET = b"secret"
SHARE = Share(0.3)


@pytest.fixture(params=SERVERS, ids=[" ".join(one) for one in SERVERS], scope="module")
def port(request: pytest.FixtureRequest, image_of: ImageOf) -> Iterator[int]:
    account = {"MYSQL_ROOT_PASSWORD": PASSWORD}
    with running(image_of(*request.param), ports=(3306,), environment=account) as container:
        eventually(lambda: answers(container))
        yield port_of(container, 3306)


def endpoint(port: int, database: str) -> Endpoint:
    address = parse_address(f"mysql://root@127.0.0.1:{port}/{database}")
    return Endpoint(address, Secret(PASSWORD), Tls(required=False))


@dataclass(frozen=True)
class Asked:
    """What is asked of a schema.

    Attributes:
        whole: Tables that are asked for whole.
        named: By table, the `n` below which rows are named.
        windows: By table, the `n` below which all rows are drawn: unix time is a number.
        strata: By table, the rows of each `n` that are drawn at the least, beside a share.
    """

    whole: frozenset[str]
    named: dict[str, int]
    windows: dict[str, int]
    strata: dict[str, int]

    @classmethod
    def at_random(cls, rng: random.Random, tables: list[RandomTable]) -> Asked:
        names = [table.name for table in tables]
        asked = {name: rng.choice(["whole", "window", "strata", *[""] * 5]) for name in names}
        return cls(
            whole=frozenset(name for name in names if asked[name] == "whole"),
            named={name: rng.randint(0, 6) for name in names if rng.random() < 0.6},
            windows={name: rng.randint(1, 6) for name in names if asked[name] == "window"},
            strata={name: rng.randint(1, 2) for name in names if asked[name] == "strata"},
        )

    @property
    def request(self) -> SampleRequest:
        shares = dict.fromkeys([*self.whole, *self.windows], Share(1.0))
        return SampleRequest(
            Share(0.0),
            shares | dict.fromkeys(self.strata, SHARE),
            children=1000,
            windows={
                name: (parse_window("n", f"..1970-01-01 00:00:0{below}"),)
                for name, below in self.windows.items()
            },
            strata={name: StrataRequest(("n",), least) for name, least in self.strata.items()},
        )

    def rows_named(self, table: RandomTable) -> set[int]:
        below = self.named.get(table.name, 0)
        return {i for i, row in enumerate(table.rows) if int(row["n"] or 0) < below}

    def rows_drawn(self, table: RandomTable) -> set[int]:
        below = self.windows.get(table.name, 0)
        drawn = {i for i, row in enumerate(table.rows) if int(row["n"] or 0) < below}
        if table.name not in self.strata:
            return drawn
        numbers = [draw(SECRET, table.name, key_of(table, row)) for row in table.rows]
        strata: dict[Value, list[int]] = {}
        for i in sorted(range(len(numbers)), key=lambda i: numbers[i]):
            strata.setdefault(table.rows[i]["n"], []).append(i)
        drawn = {i for i, number in enumerate(numbers) if number < int(SHARE.fraction * 2**64)}
        least = self.strata[table.name]
        return drawn.union(*(members[:least] for members in strata.values()))


@dataclass
class Expected:
    taken: dict[str, set[int]]
    orphans: dict[tuple[str, str], int]


def oracle(
    tables: list[RandomTable],
    edges: list[Edge],
    owners: dict[str, set[str]],
    whole: set[str],
    asked: Asked,
) -> Expected:
    """Walk all rows again and again until nothing changes."""
    by_name = {table.name: table for table in tables}
    core: dict[str, set[int]] = {table.name: set() for table in tables}
    for name in set(core) - whole:
        chosen = asked.rows_named(by_name[name]) | asked.rows_drawn(by_name[name])
        core[name] = same_content(by_name[name], chosen)
    taken = {t.name: set(range(len(t.rows))) if t.name in whole else set() for t in tables}
    before = None
    while before != (state := [(sorted(taken[n]), sorted(core[n])) for n in taken]):
        before = state
        for edge in edges:
            follows = edge.constraint in owners.get(edge.child, ())
            if follows and core[edge.parent].intersection(edge.found):
                core[edge.child] |= same_content(by_name[edge.child], {edge.row})
            if edge.row in taken[edge.child] | core[edge.child]:
                taken[edge.parent].update(edge.found)
        taken = {name: rows | core[name] for name, rows in taken.items()}
    return Expected(taken, count_orphans(edges, taken))


def same_content(table: RandomTable, chosen: set[int]) -> set[int]:
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


def numbers_of(table: RandomTable, subset: Subset) -> set[int]:
    """Translate the keys that a closure gave into the numbers of the test's rows."""
    if subset.is_whole(table.name):
        return set(range(len(table.rows)))
    keys = set(subset.keys[table.name])
    return {i for i, row in enumerate(table.rows) if key_of(table, row) in keys}


def key_of(table: RandomTable, row: Row) -> RowKey:
    if table.key == ["id"]:
        return int(row["id"] or 0)
    if table.key == ["b", "a"]:
        return (int(row["b"] or 0), int(row["a"] or 0))
    if table.key == ["code"]:
        return str(row["code"]).encode()
    cells = [row[column] for column in table.columns]
    return row_digest([None if cell is None else str(cell).encode() for cell in cells])


@pytest.mark.parametrize(
    "seed", [*range(12), *(pytest.param(n, marks=pytest.mark.heavy) for n in range(12, 60))]
)
def test_closure_takes_what_walking_all_rows_takes(port: int, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - reproducible, not secret
    check_closure(port, f"closure_{seed}", draw_tables(rng), rng, COLLATIONS[seed % 4])


@pytest.mark.parametrize("how", COLLATIONS, ids=lambda how: how.names[0])
@pytest.mark.parametrize("make", [make_chain, make_ring, make_selves])
def test_closure_of_chains_rings_and_self_references_takes_what_walking_takes(
    port: int, make: Callable[[random.Random], list[RandomTable]], how: Collation
) -> None:
    rng = random.Random(COLLATIONS.index(how))  # noqa: S311 - reproducible, not secret
    check_closure(port, f"{make.__name__}_{how.names[0]}", make(rng), rng, how)


@pytest.mark.parametrize(
    "seed", [*range(8), *(pytest.param(n, marks=pytest.mark.heavy) for n in range(8, 60))]
)
def test_closure_over_undeclared_relations_takes_what_walking_all_rows_takes(
    port: int, seed: int
) -> None:
    rng = random.Random(1000 + seed)  # noqa: S311 - reproducible, not secret
    tables = draw_tables(rng)
    hide(rng, tables)
    check_closure(port, f"undeclared_{seed}", tables, rng, COLLATIONS[seed % 4])


def confirmed(schema: Schema, catalogue: Catalogue, tables: list[RandomTable]) -> Relations:
    """Give the relations that no key declares, as settings confirm them."""
    by_name = {table.name: table for table in tables}
    said = [
        f"{table.name}.{name_of(table, number, by_name)}"
        for table in tables
        for number, reference in enumerate(table.references)
        if not reference.declared
    ]
    settings = WrittenRelations(tuple(map(parse_relation, dict.fromkeys(said))))
    relations = find_relations(schema, catalogue, settings=settings)
    used = [one for one in relations.found if one.used]
    assert {str(one) for one in used} == set(said)
    return Relations(tuple(used))


def erratic(rng: random.Random) -> Callable[[], float]:
    """Give a clock by which every statement takes another time, so that each names other keys."""
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += rng.choice([0.0, 0.4, 3.0])
        return now

    return clock


def check_closure(
    port: int, database: str, tables: list[RandomTable], rng: random.Random, how: Collation
) -> None:
    create(port, PASSWORD, database, tables, how)
    asked = Asked.at_random(rng, tables)
    named = [NamedRows(name, f"n < {below}", "test") for name, below in asked.named.items()]
    with open_catalogue(endpoint(port, database), LOG) as catalogue:
        schema = read_schema(catalogue, database)
        schema = with_relations(schema, confirmed(schema, catalogue, tables))
    plan = plan_subset(schema, asked.request, frozenset())
    with open_reader(endpoint(port, database), LOG, snapshot=True) as reader:
        subset, again = (
            choose_rows(
                schema,
                plan,
                reader,
                secret=SECRET,
                named=named,
                sizes=sizes,
            )
            for sizes in (StatementSizes(), StatementSizes(clock=erratic(rng), bounds=(1, 2, 4)))
        )

    owners = {
        name: {owner.name for owner in one.owners} for name, one in plan.tables.items() if one.owner
    }
    really_whole = {name for name in schema.tables if plan.role(name) is Role.WHOLE}
    expected = oracle(tables, edges_of(tables, how), owners, really_whole, asked)
    assert {table.name: numbers_of(table, subset) for table in tables} == expected.taken
    found = {which: count for which, count in subset.orphans.items() if count}
    assert found == expected.orphans
    told = {
        (table.name, i): reason
        for table in tables
        if not subset.is_whole(table.name)
        for i, reason in reasons_of(table, subset).items()
    }
    clear = explained(
        told, edges_of(tables, how), owners=owners, whole=really_whole, asked=asked, tables=tables
    )
    assert clear == set(told)
    # Not even the reasons depend on how many keys a statement names.
    assert again.orphans == subset.orphans
    for table in tables:
        assert numbers_of(table, again) == numbers_of(table, subset)
        if not subset.is_whole(table.name):
            assert reasons_of(table, again) == reasons_of(table, subset)


def reasons_of(table: RandomTable, subset: Subset) -> dict[int, Reason]:
    """Give the reason of each taken row by its number."""
    keys = list(subset.keys[table.name])
    marks = dict(zip(keys, subset.keys[table.name].marks_of(keys), strict=True))
    numbered = {i: key_of(table, row) for i, row in enumerate(table.rows)}
    reasons = subset.reasons.get(table.name, ())
    return {i: reasons[marks[key]] for i, key in numbered.items() if key in marks}


def explained(  # noqa: PLR0913 - what an oracle walks, named one by one
    told: dict[tuple[str, int], Reason],
    edges: list[Edge],
    *,
    owners: dict[str, set[str]],
    whole: set[str],
    asked: Asked,
    tables: list[RandomTable],
) -> set[tuple[str, int]]:
    """Give the rows whose reason is true and leads to one that was named, drawn or whole."""
    clear = {
        (table.name, i)
        for table in tables
        for kind, rows in (
            (ReasonKind.NAMED, asked.rows_named(table)),
            (ReasonKind.DRAWN, asked.rows_drawn(table)),
        )
        for i in rows
        if (table.name, i) in told and told[table.name, i].kind is kind
    }
    before = -1
    while before != (before := len(clear)):
        for edge in edges:
            child, parents = (edge.child, edge.row), {(edge.parent, i) for i in edge.found}
            if child in told and told[child] == Reason(
                ReasonKind.CHILD, child=edge.child, relation=edge.constraint
            ):
                assert edge.constraint in owners[edge.child]
                # Only a row that came for its own sake or with its parent brings its children.
                if any(told[p].kind is not ReasonKind.PARENT for p in parents & clear):
                    clear.add(child)
            if child in clear or edge.child in whole:
                brought = Reason(ReasonKind.PARENT, child=edge.child, relation=edge.constraint)
                clear |= {parent for parent in parents if told.get(parent) == brought}
        # Rows that are equal in all and have no key are one to the closure.
        clear |= {
            (table.name, i)
            for table in tables
            if not table.key
            for i in same_content(table, {i for name, i in clear if name == table.name})
        }
    return clear
