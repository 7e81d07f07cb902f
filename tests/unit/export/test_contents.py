"""What a manifest says of definitions and columns."""

from __future__ import annotations

from datetime import datetime

import pytest

from sandbox.export.choice import Choice, Seeded
from sandbox.export.contents import describe_plan, describe_table, tell_of_definition
from sandbox.export.decisions import Decisions
from sandbox.masking.assignment import Treatment, Treatments
from sandbox.masking.definitions import MaskedDefinition
from sandbox.masking.masker import Masker
from sandbox.model import Column, Family, Key, MaskedText, ObjectKind, Schema, SchemaObject, Table
from sandbox.subset.closure import Subset
from sandbox.subset.keys import key_set_for
from sandbox.subset.limits import parse_limit
from sandbox.subset.plan import plan_subset
from sandbox.subset.request import SampleRequest, parse_share
from sandbox.subset.strata import StrataRequest
from sandbox.subset.windows import parse_window

KEY = b"a key of tests, and of nothing else"


def test_members_of_a_list_stay_but_for_who_can_be_told_from_them() -> None:
    declared = "enum('open','petra@post.example')"
    column = Column("e", "enum", declared, charset="latin1", collation="latin1_bin")
    table = Table("t", "InnoDB", (column,))
    schema = Schema("shop", Family.MARIADB, "10.11", "latin1", "latin1_bin", {"t": table})
    treatments = Treatments({("t", "e"): Treatment("keep", "", "a rule")})
    masker = Masker(schema, treatments, KEY)
    plan = plan_subset(schema, SampleRequest(parse_share("all")), frozenset())
    entry = describe_table(
        table,
        Choice(Subset(plan, {}, {}), Seeded()),
        Decisions(treatments, masker, ""),
        [],
        ordered=False,
    )
    mail = masker.mask_text(b"petra@post.example", "plain").content.decode()
    assert entry.columns[0].declared == f"enum('open','{mail}')"
    # Neither here nor in logs, whose vocabulary the members belong to.
    assert "petra" not in mail
    assert b"petra" not in masker.mask_text(b"open petra", "log").content


@pytest.mark.parametrize(("counted", "rows", "exact"), [({}, 1000, False), ({"t": 281}, 281, True)])
def test_rows_of_the_source_are_those_counted_or_about_those_estimated(
    counted: dict[str, int],
    rows: int,
    exact: bool,  # noqa: FBT001 - a case
) -> None:
    column = Column("id", "int", "int", nullable=False)
    table = Table("t", "InnoDB", (column,), (Key("PRIMARY", ("id",)),), rows=1000)
    schema = Schema("shop", Family.MARIADB, "10.11", "latin1", "latin1_bin", {"t": table})
    treatments = Treatments({("t", "id"): Treatment("keep", "", "a rule")})
    plan = plan_subset(schema, SampleRequest(parse_share("1%")), frozenset())
    choice = Choice(Subset(plan, {"t": key_set_for(table)}, {}), Seeded(), counted)
    decisions = Decisions(treatments, Masker(schema, treatments, KEY), "")
    entry = describe_table(table, choice, decisions, [], ordered=True)
    assert (entry.rows_in_source, entry.rows_in_source_exact) == (rows, exact)


def test_ops_are_told_what_stayed_and_what_is_left_out() -> None:
    described = SchemaObject(ObjectKind.TABLE, "t", "")
    left_out = "its partitioning, which goes by the masked column name"
    text = MaskedText(b"")
    assert list(tell_of_definition(described, MaskedDefinition(text, 0, 0))) == []
    assert list(tell_of_definition(described, MaskedDefinition(text, 1, 0))) == [
        "table t: 1 literal is production's own; part of what it does and kept: review it"
    ]
    stayed, lacks = tell_of_definition(described, MaskedDefinition(text, 7, 2, 0, left_out))
    assert stayed == (
        "table t: 7 literals are production's own (2 with words that no dictionary knows); part of "
        "what it does and kept: review them"
    )
    assert lacks == f"table t: left out is {left_out}"


def test_ops_are_told_what_became_something_else() -> None:
    described = SchemaObject(ObjectKind.FUNCTION, "f", "")
    for changed, (count, it) in ((1, ("1 literal was", "it")), (3, ("3 literals were", "them"))):
        (said,) = tell_of_definition(described, MaskedDefinition(MaskedText(b""), 0, 0, changed))
        assert said == (
            f"function f: {count} masked, as secret, somebody's or a masked column's; what "
            f"compares with {it} may do something else here"
        )


def test_a_plan_in_a_bundle_names_what_was_asked_for_and_no_value_of_it() -> None:
    columns = tuple(Column(name, "int", "int", nullable=False) for name in ("id", "at", "kind"))
    table = Table("t", "InnoDB", columns, (Key("PRIMARY", ("id",)),), rows=1000)
    schema = Schema("shop", Family.MARIADB, "10.11", "latin1", "latin1_bin", {"t": table})
    request = SampleRequest(
        parse_share("1%"),
        where={"t": "id = 4711"},
        windows={"t": (parse_window("at", "2031-07-03.."), parse_window("id", "30d"))},
        strata={"t": StrataRequest(("kind",), 5)},
        per_parent={"t": parse_limit("20 newest by at")},
    )
    now = datetime(2031, 8, 1)  # noqa: DTZ001 - in UTC, as columns hold it
    plan = plan_subset(schema, request, frozenset(), now)
    described = describe_plan(plan, schema)
    assert described["conditions"] == ["t"]
    assert described["windows"] == {
        "t.at": "since a moment that was named",
        "t.id": "in the last 30 days",
    }
    assert described["strata"] == {"t": "5 at least of each kind"}
    assert described["per_parent"] == {"t": "20 newest by at"}
    kept = f"{described} {plan.tables['t'].why} {plan.tables['t'].words}"
    assert not [value for value in ("4711", "2031", "1940803200") if value in kept]
