"""`sandbox why`: what brought a row into a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sandbox.bundle.why.explain import explain_row
from sandbox.cli.invocation import invocation_of
from sandbox.report.why import WhyResult


def why(
    context: typer.Context,
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="Folder of the bundle.")],
    row: Annotated[
        str, typer.Argument(metavar="TABLE:KEY", help="orders:42, items:42,1 or orders:number=A17")
    ],
) -> WhyResult:
    """Say which sample, name, odd class or relation brought a row into a bundle.

    Follows the row that brought it, and so on, to one that came for its own sake. The key is that
    of the bundle, or of a sandbox made of it: a masked one is not production's.

    Exit codes: 0 explained, 2 wrong usage, 3 the bundle has no such row, 4 its way is not known to
    the end, 13 the bundle is damaged.

    Example: sandbox why shop.bundle order_items:42,1
    """
    return WhyResult(explain_row(bundle, row, invocation_of(context).progress))
