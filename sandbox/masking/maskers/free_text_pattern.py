"""What is recognised in free text, in order of precedence: the first that fits counts.

A text holds few of these kinds. Which it cannot hold, a handful of C-level searches tell, and the
pattern for that text leaves them out: four times faster on prose, and nothing else changes.
"""

from __future__ import annotations

import re
from functools import lru_cache

from sandbox.masking.maskers.addresses import IPV4, IPV6
from sandbox.masking.maskers.dates import WRITTEN_DATE
from sandbox.masking.maskers.identifiers import IBAN_LENGTHS, is_hex_token
from sandbox.masking.secret_names import is_secret_name
from sandbox.masking.words import WORD

SIGNS_BEHIND_WORDS = ",.;:!?"
"""What may stand between a plain word and the space behind it."""

_CLOCK = r"\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:\s?(?:Z|[+\-]\d\d:?\d\d)(?!\d))?"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_MOMENT = (
    rf"\d{{4}}[\-/]\d\d[\-/]\d\d[T ]{_CLOCK}|\d\d[/\-]{_MONTH}[/\-]\d{{4}}[: ]{_CLOCK}"
    rf"|{_MONTH}\s+\d{{1,2}}\s{_CLOCK}"
)
_ZONE = (
    r"(?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific)"
    r"/[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_]+)?"
)
_SCHEME = r"[A-Za-z][A-Za-z0-9+.\-]{0,30}://"
_ESCAPE = r"%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}"
# Grouped by fours, or without any blank; known countries' also grouped in another way.
_IBAN = rf"""(?<!\w)(?=[A-Za-z]{{2}}\d\d)(?:
        (?:{"|".join(IBAN_LENGTHS)})\d\d(?:\s?[A-Z0-9]{{4}}){{2,7}}(?:\s?[A-Z0-9]{{1,3}})?
        |[A-Za-z]{{2}}\d\d(?:(?:\s[A-Za-z0-9]{{4}}){{2,7}}(?:\s[A-Za-z0-9]{{1,3}})?
            |[A-Za-z0-9]{{11,30}})
        )(?!\w)"""
# Hexadecimal in one case, from eight signs on, with a digit and a letter.
_HEX_RUN = r"(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{8,}"
# The same in parts, one of which mixes the two; a part of 16 signs is a token of its own.
_HEX_PARTS = r"""(?=[0-9a-f\-]*?(?:[a-f][0-9]|[0-9][a-f]))(?=[0-9a-f\-]{13})
        [0-9a-f]{1,15}(?:-[0-9a-f]{1,15})+"""
# Base64 as URLs have it: capitals behind small letters, letters behind digits, no long words.
_BASE64_PARTS = r"""(?=[A-Za-z0-9]*[_\-])(?=[A-Za-z0-9_\-]*?[a-z][0-9]*[A-Z])
        (?=[A-Za-z0-9_\-]*?[0-9][A-Za-z])(?:(?![a-z]{7})[A-Za-z0-9_\-]){20,}={0,2}"""

_FIGURE, _ESCAPED, _JOINED = "figure", "escape", "joined"
_NAMED, _SECRET = "name", "secret"
_SLASH, _AT, _DASH = "/", "@", "-"
# A name of letters only that is written like an IPv6 address has "::" at least.
_FIGURES = re.compile(r"\d|::")
_NAMES = re.compile("Basic|Bearer|SESS")
_DOTLESS_I, _DOT = "\N{LATIN SMALL LETTER DOTLESS I}", "\N{COMBINING DOT ABOVE}"

