"""`sandbox try`: does a change fix what failed, and does it change anything else?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sandbox.cli.invocation import invocation_of
from sandbox.errors import UsageError
from sandbox.experiment.change import read_change
from sandbox.experiment.requests import choose
from sandbox.experiment.sandboxes import open_experiment
from sandbox.experiment.traffic import MOST_HEALTHY
from sandbox.experiment.trying import LEAST_REPEATS, REPEATS, try_change
from sandbox.report.experiment import TryResult


def try_command(  # noqa: PLR0913 - one parameter for each option
    context: typer.Context,
    change: Annotated[
        str,
        typer.Argument(
            metavar="CHANGE",
            help="A patch, a folder, a tar archive, FOLDER@REF, or a REF of --repository.",
        ),
    ],
    *,
    name: Annotated[
        str,
        typer.Option("--name", metavar="NAME", help="Which sandbox.  [default: the only one]"),
    ] = "",
    request: Annotated[
        list[str] | None,
        typer.Option(
            "--request",
            metavar="ID",
            help="What it is to fix: r2, or its name. Repeatable: all.  [default: any]",
        ),
    ] = None,
    only: Annotated[
        bool,
        typer.Option("--only", help="Send what --request names and nothing else: a quick look."),
    ] = False,
    repository: Annotated[
        Path | None,
        typer.Option(
            "--repository",
            metavar="FOLDER",
            help="Git repository that a REF is of.  [default: the working directory]",
        ),
    ] = None,
    healthy: Annotated[
        int,
        typer.Option(min=0, max=1000, help="Requests that went well in production to send, too."),
    ] = MOST_HEALTHY,
    repeat: Annotated[
        int,
        typer.Option(
            "--repeat", min=LEAST_REPEATS, max=100, help="How often what it is to fix is sent."
        ),
    ] = REPEATS,
    own: Annotated[
        Path | None,
        typer.Option("--requests", metavar="FILE", help="Requests with bodies and logins."),
    ] = None,
) -> TryResult:
    """Try a change on throw-away clones: what failed and what went well, without it and with it.

    Clones start from the bundle's rows and the code that was given to `sandbox up`: what you
    changed in the sandbox by sql or shell is not in them. A change of data cannot be tried yet.

    What differs without the change as well is noise. Nothing is claimed unless the failure is here
    without the change. FIXED says that nothing else that was asked changed, not that it is right.

    Exit codes: 0 fixed, 3 no effect, fixed in part, made worse, or others changed, 4 not reproduced
    or inconclusive, 2 the change is not there or fits no server, 13 the bundle is damaged or gone,
    14 Docker or the stack failed.

    Example: sandbox try zero-date.patch --request r2
    """
    if only and not request:
        raise UsageError("--only says to send what --request names, and it names nothing.")
    invocation = invocation_of(context)
    with invocation.connect_engine() as engine:
        experiment = open_experiment(engine, name, own)
        chosen = choose(experiment.failing, request) if request else ()
        targets = tuple(one.id for one in chosen)
        with read_change(engine, experiment.state, experiment.bundle, change, repository) as read:
            done = try_change(
                read.described,
                chosen if only else experiment.failing,
                () if only else experiment.healthy(healthy),
                experiment.servers,
                (
                    experiment.side("without"),
                    experiment.side("with", read.code, read.touched),
                ),
                progress=invocation.progress,
                targets=targets,
                repeats=repeat,
            )
        return TryResult(done, experiment.state.name, experiment.differs, read.told)
