"""`sandbox doctor`: what this machine has and lacks."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType

from sandbox.cli.invocation import invocation_of
from sandbox.errors import ExitCode
from sandbox.export.doctor import check_export
from sandbox.model import Check, State
from sandbox.replica.doctor import check_up
from sandbox.report.terminal import checks_table, verdict_line


class Half(StrEnum):
    """The half that a machine is looked at for."""

    EXPORT = "export"
    UP = "up"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was looked at."""

    checks: tuple[Check, ...]

    @property
    def exit_code(self) -> ExitCode:
        """Yes where nothing needed is missing."""
        missing = any(one.state is State.MISSING for one in self.checks)
        return ExitCode.NO if missing else ExitCode.YES

    def data(self) -> dict[str, Any]:
        """Give every check."""
        return {"checks": [asdict(one) for one in self.checks]}

    def text(self) -> RenderableType:
        """Lay the checks out, each missing thing with its cure."""
        lacking = sum(one.state is State.MISSING for one in self.checks)
        things = "1 thing" if lacking == 1 else f"{lacking} things"
        return Group(
            checks_table(self.checks),
            verdict_line(
                self.exit_code,
                "Ready.",
                f"This machine lacks {things}; each line above says what to do.",
            ),
        )


def doctor(
    context: typer.Context,
    half: Annotated[
        Half | None, typer.Option("--for", help="Look only at what this half needs.")
    ] = None,
) -> Diagnosis:
    """Say what this machine has and lacks, each lack with its cure.

    Exit codes: 0 nothing needed is missing, 3 something is.

    Example: sandbox doctor --for up
    """
    invocation = invocation_of(context)
    checks: tuple[Check, ...] = ()
    if half is not Half.UP:
        checks += check_export()
    if half is not Half.EXPORT:
        checks += check_up(invocation.connect_engine, mirror=invocation.settings.images.mirror)
    return Diagnosis(checks)
