"""What every command is given and what it gives back.

A command takes the `Invocation`, calls one pipeline and returns a `Result`. It prints nothing:
`sandbox.cli.app` renders the result, as text or as JSON, and ends the process.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import typer
from rich.console import RenderableType

from sandbox.errors import ExitCode
from sandbox.replica.engine import Engine, connect_engine
from sandbox.report.progress import TerminalProgress
from sandbox.report.terminal import console_for
from sandbox.settings import Settings, load_settings


class Result(Protocol):
    """What a command came to."""

    @property
    def exit_code(self) -> ExitCode:
        """What the process ends with."""

    def data(self) -> dict[str, Any]:
        """Give the result as JSON holds it."""

    def text(self) -> RenderableType:
        """Give the result as people read it."""


@dataclass(frozen=True)
class Invocation:
    """The options that every command knows."""

    as_json: bool = False
    quiet: bool = False
    debug: bool = False
    config: Path | None = None

    @cached_property
    def settings(self) -> Settings:
        """The settings, read on first use: `--help` works beside a broken file."""
        return load_settings(self.config)

    @cached_property
    def progress(self) -> TerminalProgress:
        """Progress on standard error."""
        return TerminalProgress(console_for("stderr"), quiet=self.quiet)

    def connect_engine(self, at_least: int = 0) -> Engine:
        """Connect to the Docker engine that the settings name.

        Args:
            at_least: Seconds that one call may take, where the settings allow less.
        """
        engine = self.settings.engine
        return connect_engine(engine.host or None, max(engine.timeout, at_least))


def invocation_of(context: typer.Context) -> Invocation:
    """Give the invocation that a command runs in."""
    invocation = context.find_object(Invocation)
    return invocation if invocation is not None else Invocation()


def password_prompt() -> Callable[[str], str] | None:
    """Give what asks for a password; None where nobody is at a terminal to answer."""
    if sys.stdin is None or not sys.stdin.isatty():
        return None
    return lambda question: str(typer.prompt(question.rstrip(": "), hide_input=True, err=True))
