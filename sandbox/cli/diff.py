"""`sandbox diff`: what changed from one bundle to another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from sandbox.cli.invocation import invocation_of
from sandbox.diff.compare import DiffRequest, compare_bundles
from sandbox.diff.found import BundleChanges
from sandbox.errors import ExitCode
from sandbox.report.diff import changes_data, changes_text


@dataclass(frozen=True, slots=True)
class DiffResult:
    """What changed, and whether that is to be the exit code."""

    found: BundleChanges
    tells_by_exit_code: bool

    @property
    def exit_code(self) -> ExitCode:
        """Yes: it was compared; no only where it was asked for and something differs."""
        return ExitCode.NO if self.tells_by_exit_code and self.found.differ else ExitCode.YES

    def data(self) -> dict[str, Any]:
        """Give everything that changed."""
        return changes_data(self.found)

    def text(self) -> RenderableType:
        """Lay it out."""
        return changes_text(self.found)


def diff(  # noqa: PLR0913 - one for each option
    context: typer.Context,
    old: Annotated[Path, typer.Argument(metavar="OLD", help="Folder of the earlier bundle.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="Folder of the later bundle.")],
    *,
    rows: Annotated[
        list[str] | None,
        typer.Option(
            "--rows",
            metavar="TABLE",
            help="Also list which rows came, went and changed, by key; repeatable.",
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=100_000, help="Rows of each kind to list.")
    ] = 20,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with 3 where anything differs.")
    ] = False,
) -> DiffResult:
    """Say what changed from one bundle to another: schema, rows, odd rows, settings, plan.

    Rows are told apart by their key as the bundles hold it. Lists hold keys, never values. Needs
    neither Docker nor a database.

    Exit codes: 0 compared, 3 something differs (with --exit-code only), 13 no bundle, a damaged
    one, or one of a newer format, 14 no room for rows that wait in the folder for temporary files.

    Example: sandbox diff last-week.bundle shop.bundle --rows orders
    """
    request = DiffRequest(old, new, frozenset(rows or ()), limit)
    return DiffResult(compare_bundles(request, invocation_of(context).progress), exit_code)
