"""What came of a request here, read out of the server's logs by what read production's.

Takes the answer and what was logged meanwhile; gives a `Trial`: the same failure, another one, a
good answer, or why nobody can tell.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from sandbox.bundle.manifest import Manifest
from sandbox.capture.archive import CapturedLog, ServerCapture
from sandbox.capture.logs import read_events
from sandbox.capture.requests import Signature, failing_requests, route_of
from sandbox.experiment.failure import Came, Failure, FieldState, describe, matches
from sandbox.experiment.requests import Replayable
from sandbox.experiment.session import Sent
from sandbox.replica.exchange import Heard
from sandbox.subset.mentions import Source, read_request

_REDIRECT, _FAILED, _ERROR = 300, 400, 500
_NOT_THERE = frozenset({404, 410})
_NOT_ALLOWED = frozenset({401, 403})
_LOGIN = re.compile(r"log[-_]?[io]n|sign[-_]?[io]n|auth(?!or)|session|anmeld", re.IGNORECASE)
_ASKED_LOG = "/sandbox/asked.log"  # stands for an access log that the server does not write


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one request on one server, once.

    Attributes:
        came: What it comes to.
        heard: The answer; None where a step before it failed.
        signature: What was answered and logged; None where it is no failure.
        state: What a field of the answer is, where that makes the failure.
        why: Why it is unresolved, or what is odd about it.
        cure: What to do about that.
    """

    came: Came
    heard: Heard | None = field(default=None, repr=False)
    signature: Signature | None = None
    state: FieldState | None = None
    why: str = ""
    cure: str = ""

    def __str__(self) -> str:
        """Give what came of it, for people."""
        if self.why:
            return self.why
        if self.signature is not None:
            return describe(self.signature, self.state)
        return str(self.heard.status) if self.heard is not None else ""


@dataclass(frozen=True, slots=True)
class Judge:
    """Tells what came of a request.

    Attributes:
        capture: The server as production has it: how its logs are written, what its release holds.
        manifest: What the bundle holds: to say what it lacks.
        shifting: Files that a change touches; see `matches`.
    """

    capture: ServerCapture
    manifest: Manifest | None = None
    shifting: Collection[str] = ()

    def judge(self, request: Replayable, sent: Sent) -> Trial:
        """Tell what came of a request, measured by how it failed in production, if it did."""
        heard = sent.heard
        if heard is None:
            return Trial(Came.UNRESOLVED, why=sent.broken_off, cure=_LOGIN_OF_HERE)
        if heard.status == 0:
            return Trial(Came.UNRESOLVED, heard, why="no answer came", cure="sandbox logs")
        here = signature_of(self.capture, request, heard)
        if request.failure is None:
            came = Came.OTHER if heard.status >= _FAILED else Came.WORKS
            return Trial(came, heard, here)
        return self._compared(request, request.failure, heard, here)

    def _compared(  # noqa: PLR0911 - one for each thing that an answer may mean
        self, request: Replayable, failure: Failure, heard: Heard, here: Signature | None
    ) -> Trial:
        production = failure.signature
        whole = here or Signature(heard.status)
        if matches(production, whole, self.shifting):
            if failure.is_status_only and _says_little(heard.status):
                why, cure = self._unlike(request, heard)
                return Trial(Came.UNRESOLVED, heard, why=why, cure=cure)
            if failure.field is None:
                return Trial(Came.SAME, heard, whole)
            state = failure.field.holds(heard.body)
            if state:
                return Trial(Came.SAME, heard, whole, failure.field)
            if state is None:  # whether it is no JSON or a field less: another answer
                return Trial(
                    Came.OTHER, heard, whole, why=f"{heard.status}, without {failure.field.path}"
                )
            # It is answered with production's status, but the field is as it should be.
            if heard.status < _FAILED:
                return Trial(Came.WORKS, heard)
        if heard.status < _REDIRECT:
            logged = f"{heard.status}, and logs {describe(replace(here, status=0))}" if here else ""
            return Trial(Came.WORKS, heard, why=logged)
        if heard.status >= _ERROR or (here is not None and heard.status not in _NOT_THERE):
            return Trial(Came.OTHER, heard, whole)
        if heard.status in request.redirects and not _to_login(heard):
            return Trial(Came.WORKS, heard, why=f"{heard.status} to {heard.header('Location')}")
        why, cure = self._unlike(request, heard)
        return Trial(Came.UNRESOLVED, heard, why=why, cure=cure)

    def _unlike(self, request: Replayable, heard: Heard) -> tuple[str, str]:
        """Say what an answer means that is no evidence of anything, and what to do about it."""
        assert request.failure is not None  # noqa: S101 - what went well is not measured by it
        alike = heard.status == request.failure.signature.status
        answer = (
            f"{heard.status} as in production, but that tells little"
            if alike
            else (f"{heard.status} here")
        )
        if heard.status in _NOT_THERE:
            rows = rows_named(request, self.manifest)
            if not rows:
                return f"{answer}: what it asks for may not be in the sample", ""
            asked = " ".join(f"--include '{table}:{condition}'" for table, condition in rows)
            named = ", ".join(f"{table} with {condition}" for table, condition in rows)
            return (
                f"{answer}: the sample may lack {named}",
                f"ask ops for an export with {asked}",
            )
        if heard.status in _NOT_ALLOWED:
            return f"{answer}: it needs a session", _log_in(request)
        if heard.status < _FAILED:
            place = heard.header("Location") or "nowhere"
            return f"{answer}: it leads elsewhere, perhaps to a login: {place}", _log_in(request)
        return f"{answer}: production had another answer, so this is another request", _WRITE


