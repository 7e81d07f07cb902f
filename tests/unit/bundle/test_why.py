"""Why a row is in a bundle: how it is asked for, and how what brought it is found again."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands import sandbox
from reasoned_bundles import (
    DRAWN,
    NAMED,
    Made,
    child_of,
    key,
    make_reasoned,
    number,
    parent_of,
    text,
)
from sandbox.bundle.manifest import ColumnEntry, RelationEntry
from sandbox.bundle.reasons import ClassEntry, ReasonEntry
from sandbox.bundle.why import chain
from sandbox.bundle.why.explain import Explained, explain_row
from sandbox.errors import ExitCode, UsageError
from sandbox.model import Origin
from sandbox.report.why import WhyResult
from servers import Silent

ODD = ReasonEntry(kind="odd", classes=[ClassEntry(column="born", name="zero date")])
WHOLE = ReasonEntry(kind="whole")


def why(bundle: Path, asked: str) -> Explained:
    return explain_row(bundle, asked, Silent())


def way(bundle: Path, asked: str) -> list[str]:
    """Give the rows on the way, by table and first column; the problem at its end, if any."""
    (found,) = why(bundle, asked).chains
    steps = [
        f"{step.row.table} {(next(iter(step.row.cells.values())) or b'').decode()}"
        for step in found.steps
    ]
    return [*steps, *([found.problem] if found.problem else [])]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Customers with orders and items; of a country only what refers to it is there."""
    return make_reasoned(
        tmp_path / "shop",
        Made(
            "countries", [text("code")], [parent_of("customers", "fk_country")],
            [(("de",), 0), (("at",), 0)], identity=["code"],
        ),
        Made(
            "customers", [number("id"), text("country")],
            [DRAWN, parent_of("orders", "fk_customer"), ODD],
            [(("1", "DE"), 0), (("2", "de "), 1), (("3", "at"), 2), (("4", None), 1)],
            keys=[key("country", "countries", "code")],
        ),
        Made(
            "orders", [number("id"), number("customer")],
            [child_of("orders", "fk_customer"), NAMED],
            [(("10", "1"), 0), (("20", "2"), 1), (("30", "1"), 0)],
            keys=[key("customer", "customers")],
        ),
        Made(
            "items", [number("order_id"), number("place")], [child_of("items", "fk_order_id")],
            [(("10", "1"), 0), (("10", "2"), 0), (("30", "1"), 0)],
            identity=["order_id", "place"], keys=[key("order_id", "orders")], at_once=1,
        ),
    )  # fmt: skip


def test_row_is_followed_to_the_one_that_was_drawn(shop: Path) -> None:
    assert way(shop, "items:10,2") == ["items 10", "orders 10", "customers 1"]
    assert way(shop, "customers:1") == ["customers 1"]


def test_parent_is_followed_to_the_child_that_brought_it(shop: Path) -> None:
    assert way(shop, "customers:2") == ["customers 2", "orders 20"]


def test_text_is_compared_as_its_collation_does(shop: Path) -> None:
    assert way(shop, "countries:at") == ["countries at", "customers 3"]
    assert way(shop, "countries:DE ") == ["countries de", "customers 1"]


def test_row_whose_child_is_gone_is_told_as_far_as_it_is_known(shop: Path) -> None:
    assert way(shop, "customers:4") == ["customers 4", chain.NOT_FOUND]
    assert WhyResult(why(shop, "customers:4")).exit_code is ExitCode.NO_VERDICT


def test_rows_are_asked_for_by_other_columns_too(shop: Path) -> None:
    assert way(shop, "customers:country=at") == ["customers 3"]
    assert way(shop, "items:place=2,order_id=10") == ["items 10", "orders 10", "customers 1"]
    found = why(shop, "orders:customer=1")
    assert (found.found, len(found.chains)) == (2, 2)


@pytest.mark.parametrize(
    ("asked", "said", "hint"),
    [
        ("orders", "TABLE:KEY", "orders:42"),
        ("orders:", "TABLE:KEY", "orders:42"),
        ("orders:\n", "TABLE:KEY", "orders:42"),
        ("orders:4\r2", "cannot be a value of orders.id", ""),
        ("orders:" + "9" * 5000, "cannot be a value of orders.id", ""),
        ("order:1", "no table order", "Did you mean orders"),
        ("items:10", "2 columns: order_id, place", "items:…,…"),
        ("orders:many", "cannot be a value of orders.id, which is int", "as the bundle holds it"),
        ("orders:x=1", "cannot be a value", "orders has no column x; it has id, customer."),
    ],
)
def test_what_names_no_row_is_wrong_usage(shop: Path, asked: str, said: str, hint: str) -> None:
    with pytest.raises(UsageError) as failed:
        why(shop, asked)
    assert said in failed.value.message
    assert hint in failed.value.hint


