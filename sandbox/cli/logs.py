"""`sandbox logs`: what the parts of a sandbox say."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType

from sandbox.cli.invocation import invocation_of
from sandbox.errors import ExitCode, UsageError
from sandbox.replica.life_logs import LogLine, follow_logs, read_logs
from sandbox.replica.state import find_sandbox
from sandbox.report.life import log_prefixes, log_text
from sandbox.report.terminal import console_for, line

_WIDTH = 20  # of the prefix of what comes as it comes


@dataclass(frozen=True, slots=True)
class Logs:
    """The last lines of some logs."""

    lines: tuple[LogLine, ...]

    @property
    def exit_code(self) -> ExitCode:
        """Yes, also where nothing was said."""
        return ExitCode.YES

    def data(self) -> dict[str, Any]:
        """Give every line."""
        return {
            "lines": [
                {
                    "part": one.part,
                    "file": one.file,
                    "at": one.at.isoformat() if one.at.year > 1 else None,
                    "text": one.text,
                }
                for one in self.lines
            ]
        }

    def text(self) -> RenderableType:
        """Lay the lines out, each behind who wrote it."""
        if not self.lines:
            return line("Nothing was logged yet.", style="dim")
        width = log_prefixes(self.lines)
        return Group(*(log_text(one, width) for one in self.lines))


def logs(
    context: typer.Context,
    part: Annotated[
        str,
        typer.Argument(
            metavar="PART",
            help="A server's name, database, sink or gateway.  [default: all]",
            show_default=False,
        ),
    ] = "",
    name: Annotated[
        str, typer.Option("--name", help="Which sandbox.  [default: the only one]")
    ] = "",
    *,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")
    ] = False,
    tail: Annotated[int, typer.Option("--tail", "-n", min=0, help="Last lines of each log.")] = 100,
) -> Logs | int:
    """Show what a sandbox logs: what its parts print, and the log files of its web servers.

    Those are the application's, PHP's and nginx's, as production has them. Lines are in the order
    of their times; with --follow, in the order in which they come.

    Exit codes: 0 shown, 2 there is no such part, 14 there is no such sandbox, 130 after Ctrl-C.

    Example: sandbox logs web1 --follow
    """
    invocation = invocation_of(context)
    if follow and invocation.as_json:
        raise UsageError(
            "--follow has no end, --json gives one object at the end.",
            hint="Leave one of them out.",
        )
    with invocation.connect_engine() as engine:
        found = find_sandbox(engine, name)
        if not follow:
            return Logs(read_logs(engine, found, part, tail))
        console = console_for("stdout")
        width = 0
        with contextlib.closing(follow_logs(engine, found, part, tail)) as lines:
            for one in lines:
                width = max(width, min(_WIDTH, log_prefixes([one])))
                console.print(log_text(one, width))
                console.file.flush()
        return int(ExitCode.YES)
