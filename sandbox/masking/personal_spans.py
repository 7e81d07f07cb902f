"""Find what in a literal may not leave although the rest of it stays.

That is what is recognisably personal: mail addresses, IBANs, cards, telephones, addresses of
machines. And what the literal itself calls a secret: ``Password=…`` of a connection, IDENTIFIED BY
of a statement that is put together, a login in a URL.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from sandbox.masking.maskers.addresses import is_address
from sandbox.masking.maskers.free_text_pattern import ALTERNATIVES, find_secrets
from sandbox.masking.maskers.identifiers import is_iban, is_luhn

SECRET, PLAIN = "secret", "plain"

# As in free text, and in its order: what looks like a date there is no telephone here either.
_SEEN = (
    "url", "mail", "moment", "zone", "date", "iban", "address", "uuid", "joined", "token", "mixed",
    "telephone", "card", "number",
)  # fmt: skip
_PATTERN = re.compile(
    "|".join(one for _, one in ALTERNATIVES if any(f"(?P<{kind}>" in one for kind in _SEEN)),
    re.VERBOSE,
)
# Elsewhere a colon is one of a message: "Unknown token: …". And a program fills placeholders in.
_ASSIGNS = re.compile(r"""[^=]*(?:=|by|by\s+password)\s*|[^:]*["']\s*:\s*""", re.IGNORECASE)
_FILLED_IN = re.compile(r"""["']?(?:[?@:%{$]|\w+\()""")
_LOGIN = re.compile(r"[^/?#]*://[^/?#]*@")
# With its country, an area in parentheses or before a slash, or all of ten digits.
_TELEPHONE = re.compile(r"\+|\(?0\d{1,4}(?:\)|\s?/)|(?:\D*\d){10}")
_GROUPED = re.compile(r".*\d\D+\d|0[1-9]")
_DAY_OR_HOURS = re.compile(r"\d{1,2}[/\- ]\d{1,2}[/\- ]\d{2,4}|[0-2]\d[0-5]\d-[0-2]\d[0-5]\d\b")
_TELEPHONE_DIGITS, _CARD_DIGITS = range(7, 16), range(13, 20)
_LOCAL = re.compile(r"127\.[\d.]+|0\.0\.0\.0|[0:]*::?[01]?")


def cut_literal(text: str) -> list[tuple[str, str]]:
    """Cut a literal into pieces; each with how it is masked, or with nothing if it stays.

    >>> cut_literal("Host=a,Password=b1")
    [('Host=a,Password=', ''), ('b1', 'secret'), ('', '')]
    """
    spans: list[tuple[int, int, str]] = []
    position = 0
    for name, value, end in find_secrets(text):
        if _ASSIGNS.fullmatch(text, name, value) and not _FILLED_IN.match(text, value):
            spans += [*_personal(text, position, value), (value, end, SECRET)]
            position = end
    spans += _personal(text, position, len(text))
    pieces, position = [], 0
    for start, end, kind in spans:
        pieces += [(text[position:start], ""), (text[start:end], kind)]
        position = end
    return [*pieces, (text[position:], "")]


def _personal(text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    position = start
    while found := _PATTERN.search(text, position, end):
        position = found.end()
        if found.lastgroup == "url" and not _LOGIN.match(found[0]):
            # A mail address may stand in its query.
            position = found.start() + found[0].index("://") + len("://")
        # More strictly than in free text, where everything is masked: a program compares.
        elif _IS_PERSONAL.get(found.lastgroup or "", _never)(found[0]):
            yield *found.span(), PLAIN


def _never(_text: str) -> bool:
    return False


def _is_mail(text: str) -> bool:
    local, _, host = text.rpartition("@")
    return "." in host and any(sign.isalnum() for sign in local)


def _is_remote(text: str) -> bool:
    has_digits = any(sign.isdigit() for sign in text)
    return has_digits and is_address(text) and not _LOCAL.fullmatch(text)


def _is_telephone(text: str) -> bool:
    digits = sum(sign.isdecimal() for sign in text)
    looks = _TELEPHONE.match(text) and _GROUPED.match(text) and not _DAY_OR_HOURS.match(text)
    return digits in _TELEPHONE_DIGITS and not text.startswith("000") and bool(looks)


def _is_card(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return len(digits) in _CARD_DIGITS and is_luhn(digits)


_IS_PERSONAL: Mapping[str, Callable[[str], bool]] = {
    "url": lambda _: True, "mail": _is_mail, "iban": is_iban, "address": _is_remote,
    "telephone": _is_telephone, "card": _is_card,
}  # fmt: skip
