"""What `sandbox reproduce` and `sandbox try` show: verdicts with what they rest on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from sandbox.errors import ExitCode
from sandbox.experiment.claim import MAY_BE_THE_SAMPLE
from sandbox.experiment.failure import Came
from sandbox.experiment.judge import Effect, Verdict
from sandbox.experiment.reproduce import Answer, Judged, Outcome, Reproduced
from sandbox.experiment.trying import Tried
from sandbox.report.experiment_data import judged_data, pair_data
from sandbox.report.experiment_words import (
    FIXED,
    STATUS_ONLY,
    lines_of_pairs,
    lines_of_rest,
    words_of_verdict,
)
from sandbox.report.terminal import line, number_of, rows_table


@dataclass(frozen=True, slots=True)
class ReproduceResult:
    """What came of the requests that failed in production.

    Attributes:
        done: What came of each.
        sandbox: Name of the sandbox.
        differs: In what the sandbox is not as production, in words for people.
    """

    done: Reproduced
    sandbox: str
    differs: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """Yes where all are reproduced."""
        return self.done.exit_code

    def data(self) -> dict[str, Any]:
        """Give every request with what came of it on each server."""
        return {
            "sandbox": self.sandbox,
            "servers": list(self.done.servers),
            "repeats": self.done.repeats,
            "requests": [judged_data(one) for one in self.done.requests],
            "differs": list(self.differs),
        }

    def text(self) -> RenderableType:
        """Lay the requests out: what production gave, what is given here."""
        if not self.done.requests:
            return Group(
                line("No failing request came with the bundle, and none was given.", "yellow"),
                line("Write one down: sandbox reproduce --requests FILE (docs/reproduce.md)"),
            )
        rows = [
            (one.request.id, one.request.title, str(one.request.failure or "unknown"), _here(one))
            for one in self.done.requests
        ]
        table = rows_table(("", "request", "production", "here"), rows)
        return Group(table, Text(), *self._notes(), self._ending(), *self._next())

    def _notes(self) -> Iterator[Text]:
        told = [(one.request.id, note) for one in self.done.requests for note in _notes_on(one)]
        for number, note in told:
            yield line(f"{number:<4}{note}")
        if told:
            yield Text()

    def _ending(self) -> Text:
        done = self.done
        reproduced, total = done.count(Answer.REPRODUCED), len(done.requests)
        words = f"{reproduced} of {total} reproduce."
        if (unresolved := done.count(Answer.UNRESOLVED)) and unresolved < total:
            words += f" {unresolved} could not be judged."
        return line(words, "green" if self.exit_code is ExitCode.YES else "yellow")

    def _next(self) -> Iterator[Text]:
        if self.exit_code is not ExitCode.YES:
            yield from _differs(self.differs)
        if self.done.count(Answer.REPRODUCED):
            yield line(f"Next:  sandbox try CHANGE --name {self.sandbox}")


@dataclass(frozen=True, slots=True)
class TryResult:
    """What a change does.

    Attributes:
        done: What it does to each request.
        sandbox: Name of the sandbox.
        differs: In what the sandbox is not as production, in words for people.
        notes: What is to be said of the change itself.
    """

    done: Tried
    sandbox: str
    differs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """Yes where it fixes what it is to fix, and nothing else changed."""
        return self.done.exit_code

    def data(self) -> dict[str, Any]:
        """Give the verdict and what it rests on."""
        done = self.done
        return {
            "sandbox": self.sandbox,
            "change": done.change,
            "verdict": done.verdict.value,
            "fixed": list(done.fixed),
            "reproduced": list(done.reproduced),
            "targets": list(done.targets),
            "status_only": list(done.status_only),
            "repeats": done.repeats,
            "pairs": [pair_data(one, is_target=done.is_target(one.request)) for one in done.pairs],
            "unsent": [{"request": one.id, "why": one.unsendable} for one in done.unsent],
            "differs": list(self.differs),
            "notes": list(self.notes),
        }

    def text(self) -> RenderableType:
        """Say the verdict, then what it rests on."""
        return Group(*self._lines())

    def _lines(self) -> Iterator[Text]:
        done = self.done
        yield Text.assemble("verdict   ", (words_of_verdict(done), _style(done.verdict)))
        yield line(f"change    {done.change}")
        for note in self.notes:
            yield line(f"note      {note}")
        for effect, word in _FIRST:
            for shown in lines_of_pairs(done.of(effect), word):
                yield line(shown)
        yield from map(line, lines_of_rest(done))
        if done.status_only:
            yield line(f"weak      {', '.join(done.status_only)}: {STATUS_ONLY}")
        for one in done.unsent:
            yield line(f"not sent  {one.id} {one.title}: {one.unsendable}")
        yield from _differs(self.differs)
        if done.verdict in FIXED:
            yield line("This says what changed, not that the change is right: look at the answers.")


_FIRST = (
    (Effect.FIXED, "fixed"),
    (Effect.OTHERWISE, "worse"),
    (Effect.BROKEN, "broken"),
    (Effect.CHANGED, "changed"),
    (Effect.UNRESOLVED, "unknown"),
    (Effect.UNSTABLE, "unstable"),
    (Effect.STILL, "still"),
    (Effect.NO_CLAIM, "no claim"),
)


def _style(verdict: Verdict) -> str:
    if verdict is Verdict.FIXED:
        return "bold green"
    return "bold yellow" if verdict.exit_code is ExitCode.NO_VERDICT else "bold red"


def _differs(differs: Sequence[str]) -> Iterator[Text]:
    if differs:
        things = number_of(len(differs), "thing")
        yield line(f"But note: in {things} the sandbox is not as production:")
        for one in differs[:5]:
            yield line(f"  {one}")
        if len(differs) > 5:  # noqa: PLR2004 - what fits
            yield line(f"  and {len(differs) - 5} more: sandbox status --fidelity")


def _here(judged: Judged) -> str:
    """Say what came of a request, servers that agree together."""
    if judged.request.unsendable:
        return f"not sent: {judged.request.unsendable}"
    said: dict[str, list[str]] = {}
    for one in judged.outcomes:
        said.setdefault(_outcome(one, judged), []).append(one.server)
    if len(said) == 1:
        return next(iter(said))
    return " · ".join(f"{', '.join(servers)}: {words}" for words, servers in said.items())


def _outcome(outcome: Outcome, judged: Judged) -> str:
    times = len(outcome.trials)
    match outcome.came:
        case Came.SAME:
            failure = judged.request.failure
            word = "same status" if failure is not None and failure.is_status_only else "same"
            words = f"{word}, {outcome.same} of {times}"
            if not outcome.always:
                rest = {str(one) for one in outcome.trials if one.came is not Came.SAME}
                words += f", else {', '.join(sorted(rest))}"
            if judged.may_be_the_sample:
                words += f", but {MAY_BE_THE_SAMPLE}"
            elif outcome.should_fail is False:
                words += ", but works in production"
            elif outcome.should_fail is None:
                words += ", in production not seen there"
            return words
        case Came.WORKS:
            if outcome.should_fail is False:
                return "works, as in production"
            odd = outcome.example.why
            return f"works ({odd})" if odd else "works"
        case Came.OTHER:
            return f"another failure: {outcome.example}"
        case _:
            return f"unresolved: {outcome.example}"


def _notes_on(judged: Judged) -> Iterator[str]:
    request = judged.request
    if request.cure:
        yield request.cure
    cures = dict.fromkeys(
        one.example.cure for one in judged.outcomes if one.came is Came.UNRESOLVED
    )
    yield from (cure for cure in cures if cure)
    if judged.elsewhere:
        yield f"in production it also failed on {', '.join(judged.elsewhere)}: not in this sandbox"
    if judged.answer is Answer.NOT_REPRODUCED and request.note:
        yield request.note
    same = [one for one in judged.outcomes if one.came is Came.SAME]
    if same and request.failure is not None and request.failure.is_status_only:
        yield STATUS_ONLY
    if any(not one.always for one in judged.outcomes):
        yield "caches and sessions in files of a web server stay from one time to the next"
