"""What PHP's serialize() and its session encoding write, masked in place. No object is ever built.

Lengths that were right stay right; a length that was wrong stays wrong by as many bytes. What no
PHP can read stays unreadable in the same place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sandbox.masking.charsets import Charset
from sandbox.masking.maskers.nested import Nested, TextMask

_SCALAR = re.compile(
    rb"N;|b:\d;|i:([+-]?\d+);|[rR]:\d+;"
    rb"|d:([+-]?(?:INF|NAN|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?));"
)
_STRING = re.compile(rb's:(\d+):"')
_ARRAY = re.compile(rb"a:(\d+):\{")
_OBJECT = re.compile(rb'[OE]:(\d+):"([^"]*)"(?::(\d+):\{|;)')
_CUSTOM = re.compile(rb'C:(\d+):"([^"]*)":(\d+):\{')
# Where a string with a wrong length ends: at the first quote that something readable follows.
_END = re.compile(rb'";(?=[asidbNOCErR]:|N;|\}|$)')
# What made a piece unreadable may be its type or its length: both stay.
_UNREADABLE = re.compile(rb"[A-Za-z]:\d{0,9}:?")
_LOOKS_SERIALIZED = re.compile(rb"(?:[aOCsidbrR]:[+-]?\d|N;|E:\d|d:)")
_SESSION_NAME = re.compile(rb"(!?)([^|!]{1,200})\|")


@dataclass
class _Level:
    """An open array or object: the key it stands under, the last one in it, and what is next.

    Private members of an object begin with its class, which stays.
    """

    outer_key: str
    own: bytes = b""
    key: str = ""
    expects_key: bool = True


@dataclass
class _Reader:
    """Reads serialized data piece by piece and writes it masked."""

    data: bytes
    nested: Nested
    rest: TextMask
    charset: Charset
    position: int = 0
    pieces: list[bytes] = field(default_factory=list)
    levels: list[_Level] = field(default_factory=list)

    def run(self, key: str, *, one_value: bool) -> bool:
        """Mask values until the end, or one value; False where nothing readable stands."""
        while self.position < len(self.data):
            if not self._step(self._key(key)):
                return False
            if one_value and not self.levels:
                return True
        return not self.levels

    def mask_rest(self) -> None:
        """Mask by shape whatever could not be read, to the end."""
        kept = _UNREADABLE.match(self.data, self.position)
        start = kept.end() if kept else self.position
        self.pieces.append(self.data[self.position : start])
        left = self.charset.decode(self.data[start:])
        self.pieces.append(self.charset.encode(self.rest(left)))
        self.position = len(self.data)

    def _key(self, key: str) -> str:
        return self.levels[-1].key if self.levels else key

    def _step(self, key: str) -> bool:
        data, at = self.data, self.position
        level = self.levels[-1] if self.levels else None
        if level is not None and level.expects_key and data[at : at + 1] == b"}":
            self.levels.pop()
            self._take(1)
            self._value_done()
            return True
        if level is not None and level.expects_key:
            return self._read_key(level)
        opened = _ARRAY.match(data, at) or _OBJECT.match(data, at)
        if opened:
            self._take(opened.end() - at)
            if opened[0].endswith(b"{"):
                own = b"\0%s\0" % opened[2] if opened.re is _OBJECT else b""
                self.levels.append(_Level(key, own))
            else:
                self._value_done()
            return True
        found = _SCALAR.match(data, at)
        if found:
            self._read_scalar(found, key)
            return True
        return self._read_string(key) or self._read_custom()

    def _read_key(self, level: _Level) -> bool:
        scalar = _SCALAR.match(self.data, self.position)
        if scalar and scalar[1] is not None:
            number = scalar[1].decode("latin-1")
            masked = self.nested.mask_number_key(number).encode("latin-1")
            self.pieces.append(b"i:%s;" % masked)
            self.position = scalar.end()
            level.key, level.expects_key = level.outer_key, False
            return True
        bounds = self._string_bounds()
        if bounds is None:
            return False
        start, end, declared = bounds
        written = self.data[start:end]
        level.key = self.charset.decode(written)
        level.expects_key = False
        own = level.own if written.startswith(level.own) else b""
        masked_key = self.nested.mask_key(self.charset.decode(written[len(own) :]))
        self._write_string(self.charset.decode(own) + masked_key, start, end, declared)
        return True

    def _read_scalar(self, found: re.Match[bytes], key: str) -> None:
        number = found[1] or found[2]
        if number is None:
            self.pieces.append(found[0])
        else:
            masked = self.nested.mask_number(key, number.decode("latin-1")).encode("latin-1")
            self.pieces.append(found[0][:2] + masked + b";")
        self.position = found.end()
        self._value_done()

    def _read_string(self, key: str) -> bool:
        bounds = self._string_bounds()
        if bounds is None:
            return False
        start, end, declared = bounds
        text = self.charset.decode(self.data[start:end])
        self._write_string(self.nested.mask_string(key, text), start, end, declared)
        self._value_done()
        return True

    def _read_custom(self) -> bool:
        """Read a class with a format of its own: what is inside is masked by shape."""
        found = _CUSTOM.match(self.data, self.position)
        if found is None:
            return False
        end = found.end() + int(found[3])
        if self.data[end : end + 1] != b"}":
            return False
        inside = self.charset.decode(self.data[found.end() : end])
        masked = self.charset.encode(self.rest(inside))
        self.pieces += [
            found[0][: found.start(3) - found.start()], b"%d:{" % len(masked), masked, b"}",
        ]  # fmt: skip
        self.position = end + 1
        self._value_done()
        return True

    def _string_bounds(self) -> tuple[int, int, int] | None:
        """Give where a string's content starts and ends, and the length that it declares."""
        found = _STRING.match(self.data, self.position)
        if found is None:
            return None
        start, declared = found.end(), int(found[1])
        if self.data[start + declared : start + declared + 2] == b'";':
            return start, start + declared, declared
        end = _END.search(self.data, start)
        return (start, end.start(), declared) if end else None

    def _write_string(self, masked: str, start: int, end: int, declared: int) -> None:
        written = self.charset.encode(masked)
        length = max(0, declared + len(written) - (end - start))
        self.pieces += [b's:%d:"' % length, written, b'";']
        self.position = end + 2

    def _value_done(self) -> None:
        if self.levels:
            self.levels[-1].expects_key = True

    def _take(self, count: int) -> None:
        self.pieces.append(self.data[self.position : self.position + count])
        self.position += count


