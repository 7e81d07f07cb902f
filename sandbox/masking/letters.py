"""Which letters may become which: alphabets whose letters are exchangeable to every collation.

A letter has an alphabet, a place in it, a row (its decoration) and a case. Masking exchanges places
within an alphabet and puts row and case back. A row is either equal to the plain letters for a
collation, letter by letter, or different from them, letter by letter; so whatever was equal under
``unicode_ci`` or ``general_ci`` stays equal, and what was different stays different. All letters of
a row have the same length in UTF-8. Verified against servers in
`tests/integration/test_masking_collations.py`.

What no row can hold for all collations at once stays as it is: ß is ``ss`` to ``unicode_ci`` and
``s`` to ``general_ci``, so that after a vowel s and ß both stay. See `docs/masking.md`.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

VOWELS = ord("a")
SOFT = ord("c")
"""The alphabet of s, named like every other by its first letter. After a vowel its last letter,
s itself, does not take part."""

CURATED: tuple[tuple[str, ...], ...] = (
    (
        "aeiou", "àèìòù", "áéíóú", "âêîôû", "äëïöü", "āēīōū", "ăĕĭŏŭ", "ǎěǐǒǔ", "ąęįǫų", "ãėĩõũ",
        "åȩȉőů", "ȁȅȋȍű", "\uff41\uff45\uff49\uff4f\uff55",
    ),
    (
        "cglnrtyzs", "čğľňřťŷžš", "ćǵĺńŕțýźś", "çģļñŗţÿżş",
        "\uff43\uff47\uff4c\uff4e\uff52\uff54\uff59\uff5a\uff53",
    ),
    ("bdfhjkmpqvwx", "\uff42\uff44\uff46\uff48\uff4a\uff4b\uff4d\uff50\uff51\uff56\uff57\uff58"),
    ("æø",),
    ("ðþ",),
    ("đħłŋŧ",),
    ("ďĥĵķŵ",),
    ("αεηιουω", "άέήίόύώ"),
    ("βγδζθκλμνξπρτφχψ",),
    ("аиоуыэюя",),
    ("бвгджзйклмнпрстфхцчшщъь",),
    ("כמנפצ", "ךםןףץ"),
    ("אבגדהוזחטילסעקרשת",),
)  # fmt: skip
"""Alphabets that were looked through letter by letter; a row is a decoration of the first one."""

# Equal to different letters in different collations, or to several letters at once.
_VERBATIM = frozenset(
    "ßẞıİœŒĳĲ\u017f\u00b5\u0149"
    "\u03c3\u03c2\u03a3"  # Greek sigma: at a word's end it is written as no other letter is
    "\u0435\u0415\u0451\u0401"  # Cyrillic ie and io: equal, and no other pair is
)
SHARP = frozenset("sSßẞ\u017fśşšŚŞŠ\uff53\uff33")
"""What is, or is equal to, an s."""

_LATIN_TWO_BYTES = (0xC0, 0x24F)
_LATIN_THREE_BYTES = (0x1E00, 0x1EFF)
_WIDE_RANGES = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3))
_BLOCK = 7
_SPACES = frozenset("\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\xad")


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter that is exchanged for another of its alphabet.

    Attributes:
        alphabet: Which one, by the code of its first letter.
        place: Where in the alphabet.
        row: Which decoration.
        upper: Whether it is a capital.
    """

    alphabet: int
    place: int
    row: int
    upper: bool


class _Alphabets:
    """All alphabets met so far, the curated ones first."""

    def __init__(self) -> None:
        self.rows: dict[int, tuple[str, ...]] = {}
        self._letters: dict[str, Letter] = {}
        for rows in CURATED:
            self._add(rows)
        self._add_latin_rest()

    def find(self, sign: str) -> Letter | None:
        """Give the letter of a sign; None for what is no letter, or has to stay."""
        known = self._letters.get(sign)
        if known is not None or sign in _VERBATIM or unicodedata.category(sign) not in _CATEGORIES:
            return known
        for start, end in _WIDE_RANGES:
            if start <= ord(sign) <= end:
                self._add_range(start, end)
                return self._letters.get(sign)
        start = ord(sign) >> _BLOCK << _BLOCK
        self._add_range(start, start + (1 << _BLOCK) - 1)
        return self._letters.get(sign)

    def _add(self, rows: tuple[str, ...]) -> None:
        number = ord(rows[0][0])
        self.rows[number] = rows
        for row, letters in enumerate(rows):
            for place, letter in enumerate(letters):
                self._letters[letter] = Letter(number, place, row, upper=False)
                if letter.upper() != letter:
                    self._letters[letter.upper()] = Letter(number, place, row, upper=True)

    def _add_latin_rest(self) -> None:
        """Collect Latin letters that fit no row: exchanged among themselves, vowels apart."""
        for start, end in (_LATIN_TWO_BYTES, _LATIN_THREE_BYTES):
            rest = [one for one in self._cased(start, end) if one not in self._letters]
            vowels = [one for one in rest if unicodedata.normalize("NFKD", one)[0] in "aeiou"]
            self._add(("".join(vowels),))
            self._add(("".join(one for one in rest if one not in vowels),))

    def _add_range(self, start: int, end: int) -> None:
        cased = self._cased(start, end)
        free = [one for one in cased if one not in self._letters]
        if free:
            self._add(("".join(free),))
        for category in ("Lo", "Ll", "Lu", "Lt"):
            members = [
                chr(code)
                for code in range(start, end + 1)
                if unicodedata.category(chr(code)) == category
                and chr(code) not in self._letters
                and chr(code) not in _VERBATIM
            ]
            if members:
                # They change with their case, or have none: nothing but themselves is equal.
                number = ord(members[0])
                self.rows[number] = ("".join(members),)
                for place, letter in enumerate(members):
                    self._letters[letter] = Letter(number, place, 0, upper=False)

    @staticmethod
    def _cased(start: int, end: int) -> list[str]:
        return [
            one
            for one in map(chr, range(start, end + 1))
            if unicodedata.category(one) == "Ll"
            and one not in _VERBATIM
            and len(one.upper()) == 1
            and one.upper() != one
            and one.upper().lower() == one
            and one.upper() not in _VERBATIM
            and len(one.upper().encode()) == len(one.encode())
        ]


_CATEGORIES = frozenset({"Lu", "Ll", "Lt", "Lo"})
_ALPHABETS = _Alphabets()


@lru_cache(maxsize=1 << 16)
def find_letter(sign: str) -> Letter | None:
    """Give the letter of a sign; None for what is no letter, or has to stay as it is."""
    return _ALPHABETS.find(sign)


def size_of(alphabet: int) -> int:
    """Give how many letters an alphabet has."""
    return len(_ALPHABETS.rows[alphabet][0])


@lru_cache(maxsize=1 << 16)
def spell(alphabet: int, place: int, row: int, upper: bool) -> str:  # noqa: FBT001 - cached
    """Write a letter.

    >>> letter = find_letter("Ü")
    >>> spell(letter.alphabet, 0, letter.row, letter.upper)
    'Ä'
    """
    written = _ALPHABETS.rows[alphabet][row][place]
    return written.upper() if upper else written


@lru_cache(maxsize=1 << 12)
def is_transparent(sign: str) -> bool:
    """Tell whether a sign inside a word is nothing to collations: marks, zero-width signs."""
    category = unicodedata.category(sign)
    return category in {"Mn", "Me"} or (category in {"Cf", "Cc"} and sign not in _SPACES)
