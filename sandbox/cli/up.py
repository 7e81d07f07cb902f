"""`sandbox up`: a bundle becomes a running, sealed replica."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError
from rich.console import Group, RenderableType

from sandbox.cli.images import base_source
from sandbox.cli.invocation import Invocation, invocation_of
from sandbox.errors import ExitCode, UsageError
from sandbox.replica.labels import check_name, name_for
from sandbox.replica.up import Up, bring_up, rehearse_up
from sandbox.replica.up_plan import FIRST_PORT, UpPlan, UpRequest
from sandbox.report.up import plan_lines, state_data, up_lines


@dataclass(frozen=True, slots=True)
class UpResult:
    """A sandbox that is up."""

    up: Up

    @property
    def exit_code(self) -> ExitCode:
        """Yes: anything less would have been an error."""
        return ExitCode.YES

    def data(self) -> dict[str, Any]:
        """Give what the sandbox is."""
        return {"sandbox": state_data(self.up.state), "seconds": round(self.up.seconds, 1)}

    def text(self) -> RenderableType:
        """Say where it is, in what it differs from production, and what to do next."""
        return Group(*up_lines(self.up))


@dataclass(frozen=True, slots=True)
class UpPlanResult:
    """What `sandbox up` would do (``--dry-run``)."""

    plan: UpPlan
    name: str

    @property
    def exit_code(self) -> ExitCode:
        """Yes: a plan was asked for and is here."""
        return ExitCode.YES

    def data(self) -> dict[str, Any]:
        """Give the plan."""
        manifest = self.plan.bundle.manifest
        return {
            "name": self.name,
            "rows": manifest.rows,
            "tables": len(manifest.tables),
            "servers": [
                {"name": one.name, "php": one.php, "differs": list(one.differs)}
                for one in self.plan.servers
            ],
            "images": [
                {"reference": one.reference, "missing": one.reference in self.plan.missing}
                for one in self.plan.images
            ],
        }

    def text(self) -> RenderableType:
        """Lay the plan out."""
        return Group(*plan_lines(self.plan, self.name))


def up(  # noqa: PLR0913 - one parameter for each option
    context: typer.Context,
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="Folder of the bundle.")],
    app: Annotated[
        list[str] | None,
        typer.Option(
            "--app",
            metavar="[SERVER=]CODE",
            help="The application's code: a folder, FOLDER@REF of a git repository, or a tar "
            "archive; for one server also a REF of the others' repository. Repeatable.",
        ),
    ] = None,
    *,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="What to call it.  [default: the bundle's]"),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            min=1024,
            max=65000,
            help="Port of the first server on 127.0.0.1.  [default: the first free one from 8081]",
        ),
    ] = None,
    replies: Annotated[
        Path | None,
        typer.Option(
            "--replies",
            metavar="FILE",
            help="What the sink answers outbound calls with, as JSON.  [default: 503 for all]",
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Remove a sandbox of that name first.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check bundle and images, and start nothing.")
    ] = False,
) -> UpResult | UpPlanResult:
    """Start a sealed replica of production from a bundle: servers, database, sink.

    It runs on until `sandbox down` and comes back after a restart of the engine. Nothing in it
    reaches anything outside: mail and calls end in its sink.

    Exit codes: 0 it is up, 13 the bundle is damaged, 14 Docker or the stack failed.

    Example: sandbox up shop.bundle --app ~/src/shop --app web2=1.5-on-web2
    """
    invocation = invocation_of(context)
    request = UpRequest(
        bundle=bundle,
        name=check_name(name) if name else name_for(bundle.resolve().name),
        apps=_apps(app or ()),
        replies=_replies(replies),
        first_port=port or FIRST_PORT,
        fixed_ports=port is not None,
        roles=invocation.settings.images.roles,
        source=base_source(invocation.settings.images),
        replace=replace,
    )
    return _run(invocation, request, dry_run=dry_run)


def _run(invocation: Invocation, request: UpRequest, *, dry_run: bool) -> UpResult | UpPlanResult:
    with invocation.connect_engine(at_least=_CALL_SECONDS) as engine:
        if dry_run:
            return UpPlanResult(rehearse_up(engine, request, invocation.progress), request.name)
        return UpResult(bring_up(engine, request, invocation.progress))


_MOST_FINDINGS = 10
_CALL_SECONDS = 600  # one call of the engine commits the whole database


def _apps(given: Sequence[str]) -> Mapping[str, str]:
    """Read ``[SERVER=]CODE``; a path that holds an equals sign is given with a server's name."""
    apps: dict[str, str] = {}
    for one in given:
        server, equals, code = one.partition("=")
        key, source = (server, code) if equals and "/" not in server else ("", one)
        if key in apps:
            whose = f"the code of {key}" if key else "the code of all servers"
            raise UsageError(f"{whose} is given twice.")
        if not source:
            raise UsageError("--app names no code.", hint="For example: --app ~/src/shop")
        apps[key] = source
    return apps


class _Reply(BaseModel):
    """An entry of the file of replies; `docker/sink/sink.py` has their meaning."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    method: str = "*"
    host: str = "*"
    path: str = "*"
    status: Annotated[int, Field(ge=200, le=599)] = 200
    headers: dict[str, str] = {}
    body: JsonValue = ""


def _replies(file: Path | None) -> bytes:
    if file is None:
        return b""
    try:
        text = file.read_text("utf-8")
        TypeAdapter(list[_Reply]).validate_json(text)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UsageError(f"{file} is not UTF-8 text.") from None
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise UsageError(
            f"{file} is no list of replies.",
            findings=tuple(f"{_place(one['loc'])}: {one['msg']}" for one in found[:_MOST_FINDINGS]),
            hint="docs/up.md shows what it holds.",
        ) from None
    return text.encode()


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(one) for one in location) or "it"
