"""Write requests that somebody described: masked, as JSON lines that `given_requests` reads again.

URLs become what they become in logs, so that one leads to the other. Of headers those stay that say
nothing of anybody; sessions and logins among them are left out. What production answered stays
where it is known, like a class of an exception or a file of the release.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from sandbox.capture.allowed import Known
from sandbox.capture.archive import ServerCapture
from sandbox.capture.given_requests import Failed, GivenRequest, Step, parse_path
from sandbox.capture.masked import (
    Piece,
    file_piece,
    if_it_fits,
    json_list,
    our_text,
)
from sandbox.capture.masked_body import BodyWriter
from sandbox.capture.value_kinds import AsksOfName
from sandbox.masking.dictionary import word_set
from sandbox.masking.segments import (
    Allowed,
    JsonString,
    MaskText,
    Segment,
    Verbatim,
    assemble,
)
from sandbox.model import MaskedText

# They hold sessions and logins, say where production is, or follow from what is sent.
_DROPPED = word_set(
    "authorization proxy-authorization cookie cookie2 set-cookie host content-length "
    "transfer-encoding connection expect te upgrade"
)
_MEDIA = (
    r"(?:\*/\*|(?:text|image|audio|video|application)/(?:\*|json|xml|html|xhtml\+xml|plain|csv|css"
    r"|javascript|pdf|octet-stream|x-www-form-urlencoded|vnd\.api\+json|problem\+json|ld\+json"
    r"|png|jpeg|gif|webp|avif|svg\+xml|apng))"
)
_QUALITY = r"(?:; ?q=[01](?:\.[0-9]{1,3})?)?"
_CHARSET = r"(?:; ?charset=\"?(?:utf-?8|iso-8859-1[0-9]?|us-ascii|windows-125[0-9])\"?)?"
_HARMLESS: Mapping[str, str] = {
    "accept": rf"{_MEDIA}{_QUALITY}(?:, ?{_MEDIA}{_QUALITY}){{0,20}}",
    "accept-language": rf"(?:\*|[a-z]{{2}}(?:-[A-Z]{{2}})?){_QUALITY}"
    rf"(?:, ?(?:\*|[a-z]{{2}}(?:-[A-Z]{{2}})?){_QUALITY}){{0,20}}",
    "content-type": rf"{_MEDIA}{_CHARSET}",
    "x-requested-with": r"XMLHttpRequest",
}
_EXCEPTION = r"(?:[A-Za-z_]\w*\\)*\w*(?:Exception|Error)(?:_\w*)?"


def mask_given_requests(
    requests: Sequence[GivenRequest],
    captures: Sequence[ServerCapture],
    mask_text: MaskText,
    names_persons: AsksOfName,
    names_keys: AsksOfName,
) -> MaskedText:
    """Write requests as JSON lines.

    Args:
        requests: The requests.
        captures: The captured servers: paths that are known there stay.
        mask_text: `Masker.mask_text`.
        names_persons: Whether values of such a name are masked as a whole.
        names_keys: Whether such a name is one of a kept column that rows are told apart by.

    Raises:
        MaskingRefused: A piece was to stay that does not fit the allow-list: a fault of ours.
    """
    writer = _Writer(
        [Known.of(capture) for capture in captures],
        lambda url: BodyWriter(url, mask_text, names_persons, names_keys),
    )
    lines: list[Segment] = []
    for request in requests:
        lines += [*writer.request(request), *our_text("\n")]
    return assemble(lines, mask_text)


class _Writer:
    """Writes requests of one bundle."""

    def __init__(self, known: Sequence[Known], writer_of: Callable[[str], BodyWriter]) -> None:
        self._known = known
        self._writer_of = writer_of

    def request(self, request: GivenRequest) -> Iterator[Segment]:
        """Write a request with all that belongs to it."""
        yield from our_text("{")
        if request.name:
            yield from our_text('"name": ')
            yield JsonString(tuple(self._writer_of(request.url).field(request.name)))
            yield from our_text(", ")
        yield from self._step(request)
        if request.before:
            yield from our_text(', "before": [')
            for number, step in enumerate(request.before):
                yield from our_text(", {" if number else "{")
                yield from self._step(step)
                yield from our_text("}")
            yield from our_text("]")
        if request.servers:
            yield from our_text(', "servers": ')
            yield from json_list(
                [[Verbatim(one.encode(), Allowed.NAME)] for one in request.servers]
            )
        if request.failed:
            yield from our_text(', "failed": {')
            yield from self._failed(request.failed, self._writer_of(request.url))
            yield from our_text("}")
        yield from our_text("}")

    def _step(self, step: Step) -> Iterator[Segment]:
        writer = self._writer_of(step.url)
        yield from our_text(f'"method": "{step.method}", "url": ')
        yield JsonString(tuple(writer.url()))
        headers = [one for one in step.headers.items() if one[0].lower() not in _DROPPED]
        if headers:
            yield from our_text(', "headers": {')
            for number, (name, value) in enumerate(headers):
                yield from our_text(", " if number else "")
                yield from self._header(name, value, writer)
            yield from our_text("}")
        if step.body is not None:
            yield from our_text(', "body": ')
            yield from writer.body(step)

    def _header(self, name: str, value: str, writer: BodyWriter) -> Iterator[Segment]:
        form = _HARMLESS.get(name.lower())
        names, values = writer.header(name, value)
        if form is not None:
            names = [Verbatim(name.encode(), Allowed.NAME)]
            if re.fullmatch(form, value):
                values = [if_it_fits(value, Allowed.CHOICE, form)]
        yield JsonString(tuple(names))
        yield from our_text(": ")
        yield JsonString(tuple(values))

    def _failed(self, failed: Failed, writer: BodyWriter) -> Iterator[Segment]:
        file, _, line = failed.place.rpartition(":")
        strings: dict[str, list[Piece]] = {
            "exception": [if_it_fits(failed.exception, Allowed.IDENTIFIER, _EXCEPTION)],
            "place": [file_piece(file, self._known), Verbatim(f":{line}".encode(), Allowed.FORMAT)],
            "field": list(_path_pieces(failed.field, writer)),
            "is": [Verbatim((failed.what or "").encode(), Allowed.FORMAT)],
        }
        there = {"exception": failed.exception, "place": failed.place, "field": failed.field,
                 "is": failed.what}  # fmt: skip
        numbers = {"status": failed.status, "sql_error": failed.sql_error}
        first = True
        for name, number in numbers.items():
            if number is not None:
                yield from our_text(f'{"" if first else ", "}"{name}": {number}')
                first = False
        for name, pieces in strings.items():
            if there[name]:
                yield from our_text(f'{"" if first else ", "}"{name}": ')
                yield JsonString(tuple(pieces))
                first = False


def _path_pieces(path: str, writer: BodyWriter) -> Iterator[Piece]:
    yield Verbatim(b"$", Allowed.FORMAT)
    for part in parse_path(path) if path else ():
        if isinstance(part, int):
            yield Verbatim(f"[{part}]".encode(), Allowed.FORMAT)
        elif re.fullmatch(r"[^\W\d][\w-]*", part):
            yield Verbatim(b".", Allowed.FORMAT)
            yield from writer.field(part)
        else:
            yield Verbatim(b"['", Allowed.FORMAT)
            yield from writer.field(part)
            yield Verbatim(b"']", Allowed.FORMAT)
