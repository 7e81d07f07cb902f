from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sandbox.subset.families import Family
from sandbox.subset.keys import draw
from sandbox.subset.limits import ChildLimit


def drawn(key: object) -> int:
    return draw(b"secret", "items", key)  # type: ignore[arg-type]


@given(st.lists(st.integers(0, 60)), st.integers(0, 20))
def test_family_keeps_those_that_are_drawn_first(children: list[int], most: int) -> None:
    family = Family(ChildLimit(most), drawn)
    for child in children:
        family.add(child)
    assert set(family) == set(sorted(set(children), key=drawn)[:most])
    assert family.was_cut == (len(set(children)) > most)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 3))), st.integers(0, 20))
def test_family_keeps_the_newest_and_of_one_age_those_that_are_drawn_first(
    children: list[tuple[int, int]], most: int
) -> None:
    ages: dict[int, int] = {}
    family = Family(ChildLimit(most, "placed"), drawn)
    for child, age in children:
        family.add(child, ages.setdefault(child, age))
    newest = sorted(ages, key=lambda child: (ages[child], drawn(child)))
    assert set(family) == set(newest[:most])
    assert family.was_cut == (len(ages) > most)


def test_a_family_without_a_limit_is_kept_whole() -> None:
    family = Family(ChildLimit(None), drawn)
    for child in range(20_000):
        family.add(child)
    assert list(family) == list(range(20_000))
    assert not family.was_cut


def test_huge_family_is_never_held_whole() -> None:
    family = Family(ChildLimit(100), drawn)
    for child in range(20_000):
        family.add(child)
        assert len(list(family)) <= 100


@given(st.permutations(range(30)), st.integers(0, 40))
def test_first_ones_of_a_family_do_not_depend_on_the_order_in_which_they_came(
    children: list[int], most: int
) -> None:
    family = Family(ChildLimit(None), drawn)
    for child in children:
        family.add(child, age=child // 10)
    expected = sorted(range(30), key=lambda child: (child // 10, drawn(child)))
    assert family.first(most) == expected[:most]
