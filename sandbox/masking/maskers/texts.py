"""The maskers of text by name, for one domain, spelling and set of key rules."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property, partial

from sandbox.masking.charsets import charset_named
from sandbox.masking.maskers.addresses import Addresses, mask_mail, mask_url
from sandbox.masking.maskers.dates import is_iso_date, mask_dates_in_text
from sandbox.masking.maskers.free_text import FreeText
from sandbox.masking.maskers.identifiers import mask_card, mask_iban, mask_phone, mask_token
from sandbox.masking.maskers.json_text import is_json, mask_json
from sandbox.masking.maskers.nested import Nested, TextMask
from sandbox.masking.maskers.passwords import Passwords
from sandbox.masking.maskers.php import looks_serialized, mask_serialized, mask_session
from sandbox.masking.maskers.xml_text import looks_xml, mask_xml
from sandbox.masking.prf import Prf
from sandbox.masking.words import WORDS, Spelling, Words

_NUMBER = re.compile(r"\s*-?\d+(?:[.,]\d+)?\s*", re.ASCII)
_COUNTRY = re.compile(r"\s*[A-Za-z]{2}(?=\s?\d)", re.ASCII)
_ANSWERS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "none"})


class TextMaskers:
    """Gives text maskers by name.

    Args:
        prf: The key's functions.
        vocabulary: Words that stay in free text.
        domain: Domain of words; other kinds of values have their own beside it.
        spelling: How the column writes and compares.
        keys: Rules for keys in documents, the last that fits counts.
    """

    def __init__(
        self,
        prf: Prf,
        vocabulary: Collection[str],
        domain: str,
        spelling: Spelling,
        keys: Sequence[tuple[str, str]] = (),
    ) -> None:
        self._prf = prf
        self._domain = domain
        self._charset = charset_named(spelling.charset)
        self._vocabulary = vocabulary
        self._keys = keys
        self.words = Words(prf, domain, spelling)
        self._by_name: Mapping[str, TextMask] = {
            # A mail address is nowhere another one than in a column of them.
            **dict.fromkeys(
                ("shape", "words", "name", "postcode", "email", "username"), self._mask_shape
            ),
            "digits": self._mask_code,
            "phone": partial(mask_phone, self.words),
            "iban": partial(mask_iban, prf, self._beside("iban"), self.words),
            "card": partial(mask_card, prf, self._beside("card"), self.words),
            "ip": self._mask_ip,
            "token": partial(mask_token, prf, self._beside("token"), self.words),
            "session_id": partial(mask_token, prf, self._beside("token"), self.words),
            "url": self._mask_url,
            "password": Passwords(prf, self._beside("password"), self.words).mask,
            "free_text": self._mask_free_text,
            "date": lambda text: mask_dates_in_text(
                prf, self._beside("date"), text, "", self.words.mask
            ),
            "serialized": self._mask_serialized,
            "php_session": self._mask_session,
            "json": self._mask_json,
            "xml": self._mask_xml,
            "document": self.mask_document,
            "keep": lambda text: text,
        }

    def of(self, name: str) -> TextMask:
        """Give the masker of a name."""
        return self._by_name[name]

    @cached_property
    def addresses(self) -> Addresses:
        """Give the masker of machines' addresses."""
        return Addresses(self._prf, self._beside("ip"))

    @cached_property
    def free_text(self) -> FreeText:
        """Give the masker of free text."""
        return FreeText(self._prf, self.words, self.addresses, self._vocabulary)

    @cached_property
    def nested(self) -> Nested:
        """Give what masks the leaves of documents."""
        return Nested(self._prf, self._beside("number"), self._keys, self.of, self.free_text)

    def mask_by_key(self, key: str, text: str) -> str:
        """Mask the value of a row that another column names, as in tables of settings."""
        name = self.nested.masker_of(key)
        if name == "keep" or text.strip().casefold() in _ANSWERS:
            return text
        if name != "shape":
            return self.of(name)(text)
        return self.nested.mask_number(key, text) if _NUMBER.fullmatch(text) else (
            self.mask_document(text, key)
        )  # fmt: skip

    def mask_document(self, text: str, key: str = "") -> str:
        """Mask JSON, serialize(), XML or HTML, whichever it is; all else by shape."""
        if text.lstrip()[:1] in {"{", "[", '"'} and is_json(text):
            return mask_json(self.nested, text)
        if looks_serialized(self._encode(text)):
            return self._mask_serialized(text, key)
        if looks_xml(text):
            return mask_xml(self.nested, text)
        return self.of("date" if is_iso_date(text) else "shape")(text)

    def _beside(self, kind: str) -> str:
        """Give the domain of a kind of values: one for all tables unless a rule sets it apart."""
        return kind if self._domain in {WORDS, kind} else f"{self._domain}:{kind}"

    def _mask_shape(self, text: str) -> str:
        return mask_mail(self.words, text)

    def _mask_code(self, text: str) -> str:
        """Mask a number as text; a country in front of it stays: ``DE123456789``."""
        found = _COUNTRY.match(text)
        end = found.end() if found else 0
        return text[:end] + self.words.mask(text[end:])

    def _mask_free_text(self, text: str) -> str:
        return self.free_text.mask(text)

    def _mask_ip(self, text: str) -> str:
        return self.addresses.mask_text(text, self._mask_free_text)

    def _mask_url(self, text: str) -> str:
        return mask_url(self.words, self.addresses, self._mask_free_text, text)

    def _mask_json(self, text: str) -> str:
        return mask_json(self.nested, text) if is_json(text) else self._mask_shape(text)

    def _mask_xml(self, text: str) -> str:
        return mask_xml(self.nested, text) if looks_xml(text) else self._mask_shape(text)

    def _mask_serialized(self, text: str, key: str = "") -> str:
        written = self._encode(text)
        masked = mask_serialized(self.nested, self._mask_shape, self._charset, written, key)
        return self._decode(masked)

    def _mask_session(self, text: str) -> str:
        written = self._encode(text)
        return self._decode(mask_session(self.nested, self._mask_shape, self._charset, written))

    def _encode(self, text: str) -> bytes:
        return self._charset.encode(text)

    def _decode(self, value: bytes) -> str:
        return self._charset.decode(value)
