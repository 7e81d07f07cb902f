"""Names that nearly say a relation, and what the data has to hold for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sandbox.model import Column, Key, Origin, Schema, Table
from sandbox.subset.relations.by_name import propose_by_name
from sandbox.subset.relations.found import Confidence, Measured, Proposal
from sandbox.subset.relations.judge import judge
from sandbox.subset.relations.written import undeclared, written
from schemas import schema


def made(name: str, *columns: str, key: str = "id", unique: str = "") -> Table:
    named = [Column(key, "int", "int", nullable=False)]
    for one in columns:
        column, _, kind = one.partition(" ")
        text = kind == "text"
        named.append(
            Column(column, "varchar", "varchar(20)", charset="utf8mb4", collation="utf8mb4_bin")
            if text
            else Column(column, "int", "int")
        )
    keys = [Key("PRIMARY", (key,)), *([Key(unique, (unique,))] if unique else [])]
    return Table(name, "InnoDB", tuple(named), tuple(keys))


DESK = schema(
    made("users"),
    made("teams"),
    made("pages"),
    made("sla_levels", "level_code text", unique="level_code"),
    made("log_visitor", key="visitor_id"),
    made("catalog_product_entity", "sku text", unique="sku", key="entity_id"),
    made("store_group", key="group_id"),
    made("customer_group", key="customer_group_id"),
)


def nearly(columns: str, *, table: str = "t", tables: Schema = DESK) -> set[str]:
    """Give what is proposed for a column as nearly said."""
    every = {**tables.tables, table: made(table, columns)}
    found = propose_by_name(replace(tables, tables=every))
    mine = [one for one in found if one.key.table == table and one.nearly]
    assert not any(one.strong for one in mine)
    return {written(one.key).removeprefix(f"{table}.") for one in mine}


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("created_by", {"created_by -> users.id"}),
        ("author_id", {"author_id -> users.id"}),
        ("assignee", {"assignee -> users.id"}),
        ("team", {"team -> teams.id"}),
        ("to_user", {"to_user -> users.id"}),
        ("shared_with_team", {"shared_with_team -> teams.id"}),
        ("in_reply_to", {"in_reply_to -> t.id"}),
        ("duplicate_of", {"duplicate_of -> t.id"}),
        ("sla text", {"sla -> sla_levels.level_code"}),
        ("sku text", {"sku -> catalog_product_entity.sku"}),
        ("product_sku text", {"product_sku -> catalog_product_entity.sku"}),
        ("visitor_id", {"visitor_id -> log_visitor.visitor_id"}),
        ("group_id", {"group_id -> store_group.group_id"}),
    ],
)
def test_names_that_nearly_mean_a_table(column: str, expected: set[str]) -> None:
    assert nearly(column) == expected


@pytest.mark.parametrize(
    "column",
    ["teams", "page", "sort_by", "needed_by", "divided_by", "user_agent text", "sla", "sku",
     "team_size", "lead_time", "user_team_count", "created", "reply", "by"],
)  # fmt: skip
def test_names_that_do_not(column: str) -> None:
    assert nearly(column) == set()


def test_a_group_nearer_to_the_table_leaves_it_open_which_is_meant() -> None:
    assert nearly("group_id", table="customer_entity") == set()
    assert nearly("group_id", table="site") == {"group_id -> store_group.group_id"}


def test_a_word_that_is_a_table_of_its_own_is_no_person() -> None:
    authors = replace(DESK, tables={**DESK.tables, "authors": made("authors")})
    assert nearly("author", tables=authors) == {"author -> authors.id"}


def test_every_table_of_people_is_proposed_and_none_where_it_may_have_been_a_client() -> None:
    agents = replace(DESK, tables={**DESK.tables, "agents": made("agents")})
    assert nearly("created_by", tables=agents) == {
        "created_by -> users.id",
        "created_by -> agents.id",
    }
    shop = replace(DESK, tables={**DESK.tables, "customer_entity": made("customer_entity")})
    assert nearly("created_by", tables=shop) == set()


def judged(values: int, found: int, *, text: bool = False, nearly: bool = True) -> Confidence:
    parent, key = ("sla_levels", "level_code") if text else ("users", "id")
    relation = undeclared("teams", ("id",), parent, (key,), Origin.NAME)
    proposal = Proposal(relation, "said", strong=False, nearly=nearly)
    return judge(DESK, proposal, Measured(values, found, dense=not text)).confidence


def test_what_is_nearly_said_needs_data_that_holds_all_of_several_values() -> None:
    assert judged(10, 10) is Confidence.HIGH
    assert judged(10, 10, nearly=False) is Confidence.MEDIUM
    assert judged(9, 9) is Confidence.MEDIUM
    assert judged(100, 98) is Confidence.HIGH
    assert judged(100, 97) is Confidence.MEDIUM
    assert judged(100, 79) is Confidence.LOW


def test_of_texts_a_few_do_for_they_do_not_meet_by_chance() -> None:
    assert judged(3, 3, text=True) is Confidence.HIGH
    assert judged(2, 2, text=True) is Confidence.MEDIUM
    assert judged(3, 3, text=True, nearly=False) is Confidence.MEDIUM
