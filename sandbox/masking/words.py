"""Words become words: the pseudonym of every name, city, mail address and unknown token.

A word is a run of letters; zero-width signs and combining marks in it do not end it. Its letters,
folded the way collations compare them, are one large number that is permuted under the key; case,
decoration, and everything that is no letter stay in place. So pseudonyms are one-to-one, and equal
for words that collations take for equal. Runs of digits are permuted likewise.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from sandbox.masking.charsets import Charset, charset_named
from sandbox.masking.letters import (
    SHARP,
    SOFT,
    VOWELS,
    Letter,
    find_letter,
    is_transparent,
    size_of,
    spell,
)
from sandbox.masking.prf import Prf

WORDS = "words"
"""The domain of all words: names, mail, cities, free text, logs."""

_CHUNK = 64
_MEMO_LIMIT = 50_000
_MEMO_WORD = 80
_ATTEMPTS = 1000
_HIGH = "\udc80-\udcff"
_TRANSPARENT = "".join(
    re.escape(chr(code))
    for block in (range(0x3000), range(0xFE00, 0xFE30), range(0xFEFF, 0xFF00))
    for code in block
    if is_transparent(chr(code))
)
# What UTF-8 that was read as latin1 leaves: a sign that stays, so that it still looks like that.
_FOLLOWERS = "".join(
    re.escape(bytes([byte]).decode("cp1252", "ignore") or chr(byte)) for byte in range(0x80, 0xC0)
)
_MISREAD = f"[ÃÂ][{_FOLLOWERS}]"
_LETTERS = rf"(?:{_MISREAD}|[^\W\d_])(?:{_MISREAD}|[^\W\d_]|[{_TRANSPARENT}])*"
_MISREAD_PAIR = re.compile(_MISREAD)
WORD = re.compile(_LETTERS)
_RUN = re.compile(rf"({_LETTERS})|(\d+)")
_RUN_UNKNOWN = re.compile(rf"({_LETTERS})|(\d+)|([{_HIGH}]+)")
_ASCII_RUN = re.compile(r"([A-Za-z]+)|([0-9]+)")


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a column writes and compares its text.

    Attributes:
        charset: Character set, by the server's name.
        accents_stay: Letters with marks do not take part: the column is unique under a collation
            of one language, which tells some of them apart and takes others for equal.
        tells_accents: A letter that the character set does not have must not lose its mark.
    """

    charset: str = "utf8mb4"
    accents_stay: bool = False
    tells_accents: bool = True


