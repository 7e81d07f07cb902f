"""What `sandbox reproduce` and `sandbox try` show: verdicts with what they rest on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from sandbox.errors import ExitCode
from sandbox.experiment.failure import Came
from sandbox.experiment.judge import Effect, Pair, Verdict
from sandbox.experiment.reproduce import Answer, Judged, Outcome, Reproduced
from sandbox.experiment.requests import Replayable
from sandbox.experiment.signature import Trial
from sandbox.experiment.trying import Tried
from sandbox.report.experiment_data import answer_of, judged_data, pair_data
from sandbox.report.terminal import line, number_of, rows_table

_SHOWN_DIFFERENCES = 5  # of one answer
_SHOWN_PAIRS = 20


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
            "repeats": done.repeats,
            "pairs": [pair_data(one) for one in done.pairs],
            "unsent": [{"request": one.id, "why": one.unsendable} for one in done.unsent],
            "differs": list(self.differs),
            "notes": list(self.notes),
        }

    def text(self) -> RenderableType:
        """Say the verdict, then what it rests on."""
        return Group(*self._lines())

    def _lines(self) -> Iterator[Text]:
        done = self.done
        yield Text.assemble("verdict   ", (_verdict(done), _style(done.verdict)))
        yield line(f"change    {done.change}")
        for note in self.notes:
            yield line(f"note      {note}")
        for effect, word in _FIRST:
            for shown in _pair_lines(done.of(effect), word):
                yield line(shown)
        yield from map(line, _unchanged(done))
        for one in done.unsent:
            yield line(f"not sent  {one.id} {one.title}: {one.unsendable}")
        yield from _differs(self.differs)
        if done.verdict in _FIXED:
            yield line("This says what changed, not that the change is right: look at the answers.")


_FIXED = frozenset({
    Verdict.FIXED, Verdict.FIXED_OTHERS_CHANGED, Verdict.FIXED_IN_PART,
})  # fmt: skip
_FIRST = (
    (Effect.FIXED, "fixed"),
    (Effect.OTHERWISE, "worse"),
    (Effect.BROKEN, "broken"),
    (Effect.CHANGED, "changed"),
    (Effect.UNSTABLE, "unstable"),
    (Effect.STILL, "still"),
    (Effect.NO_CLAIM, "no claim"),
)


def _verdict(done: Tried) -> str:
    verdict = done.verdict
    total = len({one.request.id for one in done.pairs if one.request.failure} | _ids(done.unsent))
    if verdict is Verdict.NOT_REPRODUCED:
        return f"{verdict.value}: nothing is claimed of the change"
    if verdict is Verdict.MADE_WORSE:
        worse = done.of(Effect.OTHERWISE, Effect.BROKEN)
        return f"{verdict.value}: {_names(worse)}"
    if verdict not in _FIXED:
        return verdict.value
    numbers_of = done.fixed or tuple(sorted(_ids(one.request for one in done.of(Effect.FIXED))))
    numbers = f"{', '.join(numbers_of)} ({len(numbers_of)} of {total})"
    if verdict is Verdict.FIXED:
        return f"FIXED {numbers}, nothing else that was asked changed"
    if verdict is Verdict.FIXED_IN_PART:
        return f"{verdict.value}: {numbers}"
    changed = [
        one
        for one in done.pairs
        if one.effect is Effect.CHANGED or (one.effect is Effect.STILL and one.differences)
    ]
    return f"FIXED {numbers}, BUT OTHERS CHANGED: {_names(changed)}"


def _style(verdict: Verdict) -> str:
    if verdict is Verdict.FIXED:
        return "bold green"
    return "bold yellow" if verdict.exit_code is ExitCode.NO_VERDICT else "bold red"


def _ids(requests: Iterable[Replayable]) -> set[str]:
    return {one.id for one in requests}


def _names(pairs: Sequence[Pair]) -> str:
    return ", ".join(dict.fromkeys(one.request.id for one in pairs))


def _pair_lines(pairs: Sequence[Pair], word: str) -> Iterator[str]:
    """Give a line for each request, its servers together where they answer alike."""
    together: dict[tuple[str, ...], list[Pair]] = {}
    for one in pairs:
        together.setdefault((one.request.id, *_evidence(one)), []).append(one)
    for number, ((_, *evidence), alike) in enumerate(together.items()):
        if number == _SHOWN_PAIRS:
            yield f"{'':<10}and {len(together) - number} more (--json has them all)"
            return
        request = alike[0].request
        servers = ", ".join(one.server for one in alike)
        first, *more = evidence
        yield f"{word:<10}{request.id} {request.title} on {servers}: {first}"
        for told in more:
            yield f"{'':<10}   {told}"


def _evidence(pair: Pair) -> list[str]:
    before, after = pair.before[0], pair.after[0]
    match pair.effect:
        case Effect.FIXED:
            return [f"{before} → {after}", f"answers now: {answer_of(after)}"]
        case Effect.OTHERWISE | Effect.BROKEN:
            return [f"{before} → {after}"]
        case Effect.CHANGED:
            return _differences(pair)
        case Effect.STILL:
            changed = _differences(pair) if pair.differences else []
            return [str(before), *changed]
        case Effect.UNSTABLE:
            sides = zip(("without", "with"), (pair.before, pair.after), strict=True)
            return [", ".join(f"{name} it {_counted(trials)}" for name, trials in sides)]
        case _:
            return [f"without the change it {_came(before)}"]


def _differences(pair: Pair) -> list[str]:
    shown = [str(one) for one in pair.differences[:_SHOWN_DIFFERENCES]]
    if (more := len(pair.differences) - len(shown)) > 0:
        shown.append(f"and {number_of(more, 'more difference')}")
    return shown


def _came(trial: Trial) -> str:
    match trial.came:
        case Came.WORKS:
            return f"works ({trial})"
        case Came.OTHER:
            return f"fails in another way ({trial})"
        case _:
            return f"cannot be judged ({trial})"


def _counted(trials: Sequence[Trial]) -> str:
    words = [str(one.came) for one in trials]
    return ", ".join(f"{word} {words.count(word)} of {len(words)}" for word in dict.fromkeys(words))


def _unchanged(done: Tried) -> Iterator[str]:
    same = done.of(Effect.SAME)
    others = [one for one in done.pairs if one.request.failure is None]
    if others:
        well = [one for one in same if one.request.failure is None]
        yield f"same      {len(well)} of {number_of(len(others), 'answer')} to other requests"
        unlike = [one for one in well if one.before[0].came is not Came.WORKS]
        if unlike:
            statuses = sorted({str(one.before[0]) for one in unlike})
            yield (
                f"          {len(unlike)} of them answer otherwise than in production, with or "
                f"without the change: {', '.join(statuses[:5])}"
            )
    noise = sorted({key for one in done.pairs for key in one.noise})
    if noise:
        more = f" and {len(noise) - 5} more" if len(noise) > 5 else ""  # noqa: PLR2004 - what fits
        yield f"noise     differs without the change, too: {', '.join(noise[:5])}{more}"


def _differs(differs: Sequence[str]) -> Iterator[Text]:
    if differs:
        things = number_of(len(differs), "thing")
        yield line(f"But note: in {things} the sandbox is not as production:")
        for one in differs[:5]:
            yield line(f"  {one}")
        if len(differs) > 5:  # noqa: PLR2004 - what fits
            yield line(f"  and {len(differs) - 5} more: sandbox status")


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
            if outcome.should_fail is False:
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
    if any(
        one.came is Came.SAME and request.failure is not None and request.failure.is_status_only
        for one in judged.outcomes
    ):
        yield "only the status could be compared: production's logs say no more of it"
