"""`sandbox status`: what of a sandbox is up, and in what it is not as production."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from sandbox.cli.invocation import invocation_of
from sandbox.errors import ExitCode
from sandbox.replica.life import Status, database_address, look_at
from sandbox.replica.state import SandboxState, find_sandbox, state_of
from sandbox.report.life import fidelity_table, status_text


@dataclass(frozen=True, slots=True)
class StatusResult:
    """How a sandbox is."""

    status: Status

    @property
    def exit_code(self) -> ExitCode:
        """Yes where every part runs and answers."""
        return ExitCode.NO if self.status.down else ExitCode.YES

    def data(self) -> dict[str, Any]:
        """Give every part, and what opens the sandbox."""
        state = self.status.state
        return {
            **_identity(state),
            "parts": [asdict(one) for one in self.status.parts],
            "database": {
                "address": database_address(state),
                "user": state.database.user,
                "password": state.database.password,
                "name": state.database.name,
                "family": state.database.family.value,
                "version": state.database.version,
                "rows": state.database.rows,
                "tables": state.database.tables,
            },
            "clones": list(self.status.clones),
            "differences": [one.model_dump() for one in state.differences],
        }

    def text(self) -> RenderableType:
        """Lay the parts out, and say what to do next."""
        return status_text(self.status, datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Fidelity:
    """In what a sandbox is not as production."""

    state: SandboxState

    @property
    def exit_code(self) -> ExitCode:
        """Yes: it was asked what differs, not whether anything does."""
        return ExitCode.YES

    def data(self) -> dict[str, Any]:
        """Give every difference."""
        differences = [one.model_dump() for one in self.state.differences]
        return {**_identity(self.state), "differences": differences}

    def text(self) -> RenderableType:
        """Lay the differences out."""
        return fidelity_table(self.state)


def status(
    context: typer.Context,
    name: Annotated[
        str, typer.Option("--name", help="Which sandbox.  [default: the only one]")
    ] = "",
    *,
    fidelity: Annotated[
        bool, typer.Option("--fidelity", help="Show in what it is not as production, and why.")
    ] = False,
) -> StatusResult | Fidelity:
    """Say whether every part of a sandbox runs and answers, where, and how to log in.

    Each web server is asked over HTTP, the database is asked a query, the sink how much arrived.

    Exit codes: 0 all is up, 3 something is not, 14 there is no such sandbox.

    Example: sandbox status --fidelity
    """
    with invocation_of(context).connect_engine() as engine:
        found = find_sandbox(engine, name)
        return Fidelity(state_of(found)) if fidelity else StatusResult(look_at(engine, found))


def _identity(state: SandboxState) -> dict[str, Any]:
    return {"name": state.name, "created": state.created.isoformat(), "bundle": state.bundle}
