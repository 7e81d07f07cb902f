"""Values inside JSON, serialize() and XML: masked by the rule for their key, else by shape."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sandbox.masking.maskers.numbers import mask_digits_of_number
from sandbox.masking.patterns import compile_pattern
from sandbox.masking.prf import Prf

TextMask = Callable[[str], str]
_SURROGATE_DIGITS = 9
# Data decides how many keys there are, so what is remembered of them is bounded.
_MOST_KEYS = 10_000
_DIGITS = re.compile(r"\d+", re.ASCII)
_PLAIN_KEY = re.compile(r"[\x00*A-Za-z0-9_.:/\\\-]{0,80}")
_LONG_NUMBER = re.compile(r"\d{7}")


class Nested:
    """Masks the leaves of a document.

    Args:
        prf: The key's functions.
        domain: Domain of numbers.
        keys: Patterns of key names, each with its masker's name; the last that fits counts.
        masker: Gives the masker of a name.
        free_text: Masks keys that are no plain names.
    """

    def __init__(
        self,
        prf: Prf,
        domain: str,
        keys: Sequence[tuple[str, str]],
        masker: Callable[[str], TextMask],
        free_text: TextMask,
    ) -> None:
        self._prf = prf
        self._domain = domain
        self._keys = [(compile_pattern(pattern), name) for pattern, name in reversed(keys)]
        self._masker = masker
        self._free_text = free_text
        self._found: dict[str, str] = {}
        self._plain: set[str] = set()

    def masker_of(self, key: str) -> str:
        """Give the name of the masker for a key; ``shape`` where no rule speaks of it."""
        name = self._found.get(key)
        if name is None:
            # Private members of objects: "\0Class\0name".
            bare = key.rpartition("\x00")[2].casefold()
            name = next((name for pattern, name in self._keys if pattern.fullmatch(bare)), "shape")
            if len(self._found) < _MOST_KEYS:
                self._found[key] = name
        return name

    def mask_string(self, key: str, text: str) -> str:
        """Mask a string; NULL, '' and '0' need no masking."""
        if text in {"", "0"}:
            return text
        name = self.masker_of(key)
        return text if name == "keep" else self._masker(name)(text)

    def mask_number(self, key: str, written: str) -> str:
        """Mask a number where a rule asks for it, or where it has more digits than a key has."""
        name = self.masker_of(key)
        if name == "keep":
            return written
        longest = max(map(len, _DIGITS.findall(written)), default=0)
        if name == "shape" and longest <= _SURROGATE_DIGITS:
            return written
        return mask_digits_of_number(self._prf, self._domain, written)

    def mask_key(self, key: str) -> str:
        """Keep a key that is a name; one that is data, a mail address for instance, is masked."""
        if key in self._plain:
            return key
        if _PLAIN_KEY.fullmatch(key) and not _LONG_NUMBER.search(key):
            if len(self._plain) < _MOST_KEYS:
                self._plain.add(key)
            return key
        return self._free_text(key)
