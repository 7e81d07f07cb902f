"""`sandbox images`: have the images that replicas run on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from sandbox.cli.invocation import invocation_of
from sandbox.errors import ExitCode
from sandbox.replica.base import BaseSource
from sandbox.replica.images import HadImage, ensure_images, missing_images
from sandbox.replica.recipes import PlannedImage, Wanted, everything, plan_images
from sandbox.report.terminal import rows_table
from sandbox.settings import ImageSettings


@dataclass(frozen=True, slots=True)
class ImagesHad:
    """The images that are there now."""

    had: tuple[HadImage, ...]

    @property
    def exit_code(self) -> ExitCode:
        """Yes: what could not be had would have been an error."""
        return ExitCode.YES

    def data(self) -> dict[str, Any]:
        """Give every image with how it was had."""
        return {
            "images": [
                {**_described(one.image), "how": one.how, "seconds": round(one.seconds, 1)}
                for one in self.had
            ]
        }

    def text(self) -> RenderableType:
        """Lay the images out."""
        rows = [
            (
                one.image.role,
                one.image.version,
                one.how,
                f"{one.seconds:.1f} s",
                one.image.reference,
            )
            for one in self.had
        ]
        return rows_table(("role", "version", "how", "time", "image"), rows)


@dataclass(frozen=True, slots=True)
class ImagesPlanned:
    """The images as they would be had."""

    plan: tuple[PlannedImage, ...]
    missing: frozenset[str]

    @property
    def exit_code(self) -> ExitCode:
        """Yes: a plan was asked for and is here."""
        return ExitCode.YES

    def data(self) -> dict[str, Any]:
        """Give every image with what would be done."""
        return {"images": [{**_described(one), "how": self._how(one)} for one in self.plan]}

    def text(self) -> RenderableType:
        """Lay the plan out."""
        rows = [(one.role, one.version, self._how(one), one.reference) for one in self.plan]
        table = rows_table(("role", "version", "would be", "image"), rows)
        return Group(table, Text("Nothing was changed (--dry-run).", style="dim"))

    def _how(self, image: PlannedImage) -> str:
        if image.reference not in self.missing:
            return "kept"
        return "built" if image.built else "pulled"


def images(
    context: typer.Context,
    wanted: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ROLE[:VERSION]",
            help="Images to have.  [default: all]",
            show_default=False,
        ),
    ] = None,
    *,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Build again, for the packages' newest versions.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")
    ] = False,
) -> ImagesHad | ImagesPlanned:
    """Have the images that replicas run on: pull or build what is missing.

    Roles: base, zf1, mariadb, mysql, php, gateway, sink. What an image is built from is had too.

    Example: sandbox images php:8.2 mariadb:10.11
    """
    invocation = invocation_of(context)
    settings = invocation.settings.images
    plan = plan_images(_parsed(wanted or []) or everything(), settings.roles)
    with invocation.connect_engine() as engine:
        if dry_run:
            missing = plan if rebuild else missing_images(engine, plan)
            return ImagesPlanned(plan, frozenset(image.reference for image in missing))
        had = ensure_images(
            engine, plan, base_source(settings), invocation.progress, rebuild=rebuild
        )
        return ImagesHad(had)


def _parsed(wanted: list[str]) -> tuple[Wanted, ...]:
    return tuple(
        Wanted(role, version) for role, _, version in (one.partition(":") for one in wanted)
    )


def base_source(settings: ImageSettings) -> BaseSource:
    """Give where base images come from, by the settings."""
    return BaseSource(settings.registry, settings.base, settings.mirror)


def _described(image: PlannedImage) -> dict[str, str]:
    return {"role": image.role, "version": image.version, "reference": image.reference}
