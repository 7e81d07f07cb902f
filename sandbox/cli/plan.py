"""`sandbox plan`: what an export would take, to be reviewed before it does."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from sandbox.cli.access import Access
from sandbox.cli.invocation import invocation_of
from sandbox.cli.option_groups import spread_groups
from sandbox.cli.sampling import Plan, Sampling, as_planned, export_request, read_plan_beside
from sandbox.export.pipeline import plan_export
from sandbox.export.plan_file.describing import describe
from sandbox.export.plan_file.rendering import render
from sandbox.export.plan_file.writing import refuse_taken_file, write_plan
from sandbox.report.export import PlanResult


@spread_groups
def plan_command(  # noqa: PLR0913 - one parameter for each option
    context: typer.Context,
    access: Access,
    sampling: Sampling,
    *,
    plan: Plan = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the plan there, as YAML.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file.")] = False,
) -> PlanResult:
    """Plan an export: which rows, how each column is treated, how production will be read.

    Looks at production as an export does, and takes nothing. The file is for review and for diff;
    sandbox export --plan carries it out. With --plan, what an earlier plan asks for is planned
    again.

    Exit codes: 0 planned, 2 wrong usage, 10 settings, 11 the source cannot be read as asked,
    12 something has no masking rule, 15 a policy forbids it.

    Example: sandbox plan --source mysql://readonly@replica/shop --sample 1% --out plan.yaml
    """
    invocation = invocation_of(context)
    if out is not None:
        refuse_taken_file(out, force=force)
    earlier = read_plan_beside(context, plan, {"app"}) if plan is not None else None
    request = export_request(access, sampling, invocation.settings, None)
    if earlier is not None:
        request = as_planned(request, earlier)
    planned = plan_export(request, invocation.progress)
    if out is None:
        return PlanResult(planned, ending="Nothing was written; --out FILE writes the plan.")
    write_plan(out, render(describe(request, planned)), force=force)
    run = f"sandbox export --plan {shlex.quote(str(out))} --source URL --out BUNDLE"
    return PlanResult(planned, str(out), f"written   {out}\n\nRun it:     {run}")
