"""What `sandbox up` says: where the sandbox is, how it differs from production, what comes next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.text import Text

from sandbox.replica.labels import DATABASE
from sandbox.replica.state import SandboxState
from sandbox.replica.up import Up
from sandbox.replica.up_plan import UpPlan
from sandbox.report.terminal import line, number_of

_SHOWN = 4


def state_data(state: SandboxState) -> dict[str, Any]:
    """Give what a sandbox is as JSON holds it, without the database's password."""
    data = state.model_dump(mode="json", exclude={"replies": True, "database": {"password"}})
    urls = {one: state.url(one) for one in state.ports if one != DATABASE}
    return {**data, "urls": urls}


def up_lines(up: Up) -> Iterator[Text]:
    """Say what is up."""
    state = up.state
    database = state.database
    yield line(
        f"database  {number_of(database.rows, 'row')} in {number_of(database.tables, 'table')}, "
        f"{up.images}"
    )
    for server in state.servers:
        yield line(f"{server.name:<10}{state.url(server.name)}  {server.code}")
    yield line(f"sink      {state.url('sink')}  mail and outbound calls end here")
    yield line(
        f"sealed    no way out: {number_of(state.blocked, 'probe')} came to nothing; reached from "
        "127.0.0.1 only"
    )
    if state.differences:
        yield line(
            f"differs   {number_of(len(state.differences), 'thing')} from production: "
            f"sandbox status --fidelity --name {state.name}"
        )
        for one in state.differences[:_SHOWN]:
            yield line(f"          {one}")
        if len(state.differences) > _SHOWN:
            yield line(f"          and {len(state.differences) - _SHOWN} more")
    else:
        yield line("differs   in nothing that was captured")
    yield Text()
    yield line(f"Next:  sandbox reproduce --name {state.name}")


def plan_lines(plan: UpPlan, name: str) -> Iterator[Text]:
    """Say what `sandbox up` would do."""
    manifest = plan.bundle.manifest
    yield line(f"sandbox   {name}")
    yield line(
        f"database  {number_of(manifest.rows, 'row')} in "
        f"{number_of(len(manifest.tables), 'table')} of {manifest.source.database}"
    )
    for server in plan.servers:
        yield line(
            f"{server.name:<10}PHP {server.php}, {number_of(len(server.files), 'file')} of settings"
        )
        for told in server.differs:
            yield line(f"          {told}")
    for image in plan.images:
        done = "would be had" if image.reference in plan.missing else "is there"
        yield line(f"image     {image} {done}")
    yield Text("Nothing was started (--dry-run).", style="dim")
