"""`sandbox reset`: give a sandbox its data back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType

from sandbox.cli.invocation import invocation_of
from sandbox.errors import ExitCode
from sandbox.replica.life_reset import Reset, reset_sandbox
from sandbox.report.terminal import line, number_of


@dataclass(frozen=True, slots=True)
class ResetResult:
    """A sandbox whose data is as it was loaded."""

    reset: Reset

    @property
    def exit_code(self) -> ExitCode:
        """Yes: anything less would have been an error."""
        return ExitCode.YES

    def data(self) -> dict[str, Any]:
        """Give how long it took."""
        return {
            "name": self.reset.state.name,
            "seconds": round(self.reset.seconds, 3),
            "sink_cleared": self.reset.sink_cleared,
        }

    def text(self) -> RenderableType:
        """Say what is new, and what is not."""
        database = self.reset.state.database
        rows, tables = number_of(database.rows, "row"), number_of(database.tables, "table")
        sink = "empty" if self.reset.sink_cleared else "does not answer: it was not emptied"
        return Group(
            line(
                f"database  {rows} in {tables}, as they were loaded: first query answered after "
                f"{self.reset.seconds:.2f} s"
            ),
            line(f"sink      {sink}"),
            line("servers   untouched: their files, sessions among them, stay"),
        )


def reset(
    context: typer.Context,
    name: Annotated[
        str, typer.Option("--name", help="Which sandbox.  [default: the only one]")
    ] = "",
) -> ResetResult:
    """Give a sandbox its data back: another database from the golden image, an empty sink.

    Files of its web servers stay, sessions among them. If the new database does not start, run it
    again.

    Exit codes: 0 done, 14 there is no such sandbox, another command works on it, or the new
    database does not start.

    Example: sandbox reset
    """
    with invocation_of(context).connect_engine() as engine:
        return ResetResult(reset_sandbox(engine, name))
