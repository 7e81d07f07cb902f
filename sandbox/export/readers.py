"""The readers of one export: in this process, or in others beside it where that is safe.

Several sessions are used only where they can prove that they see the same moment. MariaDB says
which binary log position a snapshot belongs to, and needs no right for it: sessions that agree on
it share one snapshot (see `sandbox.export.preflight` for when that holds). Elsewhere nothing short
of a lock on production would prove it, and one session reads all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path

from sandbox.database.connect import Endpoint, open_reader
from sandbox.database.reader import Reader
from sandbox.database.session import Limits
from sandbox.database.statements import StatementLog
from sandbox.errors import SourceBusy
from sandbox.export.reading import Assignment, ReadPart, Work, read_part
from sandbox.export.reading_process import Advanced, Helper, HelperRequest
from sandbox.export.sessions import Sessions, open_sessions
from sandbox.export.watch import LOOKS_EVERY, Watch
from sandbox.model import Stage

_TRIES = 50  # to meet at one moment while production commits; each takes milliseconds


@dataclass(frozen=True, slots=True)
class ReadersRequest:
    """How an export would like to read.

    Attributes:
        endpoint: The source.
        limits: How long production has to put up with what.
        statements: Where this process notes the statements that run.
        processes: How many processes may read at once; 1 reads in this one only.
        shifts: How many sessions each of them uses up, one after the other; 1 where the server
            lets go of locks behind every table.
        show_sql: File that readers in other processes append their statements to.
        watch: Tells all of them when production is too busy; None where nobody looks.
    """

    endpoint: Endpoint
    limits: Limits
    statements: StatementLog
    processes: int = 1
    shifts: int = 1
    show_sql: Path | None = None
    watch: Watch | None = None


class Readers:
    """The readers of an export, all inside one snapshot. Made by `open_readers`.

    Attributes:
        main: The reader of this process, for all questions before the reading of parts.
        shifts: How many shifts the parts are read in.
    """

    def __init__(
        self,
        main: Reader,
        own: Sessions | None,
        helpers: Sequence[Helper],
        shifts: int,
        watch: Watch | None,
    ) -> None:
        self.main = main
        self.shifts = shifts
        self._watch = watch
        self._own = own
        self._helpers = helpers

    @property
    def count(self) -> int:
        """How many read at once."""
        return max(len(self._helpers), 1)

    def take_snapshots(self, limits: Limits) -> set[str | None]:
        """Take snapshots everywhere, as quickly as can be; give which moments they are of."""
        for helper in self._helpers:
            helper.take_snapshots()
        self.main.take_snapshot(limits.snapshot)
        if self._own is not None:
            self._own.take_snapshots()
        positions = {self.main.snapshot_position()}
        if self._own is not None:
            positions |= self._own.positions()
        return positions.union(*(helper.hear() for helper in self._helpers))

    def close(self) -> None:
        """End the snapshot everywhere; what was read stays."""
        self.main.close()
        if self._own is not None:
            self._own.close()
        _end_all(self._helpers)
        if self._watch is not None:
            self._watch.end()

    def read(
        self, work: Work, assignments: Iterable[Assignment], stage: Stage
    ) -> Iterator[ReadPart]:
        """Read, mask and write every part; gives each when it is written.

        Args:
            work: What every reader needs.
            assignments: The parts, those of earlier shifts first.
            stage: Hears of the rows that are done.

        Raises:
            SandboxError: A part could not be read or written.
        """
        if self._helpers:
            # Its locks go, on whatever was looked at so far.
            self.main.close()
            yield from self._shared_out(work, assignments, stage)
            return
        if self._own is not None:
            self.main.close()
        for assignment in assignments:
            reader = self._own.of_shift(assignment.shift) if self._own is not None else self.main
            yield read_part(work, assignment, reader, stage)

    def _shared_out(
        self, work: Work, assignments: Iterable[Assignment], stage: Stage
    ) -> Iterator[ReadPart]:
        for helper in self._helpers:
            helper.say(work)
        held = self._hold(self._helpers, held=False)
        waiting = iter(assignments)
        busy = {helper.pipe: helper for helper in self._helpers if helper.give(next(waiting, None))}
        while busy:
            ready = wait(list(busy), LOOKS_EVERY)
            held = self._hold(busy.values(), held=held)
            for pipe in ready:
                helper = next(one for one in busy.values() if one.pipe is pipe)
                said = helper.hear()
                if isinstance(said, Advanced):
                    stage.advance(said.rows, said.doing)
                    continue
                yield said
                if not helper.give(next(waiting, None)):
                    del busy[helper.pipe]

    def _hold(self, helpers: Iterable[Helper], *, held: bool) -> bool:
        """Let the others wait, or go on, as production bears it; tells whether they wait."""
        waits = self._watch is not None and self._watch.must_wait()
        if waits != held:
            for helper in helpers:
                helper.hold(held=waits)
        return waits


@contextmanager
def open_readers(request: ReadersRequest) -> Iterator[Readers]:
    """Open readers that all see one moment: as many as asked for if they can prove it, else one.

    Raises:
        SourceError: The source cannot be read.
    """
    several = request.processes > 1
    helpers = [Helper(_of_helper(request)) for _ in range(request.processes)] if several else []
    try:
        readers = _meeting(request, helpers)
        if readers is None:
            _end_all(helpers)
            main = _open_one(request, snapshot=True)
            readers = Readers(main, None, (), shifts=1, watch=request.watch)
        try:
            yield readers
        finally:
            readers.close()
    finally:
        _end_all(helpers)


def _of_helper(request: ReadersRequest) -> HelperRequest:
    return HelperRequest(request.endpoint, request.limits, request.shifts, request.show_sql)


def _meeting(request: ReadersRequest, helpers: Sequence[Helper]) -> Readers | None:
    """Open all sessions at one moment; None where that cannot be had, or is not wanted."""
    if not helpers and request.shifts == 1:
        return None
    with suppress(SourceBusy), ExitStack() as undo:  # busy: no room for so many sessions
        main = undo.enter_context(_open_one(request, snapshot=False))
        own = None
        if not helpers:
            own = open_sessions(
                request.endpoint,
                request.statements,
                request.limits,
                request.shifts,
                request.watch,
            )
            undo.callback(own.close)
        for helper in helpers:
            helper.wait_until_ready()
        readers = Readers(main, own, helpers, request.shifts, request.watch)
        for _ in range(_TRIES):
            positions = readers.take_snapshots(request.limits)
            if None in positions:
                return None
            if len(positions) == 1:
                undo.pop_all()
                return readers
    return None


def _open_one(request: ReadersRequest, *, snapshot: bool) -> Reader:
    return open_reader(
        request.endpoint,
        request.statements,
        snapshot=snapshot,
        limits=request.limits,
        pace=request.watch,
    )


def _end_all(helpers: Sequence[Helper]) -> None:
    for helper in helpers:
        helper.end()
