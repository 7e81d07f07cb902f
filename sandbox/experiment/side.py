"""Send requests to the servers of one side, several times each, on data that nobody wrote to.

A side is one code on one data. Each of its servers is a clone of its own, made by a factory, so
that none sees what was written on another.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TypeVar

from sandbox.experiment.requests import Replayable
from sandbox.experiment.session import send
from sandbox.experiment.signature import Judge, Trial
from sandbox.model import Stage
from sandbox.replica.exchange import Clone

Clones = Callable[[str], AbstractContextManager[Clone]]
Judges = Mapping[str, Judge]
Trials = Mapping[tuple[str, str], tuple[Trial, ...]]  # by number of the request, and server

_COMPARED = 2  # times; one answer alone has no noise to be measured
_AT_ONCE = 2  # clones; each has a database of its own
_Got = TypeVar("_Got")


class Stopped(Exception):
    """Something else failed meanwhile, or somebody interrupted: this is not gone on with."""


@dataclass(frozen=True, slots=True)
class Side:
    """One code on one data.

    Attributes:
        name: What people call it.
        clones: Makes a clone with one server.
        judges: Tells what came of a request, by server.
    """

    name: str
    clones: Clones
    judges: Judges


@dataclass(frozen=True, slots=True)
class Round:
    """What is sent, and how often.

    Attributes:
        requests: The requests.
        repeats: How often each is sent; one that went well in production twice at most, as it is
            only compared, and asked again if it changed.
        stage: Told of each.
        stop: Set when it is to end.
        targets: Numbers of those that it is about, where not about all that failed: the others
            are only compared.
    """

    requests: Sequence[Replayable]
    repeats: int
    stage: Stage
    stop: threading.Event
    targets: frozenset[str] = frozenset()

    def times(self, request: Replayable) -> int:
        """Say how often a request is sent."""
        only_compared = request.failure is None or (self.targets and request.id not in self.targets)
        return min(self.repeats, _COMPARED) if only_compared else self.repeats


def run_server(side: Side, server: str, round_: Round) -> dict[str, tuple[Trial, ...]]:
    """Send each request to one server of a side, and give what came of it each time.

    Whatever may write meets the database as it was loaded: it is renewed before each time, also
    after requests that only read, as an application may count its visitors. What the web server
    keeps outside of the database stays: caches, sessions in files.

    Raises:
        StackError: The clone does not start, or cannot be asked.
        Stopped: It was asked to.
    """
    judge = side.judges[server]
    found: dict[str, tuple[Trial, ...]] = {}
    # Those that only read go first: fewer renewals.
    ordered = sorted(round_.requests, key=lambda one: not one.only_reads)
    with side.clones(server) as clone:
        used = False
        for request in ordered:
            trials: list[Trial] = []
            for _ in range(round_.times(request)):
                if round_.stop.is_set():
                    raise Stopped
                if used and not request.only_reads:
                    clone.renew_database()
                round_.stage.advance(0, f"{side.name} {server}: {request.title}")
                trials.append(judge.judge(request, send(clone, server, request)))
                used = True
            found[request.id] = tuple(trials)
            round_.stage.advance(1)
    return found


@contextmanager
def several(at_once: int = _AT_ONCE) -> Iterator[Together]:
    """Run things at once for the block; what one raises ends all others at their next step."""
    stop = threading.Event()
    with ThreadPoolExecutor(at_once) as pool:
        try:
            yield Together(pool, stop)
        finally:
            stop.set()


@dataclass(frozen=True, slots=True)
class Together:
    """Things that run at once.

    Attributes:
        pool: Where they run.
        stop: Set when they are to end.
    """

    pool: ThreadPoolExecutor
    stop: threading.Event

    def gather(self, calls: Sequence[Callable[[], _Got]]) -> list[_Got]:
        """Run all and give what they gave, in order; what the first that failed raised, if any."""
        futures = [self.pool.submit(call) for call in calls]
        done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        failed = next((one for one in done if one.exception() is not None), None)
        if failed is not None:
            self._end(futures)
            raise next(
                error
                for one in (failed, *futures)
                if (error := one.exception()) is not None and not isinstance(error, Stopped)
            )
        return [one.result() for one in futures]

    def _end(self, futures: Sequence[Future[_Got]]) -> None:
        self.stop.set()
        for one in futures:
            one.cancel()
        wait([one for one in futures if not one.cancelled()])
