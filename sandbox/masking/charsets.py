"""How the bytes of a text column become signs, by the server's names of character sets.

Bytes that a character set does not have are carried through as they are, in place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from sandbox.charsets import CODECS, WIDE_CODECS

# Binary columns that are masked as text mostly hold UTF-8.
_CODECS = {**CODECS, **WIDE_CODECS, "": "utf-8"}
_UNICODE = frozenset({"utf8", "utf8mb3", "utf8mb4"})
_MULTI_BYTE = frozenset(
    {"gbk", "gb2312", "gb18030", "big5", "sjis", "cp932", "ujis", "eucjpms", "euckr"}
)

# What the server takes for well-formed: it knows surrogates, and more than Python's codec refuses.
_THREE = rb"[\x00-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}"
_FOUR = (
    _THREE
    + rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
_BAD_OF_THREE = re.compile(rb"((?:" + _THREE + rb")+)|[\x00-\xff]", re.DOTALL)
_BAD_OF_FOUR = re.compile(rb"((?:" + _FOUR + rb")+)|[\x00-\xff]", re.DOTALL)
_FOUR_BYTES_LEAD = re.compile(rb"[\xf0-\xff]")


@dataclass(frozen=True)
class Charset:
    """A character set, by the server's name; of binary columns, the UTF-8 they mostly hold.

    Attributes:
        name: The server's name; empty for binary.
    """

    name: str

    @cached_property
    def codec(self) -> str:
        """Give the codec's name; ``ascii`` where the character set is unknown here."""
        return _CODECS.get(self.name, "ascii")

    @property
    def is_known(self) -> bool:
        """Whether letters beyond ASCII can be told apart."""
        return self.name in _CODECS

    @property
    def is_unicode(self) -> bool:
        """Whether every sign can be written in it."""
        return self.codec.startswith("utf") or self.codec == "gb18030"

    @property
    def is_single_byte(self) -> bool:
        """Whether each of its signs is one byte."""
        return self.name not in _MULTI_BYTE and not self.codec.startswith("utf")

    def decode(self, value: bytes) -> str:
        """Turn bytes into signs; what is invalid becomes a lone surrogate for each byte.

        Raises:
            UnicodeDecodeError: The bytes of a wide character set are no whole signs.
        """
        errors = "surrogatepass" if self.name in WIDE_CODECS else "surrogateescape"
        return value.decode(self.codec, errors)

    def encode(self, text: str) -> bytes:
        """Turn what `decode` gave, or what became of it, back into bytes."""
        errors = "surrogatepass" if self.name in WIDE_CODECS else "surrogateescape"
        return text.encode(self.codec, errors)

    def can_write(self, sign: str) -> bool:
        """Tell whether the character set has a sign."""
        return self.is_unicode or _can_write(self.codec, sign)

    def replace_invalid(self, value: bytes) -> tuple[bytes, int]:
        r"""Put a question mark for every byte that cannot be loaded, and count them.

        >>> Charset("utf8mb4").replace_invalid(b"M\xfcller")
        (b'M?ller', 1)
        """
        if self.name not in _UNICODE:
            return value, 0
        pattern = _BAD_OF_FOUR if self.name == "utf8mb4" else _BAD_OF_THREE
        count = 0

        def replace(found: re.Match[bytes]) -> bytes:
            nonlocal count
            good: bytes | None = found[1]
            if good is not None:
                return good
            count += 1
            return b"?"

        return pattern.sub(replace, value), count

    def is_surely_valid(self, value: bytes) -> bool:
        """Tell quickly that nothing in it has to be replaced; False means: look closer."""
        if self.name not in _UNICODE or value.isascii():
            return True
        try:
            value.decode()
        except UnicodeDecodeError:
            return False
        return self.name == "utf8mb4" or _FOUR_BYTES_LEAD.search(value) is None


@lru_cache(maxsize=1 << 14)
def _can_write(codec: str, sign: str) -> bool:
    try:
        sign.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


@lru_cache(maxsize=64)
def charset_named(name: str) -> Charset:
    """Give the one value for a character set."""
    return Charset(name)
