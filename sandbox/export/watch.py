"""Watch production while it is read: wait while it is busy, stop before it is hurt.

Looks at most once a second, in a session of its own. Above a limit nothing more is asked until the
load is below it again; locks are let go of meanwhile. Far above, or after a long wait, the export
ends: its snapshot makes the server keep old rows as long as it waits. After ``--max-load`` and
``--critical-load`` of pt-online-schema-change, whose limits grow out of the load at the start too.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from sandbox.errors import SnapshotTooOld, SourceOverloaded
from sandbox.export.load import Load

LOOKS_EVERY = 1.0  # seconds
_STEP = 0.25  # seconds between two looks at the clock while waiting
_TELLS_EVERY = 60.0  # seconds

_THREADS, _THREADS_TIMES = 25, 2
_LAG, _HISTORY = 60, 1_000_000
_FAR = 2  # times the limit of threads


class Measures(Protocol):
    """What tells the load: a gauge, see `sandbox.export.load`."""

    def read(self) -> Load:
        """Give the load of this moment."""

    def close(self) -> None:
        """Look no more."""


@dataclass(frozen=True, slots=True)
class LoadLimits:
    """What an export may find, or cause, before it waits or stops; None for what the start tells.

    Attributes:
        threads: Sessions that run a statement: above, it waits; above twice as many, it stops.
        lag: Seconds behind the primary: above, it waits.
        history: Length of the history list: above, it stops. Waiting would make it longer.
        wait: Seconds in a row after which it stops.
    """

    threads: int | None = None
    lag: int | None = None
    history: int | None = None
    wait: float = 600.0

    def from_start(self, load: Load) -> LoadLimits:
        """Fill in what depends on the load at the start; 0 stands for "not looked at".

        >>> LoadLimits(lag=0).from_start(Load(40, 0, 7))
        LoadLimits(threads=80, lag=0, history=1000007, wait=600.0)
        """
        threads = max(_THREADS, _THREADS_TIMES * load.threads)
        return replace(
            self,
            threads=threads if self.threads is None else self.threads,
            lag=(load.lag or 0) + _LAG if self.lag is None else self.lag,
            history=(load.history or 0) + _HISTORY if self.history is None else self.history,
        )


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen of production while it was read.

    Attributes:
        first: Its load at the start.
        most: The most of each that was seen.
        limits: The limits that held.
        waited: Seconds that the export waited.
        waits: How many times.
        why: What it waited for last, in words.
    """

    first: Load
    most: Load
    limits: LoadLimits
    waited: float = 0.0
    waits: int = 0
    why: str = ""


class Watch:
    """Tells a reader when to go on; implements `sandbox.database.pace.Pace`.

    Args:
        gauge: Tells the load.
        limits: What it may be.
        warn: Takes a line for people.
        ends: When nothing more may be read, by `clock`; None for no end.
        allowed: How long production may be read altogether, in words.
        clock: Tells the time in seconds.
        sleep: Waits.

    Raises:
        SourceOverloaded: The history list is too long already.
    """

    def __init__(  # noqa: PLR0913 - what a watch rests on, named one by one
        self,
        gauge: Measures,
        limits: LoadLimits,
        warn: Callable[[str], None],
        *,
        ends: float | None = None,
        allowed: str = "",
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._gauge = gauge
        self._warn = warn
        self._ends = ends
        self._allowed = allowed
        self._clock = clock
        self._sleep = sleep
        self._load = gauge.read()
        self._looked = clock()
        self._far = 0
        self._since: float | None = None
        self._told = 0.0
        self._seen = Watched(self._load, self._load, limits.from_start(self._load))
        self._stop_if_far()

    @property
    def seen(self) -> Watched:
        """What was seen so far."""
        return replace(self._seen, waited=self.paused)

    @property
    def paused(self) -> float:
        """Give how many seconds it let others wait so far."""
        now = 0.0 if self._since is None else self._clock() - self._since
        return self._seen.waited + now

    def end(self) -> None:
        """Look no more."""
        self._gauge.close()

    def turn(self, let_go: Callable[[], None]) -> None:
        """Come back when the next statement may run; see `Pace`.

        Raises:
            SourceOverloaded: Production has to do too much.
            SnapshotTooOld: It was read for as long as it may be.
        """
        if not self.must_wait():
            return
        let_go()
        while self.must_wait():
            self._sleep(_STEP)

    def passing(self) -> None:
        """Look whether reading has to stop.

        Raises:
            SourceOverloaded: Production has to do too much.
            SnapshotTooOld: It was read for as long as it may be.
        """
        now = self._clock()
        if self._ends is not None and now > self._ends:
            raise SnapshotTooOld(f"Production was read for {self._allowed}, as long as it may be.")
        if now - self._looked < LOOKS_EVERY:
            return
        self._load, self._looked = self._gauge.read(), now
        self._seen = replace(self._seen, most=self._seen.most.at_most(self._load))
        self._stop_if_far()

    def must_wait(self) -> bool:
        """Tell whether nothing more may be asked for now.

        Raises:
            SourceOverloaded: Production has to do too much, or has for too long.
            SnapshotTooOld: It was read for as long as it may be.
        """
        self.passing()
        why = self._too_much()
        if not why:
            if self._since is not None:
                self._seen = replace(self._seen, waited=self.paused)
                self._since = None
            return False
        now = self._clock()
        if self._since is None:
            self._since = self._told = now
            self._seen = replace(self._seen, waits=self._seen.waits + 1, why=why)
            self._warn(f"waiting: {why}")
        elif now - self._since > self._seen.limits.wait:
            raise SourceOverloaded(
                f"Production was too busy for {(now - self._since) / 60:.0f} min: {why}."
            )
        elif now - self._told >= _TELLS_EVERY:
            self._told = now
            self._warn(f"waiting for {(now - self._since) / 60:.0f} min: {why}")
        return True

    def _too_much(self) -> str:
        """Say what is above its limit, or nothing."""
        limits, load = self._seen.limits, self._load
        if limits.threads and load.threads > limits.threads:
            return f"{load.threads} threads running, limit {limits.threads}"
        if limits.lag and load.lag is not None and load.lag > limits.lag:
            return f"{load.lag} s behind its primary, limit {limits.lag}"
        return ""

    def _stop_if_far(self) -> None:
        limits, load = self._seen.limits, self._load
        if limits.history and load.history is not None and load.history > limits.history:
            raise SourceOverloaded(
                f"The server keeps the old rows of {load.history:,} transactions (history list), "
                f"limit {limits.history:,}."
            )
        if not limits.threads or load.threads <= _FAR * limits.threads:
            self._far = 0
            return
        self._far += 1
        if self._far > 1:  # once may be a moment's crowd
            raise SourceOverloaded(
                f"Production is too busy: {load.threads} threads running, "
                f"limit {_FAR * limits.threads}."
            )
