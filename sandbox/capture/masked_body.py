"""Mask what a request carries: JSON, parameters of forms and URLs, each value by its name.

Texts become what they become in logs, and a mail address what it is in its table. Passwords become
the known one; other secrets are masked as a whole, and so is what has the name of a masked column.
A day that is asked for stays, as it does in tables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from enum import IntEnum
from functools import cache
from urllib.parse import quote, unquote_plus

from pydantic import JsonValue

from sandbox.capture.given_requests import Step, is_flat
from sandbox.capture.masked import Piece, log_piece, our_text
from sandbox.masking.dictionary import key_words, message_words, split_camel, word_set
from sandbox.masking.maskers.passwords import KNOWN_PASSWORD
from sandbox.masking.secret_names import is_secret_name, speaks_of_secret
from sandbox.masking.segments import Allowed, JsonString, MaskText, Segment, ToMask, Verbatim

NamesPersons = Callable[[str, str], bool]
"""Tells, of a path and the name of a member or parameter, whether its values are of persons."""

_FORM = "application/x-www-form-urlencoded"
_PASSWORD = re.compile(
    r"(?:\w*(?:passwor[dt]|kennwort|passwd)|pass|pwd|pw)s?(?:confirm|repeat|again|new|old)?\w*"
)
# Beside it, a value may be that of a secret: {"name": "password", "value": …}.
_NAMES_ANOTHER = word_set("name key field param parameter id")
_LONGEST_NAME = 64
_NAME = re.compile(r"[A-Za-z0-9_.\[\]-]{1,100}")
_LONG_NUMBER = re.compile(r"\d{7}")
# What members of forms are called, and keys of documents are not.
_OF_FORMS = word_set(
    "pass passwd pwd passwort kennwort confirm confirmation repeat again old new current login "
    "username telephone fax remember submit page sort search query q"
)
# A day that is asked for has to stay the one that rows have: dates of no person are kept there.
_MOMENTS = word_set("date datum day tag at on from to since until start end von bis time")
_OF_PERSONS = word_set("birth born dob geburt geburts geb birthday geburtsdatum geburtstag death")
_MOMENT = re.compile(
    r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:[0-2]\d|3[01])"
    r"(?:[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)
_SIMPLE = re.compile(r"(-?)(\d+)(?:\.(\d+))?")
_KEY_DIGITS, _PIECE, _LONGEST_PIECE = 9, 20, 2000
_MAIL = re.compile(r"[^\s@<>,;:\"()\[\]|=/\\]{1,64}@[^\s@<>,;:\"()\[\]|=/\\?&]{1,255}")
_DATE = re.compile(r"(?:1[6-9]|2[01])\d\d-\d\d-\d\d")
_TELEPHONE = re.compile(r"(?!000)\(?(?:\+\d|0\d)(?=(?:\D*\d){5,13}\D*$)[\d ()/-]{5,30}\d")
_RUN = re.compile(r"[^\W\d_]{2,}|\d+")


class _Kind(IntEnum):
    """What a value is, by the name that it stands under; the highest of several counts."""

    TEXT = 0
    MOMENT = 1
    PERSON = 2
    SECRET = 3
    PASSWORD = 4


def is_password_name(name: str) -> bool:
    """Tell whether a name is one of a password that somebody logs in with.

    >>> [is_password_name(one) for one in ("password", "user[pwd]", "newPassword", "api_key")]
    [True, True, True, False]
    """
    words = [word.casefold() for word in split_camel(name)]
    return is_secret_name(name) and any(_PASSWORD.fullmatch(word) for word in words)


class BodyWriter:
    """Writes what requests to one path carry.

    Args:
        path: The path.
        mask_text: `Masker.mask_text`.
        names_persons: Whether values of such a name are masked as a whole.
    """

    def __init__(self, path: str, mask_text: MaskText, names_persons: NamesPersons) -> None:
        self._path = path
        self._mask_text = mask_text
        self._names_persons = names_persons

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
                kind = "secret" if speaks_of_secret(body) else "log"
                yield JsonString((ToMask(_bytes(body), kind),))
                return
            body = parsed
        yield from self._value(body, _Kind.TEXT)

    def _form(self, body: str) -> Iterator[Piece]:
        """Write parameters, each decoded, masked and encoded again."""
        for number, pair in enumerate(body.split("&")):
            if number:
                yield Verbatim(b"&", Allowed.FORMAT)
            name, equals, value = pair.partition("=")
            decoded = unquote_plus(name, errors="surrogateescape")
            for piece in _name_pieces(decoded):
                stays = isinstance(piece, Verbatim)
                yield from _encoded(
                    piece.text if stays else self._mask_text(piece.text, "log").content
                )
            yield Verbatim(equals.encode(), Allowed.FORMAT)
            yield from self._encoded_value(value, self._kind_of(decoded))

    def parameter(self, name: str, value: str) -> Sequence[Piece] | None:
        """Give what becomes of a URL's parameter that has a kind; None for "as in logs"."""
        kind = self._kind_of(unquote_plus(name, errors="surrogateescape"))
        return None if kind is _Kind.TEXT else tuple(self._encoded_value(value, kind))

    def _encoded_value(self, value: str, kind: _Kind) -> Iterator[Verbatim]:
        text = unquote_plus(value, errors="surrogateescape")
        if kind is _Kind.MOMENT and _MOMENT.fullmatch(text):
            yield Verbatim(value.encode(), Allowed.CHOICE)
        else:
            yield from _encoded(self._mask(text, kind))

    def _value(self, value: JsonValue, kind: _Kind) -> Iterator[Segment]:
        if isinstance(value, dict):
            yield from self._object(value, kind)
        elif isinstance(value, list):
            yield from our_text("[")
            for number, inner in enumerate(value):
                yield from our_text(", " if number else "")
                yield from self._value(inner, kind)
            yield from our_text("]")
        elif isinstance(value, str):
            yield JsonString((self._piece(value, kind),))
        elif value is None or isinstance(value, bool):
            yield from our_text(json.dumps(value))
        elif kind is _Kind.PASSWORD:
            yield JsonString((Verbatim(KNOWN_PASSWORD.encode(), Allowed.FORMAT),))
        else:
            yield from self._number(value, kind)

    def _object(self, members: Mapping[str, JsonValue], kind: _Kind) -> Iterator[Segment]:
        another = _named_another(members)
        yield from our_text("{")
        for number, (name, inner) in enumerate(members.items()):
            yield from our_text(", " if number else "")
            yield JsonString(tuple(_name_pieces(name)))
            yield from our_text(": ")
            of_name = self._kind_of(name)
            if another and inner != another:
                of_name = max(of_name, self._kind_of(another))
            # What stands within a secret is one, whatever it is called.
            yield from self._value(inner, max(kind, of_name))
        yield from our_text("}")

    def _kind_of(self, name: str) -> _Kind:
        if is_password_name(name):
            return _Kind.PASSWORD
        if is_secret_name(name):
            return _Kind.SECRET
        last = (re.findall(r"[^\W\d]\w*", name) or [name])[-1]
        if self._names_persons(self._path, last):
            return _Kind.PERSON
        words = [word.casefold() for word in split_camel(last)]
        of_person = not _OF_PERSONS.isdisjoint(words)
        return _Kind.MOMENT if words[-1] in _MOMENTS and not of_person else _Kind.TEXT

    def _piece(self, text: str, kind: _Kind) -> Piece:
        if kind is _Kind.PASSWORD and text:
            return Verbatim(KNOWN_PASSWORD.encode(), Allowed.FORMAT)
        if kind is _Kind.MOMENT and _MOMENT.fullmatch(text):
            return Verbatim(text.encode(), Allowed.CHOICE)
        return ToMask(_bytes(text), "secret" if self._is_whole(text, kind) else "log")

    def _mask(self, text: str, kind: _Kind) -> bytes:
        if kind is _Kind.PASSWORD and text:
            return KNOWN_PASSWORD.encode()
        whole = self._is_whole(text, kind)
        return self._mask_text(_bytes(text), "secret" if whole else "log").content

    def _is_whole(self, text: str, kind: _Kind) -> bool:
        """Tell whether a text is masked as a whole.

        A mail address never is: then it would not be the one of its table any more. Of what a
        column of persons has, neither is what changes in every part as in logs.
        """
        if kind in {_Kind.TEXT, _Kind.MOMENT} or _MAIL.fullmatch(text):
            return False
        if kind is _Kind.PERSON and (_DATE.fullmatch(text) or _TELEPHONE.fullmatch(text)):
            return False
        masked = self._mask_text(_bytes(text), "log").content.decode("utf-8", "replace")
        stays = not set(_RUN.findall(text)).isdisjoint(_RUN.findall(masked))
        return stays or kind is not _Kind.PERSON

    def _number(self, value: float, kind: _Kind) -> Iterator[Verbatim]:
        """Keep what may be a key or an amount; of longer numbers the digits are masked."""
        found = _SIMPLE.fullmatch(format(Decimal(repr(value)), "f"))
        if found is None:  # Infinity, which JSON has not
            yield from our_text("null")
            return
        sign, whole, fraction = found.groups()
        yield from our_text(sign)
        yield from self._digits(whole, kind, leading=True)
        if fraction is not None:
            yield from our_text(".")
            yield from self._digits(fraction, kind, leading=False)

    def _digits(self, digits: str, kind: _Kind, *, leading: bool) -> Iterator[Verbatim]:
        if kind not in {_Kind.TEXT, _Kind.MOMENT} or len(digits) > _KEY_DIGITS:
            masked = self._mask_text(digits.encode(), "secret").content.decode("utf-8", "replace")
            if not re.fullmatch(r"\d+", masked, re.ASCII):
                masked = "0"
            # Zeros in front would make it no number.
            zeros = len(masked) - len(masked.lstrip("0"))
            digits = "1" * zeros + masked[zeros:] if leading and len(masked) > 1 else masked
        for start in range(0, len(digits), _PIECE):
            yield Verbatim(digits[start : start + _PIECE].encode(), Allowed.NUMBER)