# What parameters and settings are called, also as forms of PHP spell it: user%5Bpassword%5D.
_NAME = r"[\w.\-\[\]]{0,80}+(?:%(?:5[BbDdFf]|2[DdEe])[\w.\-\[\]]{0,80}+){0,9}"
_BEHIND_NAME = r"""["'\]]*\s*(?:=>|:?=|:|\s(?=["']))"""
_BEFORE_VALUE = rf"{_BEHIND_NAME}\s*(?:(?:Token|Digest|ApiKey)\s+)?"
_NAME_BEFORE = re.compile(rf"(?<![^\W_])(?P<name>\w{_NAME}){_BEFORE_VALUE}")
_CLAUSE_BEFORE = re.compile(
    rf"(?<![^\W_])(?P<name>(?i:identified\s+by(?:\s+password)?)|\w{_NAME}){_BEFORE_VALUE}"
)
# One of these is in the name of every secret; they are searched for by letters of one case, and
# that is fast.
_ROOTS = tuple(
    (root, re.compile(rf"{root}{_NAME}{_BEHIND_NAME}" if root != "identified" else root))
    for root in (
        "pass", "pwd", "pw", "kennwort", "secret", "key", "code", "salt", "pepper", "token", "cred",
        "bearer", "authorization", "identified", "pin", "tan", "otp", "cvc", "cvv", "dsn", "jwt",
        "csrf", "xsrf",
    )
)  # fmt: skip
# No secret, but a word that says whether there is one: only if nothing stands behind it.
_SWITCH = r"""(?i:yes|no|true|false|null|on|off|none)[\]}]*(?![^\s&;,"'<>()])"""
_SCHEME_BEFORE, _CREDENTIALS = r"\b(?:Basic|Bearer)\s+", r"[A-Za-z0-9+/=._~\-]{6,}"
_VALUE = re.compile(
    rf"""(?!{_SWITCH}|{_SCHEME_BEFORE}{_CREDENTIALS})(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s&;,"'<>()]+)"""
)


ALTERNATIVES: tuple[tuple[str, str], ...] = (
    (_NAMED, rf"(?P<bearer>{_SCHEME_BEFORE})(?P<credentials>{_CREDENTIALS})"),
    (_NAMED, r"(?P<session>\w{0,40}SESS(?:ION)?(?:_?ID)?=)(?P<cookie>[\w,\-]+)"),
    (_SLASH, rf"""(?P<url>(?<![A-Za-z0-9]){_SCHEME}(?:(?!{_SCHEME})[^\s<>"'`])+)"""),
    (_AT, r"""(?P<mail>[^\s@<>,;:"'()\[\]|=/\\]{1,64}
        @[^\s@<>,;:"'()\[\]|=/\\?&]{0,255}[^\W_])"""),
    (_FIGURE, rf"(?P<moment>(?<![\w])(?:{_MOMENT})(?!\w))"),
    (_SLASH, rf"(?P<zone>\b{_ZONE}\b)"),
    (_FIGURE, rf"(?P<date>(?<![\w.\-])(?:{WRITTEN_DATE})(?![\w\-]))"),
    (_FIGURE, rf"(?P<address>{IPV6}|{IPV4})"),
    (_ESCAPED, rf"(?P<escaped>[\w.+\-]{{0,60}}(?:{_ESCAPE})(?:[\w.+\-]|{_ESCAPE})*)"),
    (_DASH, r"(?P<uuid>(?<!\w)[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?!\w))"),
    (_JOINED, rf"""(?P<joined>(?<![\w\-])(?:
        {_HEX_PARTS}|{_HEX_PARTS.replace("a-f", "A-F")}|{_BASE64_PARTS})(?![\w\-]))"""),
    (_FIGURE, rf"(?P<iban>{_IBAN})"),
    (_FIGURE, rf"""(?P<token>(?<![^\W_])(?:
        {_HEX_RUN}|{_HEX_RUN.replace("a-f", "A-F")}
        |(?=[A-Za-z]*\d[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{{16,}}={{0,2}})(?![^\W_]))"""),
    (_FIGURE, r"""(?P<mixed>(?<![^\W_])(?:[A-Za-z]++\d++|\d++[A-Za-z]++){2,}
        [A-Za-z]*+(?![^\W_]))"""),
    (_FIGURE, r"""(?P<telephone>(?<![\w.])
        (?:\+\d|\(?0\d)(?:[\d\ ()/\-\u00a0]{0,30}\d)?(?!\w)
        |(?<![\w.])\(?\d{3}\)?[\-.\ ]\d{3}[\-.]\d{4}(?!\w))"""),
    (_FIGURE, r"(?P<card>(?<![\w.])\d(?:[\ \-]?\d){11,18}(?!\w))"),
    (_FIGURE, r"(?P<number>\d+)"),
    ("", rf"(?P<word>{WORD.pattern})"),
    ("", r"(?P<unknown>[\udc80-\udcff]+)"),
)  # fmt: skip
"""What a text must hold for an alternative to fit anywhere in it (nothing, if empty), and that
alternative."""
WITHOUT_IBANS = re.compile(
    "|".join(one for _, one in ALTERNATIVES if not one.startswith("(?P<iban>")), re.VERBOSE
)
"""Finds all that is recognised in what looks like an IBAN, and is none."""
_TOKENS = re.compile(
    "|".join(one for _, one in ALTERNATIVES if re.match(r"\(\?P<(?:uuid|joined|token)>", one)),
    re.VERBOSE,
)
# What a word must not begin with, or another alternative might begin with it.
_BEGINNINGS = (
    (_NAMED, r"(?:Basic|Bearer)\s"),
    (_FIGURE, rf"{_MONTH}\s"),
)


