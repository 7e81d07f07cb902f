"""`sandbox verify`: whether a bundle is whole and well-formed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.filesize import decimal

from sandbox.bundle.verify import Verified, verify_bundle
from sandbox.cli.invocation import invocation_of
from sandbox.errors import ExitCode
from sandbox.report.terminal import line, number_of


@dataclass(frozen=True, slots=True)
class BundleWhole:
    """A bundle that is whole."""

    verified: Verified

    @property
    def exit_code(self) -> ExitCode:
        """Yes: whatever is wrong would have been an error."""
        return ExitCode.YES

    def data(self) -> dict[str, Any]:
        """Give what was verified."""
        one = self.verified
        return {
            "bundle": str(one.path),
            "tables": one.tables,
            "rows": one.rows,
            "bytes": one.bytes,
            "stored_bytes": one.stored_bytes,
            "files": one.files,
        }

    def text(self) -> RenderableType:
        """Say what was verified."""
        one = self.verified
        return Group(
            line(f"{one.path} is whole.", style="green"),
            line(
                f"{number_of(one.rows, 'row')} in {number_of(one.tables, 'table')}, "
                f"{decimal(one.bytes)} of text in {number_of(one.files, 'file')} of "
                f"{decimal(one.stored_bytes)}; every file matches its digest, "
                "and nothing else is there."
            ),
        )


def verify(
    context: typer.Context,
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="Folder of the bundle.")],
) -> BundleWhole:
    """Say whether a bundle is whole: every file, sizes, digests, rows, and nothing else.

    Needs no database. It does not say that the bundle is from whom you think it is from.

    Exit codes: 0 whole, 13 damaged, incomplete or of a newer format.

    Example: sandbox verify shop.bundle
    """
    return BundleWhole(verify_bundle(bundle, invocation_of(context).progress))
