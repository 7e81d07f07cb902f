"""`sandbox sql`: ask a sandbox's database."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from sandbox.cli.invocation import invocation_of
from sandbox.cli.shell import Ended
from sandbox.errors import ExitCode, UsageError
from sandbox.replica.life_sql import Answered, ask_database, open_client
from sandbox.replica.state import find_sandbox
from sandbox.report.life import answer_tables


@dataclass(frozen=True, slots=True)
class SqlResult:
    """What the database answered."""

    answered: Answered

    @property
    def exit_code(self) -> ExitCode:
        """No where the server refused a statement."""
        return ExitCode.NO if self.answered.error else ExitCode.YES

    def data(self) -> dict[str, Any]:
        """Give every result set; cells are text, or null for NULL."""
        return {
            "results": [
                {"columns": list(one.columns), "rows": [list(row) for row in one.rows]}
                for one in self.answered.results
            ],
            "error": self.answered.error or None,
        }

    def text(self) -> RenderableType:
        """Lay the result sets out."""
        return answer_tables(self.answered)


def sql(
    context: typer.Context,
    statements: Annotated[
        str | None,
        typer.Argument(
            metavar="SQL",
            help="What to run; several statements with ; between.  [default: a client, or what "
            "comes through a pipe]",
            show_default=False,
        ),
    ] = None,
    name: Annotated[
        str, typer.Option("--name", help="Which sandbox.  [default: the only one]")
    ] = "",
) -> SqlResult | Ended:
    """Ask a sandbox's database, or change it: `sandbox reset` gives the data back.

    Without SQL: the server's own client on a terminal, and elsewhere what comes on standard input.
    It runs as the account that `sandbox status` shows, with the server's settings of production.

    Exit codes: 0 done, 3 the server refused a statement (those before it were run), 14 there is no
    such sandbox, or its database does not run. The client's own where it was talked to.

    Example: sandbox sql "SELECT COUNT(*) FROM orders"
    """
    invocation = invocation_of(context)
    talk = statements is None and sys.stdin is not None and sys.stdin.isatty()
    if talk and invocation.as_json:
        raise UsageError("--json needs statements to run.", hint='For example: sandbox sql "…"')
    with invocation.connect_engine() as engine:
        found = find_sandbox(engine, name)
        if talk:
            return Ended(open_client(engine, found))
        if statements is not None:
            return SqlResult(ask_database(engine, found, statements=statements))
        if sys.stdin is None:
            raise UsageError("there are no statements to run.")
        return SqlResult(ask_database(engine, found, source=sys.stdin.fileno()))
