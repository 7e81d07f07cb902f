"""The verdict over all effects, and the effect on each request."""

from __future__ import annotations

from itertools import combinations_with_replacement, product

import pytest

from sandbox.capture.requests import Signature
from sandbox.errors import ExitCode
from sandbox.experiment.failure import Came, Failure
from sandbox.experiment.judge import Effect, Verdict, pair_up, verdict_of
from sandbox.experiment.requests import Replayable
from sandbox.experiment.signature import Trial
from sandbox.replica.exchange import Ask, Heard

BROKEN = Failure(Signature(500, "Shop_Exception"))
FAILING = Replayable("r1", Ask("GET", "/a"), failure=BROKEN, failed_on=("web1",))
HEALTHY = Replayable("h1", Ask("GET", "/b"))
ON_TARGET = (
    Effect.FIXED, Effect.STILL, Effect.OTHERWISE, Effect.UNSTABLE, Effect.NO_CLAIM,
)  # fmt: skip


def trial(came: Came, status: int = 200, body: bytes = b"{}") -> Trial:
    return Trial(came, Heard(status, (), body, 0.1))


SAME = trial(Came.SAME, 500)
WORKS = trial(Came.WORKS)
OTHER = trial(Came.OTHER, 500)
GONE = trial(Came.UNRESOLVED, 404)


@pytest.mark.parametrize(
    ("targets", "others", "verdict"),
    [
        ([], [], Verdict.NOT_REPRODUCED),
        ([[Effect.NO_CLAIM]], [Effect.CHANGED, Effect.BROKEN], Verdict.NOT_REPRODUCED),
        ([[Effect.NO_CLAIM, Effect.UNSTABLE]], [], Verdict.INCONCLUSIVE),
        ([[Effect.FIXED]], [Effect.SAME], Verdict.FIXED),
        ([[Effect.FIXED], [Effect.STILL]], [Effect.SAME], Verdict.FIXED),
        ([[Effect.FIXED], [Effect.UNSTABLE]], [], Verdict.FIXED),
        ([[Effect.FIXED, Effect.NO_CLAIM]], [], Verdict.FIXED),
        ([[Effect.FIXED]], [Effect.CHANGED], Verdict.FIXED_OTHERS_CHANGED),
        ([[Effect.FIXED, Effect.STILL]], [], Verdict.FIXED_IN_PART),
        ([[Effect.FIXED, Effect.UNSTABLE]], [], Verdict.INCONCLUSIVE),
        ([[Effect.STILL], [Effect.UNSTABLE]], [], Verdict.INCONCLUSIVE),
        ([[Effect.STILL]], [Effect.SAME, Effect.UNSTABLE], Verdict.NO_EFFECT),
        ([[Effect.STILL]], [Effect.CHANGED], Verdict.ONLY_OTHERS_CHANGED),
        ([[Effect.FIXED]], [Effect.BROKEN], Verdict.MADE_WORSE),
        ([[Effect.FIXED], [Effect.OTHERWISE]], [], Verdict.MADE_WORSE),
        ([[Effect.STILL]], [Effect.OTHERWISE], Verdict.MADE_WORSE),
    ],
)
def test_the_verdict_table(
    targets: list[list[Effect]], others: list[Effect], verdict: Verdict
) -> None:
    assert verdict_of(targets, others) is verdict


def test_over_all_combinations_no_verdict_says_more_than_was_seen() -> None:
    sets = [
        [list(one) for one in effects]
        for effects in combinations_with_replacement(tuple(product(ON_TARGET, repeat=2)), 2)
    ]
    rests = [list(one) for one in combinations_with_replacement(Effect, 2)]
    for targets, others in product(sets, rests):
        verdict = verdict_of(targets, others)
        flat = {one for effects in targets for one in effects}
        everything = flat | set(others)
        if flat.isdisjoint({Effect.FIXED, Effect.STILL, Effect.OTHERWISE}):
            assert verdict.exit_code is ExitCode.NO_VERDICT
        if not everything.isdisjoint({Effect.BROKEN, Effect.OTHERWISE}):
            assert verdict.exit_code is not ExitCode.YES
        if verdict is Verdict.FIXED:
            assert Effect.FIXED in flat
            assert everything.isdisjoint({Effect.BROKEN, Effect.OTHERWISE, Effect.CHANGED})
        if verdict is Verdict.NO_EFFECT:
            assert flat <= {Effect.STILL, Effect.NO_CLAIM}
        assert (verdict.exit_code is ExitCode.YES) is (verdict is Verdict.FIXED)


@pytest.mark.parametrize(
    ("before", "after", "effect"),
    [
        ([SAME, SAME], [WORKS, WORKS], Effect.FIXED),
        ([SAME, SAME], [SAME, SAME], Effect.STILL),
        ([SAME, SAME], [SAME, WORKS], Effect.UNSTABLE),
        ([SAME, SAME], [OTHER, WORKS], Effect.OTHERWISE),
        # The row was there a moment ago: that it is not found now is the change's doing.
        ([SAME, SAME], [GONE, GONE], Effect.OTHERWISE),
        ([SAME, WORKS], [WORKS, WORKS], Effect.UNSTABLE),
        ([GONE, GONE], [WORKS, WORKS], Effect.NO_CLAIM),
        ([OTHER, OTHER], [WORKS, WORKS], Effect.NO_CLAIM),
        ([WORKS, WORKS], [OTHER, OTHER], Effect.NO_CLAIM),
    ],
)
def test_the_effect_on_a_request_that_failed(
    before: list[Trial], after: list[Trial], effect: Effect
) -> None:
    assert pair_up(FAILING, "web1", tuple(before), tuple(after)).effect is effect


@pytest.mark.parametrize(
    ("before", "after", "effect"),
    [
        ([WORKS, WORKS], [WORKS, WORKS], Effect.SAME),
        ([WORKS, WORKS], [OTHER, OTHER], Effect.BROKEN),
        ([WORKS, WORKS], [WORKS, OTHER], Effect.UNSTABLE),
        ([OTHER, OTHER], [OTHER, OTHER], Effect.SAME),
        ([OTHER, OTHER], [WORKS, WORKS], Effect.CHANGED),
        ([WORKS, WORKS], [trial(Came.WORKS, body=b"[]")] * 2, Effect.CHANGED),
    ],
)
@pytest.mark.parametrize("request_", [HEALTHY, FAILING], ids=["healthy", "failed elsewhere"])
def test_the_effect_on_a_request_that_worked_there(
    request_: Replayable, before: list[Trial], after: list[Trial], effect: Effect
) -> None:
    assert pair_up(request_, "web2", tuple(before), tuple(after)).effect is effect


def test_a_request_that_starts_to_fail_as_another_server_did_is_broken() -> None:
    empty = trial(Came.SAME, body=b"[]")
    assert pair_up(FAILING, "web2", (WORKS, WORKS), (empty, empty)).effect is Effect.BROKEN


def test_a_difference_counts_only_if_it_is_there_each_time() -> None:
    def said(*bodies: bytes) -> tuple[Trial, ...]:
        return tuple(trial(Came.WORKS, body=one) for one in bodies)

    lucky = pair_up(HEALTHY, "web1", said(b'{"a":1}', b'{"a":1}'), said(b'{"a":2}', b'{"a":1}'))
    assert (lucky.effect, lucky.differences) == (Effect.SAME, ())
    noisy = pair_up(HEALTHY, "web1", said(b'{"a":1}', b'{"a":2}'), said(b'{"a":3}', b'{"a":4}'))
    assert (noisy.effect, noisy.noise) == (Effect.SAME, frozenset({"$.a"}))
