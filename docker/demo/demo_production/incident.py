"""What a developer does next: bring the bundle up, see it fail as production does, try two patches.

As in `handover`, everything is what people would type. The sandbox stays up when it is done.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo_production import DEMO_FOLDER
from demo_production.commands import CommandFailed, run_sandbox
from demo_production.requests import FAILING, Answer, Request
from demo_production.table import Column
from sandbox.errors import ExitCode

_TRIED = (
    # A quick look at a hunch, which has no effect; then the right patch, beside all other requests.
    ("zero-date.hunch", ("--only",), ExitCode.NO),
    ("zero-date.right", ("--healthy=10",), ExitCode.YES),
)
_TRIED_REQUEST = "/api/orders/4711"


@dataclass(frozen=True, slots=True)
class Incident:
    """How far the developer came.

    Attributes:
        sandbox: Name of the sandbox.
        columns: What each of its servers answered to the requests that failed in production.
        reproduced: How many of those fail as in production.
        numbers: What `reproduce` calls each request, by its path.
        commands: What was typed, in order.
    """

    sandbox: str
    columns: tuple[Column, ...]
    reproduced: int
    numbers: Mapping[str, str]
    commands: tuple[str, ...]


def investigate(bundle: Path, repository: Path, name: str) -> Incident:
    """Bring a bundle up, reproduce its failures, and try a right and a wrong patch.

    Args:
        bundle: What operations handed over.
        repository: The shop's repository, at the build that was pushed.
        name: What the sandbox is called.

    Raises:
        CommandFailed: A command ended otherwise than the story has it.
    """
    up = ("up", str(bundle), f"--app={repository}", f"--name={name}", "--replace")
    replies = f"--replies={DEMO_FOLDER / 'payment-replies.json'}"
    run_sandbox(*up, replies)
    reproduce = ("reproduce", f"--name={name}")
    told = json.loads(run_sandbox(*reproduce, "--json", shown=False).stdout)["data"]
    numbers = {one["url"].partition("?")[0]: one["id"] for one in told["requests"]}
    commands = [(*up, replies), reproduce]
    for patch, options, code in _TRIED:
        tried = (
            "try",
            str(DEMO_FOLDER / "fixes" / f"{patch}.patch"),
            f"--name={name}",
            f"--request={numbers[_TRIED_REQUEST]}",
            *options,
        )
        run_sandbox(*tried, expected=code)
        commands.append(tried)
    return Incident(
        sandbox=name,
        columns=_columns(told["requests"]),
        reproduced=sum(one["answer"] == "reproduced" for one in told["requests"]),
        numbers=numbers,
        commands=tuple(" ".join(("sandbox", *one)) for one in commands),
    )


def remove_incident(name: str) -> None:
    """Remove the sandbox, if there is one."""
    there = json.loads(run_sandbox("list", "--json", shown=False).stdout)["data"]["sandboxes"]
    if any(one["name"] == name for one in there):
        run_sandbox("down", f"--name={name}", "--yes", shown=False)


def _columns(told: Sequence[Mapping[str, Any]]) -> tuple[Column, ...]:
    servers = sorted({server["name"] for one in told for server in one["servers"]})
    return tuple(
        Column(
            f"sandbox {server}",
            {request: _answer(_find(told, request), server) for request in FAILING},
        )
        for server in servers
    )


def _find(told: Sequence[Mapping[str, Any]], request: Request) -> Mapping[str, Any]:
    """Find a request of the table among those of the bundle, whose values are masked."""
    path = request.path.partition("?")[0]
    for one in told:
        if (one["method"], one["url"].partition("?")[0]) == (request.method, path):
            return one
    raise CommandFailed(f"sandbox reproduce says nothing of {request}.")


def _answer(one: Mapping[str, Any], server: str) -> Answer:
    """Give what a server of the sandbox answered, in the words of the table."""
    outcome = next(each for each in one["servers"] if each["name"] == server)
    trial = outcome["trials"][0]
    if outcome["came"] == "same":
        return Answer(trial["status"], "", f"the same, {outcome['same']} of {outcome['times']}")
    expected = ", as in production" if outcome["should_fail"] is False else ""
    return Answer(trial["status"], f"{outcome['came']}{expected}")
