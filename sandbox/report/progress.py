"""Progress on standard error: a live bar on a terminal, elsewhere one line per stage."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from sandbox.model import Stage
from sandbox.report.terminal import plain

_NAME_WIDTH = 10
_DOING_WIDTH = 60


class _Hears(Protocol):
    def __call__(self, done: int, doing: str) -> None: ...


class _RunningStage:
    """A stage that passes on what it hears, from whichever thread."""

    def __init__(self, hears: _Hears) -> None:
        self._hears = hears
        self._lock = threading.Lock()
        self._done = 0
        self.summary = ""

    def advance(self, steps: int = 1, doing: str = "") -> None:
        with self._lock:
            self._done += steps
            self._hears(self._done, doing)

    def done(self, summary: str) -> None:
        self.summary = summary


class TerminalProgress:
    """Implements `sandbox.model.Progress` on a console.

    Args:
        console: Standard error.
        quiet: Say nothing but warnings.
    """

    def __init__(self, console: Console, *, quiet: bool = False) -> None:
        self._console = console
        self._quiet = quiet

    @contextmanager
    def stage(self, name: str, *, total: int | None = None, unit: str = "") -> Iterator[Stage]:
        """Show a stage while it runs, and its one line when it has ended well."""
        began = time.monotonic()
        if self._quiet or not self._console.is_terminal or self._console.is_dumb_terminal:
            running = _RunningStage(lambda done, doing: None)  # noqa: ARG005 - nobody watches
            yield running
        else:
            with self._bar(name, unit) as bar:
                task = bar.add_task("", total=total)

                def hears(done: int, doing: str) -> None:
                    bar.update(
                        task, completed=done, description=escape(plain(doing)[:_DOING_WIDTH])
                    )

                running = _RunningStage(hears)
                yield running
        if not self._quiet:
            seconds = time.monotonic() - began
            line = f"{name:<{_NAME_WIDTH}}{plain(running.summary)}"
            self._console.print(f"{line:<70} {seconds:6.1f} s", highlight=False, markup=False)

    def warn(self, message: str) -> None:
        """Say a warning, quiet or not."""
        said = f"warning: {plain(message)}"
        self._console.print(said, style="yellow", highlight=False, markup=False)

    def _bar(self, name: str, unit: str) -> Progress:
        return Progress(
            TextColumn(f"{name:<{_NAME_WIDTH - 1}}"),
            BarColumn(bar_width=25),
            TextColumn(f"{{task.completed}}/{{task.total}} {unit}"),
            TimeElapsedColumn(),
            TextColumn("{task.description}", style="dim"),
            console=self._console,
            transient=True,
        )
