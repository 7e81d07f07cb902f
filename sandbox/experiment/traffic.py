"""What production's access logs tell: which requests went well, how often, and on which servers.

Of requests that went well only those that read can be sent again, as bodies are in no log. A few of
each route are chosen, those of the most frequent routes first, and the same ones every time.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit

from sandbox.bundle.reader import Bundle
from sandbox.capture.archive import CapturedLog, ServerCapture
from sandbox.capture.logs import read_events
from sandbox.capture.requests import route_of
from sandbox.experiment.requests import Replayable
from sandbox.replica.exchange import Ask
from sandbox.replica.servers.captured import as_capture, read_servers

MOST_HEALTHY = 20
_OF_A_ROUTE = 3
_OK, _FAILED = 200, 400
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_READS = frozenset({"GET", "HEAD"})
_MOST_URLS = 200_000  # that are told apart; what comes after them is passed over


@dataclass(frozen=True, slots=True)
class Traffic:
    """What went well in production.

    Attributes:
        urls: How often each request went well, by method and URL.
        servers: By method and path, when it last went well on each server.
        redirects: By method and path, statuses of redirects that answered it.
    """

    urls: Counter[tuple[str, str]] = field(default_factory=Counter, repr=False)
    servers: dict[tuple[str, str], dict[str, datetime]] = field(
        default_factory=lambda: defaultdict(dict), repr=False
    )
    redirects: dict[tuple[str, str], set[int]] = field(
        default_factory=lambda: defaultdict(set), repr=False
    )


def read_captures(bundle: Bundle) -> tuple[ServerCapture, ...]:
    """Give the servers of a bundle as captures, their masked logs with them.

    Raises:
        BundleInvalid: A file is not what the manifest says, or not of the format.
    """
    entries = {one.path: one for one in bundle.manifest.files}
    captures: list[ServerCapture] = []
    for server in read_servers(bundle):
        logs = {
            log.path: CapturedLog.of(
                bundle.read_text(entries[f"logs/{server.name}{log.path}"]), log.kind
            )
            for log in server.logs
        }
        captures.append(replace(as_capture(server), logs=logs))
    return tuple(captures)


def read_traffic(captures: Iterable[ServerCapture]) -> Traffic:
    """Read what went well out of the access logs of servers.

    Raises:
        CaptureInvalid: A log cannot be read.
    """
    traffic = Traffic()
    for capture in captures:
        for event in read_events(capture):
            if event.kind != "access" or not _OK <= event.status < _FAILED:
                continue
            key = (event.method, event.uri)
            if not event.uri.startswith("/") or len(traffic.urls) >= _MOST_URLS:
                continue
            traffic.urls[key] += 1
            if event.status in _REDIRECTS:
                traffic.redirects[event.method, event.path].add(event.status)
            if event.time is not None:
                last = traffic.servers[event.method, event.path]
                last[capture.name] = max(event.time, last.get(capture.name, event.time))
    return traffic


def tell_servers(requests: Sequence[Replayable], traffic: Traffic) -> tuple[Replayable, ...]:
    """Say of failing requests what the logs know of them where they went well: on which servers.

    What went well before the first failure may have been another release. Where they were
    redirected is no question of a release.
    """
    return tuple(
        replace(
            one,
            redirects=frozenset(traffic.redirects.get((one.request.method, one.path), ())),
            worked_on=None if one.worked_on is None else tuple(sorted(_worked_on(one, traffic))),
        )
        for one in requests
    )


def _worked_on(request: Replayable, traffic: Traffic) -> Iterator[str]:
    last = traffic.servers.get((request.request.method, request.path), {})
    for server, time in last.items():
        if server not in request.failed_on and request.since is not None and time > request.since:
            yield server


def choose_healthy(
    traffic: Traffic, failing: Sequence[Replayable], most: int = MOST_HEALTHY
) -> tuple[Replayable, ...]:
    """Choose requests that went well, numbered from h1.

    Args:
        traffic: What went well.
        failing: Requests that failed; those of the same method and path are not taken.
        most: How many are wanted.
    """
    failed = {(one.request.method, one.path) for one in failing}
    routes: Counter[str] = Counter()
    urls: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for (method, url), count in traffic.urls.items():
        path = urlsplit(url).path
        if method in _READS and (method, path) not in failed:
            route = route_of(method, path)
            routes[route] += count
            urls[route].append((-count, url, method))
    frequent = sorted(routes, key=lambda route: (-routes[route], route))
    best = {route: sorted(urls[route])[:_OF_A_ROUTE] for route in frequent}
    # One of each route comes before the second one of any.
    chosen = [
        best[route][number]
        for number in range(_OF_A_ROUTE)
        for route in frequent
        if number < len(best[route])
    ][:most]
    return tuple(
        Replayable(f"h{number}", Ask(method, url))
        for number, (_, url, method) in enumerate(chosen, 1)
    )
