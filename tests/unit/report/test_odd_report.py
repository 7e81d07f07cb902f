"""What is shown of odd rows: counts, and whether they are exact; no value."""

from __future__ import annotations

from sandbox.export.odd import describe_odd, tell_of_odd
from sandbox.report.odd import odd_data, odd_notes
from sandbox.subset.odd.found import Cover, Covered, LookedAt

COVER = Cover(
    classes=(
        Covered("orders", "note", "blank", 9, 3),
        Covered("orders", "note", "missing", 12_345, 31, exact=False, taken_exact=False),
    ),
    named=(Covered("orders", "", "leap days", 0, 0),),
    tables=(
        LookedAt("orders", 0.25, "read were 32 of 128 blocks of its key"),
        LookedAt("customers", 1.0),
    ),
    added=1,
    seconds=0.25,
)


def test_manifest_hides_counts_that_could_single_somebody_out() -> None:
    assert [(one.name, one.rows, one.taken) for one in describe_odd(COVER)] == [
        ("blank", "<10", "<10"), ("missing", "about 12,345", "about 31"),
        ("leap days", "<10", "<10"),
    ]  # fmt: skip
    assert list(tell_of_odd(COVER)) == [
        "odd rows of table orders: read were 32 of 128 blocks of its key"
    ]


def test_summary_says_what_came_and_what_was_not_looked_at() -> None:
    assert list(odd_notes(COVER)) == [
        "odd       3 kinds of odd rows, in 2 columns; 1 row came for them",
        "not there [[cover]] leap days: no row of orders meets the condition",
        "odd       orders: read were 32 of 128 blocks of its key",
    ]
    assert list(odd_notes(Cover())) == []


def test_json_tells_estimates_from_counts() -> None:
    data = odd_data(COVER)
    assert [(one["rows"], one["rows_exact"], one["taken_exact"]) for one in data["classes"]] == [
        (9, True, True), (12_345, False, False),
    ]  # fmt: skip
    assert (data["added"], data["seconds"], len(data["tables"])) == (1, 0.25, 2)