def test_row_that_is_not_there_is_told_with_what_would_take_it(shop: Path) -> None:
    found = why(shop, "items:30,2")
    assert (found.found, found.include) == (0, "--include 'items:order_id=30 AND place=2'")
    quoted = why(shop, "countries:o'a")
    assert quoted.include == """--include 'countries:code='"'"'o'"'"''"'"'a'"'"''"""
    assert WhyResult(found).exit_code is ExitCode.NO


def test_masked_and_whole_tables_give_no_option_that_would_not_work(tmp_path: Path) -> None:
    bundle = make_reasoned(
        tmp_path / "b",
        Made("a", [text("id", kept=False)], [DRAWN], [(("x",), 0)]),
        Made("w", [number("id")], [WHOLE], [(("1",), 0)], why="at most 200 rows"),
    )
    masked, whole = why(bundle, "a:y"), why(bundle, "w:2")
    assert (masked.include, whole.include) == ("", "")
    assert "a.id is masked" in masked.advice
    assert "taken whole" in whole.advice


def test_way_goes_through_no_row_twice_and_around_dead_ends(tmp_path: Path) -> None:
    # 1 came for 2 or 3, which refer to it; 2 came for 1 in turn, and 3 because 4 was named.
    boss = parent_of("staff", "fk_boss")
    bundle = make_reasoned(
        tmp_path / "b",
        Made(
            "staff", [number("id"), number("boss")], [boss, NAMED],
            [(("1", "2"), 0), (("2", "1"), 0), (("3", "1"), 0), (("4", "3"), 1), (("5", "5"), 0),
             (("6", "7"), 0), (("7", "6"), 0)],
            keys=[key("boss", "staff")],
        ),
    )  # fmt: skip
    assert way(bundle, "staff:1") == ["staff 1", "staff 3", "staff 4"]
    assert way(bundle, "staff:2") == ["staff 2", "staff 1", "staff 3", "staff 4"]
    assert way(bundle, "staff:5") == ["staff 5", chain.NOT_FOUND]
    assert way(bundle, "staff:6")[-1] == chain.NOT_FOUND


def test_way_of_one_child_may_lead_through_another(tmp_path: Path) -> None:
    # Both 2 and 3 refer to 1; 2 came with its owner 3, which came with 4.
    owner, boss = child_of("staff", "fk_owner"), parent_of("staff", "fk_boss")
    bundle = make_reasoned(
        tmp_path / "b",
        Made(
            "staff", [number("id"), number("boss"), number("owner")], [boss, owner, DRAWN],
            [(("1", None, None), 0), (("2", "1", "3"), 1), (("3", "1", "4"), 1),
             (("4", None, None), 2)],
            keys=[key("boss", "staff"), key("owner", "staff")], at_once=4,
        ),
    )  # fmt: skip
    assert way(bundle, "staff:1") == ["staff 1", "staff 3", "staff 4"]
    assert way(bundle, "staff:2") == ["staff 2", "staff 3", "staff 4"]


@settings(max_examples=10, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(2, 25))
def test_every_row_that_came_in_any_way_is_led_to_its_root(rng: Random, count: int) -> None:
    kinds, owners, bosses = ["drawn"], dict[int, int](), dict[int, int]()
    for row in range(1, count):
        free = [other for other in range(row) if other not in bosses]
        kind = rng.choice(["drawn", "child", *(["parent", "parent"] if free else [])])
        if kind == "child":
            owners[row] = rng.choice([at for at, one in enumerate(kinds) if one != "parent"])
        elif kind == "parent":
            bosses[rng.choice(free)] = row
        kinds.append(kind)
    for row in range(count):  # who refers to whom beside: false leads
        owners.setdefault(row, rng.randrange(count))
        bosses.setdefault(row, rng.randrange(count))
    order = rng.sample(range(count), count)
    reasons = [DRAWN, child_of("staff", "fk_owner"), parent_of("staff", "fk_boss")]
    places = {"drawn": 0, "child": 1, "parent": 2}
    rows = [((str(n), str(bosses[n]), str(owners[n])), places[kinds[n]]) for n in order]
    keys = [key("boss", "staff"), key("owner", "staff")]
    columns = [number("id"), number("boss"), number("owner")]
    with TemporaryDirectory() as folder:
        made = Made("staff", columns, reasons, rows, keys=keys, at_once=5)
        bundle = make_reasoned(Path(folder) / "b", made)
        for row in range(count):
            (found,) = why(bundle, f"staff:{row}").chains
            steps = [int(step.row.cells["id"] or b"") for step in found.steps]
            assert (found.problem, kinds[steps[-1]], len(set(steps))) == ("", "drawn", len(steps))
            for one, other in pairwise(steps):
                brought = owners[one] == other if kinds[one] == "child" else bosses[other] == one
                assert brought


