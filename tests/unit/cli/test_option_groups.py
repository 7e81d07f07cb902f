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


@spread_groups
def paint(first: int, colours: Colours, *, twice: bool = False) -> tuple[int, Colours, bool]:
    """Take a group between two options of its own."""
    return first, colours, twice


def test_fields_of_a_group_are_parameters_in_its_place() -> None:
    shown = {name: one.default for name, one in inspect.signature(paint).parameters.items()}
    empty = inspect.Parameter.empty
    assert shown == {"first": empty, "front": empty, "back": "white", "twice": False}
    assert list(shown) == ["first", "front", "back", "twice"]


def test_command_gets_the_group() -> None:
    assert paint(first=1, front="red", back="blue", twice=True) == (1, Colours("red", "blue"), True)
