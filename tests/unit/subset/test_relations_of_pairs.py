"""Pairs that are followed for some of their kinds only, or could not be looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sandbox.errors import SourceBusy
from sandbox.model import Column, Index, Key, Schema, Table
from sandbox.subset.plan import Role, plan_subset
from sandbox.subset.relations.find import find_relations, with_relations
from sandbox.subset.relations.found import Relations, WrittenRelations
from sandbox.subset.relations.written import parse_relation
from sandbox.subset.request import SampleRequest, Share
from schemas import schema

IGNORES_CASE, COUNTS_CASE = "utf8mb4_unicode_ci", "utf8mb4_0900_as_cs"
TICKET = "notes.owner_id -> tickets.id where owner_type = 'ticket'"
USER = "notes.owner_id -> users.id where owner_type = 'user'"


def number(name: str) -> Column:
    return Column(name, "int", "int", nullable=False)


def desk(collation: str = IGNORES_CASE) -> Schema:
    kind = Column("owner_type", "varchar", "varchar(20)", nullable=False)
    columns = (number("id"), replace(kind, charset="utf8mb4", collation=collation))
    by_id = (Key("PRIMARY", ("id",)),)
    index = Index("owner", ("owner_type", "owner_id"))
    return schema(
        Table("users", "InnoDB", (number("id"),), by_id, rows=100),
        Table("tickets", "InnoDB", (number("id"),), by_id, rows=100),
        Table("notes", "InnoDB", (*columns, number("owner_id")), by_id, indexes=(index,)),
    )


class Answers:
    """Answers as a server whose notes have these kinds, some of which are found nowhere."""

    def __init__(self, *kinds: str, lost: str = "none", busy: bool = False) -> None:
        self.kinds, self.lost, self.busy = list(kinds), lost, busy

    def rows(self, sql: str, /, where: str = "") -> list[tuple[Any, ...]]:  # noqa: ARG002
        if "MIN(`owner_type`)" in sql:
            if self.busy:
                raise SourceBusy("A statement ran longer than it may")
            return [(self.kinds.pop(0) if self.kinds else None,)]
        if "SUM(" in sql:
            return [(100, 10 if self.lost.encode().hex() in sql else 100, 0)]
        return [(1, 100, 100)] if "COUNT(*)" in sql else [(1, 100)]


def role_of_notes(known: Schema, found: Relations) -> Role:
    request = SampleRequest(Share(0.1))
    return plan_subset(with_relations(known, found), request, frozenset()).role("notes")


def settings(confirmed: tuple[str, ...] = (), rejected: tuple[str, ...] = ()) -> WrittenRelations:
    sides = (tuple(map(parse_relation, some)) for some in (confirmed, rejected))
    return WrittenRelations(*sides)


def test_rows_of_a_pair_follow_their_parents_where_every_kind_is_followed() -> None:
    found = find_relations(desk(), Answers("ticket", "user"))
    assert {str(one) for one in found.used} == {TICKET, USER}
    assert role_of_notes(desk(), found) is Role.CHILD


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (Answers("ticket", "user", lost="ticket"), settings()),
        (Answers("ticket", "user"), settings(rejected=(TICKET,))),
        (Answers("ticket", "user"), settings(rejected=(TICKET.replace("'ticket'", "'Ticket'"),))),
        (Answers("invoice", "ticket", "user"), settings()),
        (Answers("invoice", "ticket", "user"), settings(confirmed=(TICKET, USER))),
        (Answers("ticket", "user", busy=True), settings(confirmed=(TICKET, USER))),
    ],
    ids=["not there", "rejected", "rejected as the server folds", "no table", "confirmed", "busy"],
)
def test_rows_of_a_kind_that_is_not_followed_are_not_left_behind(
    answers: Answers, said: WrittenRelations
) -> None:
    found = find_relations(desk(), answers, settings=said)
    used = [one for one in found.used if one.key.only]
    assert used
    assert all(one.key.optional for one in used)
    assert role_of_notes(desk(), found) is Role.TARGET


def test_kinds_that_the_collation_tells_apart_are_followed_each() -> None:
    known = desk(COUNTS_CASE)
    found = find_relations(known, Answers("Ticket", "ticket", "user"))
    assert {str(one) for one in found.used} == {TICKET, TICKET.replace("'ti", "'Ti"), USER}
    assert role_of_notes(known, found) is Role.CHILD
    one_case = settings(rejected=(TICKET.replace("'ti", "'Ti"),))
    found = find_relations(known, Answers("Ticket", "ticket", "user"), settings=one_case)
    assert {str(one) for one in found.used} == {TICKET, USER}
    assert role_of_notes(known, found) is Role.TARGET


def test_a_pair_that_could_not_be_looked_at_is_told_and_its_number_means_nobody_by_name() -> None:
    known = desk()
    found = find_relations(known, Answers(busy=True))
    assert found.unknown == ("relations: the pair notes.owner_type, owner_id was not looked at",)
    assert found.found == ()
