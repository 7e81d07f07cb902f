"""`sandbox load`: put a bundle into an empty database, and prove that it arrived."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from sandbox.bundle.reader import open_bundle
from sandbox.cli.invocation import invocation_of, password_prompt
from sandbox.database.address import parse_address
from sandbox.database.connect import make_endpoint
from sandbox.database.credentials import find_credentials
from sandbox.errors import ExitCode
from sandbox.replica.load import Loaded, LoadPlan, load_bundle, plan_load
from sandbox.report.terminal import line, number_of, rows_table


@dataclass(frozen=True, slots=True)
class LoadResult:
    """A bundle that is in its database."""

    loaded: Loaded

    @property
    def exit_code(self) -> ExitCode:
        """Yes: anything less would have been an error."""
        return ExitCode.YES

    def data(self) -> dict[str, Any]:
        """Give what was loaded."""
        return asdict(self.loaded) | {
            "seconds": round(self.loaded.seconds, 3),
            "warnings": list(self.loaded.warnings),
        }

    def text(self) -> RenderableType:
        """Say what was loaded, and how far it is the source."""
        return Group(*map(line, self._lines()))

    def _lines(self) -> Iterator[str]:
        one = self.loaded
        yield (
            f"loaded    {number_of(one.rows, 'row')} in {number_of(one.tables, 'table')}, "
            f"{number_of(one.objects, 'object')}, {one.seconds:.1f} s"
        )
        yield "verified  every table was read back and is the bundle's, every foreign key counted"
        for key, count in one.orphans.items():
            yield f"orphans   {key}: {count:,}, as in the source"
        for column, count in one.losses.items():
            yield (
                f"lost      {column}: {count:,} values hold bytes that are no text in its "
                "character set; each such byte is a question mark now"
            )
        for warning in one.warnings:
            yield f"warning   {warning}"
        yield f"into      {one.address}"


@dataclass(frozen=True, slots=True)
class LoadPlanResult:
    """What a load would do (``--dry-run``)."""

    plan: LoadPlan

    @property
    def exit_code(self) -> ExitCode:
        """Yes: a plan was asked for and is here."""
        return ExitCode.YES

    def data(self) -> dict[str, Any]:
        """Give the plan."""
        target = self.plan.target
        return {
            "address": target.address,
            "server": target.version,
            "replaces_partial": target.is_half_made,
            "tables": [{"name": name, "rows": rows} for name, rows in self.plan.tables],
            "objects": self.plan.objects,
            "warnings": list(target.warnings),
        }

    def text(self) -> RenderableType:
        """Lay the plan out."""
        target = self.plan.target
        tables = rows_table(("table", "rows"), [(n, f"{rows:,}") for n, rows in self.plan.tables])
        lines = [
            f"into      {target.address}, {target.version}",
            *(f"warning   {warning}" for warning in target.warnings),
        ]
        if target.is_half_made:
            lines.append("drops     what a load that did not end left there")
        ending = Text("Nothing was changed (--dry-run).", style="dim")
        return Group(tables, Text(), *map(line, lines), ending)


def load(  # noqa: PLR0913 - one parameter for each option
    context: typer.Context,
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="Folder of the bundle.")],
    into: Annotated[
        str, typer.Option("--into", metavar="URL", help="mysql://USER@HOST:PORT/DATABASE")
    ],
    defaults_file: Annotated[
        Path | None,
        typer.Option(
            "--defaults-file", metavar="FILE", help="Option file with user, password, TLS files."
        ),
    ] = None,
    password_file: Annotated[
        Path | None, typer.Option("--password-file", metavar="FILE", help="File with the password.")
    ] = None,
    *,
    workers: Annotated[
        int, typer.Option(min=1, max=32, help="Tables that are loaded at once.")
    ] = 2,
    replace_partial: Annotated[
        bool,
        typer.Option("--replace-partial", help="Drop what a load that did not end left there."),
    ] = False,
    insecure_target: Annotated[
        bool, typer.Option("--insecure-target", help="Go without a verified TLS connection.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check bundle and database, and change nothing.")
    ] = False,
) -> LoadResult | LoadPlanResult:
    """Load a bundle into an empty database, read everything back, and compare.

    The database has to exist and to be empty, on a server of the source's family that allows LOAD
    DATA LOCAL. Whatever goes wrong, what was loaded is dropped again.

    Exit codes: 0 loaded and equal, 2 wrong usage, 10 no password, 11 the server cannot be reached,
    13 the bundle is damaged, 14 the load failed or the database was refused.

    Example: sandbox load shop.bundle --into mysql://root@127.0.0.1:3306/shop
    """
    progress = invocation_of(context).progress
    credentials = find_credentials(
        parse_address(into),
        defaults_file=defaults_file,
        password_file=password_file,
        ask=password_prompt(),
    )
    endpoint = make_endpoint(credentials, insecure=insecure_target)
    opened = open_bundle(bundle)
    if dry_run:
        plan = plan_load(opened, endpoint, progress, replace_partial=replace_partial)
        return LoadPlanResult(plan)
    loaded = load_bundle(
        opened, endpoint, progress, workers=workers, replace_partial=replace_partial
    )
    return LoadResult(loaded)
