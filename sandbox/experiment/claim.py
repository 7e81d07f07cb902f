"""When a request that fails here as in production is no evidence all the same.

A failure that is everywhere is not production's, and an empty field may come of the sample: both
are told by what the servers answer without any change, beside what production did on each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sandbox.experiment.failure import Came
from sandbox.experiment.requests import Replayable
from sandbox.experiment.signature import Trial

Seen = Mapping[str, Sequence[Trial]]  # what came of one request, by server
MAY_BE_THE_SAMPLE = "may be the sample: no server here has it filled"


def fails_everywhere(request: Replayable, seen: Seen) -> tuple[str, ...]:
    """Give the servers that it went well on in production and fails on here in the same way."""
    return tuple(
        server
        for server, trials in seen.items()
        if request.should_fail(server) is False and _was_same(trials)
    )


def may_be_the_sample(request: Replayable, seen: Seen) -> bool:
    """Tell whether a field is empty here, and nothing shows that the sample could fill it."""
    field = request.failure.field if request.failure is not None else None
    if field is None or field.state != "empty" or not any(map(_was_same, seen.values())):
        return False
    return not any(
        all(one.heard is not None and field.is_filled(one.heard.body) for one in trials)
        for server, trials in seen.items()
        if request.should_fail(server) is not True
    )


def why_no_claim(request: Replayable, seen: Seen) -> str:
    """Say why nothing can be claimed of a request that fails here; empty where it can."""
    if may_be_the_sample(request, seen):
        return MAY_BE_THE_SAMPLE
    servers = fails_everywhere(request, seen)
    if servers:
        return f"it fails on {', '.join(servers)} as well, where it works in production"
    return ""


def _was_same(trials: Sequence[Trial]) -> bool:
    return any(one.came is Came.SAME for one in trials)
