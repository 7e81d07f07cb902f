"""Which requests an experiment sends: those that failed in production, as completely as is known.

Takes the failing requests of a bundle, those that ops gave to it, and a file of the developer's
own; gives `Replayable`s, numbered in a stable order. Logs hold no bodies, cookies or logins: what a
captured request lacks is taken from a given one of the same method and path, or of the same route.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from sandbox.bundle.reader import Bundle
from sandbox.capture.given_requests import GIVEN, GivenRequest, Step, read_given_requests
from sandbox.capture.requests import Signature, route_of
from sandbox.errors import BundleInvalid, UsageError
from sandbox.experiment.failure import Failure, FieldState
from sandbox.replica.exchange import Ask

FAILING = "requests/failing.jsonl"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_MAX_OWN = 16 * 1024 * 1024  # bytes of a file of the developer's own
_BY_HAND = (
    "write it into a file: sandbox reproduce --requests FILE (docs/reproduce.md has its form)"
)
# Said by whoever sends, or of a connection that is not ours.
_NOT_SENT = frozenset({
    "host", "connection", "content-length", "transfer-encoding", "accept-encoding", "expect",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Replayable:
    """A request that an experiment sends, or says why it cannot.

    Attributes:
        id: Its number: ``r1``; ``h1`` for one that went well in production.
        request: What is sent.
        before: What is sent before it, in one session: a login.
        failure: How it failed in production; None where it went well, or nobody knows how.
        failed_on: Servers that it failed on in production; empty where nobody knows which.
        worked_on: Servers that it is known to have gone well on; None where that is all others.
        since: When it first failed in production; None where the logs do not tell.
        unsendable: Why it cannot be sent or judged; empty where it can.
        cure: What to do about that.
        note: What to keep in mind of its answer.
        redirects: Statuses of redirects that production is known to have answered it with.
    """

    id: str
    request: Ask = field(repr=False)
    before: tuple[Ask, ...] = field(default=(), repr=False)
    failure: Failure | None = None
    failed_on: tuple[str, ...] = ()
    worked_on: tuple[str, ...] | None = None
    since: datetime | None = None
    unsendable: str = ""
    cure: str = ""
    note: str = ""
    redirects: frozenset[int] = frozenset()

    @property
    def title(self) -> str:
        """Method and URL, for people."""
        return f"{self.request.method} {self.request.url}"

    @property
    def path(self) -> str:
        """The path without its query."""
        return urlsplit(self.request.url).path

    @property
    def only_reads(self) -> bool:
        """Whether it changes nothing, as HTTP has it: one clone answers it several times."""
        return not self.before and self.request.method in SAFE

    def should_fail(self, server: str) -> bool | None:
        """Tell whether it failed on a server in production; None where nobody knows."""
        if not self.failed_on or server in self.failed_on:
            return True
        return False if self.worked_on is None or server in self.worked_on else None


class _Captured(BaseModel):
    """A line of ``requests/failing.jsonl``; see `sandbox.capture.masked.mask_requests`."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", hide_input_in_errors=True)

    method: str = Field(pattern=r"^[A-Z]{3,10}$")
    url: str = Field(default="", max_length=64 * 1024)
    exception: str = ""
    file: str = ""
    route: str = ""
    line: int = 0
    status: int = Field(default=0, ge=0, le=999)
    sql_error: int = 0
    servers: tuple[str, ...] = Field(default=(), strict=False)
    first: AwareDatetime | None = Field(default=None, strict=False)
    replayable: bool = False
    why: str = ""


def read_requests(bundle: Bundle, own: Path | None = None) -> tuple[Replayable, ...]:
    """Give the requests that failed in production, numbered from r1.

    Args:
        bundle: What came from production.
        own: A file of the developer's own, of the form of `GIVEN`.

    Raises:
        BundleInvalid: The lists in the bundle are not of their form.
        UsageError: The developer's own cannot be read, or is not of its form.
    """
    given = _read_own(own) if own is not None else ()
    if (content := _read(bundle, GIVEN)) is not None:
        given = (*given, *_read_theirs(content))
    captured = _captured(_read(bundle, FAILING) or b"")
    found = _completed(captured, given)
    return tuple(replace(one, id=f"r{number}") for number, one in enumerate(found, 1))


def choose(requests: Sequence[Replayable], ids: Iterable[str]) -> tuple[Replayable, ...]:
    """Give the requests of these numbers, all where none is named.

    Raises:
        UsageError: One of them is none.
    """
    wanted = list(dict.fromkeys(ids))
    known = {one.id for one in requests}
    if any(one not in known for one in wanted):
        names = f"r1 to r{len(requests)}" if requests else "none"
        raise UsageError("there is no request of that number.", hint=f"There are: {names}.")
    return tuple(one for one in requests if not wanted or one.id in wanted)


def _read(bundle: Bundle, path: str) -> bytes | None:
    entry = next((one for one in bundle.manifest.files if one.path == path), None)
    return bundle.read_text(entry) if entry is not None else None


