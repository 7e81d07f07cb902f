"""Which requests an experiment sends: those that failed in production, as completely as is known.

Takes the failing requests of a bundle, those that ops gave to it, and a file of the developer's
own; gives `Replayable`s, numbered in a stable order: what came with the bundle has the same numbers
whatever a developer's file holds. Logs hold no bodies, cookies or logins: what a captured request
lacks is taken from a given one of the same method and path, or of the same route.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
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
_SHOWN_WORD, _SHOWN_NAMES = 60, 20
_BY_HAND = (
    "write it into a file: sandbox reproduce --requests FILE (docs/reproduce.md has its form)"
)
# Said by whoever sends, or of a connection that is not ours.
_NOT_SENT = frozenset({
    "host", "connection", "content-length", "transfer-encoding", "accept-encoding", "expect",
})  # fmt: skip
_Key = tuple[str, str]  # what tells given requests apart: their name, or what they ask


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
        name: What people call it; empty where it was only captured.
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
    name: str = field(default="", repr=False)

    @property
    def title(self) -> str:
        """Name, if it has one, method and URL, for people."""
        title = f"{self.request.method} {self.request.url}"
        return f"{self.name}: {title}" if self.name else title

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
    mine = _read_own(own) if own is not None else ()
    content = _read(bundle, GIVEN)
    theirs = _read_theirs(content) if content is not None else ()
    captured = _captured(_read(bundle, FAILING) or b"")
    found = _completed(captured, theirs, mine)
    return tuple(replace(one, id=f"r{number}") for number, one in enumerate(found, 1))


def choose(requests: Sequence[Replayable], named: Iterable[str]) -> tuple[Replayable, ...]:
    """Give the requests of these numbers or names, whatever their case; all where none is named.

    Raises:
        UsageError: One of them is none.
    """
    wanted: set[str] = set()
    named = tuple(named)
    for word in named:
        found = _called(requests, word)
        if not found:
            shown = "".join(one if one.isprintable() else "?" for one in word[:_SHOWN_WORD])
            more = "…" if len(word) > _SHOWN_WORD else ""
            raise UsageError(
                f'there is no request "{shown}{more}".', hint=f"There are: {_all_of(requests)}."
            )
        wanted.update(found)
    return tuple(one for one in requests if not named or one.id in wanted)


def _called(requests: Sequence[Replayable], word: str) -> list[str]:
    """Give the numbers of the requests that a word means: by number, by name, by name in any case.

    Only the first way that finds any counts.
    """
    low = word.strip().lower()
    ways = (
        [one.id for one in requests if one.id == low],
        [one.id for one in requests if one.name and one.name == word],
        [one.id for one in requests if one.name and one.name.lower() == low],
    )
    return next((found for found in ways if found), [])


def _all_of(requests: Sequence[Replayable]) -> str:
    if not requests:
        return "none"
    last = requests[-1].id
    numbers = f"r1 to {last}" if len(requests) > 1 else last
    names = [f"{one.id} is {one.name}" for one in requests if one.name]
    if not names:
        return numbers
    more = f", and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
    return f"{numbers} ({', '.join(names[:_SHOWN_NAMES])}{more})"


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
    return read_given_requests(content, str(path), own=True)


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


def _completed(
    captured: Sequence[Replayable],
    theirs: Sequence[GivenRequest],
    own: Sequence[GivenRequest] = (),
) -> list[Replayable]:
    """Put what was given to what was captured; what fits nothing comes behind it.

    Ops' come first, so that the developer's own change no number of what is in the bundle.
    """
    whole = list(captured)
    places: dict[_Key, int] = {}
    for key, one in _first_of_each_name(theirs):
        free = [at for at in _fitting(one, captured) if at not in places.values()]
        places[key] = free[0] if free else len(whole)
        _put(whole, places[key], one, captured)
    taken: set[int] = set()
    # Those of a name that ops gave as well go before: theirs is the place.
    mine = sorted(_first_of_each_name(own), key=lambda pair: pair[0] not in places)
    for key, one in mine:
        at = _place_of_own(one, captured, whole, taken, places.get(key))
        taken.add(at)
        _put(whole, at, one, captured)
    return whole


def _place_of_own(
    given: GivenRequest,
    captured: Sequence[Replayable],
    whole: list[Replayable],
    taken: Collection[int],
    named: int | None,
) -> int:
    """Say where one of the developer's own goes: where ops' of its name is, if it fits there."""
    fitting = _fitting(given, captured)
    if named is not None and named not in taken:
        if named >= len(captured) or named in fitting:
            return named
        whole[named] = captured[named]  # that of its name gives way all the same
    free = [at for at in fitting if at not in taken]
    if not free:
        return len(whole)
    # Of those of its path one that ops did not complete, if there is one.
    path = captured[free[0]].path
    lacking = [at for at in free if whole[at].unsendable and captured[at].path == path]
    return (lacking or free)[0]


def _put(
    whole: list[Replayable], at: int, given: GivenRequest, captured: Sequence[Replayable]
) -> None:
    if at < len(captured):
        name = given.name or whole[at].name
        whole[at] = replace(_complete(captured[at], given), name=name)
    else:
        whole[at : at + 1] = [replace(_alone(given, captured), name=given.name)]


def _first_of_each_name(given: Sequence[GivenRequest]) -> Iterator[tuple[_Key, GivenRequest]]:
    """Pass over those that are called as one before them, or ask the same if nobody named them."""
    seen: set[_Key] = set()
    for one in given:
        key = ("name", one.name) if one.name else (one.method, one.url)
        if key not in seen:
            seen.add(key)
            yield key, one


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
