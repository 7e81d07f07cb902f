"""Find the requests that failed, and what they failed with.

Takes the captures of servers; gives one `FailingRequest` for each way of failing, found by joining
access logs with what the application, PHP and nginx logged: by the request's id where both have
one, else by time, method and path. Bodies, cookies and sessions are in no log; each request says in
plain words whether it can be sent again without them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sandbox.capture.archive import ServerCapture
from sandbox.capture.logs import LogEvent, read_events

_WINDOW = timedelta(seconds=2)  # between a line of one log and its line of the other
_MOST_EVENTS = 200_000  # of one server; older ones are passed over
_LATER = datetime.max.replace(tzinfo=UTC)
_FROM, _ERROR, _BELOW = 400, 500, 600
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN = frozenset({"application", "php"})
# Whose word counts where several logs tell of one request.
_WEIGHT = {"application": 0, "php": 1, "nginx-error": 2, "fpm": 3}


@dataclass(frozen=True, slots=True)
class Signature:
    """What tells one way of failing from another.

    Attributes:
        status: HTTP status; 0 where only the application's log tells of it, and names none.
        exception: Class of the exception.
        place: File, relative to the release, and line that it came from: ``library/A.php:12``.
        sql_error: Error number of the database.
        route: Method and path without its values, where no place in the release is known: many
            failures come out of the same line of a framework.
    """

    status: int
    exception: str = ""
    place: str = ""
    sql_error: int = 0
    route: str = ""

    def __str__(self) -> str:
        error = f"SQL error {self.sql_error}" if self.sql_error else ""
        parts = (str(self.status or ""), self.exception, error, self.place, self.route)
        return " ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class FailingRequest:
    """One way of failing, with one request that failed so.

    Attributes:
        signature: What it failed with.
        count: How often the logs tell of it.
        first: Time of the first one.
        last: Time of the last one.
        servers: Names of the servers that it happened on, sorted.
        method: Method of the example.
        url: Its path and query, as the log has them: not masked.
        request_id: Its id; empty where the logs have none.
        message: What was logged: not masked.
        replayable: Whether method and URL are all that is needed to send it again.
        why: Why it is not, or what is missing all the same; in plain words.
    """

    signature: Signature
    count: int
    first: datetime | None
    last: datetime | None
    servers: tuple[str, ...]
    method: str
    url: str = field(repr=False)
    request_id: str = ""
    message: str = field(default="", repr=False)
    replayable: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Failure:
    """One request that failed on one server, with what was logged of it."""

    server: str
    access: LogEvent | None
    logged: LogEvent | None
    release: _Release

    @property
    def time(self) -> datetime | None:
        return next((one.time for one in (self.access, self.logged) if one and one.time), None)

    @property
    def status(self) -> int:
        return next((one.status for one in (self.access, self.logged) if one and one.status), 0)

    @property
    def asked(self) -> LogEvent:
        """The line that knows the request best: the access log has its query."""
        asked = self.access or self.logged
        assert asked is not None  # noqa: S101 - one of the two made the failure
        return asked

    @property
    def signature(self) -> Signature:
        logged = self.logged
        route = route_of(self.asked.method, self.asked.path)
        if logged is None:
            return Signature(self.status, route=route)
        file = self.release.relative(logged.file)
        return Signature(
            self.status, logged.exception, f"{file}:{logged.line}" if file else "",
            logged.sql_error, "" if self.release.holds(file) else route,
        )  # fmt: skip


class _Release:
    """Where the files of a release lie on a server."""

    def __init__(self, capture: ServerCapture) -> None:
        self._folder = capture.facts.get("release.path", "").rstrip("/")
        self._files = frozenset(capture.release)

    def holds(self, file: str) -> bool:
        """Tell whether a file is one of the release; without a list of it, whether it may be."""
        return file in self._files if self._files else file != "" and not file.startswith("/")

    def relative(self, file: str) -> str:
        """Give a file's path within the release; as it is where it lies outside of it."""
        if self._folder and file.startswith(self._folder + "/"):
            return file[len(self._folder) + 1 :]
        parts = file.split("/")
        tails = ("/".join(parts[number:]) for number in range(1, len(parts)))
        # Another release's folder, or a link to this one, ends in the same path.
        return next((tail for tail in tails if "/" in tail and tail in self._files), file)


def failing_requests(captures: Iterable[ServerCapture]) -> tuple[FailingRequest, ...]:
    """Find the ways in which requests failed, the most frequent first.

    A request failed if it was answered with a status from 500, or with one from 400 while the
    application logged an error for it.

    Raises:
        CaptureInvalid: An archive cannot be read any more.
    """
    grouped: dict[Signature, list[_Failure]] = defaultdict(list)
    for capture in captures:
        for failure in _failures(capture):
            grouped[failure.signature].append(failure)
    found = [_request(signature, failures) for signature, failures in grouped.items()]
    return tuple(
        sorted(found, key=lambda one: (-one.count, one.first or _LATER, str(one.signature)))
    )


