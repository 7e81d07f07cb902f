"""Run a command in a container with this process's terminal, its pipes, or given bytes at its ends.

On a terminal: keys go through as they are typed, the window's size follows, and the terminal is
given back as it was, whatever happens. Elsewhere: input until its end, output and errors apart.
A command that reads its input is told of its end also when this process dies.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import ssl
import struct
import sys
import termios
import threading
import time
import tty
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TextIO, cast

from docker.errors import APIError

from sandbox.errors import StackError
from sandbox.replica.containers import Container
from sandbox.replica.engine import Engine, translated

Sink = Callable[[bytes], None]

_CHUNK = 65536
_STDERR = 2
_FRAME = struct.Struct(">BxxxL")
_BUSY = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
# By default the engine keeps Ctrl-P to itself, as the first of two keys that let go of a command.
_NO_DETACHING = "ctrl-@,ctrl-@,ctrl-@,ctrl-@"
_RESIZE_ATTEMPTS, _RESIZE_PAUSE = 10, 0.02
_EXIT_SECONDS, _EXIT_PAUSE = 10.0, 0.02


@dataclass(frozen=True, slots=True)
class Command:
    """A command for a container.

    Attributes:
        arguments: It and its arguments.
        user: Who runs it; the image's own user where empty.
        folder: Where it runs; the image's own folder where empty.
        environment: Variables for it.
    """

    arguments: tuple[str, ...]
    user: str = ""
    folder: str = ""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Captured:
    """What came of a command that was given bytes.

    Attributes:
        exit_code: What it ended with.
        output: What it printed.
        errors: What it printed to its standard error.
    """

    exit_code: int
    output: bytes
    errors: bytes


class Running:
    """A command that runs in a container, and the connection to its ends.

    Args:
        engine: The engine.
        container: Where to run it.
        command: What to run.
        terminal: Whether it gets a terminal of its own.
    """

    def __init__(
        self, engine: Engine, container: Container, command: Command, *, terminal: bool = False
    ) -> None:
        self._api: Any = engine.client.api  # the SDK's stubs do not tell what a socket is
        self._what = f"{command.arguments[0]} in {container.name}"
        self._terminal = terminal
        with translated(f"running {self._what}"):
            self._id = self._api.exec_create(
                container.id,
                list(command.arguments),
                stdin=True,
                tty=terminal,
                user=command.user,
                workdir=command.folder or None,
                environment=dict(command.environment),
                detach_keys=_NO_DETACHING if terminal else None,
            )["Id"]
            self._answer = self._api.exec_start(self._id, tty=terminal, socket=True)
        inner = getattr(self._answer, "_sock", None)
        self._socket = cast("socket.socket", self._answer if inner is None else inner)
        self._socket.settimeout(0)
        self._early = _already_read(self._answer)

    def talk(
        self, out: Sink, errors: Sink, *, given: bytes = b"", source: int | None = None
    ) -> None:
        """Pass on what goes in and comes out, until the command closes its output.

        Args:
            out: Takes what it prints.
            errors: Takes what it prints to its standard error; never called with a terminal.
            given: What it reads first.
            source: Descriptor of what it reads then, to its end.
        """
        take = _Frames(out, errors).take if not self._terminal else out
        if self._early:
            take(self._early)
        waiting, ended = given, False
        while True:
            if not waiting and source is None and not ended:
                self._end_input()
                ended = True
            reads: list[Any] = [self._socket]
            if source is not None and not waiting:
                reads.append(source)
            readable, writable, _ = select.select(reads, [self._socket] if waiting else [], [])
            if source in readable:
                assert source is not None  # noqa: S101 - as it was readable
                waiting = _read(source)
                source = source if waiting else None
            if writable:
                waiting, source = self._send(waiting, source)
            if self._socket in readable and not self._pass_on(take):
                return

    def _send(self, waiting: bytes, source: int | None) -> tuple[bytes, int | None]:
        """Send what fits; nothing more where the command does not read any longer."""
        try:
            return waiting[self._socket.send(waiting) :], source
        except _BUSY:
            return waiting, source
        except OSError:
            return b"", None

    def _pass_on(self, take: Sink) -> bool:
        """Take all that has come; tell whether more may come."""
        while True:
            try:
                chunk = self._socket.recv(_CHUNK)
            except _BUSY:
                return True
            except OSError:
                chunk = b""
            if not chunk:
                return False
            take(chunk)

    def _end_input(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def resize(self, descriptor: int) -> bool:
        """Give its terminal the size of ours; tell whether it could be done yet."""
        with contextlib.suppress(OSError, APIError):
            size = os.get_terminal_size(descriptor)
            self._api.exec_resize(self._id, height=size.lines, width=size.columns)
            return True
        return False

    def exit_code(self) -> int:
        """Give what it ended with.

        Raises:
            StackError: Nobody knows: its container ended, or it still runs although it has closed
                its output.
        """
        deadline = time.monotonic() + _EXIT_SECONDS
        while True:
            with translated(f"asking how {self._what} ended"):
                found = self._api.exec_inspect(self._id)
            if not found["Running"] and found["ExitCode"] is not None:
                return int(found["ExitCode"])
            if time.monotonic() > deadline:
                raise StackError(
                    f"{self._what}: nobody knows how it ended.",
                    hint="See whether its container runs: sandbox status",
                )
            time.sleep(_EXIT_PAUSE)

    def hang_up(self) -> None:
        """Have `talk` return, from any thread. A command that reads its input sees that end."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of it."""
        self.hang_up()
        response = getattr(self._answer, "_response", None)
        if response is not None:
            response.close()
        self._answer.close()
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def run_here(engine: Engine, container: Container, command: Command) -> int:
    """Run a command with this process's standard input, output and error; give its exit code.

    It gets a terminal where both input and output are one.

    Raises:
        StackError: It could not be started, or nobody knows how it ended.
    """
    source, target = _descriptor(sys.stdin), _descriptor(sys.stdout)
    if source is not None and target is not None and os.isatty(source) and os.isatty(target):
        return _run_at_terminal(engine, container, command, source, target)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    with Running(engine, container, command) as running:
        running.talk(_writer(sys.stdout), _writer(sys.stderr), source=source)
        return running.exit_code()


