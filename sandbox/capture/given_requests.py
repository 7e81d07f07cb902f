"""Requests that somebody described: with body, login and what the answer looked like.

Takes JSON lines, written by hand (``--requests FILE``) or read from a bundle; gives
`GivenRequest`s. What masking writes is read again by the same rules. Nothing of a file that cannot
be read is repeated in a message: it says file, line and field. Only of a developer's own file a
field that there is none of is named: it has been near no production.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from sandbox.errors import UsageError

GIVEN = "requests/given.jsonl"
"""Where a bundle has them."""

# Generous: masking writes what is no ASCII as escapes, which are longer.
_MAX_BYTES = 64 * 1024 * 1024
_MAX_LINE = 8 * 1024 * 1024
_MAX_REQUESTS = 1000
_MAX_DEPTH = 40
_MAX_FINDINGS = 20
_SHOWN_NAME = 60
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"?|([\[{])|([\]}])', re.DOTALL)

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
# Path and query; never a host, be it behind "//".
Url = Annotated[
    str, Field(max_length=8192, pattern=r"^/(?:[^/\s\x00-\x1f\x7f][^\s\x00-\x1f\x7f]*)?$")
]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$")]
HeaderValue = Annotated[str, Field(max_length=8192, pattern=r"^[^\x00-\x08\x0a-\x1f\x7f]*$")]
Body = dict[str, JsonValue] | list[JsonValue] | Annotated[str, Field(max_length=_MAX_LINE)]
ServerName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$")]
JsonType = Literal["null", "string", "number", "boolean", "array", "object"]
Predicate = Literal["empty", "missing"] | JsonType


class _Given(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", hide_input_in_errors=True)


class Step(_Given):
    """A request as it is to be sent.

    Attributes:
        method: Its method.
        url: Path and query.
        headers: Its headers.
        body: An object or a list is sent as JSON, a text as it is; None for no body.
    """

    method: Method
    url: Url = Field(repr=False)
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict, max_length=64, repr=False)
    body: Body | None = Field(default=None, repr=False)

    def header(self, name: str) -> str:
        """Give a header, whatever its case; empty where there is none."""
        wanted = name.lower()
        return next((value for one, value in self.headers.items() if one.lower() == wanted), "")


class Failed(_Given):
    """What production answered, as far as it is known; None and empty for what is not.

    Attributes:
        status: HTTP status.
        exception: Class of the exception.
        place: File, relative to the release, and line that it came from: ``library/A.php:12``.
        sql_error: Error number of the database.
        field: A value in the answer's JSON: ``$.orders[0].date``.
        what: What that value is: ``empty``, ``missing``, or its type. Written ``is``.
    """

    status: Annotated[int, Field(ge=100, le=599)] | None = None
    exception: Annotated[str, Field(max_length=256, pattern=r"^[^\s\x00-\x1f\x7f]*$")] = ""
    place: Annotated[str, Field(max_length=1024, pattern=r"^(?:[^\x00-\x1f\x7f]+:\d{1,9})?$")] = ""
    sql_error: Annotated[int, Field(ge=1, le=99999)] | None = None
    field: Annotated[str, Field(max_length=512)] = ""
    what: Annotated[Predicate | None, Field(alias="is")] = None

    @model_validator(mode="after")
    def _say_something(self) -> Failed:
        if (self.field == "") != (self.what is None):
            raise ValueError("field and is belong together")
        if self.field:
            parse_path(self.field)
        if not any((self.status, self.exception, self.place, self.sql_error, self.field)):
            raise ValueError("it says nothing")
        return self


class GivenRequest(Step):
    """A request that somebody described.

    Attributes:
        name: What people call it.
        before: Requests that are sent first, in the same session: a login.
        servers: Names of the servers that it failed on; empty for any.
        failed: What production answered; None where nobody said.
    """

    name: Annotated[str, Field(max_length=256, pattern=r"^[^\x00-\x1f\x7f]*$")] = Field(
        default="", repr=False
    )
    before: tuple[Step, ...] = Field(default=(), max_length=20)
    servers: tuple[ServerName, ...] = Field(default=(), max_length=100)
    failed: Failed | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        """All that is sent, in order; the request itself comes last."""
        return (*self.before, self)

    def __str__(self) -> str:
        return self.name or f"{self.method} {self.url}"


def parse_path(path: str) -> tuple[str | int, ...]:
    """Read a path to a value in JSON; a member whose name is no word stands in brackets, quoted.

    >>> parse_path("$.a.b[0]['c d']")
    ('a', 'b', 0, 'c d')

    Raises:
        ValueError: It is none.
    """
    if not re.fullmatch(r"\$(?:\.[^\W\d][\w-]*|\[\d{1,6}\]|\['[^'\\]{1,100}'\])*", path):
        raise ValueError("a path like $.orders[0].date")
    found = re.findall(r"\.([^\W\d][\w-]*)|\[(\d+)\]|\['([^']*)'\]", path)
    return tuple(int(number) if number else name or quoted for name, number, quoted in found)


def is_flat(text: str) -> bool:
    """Tell whether a text, if it is JSON, is nested no deeper than a request may be.

    >>> is_flat('[{"a": "[[["}]'), is_flat("[" * 41)
    (True, False)
    """
    depth = 0
    for found in _BRACKETS.finditer(text):
        depth += bool(found[1]) - bool(found[2])
        if depth > _MAX_DEPTH:
            return False
    return True


def read_given_requests(text: bytes, where: str, *, own: bool = False) -> tuple[GivenRequest, ...]:
    """Read requests, one JSON object a line; blank lines and those that begin with # are none.

    Args:
        text: The file's content.
        where: What it is called in messages.
        own: Whether whoever reads the messages wrote it: a misspelt field is named then.

    Raises:
        UsageError: It cannot be read; all findings together, each with line and field.
    """
    if len(text) > _MAX_BYTES:
        raise UsageError(f"{where}: more than {_MAX_BYTES >> 20} MiB are no list of requests.")
    requests: list[GivenRequest] = []
    findings: list[str] = []
    for number, line in enumerate(text.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not line.strip() or line.lstrip().startswith(b"#"):
            continue
        read = _read_line(line, own=own)
        if isinstance(read, GivenRequest):
            requests.append(read)
        else:
            findings += [f"{where}:{number}: {one}" for one in read]
    if len(requests) > _MAX_REQUESTS:
        findings.append(f"{where}: more than {_MAX_REQUESTS} requests")
    if findings:
        shown = tuple(findings[:_MAX_FINDINGS])
        more = len(findings) - len(shown)
        raise UsageError(
            f"{where}: {len(findings)} finding{'s' if len(findings) > 1 else ''} in its requests.",
            hint="docs/capture.md says what a request looks like.",
            findings=(*shown, f"and {more} more") if more else shown,
        )
    return tuple(requests)


def _read_line(line: bytes, *, own: bool) -> GivenRequest | list[str]:
    """Read one request, or say what is wrong with it."""
    try:
        text = line.decode("utf-8")
        if len(line) > _MAX_LINE or not is_flat(text):
            return [f"longer than {_MAX_LINE >> 20} MiB, or more than {_MAX_DEPTH} levels deep"]
        value = json.loads(text, parse_constant=_refuse)
    except ValueError:
        return ["no JSON in UTF-8"]
    if not isinstance(value, dict):
        return ["no JSON object"]
    try:
        # In JSON's own terms: a list is what a tuple is written as.
        return GivenRequest.model_validate_json(json.dumps(value))
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False, include_input=False, include_context=False)
        found = (_finding(one["loc"], one["type"], one["msg"], own=own) for one in errors)
        return list(dict.fromkeys(found))


class _Told(NamedTuple):
    field: str
    problem: str

    def __str__(self) -> str:
        return f"{self.field}: {self.problem}"


_PROBLEMS: Mapping[str, str] = {
    "missing": "missing", "extra_forbidden": "there is no such field",
    "literal_error": "none of the words that it may be",
    "string_pattern_mismatch": "not of the form that it must have",
    "string_too_long": "too long", "too_long": "too many",
    "greater_than_equal": "too small", "less_than_equal": "too large",
}  # fmt: skip
_FIELDS = frozenset({
    "name", "method", "url", "headers", "body", "before", "servers", "failed", "status",
    "exception", "place", "sql_error", "field", "is",
})  # fmt: skip
_OURS = re.compile(r"Value error, ([a-z$][A-Za-z0-9$.\[\] ]{1,60})")


def _finding(place: tuple[int | str, ...], kind: str, said: str, *, own: bool) -> str:
    """Say what is wrong in words without values; a name that is none of ours may be a value."""
    parts = list(_known(place))
    if own and kind == "extra_forbidden" and parts and parts[-1] == "…":
        name = str(place[-1])
        shown = "".join(one if one.isprintable() else "?" for one in name[:_SHOWN_NAME])
        parts[-1] = f"{shown}…" if len(name) > _SHOWN_NAME else shown
    told = _Told(".".join(parts) or "request", _PROBLEMS.get(kind, "not of its type"))
    if kind == "value_error" and (ours := _OURS.fullmatch(said)):
        told = told._replace(problem=ours[1])
    return str(told)


def _known(place: tuple[int | str, ...]) -> Iterator[str]:
    for part in place:
        if isinstance(part, int):
            yield str(part + 1)
        elif part not in _FIELDS:
            yield "…"
            return
        else:
            yield part
            if part in {"headers", "body", "is"}:
                return


def _refuse(_constant: str) -> float:
    raise ValueError
