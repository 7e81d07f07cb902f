"""Relations as their names propose them, and how they are judged by what the data says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import UsageError
from sandbox.model import Column, ForeignKey, Index, Key, Origin, Schema, Table
from sandbox.subset.comparison import matches, refers
from sandbox.subset.plan import Role, plan_subset
from sandbox.subset.relations.by_name import propose_by_name
from sandbox.subset.relations.find import with_relations
from sandbox.subset.relations.found import (
    NOT_COMPARED,
    TOO_LONG,
    Confidence,
    Measured,
    Proposal,
    Relations,
)
from sandbox.subset.relations.judge import judge
from sandbox.subset.relations.polymorphic import find_pairs, propose_of_pair
from sandbox.subset.relations.written import meaning, parse_relation, undeclared, written
from sandbox.subset.request import SampleRequest, Share
from schemas import schema

TEXTS = frozenset({"char", "varchar", "text", "enum"})


def column(declared: str) -> Column:
    """Make a column of ``name type``; an integer where no type is said; not NULL."""
    name, _, kind = declared.partition(" ")
    kind = kind or "int(10) unsigned"
    bare = kind.partition("(")[0]
    made_of = Column(name, bare, kind, nullable=False)
    if bare in TEXTS:
        return replace(made_of, charset="utf8mb4", collation="utf8mb4_unicode_ci")
    return made_of


def made(name: str, *columns: str, unique: str = "", index: str = "") -> Table:
    keys = [Key("PRIMARY", ("id",)), *([Key(unique, (unique,))] if unique else [])]
    indexes = [Index(index, tuple(index.split("+")))] if index else []
    named = (column("id"), *map(column, columns))
    return Table(name, "InnoDB", named, tuple(keys), indexes=tuple(indexes))


USERS = made("users", "login varchar(40)", unique="login")
DESK = schema(
    USERS,
    made("user_groups"),
    made("addresses"),
    made("categories", "parent_id", "category_id"),
    made("countries", "code char(2)", unique="code"),
    made("tickets"),
)


def proposed(*columns: str) -> set[str]:
    """Give what is proposed for columns of a table ``t``: a star where the name is vague."""
    tables = {**DESK.tables, "t": made("t", *columns)}
    found = propose_by_name(replace(DESK, tables=tables))
    return {
        written(one.key).removeprefix("t.") + ("" if one.strong else " *")
        for one in found
        if one.key.table == "t"
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("user_id", {"user_id -> users.id"}),
        ("userId", {"userId -> users.id"}),
        ("userid", {"userid -> users.id"}),
        ("id_user", {"id_user -> users.id"}),
        ("fk_user_id", {"fk_user_id -> users.id"}),
        ("user_group_id", {"user_group_id -> user_groups.id"}),
        ("billing_address_id", {"billing_address_id -> addresses.id"}),
        ("parent_id", {"parent_id -> t.id"}),
        ("reply_to_id", {"reply_to_id -> t.id"}),
        (
            "country_code char(2)",
            {"country_code -> countries.code", "country_code -> countries.id *"},
        ),
        ("user_id varchar(20)", {"user_id -> users.id"}),
        ("user_login char(9)", {"user_login -> users.login", "user_login -> users.id *"}),
        ("author_login char(9)", {"author_login -> users.login *", "author_login -> users.id *"}),
        ("created_by", {"created_by -> users.id *", "created_by -> users.login *"}),
        ("ticket", {"ticket -> tickets.id *"}),
        ("external_user_id", {"external_user_id -> users.id *"}),
    ],
)  # fmt: skip
def test_names_that_mean_a_table(name: str, expected: set[str]) -> None:
    assert proposed(name) == expected


@pytest.mark.parametrize(
    "name",
    [
        "status_id", "paid", "valid", "amount", "session_id varchar(32)", "t_id", "id_card text",
        "user_id decimal(9,2)", "user_id tinyint(1)", "user_id date", "user_notified", "grid",
        "owner_type varchar(20)", "user_agent varchar(200)", "sort", "ticket_count",
    ],
)  # fmt: skip
def test_names_that_mean_none(name: str) -> None:
    assert proposed(name) == set()


def declares(table: Table, column: str, parent: str) -> Table:
    """Give a table with a reference that it declares."""
    return replace(table, foreign_keys=(ForeignKey("fk", table.name, (column,), parent, ("id",)),))


def by_declared(*others: Table, name: str = "customer_id") -> dict[str, bool]:
    """Give what is proposed for a column of a table that declares nothing, and whether plainly."""
    tables = (made("customer_entity"), made("website"), made("log", name), *others)
    found = propose_by_name(schema(*tables))
    return {written(one.key): one.strong for one in found if one.key.table == "log"}


class TestNamesThatOthersDeclare:
    def test_two_that_agree_make_it_plain(self) -> None:
        some = [declares(made(t, "customer_id"), "customer_id", "customer_entity") for t in "ab"]
        assert by_declared(*some) == {"log.customer_id -> customer_entity.id": True}

    def test_one_is_a_hint(self) -> None:
        one = declares(made("a", "customer_id"), "customer_id", "customer_entity")
        assert by_declared(one) == {"log.customer_id -> customer_entity.id": False}

    def test_a_hint_takes_nothing_from_a_plain_name(self) -> None:
        one = declares(made("a", "website_id"), "website_id", "website")
        assert by_declared(one, name="website_id") == {"log.website_id -> website.id": True}

    def test_a_name_of_one_word_is_a_hint(self) -> None:
        some = [declares(made(t, "site"), "site", "website") for t in "ab"]
        assert by_declared(*some, name="site") == {"log.site -> website.id": False}

    def test_the_key_of_the_own_table_may_be_its_own_numbers(self) -> None:
        some = [declares(made(t, "customer_id"), "customer_id", "customer_entity") for t in "ab"]
        own = replace(made("log", "customer_id"), keys=(Key("PRIMARY", ("customer_id",)),))
        found = propose_by_name(schema(made("customer_entity"), *some, own))
        strong = {written(one.key): one.strong for one in found if one.key.table == "log"}
        assert strong == {"log.customer_id -> customer_entity.id": False}

    def test_those_that_disagree_say_nothing(self) -> None:
        first = declares(made("a", "customer_id"), "customer_id", "customer_entity")
        second = declares(made("b", "customer_id"), "customer_id", "website")
        assert by_declared(first, second) == {}

    def test_a_reference_to_the_table_itself_says_nothing_of_others(self) -> None:
        some = [declares(made(t, "up_id"), "up_id", t) for t in ("a", "b")]
        assert by_declared(*some, name="up_id") == {}

    def test_the_table_that_is_meant_does_not_refer_to_itself(self) -> None:
        some = [declares(made(t, "customer_id"), "customer_id", "log") for t in "ab"]
        assert by_declared(*some) == {}

    def test_the_key_of_somebodys_one_row_is_somebodys_key(self) -> None:
        wishlist = made("wishlist", "customer_id", unique="customer_id")
        wishlist = declares(wishlist, "customer_id", "customer_entity")
        assert set(by_declared(wishlist)) == {"log.customer_id -> customer_entity.id"}


def test_own_key_and_declared_references_are_not_proposed() -> None:
    table = replace(
        made("orders", "user_id"),
        foreign_keys=(ForeignKey("fk", "orders", ("user_id",), "users", ("id",)),),
    )
    assert list(propose_by_name(schema(USERS, table))) == []
    assert {written(one.key) for one in propose_by_name(schema(DESK.tables["categories"]))} == {
        "categories.parent_id -> categories.id"
    }


def test_pairs_name_tables_and_what_names_none_is_left_out() -> None:
    pairs = schema(
        USERS,
        DESK.tables["tickets"],
        made("notes", "owner_type varchar(90)", "owner_id", "user_type varchar(9)", "user_id"),
    )
    (pair,) = find_pairs(pairs)
    assert (pair.kind.name, pair.number.name) == ("owner_type", "owner_id")
    values = ["App\\Entity\\Ticket", "users", "Application_Model_User", "Anna's ticket", ""]
    found = list(propose_of_pair(pairs, pair, values))
    assert {(one.key.parent, one.key.only) for one in found} == {
        ("tickets", ("owner_type", "App\\Entity\\Ticket")),
        ("users", ("owner_type", "users")),
        ("users", ("owner_type", "Application_Model_User")),
    }


def judged(measured: Measured, *, strong: bool, origin: Origin = Origin.NAME) -> Confidence:
    key = undeclared("tickets", ("id",), "users", ("id",), origin)
    return judge(DESK, Proposal(key, "said", strong=strong), measured).confidence


def test_containment_in_dense_numbers_is_no_evidence_without_a_name() -> None:
    assert judged(Measured(1000, 1000, dense=True), strong=False) is Confidence.MEDIUM
    assert judged(Measured(1000, 1000), strong=False) is Confidence.HIGH
    assert judged(Measured(3, 3), strong=False) is Confidence.MEDIUM
    assert judged(Measured(1000, 1000, dense=True), strong=True) is Confidence.HIGH


def test_data_can_speak_against_a_name_and_against_the_source() -> None:
    few, many, none = Measured(1000, 10), Measured(1000, 600), Measured()
    assert judged(few, strong=True) is Confidence.LOW
    assert judged(many, strong=True) is Confidence.MEDIUM
    assert judged(none, strong=True) is Confidence.MEDIUM
    assert judged(none, strong=True, origin=Origin.ZEND) is Confidence.HIGH
    assert judged(many, strong=True, origin=Origin.DOCTRINE) is Confidence.HIGH
    assert judged(few, strong=True, origin=Origin.ZEND) is Confidence.LOW


def test_what_was_not_looked_at_and_what_is_confirmed_in_vain_are_told() -> None:
    named = "notes.user_id -> users.id"
    desk = schema(USERS, made("notes", "user_id"))
    confirmed = Proposal(parse_relation(named), "confirmed")
    stated = undeclared("notes", ("user_id",), "users", ("id",), Origin.ZEND)

    def unknown(proposal: Proposal, measured: Measured) -> tuple[str, ...]:
        return Relations((judge(desk, proposal, measured),)).unknown

    late, refused = Measured(problem=TOO_LONG), Measured(problem=NOT_COMPARED)
    by_name = Proposal(replace(stated, origin=Origin.NAME), "named")
    assert unknown(by_name, late) == (
        f"relations: 1 proposed and not followed: {TOO_LONG}; sandbox relations lists them",
    )
    assert unknown(confirmed, refused) == (
        f"relations: {named} is confirmed and not followed: {NOT_COMPARED}",
    )
    used = [(confirmed, late), (Proposal(stated, "stated"), late), (by_name, Measured(10, 10))]
    assert [unknown(*one) for one in used] == [()] * 3
    assert unknown(by_name, Measured(10, 1)) == ()


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)


@given(
    table=NAMES,
    parent=NAMES,
    pairs=st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=3),
    only=st.none() | st.tuples(NAMES, NAMES),
)
def test_what_is_written_is_read_back(
    table: str, parent: str, pairs: list[tuple[str, str]], only: tuple[str, str] | None
) -> None:
    own, others = zip(*pairs, strict=True)
    key = undeclared(table, own, parent, others, Origin.SETTINGS, only=only)
    assert parse_relation(written(key)) == key
    assert len(key.name) <= 256
    assert meaning(key) == meaning(parse_relation(written(key)))


@pytest.mark.parametrize(
    "text", ["", "a.b", "a.b -> c", "a.(b, c) -> d.e", "a.b -> c.d where x = y", "a.b -> c.d; drop"]
)
def test_what_is_no_relation_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_relation(text)


def test_sides_of_unlike_types_are_compared_along_the_parents_key() -> None:
    child = made("notes", "user_id varchar(20)", "by char(40)", "kind char(9)")
    key = undeclared("notes", ("user_id",), "users", ("id",), Origin.NAME)
    assert matches(key, child, USERS, "c", "p") == (
        "p.`id` = CAST(c.`user_id` AS UNSIGNED) AND p.`id` = c.`user_id`"
        " AND c.`user_id` REGEXP '^ *[-+]?[0-9]'"
    )
    assert refers(key, child, USERS, "c") == (
        "c.`user_id` IS NOT NULL AND c.`user_id` <> '' AND c.`user_id` <> '0'"
    )
    latin = replace(child.column("by"), charset="latin1", collation="latin1_swedish_ci")
    child = replace(child, columns=(*child.columns[:2], latin, child.columns[3]))
    key = undeclared("notes", ("by",), "users", ("login",), Origin.NAME, only=("kind", "a'b"))
    assert matches(key, child, USERS, "c", "p") == (
        "p.`login` = CONVERT(c.`by` USING utf8mb4) COLLATE utf8mb4_unicode_ci"
        " AND c.`kind` = _utf8mb4 x'612762'"
    )
    declared = ForeignKey("fk", "notes", ("by",), "users", ("login",))
    assert matches(declared, child, USERS, "c", "p") == "c.`by` = p.`login`"
    assert refers(declared, child, USERS, "c") == "c.`by` IS NOT NULL"


def planned(*proposals: tuple[str, Measured], index: str = "") -> dict[str, str]:
    tables = {
        "users": USERS,
        "tickets": made("tickets"),
        "notes": made("notes", "user_id", "o_type char(9)", "o_id", index=index),
    }
    desk = schema(*tables.values())
    found = [
        judge(desk, Proposal(parse_relation(text), "said"), measured)
        for text, measured in proposals
    ]
    used = with_relations(desk, Relations(tuple(found)))
    plan = plan_subset(used, SampleRequest(Share(0.01)), frozenset())
    notes = plan.tables["notes"]
    assert {one.parent for one in notes.owners} == (
        set() if notes.role is not Role.CHILD else {key.parent for key in notes.owners}
    )
    return {"role": notes.role.value, "why": notes.why}


ALL = Measured(10, 10)
USER = "notes.user_id -> users.id"


def test_children_follow_along_an_index_and_where_nobody_is_left_behind() -> None:
    assert planned((USER, ALL), index="user_id") == {
        "role": "child",
        "why": "goes with users (user_id, not declared)",
    }
    assert planned((USER, ALL)) == {
        "role": "target",
        "why": "1 % of its rows; not with users by user_id: no index finds the rows of one",
    }
    some = Measured(10, 10, nobody=True)
    assert planned((USER, some), index="user_id")["why"].endswith("some rows may refer to nobody")


def test_of_several_columns_one_that_may_be_null_leaves_rows_behind() -> None:
    key = undeclared("notes", ("a", "b"), "users", ("id", "login"), Origin.SETTINGS)
    notes = made("notes", "a", "b varchar(40)", index="a+b")
    loose = replace(notes.columns[2], nullable=True)
    for table, optional in (
        (notes, False),
        (replace(notes, columns=(*notes.columns[:2], loose)), True),
    ):
        judged = judge(schema(USERS, table), Proposal(key, "said"), ALL)
        assert (judged.key.indexed, judged.key.optional) == (True, optional)


def test_rows_of_a_pair_follow_whichever_parent_they_have() -> None:
    pair = [f"notes.o_id -> {name}.id where o_type = '{name}'" for name in ("users", "tickets")]
    both = [(text, ALL) for text in pair]
    assert planned(*both, index="o_type+o_id") == {
        "role": "child",
        "why": "goes with users, tickets (o_id, not declared)",
    }
    assert planned(*both, index="o_type")["role"] == "target"
    some = [(pair[0], ALL), (pair[1], Measured(9, 9, nobody=True))]
    assert planned(*some, index="o_type+o_id")["role"] == "target"


def test_a_schema_without_relations_is_the_same() -> None:
    assert with_relations(DESK, Relations()) == DESK
    assert isinstance(DESK, Schema)


def test_a_word_that_leads_to_somebody_may_stand_before_a_declared_name() -> None:
    some = [declares(made(t, "customer_id"), "customer_id", "customer_entity") for t in "ab"]
    nearly = {"log.first_customer_id -> customer_entity.id": False}
    assert by_declared(*some, name="first_customer_id") == nearly
    assert by_declared(*some, name="orig_customer_id") == {}
