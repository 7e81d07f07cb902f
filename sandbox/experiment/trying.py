"""`try`: what a change does, measured on the same data without it and with it.

Side A is what the sandbox was made of, side B the same with the change; each server of each side is
a clone of its own. Every request is sent several times to both: what differs on A alone is noise.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial

from sandbox.errors import ExitCode
from sandbox.experiment.judge import (
    ON_OTHERS,
    Effect,
    Pair,
    Verdict,
    pair_up,
    verdict_of,
    without_claims,
)
from sandbox.experiment.requests import Replayable
from sandbox.experiment.side import Round, Side, run_server, several
from sandbox.experiment.signature import Trial
from sandbox.model import Progress

REPEATS = 3
LEAST_REPEATS = 2  # one answer alone has no noise to be measured
_COMPARED = frozenset({Effect.CHANGED, Effect.STILL, Effect.NO_CLAIM})
_Found = dict[str, dict[str, tuple[Trial, ...]]]


@dataclass(frozen=True, slots=True)
class Tried:
    """What a change does.

    Attributes:
        change: The change, in words for people.
        verdict: What it comes to.
        pairs: What it does to each request on each server, failing requests first.
        targets: Numbers of the requests that it is to fix; all that failed, where empty.
        unsent: Failing requests that could not be sent.
        repeats: How often each was sent to each side.
    """

    change: str
    verdict: Verdict
    pairs: tuple[Pair, ...]
    targets: tuple[str, ...]
    unsent: tuple[Replayable, ...]
    repeats: int

    @property
    def exit_code(self) -> ExitCode:
        """What a script is told."""
        return self.verdict.exit_code

    def is_target(self, request: Replayable) -> bool:
        """Tell whether the change is to fix a request."""
        return is_target(request, self.targets)

    def of(self, *effects: Effect) -> tuple[Pair, ...]:
        """Give the pairs with one of these effects."""
        return tuple(one for one in self.pairs if one.effect in effects)

    @property
    def reproduced(self) -> tuple[str, ...]:
        """Numbers of the failing requests that fail here without the change."""
        judged = self.of(Effect.FIXED, Effect.STILL, Effect.OTHERWISE, Effect.UNRESOLVED)
        return tuple(dict.fromkeys(one.request.id for one in judged))

    @property
    def status_only(self) -> tuple[str, ...]:
        """Numbers of the requests that fail here as in production as far as the status goes."""
        return tuple(
            one
            for one in self.reproduced
            if any(
                pair.request.failure is not None and pair.request.failure.is_status_only
                for pair in self.pairs
                if pair.request.id == one
            )
        )

    @property
    def fixed(self) -> tuple[str, ...]:
        """Numbers of the requests that are fixed on every server that they fail on here."""
        not_whole = {
            one.request.id
            for one in self.of(
                Effect.STILL, Effect.OTHERWISE, Effect.UNRESOLVED, Effect.UNSTABLE, Effect.BROKEN
            )
        }
        ids = dict.fromkeys(one.request.id for one in self.of(Effect.FIXED))
        return tuple(one for one in ids if one not in not_whole)


def try_change(  # noqa: PLR0913 - two sides, and what is sent to them
    change: str,
    failing: Sequence[Replayable],
    healthy: Sequence[Replayable],
    servers: Sequence[str],
    sides: tuple[Side, Side],
    *,
    progress: Progress,
    targets: Sequence[str] = (),
    repeats: int = REPEATS,
) -> Tried:
    """Send all requests to both sides, and judge.

    What changed is sent to the side without the change once more, on clones of their own: what
    differs from one clone to the next is noise as well.

    Args:
        change: The change, in words for people.
        failing: Requests that failed in production.
        healthy: Requests that went well there.
        servers: Servers of the sandbox.
        sides: Without the change and with it.
        progress: Told of each request.
        targets: Numbers of the failing requests that the change is to fix, all of them; any that
            failed, where empty.
        repeats: How often each is sent to each side.

    Raises:
        StackError: A clone does not start, or cannot be asked.
    """
    repeats = max(repeats, LEAST_REPEATS)
    sent = [one for one in (*failing, *healthy) if not one.unsendable]
    before, after = _run_both(sent, servers, sides, progress, repeats, frozenset(targets))
    pairs = tuple(
        pair_up(request, server, before[server][request.id], after[server][request.id])
        for request in sent
        for server in servers
    )
    pairs = without_claims(_without_noise_of_clones(pairs, sides[0], progress, repeats))
    return Tried(
        change, judge(pairs, targets), pairs, tuple(targets),
        tuple(one for one in failing if one.unsendable), repeats,
    )  # fmt: skip


def is_target(request: Replayable, targets: Collection[str]) -> bool:
    """Tell whether a change is to fix a request: any that failed, where none is named."""
    return request.failure is not None and (not targets or request.id in targets)


def judge(pairs: Sequence[Pair], targets: Sequence[str] = ()) -> Verdict:
    """Give the verdict over pairs: all targets are to be fixed, any that failed where none is."""
    meant: dict[str, list[Effect]] = {one: [] for one in targets}
    others: list[Effect] = []
    for one in pairs:
        if is_target(one.request, targets) and one.effect not in ON_OTHERS:
            meant.setdefault(one.request.id, []).append(one.effect)
        else:
            others.append(one.effect)
        if one.changed:
            others.append(Effect.CHANGED)
    return verdict_of(list(meant.values()), others, named=bool(targets))


def _run_both(  # noqa: PLR0913, PLR0917 - two sides, and what is sent to them
    requests: Sequence[Replayable],
    servers: Sequence[str],
    sides: tuple[Side, Side],
    progress: Progress,
    repeats: int,
    targets: frozenset[str],
) -> tuple[_Found, _Found]:
    total = len(requests) * len(servers) * 2
    with progress.stage("try", total=total, unit="requests") as stage, several() as together:
        round_ = Round(requests, repeats, stage, together.stop, targets)
        calls: list[Callable[[], _Found]] = [
            partial(_run_side, side, servers, round_) for side in sides
        ]
        before, after = together.gather(calls)
        stage.done(
            f"{len(requests)} requests, without the change and with it, up to {repeats} times each"
        )
    return before, after


def _without_noise_of_clones(
    pairs: Sequence[Pair], side: Side, progress: Progress, repeats: int
) -> tuple[Pair, ...]:
    doubtful = [one for one in pairs if one.differences and one.effect in _COMPARED]
    if not doubtful:
        return tuple(pairs)
    requests: dict[str, list[Replayable]] = {}
    for one in doubtful:
        requests.setdefault(one.server, []).append(one.request)
    with progress.stage("noise", total=len(doubtful), unit="requests") as stage:
        with several() as together:
            calls = [
                partial(run_server, side, server, Round(asked, repeats, stage, together.stop))
                for server, asked in requests.items()
            ]
            again = dict(zip(requests, together.gather(calls), strict=True))
        stage.done(f"{len(doubtful)} that changed, without the change once more")
    return tuple(
        pair_up(one.request, one.server, one.before + again[one.server][one.request.id], one.after)
        if one in doubtful
        else one
        for one in pairs
    )


def _run_side(side: Side, servers: Sequence[str], round_: Round) -> _Found:
    if not round_.requests:
        return {server: {} for server in servers}
    return {server: run_server(side, server, round_) for server in servers}
