"""Cut an ini file into its statements: php.ini, php-fpm pools, Zend's application.ini, .env.

Takes bytes of any encoding; gives every byte back in one statement or another, so that the file can
be put together again. Never fails: what is no statement is given as `UNKNOWN`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a statement is."""

    BLANK = "blank"
    COMMENT = "comment"
    SECTION = "section"
    SETTING = "setting"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement; its parts in their order are its bytes.

    Attributes:
        kind: What it is.
        line: Number of its first line, from 1.
        section: Name of the section that it stands in.
        before: White space, and the mark of a comment or the opening bracket of a section.
        name: Name of the setting or the section.
        equals: What stands between name and value.
        value: The value with its quotes, or the text of a comment or an unknown line.
        after: White space and comment behind a value, and the end of the line.
    """

    kind: Kind
    line: int
    section: str
    before: bytes = field(default=b"", repr=False)
    name: bytes = field(default=b"", repr=False)
    equals: bytes = field(default=b"", repr=False)
    value: bytes = field(default=b"", repr=False)
    after: bytes = field(default=b"", repr=False)


NAME = rb"[A-Za-z_][A-Za-z0-9_.\-]*(?:\[[A-Za-z0-9_.\-]*\])*"
_SECTION = re.compile(rb"(\s*\[\s*)([^\]\r\n]*?)(\s*\]\s*(?:[;#][^\r\n]*)?\r?\n?)")
_SETTING = re.compile(rb"(\s*(?:export\s+)?)(" + NAME + rb")([ \t]*=[ \t]*)")
_BARE = re.compile(rb"(\s*)(" + NAME + rb")(\s*)")
_COMMENT = re.compile(rb"(\s*[;#]+[ \t]*)([^\r\n]*)(\r?\n?)")
_QUOTED = re.compile(rb"\"(?:[^\"\\]|\\.)*\"|'[^'\r\n]*'", re.DOTALL)
_UNQUOTED = re.compile(rb"[^\"';\r\n]+|['\"]")
_ONE_WORD = re.compile(rb"(?:\"[^\"]*\"|'[^']*'|[^\s\"']*)\s*")
_LINE_END = re.compile(rb"[ \t]*(?:;[^\r\n]*)?(?:\r?\n|\r|\Z)")
_LONGEST_VALUE = 64 * 1024  # bytes that a quoted value may span


def split_ini(content: bytes) -> Iterator[Statement]:
    """Give the statements of an ini file."""
    place, line, section = 0, 1, ""
    while place < len(content):
        statement, size = _next(content, place, line, section)
        if statement.kind is Kind.SECTION:
            section = statement.name.decode("latin-1")
        yield statement
        line += content.count(b"\n", place, place + size)
        place += size


def split_commented(statement: Statement) -> Statement | None:
    """Give the setting that a comment switches off, if the comment is one.

    Its value is one word or quoted: what else has an equals sign in it is prose.
    """
    found = _SETTING.match(statement.value)
    if found is None or not _ONE_WORD.fullmatch(statement.value, found.end()):
        return None
    return Statement(
        Kind.SETTING, statement.line, statement.section,
        before=statement.before + found[1], name=found[2], equals=found[3],
        value=statement.value[found.end() :], after=statement.after,
    )  # fmt: skip


def _next(content: bytes, place: int, line: int, section: str) -> tuple[Statement, int]:
    end = content.find(b"\n", place) + 1 or len(content)
    whole = content[place:end]
    if not whole.strip():
        return Statement(Kind.BLANK, line, section, before=whole), len(whole)
    if found := _COMMENT.fullmatch(whole):
        comment = Statement(
            Kind.COMMENT, line, section, before=found[1], value=found[2], after=found[3]
        )
        return comment, len(whole)
    if found := _SECTION.fullmatch(whole):
        return Statement(
            Kind.SECTION, line, section, before=found[1], name=found[2], after=found[3]
        ), len(whole)
    if found := _SETTING.match(whole):
        value = _value_end(content, place + found.end())
        rest = _LINE_END.match(content, value)
        after = rest.end() if rest else value
        if rest:
            setting = Statement(
                Kind.SETTING, line, section, before=found[1], name=found[2], equals=found[3],
                value=content[place + found.end() : value].rstrip(b" \t"),
                after=content[value - _blanks(content, place + found.end(), value) : after],
            )  # fmt: skip
            return setting, after - place
    elif found := _BARE.fullmatch(whole):
        return Statement(
            Kind.SETTING, line, section, before=found[1], name=found[2], after=found[3]
        ), len(whole)
    text = whole.rstrip(b"\r\n")
    return Statement(Kind.UNKNOWN, line, section, value=text, after=whole[len(text) :]), len(whole)


def _value_end(content: bytes, place: int) -> int:
    """Find where a value ends: at a semicolon or line end outside of quotes."""
    limit = min(len(content), place + _LONGEST_VALUE)
    while place < limit:
        found = _QUOTED.match(content, place, limit) or _UNQUOTED.match(content, place, limit)
        if found is None:
            return place
        place = found.end()
    return place


def _blanks(content: bytes, start: int, end: int) -> int:
    text = content[start:end]
    return len(text) - len(text.rstrip(b" \t"))
