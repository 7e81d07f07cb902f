r"""Cut one statement into words, names, literals and comments, as its own sql_mode reads them.

Under NO_BACKSLASH_ESCAPES a backslash is a sign like any other and ``'C:\'`` a whole literal; under
ANSI_QUOTES double quotes enclose names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class Kind(StrEnum):
    """What a token is."""

    WORD = "word"
    NAME = "name"
    TEXT = "text"
    HEX = "hex"
    NUMBER = "number"
    COMMENT = "comment"
    SIGN = "sign"
    BLANK = "blank"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a statement.

    Attributes:
        kind: What it is. A quoted name is a `NAME`, one without quotes and a keyword are a `WORD`.
        text: The piece as it stands there.
        place: Its number among all pieces.
    """

    kind: Kind
    text: str
    place: int

    @property
    def word(self) -> str:
        """The word in capitals; empty where it is none."""
        return self.text.upper() if self.kind is Kind.WORD else ""

    @property
    def name(self) -> str:
        """The name that it may be, without quotes; empty where it cannot be one."""
        if self.kind is Kind.NAME:
            quote = self.text[0]
            return self.text[1:-1].replace(quote * 2, quote)
        return self.text if self.kind is Kind.WORD else ""


# Versions that no server has: what stands in such a comment is never run.
_COMMENT = r"/\*(?:M?!9{5,6}(?!\d)|(?!M?!)).*?(?:\*/|\Z)|--(?=[\s\x00-\x1f]|\Z)[^\n]*|\#[^\n]*"
_CONDITIONAL = re.compile(r"/\*M?!\d*|\*/")
_BYTES = ("utf-8", "surrogateescape")
_ESCAPES = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a"}
_ESCAPED = {"\0": "\\0", "\n": "\\n", "\r": "\\r", "\x1a": "\\Z", "\\": "\\\\"}


@dataclass(frozen=True, slots=True)
class Grammar:
    """How a sql_mode reads quotes.

    Attributes:
        backslash_escapes: Whether a backslash in a literal escapes what follows.
        ansi_quotes: Whether double quotes enclose names.
    """

    backslash_escapes: bool = True
    ansi_quotes: bool = False

    @classmethod
    def of(cls, sql_mode: str | None) -> Grammar:
        """Give the grammar of an object's mode; the usual one where the server keeps none."""
        modes = {one.strip().upper() for one in (sql_mode or "").split(",")}
        return cls("NO_BACKSLASH_ESCAPES" not in modes, "ANSI_QUOTES" in modes)

    def tokens(self, text: str) -> list[Token]:
        """Cut a text into tokens; together they are the text.

        >>> [str(token.kind) for token in Grammar().tokens("a='it''s' -- so")]
        ['word', 'sign', 'text', 'blank', 'comment']
        """
        found = _pattern(self).finditer(text)
        return [
            Token(Kind(one.lastgroup or Kind.SIGN), one[0], place)
            for place, one in enumerate(found)
        ]

    def content(self, literal: str) -> str:
        r"""Give what a literal stands for, in quotes or in hexadecimal digits.

        >>> Grammar().content(r"'it\'s ''so'''"), Grammar(backslash_escapes=False).content(r"'C:\'")
        ("it's 'so'", 'C:\\')
        """
        if literal[0] not in "'\"":
            digits = literal[2:].rstrip("'")
            return bytes.fromhex("0" * (len(digits) % 2) + digits).decode(*_BYTES)
        quote, inside = literal[0], literal[1:].removesuffix(literal[0])
        if not self.backslash_escapes:
            return inside.replace(quote * 2, quote)
        pattern = rf"\\(.)|{quote}{quote}"
        return re.sub(pattern, lambda found: _unescaped(found[1], quote), inside, flags=re.DOTALL)

    def literal(self, content: str, like: str) -> str:
        """Write a text the way another literal is written."""
        quote = like[0]
        if quote not in "'\"":
            return (
                like[:2] + content.encode(*_BYTES).hex() + like[2:].lstrip("0123456789abcdefABCDEF")
            )
        if self.backslash_escapes:
            content = "".join(_ESCAPED.get(sign, sign) for sign in content)
        return quote + content.replace(quote, quote * 2) + quote


def code_of(tokens: Sequence[Token]) -> list[Token]:
    """Leave out what the server passes over: blanks, comments, the edges of conditional ones."""
    passed = {Kind.BLANK, Kind.COMMENT}
    return [
        token
        for token in tokens
        if token.kind not in passed and not _CONDITIONAL.fullmatch(token.text)
    ]


def _unescaped(sign: str | None, quote: str) -> str:
    if sign is None:
        return quote
    # These two keep their backslash, for LIKE to see it.
    return f"\\{sign}" if sign in "%_" else _ESCAPES.get(sign, sign)


@lru_cache(maxsize=4)
def _pattern(grammar: Grammar) -> re.Pattern[str]:
    escape = r"|\\." if grammar.backslash_escapes else ""
    other = r"[^{quote}\\]" if grammar.backslash_escapes else "[^{quote}]"
    # One that never ends is a literal to the end of the text.
    single, double = (
        rf"{quote}(?:{other.format(quote=quote)}{escape}|{quote}{quote})*(?:{quote}|\Z)"
        for quote in "'\""
    )
    texts, names = (
        ([single], [r"`(?:[^`]|``)*`", r'"(?:[^"]|"")*"'])
        if grammar.ansi_quotes
        else ([single, double], [r"`(?:[^`]|``)*`"])
    )
    return re.compile(
        rf"(?P<comment>{_COMMENT})|(?P<hex>[xX]'[0-9A-Fa-f]*'|0x[0-9A-Fa-f]+(?![\w$]))"
        rf"|(?P<text>{'|'.join(texts)})|(?P<name>{'|'.join(names)})"
        r"|(?P<number>[bB]'[01]*'|0b[01]+(?![\w$])|\d+(?:\.\d+)?(?![\w$]))"
        rf"|(?P<word>[\w$]+)|(?P<blank>\s+)|(?P<sign>{_CONDITIONAL.pattern}|:=|.)",
        re.DOTALL,
    )
