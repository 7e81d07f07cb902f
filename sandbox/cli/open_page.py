"""`sandbox open`: see a server of a sandbox, or its sink, in the browser."""

from __future__ import annotations

import os
import sys
import webbrowser
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from sandbox.cli.invocation import invocation_of
from sandbox.errors import ExitCode
from sandbox.replica.life import page_of
from sandbox.replica.state import find_sandbox
from sandbox.report.terminal import line

_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME")


@dataclass(frozen=True, slots=True)
class Page:
    """An address, and whether a browser was told of it."""

    url: str
    opened: bool

    @property
    def exit_code(self) -> ExitCode:
        """Yes: the address is there for whoever has a browser."""
        return ExitCode.YES

    def data(self) -> dict[str, Any]:
        """Give the address."""
        return {"url": self.url, "opened": self.opened}

    def text(self) -> RenderableType:
        """Give the address alone, for others to use."""
        return line(self.url)


def open_page(
    context: typer.Context,
    part: Annotated[
        str,
        typer.Argument(
            metavar="PART",
            help="A server's name, or sink.  [default: the first server]",
            show_default=False,
        ),
    ] = "",
    name: Annotated[
        str, typer.Option("--name", help="Which sandbox.  [default: the only one]")
    ] = "",
    *,
    only_print: Annotated[
        bool, typer.Option("--print", help="Print the address, and open nothing.")
    ] = False,
) -> Page:
    """Open a web server of a sandbox, or what arrived in its sink, in the browser.

    Prints the address, too; on a machine without a display that is all.

    Exit codes: 0 printed, 2 that part has no pages, 14 there is no such sandbox.

    Example: sandbox open sink
    """
    with invocation_of(context).connect_engine() as engine:
        url = page_of(find_sandbox(engine, name), part)
    opened = not only_print and _has_display() and webbrowser.open(url)
    return Page(url, opened)


def _has_display() -> bool:
    """Tell whether there is a screen; else the browser might be one of text, in this terminal."""
    return sys.platform == "darwin" or any(os.environ.get(one) for one in _DISPLAYS)
