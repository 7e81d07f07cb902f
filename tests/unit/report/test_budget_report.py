"""What is said of a budget."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from sandbox.report.budget import budget_data, budget_notes
from sandbox.subset.budget import parse_budget
from sandbox.subset.growth import Spent
from sandbox.subset.odd.found import Cover, Covered
from sandbox.subset.request import SampleRequest, parse_share

SCARCE = Cover(
    classes=(
        Covered("t", "a", "zero", rows=9, taken=2),
        Covered("t", "a", "empty", rows=2, taken=2),
        Covered("t", "a", "longest", rows=9, taken=1),
    )
)


def choice(spent: Spent | None, share: str = "1%", cover: Cover = SCARCE) -> Any:
    plan = SimpleNamespace(request=SampleRequest(parse_share(share)))
    return SimpleNamespace(subset=SimpleNamespace(spent=spent, plan=plan), cover=cover)


def test_cut_of_a_share_is_said_with_what_is_left_of_it() -> None:
    spent = Spent(parse_budget("500MB"), 498_000_000, 4, 0.37, 12)
    (said,) = budget_notes(choice(spent))
    assert said == (
        "budget    500 MB, of which 498 MB are used: the draw was cut from 1 % to 0.37 %, "
        "12 families are not whole, 1 kind of odd rows has fewer than 3 rows"
    )


def test_cut_of_a_number_of_rows_is_said_in_rows() -> None:
    spent = Spent(parse_budget("900rows"), 890, 4, 0.25, 1)
    (said,) = budget_notes(choice(spent, "2000"))
    assert said == (
        "budget    900 rows, of which 890 rows are used: the draw was cut from 2,000 rows to 500 "
        "of each target, 1 family is not whole, 1 kind of odd rows has fewer than 3 rows"
    )


def test_where_nothing_was_cut_that_is_said_and_where_there_is_no_budget_nothing() -> None:
    spent = Spent(parse_budget("900rows"), 90, 4)
    said = "budget    900 rows, of which 90 rows are used: nothing cut"
    assert list(budget_notes(choice(spent, cover=Cover()))) == [said]
    assert list(budget_notes(choice(None))) == []
    assert budget_data(choice(None)) is None


def test_data_holds_every_figure() -> None:
    spent = Spent(parse_budget("2kB"), 1990, 400, 0.5, 3)
    assert budget_data(choice(spent)) == {
        "amount": 2000, "unit": "bytes", "used": 1990, "never_cut": 400, "drawn": 0.5,
        "short_families": 3, "classes_with_few": 1,
    }  # fmt: skip
