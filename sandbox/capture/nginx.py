"""Cut nginx's configuration into tokens and directives.

Takes bytes of any encoding; gives every byte back in one token or another. Never fails: nginx
itself has judged the file; what it would refuse comes out as words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class TokenKind(StrEnum):
    """What a token is."""

    SPACE = "space"
    COMMENT = "comment"
    WORD = "word"
    CODE = "code"
    END = "end"
    OPEN = "open"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the configuration; `line` counts from 1."""

    kind: TokenKind
    text: bytes = field(repr=False)
    line: int

    @property
    def value(self) -> bytes:
        """The word without its quotes, escapes as they are."""
        text = self.text
        if len(text) > 1 and text[:1] in (b'"', b"'") and text[-1:] == text[:1]:
            return text[1:-1]
        return text


@dataclass(frozen=True, slots=True)
class Directive:
    """A directive with its arguments, and the blocks that it stands in."""

    name: str
    arguments: tuple[str, ...] = field(repr=False)
    blocks: tuple[str, ...] = ()


_TOKEN = re.compile(
    rb"(?P<space>\s+)|(?P<comment>\#[^\n]*)|(?P<end>;)|(?P<open>\{)|(?P<close>\})"
    rb"|(?P<word>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|(?:\\.|\$\{|[^\s;{}\\]|(?<=\w)\}(?=\S))+|.)",
    re.DOTALL | re.VERBOSE,
)


def split_nginx(content: bytes) -> Iterator[Token]:
    """Give the tokens of a configuration; the code of a Lua block is one token."""
    place, line, directive, fresh = 0, 1, b"", True
    while place < len(content):
        found = _TOKEN.match(content, place)
        if found is None:  # cannot be: the last alternative takes any byte
            break
        kind = TokenKind(found.lastgroup or "word")
        if kind is TokenKind.WORD and fresh:
            directive, fresh = found[0], False
        elif kind in {TokenKind.END, TokenKind.OPEN, TokenKind.CLOSE}:
            fresh = True
        yield Token(kind, found[0], line)
        line += found[0].count(b"\n")
        place = found.end()
        if kind is TokenKind.OPEN and re.search(rb"(?:lua|perl|js)_block$|^perl_set$", directive):
            end = _block_end(content, place)
            yield Token(TokenKind.CODE, content[place:end], line)
            line += content.count(b"\n", place, end)
            place = end


def directives(content: bytes) -> Iterator[Directive]:
    """Give the directives of a configuration, blocks first and then what is in them."""
    blocks: list[str] = []
    words: list[str] = []
    for token in split_nginx(content):
        if token.kind is TokenKind.WORD:
            words.append(token.value.decode("utf-8", "replace"))
        elif token.kind in {TokenKind.END, TokenKind.OPEN}:
            if words:
                yield Directive(words[0], tuple(words[1:]), tuple(blocks))
            if token.kind is TokenKind.OPEN:
                blocks.append(words[0] if words else "")
            words = []
        elif token.kind is TokenKind.CLOSE and blocks:
            blocks.pop()
            words = []


def log_formats(contents: Iterable[bytes]) -> dict[str, str]:
    """Give the log formats that a configuration defines, and nginx's own ``combined``."""
    formats = {
        "combined": '$remote_addr - $remote_user [$time_local] "$request" $status '
        '$body_bytes_sent "$http_referer" "$http_user_agent"'
    }
    for content in contents:
        for one in directives(content):
            if one.name == "log_format" and len(one.arguments) > 1:
                pieces = [part for part in one.arguments[1:] if not part.startswith("escape=")]
                formats[one.arguments[0]] = "".join(pieces)
    return formats


_CODE = re.compile(
    rb"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\[(=*)\[.*?\]\1\]|--[^\n]*|(?P<brace>[{}])", re.DOTALL
)


def _block_end(content: bytes, place: int) -> int:
    """Find the brace that closes a block of code: none in its strings and comments counts."""
    depth = 1
    for found in _CODE.finditer(content, place):
        if found["brace"]:
            depth += 1 if found["brace"] == b"{" else -1
            if depth == 0:
                return found.start()
    return len(content)
