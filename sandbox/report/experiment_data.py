"""Results of experiments as JSON holds them. Fields are added, never renamed."""

from __future__ import annotations

from typing import Any

from sandbox.experiment.compare import holds_no_rows
from sandbox.experiment.judge import Pair
from sandbox.experiment.reproduce import Judged
from sandbox.experiment.requests import Replayable
from sandbox.experiment.signature import Trial

_SHOWN_BODY = 400  # characters of an answer, for people
_WHOLE_BODY = 20_000  # for scripts


def answer_of(trial: Trial) -> str:
    """Give the beginning of an answer on one line."""
    if trial.heard is None:
        return ""
    body = trial.heard.body[:64_000]
    text = " ".join(body.decode("utf-8", "replace").split())
    return text if len(text) <= _SHOWN_BODY else f"{text[:_SHOWN_BODY]}…"


def whole_answer(trial: Trial) -> str | None:
    """Give an answer as it came, as far as a script is given it; None where there is none."""
    if trial.heard is None:
        return None
    # No character is more than four bytes.
    return trial.heard.body[: 4 * _WHOLE_BODY].decode("utf-8", "replace")[:_WHOLE_BODY]


def has_no_rows(pair: Pair) -> bool:
    """Tell whether what a request is answered without the change holds no rows."""
    heard = pair.before[0].heard
    return heard is not None and holds_no_rows(heard.body)


def judged_data(judged: Judged) -> dict[str, Any]:
    """Give a request and what came of it on each server."""
    request = judged.request
    return {
        "id": request.id,
        "name": request.name,
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


def pair_data(pair: Pair, *, is_target: bool) -> dict[str, Any]:
    """Give what a change does to a request on a server; of what it is to fix, the whole answers."""
    return {
        "request": pair.request.id,
        "name": pair.request.name,
        "method": pair.request.request.method,
        "url": pair.request.request.url,
        "server": pair.server,
        "effect": pair.effect.value,
        "why": pair.why,
        "before": [_trial_data(one) for one in pair.before],
        "after": [_trial_data(one) for one in pair.after],
        "answer_now": answer_of(pair.after[0]),
        "whole_answer_before": whole_answer(pair.before[0]) if is_target else None,
        "whole_answer_after": whole_answer(pair.after[0]) if is_target else None,
        "holds_no_rows": has_no_rows(pair),
        "differences": [
            {"path": one.path, "kind": one.kind.value, "before": one.before, "after": one.after}
            for one in pair.differences
        ],
        "noise": sorted(pair.noise),
    }
