"""What the summary of an export says, in words."""

from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.report.export import _lock_note, _notes
from sandbox.subset.odd.found import Cover
from sandbox.subset.relations.found import Relations
from sandbox.subset.request import SampleRequest, Share
from schemas import schema, table


def planned(**facts: Any) -> Any:
    preflight = SimpleNamespace(
        frees_locks=False, one_session="", outside_snapshot=(), write_rights=()
    )
    return SimpleNamespace(
        source=SimpleNamespace(
            schema=schema(table("customers"), table("orders", "customer>customers")),
            preflight=preflight,
            rights_that_show_more=(),
            unknown=(),
            relations=Relations(),
        ),
        choice=SimpleNamespace(
            subset=SimpleNamespace(
                spent=None,
                cut=facts.get("cut", {}),
                named=(),
                plan=SimpleNamespace(request=SampleRequest(Share(0.01))),
                met={},
                strata={},
            ),
            seeded=SimpleNamespace(unresolved=()),
            cover=Cover(),
        ),
        decisions=SimpleNamespace(no_own_rules=facts.get("no_own_rules", "")),
    )


@pytest.mark.parametrize(("families", "said"), [(1, "1 family"), (1200, "1,200 families")])
def test_families_are_counted_as_people_count(families: int, said: str) -> None:
    (line,) = _notes(planned(cut={("orders", "orders_customer"): families}))
    assert line == f"cut       {said} of orders along orders_customer at 100 rows each"


def test_missing_rules_are_told_although_the_export_works() -> None:
    (line,) = _notes(planned(no_own_rules="No rules of your own were found."))
    assert line == "rules     No rules of your own were found."


@pytest.mark.parametrize("in_shifts", [True, False])
def test_locks_are_told_as_past_once_the_export_is_over(in_shifts: bool) -> None:  # noqa: FBT001
    (before,) = _lock_note(planned(), in_shifts=in_shifts, waits="waits")
    (after,) = _lock_note(planned(), in_shifts=in_shifts, waits="had to wait")
    assert " is first read " in before
    assert " had to wait " in after
    assert " is " not in after
