"""When an export waits for production, when it goes on, and when it ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import SnapshotTooOld, SourceOverloaded
from sandbox.export.load import Load
from sandbox.export.watch import LoadLimits, Watch


@dataclass
class Production:
    """A server whose load at each second is known; time passes while somebody waits only."""

    loads: Sequence[Load]
    now: float = 0.0
    looks: int = 0
    said: list[str] = field(default_factory=list)
    let_go: int = 0

    def read(self) -> Load:
        self.looks += 1
        return self.at(self.now)

    def close(self) -> None:
        pass

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def frees(self) -> None:
        self.let_go += 1

    def at(self, second: float) -> Load:
        return self.loads[min(int(second), len(self.loads) - 1)]

    def watch(self, limits: LoadLimits | None = None, ends: float | None = None) -> Watch:
        return Watch(
            self,
            limits or LoadLimits(threads=10),
            self.said.append,
            clock=lambda: self.now,
            sleep=self.sleep,
            ends=ends,
            allowed="1 min (--max-time)",
        )


def threads(*counts: int) -> list[Load]:
    return [Load(count) for count in counts]


def test_busy_production_is_waited_for_without_locks_until_it_is_calm() -> None:
    production = Production(threads(1, 11, 11, 11, 4))
    watch = production.watch()
    watch.turn(production.frees)
    assert (production.now, production.let_go) == (0, 0)
    production.now = 1.0
    watch.turn(production.frees)
    assert production.now == pytest.approx(4.0)
    assert production.let_go == 1
    assert production.said == ["waiting: 11 threads running, limit 10"]
    seen = watch.seen
    assert (seen.waits, round(seen.waited), seen.most.threads) == (1, 3, 11)
    assert watch.paused == seen.waited


def test_production_is_looked_at_once_a_second_at_most() -> None:
    production = Production(threads(1))
    watch = production.watch()
    for _ in range(1000):
        production.now += 0.01
        watch.turn(production.frees)
        watch.passing()
    assert 10 <= production.looks <= 11


def test_a_moments_crowd_is_waited_for_and_a_lasting_one_stops_the_export() -> None:
    production = Production(threads(1, 99, 1, 99, 99))
    watch = production.watch()
    production.now = 1.0
    watch.turn(production.frees)
    production.now = 3.0
    with pytest.raises(SourceOverloaded, match="99 threads running, limit 20"):
        watch.turn(production.frees)


def test_a_lasting_crowd_stops_the_export_in_the_midst_of_an_answer() -> None:
    production = Production(threads(1, 99))
    watch = production.watch()
    production.now = 1.0
    watch.passing()
    production.now = 2.0
    with pytest.raises(SourceOverloaded, match="99 threads running"):
        watch.passing()


def test_a_load_that_does_not_end_ends_the_export() -> None:
    production = Production(threads(1, 11))
    watch = production.watch(LoadLimits(threads=10, wait=180))
    production.now = 1.0
    with pytest.raises(SourceOverloaded, match="too busy for 3 min: 11 threads running"):
        watch.turn(production.frees)
    assert production.said[1:] == [
        f"waiting for {minutes} min: 11 threads running, limit 10" for minutes in (1, 2, 3)
    ]


def test_a_replica_that_falls_behind_is_waited_for() -> None:
    production = Production([Load(1, 3), Load(1, 64), Load(1, 64), Load(1, 2)])
    watch = production.watch(LoadLimits())
    production.now = 1.0
    watch.turn(production.frees)
    assert production.said == ["waiting: 64 s behind its primary, limit 63"]
    assert production.now == pytest.approx(3.0)


def test_a_growing_history_list_stops_the_export_at_once() -> None:
    production = Production([Load(1, None, 500), Load(1, None, 1_000_501)])
    watch = production.watch(LoadLimits())
    production.now = 1.0
    with pytest.raises(SourceOverloaded, match="old rows of 1,000,501 transactions"):
        watch.turn(production.frees)
    assert "--max-history" in SourceOverloaded.default_hint
    with pytest.raises(SourceOverloaded, match="limit 499"):
        Production([Load(1, None, 500)]).watch(LoadLimits(history=499))


def test_nothing_is_read_when_its_time_is_over_busy_or_not() -> None:
    production = Production(threads(1))
    watch = production.watch(ends=60)
    production.now = 60.5
    with pytest.raises(SnapshotTooOld, match=r"read for 1 min \(--max-time\)"):
        watch.turn(production.frees)
    production = Production(threads(1, 11))
    watch = production.watch(ends=60)
    production.now = 1.0
    with pytest.raises(SnapshotTooOld):
        watch.turn(production.frees)
    assert production.now < 62


def test_what_is_not_to_be_looked_at_stops_nothing() -> None:
    production = Production([Load(1, 0, 0), Load(9999, 9999, 10**9)])
    watch = production.watch(LoadLimits(threads=0, lag=0, history=0))
    production.now = 1.0
    watch.turn(production.frees)
    assert production.said == []


@given(st.lists(st.integers(1, 20), min_size=1, max_size=30))
def test_every_wait_ends_below_the_limit_and_all_of_it_is_counted(counts: list[int]) -> None:
    production = Production(threads(1, *counts, 1))
    watch = production.watch()
    worked = 0.0
    while production.now < len(counts) + 1:
        watch.turn(production.frees)
        assert production.at(production.now).threads <= 10
        production.now += 1.0
        worked += 1.0
    assert watch.paused == pytest.approx(production.now - worked)
