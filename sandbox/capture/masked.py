"""Write what goes into a bundle of captures and failing requests: masked, as JSON.

Everything is put together of checked pieces (`sandbox.masking.segments`): what is neither a number,
a time, a digest nor a name out of the application's own source is masked as text. What requests
take out of logs is masked as there, so that one still leads to the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from sandbox.capture.allowed import Known, is_known_path
from sandbox.capture.archive import ServerCapture
from sandbox.capture.requests import FailingRequest
from sandbox.masking.secret_names import is_secret_name
from sandbox.masking.segments import (
    Allowed,
    JsonString,
    MaskText,
    Segment,
    ToMask,
    Verbatim,
    assemble,
    fits,
)
from sandbox.model import MaskedText

Piece = Verbatim | ToMask

# How each fact may leave; one that is not listed is masked as text.
_FACTS: tuple[tuple[re.Pattern[str], Allowed, re.Pattern[str]], ...] = tuple(
    (re.compile(name), rule, re.compile(value))
    for name, rule, value in (
        (r"name", Allowed.NAME, r"[A-Za-z0-9._-]{1,64}"),
        (r"captured_at", Allowed.TIME, r".*"),
        (r"captured_by", Allowed.CHOICE, r"root|www-data|nginx|apache|nobody|\d{1,6}"),
        (r"since_hours|release\.files|release\.all_files", Allowed.NUMBER, r"\d{1,9}"),
        (r"system\.kernel", Allowed.CHOICE, r"Linux [0-9][A-Za-z0-9.+_-]{2,60} [a-z0-9_]{3,12}"),
        (r"system\.(?:ID|VERSION_ID)", Allowed.CHOICE, r"[a-z0-9._-]{1,20}"),
        (r"time\.zone", Allowed.CHOICE, r"[A-Za-z_]{2,20}(?:/[A-Za-z_+-]{2,30}){0,2}[0-9+-]{0,3}"),
        (r"time\.offset", Allowed.NUMBER, r"[+-]\d{4}"),
        (r"locale", Allowed.CHOICE, r"[A-Za-z_]{1,10}(?:\.[A-Za-z0-9-]{3,8})?(?:@[a-z]{2,10})?"),
        (r"locale\.charset", Allowed.CHOICE, r"[A-Za-z0-9._-]{2,24}"),
        (r"(?:nginx|php\.\w+)\.version|release\.VERSION", Allowed.CHOICE,
         r"v?\d[A-Za-z0-9.+~_-]{0,30}"),
        (r"release\.(?:git|REVISION)", Allowed.DIGEST, r"[0-9a-f]{8,64}"),
    )
)  # fmt: skip
# What the script says behind the path or name that it could not see.
_MISSING = re.compile(
    r"no right to read it|it could not be read to its end|what lies behind its first MB"
    r"|there are over \d+ (?:settings|logs)|this (?:log|file) is not there, or not visible"
    r"|its settings|its settings were read from files; the running process was not asked"
    r"|no running master process; its settings are those of the usual places"
    r"|names in its environment, but for env\[\.\.\.\] of its pools|it did not answer"
    r"|there is no php to ask, so no list of extensions and of settings in force"
    r"|which folder it is \(give it with --app\)|none was found \(give them with --log\)"
)


def mask_facts(capture: ServerCapture, mask_text: MaskText) -> MaskedText:
    """Write facts, extensions, names in the environment, checksums and what is missing.

    Raises:
        MaskingRefused: A piece was to stay that does not fit the allow-list: a fault of ours.
    """
    known = Known.of(capture)
    facts = {name: _fact(name, value, known) for name, value in capture.facts.items() if value}
    extensions = {
        name: [if_it_fits(version, Allowed.CHOICE, r"[A-Za-z0-9. _$:+~-]{0,60}")]
        for name, version in capture.extensions.items()
        if fits(name.encode(), Allowed.NAME)
    }
    release = {
        path: [Verbatim(digest.encode(), Allowed.DIGEST)]
        for path, digest in sorted(capture.release.items())
        if fits(path.encode(), Allowed.PATH)
    }
    segments: list[Segment] = [
        *our_text('{"facts": '), *_object(facts, Allowed.NAME),
        *our_text(',\n"extensions": '), *_object(extensions, Allowed.NAME),
        *our_text(',\n"environment": '), *json_list([_name(one) for one in capture.environment]),
        *our_text(',\n"release": '), *_object(release, Allowed.PATH),
        *our_text(',\n"missing": '), *json_list([_lack(one, known) for one in capture.missing]),
        *our_text("}\n"),
    ]  # fmt: skip
    return assemble(segments, mask_text)


def mask_requests(
    requests: Sequence[FailingRequest], captures: Sequence[ServerCapture], mask_text: MaskText
) -> MaskedText:
    """Write failing requests as JSON lines.

    Args:
        requests: The requests.
        captures: The servers that they failed on: paths that are known there stay.
        mask_text: `Masker.mask_text`.

    Raises:
        MaskingRefused: A piece was to stay that does not fit the allow-list: a fault of ours.
    """
    known = [Known.of(capture) for capture in captures]
    lines: list[Segment] = []
    for request in requests:
        lines += _request(request, known)
    return assemble(lines, mask_text)


def _request(request: FailingRequest, known: Sequence[Known]) -> Iterator[Segment]:
    signature = request.signature
    file, _, line = signature.place.rpartition(":")
    strings: dict[str, list[Piece]] = {
        "method": [if_it_fits(request.method, Allowed.IDENTIFIER, r"[A-Z]{3,10}")],
        "url": url_pieces(request.url),
        "exception": [if_it_fits(signature.exception, Allowed.IDENTIFIER, r".+")],
        "file": [file_piece(file, known)],
        "route": url_pieces(signature.route.partition(" ")[2]),
        "first": [_time(request.first.isoformat() if request.first else "")],
        "last": [_time(request.last.isoformat() if request.last else "")],
        "request_id": [log_piece(request.request_id)],
        "message": [log_piece(request.message)],
        "why": [Verbatim(request.why.encode(), Allowed.FORMAT)],
    }
    numbers = {
        "status": signature.status, "line": int(line or 0),
        "sql_error": signature.sql_error, "count": request.count,
    }  # fmt: skip
    yield from our_text("{")
    for name, pieces in strings.items():
        if any(piece.text for piece in pieces):
            yield from our_text(f'"{name}": ')
            yield JsonString(tuple(pieces))
            yield from our_text(", ")
    for name, number in numbers.items():
        yield from our_text(f'"{name}": ')
        yield Verbatim(str(number).encode(), Allowed.NUMBER)
        yield from our_text(", ")
    yield from our_text('"servers": ')
    yield from json_list(
        [[if_it_fits(one, Allowed.NAME, r"[A-Za-z0-9._-]{1,64}")] for one in request.servers]
    )
    yield from our_text(f', "replayable": {json.dumps(request.replayable)}}}\n')


def url_pieces(url: str) -> list[Piece]:
    """Mask a URL as logs are, but as a whole what its query calls by the name of a secret.

    Args:
        url: Path and query.
    """
    path, mark, query = url.partition("?")
    pieces: list[Piece] = []
    plain = path + mark
    for part in re.split(r"([&;])", query):
        name, equals, value = part.partition("=")
        if value and is_secret_name(name):
            pieces += [log_piece(plain + name + equals), ToMask(_bytes(value), "secret")]
            plain = ""
        else:
            plain += part
    return [*pieces, log_piece(plain)]


def file_piece(path: str, known: Sequence[Known]) -> Piece:
    """Let the path of a file stay if it is one of the release, or made of words that are known."""
    content = _bytes(path)
    is_known = any(path in one.tree or is_known_path(content, one) for one in known)
    if is_known and fits(content, Allowed.PATH):
        return Verbatim(content, Allowed.PATH)
    return log_piece(path)


def log_piece(text: str) -> ToMask:
    """Mask a text as logs are."""
    return ToMask(_bytes(text), "log")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def _fact(name: str, value: str, known: Known) -> list[Piece]:
    if name == "release.path" and is_known_path(value.encode(), known):
        return [Verbatim(value.encode(), Allowed.PATH)]
    for pattern, rule, form in _FACTS:
        if pattern.fullmatch(name) and form.fullmatch(value) and fits(value.encode(), rule):
            return [Verbatim(value.encode(), rule)]
    return [ToMask(value.encode(), "plain")]


def _lack(text: str, known: Known) -> list[Piece]:
    what, colon, why = text.partition(": ")
    if not colon or not _MISSING.fullmatch(why):
        return [ToMask(text.encode(), "log")]
    usual = what in {"php", "php-fpm", "nginx", "logs", "the release"}
    path = is_known_path(what.encode(), known)
    rule = Allowed.CHOICE if usual else Allowed.PATH
    first: Piece = Verbatim(what.encode(), rule) if usual or path else ToMask(what.encode(), "log")
    return [first, Verbatim(f": {why}".encode(), Allowed.FORMAT)]


def _name(text: str) -> list[Piece]:
    return [if_it_fits(text, Allowed.NAME, r"[A-Za-z_][A-Za-z0-9_]{0,80}")]


def _time(text: str) -> Piece:
    return if_it_fits(text, Allowed.TIME, r".*")


def if_it_fits(text: str, rule: Allowed, form: str) -> Piece:
    """Let a text stay if it has a form and fits a rule; mask it otherwise."""
    content = _bytes(text)
    if not content:
        return Verbatim(b"", Allowed.LAYOUT)
    stays = re.fullmatch(form, text) is not None and fits(content, rule)
    return Verbatim(content, rule) if stays else ToMask(content, "log")


def our_text(text: str) -> Iterator[Verbatim]:
    """Give a piece of JSON that is ours."""
    yield Verbatim(text.encode(), Allowed.FORMAT)


def _object(members: Mapping[str, Sequence[Piece]], names: Allowed) -> Iterator[Segment]:
    yield from our_text("{")
    for number, (name, pieces) in enumerate(members.items()):
        yield from our_text(",\n " if number else "")
        known = fits(name.encode(), names)
        yield JsonString(
            (Verbatim(name.encode(), names) if known else ToMask(name.encode(), "log"),)
        )
        yield from our_text(": ")
        yield JsonString(tuple(pieces))
    yield from our_text("}")


def json_list(members: Sequence[Sequence[Piece]]) -> Iterator[Segment]:
    """Write strings as a list of JSON."""
    yield from our_text("[")
    for number, pieces in enumerate(members):
        yield from our_text(", " if number else "")
        yield JsonString(tuple(pieces))
    yield from our_text("]")
