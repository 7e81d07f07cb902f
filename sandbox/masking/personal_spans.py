"""Find what in a literal may not leave although the rest of it stays.

That is what is recognisably personal: mail addresses, IBANs, cards, telephones, addresses of
machines. And what the literal itself calls a secret: ``Password=…`` of a connection, IDENTIFIED BY
of a statement that is put together, a login in a URL.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sandbox.masking.maskers.addresses import is_address
from sandbox.masking.maskers.free_text_pattern import ALTERNATIVES
from sandbox.masking.maskers.identifiers import is_luhn, is_valid_iban
from sandbox.masking.secret_names import is_secret_name

SECRET, PLAIN = "secret", "plain"

# As in free text, and in its order: what looks like a date there is no telephone here either.
_SEEN = (
    "url", "mail", "moment", "zone", "date", "iban", "address", "uuid", "token", "mixed",
    "telephone", "card", "number",
)  # fmt: skip
_PATTERN = re.compile(
    "|".join(one for _, one in ALTERNATIVES if any(f"(?P<{kind}>" in one for kind in _SEEN)),
    re.VERBOSE,
)
_PAIR = re.compile(
    r"""(?P<name>[\w.\-]{1,60})\s*:?=\s*(?P<quote>["'])(?P<quoted>.*?)(?P=quote)"""
    r"""|(?P<key>[\w.\-]{1,60})=(?![?@:%{$])(?P<bare>[^\s,;&'"()]++)(?!\()"""
    r"""|\bidentified\s+by\s+(?:password\s+)?(?P<mark>["'])(?P<identity>.*?)(?P=mark)""",
    re.IGNORECASE | re.DOTALL,
)
_LOGIN = re.compile(r"[^/?#]*://[^/?#]*@")
_TELEPHONE = re.compile(r"\+|.*\d[^\d]+\d|0[1-9]\d{8,}")
_DAY = re.compile(r"\d{1,2}[/\- ]\d{1,2}[/\- ]\d{2,4}")
_TELEPHONE_DIGITS = range(7, 16)
_CARD_DIGITS = range(13, 20)
_LOCAL = re.compile(r"127\.[\d.]+|0\.0\.0\.0|[0:]*::?[01]?")


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a literal that is masked.

    Attributes:
        start: Where it begins.
        end: Where the rest goes on.
        kind: How: `SECRET` as a whole, `PLAIN` as free text is.
    """

    start: int
    end: int
    kind: str


def find_spans(text: str) -> list[Span]:
    """Find the parts of a literal that are masked, in order.

    >>> [text[one.start : one.end] for text in ["Host=a,Password=b1"] for one in find_spans(text)]
    ['b1']
    """
    spans: list[Span] = []
    position = 0
    for found in _PAIR.finditer(text):
        name = found["name"] or found["key"]
        if name is not None and not is_secret_name(name):
            continue
        group = next(one for one in ("quoted", "bare", "identity") if found[one] is not None)
        start, end = found.span(group)
        spans += _personal(text, position, start)
        spans.append(Span(start, end, SECRET))
        position = end
    return [*spans, *_personal(text, position, len(text))]


def without_spans(text: str) -> str:
    """Give what of a literal stays.

    >>> without_spans("enum('open','petra@post.example')")
    "enum('open','')"
    """
    position, left = 0, []
    for span in find_spans(text):
        left.append(text[position : span.start])
        position = span.end
    return "".join([*left, text[position:]])


def _personal(text: str, start: int, end: int) -> Iterator[Span]:
    position = start
    while found := _PATTERN.search(text, position, end):
        position = found.end()
        if found.lastgroup == "url" and not _LOGIN.match(found[0]):
            # A mail address may stand in its query.
            position = found.start() + found[0].index("://") + len("://")
        elif _is_personal(found.lastgroup or "", found[0]):
            yield Span(found.start(), found.end(), PLAIN)


def _is_personal(kind: str, text: str) -> bool:
    """Tell it more strictly than free text does, where everything is masked: a program compares."""
    check = _CHECKS.get(kind)
    return check is not None and check(text)


def _is_mail(text: str) -> bool:
    local, _, host = text.rpartition("@")
    return "." in host and any(sign.isalnum() for sign in local)


def _is_remote(text: str) -> bool:
    has_digits = any(sign.isdigit() for sign in text)
    return has_digits and is_address(text) and not _LOCAL.fullmatch(text)


def _is_telephone(text: str) -> bool:
    fits = _count_digits(text) in _TELEPHONE_DIGITS and not text.startswith("000")
    return fits and bool(_TELEPHONE.match(text)) and not _DAY.match(text)


def _is_card(text: str) -> bool:
    return _count_digits(text) in _CARD_DIGITS and is_luhn(re.sub(r"\D", "", text))


def _count_digits(text: str) -> int:
    return sum(sign.isdecimal() for sign in text)


_CHECKS: Mapping[str, Callable[[str], bool]] = {
    "url": lambda _: True, "mail": _is_mail, "iban": is_valid_iban, "address": _is_remote,
    "telephone": _is_telephone, "card": _is_card,
}  # fmt: skip
