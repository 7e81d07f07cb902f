"""Send a request as whoever sent it in production did: its steps first, cookies carried on."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from http.cookies import CookieError, SimpleCookie

from sandbox.experiment.requests import Replayable
from sandbox.replica.exchange import Ask, Clone, Heard

_FAILED = 400


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of sending a request.

    Attributes:
        heard: The answer; None where a step before it failed.
        broken_off: Which step failed and how; empty where none did.
    """

    heard: Heard | None
    broken_off: str = ""


def send(clone: Clone, server: str, request: Replayable) -> Sent:
    """Send a request to a server of a clone, the steps before it first.

    Raises:
        StackError: The server could not be asked at all.
    """
    jar: dict[str, str] = {}
    for number, step in enumerate(request.before, 1):
        heard = clone.ask(server, prepare(step, jar))
        if heard.status == 0 or heard.status >= _FAILED:
            answer = f"answers {heard.status}" if heard.status else "gets no answer"
            return Sent(None, f"step {number} before it, {step.method} {step.url}, {answer} here")
        jar = keep_cookies(jar, heard)
    return Sent(clone.ask(server, prepare(request.request, jar)))


def prepare(ask: Ask, jar: dict[str, str]) -> Ask:
    """Add to a request the cookies of its session, and what its body is if it does not say."""
    headers = list(ask.headers)
    names = {name.lower() for name, _ in headers}
    if ask.body and "content-type" not in names:
        headers.append(("Content-Type", _content_type(ask.body)))
    if jar:
        # A cookie that a step set is newer than one of the same name that the request was given.
        given = {
            name.strip(): value
            for header, values in headers
            if header.lower() == "cookie"
            for name, _, value in (one.partition("=") for one in values.split(";"))
        }
        headers = [one for one in headers if one[0].lower() != "cookie"]
        pairs = (f"{name}={value}" for name, value in (given | jar).items())
        headers.append(("Cookie", "; ".join(pairs)))
    return replace(ask, headers=tuple(headers))


def keep_cookies(jar: dict[str, str], heard: Heard) -> dict[str, str]:
    """Give the cookies of a session after an answer."""
    kept = dict(jar)
    for name, value in heard.headers:
        if name.lower() != "set-cookie":
            continue
        for cookie, (content, ended) in _read_cookie(value).items():
            kept.pop(cookie, None)
            if not ended:
                kept[cookie] = content
    return kept


def _read_cookie(text: str) -> dict[str, tuple[str, bool]]:
    """Read a Set-Cookie header: by name its value, and whether it takes the cookie away."""
    read = SimpleCookie()
    try:
        read.load(text)
    except CookieError:
        read.clear()
    if read:
        # The value as it came: what is quoted stays quoted.
        return {
            name: (one.coded_value, one["max-age"] == "0" or one.value == "deleted")
            for name, one in read.items()
        }
    # What the standard library does not take, browsers do.
    name, equals, value = text.partition(";")[0].partition("=")
    return {name.strip(): (value.strip(), False)} if equals and name.strip() else {}


def _content_type(body: bytes) -> str:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return "application/x-www-form-urlencoded"
    return "application/json"
