"""A process of its own that reads parts for an export, and how the export talks to it."""

from __future__ import annotations

import multiprocessing
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sandbox.database.connect import Endpoint
from sandbox.database.session import Limits
from sandbox.database.statements import StatementLog
from sandbox.errors import SandboxError, SourceLost
from sandbox.export.reading import Assignment, Work, read_part
from sandbox.export.sessions import open_sessions

_ENDS_WITHIN = 5.0  # seconds
_TELLS_EVERY = 0.2  # seconds
_READY, _SNAPSHOTS, _HOLD, _GO_ON = "ready", "snapshots", "hold", "go on"


@dataclass(frozen=True, slots=True)
class HelperRequest:
    """What a helper needs to open its sessions.

    Attributes:
        endpoint: The source.
        limits: How long production has to put up with what.
        sessions: How many it opens.
        show_sql: File that it appends its statements to; None for none.
    """

    endpoint: Endpoint
    limits: Limits
    sessions: int
    show_sql: Path | None


@dataclass(frozen=True, slots=True)
class Advanced:
    """Says that a helper has read on.

    Attributes:
        rows: How many rows since it said so last.
        doing: Which table.
    """

    rows: int
    doing: str


class Helper:
    """A process that reads parts."""

    def __init__(self, request: HelperRequest) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_help, args=(theirs, request), daemon=True, name="sandbox-reader"
        )
        with _deaf_to_interrupts():
            self._process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        """Give its number."""
        return self._process.pid or 0

    def say(self, what: object) -> None:
        """Tell it something."""
        try:
            self.pipe.send(what)
        except OSError:
            raise _died() from None

    def wait_until_ready(self) -> None:
        """Wait until its sessions are open.

        Raises:
            SandboxError: One cannot be opened.
        """
        self.hear()

    def take_snapshots(self) -> None:
        """Let it take a snapshot in each of its sessions; `hear` gives their positions."""
        self.say(_SNAPSHOTS)

    def hold(self, *, held: bool) -> None:
        """Let it wait before its next statement, or go on."""
        self.say(_HOLD if held else _GO_ON)

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
        except (EOFError, OSError):
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


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Let processes that are started inside never hear of Ctrl-C, not even while they start.

    It reaches the whole process group; we hear of it behind the block, and decide what it means.
    """
    resource_tracker.ensure_running()  # started inside, it would open our ears again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _died() -> SourceLost:
    return SourceLost(
        "a reading process ended before its part was done.",
        hint="The machine may be short of memory (dmesg tells). "
        "Run again with --workers 1: nothing was left half-made.",
    )


def _help(pipe: Connection, request: HelperRequest) -> None:
    """Read parts as they are handed out; runs in a process of its own."""
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):  # the parent has gone
        try:
            with request.show_sql.open("a") if request.show_sql else nullcontext() as file:
                _serve(pipe, request, StatementLog(file))
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


def _serve(pipe: Connection, request: HelperRequest, statements: StatementLog) -> None:
    pace = _HeldByParent(pipe)
    sessions = open_sessions(request.endpoint, statements, request.limits, request.sessions, pace)
    pipe.send(_READY)
    work: Work | None = None
    while (said := pipe.recv()) is not None:
        if said == _SNAPSHOTS:
            sessions.take_snapshots()
            pipe.send(sessions.positions())
        elif said in (_HOLD, _GO_ON):
            pace.hear(said)
        elif isinstance(said, Work):
            work = said
        elif isinstance(said, Assignment) and work is not None:
            reader = sessions.of_shift(said.shift)
            pipe.send(read_part(work, said, reader, _StageOverPipe(pipe)))
    sessions.close()


class _HeldByParent:
    """Waits while the parent says so, who watches production. Implements `Pace`.

    While a part is read, the parent says nothing else.
    """

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._held = False
        self.paused = 0.0

    def hear(self, said: object) -> None:
        self._held = said == _HOLD

    def turn(self, let_go: Callable[[], None]) -> None:
        if self._pipe.poll():
            self.hear(self._pipe.recv())
        if not self._held:
            return
        let_go()
        began = time.monotonic()
        while self._held:
            self.hear(self._pipe.recv())
        self.paused += time.monotonic() - began

    def passing(self) -> None:
        """The parent ends this process where nothing more is to be read."""


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
            self._pipe.send(Advanced(self._rows, doing))
            self._rows, self._told = 0, now

    def done(self, summary: str) -> None:
        """A helper has nothing to sum up."""
