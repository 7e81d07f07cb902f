from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import UsageError
from sandbox.replica.labels import check_name, labels_of, name_for, object_name


@pytest.mark.parametrize("name", ["a", "7", "shop", "shop-2026", "a" * 40, "a--b"])
def test_names_that_a_sandbox_may_have(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "-a", "a-", "Shop", "a.b", "a_b", "a b", "a/b", "a\n", "ä", "a" * 41, "--help"]
)
def test_names_that_no_sandbox_may_have(name: str) -> None:
    with pytest.raises(UsageError, match="small letters"):
        check_name(name)


@given(st.text())
def test_every_folder_gives_a_name_that_a_sandbox_may_have(folder: str) -> None:
    made = name_for(folder)
    assert check_name(made) == made


def test_parts_of_sandboxes_and_clones_never_have_the_same_name() -> None:
    sandboxes, parts = ("a", "a-b", "a-b-c"), ("b", "b-c", "c", "web1", "inside")
    wanted = [*product(sandboxes, parts, ("", "c", "b", "abc123"))]
    assert len({object_name(*one) for one in wanted}) == len(wanted)


def test_labels_say_what_a_part_belongs_to() -> None:
    assert labels_of("shop", "sink") == {
        "prod-sandbox.sandbox": "shop",
        "prod-sandbox.part": "sink",
    }
    assert labels_of("shop", "web", server="web1", clone="c3f9a1") == {
        "prod-sandbox.sandbox": "shop", "prod-sandbox.part": "web",
        "prod-sandbox.server": "web1", "prod-sandbox.clone": "c3f9a1",
    }  # fmt: skip
