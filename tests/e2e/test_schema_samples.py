"""Large schemas as PHP applications leave them, at 1 %: what is odd is there, what belongs comes.

What was planted, and what is counted, knows nothing of the code that looks for it: `schema_odd`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

import schema_eav
import schema_helpdesk
from commands import Ended, option_file, private, sandbox
from database_servers import ROOT, DatabaseServer
from schema_made import MadeSchema
from schema_odd import (
    Ask,
    Odd,
    Planter,
    Where,
    census,
    childless,
    count_odd_relations,
    count_variants,
    extremes,
    largest_family,
    number_of,
    orphans_of,
)

ENOUGH = 3  # rows of each class
CHILDREN = 20  # of one row, along one relation
OTHERWISE = {  # than by looking at one value
    "orphan", "self loop", "cycle", "second child", "largest family", "variant",
}  # fmt: skip
KEY = "0123456789abcdef" * 4 + "\n"  # with another one other rows are drawn, of large families too
AT_MOST = 0.02  # of all rows, with those that relations bring


@dataclass(frozen=True)
class Kind:
    """A schema, and what is reached on it.

    Attributes:
        high: The least part of its undeclared relations that is found with high confidence.
        proposed: The least part that is proposed at all.
    """

    make: Callable[[], MadeSchema]
    plant: Callable[[MadeSchema], Planter]
    rules: str
    high: float
    proposed: float


KINDS = {
    "eav": Kind(
        schema_eav.make_eav,
        schema_eav.plant_in_eav,
        schema_eav.RULES,
        high=0.8,
        proposed=0.85,
    ),
    "helpdesk": Kind(
        schema_helpdesk.make_helpdesk,
        schema_helpdesk.plant_in_helpdesk,
        schema_helpdesk.RULES,
        high=0.95,
        proposed=0.95,
    ),
}
# Each schema on one family; crosswise in `make test-all` only, which takes as long again.
CASES = [
    pytest.param(server, kind, id=f"{kind} {server[0]}", marks=pytest.mark.heavy if again else ())
    for server, kind, again in (
        (("mariadb", "10.11"), "eav", False),
        (("mariadb", "10.11"), "helpdesk", True),
        (("mysql", "9.7"), "helpdesk", False),
        (("mysql", "9.7"), "eav", True),
    )
]
pytestmark = [
    pytest.mark.docker,
    pytest.mark.parametrize(("database_server", "sample"), CASES, indirect=True),
]


@dataclass(frozen=True)
class Sample:
    """Production, and the sandbox that came of it.

    Attributes:
        relations: What `sandbox relations` said before anybody confirmed anything.
        plain: How many rows a sample has that looks for nothing odd.
    """

    kind: Kind
    schema: MadeSchema
    planted: list[Odd]
    relations: list[dict[str, Any]]
    plain: int
    production: Ask
    loaded: Ask

    @cached_property
    def odd(self) -> tuple[Mapping[Where, int], Mapping[Where, int]]:
        """The classes of values in production and in the sandbox."""
        return census(self.schema.tables, self.production), census(self.schema.tables, self.loaded)

    def named_with(self, confidence: str) -> set[str]:
        return {one["relation"] for one in self.relations if one["confidence"] == confidence}

    @property
    def truth(self) -> set[str]:
        """The undeclared relations of tables that have rows."""
        tables = self.schema.tables
        return {
            str(one) for one in self.schema.relations if not one.declared and tables[one.table].rows
        }


@pytest.fixture(scope="module")
def sample(
    request: pytest.FixtureRequest,
    database_server: DatabaseServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Sample]:
    kind = KINDS[request.param]
    schema = kind.make()
    planter = kind.plant(schema)
    options = f"CHARACTER SET utf8mb4 COLLATE {schema.collation}"
    source, target = (database_server.make_database(options) for _ in range(2))
    database_server.run(*schema.statements(), *planter.statements, database=source)
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "rules.yaml").write_text(kind.rules)
    option_file(folder, ROOT)
    private(folder / "key", KEY)
    address = f"mysql://root@127.0.0.1:{database_server.port}"
    relations = find_relations(folder, f"{address}/{source}")
    confirm(folder, schema, relations)
    plain = export(folder, f"{address}/{source}", "--json", "--dry-run", "--cover=0")
    export(folder, f"{address}/{source}")
    load(folder, f"{address}/{target}")
    yield Sample(
        kind,
        schema,
        planter.planted,
        relations,
        sum(int(table["rows"]) for table in plain.data["tables"]),
        lambda sql: database_server.ask(sql, source),
        lambda sql: database_server.ask(sql, target),
    )
    database_server.run(f"DROP DATABASE {source}", f"DROP DATABASE {target}")


def find_relations(folder: Path, source: str) -> list[dict[str, Any]]:
    login = ("--defaults-file", folder / "reader.cnf", "--allow-write-grants")
    found = sandbox("--json", "relations", source, *login, folder=folder)
    assert found.exit_code == 0, found.said
    relations: list[dict[str, Any]] = found.data["relations"]
    return relations


def confirm(folder: Path, schema: MadeSchema, relations: list[dict[str, Any]]) -> None:
    """Confirm what is true and not used yet, as somebody who knows the application would."""
    used = {one["relation"] for one in relations if one["used"]}
    truth = [str(one) for one in schema.relations if not one.declared and str(one) not in used]
    lines = "".join(f'  "{one}",\n' for one in truth)
    settings = f"[sample]\nsmall = 0\nchildren = {CHILDREN}\n[relations]\nconfirmed = [\n{lines}]\n"
    (folder / "sandbox.toml").write_text(settings)


def export(folder: Path, source: str, *options: str) -> Ended:
    exported = sandbox(
        "export",
        f"--source={source}",
        f"--defaults-file={folder / 'reader.cnf'}",
        f"--key-file={folder / 'key'}",
        f"--rules={folder / 'rules.yaml'}",
        f"--config={folder / 'sandbox.toml'}",
        "--allow-write-grants",
        "--sample=1%",
        f"--out={folder / 'bundle'}",
        *options,
        folder=folder,
    )
    assert exported.exit_code == 0, exported.said
    return exported


def load(folder: Path, target: str) -> None:
    login = f"--defaults-file={folder / 'reader.cnf'}"
    loaded = sandbox("load", folder / "bundle", f"--into={target}", login, folder=folder)
    assert loaded.exit_code == 0, loaded.said


def test_what_was_planted_is_in_production_and_nothing_else(sample: Sample) -> None:
    planted: Counter[Where] = Counter()
    for one in sample.planted:
        planted[one.table, one.column, one.name] += one.rows
    usual = {"missing", "zero"}
    of_values = {
        where: rows for where, rows in planted.items() if where[2] not in usual | OTHERWISE
    }
    counted = {where: rows for where, rows in sample.odd[0].items() if where[2] not in usual}
    assert counted == of_values


def test_every_class_of_values_has_enough_rows_and_none_is_made(sample: Sample) -> None:
    production, loaded = sample.odd
    few = {
        where: (rows, loaded.get(where, 0))
        for where, rows in production.items()
        if loaded.get(where, 0) < min(ENOUGH, rows)
    }
    assert few == {}
    assert loaded.keys() - production.keys() == set()


def test_odd_relations_have_enough_rows_and_none_is_made(sample: Sample) -> None:
    production = count_odd_relations(sample.schema, sample.production)
    loaded = count_odd_relations(sample.schema, sample.loaded)
    few = {
        where: (rows, loaded.get(where, 0))
        for where, rows in production.items()
        if loaded.get(where, 0) < min(ENOUGH, rows)
    }
    assert few == {}
    assert loaded.keys() - production.keys() == set()


def test_least_and_greatest_of_each_column_are_in_the_sandbox(sample: Sample) -> None:
    production = extremes(sample.schema.tables, sample.production)
    assert extremes(sample.schema.tables, sample.loaded) == production


def test_spellings_that_the_server_takes_for_equal_are_in_the_sandbox(sample: Sample) -> None:
    places = {(one.table, one.column) for one in sample.planted if one.name == "variant"}
    assert len(places) > 1
    for place in places:
        assert count_variants(*place, sample.production) == 1
        assert count_variants(*place, sample.loaded) == 1


def test_parents_without_the_child_that_others_have_are_in_the_sandbox(sample: Sample) -> None:
    for relation in sample.schema.relations:
        if relation.single:
            alone = childless(relation, sample.production)
            taken = childless(relation, sample.loaded)
            assert len(alone & taken) >= min(ENOUGH, len(alone))


def test_largest_family_is_in_the_sandbox(sample: Sample) -> None:
    for one in sample.planted:
        if one.name == "largest family":
            counted = f"SELECT COUNT(*) FROM {one.table} WHERE {one.column} = "
            parent = number_of(largest_family(one.table, one.column, sample.production))
            ((children,),) = sample.loaded(f"{counted}{parent}")
            assert number_of(children) >= CHILDREN


def test_no_relation_has_an_orphan_that_production_does_not_have(sample: Sample) -> None:
    new = {}
    for relation in sample.schema.relations:
        key = sample.schema.tables[relation.table].primary
        before = Counter(orphans_of(relation, key, sample.production))
        after = Counter(orphans_of(relation, key, sample.loaded))
        if after - before:
            new[str(relation)] = (after - before).total()
    assert new == {}


def test_no_relation_of_high_confidence_is_wrong(sample: Sample) -> None:
    high = sample.named_with("high")
    every = {one["relation"] for one in sample.relations}
    found, proposed = (len(some & sample.truth) / len(sample.truth) for some in (high, every))
    right = high & {str(one) for one in sample.schema.relations}
    print(  # noqa: T201 - figures to be seen with -s
        f"\nof {len(sample.truth)} undeclared relations {found:.0%} are of high confidence, "
        f"{proposed:.0%} are proposed; {len(right)} of {len(high)} of high confidence are right"
    )
    assert high == right
    assert found >= sample.kind.high
    assert proposed >= sample.kind.proposed


def test_no_decoy_is_of_high_confidence(sample: Sample) -> None:
    high = [one for one in sample.relations if one["used"]]
    used = {f"{one['child']}.{column}" for one in high for column in one["columns"]}
    assert used & sample.schema.decoys == set()


def test_sample_of_one_in_a_hundred_stays_small(sample: Sample) -> None:
    every = sample.schema.row_count
    counts = (sample.loaded(f"SELECT COUNT(*) FROM {name}") for name in sample.schema.tables)
    rows = sum(number_of(count) for ((count,),) in counts)
    taken, plain = rows / every, sample.plain / every
    print(f"\nof {every:,} rows {taken:.1%}, {plain:.1%} without odd ones")  # noqa: T201 - likewise
    assert taken <= AT_MOST
