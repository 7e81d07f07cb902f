"""Who tells a reader whether production bears it: asked between statements and answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Pace(Protocol):
    """Tells a reader when to go on."""

    @property
    def paused(self) -> float:
        """Give how many seconds it was let wait so far."""

    def turn(self, let_go: Callable[[], None]) -> None:
        """Come back when the next statement may run.

        Args:
            let_go: Frees the locks that the reader holds; called if it has to wait.

        Raises:
            SourceError: Nothing more is to be read.
        """

    def passing(self) -> None:
        """Hear that the reader is in the midst of an answer, where it cannot wait.

        Raises:
            SourceError: Nothing more is to be read.
        """


class Unhurried:
    """Lets everything run at once: for servers that nobody else uses."""

    paused = 0.0

    def turn(self, let_go: Callable[[], None]) -> None:
        """Let the next statement run."""

    def passing(self) -> None:
        """Let the answer go on."""
