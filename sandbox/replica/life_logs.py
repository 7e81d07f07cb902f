"""What the parts of a sandbox print, and what its web servers write to their log files.

Read once, everything is put in the order of its times. Followed, it comes as it arrives, for as
long as there is a sandbox: also after a part was renewed or started again.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from sandbox.errors import StackError
from sandbox.replica.containers import Container, find_container, labelled_containers
from sandbox.replica.engine import Engine, translated
from sandbox.replica.labels import SANDBOX, WEB
from sandbox.replica.life_times import time_of, times_of, zone_of
from sandbox.replica.state import Found, Part, state_of
from sandbox.replica.terminal_exec import Command, Running

_FIRST_BURST, _PAUSE = 0.5, 1.0  # seconds
_NUMBERED = 'for file do n=$((n + 1)); if [ -f "$file" ]; then '
# A file's lines come with its number in front. `tail` ends with the shell, and that with its input.
_READ = _NUMBERED + 'tail -q -n "$LINES" -- "$file" 2>/dev/null | sed "s|^|$n |"; fi; done'
_FOLLOW = (
    "for file do n=$((n + 1)); "
    '{ tail -q -F --pid=$$ -n "$LINES" -- "$file" 2>/dev/null | sed -u "s|^|$n |"; } & '
    "done; cat > /dev/null"
)


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a log.

    Attributes:
        part: Who wrote it: a server, ``database``, ``sink``, ``gateway``.
        file: Its file, as short as tells it from the part's others; empty for what was printed.
        text: The line.
        at: When it was written, or the line before it that says so.
    """

    part: str
    file: str
    text: str
    at: datetime = field(compare=False)


def read_logs(engine: Engine, found: Found, part: str = "", tail: int = 100) -> tuple[LogLine, ...]:
    """Read the last lines of a part's logs, or of every part's, in the order of their times.

    Args:
        engine: The engine.
        found: The sandbox.
        part: Which part; all where empty.
        tail: How many lines of each log.

    Raises:
        UsageError: There is no such part.
        StackError: The engine does not give them.
    """
    lines: list[LogLine] = []
    for one in _chosen(found, part):
        lines += _printed(engine, one, tail)
        if one.part == WEB:
            lines += _written(found, one, tail)
    return tuple(sorted(lines, key=lambda line: line.at))


def follow_logs(
    engine: Engine, found: Found, part: str = "", tail: int = 100
) -> Generator[LogLine, None, None]:
    """Give the last lines of a part's logs, or of every part's, and then each one as it comes.

    Ends when the sandbox is gone. Close it to end it before.

    Raises:
        UsageError: There is no such part.
    """
    following = _Following(engine, found, _chosen(found, part), tail)
    try:
        yield from following.lines()
    finally:
        following.stop()


def short_names(paths: Sequence[str]) -> dict[str, str]:
    """Name each path by as many of its last parts as tell it from the others.

    >>> short_names(["/var/log/nginx/error.log", "/srv/logs/error.log", "/var/log/php.log"])
    {'/var/log/nginx/error.log': 'nginx/error.log', '/srv/logs/error.log': 'logs/error.log', \
'/var/log/php.log': 'php.log'}
    """
    names: dict[str, str] = {}
    for path in paths:
        parts = PurePosixPath(path).parts
        ends = ("/".join(parts[-count:]) for count in range(1, len(parts)))
        others = [other for other in paths if other != path]
        names[path] = next(
            (end for end in ends if not any(f"/{other}".endswith(f"/{end}") for other in others)),
            path,
        )
    return names


def _chosen(found: Found, part: str) -> tuple[Part, ...]:
    state_of(found)
    return (found.part(part),) if part else found.parts


def _printed(engine: Engine, part: Part, tail: int) -> Iterator[LogLine]:
    """Give what a container printed; the engine notes the time of each line."""
    with translated(f"reading the log of {part.container.name}"):
        printed = engine.client.api.logs(part.container.id, timestamps=True, tail=tail)
    for line in printed.decode("utf-8", "replace").splitlines():
        stamp, _, text = line.partition(" ")
        yield LogLine(part.name, "", text, time_of(stamp) or datetime.min.replace(tzinfo=UTC))


def _written(found: Found, part: Part, tail: int) -> Iterator[LogLine]:
    paths = _files(found, part)
    if not paths:
        return
    if part.running:
        shell = ("env", f"LINES={tail}", "sh", "-c", _READ, "sh")
        numbered = part.container.run([*shell, *paths]).output.splitlines()
        zone = zone_of(part.container.run(["date", "+%z"]).output.strip())
    else:  # a part that has ended is the one whose logs are wanted most
        numbered, zone = _dug_out(part, paths, tail), UTC
    names = short_names(paths)
    for number, path in enumerate(paths, start=1):
        lines = [
            line.partition(" ")[2] for line in numbered if line.partition(" ")[0] == str(number)
        ]
        for text, at in zip(lines, times_of(lines, zone), strict=True):
            yield LogLine(part.name, names[path], text, at)


def _dug_out(part: Part, paths: Sequence[str], tail: int) -> list[str]:
    numbered: list[str] = []
    for number, path in enumerate(paths, start=1):
        lines = part.container.read(path).decode("utf-8", "replace").splitlines()
        numbered += [
            f"{number} {line}" for line in lines[len(lines) - tail if tail else len(lines) :]
        ]
    return numbered


