"""`sandbox export`: a sampled, masked piece of production becomes a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sandbox.cli.access import Access
from sandbox.cli.invocation import invocation_of
from sandbox.cli.option_groups import spread_groups
from sandbox.cli.sampling import Sampling, export_request
from sandbox.export.pipeline import Planned, run_export
from sandbox.report.export import ExportResult, PlanResult

Out = Annotated[Path, typer.Option("--out", metavar="BUNDLE", help="Folder to write.")]


@spread_groups
def export(
    context: typer.Context,
    access: Access,
    out: Out,
    sampling: Sampling,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be taken and how it is treated.")
    ] = False,
) -> ExportResult | PlanResult:
    """Take a sampled, masked, referentially complete piece of production into a bundle.

    Reads with an account that may only SELECT, inside one snapshot. The password comes from an
    option file, a password file or a prompt.

    Exit codes: 0 written, 2 wrong usage, 10 settings, 11 the source cannot be read as asked,
    12 something has no masking rule, 13 the bundle cannot be written, 15 a policy forbids it.

    Example: sandbox export --source mysql://readonly@replica/shop --sample 1% --out shop.bundle
    """
    invocation = invocation_of(context)
    request = export_request(access, sampling, invocation.settings, out)
    outcome = run_export(request, invocation.progress, dry_run=dry_run)
    return PlanResult(outcome) if isinstance(outcome, Planned) else ExportResult(outcome)
