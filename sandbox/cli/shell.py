"""`sandbox shell`: a shell, or a command, in a part of a sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from typer.core import TyperCommand

from sandbox.cli.invocation import invocation_of
from sandbox.errors import UsageError
from sandbox.replica.life_shell import open_shell
from sandbox.replica.state import find_sandbox

_COMMAND = "sandbox.cli.shell.command"


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that had this terminal, and has said all there is to say.

    Attributes:
        exit_code: What it ended with, whatever that means.
    """

    exit_code: int

    def data(self) -> dict[str, Any]:
        """Give nothing more."""
        return {}

    def text(self) -> RenderableType:
        """Say nothing more."""
        return Group()


class ShellCommand(TyperCommand):
    """A command that takes what stands behind ``--`` for a command of its own."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - Typer's own click
        """Put what stands behind ``--`` aside; without this nobody could tell it from a part."""
        end = args.index("--") if "--" in args else len(args)
        ctx.meta[_COMMAND] = tuple(args[end + 1 :])
        return super().parse_args(ctx, args[:end])


def shell(
    context: typer.Context,
    part: Annotated[
        str,
        typer.Argument(
            metavar="PART",
            help="A server's name, database, sink or gateway.  [default: the first server]",
            show_default=False,
        ),
    ] = "",
    name: Annotated[
        str, typer.Option("--name", help="Which sandbox.  [default: the only one]")
    ] = "",
    *,
    as_root: Annotated[bool, typer.Option("--root", help="As root, in a web server too.")] = False,
) -> Ended:
    """Open a shell in a part of a sandbox, or run a command there: what stands behind --.

    In a web server it is the application's user in the folder of its code. What is changed there
    stays until `sandbox down`, or `sandbox up --replace`.

    Exit codes: the command's own, 2 there is no such part, 14 there is no such sandbox, or the
    part does not run.

    Example: sandbox shell web1 -- php -v
    """
    invocation = invocation_of(context)
    if invocation.as_json:
        raise UsageError("a shell has no --json.", hint="Leave it out.")
    with invocation.connect_engine() as engine:
        found = find_sandbox(engine, name)
        command = context.meta.get(_COMMAND, ())
        return Ended(open_shell(engine, found, part, command, as_root=as_root))
