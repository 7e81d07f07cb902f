"""A column's treatment as a function of its cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace

from sandbox.masking.assignment import Treatment
from sandbox.masking.charsets import Charset, charset_named
from sandbox.masking.maskers import catalogue
from sandbox.masking.maskers.addresses import Addresses
from sandbox.masking.maskers.binary import mask_bytes
from sandbox.masking.maskers.catalogue import KEY_OPTION, family_of
from sandbox.masking.maskers.dates import mask_date, mask_dates_in_text
from sandbox.masking.maskers.held import constant_of, declared_length, held_by
from sandbox.masking.maskers.number_types import NumberType
from sandbox.masking.maskers.numbers import first_of_year, mask_coordinate, mask_integer
from sandbox.masking.maskers.php import looks_serialized
from sandbox.masking.maskers.texts import TextMaskers
from sandbox.masking.prf import Prf
from sandbox.masking.words import WORDS, Spelling
from sandbox.model import Column

BytesMask = Callable[[bytes], bytes]
PairMask = Callable[[bytes, bytes], bytes]
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
# What these hold keeps its form, whatever the rule says: the server refuses all else.
_OF_FORM = {"uuid": "token", "inet4": "ip", "inet6": "ip"}
_PACKED_LENGTHS = frozenset({4, 16})
_UNICODE_COLLATIONS = re.compile(
    r"(?:utf8|utf8mb3|utf8mb4|ucs2|utf16|utf16le|utf32|uca1400)_"
    r"(?:unicode|general|bin|0900|nopad_bin|uca1400|general_nopad|unicode_520|unicode_nopad|ai|as)"
    r"(?:_|$)"
)
_OF_NO_LANGUAGE = re.compile(r".*_(?:bin|nopad_bin|general_cs|general_ci|general_nopad_ci)")
_MARKS_ARE_NOTHING = re.compile(r"latin1_german[12]_ci|latin1_swedish_(?:nopad_)?ci")


def spelling_of(column: Column, *, is_unique: bool) -> Spelling:
    """Give how a column writes and compares.

    Args:
        column: The column.
        is_unique: Whether a unique key speaks of it.
    """
    collation = column.collation
    fits = (
        not collation
        or _UNICODE_COLLATIONS.match(collation) is not None
        or _OF_NO_LANGUAGE.fullmatch(collation) is not None
        or collation == "latin1_german1_ci"
    )
    return Spelling(
        charset=column.charset or ("ascii" if column.kind in {"uuid", "inet4", "inet6"} else ""),
        accents_stay=is_unique and not fits,
        tells_accents=_MARKS_ARE_NOTHING.fullmatch(collation) is None,
    )


class ColumnMaskers:
    """Makes the functions of columns.

    Args:
        prf: The key's functions.
        vocabulary: Words that stay in free text.
        keys: Rules for keys in documents of any column.
    """

    def __init__(
        self, prf: Prf, vocabulary: Collection[str], keys: tuple[tuple[str, str], ...]
    ) -> None:
        self._prf = prf
        self._vocabulary = vocabulary
        self._keys = keys
        self._texts: dict[object, TextMaskers] = {}

    def texts(
        self, domain: str, spelling: Spelling, keys: tuple[tuple[str, str], ...] = ()
    ) -> TextMaskers:
        """Give the text maskers of a domain and spelling; one for all columns that share them."""
        name = (domain, spelling, keys)
        found = self._texts.get(name)
        if found is None:
            found = TextMaskers(self._prf, self._vocabulary, domain, spelling, (*self._keys, *keys))
            self._texts[name] = found
        return found

    def simple(self, column: Column, treatment: Treatment, spelling: Spelling) -> BytesMask:
        """Give the function of a column that depends on no other."""
        mask, held = self._of_family(column, treatment, spelling), held_by(column)
        return mask if held is None else lambda cell: held(mask(cell))

    def _of_family(self, column: Column, treatment: Treatment, spelling: Spelling) -> BytesMask:
        masker, family = treatment.masker, family_of(column)
        if masker == "constant":
            value = constant_of(column, treatment.options["value"])
            return lambda _: value
        if family in {catalogue.INTEGER, catalogue.NUMBER}:
            return self._number(column, treatment)
        if column.kind in _OF_FORM:
            texts = self.texts(treatment.domain, spelling)
            return self._text(
                column, texts, replace(treatment, masker=_OF_FORM[column.kind]), spelling
            )
        if family == catalogue.DATE and masker == "generalise":
            return lambda cell: first_of_year(cell.decode("ascii")).encode()
        if masker == "date":
            mask_for = self._date(column, treatment, spelling)
            return lambda cell: mask_for(cell, b"")
        return self._text_or_bytes(column, treatment, spelling)

    def _text_or_bytes(self, column: Column, treatment: Treatment, spelling: Spelling) -> BytesMask:
        domain = treatment.domain
        if treatment.masker == "binary":
            keep_magic = treatment.options.get("magic") == "keep"
            return lambda cell: mask_bytes(self._prf, domain, cell, keep_magic=keep_magic)
        texts = self.texts(domain, spelling, _key_rules(treatment))
        mask = self._text(column, texts, treatment, spelling)
        if family_of(column) != catalogue.BINARY:
            return mask
        mask_if_text = self._if_text(treatment, mask)
        return _packed(texts.addresses, mask_if_text) if treatment.masker == "ip" else mask_if_text

    def paired(self, column: Column, treatment: Treatment, spelling: Spelling) -> PairMask:
        """Give the function of a column that depends on another of the row."""
        if column.kind in _OF_FORM:
            mask_alone = self.simple(column, treatment, spelling)
            return lambda cell, _: mask_alone(cell)
        is_date = treatment.masker == "date"
        mask = (self._date if is_date else self._by_key)(column, treatment, spelling)
        held = held_by(column)
        return mask if held is None else lambda cell, other: held(mask(cell, other))

    def _by_key(self, _: Column, treatment: Treatment, spelling: Spelling) -> PairMask:
        texts = self.texts(treatment.domain, spelling, _key_rules(treatment))
        charset = charset_named(spelling.charset)

        def mask(cell: bytes, key: bytes) -> bytes:
            name = key.decode("utf-8", "surrogateescape")
            return charset.encode(texts.mask_by_key(name, charset.decode(cell)))

        return mask

    def _date(self, column: Column, treatment: Treatment, spelling: Spelling) -> PairMask:
        """Give the function of dates and the persons that they belong to."""
        domain, is_timestamp = treatment.domain, column.kind == "timestamp"
        # Who stands beside a date is called as everywhere, unless a rule sets the column apart.
        words = self.texts(WORDS if domain == "date" else domain, spelling).words
        charset = charset_named(spelling.charset)

        def mask_moment(cell: bytes, person: bytes) -> bytes:
            written, whose = cell.decode("ascii"), person.decode("latin-1")
            return mask_date(self._prf, domain, written, whose, timestamp=is_timestamp).encode()

        def mask_text(cell: bytes, person: bytes) -> bytes:
            whose = person.decode("latin-1")
            return self._as_text(
                charset,
                domain,
                cell,
                lambda text: mask_dates_in_text(self._prf, domain, text, whose, words.mask),
            )

        return mask_moment if family_of(column) == catalogue.DATE else mask_text

    def _as_text(
        self, charset: Charset, domain: str, cell: bytes, mask: Callable[[str], str]
    ) -> bytes:
        try:
            text = charset.decode(cell)
        except UnicodeDecodeError:
            # No whole signs: there is no text to be kept in shape.
            return mask_bytes(self._prf, domain, cell, keep_magic=False)
        return charset.encode(mask(text))

    def _number(self, column: Column, treatment: Treatment) -> BytesMask:
        number, masker, domain = NumberType.of(column), treatment.masker, treatment.domain

        def mask(text: str) -> str:
            if masker == "generalise":
                return number.generalise(text, treatment.options["unit"])
            if masker == "coordinate":
                return number.coarse(text, mask_coordinate)
            if column.is_integer:
                return mask_integer(self._prf, domain, text, number.largest)
            return number.mask_digits(self._prf, domain, text)

        return lambda cell: mask(cell.decode("ascii")).encode()

    def _if_text(self, treatment: Treatment, mask: BytesMask) -> BytesMask:
        """Mask bytes of a binary column as text only where they are some."""
        formats = {"serialized", "php_session"}

        def mask_if_text(cell: bytes) -> bytes:
            is_text = cell.isascii() and not _CONTROL.search(cell)
            if is_text or treatment.masker in formats or looks_serialized(cell):
                return mask(cell)
            if treatment.masker in {"token", "session_id"} or not _is_utf8(cell):
                return mask_bytes(self._prf, treatment.domain, cell, keep_magic=False)
            return mask(cell)

        return mask_if_text

    def _text(
        self, column: Column, texts: TextMaskers, treatment: Treatment, spelling: Spelling
    ) -> BytesMask:
        mask = texts.of(treatment.masker)
        charset = charset_named(spelling.charset)
        longest = declared_length(column) if treatment.masker == "password" else None

        def mask_to_fit(text: str) -> str:
            masked = mask(text)
            fits = longest is None or len(masked) <= max(longest, len(text))
            return masked if fits else texts.words.mask(text)

        return lambda cell: self._as_text(charset, treatment.domain, cell, mask_to_fit)


def _packed(addresses: Addresses, mask_other: BytesMask) -> BytesMask:
    """Mask packed addresses as such, whatever else is in the column as `mask_other` does."""

    def mask(cell: bytes) -> bytes:
        if len(cell) in _PACKED_LENGTHS and not cell.replace(b".", b"").isdigit():
            return addresses.mask_packed(cell)
        return mask_other(cell)

    return mask


def _is_utf8(cell: bytes) -> bool:
    try:
        cell.decode()
    except UnicodeDecodeError:
        return False
    return True


def _key_rules(treatment: Treatment) -> tuple[tuple[str, str], ...]:
    return tuple(
        (option.removeprefix(KEY_OPTION), masker)
        for option, masker in treatment.options.items()
        if option.startswith(KEY_OPTION)
    )