class Words:
    """Masks text word by word within one domain.

    Args:
        prf: The key's functions.
        domain: Equal words of one domain have equal pseudonyms.
        spelling: How the column writes and compares.
    """

    def __init__(
        self,
        prf: Prf,
        domain: str = WORDS,
        spelling: Spelling = Spelling(),
    ) -> None:
        self._prf = prf
        self._domain = domain
        self._spelling = spelling
        self._charset: Charset = charset_named(spelling.charset)
        self._pattern = _RUN if self._charset.is_known else _RUN_UNKNOWN
        self._memo: dict[str, str] = {}

    def mask(self, text: str) -> str:
        """Mask every word and every run of digits; all else stays in place."""
        pattern = _ASCII_RUN if text.isascii() and text.isprintable() else self._pattern
        return pattern.sub(self._replace, text)

    def mask_word(self, word: str) -> str:
        """Mask one run of letters."""
        known = self._memo.get(word)
        if known is None:
            known = self._mask_letters(word)
            if len(self._memo) >= _MEMO_LIMIT:
                self._memo.clear()
            if len(word) <= _MEMO_WORD:
                self._memo[word] = known
        return known

    def mask_digits(self, digits: str) -> str:
        """Mask a run of decimal digits of any script; as many digits come back."""
        if digits.isascii() and len(digits) <= _CHUNK:
            size = len(digits)
            image = self._prf.permute(int(digits), 10**size, self._domain, "digits")
            return f"{image:0{size}d}"
        masked: list[str] = []
        before = ""
        for start in range(0, len(digits), _CHUNK):
            chunk = digits[start : start + _CHUNK]
            plain = "".join(str(unicodedata.digit(one)) for one in chunk)
            size = 10 ** len(chunk)
            image = self._prf.permute(int(plain), size, self._domain, f"digits{before}")
            before += plain
            written = f"{image:0{len(chunk)}d}"
            masked += [
                chr(ord(old) - int(was) + int(new))
                for old, was, new in zip(chunk, plain, written, strict=True)
            ]
        return "".join(masked)

    def _replace(self, found: re.Match[str]) -> str:
        word = found[1]
        if word is not None:
            return self.mask_word(word)
        if found[2] is not None:
            return self.mask_digits(found[2])
        return self._mask_unknown(found[3])

    def _mask_unknown(self, run: str) -> str:
        """Mask bytes whose meaning is unknown here, 0x80 to 0xFF, run by run."""
        value = 0
        for sign in run:
            value = value << 7 | ord(sign) - 0xDC80
        image = self._prf.permute(value, 1 << 7 * len(run), self._domain, "unknown")
        shifts = range(7 * (len(run) - 1), -1, -7)
        return "".join(chr(0xDC80 + (image >> shift & 0x7F)) for shift in shifts)

    def _mask_letters(self, word: str) -> str:
        signs = list(word)
        places: list[tuple[int, Letter, bool]] = []
        stays = {
            place for pair in _MISREAD_PAIR.finditer(word) for place in range(*pair.span())
        }  # fmt: skip
        after_vowel = False
        for place, sign in enumerate(signs):
            if after_vowel and sign in SHARP:
                continue
            letter = None if place in stays else find_letter(sign)
            if letter is None or (self._spelling.accents_stay and _is_marked(sign)):
                after_vowel = after_vowel and is_transparent(sign)
                continue
            places.append((place, letter, after_vowel))
            after_vowel = letter.alphabet == VOWELS
        before = ""
        for start in range(0, len(places), _CHUNK):
            before = self._exchange(signs, places[start : start + _CHUNK], before)
        return "".join(signs)

    def _exchange(
        self, signs: list[str], places: list[tuple[int, Letter, bool]], before: str
    ) -> str:
        """Exchange one chunk of letters in `signs`; give what the next chunk depends on."""
        value, size, tweak = 0, 1, [before]
        radices = []
        for _, letter, after_vowel in places:
            soft = after_vowel and letter.alphabet == SOFT
            radix = size_of(letter.alphabet) - soft
            value, size = value * radix + letter.place, size * radix
            radices.append(radix)
            tweak.append(f"{letter.alphabet:x}{'!' if soft else '.'}")
        shape = "".join(tweak)
        image = self._prf.permute(value, size, self._domain, shape)
        for (place, letter, _), radix in zip(reversed(places), reversed(radices), strict=True):
            image, new = divmod(image, radix)
            signs[place] = self._spell(signs[place], letter, new)
        return f"{shape}{value:x}:"

    def _spell(self, old: str, letter: Letter, new: int) -> str:
        written = spell(letter.alphabet, new, letter.row, letter.upper)
        if self._charset.can_write(written):
            return written
        if letter.row:
            plain = spell(letter.alphabet, new, 0, letter.upper)
            keeps_length = self._charset.is_single_byte and self._charset.can_write(plain)
            return plain if keeps_length and not self._spelling.tells_accents else old
        return self._substitute(old, letter)

    def _substitute(self, old: str, letter: Letter) -> str:
        """Draw a letter that the character set has; here, and only here, two may become one."""
        for attempt in range(_ATTEMPTS):
            drawn = self._prf.number(self._domain, f"{old}{attempt}".encode())
            written = spell(letter.alphabet, drawn % size_of(letter.alphabet), 0, letter.upper)
            if self._charset.can_write(written):
                return written
        return "?"


def _is_marked(sign: str) -> bool:
    """Tell whether a collation of one language may treat a letter in its own way."""
    return not sign.isascii() or sign in "yY"
