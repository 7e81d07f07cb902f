"""Relations that no key declares, found on real servers and followed by the closure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from database_servers import NOWHERE, DatabaseServer
from helpdesk import DOUBTFUL, TRUE_RELATIONS, make_helpdesk
from sandbox.database.connect import open_catalogue, open_reader
from sandbox.database.schema import read_schema
from sandbox.errors import SettingsError
from sandbox.model import Schema
from sandbox.subset.closure import NamedRows, Subset, choose_rows
from sandbox.subset.lookups import ask_for_children, ask_for_parents
from sandbox.subset.plan import Role, SubsetPlan, plan_subset
from sandbox.subset.relations.find import find_relations, with_relations
from sandbox.subset.relations.found import Confidence, Relations, WrittenRelations
from sandbox.subset.relations.written import parse_relation, written
from sandbox.subset.request import SampleRequest, Share

pytestmark = pytest.mark.docker


@dataclass(frozen=True)
class Desk:
    server: DatabaseServer
    database: str
    declared: Schema
    relations: Relations

    @property
    def schema(self) -> Schema:
        return with_relations(self.declared, self.relations)

    def find(self, settings: WrittenRelations) -> Relations:
        with open_catalogue(self.server.endpoint(self.database), NOWHERE) as catalogue:
            return find_relations(self.declared, catalogue, settings=settings)

    def close(self, request: SampleRequest, *named: NamedRows) -> tuple[SubsetPlan, Subset]:
        plan = plan_subset(self.schema, request, frozenset({"departments", "priorities"}))
        endpoint = self.server.endpoint(self.database)
        with open_reader(endpoint, NOWHERE, snapshot=True) as reader:
            subset = choose_rows(self.schema, plan, reader, secret=b"secret", named=named)
        return plan, subset

    def how(self, sql: str) -> dict[str, str]:
        """Give, by table, how the server gets at its rows."""
        form = "" if self.server.is_mariadb else "FORMAT=TRADITIONAL "
        names, kinds = (2, 3) if self.server.is_mariadb else (2, 4)
        rows = self.server.ask(f"EXPLAIN {form}{sql}", self.database)
        return {row[names].decode(): row[kinds].decode() for row in rows}

    def ids(self, sql: str) -> set[int]:
        return {int(row[0]) for row in self.server.ask(sql, self.database)}


@pytest.fixture(scope="module")
def desk(database_server: DatabaseServer) -> Iterator[Desk]:
    database = make_helpdesk(database_server)
    with open_catalogue(database_server.endpoint(database), NOWHERE) as catalogue:
        schema = read_schema(catalogue, database)
        relations = find_relations(schema, catalogue)
    yield Desk(database_server, database, schema, relations)
    database_server.run(f"DROP DATABASE {database}")


def listed(desk: Desk, confidence: Confidence) -> set[str]:
    return {written(one.key) for one in desk.relations.found if one.confidence is confidence}


def test_every_relation_of_high_confidence_is_one_and_hardly_any_is_missed(desk: Desk) -> None:
    high = listed(desk, Confidence.HIGH)
    assert high - TRUE_RELATIONS == set()  # precision: 18 of 18
    assert TRUE_RELATIONS - high == DOUBTFUL  # recall: 18 of 19
    assert listed(desk, Confidence.MEDIUM) >= DOUBTFUL
    assert {written(one.key) for one in desk.relations.used} == high


def test_evidence_holds_counts_and_no_value(desk: Desk) -> None:
    for one in desk.relations.found:
        counted = re.search(r"([\d,]+) of ([\d,]+|one) sampled", one.evidence)
        assert counted is not None, one
        assert "user7" not in one.evidence
    (authors,) = [one for one in desk.relations.found if "author_user_id -> users.id" in str(one)]
    assert "356 of 396 sampled values found there" in authors.evidence


LARGE = (
    "CREATE TABLE d (n INT PRIMARY KEY)",
    f"INSERT INTO d VALUES {','.join(f'({n})' for n in range(500))}",
    (
        "CREATE TABLE things (id INT PRIMARY KEY, code VARCHAR(20) NOT NULL, UNIQUE KEY (code))"
        " SELECT x.n * 500 + y.n + 1 AS id, CONCAT('c', x.n * 500 + y.n) AS code FROM d x JOIN d y"
    ),
    (
        "CREATE TABLE facts (id INT PRIMARY KEY, thing_id INT NOT NULL, thing_code VARCHAR(20), KEY"
        " (thing_code), other_thing_id INT, KEY (other_thing_id), old VARCHAR(9), item_type"
        " CHAR(9),"
        " item_id INT, about_type CHAR(9), about_id INT, KEY (about_type, about_id), id_thing"
        " CHAR(9))"
        " SELECT id, 1 + id * 7 % 250000 AS thing_id, code AS thing_code, IF(id % 9, NULL, id) AS"
        " other_thing_id, IF(id % 2, 'things', 'fact') AS item_type, id AS item_id, 'thing' AS"
        " about_type, id AS about_id, id AS id_thing FROM things"
    ),
    "ANALYZE TABLE things, facts",
)


def test_a_question_reads_a_few_thousand_rows_of_a_quarter_of_a_million(
    database_server: DatabaseServer,
) -> None:
    database = database_server.make_database()
    database_server.run(*LARGE, database=database)
    costs: dict[str, int] = {}
    with open_catalogue(database_server.endpoint(database), NOWHERE) as catalogue:

        def reads() -> int:
            rows = catalogue.rows("SHOW SESSION STATUS LIKE 'Handler_read%'")
            return sum(int(row[1]) for row in rows)

        class Counting:
            def rows(self, sql: str, /, where: str = "") -> list[tuple[object, ...]]:
                before = reads()
                found = catalogue.rows(sql, where)
                costs[sql] = reads() - before
                return found

        found = find_relations(read_schema(catalogue, database), Counting())
    database_server.run(f"DROP DATABASE {database}")
    assert {str(one) for one in found.used} == {
        "facts.thing_id -> things.id",
        "facts.thing_code -> things.code",
        "facts.other_thing_id -> things.id",
        "facts.id_thing -> things.id",
        "facts.item_id -> things.id where item_type = 'things'",
        "facts.item_id -> facts.id where item_type = 'fact'",
        "facts.about_id -> things.id where about_type = 'thing'",
    }
    assert len(costs) > 10
    # 4,000 rows of eight places, put aside, made different, looked up: far below 250,000.
    assert max(costs.values()) < 25_000, max(costs, key=lambda sql: costs[sql])
    for sql in costs:
        assert "max_statement_time=" in sql or "MAX_EXECUTION_TIME(" in sql


def test_children_come_along_a_polymorphic_pair_and_a_plain_name(desk: Desk) -> None:
    plan, subset = desk.close(
        SampleRequest(Share(0.0)), NamedRows("tickets", "id IN (12, 23)", "test")
    )
    assert plan.role("attachments") is Role.CHILD
    assert set(subset.keys["attachments"]) >= desk.ids(
        "SELECT id FROM attachments WHERE owner_type = 'ticket' AND owner_id IN (12, 23)"
    )
    assert plan.role("comments") is Role.CHILD
    comments = desk.ids("SELECT id FROM comments WHERE ticket_id IN (12, 23)")
    assert comments
    assert set(subset.keys["comments"]) >= comments


@pytest.mark.parametrize("share", [Share(0.02), Share(0.3), Share(1.0)], ids=str)
def test_closure_leaves_no_new_orphan_on_what_is_used(desk: Desk, share: Share) -> None:
    _, subset = desk.close(SampleRequest(share))
    checked = 0
    for one in desk.relations.used:
        child, parent = desk.schema.tables[one.key.table], one.key.parent
        ((own,), (other,)) = (one.key.columns, one.key.parent_columns)
        only = f"AND c.{one.key.only[0]} = '{one.key.only[1]}'" if one.key.only else ""
        names = ", ".join(f"c.{column.name}" for column in child.identity)
        joined = desk.server.ask(
            f"SELECT p.id, {names} FROM {child.name} c JOIN {parent} p ON c.{own} = p.{other}"
            f" {only}",
            desk.database,
        )
        keys = [int(row[1]) if len(row) == 2 else tuple(map(int, row[1:])) for row in joined]
        needed = {
            int(row[0])
            for row, key in zip(joined, keys, strict=True)
            if subset.is_whole(child.name) or key in subset.keys[child.name]
        }
        if not subset.is_whole(parent):
            assert needed - set(subset.keys[parent]) == set(), str(one)
            checked += len(needed)
    assert checked > 10 or share.whole


def test_nobody_is_no_orphan_and_who_was_removed_is_one(desk: Desk) -> None:
    _, subset = desk.close(SampleRequest(Share(1.0)))
    orphans = {
        f"{table}: {name}": count for (table, name), count in subset.orphans.items() if count
    }
    assert orphans == {"comments: author_user_id -> users.id": 40}


ZERO = (
    "CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR(9))",
    "CREATE TABLE mails (id INT PRIMARY KEY, recipient VARCHAR(40) NOT NULL, user_id VARCHAR(9))",
    "INSERT INTO users VALUES (0, 'nobody'), (7, 'Ann'), (8, 'Bob')",
    (
        "INSERT INTO mails VALUES (1, 'ann@example.org', '7'), (2, 'bob@example.org', '8x'),"
        " (3, 'eve@example.org', 'n/a'), (4, 'dan@example.org', '0'), (5, 'kim@example.org', NULL)"
    ),
)


def test_a_text_that_is_no_number_is_no_reference_to_the_row_of_number_zero(
    database_server: DatabaseServer,
) -> None:
    database = database_server.make_database()
    database_server.run("SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'", *ZERO, database=database)
    with open_catalogue(database_server.endpoint(database), NOWHERE) as catalogue:
        declared = read_schema(catalogue, database)
        confirmed = WrittenRelations((parse_relation("mails.user_id -> users.id"),))
        found = find_relations(declared, catalogue, settings=confirmed)
    evidence = {str(one): one.evidence for one in found.found}
    assert "0 of 5 sampled" in evidence["mails.recipient -> users.id"]
    assert "2 of 3 sampled" in evidence["mails.user_id -> users.id"]
    schema = with_relations(declared, found)
    plan = plan_subset(schema, SampleRequest(Share(0.0)), frozenset())
    named = NamedRows("mails", "id < 4", "test")
    with open_reader(database_server.endpoint(database), NOWHERE, snapshot=True) as reader:
        subset = choose_rows(schema, plan, reader, secret=b"secret", named=[named])
    database_server.run(f"DROP DATABASE {database}")
    assert set(subset.keys["users"]) == {7, 8}
    assert subset.orphans["mails", "user_id -> users.id"] == 1


def test_plan_says_why_a_table_does_not_go_with_its_parent(desk: Desk) -> None:
    plan, _ = desk.close(SampleRequest(Share(0.01)))
    why = {name: one.why for name, one in plan.tables.items()}
    assert (
        why["logins"]
        == "1 % of its rows; not with users by id_user: no index finds the rows of one"
    )
    assert why["mails"].endswith("not with tickets by ticket_id: some rows may refer to nobody")
    assert why["attachments"] == "goes with comments, tickets, users (owner_id, not declared)"


def test_parents_are_found_by_their_key_even_if_types_differ(desk: Desk) -> None:
    mails = desk.schema.tables["mails"]
    (question,) = ask_for_parents(desk.schema, mails, [1, 2, 3])
    assert desk.how(question.sql) == {"c": "range", "p0": "eq_ref"}
    (key,) = [
        one
        for one in desk.schema.tables["comments"].foreign_keys
        if one.name == "ticket_id -> tickets.id"
    ]
    children = ask_for_children(desk.schema, key, [1, 2])
    assert set(desk.how(children.sql).values()) <= {"range", "ref", "eq_ref"}


def test_settings_confirm_reject_and_name_what_is_not_there(desk: Desk) -> None:
    confirmed = parse_relation("tickets.created_by -> users.id")
    rejected = parse_relation("Refunds.user_id -> users.ID")
    found = desk.find(WrittenRelations((confirmed,), (rejected,)))
    used = {written(one.key): one.why for one in found.used}
    assert used["tickets.created_by -> users.id"] == "confirmed in the settings"
    assert "refunds.user_id -> users.id" not in used
    (refused,) = [one for one in found.found if str(one) == "refunds.user_id -> users.id"]
    assert refused.why == "rejected in the settings"
    with pytest.raises(SettingsError) as raised:
        desk.find(
            WrittenRelations(
                (
                    parse_relation("tickets.nobody -> users.id"),
                    parse_relation("tickets.user_id -> users.email"),
                    parse_relation("tickets.closed_at -> users.id"),
                ),
                (parse_relation("nothing.a -> users.id"),),
            )
        )
    assert [one.rpartition(": ")[2] for one in raised.value.findings] == [
        "there is no column tickets.nobody",
        "no unique key of the parent has just these columns",
        "the type of closed_at does not fit",
        "there is no table nothing",
    ]
