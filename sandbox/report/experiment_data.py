"""Results of experiments as JSON holds them. Fields are added, never renamed."""

from __future__ import annotations

from typing import Any

from sandbox.experiment.judge import Pair
from sandbox.experiment.reproduce import Judged
from sandbox.experiment.requests import Replayable
from sandbox.experiment.signature import Trial

_SHOWN_BODY = 160  # characters of an answer


def answer_of(trial: Trial) -> str:
    """Give the beginning of an answer on one line."""
    if trial.heard is None:
        return ""
    body = trial.heard.body[:64_000]
    text = " ".join(body.decode("utf-8", "replace").split())
    return text if len(text) <= _SHOWN_BODY else f"{text[:_SHOWN_BODY]}…"


def judged_data(judged: Judged) -> dict[str, Any]:
    """Give a request and what came of it on each server."""
    request = judged.request
    return {
        "id": request.id,
        "method": request.request.method,
        "url": request.request.url,
        "production": _failure_data(request),
        "answer": judged.answer.value,
        "not_sent": request.unsendable,
        "cure": request.cure,
        "not_here": list(judged.elsewhere),
        "may_be_the_sample": judged.may_be_the_sample,
        "servers": [
            {
                "name": one.server,
                "should_fail": one.should_fail,
                "came": one.came.value,
                "same": one.same,
                "times": len(one.trials),
                "trials": [_trial_data(trial) for trial in one.trials],
            }
            for one in judged.outcomes
        ],
    }


def _failure_data(request: Replayable) -> dict[str, Any] | None:
    failure = request.failure
    if failure is None:
        return None
    one = failure.signature
    return {
        "status": one.status,
        "exception": one.exception,
        "place": one.place,
        "sql_error": one.sql_error,
        "field": failure.field.path if failure.field else "",
        "is": failure.field.state if failure.field else "",
        "servers": list(request.failed_on),
    }


def _trial_data(trial: Trial) -> dict[str, Any]:
    return {
        "came": trial.came.value,
        "status": trial.heard.status if trial.heard else 0,
        "signature": str(trial.signature) if trial.signature else "",
        "why": trial.why,
        "cure": trial.cure,
        "seconds": round(trial.heard.seconds, 3) if trial.heard else 0.0,
    }


def pair_data(pair: Pair) -> dict[str, Any]:
    """Give what a change does to a request on a server."""
    return {
        "request": pair.request.id,
        "method": pair.request.request.method,
        "url": pair.request.request.url,
        "server": pair.server,
        "effect": pair.effect.value,
        "why": pair.why,
        "before": [_trial_data(one) for one in pair.before],
        "after": [_trial_data(one) for one in pair.after],
        "answer_now": answer_of(pair.after[0]),
        "differences": [
            {"path": one.path, "kind": one.kind.value, "before": one.before, "after": one.after}
            for one in pair.differences
        ],
        "noise": sorted(pair.noise),
    }
