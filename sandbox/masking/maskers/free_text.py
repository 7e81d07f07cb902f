"""Free text, logs and configuration: what is not known to be harmless becomes a pseudonym.

Words of the vocabulary stay. Mail addresses, machines, bank accounts, telephones, dates and tokens
become what they become in tables; every other word becomes its pseudonym.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection

from sandbox.masking.dictionary import split_camel
from sandbox.masking.maskers.addresses import Addresses, is_address, mask_mail, mask_url
from sandbox.masking.maskers.dates import move_written_date
from sandbox.masking.maskers.free_text_pattern import (
    SIGNS_BEHIND_WORDS,
    WITHOUT_IBANS,
    find_secrets,
    is_token,
    pattern_for,
)
from sandbox.masking.maskers.identifiers import (
    is_hex_token,
    is_iban,
    is_luhn,
    mask_card,
    mask_iban,
    mask_telephone,
    mask_token,
)
from sandbox.masking.maskers.spelled import read_escaped
from sandbox.masking.prf import Prf
from sandbox.masking.secret_names import is_secret_name
from sandbox.masking.words import WORD, Words

_SETTING = re.compile(
    r"^([ \t]*[A-Za-z_][\w.\-]{0,80}(?:\[\])?[ \t]*=(?!>)[ \t]*)(.*)$", re.MULTILINE | re.ASCII
)
_LETTERS = re.compile(r"[A-Za-z]+")
_PIECE = re.compile(rf"(\d+)|({WORD.pattern})")
_SURROGATE_DIGITS = 9
_BESIDE_SECRETS = " \t\r\"'"
_TELEPHONE_DIGITS = range(7, 16)
_PRODUCTS = re.compile(
    r"(?:Chrome|Chromium|CriOS|Firefox|FxiOS|Safari|Version|Edge?|OPR|Opera|Gecko|Trident|MSIE|PHP|nginx|Apache)"
    r"[/ ]$"
)  # fmt: skip
_LONGEST_PRODUCT = 16
_LONGEST_PIECE = 40
_MOST_PIECES = 20_000


class FreeText:
    """Masks text of any kind by default-deny.

    Args:
        prf: The key's functions.
        words: The words' pseudonyms, those of the tables.
        addresses: The machines' pseudonyms, those of the tables.
        vocabulary: Words that stay, case-folded.
    """

    def __init__(
        self, prf: Prf, words: Words, addresses: Addresses, vocabulary: Collection[str]
    ) -> None:
        self._prf = prf
        self._words = words
        self._addresses = addresses
        self._vocabulary = vocabulary
        self._pieces = _Pieces(self.mask_word)
        self._handlers: dict[str, Callable[[re.Match[str]], str]] = {
            "plain": lambda found: " ".join(map(self._pieces.__getitem__, found[0].split(" "))),
            "credentials": lambda found: found["bearer"] + self._token(found["credentials"]),
            "cookie": lambda found: found["session"] + self._token(found["cookie"]),
            "url": lambda found: mask_url(self._words, self._addresses, self.mask, found[0]),
            "mail": lambda found: mask_mail(self._words, found[0]),
            "moment": lambda found: found[0],
            "zone": lambda found: found[0],
            "date": self._date,
            "iban": self._iban,
            "address": self._address,
            "escaped": self._escaped,
            "uuid": lambda found: self._token(found[0]),
            "joined": lambda found: self._token(found[0]),
            "token": lambda found: self._token(found[0]),
            "mixed": self._mixed,
            "telephone": self._telephone,
            "card": self._card,
            "number": lambda found: self._number(found[0]),
            "word": lambda found: self.mask_word(found[0]),
            "unknown": lambda found: found[0],
        }

    def mask(self, text: str) -> str:
        """Mask a text."""
        return self._sub(self._replace, text) if text else text

    def mask_config(self, text: str) -> str:
        """Mask the values of a configuration file; its keys stay, but those of arrays in programs.

        What a key that is called like a secret holds is masked as a whole.
        """
        masked, end = [], 0
        for found in _SETTING.finditer(text):
            key, value = found.groups()
            masked += [self.mask(text[end : found.start()]), key]
            masked.append(self.mask_secret(value) if is_secret_name(key) else self.mask(value))
            end = found.end()
        return "".join(masked) + self.mask(text[end:])

    def mask_word(self, word: str) -> str:
        """Mask a word unless it is known to be harmless; a token may consist of letters."""
        if self.is_known(word):
            return word
        return self._token(word) if is_hex_token(word) else self._words.mask_word(word)

    def mask_secret(self, value: str) -> str:
        """Mask all of a secret, for it may be a word; a token becomes what it is in tables."""
        if is_token(value.strip(_BESIDE_SECRETS)):
            return self._token(value)
        return self._words.mask(value)

    def is_known(self, word: str) -> bool:
        """Tell whether a word may stay: it is in the vocabulary, or all its parts are."""
        if len(word) == 1 and word.isascii():
            return True
        folded = unicodedata.normalize("NFC", word).casefold()
        if folded in self._vocabulary:
            return True
        parts = split_camel(word)
        return len(parts) > 1 and all(part.casefold() in self._vocabulary for part in parts)

    def _sub(self, replace: Callable[[re.Match[str]], str], text: str) -> str:
        """Replace all that is recognised, and mask secrets as a whole."""
        secrets = find_secrets(text)
        pattern = pattern_for(text, secrets=bool(secrets))
        if not secrets:
            return pattern.sub(replace, text)
        masked, position = [], 0
        for name, value, end in (*secrets, (len(text),) * 3):
            for found in pattern.finditer(text, position):
                if found.start() >= name:
                    break
                masked += [text[position : found.start()], replace(found)]
                position = found.end()
            # Else it is part of something larger: of a URL.
            if position <= value:
                start = max(position, name)
                masked += [text[position:start], pattern.sub(replace, text[start:value])]
                masked.append(self.mask_secret(text[value:end]))
                position = end
        return "".join(masked)

    def _replace(self, found: re.Match[str]) -> str:
        return self._handlers[found.lastgroup or ""](found)

    def _token(self, text: str) -> str:
        return mask_token(self._prf, "token", self._words, text)

    def _date(self, found: re.Match[str]) -> str:
        moved = move_written_date(self._prf, "date", found[0])
        return self._piecewise(found[0]) if moved is None else moved

    def _iban(self, found: re.Match[str]) -> str:
        text = found[0]
        if is_iban(text):
            return mask_iban(self._prf, "iban", self._words, text)
        return WITHOUT_IBANS.sub(self._replace, text)

    def _address(self, found: re.Match[str]) -> str:
        text, start = found[0], found.start()
        before = found.string[max(0, start - _LONGEST_PRODUCT) : start]
        # "A::B" is a class and its member.
        is_name = text.count(":") == len("::") and text.replace(":", "").isalpha()
        if is_name or not is_address(text):
            return self._piecewise(text)
        # "Chrome/129.0.0.0" is a version.
        return text if _PRODUCTS.search(before) else self._addresses.mask_one(text)

    def _escaped(self, found: re.Match[str]) -> str:
        spelled = read_escaped(found[0])
        if spelled.text == found[0]:
            return self._piecewise(found[0])
        return spelled.masked_by(self._mask_decoded)

    def _mixed(self, found: re.Match[str]) -> str:
        """Mask letters and digits by turns, unless programs are called so: ``utf8mb4``."""
        letters = _LETTERS.findall(found[0])
        if all(len(part) > 1 and self.is_known(part) for part in letters):
            return found[0]
        return self._token(found[0])

    def _mask_decoded(self, text: str) -> str:
        """Mask what escapes stood for; escapes within it are not decoded once more."""
        return self._sub(
            lambda found: (
                self._piecewise(found[0]) if found.lastgroup == "escaped" else self._replace(found)
            ),
            text,
        )

    def _telephone(self, found: re.Match[str]) -> str:
        text = found[0]
        digits = sum(sign.isdecimal() for sign in text)
        # "0000042" is a number with zeros in front, and a date's parts are no telephone either.
        if digits not in _TELEPHONE_DIGITS or text.startswith("000"):
            return self._piecewise(text)
        return mask_telephone(self._words, text)

    def _card(self, found: re.Match[str]) -> str:
        text = found[0]
        digits = re.sub(r"\D", "", text)
        if is_luhn(digits):
            return mask_card(self._prf, "card", self._words, text)
        return self._piecewise(text)

    def _number(self, digits: str) -> str:
        """Keep numbers that may be surrogate keys, so that logs and rows match."""
        return digits if len(digits) <= _SURROGATE_DIGITS else self._words.mask_digits(digits)

    def _piecewise(self, text: str) -> str:
        """Mask the numbers and words of what looked like something, and was not."""
        return _PIECE.sub(
            lambda found: self._number(found[1]) if found[1] else self.mask_word(found[2]), text
        )


class _Pieces(dict[str, str]):
    """What words, and numbers short enough to be keys, become with the sign behind them."""

    def __init__(self, mask_word: Callable[[str], str]) -> None:
        super().__init__()
        self._mask_word = mask_word

    def __missing__(self, piece: str) -> str:
        word = piece.rstrip(SIGNS_BEHIND_WORDS)
        masked = piece
        if word and not word.isdecimal():
            masked = self._mask_word(word) + piece[len(word) :]
        if len(piece) <= _LONGEST_PIECE:
            if len(self) >= _MOST_PIECES:
                self.clear()
            self[piece] = masked
        return masked
