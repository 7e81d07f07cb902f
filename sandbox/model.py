"""Values and protocols that cross the stages. No I/O, nothing mutable.

Each stage takes the previous one's value and gives the next; see `DESIGN.md` for the order.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class State(StrEnum):
    """How one thing that `sandbox doctor` looked at is."""

    OK = "ok"
    LACKS_COMFORT = "optional"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a command needs of this machine.

    Attributes:
        name: What was looked at, in two or three words.
        needed_for: The half that needs it: ``export``, ``up`` or ``both``.
        state: Whether it is there.
        found: What was found, with its version where it has one.
        cure: What to do about it; empty where nothing is to be done.
    """

    name: str
    needed_for: str
    state: State
    found: str
    cure: str = ""


class Stage(Protocol):
    """One stage of a pipeline while it runs."""

    def advance(self, steps: int = 1, doing: str = "") -> None:
        """Say that `steps` more units are done, and what is being worked on."""

    def done(self, summary: str) -> None:
        """Say what the stage found or made; shown as its one line."""


class Progress(Protocol):
    """Where pipelines say how far they are. `sandbox.report.progress` renders it."""

    def stage(
        self, name: str, *, total: int | None = None, unit: str = ""
    ) -> AbstractContextManager[Stage]:
        """Open a stage; `total` units of work are expected where that is known."""

    def warn(self, message: str) -> None:
        """Say something the user should know although the work goes on."""
