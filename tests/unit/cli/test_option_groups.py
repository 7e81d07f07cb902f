"""Options that several commands share."""

from __future__ import annotations

import inspect
from dataclasses import dataclass

from sandbox.cli.option_groups import spread_groups


@dataclass(frozen=True, slots=True)
class Colours:
    """A group."""

    front: str
    back: str = "white"


@dataclass(frozen=True, slots=True)
class Painted:
    """A result, which is no group although it is a dataclass."""

    first: int
    colours: Colours
    twice: bool


@spread_groups
def paint(first: int, colours: Colours, *, twice: bool = False) -> Painted:
    """Take a group between two options of its own."""
    return Painted(first, colours, twice)


def test_fields_of_a_group_are_parameters_in_its_place() -> None:
    shown = {name: one.default for name, one in inspect.signature(paint).parameters.items()}
    empty = inspect.Parameter.empty
    assert shown == {"first": empty, "front": empty, "back": "white", "twice": False}
    assert list(shown) == ["first", "front", "back", "twice"]


def test_command_gets_the_group() -> None:
    assert paint(first=1, front="red", back="blue", twice=True) == Painted(
        1, Colours("red", "blue"), twice=True
    )
