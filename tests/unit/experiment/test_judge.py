"""The verdict over all effects, and the effect on each request."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations_with_replacement, product

import pytest

from sandbox.capture.requests import Signature
from sandbox.errors import ExitCode
from sandbox.experiment.failure import Came, Failure, FieldState
from sandbox.experiment.judge import UNSURE, Effect, Verdict, pair_up, verdict_of, without_claims
from sandbox.experiment.requests import Replayable
from sandbox.experiment.signature import Trial
from sandbox.replica.exchange import Ask, Heard

BROKEN = Failure(Signature(500, "Shop_Exception"))
FAILING = Replayable("r1", Ask("GET", "/a"), failure=BROKEN, failed_on=("web1",))
HEALTHY = Replayable("h1", Ask("GET", "/b"))
ON_TARGET = (
    Effect.FIXED, Effect.STILL, Effect.OTHERWISE, Effect.UNRESOLVED, Effect.UNSTABLE,
    Effect.NO_CLAIM,
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
        ([[Effect.FIXED], [Effect.UNSTABLE]], [], Verdict.INCONCLUSIVE),
        ([[Effect.FIXED], [Effect.UNRESOLVED]], [], Verdict.INCONCLUSIVE),
        ([[Effect.UNRESOLVED]], [Effect.SAME], Verdict.INCONCLUSIVE),
        ([[Effect.FIXED]], [Effect.UNSTABLE], Verdict.INCONCLUSIVE),
        ([[Effect.FIXED]], [Effect.UNRESOLVED], Verdict.INCONCLUSIVE),
        ([[Effect.FIXED]], [Effect.UNSTABLE, Effect.CHANGED], Verdict.FIXED_OTHERS_CHANGED),
        ([[Effect.FIXED]], [Effect.UNLIKE, Effect.NOT_COMPARED], Verdict.FIXED),
        ([[Effect.STILL]], [Effect.UNRESOLVED], Verdict.ONLY_OTHERS_CHANGED),
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


@pytest.mark.parametrize(
    ("targets", "others", "verdict"),
    [
        ([[Effect.FIXED], [Effect.FIXED]], [Effect.SAME], Verdict.FIXED),
        ([[Effect.FIXED], [Effect.FIXED]], [Effect.CHANGED], Verdict.FIXED_OTHERS_CHANGED),
        ([[Effect.FIXED], [Effect.STILL]], [], Verdict.FIXED_IN_PART),
        ([[Effect.FIXED], [Effect.STILL], []], [], Verdict.FIXED_IN_PART),
        ([[Effect.FIXED], [Effect.NO_CLAIM]], [], Verdict.INCONCLUSIVE),
        ([[Effect.FIXED], []], [], Verdict.INCONCLUSIVE),
        ([[Effect.FIXED], [Effect.UNSTABLE]], [], Verdict.INCONCLUSIVE),
        ([[Effect.STILL], [Effect.NO_CLAIM]], [], Verdict.NO_EFFECT),
        ([[], []], [Effect.FIXED], Verdict.NOT_REPRODUCED),
    ],
)
def test_of_several_named_targets_all_are_to_be_fixed(
    targets: list[list[Effect]], others: list[Effect], verdict: Verdict
) -> None:
    assert verdict_of(targets, others, named=True) is verdict


def test_over_all_combinations_no_verdict_says_more_than_was_seen() -> None:
    sets = [
        [list(one) for one in effects]
        for effects in combinations_with_replacement(tuple(product(ON_TARGET, repeat=2)), 2)
    ]
    rests = [list(one) for one in combinations_with_replacement(Effect, 2)]
    for targets, others, named in product(sets, rests, (False, True)):
        verdict = verdict_of(targets, others, named=named)
        flat = {one for effects in targets for one in effects}
        everything = flat | set(others)
        if flat <= {Effect.UNSTABLE, Effect.NO_CLAIM}:
            assert verdict.exit_code is ExitCode.NO_VERDICT
        if not everything.isdisjoint({Effect.BROKEN, Effect.OTHERWISE}):
            assert verdict.exit_code is not ExitCode.YES
        if verdict is Verdict.FIXED:
            assert Effect.FIXED in flat
            assert everything.isdisjoint({Effect.BROKEN, Effect.OTHERWISE, Effect.CHANGED})
            assert everything.isdisjoint(UNSURE)
            assert not named or flat <= {Effect.FIXED, Effect.NO_CLAIM}
        if verdict is Verdict.NO_EFFECT:
            assert flat <= {Effect.STILL, Effect.NO_CLAIM}
        assert (verdict.exit_code is ExitCode.YES) is (verdict is Verdict.FIXED)


@pytest.mark.parametrize(
    ("before", "after", "effect"),
    [
        ([SAME, SAME], [WORKS, WORKS], Effect.FIXED),
        ([SAME, SAME], [SAME, SAME], Effect.STILL),
        ([SAME, SAME], [SAME, WORKS], Effect.UNSTABLE),
        ([SAME, SAME], [OTHER, OTHER], Effect.OTHERWISE),
        ([SAME, SAME], [OTHER, WORKS], Effect.UNSTABLE),
        ([SAME, SAME], [SAME, OTHER], Effect.UNSTABLE),
        # With the change another row may be asked for, which is not in the sample.
        ([SAME, SAME], [GONE, GONE], Effect.UNRESOLVED),
        ([SAME, SAME], [WORKS, GONE], Effect.UNRESOLVED),
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
        ([WORKS, OTHER], [OTHER, OTHER], Effect.UNSTABLE),
        ([WORKS, OTHER], [WORKS, WORKS], Effect.UNSTABLE),
        ([OTHER, OTHER], [OTHER, OTHER], Effect.UNLIKE),
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


def test_nothing_is_claimed_of_a_request_that_also_fails_where_production_works() -> None:
    pairs = without_claims(
        [pair_up(FAILING, server, (SAME, SAME), (WORKS, WORKS)) for server in ("web1", "web2")]
    )
    assert {one.effect for one in pairs} == {Effect.NO_CLAIM}
    assert pairs[0].why == "it fails on web2 as well, where it works in production"
    assert pairs[0].changed
    unknown = replace(FAILING, worked_on=())
    claimed = without_claims(
        [pair_up(unknown, server, (SAME, SAME), (WORKS, WORKS)) for server in ("web1", "web2")]
    )
    assert {one.effect for one in claimed} == {Effect.FIXED}


def test_nothing_is_claimed_of_an_empty_field_that_no_server_has_filled() -> None:
    request = replace(FAILING, failure=Failure(Signature(200), FieldState("$.lines", "empty")))
    empty = trial(Came.SAME, body=b'{"lines": []}')
    filled = trial(Came.WORKS, body=b'{"lines": [1]}')
    null = trial(Came.WORKS, body=b'{"lines": null}')

    def effects(there: Trial, asked: Replayable = request) -> list[Effect]:
        pairs = [
            pair_up(asked, "web1", (empty, empty), (filled, filled)),
            pair_up(asked, "web2", (there, there), (filled, filled)),
        ]
        return [one.effect for one in without_claims(pairs)]

    assert effects(filled) == [Effect.FIXED, Effect.SAME]
    assert effects(empty) == [Effect.NO_CLAIM, Effect.NO_CLAIM]
    assert effects(null) == [Effect.NO_CLAIM, Effect.CHANGED]
    # Also where production failed on all: nothing here tells the sample from the failure.
    everywhere = replace(request, failed_on=())
    assert effects(empty, everywhere) == [Effect.NO_CLAIM, Effect.NO_CLAIM]
    missing = Failure(Signature(200), FieldState("$.lines", "missing"))
    assert effects(empty, replace(everywhere, failure=missing)) == [Effect.FIXED, Effect.FIXED]


def test_a_text_whose_lines_come_and_go_counts_as_not_compared() -> None:
    def pages(*texts: bytes) -> tuple[Trial, ...]:
        return tuple(trial(Came.WORKS, body=b"<p>\n" + one) for one in texts)

    noisy = pages(b"a\n", b"a\nb\n")
    assert pair_up(HEALTHY, "web1", noisy, pages(b"c\nd\na\n") * 2).effect is Effect.NOT_COMPARED
    assert pair_up(HEALTHY, "web1", noisy, pages(b"a\nb\n" * 99) * 2).effect is Effect.CHANGED