def _name_pieces(name: str) -> Iterator[Piece]:
    """Let words of a name stay that keys are made of anywhere; others become as in logs."""
    if not _NAME.fullmatch(name):
        yield log_piece(name)
        return
    for run in re.findall(r"[A-Za-z]+|[^A-Za-z]+", name):
        stays = not _LONG_NUMBER.search(run) and all(
            len(word) == 1 or word.casefold() in _words_of_names() for word in split_camel(run)
        )
        yield Verbatim(run.encode(), Allowed.NAME) if stays else log_piece(run)


@cache
def _words_of_names() -> frozenset[str]:
    return key_words() | message_words() | _OF_FORMS


def _named_another(members: Mapping[str, JsonValue]) -> str:
    """Give the secret whose name is a value here, so that its own value stands beside it."""
    for name, value in members.items():
        is_name = isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME
        if is_name and name.lower() in _NAMES_ANOTHER and is_secret_name(str(value)):
            return str(value)
    return ""


def _parsed(body: str) -> JsonValue | None:
    """Give the object or list that a text is; None if it is none."""
    try:
        value: JsonValue = json.loads(body) if is_flat(body) else None
    except ValueError:
        return None
    return value if isinstance(value, dict | list) else None


def _encoded(masked: bytes) -> Iterator[Verbatim]:
    """Encode for a form what was masked already."""
    text = quote(masked, safe="[]@*")
    for start in range(0, len(text), _LONGEST_PIECE):
        yield Verbatim(text[start : start + _LONGEST_PIECE].encode(), Allowed.FORMAT)


def _bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a pair, which JSON can name
        return text.encode("utf-8", "backslashreplace")
