"""`sandbox export`: a sampled, masked piece of production becomes a bundle."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from sandbox.cli.access import Access
from sandbox.cli.invocation import invocation_of
from sandbox.cli.option_groups import spread_groups
from sandbox.cli.sampling import Plan, Sampling, as_planned, export_request, read_plan_beside
from sandbox.export.pipeline import run_export
from sandbox.export.planned import Planned
from sandbox.report.export import ExportResult, PlanResult

Out = Annotated[Path, typer.Option("--out", metavar="BUNDLE", help="Folder to write.")]


@spread_groups
def export(  # noqa: PLR0913 - one parameter for each option
    context: typer.Context,
    access: Access,
    out: Out,
    sampling: Sampling,
    *,
    plan: Plan = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be taken and how it is treated.")
    ] = False,
) -> ExportResult | PlanResult:
    """Take a sampled, masked, referentially complete piece of production into a bundle.

    Reads with an account that may only SELECT, inside one snapshot. The password comes from an
    option file, a password file or a prompt. With --plan, a reviewed plan is carried out, or
    refused where it no longer holds.

    Exit codes: 0 written, 2 wrong usage, 10 settings, 11 the source cannot be read as asked,
    12 something has no masking rule, 13 the bundle cannot be written, 15 a policy or the plan
    forbids it.

    Example: sandbox export --source mysql://readonly@replica/shop --sample 1% --out shop.bundle
    """
    invocation = invocation_of(context)
    file = read_plan_beside(context, plan) if plan is not None else None
    request = export_request(access, sampling, invocation.settings, out)
    if file is not None:
        request = replace(as_planned(request, file), plan=file)
    outcome = run_export(request, invocation.progress, dry_run=dry_run)
    return PlanResult(outcome) if isinstance(outcome, Planned) else ExportResult(outcome)
