"""What a change does, in words for people: the verdict, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sandbox.experiment.failure import Came
from sandbox.experiment.judge import Effect, Pair, Verdict
from sandbox.experiment.requests import Replayable
from sandbox.experiment.signature import Trial
from sandbox.experiment.trying import Tried
from sandbox.report.experiment_data import answer_of, has_no_rows
from sandbox.report.terminal import number_of

FIXED = frozenset({
    Verdict.FIXED, Verdict.FIXED_OTHERS_CHANGED, Verdict.FIXED_IN_PART,
})  # fmt: skip
STATUS_ONLY = "only the status could be compared: production's logs say no more of it"
_SHOWN_DIFFERENCES = 5  # of one answer
_SHOWN_PAIRS = 20
_SHOWN_TITLES = 3


def words_of_verdict(done: Tried) -> str:
    """Say the verdict, and of which requests."""
    verdict = done.verdict
    total = len({one.request.id for one in done.pairs if one.request.failure} | _ids(done.unsent))
    numbers = f"{', '.join(done.fixed)} ({len(done.fixed)} of {total})"
    changed = _names([one for one in done.pairs if one.changed])
    match verdict:
        case Verdict.FIXED:
            asked = "could be compared" if done.of(Effect.NOT_COMPARED) else "was asked"
            return f"FIXED {numbers}, nothing else that {asked} changed"
        case Verdict.FIXED_OTHERS_CHANGED:
            return f"FIXED {numbers}, BUT OTHERS CHANGED: {changed}"
        case Verdict.NOT_REPRODUCED:
            more = "nothing is claimed of the change"
        case Verdict.MADE_WORSE:
            more = _names(done.of(Effect.OTHERWISE, Effect.BROKEN))
        case Verdict.ONLY_OTHERS_CHANGED:
            more = changed or _names(done.of(Effect.UNRESOLVED))
        case Verdict.INCONCLUSIVE:
            more = "; ".join(_doubts(done))
        case Verdict.FIXED_IN_PART:
            more = ", ".join(_parts(done))
        case Verdict.NO_EFFECT:
            more = ""
    return f"{verdict.value}: {more}" if more else verdict.value


def _parts(done: Tried) -> Iterator[str]:
    """Say what of a change's targets it fixes, and what not."""
    yield from done.fixed
    servers: dict[str, list[str]] = {}
    for one in done.of(Effect.FIXED):
        if one.request.id not in done.fixed:
            servers.setdefault(one.request.id, []).append(one.server)
    yield from (f"{number} on {', '.join(names)} only" for number, names in servers.items())
    yield from (f"not {one}" for one in done.targets if one not in {*done.fixed, *servers})


def _doubts(done: Tried) -> Iterator[str]:
    """Say why there is no verdict."""
    reproduced = done.reproduced
    if done.fixed:
        yield f"with the change works {', '.join(done.fixed)}"
    if missing := [one for one in done.targets if one not in reproduced]:
        yield f"not reproduced: {', '.join(missing)}"
    if unknown := _names(done.of(Effect.UNRESOLVED)):
        yield f"cannot be judged with the change: {unknown}"
    if unstable := _names(done.of(Effect.UNSTABLE)):
        yield f"not the same each time: {unstable}"


def _ids(requests: Iterable[Replayable]) -> set[str]:
    return {one.id for one in requests}


def _names(pairs: Sequence[Pair]) -> str:
    return ", ".join(dict.fromkeys(one.request.id for one in pairs))


def _titles(pairs: Sequence[Pair]) -> str:
    """Name requests that are shown nowhere else, the first ones of them."""
    titles = dict.fromkeys(f"{one.request.id} {one.request.title}" for one in pairs)
    shown = ", ".join(list(titles)[:_SHOWN_TITLES])
    more = len(titles) - _SHOWN_TITLES
    return f"{shown}, and {more} more" if more > 0 else shown


def lines_of_pairs(pairs: Sequence[Pair], word: str) -> Iterator[str]:
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
    changed = _differences(pair) if pair.differences else []
    match pair.effect:
        case Effect.FIXED:
            told = [f"{before} → {after}", f"answers now: {answer_of(after)}"]
        case Effect.OTHERWISE | Effect.BROKEN:
            told = [f"{before} → {after}"]
        case Effect.CHANGED:
            told = changed
        case Effect.STILL:
            told = [str(before), *changed]
        case Effect.UNRESOLVED:
            unknown = next(one for one in pair.after if one.came is Came.UNRESOLVED)
            told = [f"{before} → {unknown}", unknown.cure]
        case Effect.UNSTABLE:
            sides = zip(("without", "with"), (pair.before, pair.after), strict=True)
            told = [", ".join(f"{name} it {_counted(trials)}" for name, trials in sides)]
        case _:
            why, cure = pair.why, ""
            if not why:
                why, cure = f"without the change it {_came(before)}", before.cure
            told = [why, cure, *changed]
    return [one for one in told if one]


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


def lines_of_rest(done: Tried) -> Iterator[str]:
    """Say what did not change, what nobody can tell of, and what is noise."""
    same = done.of(Effect.SAME)
    others = [one for one in done.pairs if one.request.failure is None]
    if others:
        well = [one for one in same if one.request.failure is None]
        told = f"same      {len(well)} of {number_of(len(others), 'answer')} to other requests"
        empty = sum(map(has_no_rows, well))
        if empty:
            holds = "hold" if empty > 1 else "holds"
            told += f"; {empty} of them {holds} no rows, so they show little"
        yield told
    unlike: dict[str, list[Pair]] = {}
    for one in done.of(Effect.UNLIKE):
        unlike.setdefault(str(one.before[0]), []).append(one)
    for answer, pairs in unlike.items():
        yield (
            f"no claim  {_titles(pairs)}: {number_of(len(pairs), 'answer')} not as in production, "
            f"with or without the change: {answer}"
        )
    if hidden := done.of(Effect.NOT_COMPARED):
        yield (
            f"no claim  {_titles(hidden)}: lines come and go without the change, too; compared "
            "were only status, size and title"
        )
    noise = sorted({key for one in done.pairs for key in one.noise})
    if noise:
        more = f" and {len(noise) - 5} more" if len(noise) > 5 else ""  # noqa: PLR2004 - what fits
        yield f"noise     differs without the change, too: {', '.join(noise[:5])}{more}"