def _read_theirs(content: bytes) -> tuple[GivenRequest, ...]:
    try:
        return read_given_requests(content, GIVEN)
    except UsageError as error:
        raise BundleInvalid(error.message, findings=error.findings) from None


def _read_own(path: Path) -> tuple[GivenRequest, ...]:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_OWN + 1)
    except OSError:
        raise UsageError(f"{path}: it is not there, or may not be read.") from None
    if len(content) > _MAX_OWN:
        raise UsageError(f"{path}: it is larger than 16 MB.")
    return read_given_requests(content, str(path))


def _captured(content: bytes) -> list[Replayable]:
    found: list[Replayable] = []
    for number, text in enumerate(content.splitlines(), 1):
        try:
            one = _Captured.model_validate(json.loads(text))
        except (ValueError, RecursionError, ValidationError):
            raise BundleInvalid(f"{FAILING}, line {number}: it is no failing request.") from None
        route = f"{one.method} {one.route}" if one.route else ""
        place = f"{one.file}:{one.line}" if one.file else ""
        why, _, _ = one.why.partition("; write it by hand")
        found.append(
            Replayable(
                "",
                Ask(one.method, one.url),
                failure=Failure(Signature(one.status, one.exception, place, one.sql_error, route)),
                failed_on=one.servers,
                # That a server is not named may as well mean that nobody asked it.
                worked_on=(),
                since=one.first,
                unsendable="" if one.replayable else why,
                cure="" if one.replayable else _BY_HAND,
                note=why if one.replayable else "",
            )
        )
    return found


def _completed(captured: Sequence[Replayable], given: Sequence[GivenRequest]) -> list[Replayable]:
    """Put what was given to what was captured; what fits nothing comes behind it."""
    whole = list(captured)
    taken: set[int] = set()
    more: list[Replayable] = []
    for one in _first_of_each_name(given):
        fitting = [number for number in _fitting(one, captured) if number not in taken]
        if fitting:
            taken.add(fitting[0])
            whole[fitting[0]] = _complete(captured[fitting[0]], one)
        else:
            more.append(_alone(one, captured))
    return whole + more


def _first_of_each_name(given: Sequence[GivenRequest]) -> Iterator[GivenRequest]:
    """Let the developer's own, which come first, stand in the place of ops' of the same name."""
    seen: set[tuple[str, str]] = set()
    for one in given:
        key = ("name", one.name) if one.name else (one.method, one.url)
        if key not in seen:
            seen.add(key)
            yield one


def _fitting(given: GivenRequest, captured: Sequence[Replayable]) -> list[int]:
    """Give the numbers of the captured requests that a given one may complete, the best first."""
    path = urlsplit(given.url).path
    own = _failure_of(given)
    exact, alike = [], []
    for number, one in enumerate(captured):
        assert one.failure is not None  # noqa: S101 - `_captured` gives each one
        if own is not None and own.signature.status not in {0, one.failure.signature.status}:
            continue
        if (one.request.method, one.path) == (given.method, path):
            exact.append(number)
        # The URL of one that can be sent is known: another one of its route is another request.
        elif one.unsendable and _route(one.request) == route_of(given.method, path):
            alike.append(number)
    return exact + alike


def _complete(captured: Replayable, given: GivenRequest) -> Replayable:
    return replace(
        captured, request=_ask(given), before=_steps(given), unsendable="", cure="", note=""
    )


def _alone(given: GivenRequest, captured: Sequence[Replayable]) -> Replayable:
    """Make a request of what was given alone; one of the same route may tell how it failed."""
    made = Replayable("", _ask(given), _steps(given), failed_on=tuple(given.servers))
    if (own := _failure_of(given)) is not None:
        return replace(made, failure=own)
    route = route_of(given.method, urlsplit(given.url).path)
    for one in captured:
        if _route(one.request) == route:
            return replace(
                made, failure=one.failure, failed_on=one.failed_on, worked_on=one.worked_on
            )
    return replace(
        made,
        unsendable="neither the logs nor its line say how it failed in production",
        cure='say it in its line: "failed": {"status": 500}',
    )


def _failure_of(given: GivenRequest) -> Failure | None:
    failed = given.failed
    if failed is None:
        return None
    signature = Signature(failed.status or 0, failed.exception, failed.place, failed.sql_error or 0)
    state = FieldState(failed.field, failed.what) if failed.what is not None else None
    return Failure(signature, state)


def _route(request: Ask) -> str:
    return route_of(request.method, urlsplit(request.url).path)


def _steps(given: GivenRequest) -> tuple[Ask, ...]:
    return tuple(_ask(step) for step in given.before)


def _ask(step: Step) -> Ask:
    headers = [one for one in step.headers.items() if one[0].lower() not in _NOT_SENT]
    if step.body is None or isinstance(step.body, str):
        return Ask(step.method, step.url, tuple(headers), (step.body or "").encode())
    if not step.header("Content-Type"):
        headers.append(("Content-Type", "application/json"))
    return Ask(step.method, step.url, tuple(headers), json.dumps(step.body).encode())
