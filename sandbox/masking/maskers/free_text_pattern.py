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
from sandbox.masking.words import WORD

NAMES_OF_SECRETS = (
    r"pass(?:word|wd|phrase|wort)?|pwd|kennwort|secret|api[_\-]?key|private[_\-]?key|salt"
    r"|(?:access|auth|csrf|refresh)?[_\-]?token|credentials?|bearer|basic|identified\s+by"
    r"|(?<![^\W_])(?:pw|pin|tan|otp)(?![^\W\d_])"  # words of their own: "shipping" is none
)
"""Names whose values are secrets, whatever they look like."""
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
_NAMED, _SECRET, _SECRET_WITHIN = "name", "secret", "secret within"
_SLASH, _AT, _DASH = "/", "@", "-"
# A name of letters only that is written like an IPv6 address has "::" at least.
_FIGURES = re.compile(r"\d|::")
_NAMES = re.compile("Basic|Bearer|SESS")
_DOTLESS_I, _DOT = "\N{LATIN SMALL LETTER DOTLESS I}", "\N{COMBINING DOT ABOVE}"

_NAME = f"(?i:{NAMES_OF_SECRETS})"
# A capital is enough to tell a name from what is before it: "dbPassword".
_NAME_WITHIN = f"(?=[A-Z]){_NAME}"
_BEHIND_NAME = r"""["'\]]*\s*(?:=>|[=:]|\s(?=["']))"""
# Every such name ends with one of the former; those that a capital may begin, with one of the
# latter. They are searched for by letters of one case, and that is fast.
_ENDS = tuple(
    (end, re.compile(rf"{end}{more}{_BEHIND_NAME}"))
    for end, more in (
        ("pass", "(?:word|wd|phrase|wort)?"), ("pwd", ""), ("kennwort", ""), ("secret", ""),
        ("key", ""), ("salt", ""), ("token", ""), ("credential", "s?"), ("bearer", ""),
        ("basic", ""), ("identified", r"\s+by"), ("pw", ""), ("pin", ""), ("tan", ""), ("otp", ""),
    )
)  # fmt: skip
_WITHIN = re.compile(
    "|".join(
        rf"{start[0].upper()}(?<=[^\W_].)(?i:{start[1:]})"
        for start in (
            "pass", "pwd", "kennwort", "secret", "api", "private", "salt", "access", "auth",
            "csrf", "refresh", "token", "credential", "bearer", "basic", "identified",
        )
    )
)  # fmt: skip
# No secret, but a word that says whether there is one: only if nothing stands behind it.
_SWITCH = r"""(?i:yes|no|true|false|null|on|off|none)[\]}]*(?![^\s&;,"'<>()])"""


def _secret_behind(prefix: str) -> str:
    return rf"""(?P<secret>(?<![^\W_]){prefix}{_NAME}{_BEHIND_NAME}\s*)
        (?P<value>(?!{_SWITCH})
        (?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s&;,"'<>()]+))"""


ALTERNATIVES: tuple[tuple[str, str], ...] = (
    (_SECRET_WITHIN, _secret_behind(r"(?:[\w.\-]{0,60}(?:[_.\-]|(?=[A-Z])))?")),
    (_SECRET, _secret_behind(r"(?:[\w.\-]{0,60}[_.\-])?")),
    (_NAMED, r"(?P<bearer>\b(?:Basic|Bearer)\s+)(?P<credentials>[A-Za-z0-9+/=._~\-]{6,})"),
    (_NAMED, r"(?P<session>\w{0,40}SESS(?:ION)?(?:_?ID)?=)(?P<cookie>[\w,\-]+)"),
    (_SLASH, rf"""(?P<url>(?<![A-Za-z0-9]){_SCHEME}(?:(?!{_SCHEME})[^\s<>"'`])+)"""),
    (_AT, r"""(?P<mail>[^\s@<>,;:"'()\[\]|=/\\]{1,64}
        @[^\s@<>,;:"'()\[\]|=/\\?]{0,255}[^\W_])"""),
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
    "|".join(
        one for needs, one in ALTERNATIVES if needs != _SECRET and not one.startswith("(?P<iban>")
    ),
    re.VERBOSE,
)
"""Finds all that is recognised in what looks like an IBAN, and is none."""
_TOKENS = re.compile(
    "|".join(one for _, one in ALTERNATIVES if re.match(r"\(\?P<(?:uuid|joined|token)>", one)),
    re.VERBOSE,
)
# What a word must not begin with, or another alternative might begin with it.
_BEGINNINGS = (
    (_SECRET_WITHIN, rf"[^\W\d_A-Z]*+(?:(?!{_NAME_WITHIN})[A-Z][^\W\d_A-Z]*+)*+{_NAME_WITHIN}"),
    (_SECRET_WITHIN, _NAME),
    (_SECRET, _NAME),
    (_NAMED, r"(?:Basic|Bearer)\s"),
    (_FIGURE, rf"{_MONTH}\s"),
)


def is_token(text: str) -> bool:
    """Tell whether a text is a token, and nothing else.

    >>> is_token("fa83a11a198d5a7f"), is_token("Shop_Model_Order2_Item_V3Long")
    (True, False)
    """
    return is_hex_token(text) or _TOKENS.fullmatch(text) is not None


def pattern_for(text: str) -> re.Pattern[str]:
    """Give the pattern that finds all that is recognised in a text.

    Each match is of one alternative; the handler of its last group is the handler of it.
    """
    held = [kind for kind in (_SLASH, _AT, _DASH) if kind in text]
    # Folded as `re` compares: it also takes an i without a dot, or with one on a capital, for an i.
    folded = text.casefold().replace(_DOTLESS_I, "i").replace(_DOT, "")
    if any(end in folded and names.search(folded) for end, names in _ENDS):
        held.append(_SECRET_WITHIN if _WITHIN.search(text) else _SECRET)
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
    return rf"""(?P<plain>(?:
        {unless}[^\W\d_]++[{SIGNS_BEHIND_WORDS}]?+(?:\ |\Z)
        |[1-9][0-9]{{0,8}}+[{SIGNS_BEHIND_WORDS}]?+\ (?=[^\W\d_])
        )+)"""
