"""Mask one text, number or name of a request, by what it stands under.

Texts become what they become in logs, but that numbers of more than six digits, which are kept
there for they may be keys, stay where the name is one of a key only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cache

from sandbox.capture.masked import Piece, log_piece, our_text
from sandbox.capture.person_names import MAIL_ADDRESS
from sandbox.capture.value_kinds import Kind, Under
from sandbox.masking.dictionary import key_words, message_words, split_camel, word_set
from sandbox.masking.maskers.addresses import is_address
from sandbox.masking.maskers.dates import WRITTEN_DATE
from sandbox.masking.maskers.passwords import KNOWN_PASSWORD
from sandbox.masking.segments import Allowed, MaskText, ToMask, Verbatim

_NAME = re.compile(r"[A-Za-z0-9_.\[\]-]{1,100}")
# What members of forms are called, and keys of documents are not.
_OF_FORMS = word_set(
    "pass passwd pwd passwort kennwort confirm confirmation repeat again old new current login "
    "username telephone fax remember submit page sort search query q"
)
_MOMENT = re.compile(
    r"((?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:[0-2]\d|3[01]))"
    r"([T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)
_SIMPLE = re.compile(r"(-?)(\d+)(?:\.(\d+))?")
_SHORT, _KEY_DIGITS, _PIECE = 6, 9, 20
_INDEX = 2  # digits of a place in a list
_DATE = re.compile(WRITTEN_DATE)
_TELEPHONE = re.compile(r"(?!000)\(?(?:\+\d|0\d)(?=(?:\D*\d){5,13}\D*$)[\d ()/-]{5,30}\d")
_RUN = re.compile(r"[^\W\d_]{2,}|\d+")
_LETTER = re.compile(r"[^\W\d_]")
_FIGURE = re.compile(r"(?P<day>\d{4}-\d\d-\d\d(?=[T ]\d\d:))|\d+(?:\.\d+)?")
# Days that logs do not take for any: there, they are more often versions.
_DAY = re.compile(
    r"\d{4}([-./])\d{1,2}\1\d{1,2}|\d{1,2}([-./])\d{1,2}\2(?:\d{4}|\d\d)"
    r"|\d{1,2}\.? [^\W\d_]{3,10}\.? \d{4}|[^\W\d_]{3,10}\.? \d{1,2},? \d{4}"
)


class ValueMasker:
    """Masks texts, numbers and names.

    Args:
        mask_text: `Masker.mask_text`.
    """

    def __init__(self, mask_text: MaskText) -> None:
        self._mask_text = mask_text

    def text(self, text: str, under: Under) -> list[Piece]:
        """Give the pieces that a text becomes."""
        kind = under.kind
        if kind is Kind.PASSWORD and text:
            return [Verbatim(KNOWN_PASSWORD.encode(), Allowed.FORMAT)]
        if kind < Kind.SECRET and (moment := _MOMENT.fullmatch(text)):
            if kind is Kind.MOMENT:
                return [Verbatim(text.encode(), Allowed.CHOICE)]
            if moment[2] and self._log(moment[1]) != moment[1]:
                # In logs moments stay, for they are of what happened; this may be a birthday.
                return [log_piece(moment[1]), Verbatim(moment[2].encode(), Allowed.CHOICE)]
        if kind >= Kind.PERSON or self._is_figures(text, under):
            whole = self._is_whole(text, max(kind, Kind.PERSON))
            return [ToMask(as_bytes(text), "secret" if whole else "log")]
        return [ToMask(as_bytes(text), "log")] if under.is_key else list(self._words(text))

    def masked(self, pieces: Sequence[Piece]) -> bytes:
        """Give what pieces become, to be encoded."""
        return b"".join(
            one.text if isinstance(one, Verbatim) else self._mask_text(one.text, one.kind).content
            for one in pieces
        )

    def number(self, value: float, under: Under) -> Iterator[Verbatim]:
        """Keep what may be a key or an amount; of longer numbers the digits are masked."""
        if under.kind is Kind.PASSWORD:
            yield Verbatim(f'"{KNOWN_PASSWORD}"'.encode(), Allowed.FORMAT)
            return
        found = _SIMPLE.fullmatch(format(Decimal(repr(value)), "f"))
        if found is None:  # Infinity, which JSON has not
            yield from our_text("null")
            return
        sign, whole, fraction = found.groups()
        is_short = len((whole + (fraction or "")).lstrip("0")) <= _SHORT
        is_key = under.is_key and not (fraction or "0").strip("0")
        longest = max(len(whole), len(fraction or ""))
        stays = under.kind < Kind.PERSON and (is_short or is_key) and longest <= _KEY_DIGITS
        yield from our_text(sign)
        yield from _digits(whole if stays else self._other_digits(whole, leading=True))
        if fraction is not None:
            yield from our_text(".")
            yield from _digits(fraction if stays else self._other_digits(fraction, leading=False))

    def name(self, name: str, outer: Under) -> Iterator[Piece]:
        """Let words of a name stay that keys are made of anywhere; others become as in logs.

        A name may be a value: of digits those stay that may be a place in a list or a short key.
        """
        digits = sum(map(str.isdigit, name))
        if not _NAME.fullmatch(name) or (digits and not _LETTER.search(name)):
            secret = outer.kind >= Kind.PERSON and digits > _INDEX
            yield from self.text(name, Under(Kind.PERSON if secret else Kind.TEXT))
            return
        for run in re.findall(r"[A-Za-z]+|[^A-Za-z]+", name):
            if not run.isalpha():
                of_run = sum(map(str.isdigit, run))
                stays = digits <= _SHORT and (outer.kind < Kind.PERSON or of_run <= _INDEX)
                yield (
                    Verbatim(run.encode(), Allowed.NAME)
                    if stays or not of_run
                    else ToMask(run.encode(), "secret")
                )
                continue
            known = all(
                len(word) == 1 or word.casefold() in _words_of_names() for word in split_camel(run)
            )
            yield Verbatim(run.encode(), Allowed.NAME) if known else log_piece(run)

    def _log(self, text: str) -> str:
        return self._mask_text(as_bytes(text), "log").content.decode("utf-8", "replace")

    def _words(self, text: str) -> Iterator[Piece]:
        """Mask as logs are, and what is a long number in it and stayed as well."""
        kept = self._log(text) if _FIGURE.search(text) else ""
        end = 0
        for found in _FIGURE.finditer(text):
            if has_long_number(found[0]) and found[0] in kept:
                yield ToMask(as_bytes(text[end : found.start()]), "log")
                # The day of a moment is moved like one without a time.
                moves = found["day"] and self._log(found[0]) != found[0]
                yield ToMask(as_bytes(found[0]), "log" if moves else "secret")
                end = found.end()
        yield ToMask(as_bytes(text[end:]), "log")

    def _is_figures(self, text: str, under: Under) -> bool:
        """Tell whether a text is a day, or digits and signs that may not stay under its name."""
        if _DAY.fullmatch(text):
            return True
        if not has_long_number(text) or _LETTER.search(text):
            return False
        return not (under.is_key and len(text) <= _KEY_DIGITS and text.isdecimal())

    def _is_whole(self, text: str, kind: Kind) -> bool:
        """Tell whether a text is masked as a whole.

        A mail address never is: then it would not be the one of its table any more. Of what a
        column of persons has, neither is what changes in every part as in logs.
        """
        if MAIL_ADDRESS.fullmatch(text):
            return False
        masked = self._log(text)
        keeps_form = _DATE.fullmatch(text) or _TELEPHONE.fullmatch(text) or is_address(text)
        if kind is Kind.PERSON and masked != text and keeps_form:
            return False
        stays = not set(_RUN.findall(text)).isdisjoint(_RUN.findall(masked))
        return stays or kind is not Kind.PERSON

    def _other_digits(self, digits: str, *, leading: bool) -> str:
        masked = self._mask_text(digits.encode(), "secret").content.decode("utf-8", "replace")
        if not re.fullmatch(r"\d+", masked, re.ASCII):
            masked = "0"
        if not leading or len(masked) == 1:
            return masked
        # Zeros in front would make it no number.
        zeros = len(masked) - len(masked.lstrip("0"))
        return "1" * zeros + masked[zeros:]


def has_long_number(text: str) -> bool:
    """Tell whether a text has more digits than may stay under any name."""
    return sum(map(str.isdigit, text)) > _SHORT


def _digits(digits: str) -> Iterator[Verbatim]:
    for start in range(0, len(digits), _PIECE):
        yield Verbatim(digits[start : start + _PIECE].encode(), Allowed.NUMBER)


@cache
def _words_of_names() -> frozenset[str]:
    return key_words() | message_words() | _OF_FORMS


def as_bytes(text: str) -> bytes:
    """Give a text in UTF-8, also one that is none."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a pair, which JSON can name
        return text.encode("utf-8", "backslashreplace")
