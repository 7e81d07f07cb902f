"""`sandbox reproduce`: do the requests that failed in production fail here in the same way?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sandbox.cli.invocation import invocation_of
from sandbox.experiment.reproduce import REPEATS, reproduce
from sandbox.experiment.requests import choose
from sandbox.experiment.sandboxes import open_experiment
from sandbox.report.experiment import ReproduceResult

CALL_SECONDS = 600  # one call of the engine starts a clone


def reproduce_command(
    context: typer.Context,
    requests: Annotated[
        list[str] | None,
        typer.Argument(metavar="[REQUEST]...", help="Which ones: r1 r4, or names.  [default: all]"),
    ] = None,
    *,
    name: Annotated[
        str,
        typer.Option("--name", metavar="NAME", help="Which sandbox.  [default: the only one]"),
    ] = "",
    repeat: Annotated[
        int, typer.Option("--repeat", min=1, max=100, help="How often each is sent.")
    ] = REPEATS,
    own: Annotated[
        Path | None,
        typer.Option("--requests", metavar="FILE", help="Requests with bodies and logins."),
    ] = None,
) -> ReproduceResult:
    """Send every request that failed in production to each server here, several times.

    Each is judged by what the server answers and logs, measured by what production did. Nothing is
    written to the sandbox itself: requests go to throw-away clones. They start from the bundle's
    rows and the code that was given to `sandbox up`: what you changed in the sandbox by sql or
    shell is not in them. To try a change of code, use `sandbox try`; one of data, not yet.

    Exit codes: 0 all fail here as in production, 3 some do not, 4 none could be judged, 13 the
    bundle is damaged or gone, 14 Docker or the stack failed.

    Example: sandbox reproduce --requests bodies.jsonl
    """
    invocation = invocation_of(context)
    with invocation.connect_engine(at_least=CALL_SECONDS) as engine:
        experiment = open_experiment(engine, name, own)
        chosen = choose(experiment.failing, requests or ())
        done = reproduce(chosen, experiment.servers, experiment.side(), invocation.progress, repeat)
    return ReproduceResult(done, experiment.state.name, experiment.differs)