def _files(found: Found, part: Part) -> tuple[str, ...]:
    logs = state_of(found).server(part.server).logs
    return tuple(dict.fromkeys(log.path for log in logs))


class _Lines:
    """Cuts what arrives into lines."""

    def __init__(self) -> None:
        self._pending = b""

    def take(self, chunk: bytes) -> Iterator[str]:
        """Give the lines that are whole."""
        *lines, self._pending = (self._pending + chunk).split(b"\n")
        for line in lines:
            yield line.decode("utf-8", "replace").rstrip("\r")


class _Following:
    """Follows several logs at once, each in a thread of its own."""

    def __init__(self, engine: Engine, found: Found, parts: Sequence[Part], tail: int) -> None:
        self._engine, self._found, self._tail = engine, found, tail
        self._arrived: queue.SimpleQueue[LogLine | None] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._endings: list[Callable[[], None]] = []
        self._threads: list[threading.Thread] = []
        for part in parts:
            self._begin(self._printed, part)
            if part.part == WEB and _files(found, part):
                self._begin(self._written, part)

    def lines(self) -> Iterator[LogLine]:
        """Give what arrives; the first burst in the order of its times."""
        running = len(self._threads)
        burst: list[LogLine] = []
        until = time.monotonic() + _FIRST_BURST
        while running and (left := until - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                line = self._arrived.get(timeout=left)
                if line is None:
                    running -= 1
                else:
                    burst.append(line)
        yield from sorted(burst, key=lambda line: line.at)
        while running:
            line = self._arrived.get()
            if line is None:
                running -= 1
            else:
                yield line

    def stop(self) -> None:
        """End every thread."""
        with self._lock:
            self._stopped.set()
            for end in self._endings:
                end()
        for thread in self._threads:
            thread.join(timeout=_PAUSE)

    def _begin(self, follow: Callable[[Part, Container, float | None], None], part: Part) -> None:
        thread = threading.Thread(target=self._keep_up, args=(follow, part), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _keep_up(self, follow: Callable[[Part, Container, float | None], None], part: Part) -> None:
        """Follow a log again and again while there is a sandbox: its parts come and go."""
        since: float | None = None
        try:
            while not self._stopped.is_set() and self._is_there():
                with contextlib.suppress(StackError, OSError):
                    container = find_container(self._engine, part.container.name)
                    if container is not None:
                        follow(part, container, since)
                        since = time.time()
                self._stopped.wait(_PAUSE)
        finally:
            self._arrived.put(None)

    def _is_there(self) -> bool:
        try:
            return bool(labelled_containers(self._engine, f"{SANDBOX}={self._found.name}"))
        except StackError:
            return False

    def _printed(self, part: Part, container: Container, since: float | None) -> None:
        """Follow what a container prints until it ends, from its last lines or from a time on."""
        with translated(f"following the log of {container.name}"):
            stream = self._engine.client.api.logs(
                container.id,
                stream=True,
                follow=True,
                timestamps=True,
                tail=self._tail if since is None else "all",
                since=since,
            )
            lines = _Lines()
            with self._ended_by(lambda: _close(stream)):
                for chunk in stream:
                    for line in lines.take(chunk):
                        stamp, _, text = line.partition(" ")
                        at = time_of(stamp) or datetime.now(UTC)
                        self._arrived.put(LogLine(part.name, "", text, at))

    def _written(self, part: Part, container: Container, since: float | None) -> None:
        """Follow a web server's log files until its container ends."""
        if not container.was_running:
            return
        paths = _files(self._found, part)
        names = short_names(paths)
        zone = zone_of(container.run(["date", "+%z"]).output.strip())
        latest = dict.fromkeys(paths, datetime.min.replace(tzinfo=UTC))
        lines = _Lines()

        def take(chunk: bytes) -> None:
            for line in lines.take(chunk):
                number, _, text = line.partition(" ")
                path = paths[int(number) - 1]
                latest[path] = max(latest[path], time_of(text, zone) or latest[path])
                self._arrived.put(LogLine(part.name, names[path], text, latest[path]))

        environment = {"LINES": str(self._tail if since is None else 0)}
        command = Command(("sh", "-c", _FOLLOW, "sh", *paths), environment=environment)
        nothing, held = os.pipe()  # its input never comes, and ends with us
        try:
            with (
                Running(self._engine, container, command) as running,
                self._ended_by(running.hang_up),
            ):
                running.talk(take, take, source=nothing)
        finally:
            os.close(held)
            os.close(nothing)

    @contextlib.contextmanager
    def _ended_by(self, end: Callable[[], None]) -> Iterator[None]:
        """Have `stop` call something that makes the block come to its end."""
        with self._lock:
            if self._stopped.is_set():
                end()
            self._endings.append(end)
        try:
            yield
        finally:
            with self._lock:
                self._endings.remove(end)


def _close(stream: Any) -> None:  # noqa: ANN401 - the SDK's stream has no public class
    with contextlib.suppress(OSError, AttributeError):  # what the SDK runs into at its end
        stream.close()
