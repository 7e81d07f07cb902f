"""What is kept of a class, and which rows are chosen for what is lacking."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hypothesis import given
from hypothesis import strategies as st

from sandbox.model import Reason, ReasonKind
from sandbox.subset.growing import Row
from sandbox.subset.keys import RowKey, draw, key_set_for
from sandbox.subset.odd.choose import candidates_of, choose_odd, reasons_for
from sandbox.subset.odd.found import Covered, merged
from sandbox.subset.odd.tally import Tally
from sandbox.subset.odd.variants import Variants
from sandbox.subset.plan import plan_subset
from sandbox.subset.request import SampleRequest, Share
from schemas import schema, table

ORDERS = table("orders")


def drawn(key: RowKey) -> int:
    return draw(b"s", "orders", key)


def tally(name: str, *groups: tuple[RowKey, ...], rows: int | None = None) -> Tally:
    made = Tally("orders", "note", name, 3, drawn)
    made.rows = len(groups) if rows is None else rows
    made.offer(groups)
    return made


def needed_by(
    needs: Mapping[int, Iterable[int]], table: str = "users"
) -> dict[RowKey, frozenset[Row]]:
    return {key: frozenset((table, one) for one in some) for key, some in needs.items()}


@given(st.lists(st.integers(1, 10_000), unique=True, max_size=700))
def test_candidates_are_those_that_are_drawn_first_of_those_looked_at(keys: list[int]) -> None:
    made = tally("zero", *((key,) for key in keys))
    expected = sorted(keys[: 3 * 256], key=drawn)[: 3 * 16]
    assert made.candidates == [(key,) for key in expected]


@given(st.dictionaries(st.sampled_from("abcdef"), st.sets(st.integers(1, 40), min_size=1)),
       st.sets(st.integers(1, 40)))  # fmt: skip
def test_nothing_lacks_after_the_choice(classes: dict[str, set[int]], before: set[int]) -> None:
    taken = key_set_for(ORDERS)
    taken.add_new(sorted(before))
    tallies = []
    for name, keys in classes.items():
        made = tally(name, *((key,) for key in sorted(keys)))
        made.taken = len(keys & before)
        tallies.append(made)
    chosen = choose_odd("orders", tallies, taken, {})
    assert set(chosen) <= candidates_of(tallies)
    assert not before & set(chosen)
    for keys in classes.values():
        assert len(keys & {*before, *chosen}) >= min(3, len(keys))


def test_one_row_serves_several_classes_and_those_that_bring_nobody_go_first() -> None:
    taken = key_set_for(ORDERS)
    both = [tally("a", (1,), (2,), (3,), (7,)), tally("b", (4,), (7,), rows=2)]
    both[0].taken = 2
    assert set(choose_odd("orders", both, taken, {})) == {7, 4}
    far = tally("c", *((key,) for key in range(1, 9)))
    brings = needed_by({key: [key] for key in (1, 3, 4, 6, 7)})
    assert set(choose_odd("orders", [far], taken, brings)) == {2, 5, 8}


def test_row_that_brings_as_much_as_it_serves_waits_for_those_that_bring_less() -> None:
    taken = key_set_for(ORDERS)
    classes = [tally(name, (9,), *((key,) for key in range(at, at + 3)))
               for name, at in (("a", 1), ("b", 4))]  # fmt: skip
    brings = needed_by({9: range(5)})
    assert 9 not in choose_odd("orders", classes, taken, brings)


def test_parents_that_came_with_one_row_make_others_cheaper() -> None:
    taken = key_set_for(ORDERS)
    needed, choice = tally("needed", (1,)), tally("choice", *((key,) for key in range(2, 9)))
    choice.wanted = 1
    brings = needed_by({key: [key] for key in range(1, 9)} | {5: [1]})
    assert choose_odd("orders", [needed, choice], taken, brings) == [1, 5]


def test_parents_of_the_same_table_that_come_along_are_counted() -> None:
    taken = key_set_for(ORDERS)
    needed, other = tally("needed", (1,)), tally("other", (2,), (3,))
    other.wanted = 1
    brings = needed_by({1: [3]}, "orders")
    assert choose_odd("orders", [needed, other], taken, brings) == [1]


def test_chosen_rows_are_told_with_each_class_that_lacked_them() -> None:
    taken = key_set_for(ORDERS)
    common, rare, full = (
        tally("common", (1,), (2,), (3,), (7,)), tally("rare", (7,)), tally("full", (7,), (1,))
    )  # fmt: skip
    full.taken = 2
    chosen = choose_odd("orders", [common, rare, full], taken, {})
    both = Reason(ReasonKind.ODD, classes=(("note", "rare"), ("note", "common")))
    one = Reason(ReasonKind.ODD, classes=(("note", "common"),))
    reasons = reasons_for([common, rare, full], chosen)
    assert reasons == {both: [7], one: [key for key in chosen if key != 7]}
    assert len(reasons[one]) == 2


def test_rows_that_show_a_class_together_come_together() -> None:
    taken = key_set_for(ORDERS)
    taken.add_new([1])
    assert choose_odd("orders", [tally("variant", (1, 2))], taken, {}) == [2]


def test_spellings_that_differ_in_case_are_found_whatever_stands_between() -> None:
    found = tally("variant")
    variants = Variants(found, "utf8mb4_general_ci")
    words: list[bytes | None] = [b"Ann", b"Bob", None, b"ann ", b"Ann", b"ANN"]
    for start in range(0, len(words), 2):
        batch = words[start : start + 2]
        variants.learn(batch, lambda rows, at=start: [at + row for row in rows])  # type: ignore[misc]
    assert (found.rows, sorted(found.candidates)) == (2, [(0, 3), (0, 5)])


def test_too_many_spellings_are_told_by_a_part_of_them() -> None:
    found = tally("variant")
    variants = Variants(found, "utf8mb4_general_ci")
    for start in range(0, 60_000, 1000):
        some = range(start, start + 1000)
        cells = [b"word%d" % (n // 2) if n % 2 else b"Word%d" % (n // 2) for n in some]
        variants.learn(cells, lambda rows, at=start: [at + row for row in rows])  # type: ignore[misc]
    assert variants.share < 1
    assert 0.8 * 30_000 < found.rows / variants.share < 1.2 * 30_000


def test_rare_members_of_one_column_are_one_line() -> None:
    one, other = (Covered("t", "c", "rare member", rows, 2) for rows in (2, 7))
    assert merged([one, other, Covered("a", "c", "zero", 1, 1)]) == [
        Covered("a", "c", "zero", 1, 1),
        Covered("t", "c", "rare member", 9, 4),
    ]


def test_space_behind_a_text_matters_to_collations_without_padding() -> None:
    found = tally("variant")
    Variants(found, "utf8mb4_0900_ai_ci").learn([b"Ann", b"Ann ", b"ann"], list)
    assert (found.rows, found.candidates) == (1, [(0, 2)])


def test_child_goes_in_the_end_with_a_table_that_a_condition_limits() -> None:
    shop = schema(table("customers"), table("orders", "customer>customers"),
                  table("items", "order>orders"), table("words"))  # fmt: skip
    request = SampleRequest(Share(0.01), where={"customers": "id < 9"})
    plan = plan_subset(shop, request, frozenset())
    limited = {name: plan.limited_by(name) for name in shop.tables}
    assert limited == {"customers": "", "orders": "customers", "items": "customers", "words": ""}


def test_rows_that_come_only_for_others_are_not_looked_at() -> None:
    shop = schema(table("customers"), table("orders", "customer>customers"), table("words"))
    request = SampleRequest(Share(0.0), tables={"words": Share(0.01)})
    plan = plan_subset(shop, request, frozenset())
    assert [name for name in shop.tables if plan.is_sampled(name)] == ["words"]
    sampled = plan_subset(shop, SampleRequest(Share(0.01)), frozenset())
    assert all(map(sampled.is_sampled, shop.tables))
