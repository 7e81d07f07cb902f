"""The readers of one export: one in this process, and others beside it where that is safe.

Several readers are used only where they can prove that they see the same moment. MariaDB says which
binary log position a snapshot belongs to, and needs no right for it: readers that agree on it share
one snapshot. Elsewhere nothing short of a lock on production would prove it, and one reader reads
all.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from sandbox.database.connect import Endpoint, open_reader
from sandbox.database.reader import Reader
from sandbox.database.statements import StatementLog
from sandbox.errors import SandboxError, SourceLost
from sandbox.export.reading import Assignment, ReadPart, Work, read_part
from sandbox.model import Stage

_TRIES = 5  # to meet at one moment while production commits
_ENDS_WITHIN = 5.0  # seconds
_TELLS_EVERY = 0.2  # seconds
_SNAPSHOT = "snapshot"


class Readers:
    """The readers of an export, all inside one snapshot. Made by `open_readers`.

    Attributes:
        main: The reader of this process.
    """

    def __init__(self, main: Reader, helpers: Sequence[_Helper]) -> None:
        self.main = main
        self._helpers = helpers

    @property
    def count(self) -> int:
        """How many read at once."""
        return max(len(self._helpers), 1)

    def close(self) -> None:
        """End the snapshot everywhere; what was read stays."""
        self.main.close()
        _end_all(self._helpers)

    def read(
        self, work: Work, assignments: Sequence[Assignment], stage: Stage
    ) -> Iterator[ReadPart]:
        """Read, mask and write every part; gives each when it is written.

        Args:
            work: What every reader needs.
            assignments: The parts, the largest first.
            stage: Hears of the rows that are done.

        Raises:
            SandboxError: A part could not be read or written.
        """
        if not self._helpers:
            for assignment in assignments:
                yield read_part(work, assignment, self.main, stage)
            return
        for helper in self._helpers:
            helper.say(work)
        waiting = iter(assignments)
        busy = {helper.pipe: helper for helper in self._helpers if helper.give(next(waiting, None))}
        while busy:
            for pipe in wait(list(busy)):
                helper = next(one for one in busy.values() if one.pipe is pipe)
                said = helper.hear()
                if isinstance(said, _Advanced):
                    stage.advance(said.rows, said.doing)
                    continue
                yield said
                if not helper.give(next(waiting, None)):
                    del busy[helper.pipe]


@contextmanager
def open_readers(
    endpoint: Endpoint, statements: StatementLog, count: int, show_sql: Path | None = None
) -> Iterator[Readers]:
    """Open readers that all see one moment, as many of `count` as can prove it.

    Args:
        endpoint: The source.
        statements: Where this process notes the statements that run.
        count: How many processes may read at once; 1 reads in this one only.
        show_sql: File that readers in other processes append their statements to.

    Raises:
        SourceError: The source cannot be read.
    """
    helpers = [_Helper(endpoint, show_sql) for _ in range(count)] if count > 1 else []
    try:
        main = open_reader(endpoint, statements, snapshot=True)
        for attempt in range(_TRIES):
            if not helpers or _meet(main, helpers):
                break
            main.close()
            main = open_reader(endpoint, statements, snapshot=True)
            if attempt == _TRIES - 2:
                _end_all(helpers)
                helpers = []
        try:
            yield Readers(main, helpers)
        finally:
            main.close()
    finally:
        _end_all(helpers)


def _meet(main: Reader, helpers: Sequence[_Helper]) -> bool:
    """Take snapshots everywhere; tell whether they are of the moment of `main`."""
    for helper in helpers:
        helper.say(_SNAPSHOT)
    positions = [helper.hear() for helper in helpers]
    wanted = main.snapshot_position()
    return wanted is not None and all(position == wanted for position in positions)


def _end_all(helpers: Sequence[_Helper]) -> None:
    for helper in helpers:
        helper.end()


@dataclass(frozen=True, slots=True)
class _Advanced:
    rows: int
    doing: str


class _Helper:
    """A process that reads parts."""

    def __init__(self, endpoint: Endpoint, show_sql: Path | None) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_help, args=(theirs, endpoint, show_sql), daemon=True, name="sandbox-reader"
        )
        self._process.start()
        theirs.close()

    def say(self, what: object) -> None:
        """Tell it something."""
        try:
            self.pipe.send(what)
        except OSError:
            raise _died() from None

    def give(self, assignment: Assignment | None) -> bool:
        """Hand out work; without any, let the process end. Tells whether there was some."""
        self.say(assignment)
        return assignment is not None

    def hear(self) -> Any:  # noqa: ANN401 - whatever comes through a pipe
        """Give what it says next.

        Raises:
            SandboxError: What went wrong over there.
        """
        try:
            said = self.pipe.recv()
        except EOFError:
            raise _died() from None
        if isinstance(said, SandboxError):
            raise said
        return said

    def end(self) -> None:
        """End it, whatever it does."""
        if self.pipe.closed:
            return
        self.pipe.close()
        self._process.terminate()
        self._process.join(timeout=_ENDS_WITHIN)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()


def _died() -> SourceLost:
    return SourceLost(
        "a reading process ended before its part was done.",
        hint="The machine may be short of memory (dmesg tells). "
        "Run again with --workers 1: nothing was left half-made.",
    )


def _help(pipe: Connection, endpoint: Endpoint, show_sql: Path | None) -> None:
    """Read parts as they are handed out; runs in a process of its own."""
    # Ctrl-C reaches the whole process group: the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):  # the parent has gone
        try:
            with show_sql.open("a") if show_sql else nullcontext() as file:
                _serve(pipe, endpoint, StatementLog(file))
        except SandboxError as error:
            pipe.send(error)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise
        except Exception as error:  # noqa: BLE001 - a bug of ours; its message may hold a value
            frame = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(frame.filename).name}:{frame.lineno}"
            pipe.send(
                SandboxError(
                    f"this is a bug in a reading process: {type(error).__name__} at {where}.",
                    hint="Report this line and the command, please.",
                )
            )


def _serve(pipe: Connection, endpoint: Endpoint, statements: StatementLog) -> None:
    reader: Reader | None = None
    work: Work | None = None
    while (said := pipe.recv()) is not None:
        if said == _SNAPSHOT:
            if reader is not None:
                reader.close()
            reader = open_reader(endpoint, statements, snapshot=True)
            pipe.send(reader.snapshot_position())
        elif isinstance(said, Work):
            work = said
        elif reader is not None and work is not None:
            pipe.send(read_part(work, said, reader, _StageOverPipe(pipe)))
    if reader is not None:
        reader.close()


class _StageOverPipe:
    """Tells the parent of progress, a few times a second."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._rows = 0
        self._told = time.monotonic()

    def advance(self, steps: int = 1, doing: str = "") -> None:
        self._rows += steps
        now = time.monotonic()
        if now - self._told > _TELLS_EVERY:
            self._pipe.send(_Advanced(self._rows, doing))
            self._rows, self._told = 0, now

    def done(self, summary: str) -> None:
        """A helper has nothing to sum up."""