def is_token(text: str) -> bool:
    """Tell whether a text is a token, and nothing else.

    >>> is_token("fa83a11a198d5a7f"), is_token("Shop_Model_Order2_Item_V3Long")
    (True, False)
    """
    return is_hex_token(text) or _TOKENS.fullmatch(text) is not None


def find_secrets(text: str) -> list[tuple[int, int, int]]:
    """Give where the name of each secret and its value begin, and where the value ends.

    >>> find_secrets("user=a&password=b1")
    [(7, 16, 18)]
    """
    if not ("=" in text or ":" in text or "'" in text or '"' in text):
        return []
    # Folded as `re` compares: it also takes an i without a dot, or with one on a capital, for an i.
    folded = text.casefold().replace(_DOTLESS_I, "i").replace(_DOT, "")
    if not any(root in folded and written.search(folded) for root, written in _ROOTS):
        return []
    names = _CLAUSE_BEFORE if "identified" in folded else _NAME_BEFORE
    return [
        (found.start(), value.start(), value.end())
        for found in names.finditer(text)
        if is_secret_name(found["name"]) and (value := _VALUE.match(text, found.end()))
    ]


def pattern_for(text: str, *, secrets: bool = False) -> re.Pattern[str]:
    """Give the pattern that finds all that is recognised in a text but its secrets.

    Each match is of one alternative; the handler of its last group is the handler of it.

    Args:
        text: The text.
        secrets: Whether there are any: their names must not be taken for plain words.
    """
    held = [kind for kind in (_SLASH, _AT, _DASH) if kind in text]
    if secrets:
        held.append(_SECRET)
    if _NAMES.search(text):
        held.append(_NAMED)
    if _FIGURES.search(text):
        held.append(_FIGURE)
        if _DASH in text or "_" in text:
            held.append(_JOINED)
    if "%" in text or "\\u" in text:
        held.append(_ESCAPED)
    return _pattern_of(tuple(held))


@lru_cache(maxsize=2**9)
def _pattern_of(held: tuple[str, ...]) -> re.Pattern[str]:
    fitting = (one for needs, one in ALTERNATIVES if not needs or needs in held)
    return re.compile("|".join([_plain_words(held), *fitting]), re.VERBOSE)


def _plain_words(held: tuple[str, ...]) -> str:
    """Give the pattern of words before spaces, and of short numbers before words.

    None of the alternatives can begin with them, and they are most of a text: in one match.
    """
    others = "|".join(beginning for needs, beginning in _BEGINNINGS if needs in held)
    unless = f"(?!{others})" if others else ""
    is_no_name = rf"""(?!{_BEHIND_NAME}|\s+by\s+["'])""" if _SECRET in held else ""
    return rf"""(?P<plain>(?:
        {unless}[^\W\d_]++{is_no_name}[{SIGNS_BEHIND_WORDS}]?+(?:\ |\Z)
        |[1-9][0-9]{{0,8}}+[{SIGNS_BEHIND_WORDS}]?+\ (?=[^\W\d_])
        )+)"""
