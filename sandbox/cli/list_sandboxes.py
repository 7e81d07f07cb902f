"""`sandbox list`: which sandboxes there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import typer
from rich.console import RenderableType

from sandbox.cli.invocation import invocation_of
from sandbox.errors import ExitCode
from sandbox.replica.life import Overview, look_over
from sandbox.report.life import overview_table


@dataclass(frozen=True, slots=True)
class Sandboxes:
    """Every sandbox that the engine has."""

    found: tuple[Overview, ...]

    @property
    def exit_code(self) -> ExitCode:
        """Yes, also where there is none: it was asked which there are."""
        return ExitCode.YES

    def data(self) -> dict[str, Any]:
        """Give each with its state and its addresses."""
        return {
            "sandboxes": [
                {
                    "name": one.name,
                    "state": one.how,
                    "down": list(one.down),
                    "servers": list(one.servers),
                    "bundle": one.bundle,
                    "created": one.created.isoformat() if one.created else None,
                    "urls": dict(one.urls),
                    "clones": list(one.clones),
                }
                for one in self.found
            ]
        }

    def text(self) -> RenderableType:
        """Lay them out."""
        return overview_table(self.found, datetime.now(UTC))


def list_sandboxes(context: typer.Context) -> Sandboxes:
    """List the sandboxes that this machine's Docker engine has.

    Example: sandbox list --json
    """
    with invocation_of(context).connect_engine() as engine:
        return Sandboxes(look_over(engine))
