"""Mask what a request carries: JSON, parameters of forms and URLs, each value by its names.

Texts become what they become in logs, and a mail address what it is in its table. Passwords become
the known one; other secrets are masked as a whole, and so is what is a person's by the name of a
masked column or by its own. A day that is asked for stays, as it does in tables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote, unquote, unquote_plus

from pydantic import JsonValue

from sandbox.capture.given_requests import Step, is_flat
from sandbox.capture.masked import Piece, log_piece, our_text
from sandbox.capture.masked_value import ValueMasker, as_bytes, has_long_number
from sandbox.capture.value_kinds import AsksOfName, Kind, NameReader, Under
from sandbox.masking.secret_names import speaks_of_secret
from sandbox.masking.segments import (
    Allowed,
    JsonString,
    MaskText,
    Segment,
    ToMask,
    Verbatim,
    assemble,
)

_FORM = "application/x-www-form-urlencoded"
_LONGEST_PIECE = 2000
_PAIR, _LONGEST_NAME = 2, 200
_MOST_LEVELS = 3  # of JSON that is a string in JSON
_KEY = re.compile(r"\d{1,9}", re.ASCII)
_SHORT_KEY = re.compile(r"\d{1,6}", re.ASCII)
_WORD = re.compile(r"[A-Za-z][A-Za-z_-]*\d{1,2}", re.ASCII)
_LINK = re.compile(r"(?:https?:/)?/[^\s?#]*\?[^\s]+", re.IGNORECASE)
_QUERY = re.compile(r"[\w.%\[\]-]{1,200}=[^\s&]*(?:&[\w.%\[\]-]{1,200}=[^\s&]*)+")
_SERIALIZED = re.compile(r"[aOC]:\d+:")  # by PHP
_LAST = re.compile(r"(.*?)([^\W\d]\w*)\W*")
# Values with a name beside them, in texts of no format that is read: XML, parts of a form, lines.
_NAMED = (
    re.compile(r"<([\w.:-]{1,100})(?:\s[^<>]{0,500})?>([^<>]{1,1000})</"),
    re.compile(r"\s([\w.:-]{1,100})=[\"']([^\"'<>]{1,1000})[\"']"),
    re.compile(r"name=\"([^\"\r\n]{1,100})\"[^\n]*\n(?:[^\s][^\n]*\n){0,9}\r?\n([^\r\n]{1,1000})"),
    re.compile(r"(?<![\w.-])([A-Za-z][\w.-]{0,99})[ \t]*[:=][ \t]*([+-]?\d[\d.,/ -]{0,40})"),
)


class BodyWriter:
    """Writes what one request carries.

    Args:
        url: Its path and query.
        mask_text: `Masker.mask_text`.
        names_persons: Whether values of such a name are masked as a whole.
        names_keys: Whether such a name is one of a kept column that rows are told apart by.
    """

    def __init__(
        self, url: str, mask_text: MaskText, names_persons: AsksOfName, names_keys: AsksOfName
    ) -> None:
        self._path, self._mark, self._query = url.partition("?")
        self._mask_text = mask_text
        self._values = ValueMasker(mask_text)
        self._names = NameReader(self._path, names_persons, names_keys)
        self._level = 0

    def body(self, step: Step) -> Iterator[Segment]:
        """Write a body: JSON, the text of a form, or any other text."""
        body: JsonValue = step.body
        if isinstance(body, str):
            if step.header("content-type").partition(";")[0].strip().lower() == _FORM:
                yield JsonString(tuple(self._form(body)))
                return
            parsed = _parsed(body)
            if parsed is None:
                # Where a secret begins and ends is not known of every format.
                secret = speaks_of_secret(body)
                whole: list[Piece] = [ToMask(as_bytes(body), "secret")]
                yield JsonString(tuple(whole if secret else self._of_no_format(body)))
                return
            body = parsed
        yield from self._value(body, Under())

    def url(self) -> Iterator[Piece]:
        """Write the URL: what it is in logs, but for what is special by its name or as a number."""
        plain = ""
        for text, special in (*self._segments(), *self._parameters(self._mark, self._query)):
            if special is None:
                plain += text
            else:
                yield log_piece(plain)
                yield from special
                plain = ""
        yield log_piece(plain)

    def header(self, name: str, value: str) -> tuple[list[Piece], list[Piece]]:
        """Give what a header's name and value become."""
        if name.lower() == "user-agent":
            return [log_piece(name)], [log_piece(value)]
        return self.field(name), self._pieces(value, self._names.under(name, Under()))

    def field(self, name: str) -> list[Piece]:
        """Give what a name becomes that stands alone: as in logs, but for long numbers in it."""
        return self._values.text(name, Under())

    def _segments(self) -> Iterator[tuple[str, Sequence[Piece] | None]]:
        """Give the path in parts, each with what is special of it."""
        words: list[str] = []
        for part in re.split("(/)", self._path):
            text = unquote(part, errors="surrogateescape")
            if any(map(str.isdigit, text)) and not self._is_word(text, words):
                yield part, self._segment(part, text, words)
            else:
                yield part, None
                words += [text] if text.strip("/") else []

    def _is_word(self, text: str, words: Sequence[str]) -> bool:
        """Tell whether a part of a path with digits is a word all the same: ``v2``, ``last4``."""
        secret = words and self._names.under(words[-1], Under()).kind >= Kind.SECRET
        return not secret and _WORD.fullmatch(text) is not None

    def _segment(self, raw: str, text: str, words: Sequence[str]) -> Sequence[Piece] | None:
        leads = self._names.leads_to_row(words)
        found = self._names.under(words[-1], Under()) if words else Under()
        if found.kind < Kind.PERSON:
            # Rows have numbers and articles: "orders/4711", "products/SKU-99".
            key = _KEY.fullmatch(text) or not text.isdecimal()
            return None if leads and key else self._special(raw, text, Under())
        # "addresses" are rows, and "pins" are none that anybody may know.
        if found.kind is Kind.PERSON and leads and _SHORT_KEY.fullmatch(text):
            return None
        return self._special(raw, text, found)

    def _parameters(self, mark: str, query: str) -> Iterator[tuple[str, Sequence[Piece] | None]]:
        """Give a query in parts, each with what is special of it."""
        yield mark, None
        parts = re.split(r"([&;])", query)
        beside = self._named_in(parts)
        for part in parts:
            name, equals, value = part.partition("=")
            decoded = unquote_plus(name, errors="surrogateescape")
            text = unquote_plus(value, errors="surrogateescape")
            found = self._of_pair(decoded, text, beside)
            yield name, self._name(name, decoded, found)
            yield equals, None
            yield value, self._special(value, text, found)

    def _special(self, raw: str, text: str, under: Under) -> Sequence[Piece] | None:
        """Give what a part of a URL becomes, encoded; None where that is what it is in logs."""
        pieces = self._pieces(text, under)
        as_in_logs = under.kind is Kind.TEXT and [one for one in pieces if _is_log(one)] == pieces
        # Logs do not read a telephone whose blanks are spelled as "+".
        if as_in_logs and len(pieces) == 1 and (raw == text or not has_long_number(text)):
            return None
        return tuple(self._encoded(raw, text, pieces))

    def _name(self, raw: str, name: str, found: Under) -> Sequence[Piece] | None:
        if found.kind >= Kind.PERSON and any(map(str.isdigit, name)):
            return tuple(_encoded(self._values.masked(list(self._values.name(name, found)))))
        return self._special(raw, name, Under())

    def _encoded(self, raw: str, text: str, pieces: Sequence[Piece]) -> Iterator[Piece]:
        if pieces == [Verbatim(as_bytes(text), Allowed.CHOICE)]:
            yield Verbatim(raw.encode(), Allowed.CHOICE)  # a moment, however it is spelled
        else:
            yield from _encoded(self._values.masked(pieces))

    def _form(self, body: str) -> Iterator[Piece]:
        """Write parameters, each decoded, masked and encoded again."""
        pairs = body.split("&")
        beside = self._named_in(pairs)
        for number, pair in enumerate(pairs):
            if number:
                yield Verbatim(b"&", Allowed.FORMAT)
            name, equals, value = pair.partition("=")
            decoded = unquote_plus(name, errors="surrogateescape")
            text = unquote_plus(value, errors="surrogateescape")
            found = self._of_pair(decoded, text, beside)
            yield from _encoded(self._values.masked(list(self._values.name(decoded, found))))
            yield Verbatim(equals.encode(), Allowed.FORMAT)
            yield from self._encoded(value, text, self._pieces(text, found))

    def _named_in(self, pairs: Sequence[str]) -> Mapping[str, tuple[str, Under]]:
        """Give, by what is in front of the last part of names, the name that a value there is."""
        beside: dict[str, tuple[str, Under]] = {}
        for pair in pairs:
            name, _, value = (unquote_plus(one) for one in pair.partition("="))
            before, last = _cut_name(name)
            another = self._names.named_by(last, value, Under())
            if another and (before not in beside or another.kind > beside[before][1].kind):
                beside[before] = value, another
        return beside

    def _of_pair(self, name: str, value: str, beside: Mapping[str, tuple[str, Under]]) -> Under:
        found = self._names.under(name, Under())
        before, last = _cut_name(name)
        another = beside.get(before)
        if another is None or another[0] == value:
            return found
        return self._names.beside(found, last, another[1])

    def _value(self, value: JsonValue, under: Under) -> Iterator[Segment]:
        if isinstance(value, dict):
            yield from self._object(value, under)
        elif isinstance(value, list):
            yield from self._list(value, under)
        elif isinstance(value, str):
            yield JsonString(tuple(self._pieces(value, under)))
        elif value is None or isinstance(value, bool):
            yield from our_text(json.dumps(value))
        else:
            yield from self._values.number(value, under)

    def _list(self, values: Sequence[JsonValue], under: Under) -> Iterator[Segment]:
        yield from our_text("[")
        # ["pin", 123456] is a pair, too; ["email", "phone"] are names.
        another = self._names.named_by("name", values[0], under) if len(values) == _PAIR else None
        for number, inner in enumerate(values):
            yield from our_text(", " if number else "")
            named = number and another and (another.kind > Kind.PERSON or type(inner) is not str)
            yield from self._value(
                inner, self._names.beside(under, "value", another) if named else under
            )
        yield from our_text("]")

    def _object(self, members: Mapping[str, JsonValue], under: Under) -> Iterator[Segment]:
        named = [
            (another, value)
            for name, value in members.items()
            if (another := self._names.named_by(name, value, under))
        ]
        another, said = max(named, key=lambda one: one[0].kind, default=(None, None))
        yield from our_text("{")
        for number, (name, inner) in enumerate(members.items()):
            yield from our_text(", " if number else "")
            yield JsonString(tuple(self._values.name(name, under)))
            yield from our_text(": ")
            found = self._names.under(name, under)
            if inner != said:
                found = self._names.beside(found, name, another)
            yield from self._value(inner, found)
        yield from our_text("}")

    def _pieces(self, text: str, under: Under) -> list[Piece]:
        """Mask a text; one that is JSON itself, or a link, in its parts."""
        if under.kind < Kind.SECRET and text[:1] in {"{", "["}:
            inner = _parsed(text)
            if inner is not None and self._level < _MOST_LEVELS:
                self._level += 1
                written = assemble(self._value(inner, under), self._mask_text).content
                self._level -= 1
                return list(_verbatim(written.decode().replace("\x7f", "\\u007f")))
            if inner is not None:
                return [ToMask(as_bytes(text), "secret")]
        if _SERIALIZED.match(text) and speaks_of_secret(text):
            return [ToMask(as_bytes(text), "secret")]
        is_query = _QUERY.fullmatch(text) is not None
        if under.kind < Kind.PERSON and (is_query or _LINK.fullmatch(text)):
            path, mark, query = ("", "", text) if is_query else text.partition("?")
            pieces: list[Piece] = []
            for part, special in ((path, None), *self._parameters(mark, query)):
                pieces += self._values.text(part, Under()) if special is None else special
            return pieces
        return self._values.text(text, under)

    def _of_no_format(self, text: str) -> Iterator[Piece]:
        """Mask a text as logs are, but for values that have a name beside them."""
        spans = sorted(
            (*found.span(2), found[1]) for form in _NAMED for found in form.finditer(text)
        )
        end = 0
        for start, stop, name in spans:
            found = self._names.under(name, Under())
            if start >= end and found.kind >= Kind.PERSON:
                yield from self._values.text(text[end:start], Under())
                yield from self._values.text(text[start:stop], found)
                end = stop
        yield from self._values.text(text[end:], Under())


def _is_log(piece: Piece) -> bool:
    return isinstance(piece, ToMask) and piece.kind == "log"


def _cut_name(name: str) -> tuple[str, str]:
    """Give what is in front of the last part of a name, and that part."""
    found = _LAST.fullmatch(name) if len(name) <= _LONGEST_NAME else None
    return (found[1], found[2]) if found else ("", name)


def _parsed(body: str) -> JsonValue | None:
    """Give the object or list that a text is; None if it is none."""
    try:
        value: JsonValue = json.loads(body) if is_flat(body) else None
    except ValueError:
        return None
    return value if isinstance(value, dict | list) else None


def _encoded(masked: bytes) -> Iterator[Verbatim]:
    """Encode for a form what was masked already."""
    return _verbatim(quote(masked, safe="[]@*"))


def _verbatim(text: str) -> Iterator[Verbatim]:
    for start in range(0, len(text), _LONGEST_PIECE):
        yield Verbatim(text[start : start + _LONGEST_PIECE].encode(), Allowed.FORMAT)