def run_with(
    engine: Engine,
    container: Container,
    command: Command,
    *,
    given: bytes = b"",
    source: int | None = None,
) -> Captured:
    """Run a command on given bytes, then on what a descriptor gives, and keep what it prints."""
    out, errors = bytearray(), bytearray()
    with Running(engine, container, command) as running:
        running.talk(out.extend, errors.extend, given=given, source=source)
        return Captured(running.exit_code(), bytes(out), bytes(errors))


def _run_at_terminal(
    engine: Engine, container: Container, command: Command, source: int, target: int
) -> int:
    with Running(engine, container, command, terminal=True) as running:
        with _raw(source), _following_size(running, target):
            running.talk(_to_descriptor(target), _to_descriptor(target), source=source)
        return running.exit_code()


@contextlib.contextmanager
def _raw(descriptor: int) -> Iterator[None]:
    """Have every key passed on as it is; give the terminal back as it was, whatever happens."""
    before = termios.tcgetattr(descriptor)
    try:
        tty.setraw(descriptor, termios.TCSADRAIN)
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


@contextlib.contextmanager
def _following_size(running: Running, descriptor: int) -> Iterator[None]:
    """Give the command's terminal the size of ours, now and whenever that changes."""
    for _ in range(_RESIZE_ATTEMPTS):  # the engine says "started" a moment before it is so
        if running.resize(descriptor):
            break
        time.sleep(_RESIZE_PAUSE)
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread hears of signals
        return
    before = signal.signal(signal.SIGWINCH, lambda *_: _ignored(running.resize(descriptor)))
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)


def _ignored(_result: object) -> None:
    """Take a result that nobody needs: a handler gives none."""


class _Frames:
    """Takes the output of a command without a terminal apart: the engine sends it in frames."""

    def __init__(self, out: Sink, errors: Sink) -> None:
        self._out, self._errors = out, errors
        self._pending = b""

    def take(self, chunk: bytes) -> None:
        """Take what came, and pass on every frame that is whole."""
        self._pending += chunk
        while len(self._pending) >= _FRAME.size:
            stream, length = _FRAME.unpack_from(self._pending)
            end = _FRAME.size + length
            if len(self._pending) < end:
                return
            payload = self._pending[_FRAME.size : end]
            self._pending = self._pending[end:]
            (self._errors if stream == _STDERR else self._out)(payload)


def _already_read(answer: Any) -> bytes:  # noqa: ANN401 - private to the SDK
    """Give what came with the head of the engine's answer: it waits in a buffer above the socket.

    Without this the first words of a quick command would be lost now and then.
    """
    response = getattr(answer, "_response", None)
    buffered = getattr(getattr(getattr(response, "raw", None), "_fp", None), "fp", None)
    return bytes(buffered.peek()) if buffered is not None else b""


def _descriptor(stream: TextIO | None) -> int | None:
    if stream is None:
        return None
    try:
        return stream.fileno()
    except (OSError, ValueError):  # replaced by something that is no file, or closed
        return None


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _CHUNK)
    except OSError:  # the terminal has gone
        return b""


def _writer(stream: TextIO) -> Sink:
    """Give what writes bytes to a stream at once."""

    def write(chunk: bytes) -> None:
        stream.buffer.write(chunk)
        stream.buffer.flush()

    return write


def _to_descriptor(descriptor: int) -> Sink:
    def write(chunk: bytes) -> None:
        rest = memoryview(chunk)
        while rest:
            rest = rest[os.write(descriptor, rest) :]

    return write
