"""`reproduce`: does each request that failed in production fail here in the same way?

Takes the requests and a factory of clones; gives what came of each on each server, k times. It is
*reproduced* if it fails every time on every server that it failed on in production, and on none
that it went well on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from sandbox.errors import ExitCode
from sandbox.experiment.claim import fails_everywhere, may_be_the_sample
from sandbox.experiment.failure import Came
from sandbox.experiment.requests import Replayable
from sandbox.experiment.side import Round, Side, run_server, several
from sandbox.experiment.signature import Trial
from sandbox.model import Progress

REPEATS = 3


class Answer(StrEnum):
    """What comes of a request, over all servers."""

    REPRODUCED = "reproduced"
    SOMETIMES = "reproduced sometimes"
    NOT_REPRODUCED = "not reproduced"
    UNRESOLVED = "unresolved"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a request on one server.

    Attributes:
        server: The server.
        should_fail: Whether it failed there in production; None where nobody knows.
        trials: What came of it each time.
    """

    server: str
    should_fail: bool | None
    trials: tuple[Trial, ...]

    @property
    def same(self) -> int:
        """How often it failed as in production."""
        return sum(one.came is Came.SAME for one in self.trials)

    @property
    def came(self) -> Came:
        """What it comes to: the same as soon as once it was; else the worst."""
        seen = {one.came for one in self.trials}
        order = (Came.SAME, Came.OTHER, Came.UNRESOLVED, Came.WORKS)
        return next(one for one in order if one in seen)

    @property
    def always(self) -> bool:
        """Whether the same came of it each time."""
        return len({one.came for one in self.trials}) == 1

    @property
    def example(self) -> Trial:
        """The first trial that came to what all come to."""
        return next(one for one in self.trials if one.came is self.came)

    @property
    def counts(self) -> Counter[Came]:
        """How often each thing came of it."""
        return Counter(one.came for one in self.trials)


@dataclass(frozen=True, slots=True)
class Judged:
    """A request, and what came of it.

    Attributes:
        request: The request.
        outcomes: By server; empty where it was not sent.
        elsewhere: Servers that it failed on in production and that are not here.
    """

    request: Replayable
    outcomes: tuple[Outcome, ...]
    elsewhere: tuple[str, ...] = ()

    @property
    def answer(self) -> Answer:
        """What it comes to."""
        failing = [one for one in self.outcomes if one.should_fail]
        told = [one for one in failing if one.came is not Came.UNRESOLVED]
        if not told:
            return Answer.UNRESOLVED
        if any(one.came is not Came.SAME for one in told):
            return Answer.NOT_REPRODUCED
        if self.may_be_the_sample:
            return Answer.UNRESOLVED
        # Where it went well in production, the same failure would be one that is everywhere.
        if fails_everywhere(self.request, self._seen):
            return Answer.NOT_REPRODUCED
        always = all(one.always for one in told)
        return Answer.REPRODUCED if always else Answer.SOMETIMES

    @property
    def may_be_the_sample(self) -> bool:
        """Whether a field is empty, and nothing shows that the sample could fill it."""
        return may_be_the_sample(self.request, self._seen)

    @property
    def _seen(self) -> dict[str, tuple[Trial, ...]]:
        return {one.server: one.trials for one in self.outcomes}


@dataclass(frozen=True, slots=True)
class Reproduced:
    """What came of all requests.

    Attributes:
        requests: In the order of their numbers.
        servers: Servers of the sandbox.
        repeats: How often each was sent.
    """

    requests: tuple[Judged, ...]
    servers: tuple[str, ...]
    repeats: int

    def count(self, answer: Answer) -> int:
        """Count the requests that come to an answer."""
        return sum(one.answer is answer for one in self.requests)

    @property
    def exit_code(self) -> ExitCode:
        """Yes where all are reproduced, no verdict where none could be judged."""
        if self.count(Answer.UNRESOLVED) == len(self.requests):
            return ExitCode.NO_VERDICT
        everything = self.count(Answer.REPRODUCED) == len(self.requests)
        return ExitCode.YES if everything else ExitCode.NO


def reproduce(
    requests: Sequence[Replayable],
    servers: Sequence[str],
    side: Side,
    progress: Progress,
    repeats: int = REPEATS,
) -> Reproduced:
    """Send each request to each server some times, and say what came of it.

    Args:
        requests: The requests; those that cannot be sent are passed over.
        servers: Servers of the sandbox.
        side: Its clones; two at most are there at once.
        progress: Told of each request.
        repeats: How often each is sent.

    Raises:
        StackError: A clone does not start, or cannot be asked.
    """
    sendable = [one for one in requests if not one.unsendable]
    total = len(sendable) * len(servers)
    with progress.stage("reproduce", total=total, unit="requests") as stage:
        found: list[dict[str, tuple[Trial, ...]]] = []
        if sendable:
            with several() as together:
                round_ = Round(sendable, repeats, stage, together.stop)
                found = together.gather(
                    [partial(run_server, side, server, round_) for server in servers]
                )
        by_server = dict(zip(servers, found, strict=False))
        judged = tuple(_judged(one, servers, by_server) for one in requests)
        stage.done(f"{len(sendable)} of {len(requests)} requests sent, {repeats} times each")
    return Reproduced(judged, tuple(servers), repeats)


def _judged(
    request: Replayable,
    servers: Sequence[str],
    found: dict[str, dict[str, tuple[Trial, ...]]],
) -> Judged:
    outcomes = tuple(
        Outcome(server, request.should_fail(server), found[server][request.id])
        for server in servers
        if request.id in found.get(server, {})
    )
    elsewhere = tuple(one for one in request.failed_on if one not in servers)
    return Judged(request, outcomes, elsewhere)
