"""What a change does to the answers of a sandbox, and the verdict that follows.

Takes what came of each request on both sides; gives an `Effect` for each request and server, and a
`Verdict` over all. Nothing is claimed of a request that does not fail without the change as it did
in production, and no verdict ever says that a change is safe.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sandbox.errors import ExitCode
from sandbox.experiment.compare import Difference, compare, noise_of
from sandbox.experiment.failure import Came
from sandbox.experiment.requests import Replayable
from sandbox.experiment.signature import Trial

_FAILED = 400


class Effect(StrEnum):
    """What a change does to one request on one server."""

    FIXED = "fixed"
    STILL = "still fails"
    OTHERWISE = "fails otherwise"
    BROKEN = "broken"
    CHANGED = "changed"
    SAME = "same"
    UNSTABLE = "unstable"
    NO_CLAIM = "not reproduced"


class Verdict(StrEnum):
    """What a change comes to."""

    NOT_REPRODUCED = "NOT REPRODUCED"
    NO_EFFECT = "NO EFFECT"
    ONLY_OTHERS_CHANGED = "NO EFFECT, BUT OTHERS CHANGED"
    FIXED = "FIXED"
    FIXED_IN_PART = "FIXED ON SOME SERVERS ONLY"
    FIXED_OTHERS_CHANGED = "FIXED, BUT OTHERS CHANGED"
    MADE_WORSE = "MADE WORSE"
    INCONCLUSIVE = "INCONCLUSIVE"

    @property
    def exit_code(self) -> ExitCode:
        """What a script is told."""
        if self is Verdict.FIXED:
            return ExitCode.YES
        no_verdict = self in {Verdict.NOT_REPRODUCED, Verdict.INCONCLUSIVE}
        return ExitCode.NO_VERDICT if no_verdict else ExitCode.NO


@dataclass(frozen=True, slots=True)
class Pair:
    """A request on one server, without the change and with it.

    Attributes:
        request: The request.
        server: The server.
        before: What came of it without the change, each time.
        after: What came of it with the change, each time.
        effect: What the change does to it.
        differences: In what its answers differ, each time and beyond noise.
        noise: Keys of what differs without the change, too.
    """

    request: Replayable
    server: str
    before: tuple[Trial, ...] = field(repr=False)
    after: tuple[Trial, ...] = field(repr=False)
    effect: Effect
    differences: tuple[Difference, ...] = ()
    noise: frozenset[str] = frozenset()


def pair_up(
    request: Replayable, server: str, before: tuple[Trial, ...], after: tuple[Trial, ...]
) -> Pair:
    """Tell what a change does to a request on a server."""
    differences, noise = _differences(before, after)
    effect = _effect(request, server, before, after)
    if effect in {Effect.SAME, Effect.STILL} and differences:
        effect = Effect.CHANGED if effect is Effect.SAME else effect
    return Pair(request, server, before, after, effect, differences, noise)


def verdict_of(targets: Sequence[Sequence[Effect]], others: Iterable[Effect]) -> Verdict:
    """Give the verdict.

    Args:
        targets: By request that the change is to fix, the effect on each server that it failed on.
        others: All other effects; `Effect.CHANGED` also for a failure whose answer changed.
    """
    on_targets = [effect for effects in targets for effect in effects]
    rest = list(others)
    judged = {Effect.FIXED, Effect.STILL, Effect.OTHERWISE}
    if judged.isdisjoint(on_targets):
        unstable = Effect.UNSTABLE in on_targets
        return Verdict.INCONCLUSIVE if unstable else Verdict.NOT_REPRODUCED
    if not {Effect.OTHERWISE, Effect.BROKEN}.isdisjoint([*on_targets, *rest]):
        return Verdict.MADE_WORSE
    changed = Effect.CHANGED in rest
    if any(_is_fixed(effects) for effects in targets):
        return Verdict.FIXED_OTHERS_CHANGED if changed else Verdict.FIXED
    if Effect.UNSTABLE in on_targets:
        return Verdict.INCONCLUSIVE
    if Effect.FIXED in on_targets:
        return Verdict.FIXED_IN_PART
    return Verdict.ONLY_OTHERS_CHANGED if changed else Verdict.NO_EFFECT


def _is_fixed(effects: Sequence[Effect]) -> bool:
    """Tell whether a request is fixed wherever it could be judged."""
    told = [one for one in effects if one is not Effect.NO_CLAIM]
    return bool(told) and all(one is Effect.FIXED for one in told)


def _effect(
    request: Replayable, server: str, before: Sequence[Trial], after: Sequence[Trial]
) -> Effect:
    was, now = {one.came for one in before}, {one.came for one in after}
    if request.failure is None or (
        request.should_fail(server) is not True and Came.SAME not in was
    ):
        return _effect_on_healthy(before, after)
    if was != {Came.SAME}:
        return Effect.UNSTABLE if Came.SAME in was else Effect.NO_CLAIM
    if now == {Came.SAME}:
        return Effect.STILL
    if now == {Came.WORKS}:
        return Effect.FIXED
    if not now.isdisjoint({Came.OTHER, Came.UNRESOLVED}):
        return Effect.OTHERWISE
    return Effect.UNSTABLE


def _effect_on_healthy(before: Sequence[Trial], after: Sequence[Trial]) -> Effect:
    """Tell whether a request that is to work still does; what it answers is compared apart."""
    if all(_went_well(one) for one in before):
        broken = [not _went_well(one) for one in after]
        if all(broken):
            return Effect.BROKEN
        return Effect.UNSTABLE if any(broken) else Effect.SAME
    return Effect.SAME


def _went_well(trial: Trial) -> bool:
    return (
        trial.heard is not None
        and 0 < trial.heard.status < _FAILED
        and trial.came is not Came.SAME  # an empty list with status 200 may be the failure
    )


def _differences(
    before: Sequence[Trial], after: Sequence[Trial]
) -> tuple[tuple[Difference, ...], frozenset[str]]:
    """Give what differs each time and beyond what differs without the change, and that noise."""
    one = [trial.heard for trial in before if trial.heard is not None]
    other = [trial.heard for trial in after if trial.heard is not None]
    if not one or not other:
        return (), frozenset()
    noise = noise_of(one)
    each = [compare(one[0], heard, noise) for heard in other]
    always = frozenset.intersection(*(frozenset(one.key for one in found) for found in each))
    return tuple(found for found in each[0] if found.key in always), noise
