"""What a change does to the answers of a sandbox, and the verdict that follows.

Takes what came of each request on both sides; gives an `Effect` for each request and server, and a
`Verdict` over all. Nothing is claimed of a request that does not fail without the change as it did
in production, and no verdict ever says that a change is safe. Where answers come out differently
from one time to the next, or cannot be judged with the change, no verdict says that all is well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from sandbox.errors import ExitCode
from sandbox.experiment.claim import why_no_claim
from sandbox.experiment.compare import COARSE, Difference, compare, noise_of
from sandbox.experiment.failure import Came
from sandbox.experiment.requests import Replayable
from sandbox.experiment.signature import Trial

_FAILED = 400


class Effect(StrEnum):
    """What a change does to one request on one server."""

    FIXED = "fixed"
    STILL = "still fails"
    OTHERWISE = "fails otherwise"
    UNRESOLVED = "cannot be judged"
    BROKEN = "broken"
    CHANGED = "changed"
    SAME = "same"
    NOT_COMPARED = "could not be compared"
    UNLIKE = "not as in production"
    UNSTABLE = "unstable"
    NO_CLAIM = "not reproduced"


UNSURE = frozenset({Effect.UNSTABLE, Effect.UNRESOLVED})
# On a request that went well in production, on that server at least.
ON_OTHERS = frozenset({
    Effect.SAME, Effect.CHANGED, Effect.BROKEN, Effect.UNLIKE, Effect.NOT_COMPARED,
})  # fmt: skip
_REPRODUCED = frozenset({Effect.FIXED, Effect.STILL, Effect.OTHERWISE, Effect.UNRESOLVED})
_EFFECTS = {Came.SAME: Effect.STILL, Came.WORKS: Effect.FIXED, Came.OTHER: Effect.OTHERWISE}
_CHANGED = frozenset({Effect.CHANGED, Effect.STILL, Effect.NO_CLAIM})
_WELL = {True: Effect.SAME, False: Effect.BROKEN}


class Verdict(StrEnum):
    """What a change comes to."""

    NOT_REPRODUCED = "NOT REPRODUCED"
    NO_EFFECT = "NO EFFECT"
    ONLY_OTHERS_CHANGED = "NO EFFECT, BUT OTHERS CHANGED"
    FIXED = "FIXED"
    FIXED_IN_PART = "FIXED IN PART"
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
        why: Why nothing is claimed of it, where not for what it answers without the change.
    """

    request: Replayable
    server: str
    before: tuple[Trial, ...] = field(repr=False)
    after: tuple[Trial, ...] = field(repr=False)
    effect: Effect
    differences: tuple[Difference, ...] = ()
    noise: frozenset[str] = frozenset()
    why: str = ""

    @property
    def changed(self) -> bool:
        """Whether another answer is given, where it neither works nor is broken by the change."""
        return bool(self.differences) and self.effect in _CHANGED


def pair_up(
    request: Replayable, server: str, before: tuple[Trial, ...], after: tuple[Trial, ...]
) -> Pair:
    """Tell what a change does to a request on a server."""
    differences, noise = _differences(before, after)
    effect = _effect(request, server, before, after)
    if effect in {Effect.SAME, Effect.UNLIKE} and differences:
        effect = Effect.CHANGED
    elif effect is Effect.SAME and not COARSE.isdisjoint(noise):
        effect = Effect.NOT_COMPARED
    return Pair(request, server, before, after, effect, differences, noise)


def without_claims(pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    """Claim nothing of requests that fail as in production, but are no evidence; see `claim`."""
    seen: dict[str, dict[str, tuple[Trial, ...]]] = {}
    for one in pairs:
        seen.setdefault(one.request.id, {})[one.server] = one.before
    why = {one.request.id: why_no_claim(one.request, seen[one.request.id]) for one in pairs}
    return tuple(
        replace(one, effect=Effect.NO_CLAIM, why=why[one.request.id])
        if why[one.request.id] and one.effect not in ON_OTHERS
        else one
        for one in pairs
    )


def verdict_of(
    targets: Sequence[Sequence[Effect]], others: Iterable[Effect], *, named: bool = False
) -> Verdict:
    """Give the verdict.

    Args:
        targets: By request that the change is to fix, the effect on each server that it failed on.
        others: All other effects; `Effect.CHANGED` also for a failure whose answer changed.
        named: Whether all of the targets are to be fixed; else one of them is enough.
    """
    on_targets = {effect for effects in targets for effect in effects}
    rest = set(others)
    if _REPRODUCED.isdisjoint(on_targets):
        unstable = Effect.UNSTABLE in on_targets
        return Verdict.INCONCLUSIVE if unstable else Verdict.NOT_REPRODUCED
    if not {Effect.OTHERWISE, Effect.BROKEN}.isdisjoint(on_targets | rest):
        return Verdict.MADE_WORSE
    fixed = [_is_fixed(effects) for effects in targets]
    if all(fixed) if named else any(fixed):
        if Effect.CHANGED in rest:
            return Verdict.FIXED_OTHERS_CHANGED
        return Verdict.FIXED if UNSURE.isdisjoint(on_targets | rest) else Verdict.INCONCLUSIVE
    left = [effects for effects, done in zip(targets, fixed, strict=True) if not done]
    return _not_fixed(on_targets, left, rest)


def _not_fixed(
    on_targets: set[Effect], left: Sequence[Sequence[Effect]], rest: set[Effect]
) -> Verdict:
    """Give the verdict where not all is fixed that was to be."""
    if not UNSURE.isdisjoint(on_targets):
        return Verdict.INCONCLUSIVE
    if Effect.FIXED in on_targets:
        known = any(not _REPRODUCED.isdisjoint(effects) for effects in left)
        return Verdict.FIXED_IN_PART if known else Verdict.INCONCLUSIVE
    changed = not {Effect.CHANGED, Effect.UNRESOLVED}.isdisjoint(rest)
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
    if Came.UNRESOLVED in now:
        return Effect.UNRESOLVED
    return _EFFECTS[now.pop()] if len(now) == 1 else Effect.UNSTABLE


def _effect_on_healthy(before: Sequence[Trial], after: Sequence[Trial]) -> Effect:
    """Tell whether a request that is to work still does; what it answers is compared apart."""
    was, now = {_went_well(one) for one in before}, {_went_well(one) for one in after}
    if was == {True}:
        return _WELL[now.pop()] if len(now) == 1 else Effect.UNSTABLE
    return Effect.UNSTABLE if True in was else Effect.UNLIKE


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