_WRITE = "write the whole request into a file: sandbox reproduce --requests FILE"
_LOG_IN = 'write its login as "before" into a file: sandbox reproduce --requests FILE'
_LOGIN_OF_HERE = (
    "its login does not work here: take somebody who is in the bundle: "
    "sandbox sql \"SELECT …\"; the bundle's passwords are 'sandbox' "
    "where the rules set them"
)


def _log_in(request: Replayable) -> str:
    """Say what to do about a session: where a login was sent, it is the one that does not do."""
    return _LOGIN_OF_HERE if request.before else _LOG_IN


def signature_of(capture: ServerCapture, request: Replayable, heard: Heard) -> Signature | None:
    """Give what an answer failed with, by the server's own logs; None where it is no failure."""
    ask = request.request
    path = urlsplit(ask.url).path
    logs = {
        place: CapturedLog.of(content, _kind(capture, place))
        for place, content in heard.logged.items()
    }
    of_now = replace(capture, logs=logs)
    if not _tells_of(of_now, ask.method, path):
        of_now = replace(of_now, logs=logs | {_ASKED_LOG: _asked(of_now, request, heard)})
    found = [
        one
        for one in failing_requests([of_now])
        if (one.method, one.url.partition("?")[0]) == (ask.method, path)
    ]
    # Several are there if something else asked the same meanwhile.
    found.sort(key=lambda one: (one.signature.status != heard.status, str(one.signature)))
    if found:
        return replace(found[0].signature, status=heard.status)
    if heard.status >= _ERROR:
        return Signature(heard.status, route=route_of(ask.method, path))
    return None


def rows_named(request: Replayable, manifest: Manifest | None) -> list[tuple[str, str]]:
    """Give the rows that a URL may mean, as table and condition, as far as the bundle tells."""
    tables = {table.name: table for table in manifest.tables} if manifest else {}
    found: dict[tuple[str, str], None] = {}
    for mention in read_request(f"{request.request.method} {request.request.url}"):
        if mention.source is not Source.URL or not re.fullmatch(r"-?\d{1,19}", mention.value):
            continue
        for hint in mention.tables:
            table = next((tables[name] for name in _spellings(hint) if name in tables), None)
            if table is not None and len(table.identity) == 1:
                found[table.name, f"{table.identity[0]} = {mention.value}"] = None
                break
    return list(found)


def _spellings(hint: str) -> tuple[str, ...]:
    """Give names that a table may have that a URL calls so.

    >>> _spellings("order")
    ('order', 'orders', 'orderes', 'order')
    """
    word = hint.lower()
    return (word, f"{word}s", f"{word}es", word.removesuffix("s"))


def _says_little(status: int) -> bool:
    """Tell whether a status alone may as well come of a sample, or of a session that is missing."""
    return status in _NOT_THERE | _NOT_ALLOWED or _REDIRECT <= status < _FAILED


def _to_login(heard: Heard) -> bool:
    """Tell whether a redirect is as for somebody without a session: production gives those, too."""
    return _LOGIN.search(heard.header("Location")) is not None


def _kind(capture: ServerCapture, place: str) -> str:
    log = capture.logs.get(place)
    return log.kind if log is not None else "given"


def _tells_of(capture: ServerCapture, method: str, path: str) -> bool:
    return any(
        (event.kind, event.method, event.path) == ("access", method, path)
        for event in read_events(capture)
    )


def _asked(capture: ServerCapture, request: Replayable, heard: Heard) -> CapturedLog:
    """Write the line of an access log that the server did not, at the time of its other logs."""
    times = [event.time for event in read_events(capture) if event.time is not None]
    time = max(times, default=datetime.now(UTC)).astimezone(UTC)
    month = "JanFebMarAprMayJunJulAugSepOctNovDec"[time.month * 3 - 3 : time.month * 3]
    stamp = f"{time:%d}/{month}/{time:%Y:%H:%M:%S} +0000"
    ask = request.request
    return CapturedLog.of(
        f'- - - [{stamp}] "{ask.method} {ask.url} HTTP/1.1" {heard.status} 0 "-" "-"\n'.encode(),
        "nginx-access",
    )
