"""Put together a text of which some pieces may leave as they are.

Takes the pieces of a settings file in their order, each with what is to become of it; gives a
`MaskedText`. A piece that stays carries the rule of the allow-list that let it pass, and is held
against that rule once more here: whoever cuts a file up wrongly gets an error, not a leak.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sandbox.errors import MaskingRefused
from sandbox.model import MaskedText

MaskText = Callable[[bytes, str], MaskedText]


class Allowed(StrEnum):
    """Why a piece may leave as it is: the rule that it fits."""

    LAYOUT = "layout"
    NAME = "name"
    NUMBER = "number"
    SWITCH = "switch"
    CONSTANT = "constant"
    CHOICE = "choice"
    PATH = "path"
    FORMAT = "format"
    VARIABLE = "variable"
    IDENTIFIER = "identifier"
    DIGEST = "digest"
    TIME = "time"


_WORD = rb"[A-Za-z0-9_]{1,64}"
_FITS = {
    # White space and the punctuation of ini files, nginx and JSON; never a letter or digit.
    Allowed.LAYOUT: re.compile(rb"[\s\[\]{}();:,=\"'#/-]*"),
    Allowed.NAME: re.compile(rb"[A-Za-z0-9_.\[\]$ :<~-]{1,200}"),
    Allowed.NUMBER: re.compile(rb"[+-]?[0-9]{1,20}(?:\.[0-9]{1,20})?[A-Za-z%]{0,2}(?:/s|/m)?"),
    Allowed.SWITCH: re.compile(rb"(?i:on|off|yes|no|true|false|none|null|default|auto)"),
    Allowed.CONSTANT: re.compile(rb"[A-Z][A-Z0-9_]{0,60}|[&|^~! ()]+"),
    # A value that this very setting is known to take; the settings' own patterns are narrower.
    Allowed.CHOICE: re.compile(rb"[A-Za-z0-9_.,:;+*/@!=#&|^~'$<>% {}?\[\]()\\-]{1,400}"),
    Allowed.PATH: re.compile(rb"(?:unix:)?[A-Za-z0-9_./+*:;-]{1,300}"),
    Allowed.FORMAT: re.compile(rb"[\x20-\x7e\t\r\n]{0,2000}"),
    Allowed.VARIABLE: re.compile(
        rb"(?:\$" + _WORD + rb"|\$\{" + _WORD + rb"\}|[\s/?=&:.,_|()\"'\[\]{}-])+"
    ),
    Allowed.IDENTIFIER: re.compile(rb"[A-Za-z_\\][A-Za-z0-9_\\]{0,120}"),
    Allowed.DIGEST: re.compile(rb"[0-9a-f]{8,128}"),
    Allowed.TIME: re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{5,15}(?:Z|[+-][0-9:]{4,6})?"),
}
_PLACEHOLDER = re.compile(
    r"@secret:[A-Za-z0-9_.~-]{1,120}:[a-z]{2,12}:[0-9]{1,3}(?:-[0-9]{1,3}|\+)@"
)


@dataclass(frozen=True, slots=True)
class Verbatim:
    """A piece that stays as it is, and the rule that it fits."""

    text: bytes = field(repr=False)
    rule: Allowed


@dataclass(frozen=True, slots=True)
class ToMask:
    """A piece that `Masker.mask_text` takes; `kind` as it knows them.

    Attributes:
        text: The piece.
        kind: ``log``, ``config``, ``plain`` or ``secret``.
        one_line: Whether a line end in what it becomes would let it be read as something else: a
            comment as a setting. There is none then.
    """

    text: bytes = field(repr=False)
    kind: str
    one_line: bool = False


@dataclass(frozen=True, slots=True)
class Placeholder:
    """What stands for a value that does not leave.

    Attributes:
        name: Name of the setting.
        kind: What the value is: ``password``, ``user``, ``host``, ``url``, ``path``, ``text`` …
        length: Length class of the value in bytes: ``1-8``, ``9-16`` … ``257+``.
        scheme: Scheme of a URL, where it is a usual one.
    """

    name: str
    kind: str
    length: str
    scheme: str = ""

    def __str__(self) -> str:
        return f"@secret:{self.name}:{self.kind}:{self.length}@"


@dataclass(frozen=True, slots=True)
class JsonString:
    """Pieces that together are one string of a JSON text; escaped after masking."""

    pieces: tuple[Verbatim | ToMask | Placeholder, ...]


Segment = Verbatim | ToMask | Placeholder | JsonString
_MEMO_LIMIT = 4096  # texts that are remembered, and bytes of one
_CLASSES = ((8, "1-8"), (16, "9-16"), (32, "17-32"), (64, "33-64"), (256, "65-256"))


def length_class(length: int) -> str:
    """Give the length class of a value of so many bytes.

    >>> length_class(5), length_class(40), length_class(4000)
    ('1-8', '33-64', '257+')
    """
    return next((name for limit, name in _CLASSES if length <= limit), "257+")


def fits(text: bytes, rule: Allowed) -> bool:
    """Tell whether a piece fits a rule of the allow-list."""
    return _FITS[rule].fullmatch(text) is not None


def assemble(segments: Iterable[Segment], mask: MaskText) -> MaskedText:
    """Put the pieces of a text together, masking what is to be masked.

    Args:
        segments: The pieces, in order.
        mask: `Masker.mask_text`.

    Raises:
        MaskingRefused: A piece does not fit the rule that was to let it pass.
    """
    return MaskedText(b"".join(piece.content for piece in masked_pieces(segments, mask)))


def masked_pieces(segments: Iterable[Segment], mask: MaskText) -> Iterator[MaskedText]:
    """Give the pieces of a text masked, one by one; see `assemble`."""
    memo: dict[tuple[bytes, str], bytes] = {}
    for segment in segments:
        yield MaskedText(_leave(segment, mask, memo))


def mask_placeholders(places: Sequence[tuple[Placeholder, tuple[str, ...]]]) -> MaskedText:
    """Write the list of placeholders as JSON: what the replica has to fill.

    Args:
        places: Each placeholder with the places (file and line) that it stands in.

    Raises:
        MaskingRefused: A placeholder is not well-formed.
    """
    if not all(fits(place.encode(), Allowed.PATH) for _, where in places for place in where):
        raise MaskingRefused("a settings file has a name that cannot be written.")
    listed = [
        {
            "placeholder": _leave(one, _never, {}).decode(),
            "name": one.name,
            "kind": one.kind,
            "length": one.length,
            **({"scheme": one.scheme} if one.scheme in {"http", "https", "ftp", "smtp"} else {}),
            "places": list(where),
        }
        for one, where in places
    ]
    return MaskedText(json.dumps({"placeholders": listed}, indent=1).encode() + b"\n")


def _leave(segment: Segment, mask: MaskText, memo: dict[tuple[bytes, str], bytes]) -> bytes:
    match segment:
        case Verbatim(text, rule):
            if not fits(text, rule):
                raise MaskingRefused(
                    f"a piece of a text was to stay as {rule.value} and is none.",
                    hint="This is a fault of sandbox: report it, please. Nothing was written.",
                )
            return text
        case ToMask(text, kind, one_line):
            masked = memo.get((text, kind))
            if masked is None:
                masked = mask(text, kind).content
                if len(text) <= _MEMO_LIMIT and len(memo) < _MEMO_LIMIT:
                    memo[text, kind] = masked
            return re.sub(rb"[\r\n]+", b" ", masked) if one_line else masked
        case Placeholder():
            if not _PLACEHOLDER.fullmatch(str(segment)):
                raise MaskingRefused(
                    "a placeholder has a name that cannot be written.",
                    hint="This is a fault of sandbox: report it, please. Nothing was written.",
                )
            return str(segment).encode()
        case JsonString(pieces):
            inner = b"".join(_leave(piece, mask, memo) for piece in pieces)
            return json.dumps(inner.decode("utf-8", "backslashreplace")).encode()


def _never(_text: bytes, _kind: str) -> MaskedText:
    raise AssertionError
