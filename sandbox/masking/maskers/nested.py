"""Values inside JSON, serialize() and XML: masked by the rule for their key, else by shape.

Their keys are masked like free text: an application may use a name as a key. What stays of a key
is what a rule names, and words that are known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from sandbox.masking.dictionary import key_words, markup_words, split_camel, split_words
from sandbox.masking.maskers.addresses import IPV6, is_address
from sandbox.masking.maskers.dates import is_iso_date
from sandbox.masking.maskers.free_text import FreeText
from sandbox.masking.maskers.numbers import mask_digits_of_number
from sandbox.masking.patterns import compile_pattern, is_exact
from sandbox.masking.prf import Prf

TextMask = Callable[[str], str]
_SURROGATE_DIGITS = 9
# Data decides how many keys there are and how long they are, so what is remembered is bounded.
_MOST_KEYS = 10_000
_LONGEST_KEY = 200
_DIGITS = re.compile(r"\d+", re.ASCII)
_PLAIN_KEY = re.compile(r"[\x00*A-Za-z0-9_.:/\\\-]{0,80}|[A-Za-z _.:/\\\-]{0,80}")
_PART_OF_KEY = re.compile(
    rf"""
    (?P<uuid>(?<![A-Za-z0-9])[0-9A-Fa-f]{{8}}-(?:[0-9A-Fa-f]{{4}}-){{3}}[0-9A-Fa-f]{{12}}(?![A-Za-z0-9]))
    |(?P<address>{IPV6})
    |(?P<number>(?<![A-Za-z0-9])[0-9]+(?:[.\-/][0-9]+)*(?![A-Za-z0-9]))
    |(?P<run>[A-Za-z0-9]+)
    """,
    re.VERBOSE,
)
_RUN = re.compile(r"[A-Za-z0-9]+")
_LETTERS_OR_DIGITS = re.compile(r"[A-Za-z]+|[0-9]+")
_LETTERS = re.compile(r"[A-Za-z]+")
_TOKEN = re.compile(
    r"(?=[A-Za-z]*\d[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{16,}"
    r"|(?:[A-Za-z]+\d+){2,}[A-Za-z]*|(?:\d+[A-Za-z]+){2,}\d*",
    re.ASCII,
)
_DAY = re.compile(r"\d{4}([.\-/])\d\d\1\d\d", re.ASCII)
_DIGITS_OF_NAMES = 6
_NAME_IN_MARKUP = re.compile(r"[A-Za-z_][\w:.\-]*")


class Nested:
    """Masks the leaves of a document, and its keys.

    Args:
        prf: The key's functions.
        domain: Domain of numbers.
        keys: Patterns of key names, each with its masker's name; the last that fits counts.
        masker: Gives the masker of a name.
        free_text: Knows which words may stay, and masks those that may not.
    """

    def __init__(
        self,
        prf: Prf,
        domain: str,
        keys: Sequence[tuple[str, str]],
        masker: Callable[[str], TextMask],
        free_text: FreeText,
    ) -> None:
        self._prf = prf
        self._domain = domain
        self._keys = [(compile_pattern(pattern), name) for pattern, name in reversed(keys)]
        self._masker = masker
        self._free_text = free_text
        self._named = key_words() | {one for one in _alternatives(keys) if is_exact(one)}
        self._words = key_words() | split_words(_alternatives(keys))
        self._found: dict[str, str] = {}
        self._masked: dict[str, str] = {}

    def masker_of(self, key: str) -> str:
        """Give the name of the masker for a key; ``shape`` where no rule speaks of it."""
        name = self._found.get(key)
        if name is None:
            # Private members of objects: "\0Class\0name".
            bare = key.rpartition("\x00")[2].casefold()
            name = next((name for pattern, name in self._keys if pattern.fullmatch(bare)), "shape")
            _remember(self._found, key, name)
        return name

    def mask_string(self, key: str, text: str) -> str:
        """Mask a string; NULL, '' and '0' need no masking.

        A date that no rule speaks of stays one.
        """
        if text in {"", "0"}:
            return text
        name = self.masker_of(key)
        if name == "shape" and is_iso_date(text):
            name = "date"
        return text if name == "keep" else self._masker(name)(text)

    def mask_number(self, key: str, written: str) -> str:
        """Mask a number where a rule asks for it, or where it has more digits than a key has."""
        name = self.masker_of(key)
        if name == "keep":
            return written
        return self.mask_number_key(written) if name == "shape" else self._exchange(written)

    def mask_number_key(self, written: str) -> str:
        """Mask a number that is itself a key, where it has more digits than a surrogate key."""
        longest = max(map(len, _DIGITS.findall(written)), default=0)
        return written if longest <= _SURROGATE_DIGITS else self._exchange(written)

    def mask_key(self, key: str) -> str:
        """Mask a key but for what a rule names, and words that are known.

        A rule names a key that it spells out: ``last_category``. A pattern names no key, for what
        its ``*`` stands for is data; but the words that it spells out are known.
        """
        masked = self._masked.get(key)
        if masked is None:
            before, end, bare = key.rpartition("\x00")
            if bare.casefold() in self._named:
                masked = f"{self._mask_parts(before)}{end}{bare}"
            else:
                masked = self._mask_parts(key)
            _remember(self._masked, key, masked)
        return masked

    def mask_name(self, name: str) -> str:
        """Mask the name of an element or attribute like a key; it stays a name.

        What stands before a colon is masked by itself, so that a name space stays one.
        """
        masked = ":".join(
            part if part.casefold() in markup_words() else self.mask_key(part)
            for part in name.split(":")
        )
        return masked if _NAME_IN_MARKUP.fullmatch(masked) else self._masker("shape")(name)

    def _exchange(self, written: str) -> str:
        return mask_digits_of_number(self._prf, self._domain, written)

    def _mask_parts(self, key: str) -> str:
        if _PLAIN_KEY.fullmatch(key):
            return _PART_OF_KEY.sub(self._mask_part, key)
        return self._free_text.mask(key)

    def _mask_part(self, found: re.Match[str]) -> str:
        part = found[0]
        if found["uuid"] is not None:
            return self._masker("token")(part)
        if is_address(part):
            return self._free_text.mask(part)
        if found["number"] is not None:
            digits = sum(map(len, _DIGITS.findall(part)))
            stays = digits <= _DIGITS_OF_NAMES or _DAY.fullmatch(part)
            return part if stays else self._free_text.mask(part)
        return _RUN.sub(self._mask_run, part)

    def _mask_run(self, found: re.Match[str]) -> str:
        """Mask a run of letters and digits: words, or a token."""
        run = found[0]
        if _TOKEN.fullmatch(run) and not all(
            len(word) > 1 and self._knows(word) for word in _LETTERS.findall(run)
        ):
            masked = self._free_text.mask(run)
            return masked if masked != run else self._masker("token")(run)
        return _LETTERS_OR_DIGITS.sub(
            lambda piece: (
                self._mask_word(piece[0]) if piece[0].isalpha() else self._mask_digits(piece[0])
            ),
            run,
        )

    def _mask_digits(self, digits: str) -> str:
        return digits if len(digits) <= _DIGITS_OF_NAMES else self._free_text.mask(digits)

    def _mask_word(self, word: str) -> str:
        """Mask a word, or what is unknown between the capitals of it: ``lastLindqvist``."""
        if self._knows(word):
            return word
        # A single letter belongs to the name beside it: "OBrien".
        parts = groupby(split_camel(word), lambda part: len(part) > 1 and self._knows(part))
        runs = [("".join(run), is_known) for is_known, run in parts]
        return "".join(
            run if is_known or self._knows(run) else self._free_text.mask_word(run)
            for run, is_known in runs
        )

    def _knows(self, word: str) -> bool:
        return word.casefold() in self._words or self._free_text.is_known(word)


def _alternatives(keys: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Give what patterns of keys speak of, one alternative by one, without case."""
    for pattern, _ in keys:
        yield from (one.strip() for one in pattern.casefold().split("|"))


def _remember(memo: dict[str, str], key: str, found: str) -> None:
    if len(memo) >= _MOST_KEYS:
        memo.clear()
    if len(key) <= _LONGEST_KEY:
        memo[key] = found