def test_pairs_lead_only_along_their_own_kind(tmp_path: Path) -> None:
    def pair(parent: str, mark: str) -> RelationEntry:
        return RelationEntry(
            name=f"owner as {mark}", columns=["owner"], parent=parent, parent_columns=["id"],
            origin=Origin.POLYMORPHIC, only=["kind", mark],
        )  # fmt: skip

    kind = ColumnEntry(name="kind", kind="enum", declared="enum('user','ticket')", kept=True)
    bundle = make_reasoned(
        tmp_path / "b",
        Made("users", [number("id")], [parent_of("files", "owner as user")], [(("1",), 0)]),
        Made("tickets", [number("id")], [parent_of("files", "owner as ticket")], [(("1",), 0)]),
        Made(
            "files", [number("id"), kind, number("owner")], [DRAWN],
            [(("8", "2", "1"), 0), (("9", "1", "1"), 0)],
            relations=[pair("users", "user"), pair("tickets", "ticket")],
        ),
    )  # fmt: skip
    assert way(bundle, "users:1") == ["users 1", "files 9"]
    assert way(bundle, "tickets:1") == ["tickets 1", "files 8"]


def test_rows_without_key_are_told_apart_by_their_place(tmp_path: Path) -> None:
    bundle = make_reasoned(
        tmp_path / "b",
        Made("users", [number("id")], [parent_of("log", "fk_who"), DRAWN], [(("1",), 0)]),
        Made(
            "log", [text("said"), number("who")], [DRAWN, NAMED],
            [(("in", "1"), 1), (("in", "1"), 0)], identity=[], keys=[key("who", "users")],
        ),
    )  # fmt: skip
    found = why(bundle, "log:said=in")
    kinds = [one.steps[0].row.reason and one.steps[0].row.reason.kind for one in found.chains]
    assert kinds == ["named", "drawn"]
    assert way(bundle, "users:1") == ["users 1", "log in"]
    with pytest.raises(UsageError, match="no key tells"):
        why(bundle, "log:in")


def test_unknown_reasons_are_told_as_that(tmp_path: Path) -> None:
    newer = ReasonEntry(kind="inherited", words="by a newer sandbox")
    bundle = make_reasoned(
        tmp_path / "b",
        Made("old", [number("id")], [], [(("1",), None)]),
        Made("moved", [number("id")], [DRAWN, NAMED], [(("1",), None)]),
        Made("later", [number("id")], [newer], [(("1",), 0)]),
    )
    problems = {name: why(bundle, f"{name}:1").chains[0].problem for name in ("old", "moved")}
    assert problems == {"old": chain.NOT_NOTED, "moved": chain.NOBODY_KNOWS}
    assert why(bundle, "later:1").chains[0].problem == chain.NEWER


def test_search_remembers_no_more_rows_than_it_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "_MOST_LEADS", 3)
    boss = parent_of("staff", "fk_boss")
    rows = [((str(n), "1"), 0) for n in range(1, 9)]
    bundle = make_reasoned(
        tmp_path / "b",
        Made("staff", [number("id"), number("boss")], [boss], rows, keys=[key("boss", "staff")]),
    )
    assert way(bundle, "staff:1")[-1] == chain.TOO_MANY


def test_command_prints_the_way_as_lines_and_as_json(shop: Path) -> None:
    ended = sandbox("why", shop, "items:30,1")
    assert ended.exit_code == 0
    lines = [line.strip().split(maxsplit=2) for line in ended.stdout.splitlines()[1:]]
    assert [(" ".join(first), words) for *first, words in lines] == [
        ("items 30,1", "child of orders 30 (fk_order_id)"),
        ("orders 30", "child of customers 1 (fk_customer)"),
        ("customers 1", "drawn: 1 % of its rows"),
    ]
    odd = sandbox("why", shop, "customers:3", "--json")
    assert odd.data["rows"] == [
        {
            "steps": [
                {
                    "table": "customers",
                    "key": {"id": "3"},
                    "reason": json.loads(ODD.model_dump_json()),
                }
            ],
            "complete": True,
            "problem": "",
        }
    ]
    assert "odd: zero date in customers.born" in sandbox("why", shop, "customers:3").stdout


def test_command_answers_no_where_the_row_is_not_there(shop: Path) -> None:
    ended = sandbox("why", shop, "orders:11", "--json")
    assert ended.exit_code == 3
    assert ended.data == {
        "bundle": str(shop), "table": "orders", "found": 0, "include": "--include orders:id=11",
        "rows": [],
    }  # fmt: skip


def test_damage_is_found_whatever_is_asked(shop: Path) -> None:
    part = shop / "data/shop/orders/0001.tsv.zst"
    part.write_bytes(part.read_bytes()[:-1] + b"x")
    assert sandbox("why", shop, "items:10,1").exit_code == 13