def route_of(method: str, path: str) -> str:
    """Give a route without the values in it.

    >>> route_of("GET", "/api/orders/4711/items")
    'GET /api/orders/N/items'
    """
    parts = ("N" if re.search(r"[0-9%@]", part) else part for part in path.split("/"))
    return f"{method} {'/'.join(parts)}"


def _failures(capture: ServerCapture) -> Iterator[_Failure]:
    release = _Release(capture)
    access: list[LogEvent] = []
    logged: list[LogEvent] = []
    for event in read_events(capture):
        if event.kind == "access":
            if _FROM <= event.status < _BELOW:
                access.append(event)
        elif event.is_failure:
            logged.append(event)
    access, logged = _latest(access), _latest(logged)
    told = _join(access, logged)
    for number, event in enumerate(access):
        lines = told.get(number, [])
        # nginx logs an error for every file that is not there; that is no failure.
        if event.status >= _ERROR or any(line.kind in _OWN for line in lines):
            best = min(lines, key=lambda one: _WEIGHT.get(one.kind, 9), default=None)
            yield _Failure(capture.name, event, best, release)
    for event in told.get(_ALONE, []):
        if event.uri and event.kind == "application":
            yield _Failure(capture.name, None, event, release)


_ALONE = -1


def _latest(events: list[LogEvent]) -> list[LogEvent]:
    return sorted(events, key=lambda one: one.time or _LATER)[-_MOST_EVENTS:]


def _join(access: Sequence[LogEvent], logged: Sequence[LogEvent]) -> dict[int, list[LogEvent]]:
    """Give what was logged by the number of the request it belongs to; `_ALONE` for the rest."""
    by_id = {event.request_id: number for number, event in enumerate(access) if event.request_id}
    told: dict[int, list[LogEvent]] = defaultdict(list)
    waiting: list[LogEvent] = []
    for event in logged:
        number = _by_id(event, by_id)
        if number is None:
            waiting.append(event)
        else:
            told[number].append(event)
    # Those that name their request are placed before those that only have a time.
    by_route: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, event in enumerate(access):
        by_route[event.method, event.path].append(number)
    nameless: list[LogEvent] = []
    for event in waiting:
        if not event.uri:
            nameless.append(event)
            continue
        near = _near(event, by_route.get((event.method, event.path), []), access)
        free = [one for one in near if event.kind not in {line.kind for line in told.get(one, [])}]
        told[free[0] if free else _ALONE].append(event)
    errors = [number for number, event in enumerate(access) if event.status >= _ERROR]
    for event in nameless:
        near = [one for one in _near(event, errors, access) if not told.get(one)]
        if len(near) == 1:  # more would be a guess
            told[near[0]].append(event)
    return told


def _by_id(event: LogEvent, by_id: dict[str, int]) -> int | None:
    if event.request_id in by_id:
        return by_id[event.request_id]
    if not by_id:
        return None
    words = re.findall(r"[A-Za-z0-9-]{8,64}", event.message[:1000])
    return next((by_id[word] for word in words if word in by_id), None)


def _near(event: LogEvent, numbers: Sequence[int], access: Sequence[LogEvent]) -> list[int]:
    """Give the requests that ended about when a line was logged, the nearest first."""
    time = event.time
    if time is None:
        return []
    apart = {
        number: abs(other - time)
        for number in numbers
        if (other := access[number].time) is not None
    }
    return sorted((one for one in apart if apart[one] <= _WINDOW), key=lambda one: apart[one])


def _request(signature: Signature, failures: Sequence[_Failure]) -> FailingRequest:
    times = sorted(one.time for one in failures if one.time)
    best = min(
        failures,
        key=lambda one: (
            one.asked.method not in _SAFE, one.time or _LATER, one.server, one.asked.uri
        ),
    )  # fmt: skip
    asked = best.asked
    replayable, why = _replayable(best)
    return FailingRequest(
        signature, len(failures),
        first=times[0] if times else None,
        last=times[-1] if times else None,
        servers=tuple(sorted({one.server for one in failures})),
        method=asked.method,
        url=asked.uri,
        request_id=asked.request_id,
        message=best.logged.message if best.logged else "",
        replayable=replayable,
        why=why,
    )  # fmt: skip


def _replayable(failure: _Failure) -> tuple[bool, str]:
    asked = failure.asked
    if not asked.uri.startswith("/"):
        return False, "the logs do not have its URL"
    if asked.method not in _SAFE:
        return False, f"the body of a {asked.method} is in no log; write it by hand"
    if failure.access is None:
        return True, "only the application's log tells of it: its query may be missing"
    return True, "its cookies are in no log: it is sent without a session"