def looks_serialized(value: bytes) -> bool:
    """Tell whether a value starts like something that serialize() wrote."""
    return _LOOKS_SERIALIZED.match(value) is not None


def mask_serialized(
    nested: Nested, shape: TextMask, charset: Charset, value: bytes, key: str = ""
) -> bytes:
    """Mask what serialize() wrote; from where it cannot be read, the rest is masked by shape."""
    reader = _Reader(value, nested, shape, charset)
    reader.run(key, one_value=True)
    if reader.position < len(value):
        reader.mask_rest()
    return b"".join(reader.pieces)


def mask_session(nested: Nested, shape: TextMask, charset: Charset, value: bytes) -> bytes:
    """Mask a PHP session: names like keys, values like serialized ones."""
    pieces: list[bytes] = []
    position = 0
    while (name := _SESSION_NAME.match(value, position)) is not None:
        key = charset.decode(name[2])
        pieces += [name[1], charset.encode(nested.mask_key(key)), b"|"]
        position = name.end()
        if name[1]:
            # "!name|": a variable without a value.
            continue
        reader = _Reader(value, nested, shape, charset, position=position)
        readable = reader.run(key, one_value=True)
        pieces += reader.pieces
        position = reader.position
        if not readable:
            break
    rest = _Reader(value, nested, shape, charset, position=position)
    rest.mask_rest()
    return b"".join([*pieces, *rest.pieces])
