"""`sandbox down`: remove a sandbox and everything that was made for it."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from sandbox.cli.invocation import invocation_of
from sandbox.errors import ExitCode, UsageError
from sandbox.replica.life_down import Belongings, Removal, choose_belongings, remove_sandboxes
from sandbox.report.life import belongings_text
from sandbox.report.terminal import console_for, line


@dataclass(frozen=True, slots=True)
class Removed:
    """What was removed."""

    removal: Removal

    @property
    def exit_code(self) -> ExitCode:
        """Yes where nothing had to be left alone."""
        return ExitCode.NO if self.removal.busy else ExitCode.YES

    def data(self) -> dict[str, Any]:
        """Give what was removed, by sandbox."""
        removed = [asdict(one) for one in self.removal.removed]
        return {"removed": removed, "busy": list(self.removal.busy)}

    def text(self) -> RenderableType:
        """Say what was removed."""
        busy = [f"{one} was left alone: another command works on it" for one in self.removal.busy]
        if not busy and not self.removal.removed:
            return line("There is no sandbox; nothing was removed.")
        return Group(belongings_text(self.removal.removed, removed=True), *map(line, busy))


@dataclass(frozen=True, slots=True)
class NotRemoved:
    """What would be removed, or was not after all."""

    found: tuple[Belongings, ...]
    refused: bool

    @property
    def exit_code(self) -> ExitCode:
        """No where somebody was asked and said so."""
        return ExitCode.NO if self.refused else ExitCode.YES

    def data(self) -> dict[str, Any]:
        """Give what would be removed."""
        return {"would_remove": [asdict(one) for one in self.found]}

    def text(self) -> RenderableType:
        """Say what would be removed, and that nothing was."""
        why = "" if self.refused else " (--dry-run)"
        ending = Text(f"Nothing was removed{why}.", style="dim")
        shown = [] if self.refused else [belongings_text(self.found, removed=False)]
        return Group(*shown, ending)


def down(
    context: typer.Context,
    name: Annotated[
        str, typer.Option("--name", help="Which sandbox.  [default: the only one]")
    ] = "",
    *,
    everything: Annotated[bool, typer.Option("--all", help="Every sandbox.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be removed, and remove nothing.")
    ] = False,
) -> Removed | NotRemoved:
    """Remove a sandbox: its containers, clones, networks, and the images made for it.

    Works on one that was never finished or has lost parts, too. Images that another sandbox uses
    stay. The bundle and the application's code are not touched. Asks first, on a terminal;
    elsewhere --yes is needed.

    Exit codes: 0 removed, 2 nobody can be asked, 3 not removed, 14 there is no such sandbox, or
    another command works on it.

    Example: sandbox down --name shop --yes
    """
    with invocation_of(context).connect_engine() as engine:
        found = choose_belongings(engine, name, everything=everything)
        if dry_run:
            return NotRemoved(found, refused=False)
        if found and not yes and not _agreed(found):
            return NotRemoved(found, refused=True)
        return Removed(remove_sandboxes(engine, [one.name for one in found]))


def _agreed(found: tuple[Belongings, ...]) -> bool:
    """Ask a person; whoever is none has to say --yes."""
    names = ", ".join(one.name for one in found)
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(
            f"nobody can be asked whether to remove {names}: standard input is no terminal.",
            hint="Say --yes, or see first what would go: --dry-run",
        )
    console_for("stderr").print(belongings_text(found, removed=False))
    return bool(typer.confirm(f"Remove {names}?", err=True))
