r"""Text whose signs are spelled out: ``\u00fc``, ``%C3%BC``, ``&#252;``. Masked sign by sign.

What does not change keeps its spelling; what changes is spelled the way its predecessor was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html.entities import html5

_JSON_UNIT = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]",
    re.DOTALL,
)
_JSON_SIGNS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_XML_UNIT = re.compile(r"&#[xX][0-9a-fA-F]{1,6};|&#[0-9]{1,7};|&[A-Za-z][A-Za-z0-9]*;|.", re.DOTALL)
_ESCAPED_UNIT = re.compile(
    r"(?:%[0-9A-Fa-f]{2})+|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|\\u[0-9a-fA-F]{4}|.",
    re.DOTALL,
)
_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})")
_BEYOND = 0x10000
_LAST = 0x10FFFF


@dataclass(frozen=True, slots=True)
class Spelled:
    """A text and how each of its signs was spelled.

    Attributes:
        text: The signs.
        spellings: One spelling for each sign.
    """

    text: str
    spellings: Sequence[str]

    def masked_by(self, mask: Callable[[str], str]) -> str:
        """Mask the signs, and spell the result the way the text was spelled."""
        masked = mask(self.text)
        if len(masked) != len(self.text):
            # A password's hash, say: all of it is new, so all of it is spelled the plain way.
            return "".join(_respell(sign, "") for sign in masked)
        return "".join(
            spelling if new == old else _respell(new, spelling)
            for new, old, spelling in zip(masked, self.text, self.spellings, strict=True)
        )


def mask_json_string(inside: str, mask: Callable[[str], str]) -> str:
    """Mask what stands between the quotes of a JSON string."""
    if "\\" not in inside:
        masked = mask(inside)
        if '"' not in masked and "\\" not in masked:
            return masked
    return read_json_string(inside).masked_by(mask)


def mask_character_data(text: str, mask: Callable[[str], str]) -> str:
    """Mask what stands between tags, or in an attribute."""
    return read_xml(text).masked_by(mask) if "&" in text else mask(text)


def read_json_string(inside: str) -> Spelled:
    r"""Read what stands between the quotes of a JSON string.

    >>> read_json_string(r"B\u00fcrste").masked_by(str.upper)
    'B\\u00dcRSTE'
    """
    units = _JSON_UNIT.findall(inside)
    return Spelled("".join(map(_json_sign, units)), units)


def read_xml(text: str) -> Spelled:
    """Read character data or an attribute's value, entities and all.

    >>> read_xml("K&#246;ln &amp; mehr").masked_by(str.upper)
    'K&#214;LN &amp; MEHR'
    """
    units = _XML_UNIT.findall(text)
    return Spelled("".join(map(_xml_sign, units)), units)


def read_escaped(text: str) -> Spelled:
    r"""Read text with percent or ``\u`` escapes in it, as it stands in URLs and logs.

    >>> read_escaped("M%C3%BCller").masked_by(str.upper)
    'M%C3%9CLLER'
    """
    signs: list[str] = []
    spellings: list[str] = []
    for unit in _ESCAPED_UNIT.findall(text):
        if unit.startswith("%") and len(unit) > 1:
            for sign, spelling in _percent_signs(unit):
                signs.append(sign)
                spellings.append(spelling)
        else:
            signs.append(_json_sign(unit) if len(unit) > 1 else unit)
            spellings.append(unit)
    return Spelled("".join(signs), spellings)


def _percent_signs(unit: str) -> list[tuple[str, str]]:
    raw = bytes.fromhex("".join(_PERCENT.findall(unit)))
    signs, start = [], 0
    for sign in raw.decode("utf-8", "surrogateescape"):
        length = 3 * len(sign.encode("utf-8", "surrogateescape"))
        signs.append((sign, unit[start : start + length]))
        start += length
    return signs


def _json_sign(unit: str) -> str:
    if len(unit) == 1:
        return unit
    if unit[1] == "u":
        codes = [int(code, 16) for code in unit[2:].split("\\u")]
        if len(codes) == 1:
            return chr(codes[0])
        return chr(_BEYOND + ((codes[0] - 0xD800) << 10) + (codes[1] - 0xDC00))
    return _JSON_SIGNS.get(unit[1], unit[1])


def _xml_sign(unit: str) -> str:
    if len(unit) == 1:
        return unit
    name = unit[1:-1]
    if name.startswith("#"):
        is_hex = name[1] in "xX"
        code = int(name[2 if is_hex else 1 :], 16 if is_hex else 10)
        return chr(code) if 0 < code <= _LAST else "\ufffc"
    sign = html5.get(name + ";", "\ufffc")
    return sign if len(sign) == 1 else "\ufffc"


def _respell(sign: str, old: str) -> str:
    """Write a new sign the way the old one was written."""
    if old.startswith("\\"):
        if old[1] == "u":
            return _as_unicode_escapes(sign, upper=not re.search("[a-f]", old[2:]))
        return sign
    if old.startswith("&") and len(old) > 1:
        return f"&#x{ord(sign):x};" if old[1:3] in {"#x", "#X"} else f"&#{ord(sign)};"
    if old.startswith("%") and len(old) > 1:
        written = sign.encode("utf-8", "surrogateescape").hex()
        if not re.search("[a-f]", old):
            written = written.upper()
        return "".join(f"%{written[at : at + 2]}" for at in range(0, len(written), 2))
    return f"\\{sign}" if sign in '"\\' and not old else sign


def _as_unicode_escapes(sign: str, *, upper: bool) -> str:
    code = ord(sign)
    if code >= _BEYOND:
        code -= _BEYOND
        codes = [0xD800 + (code >> 10), 0xDC00 + (code & 0x3FF)]
    else:
        codes = [code]
    written = "X" if upper and any(c > "9" for c in f"{codes[0]:x}") else "x"
    return "".join(f"\\u{format(one, f'04{written}')}" for one in codes)
