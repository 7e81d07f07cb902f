"""Cut SQL text into statements as the command line clients do, without understanding them.

Strings, quoted names, comments and DELIMITER lines are respected. A conditional comment
(``/*!50003 … */``) is code: what stands in it is scanned like everything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_DELIMITER = re.compile(r"[ \t]*delimiter[ \t]+(\S+)[^\n]*(?:\n|\Z)", re.IGNORECASE)
_CONDITIONAL = re.compile(r"/\*M?![0-9]{0,6}")
_LINE_COMMENT = re.compile(r"(?:#|--(?=\s|\Z))[^\n]*")
# No version is 999999: what stands in such a comment speaks to the client.
_COMMENT = re.compile(r"/\*(?:M!999999.*?|(?!M?!).*?)\*/", re.DOTALL)
_QUOTED = {
    "'": re.compile(r"'(?:[^'\\]|\\.|'')*'", re.DOTALL),
    '"': re.compile(r'"(?:[^"\\]|\\.|"")*"', re.DOTALL),
    "`": re.compile(r"`(?:[^`]|``)*`", re.DOTALL),
}
_QUOTED_PLAIN = {
    "'": re.compile(r"'(?:[^']|'')*'", re.DOTALL),
    '"': re.compile(r'"(?:[^"]|"")*"', re.DOTALL),
    "`": _QUOTED["`"],
}
_SPECIAL = re.compile(r"['\"`#/*\n-]")


class TextBroken(ValueError):
    """The text ends inside of something that began at `position`."""

    def __init__(self, position: int, what: str) -> None:
        super().__init__(what)
        self.position = position
        self.what = what


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as it stands in a text, without its delimiter.

    Attributes:
        text: The statement.
        position: Where it begins.
    """

    text: str
    position: int


class Splitter:
    """Cuts a text into statements.

    Args:
        text: The whole text.

    Attributes:
        backslash_escapes: Whether a backslash escapes in strings; may be changed on the way.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self.backslash_escapes = True

    def statements(self) -> Iterator[Statement]:
        """Give one statement after the other; comments before a statement are left out.

        Raises:
            TextBroken: The text ends inside of a string, a comment or a statement.
        """
        text, delimiter, position = self._text, ";", 0
        while True:
            position = self._skip_blank(position)
            if position >= len(text):
                return
            changed = _DELIMITER.match(text, position)
            if changed and _begins_line(text, position):
                delimiter, position = changed[1], changed.end()
                continue
            if text.startswith(delimiter, position):
                position += len(delimiter)
                continue
            end = self._end_of(position, delimiter)
            yield Statement(text[position:end].rstrip(), position)
            position = end + len(delimiter)

    def _skip_blank(self, position: int) -> int:
        text = self._text
        while position < len(text):
            if text[position].isspace():
                position += 1
                continue
            comment = _LINE_COMMENT.match(text, position) or _COMMENT.match(text, position)
            if comment is None:
                if text.startswith("/*", position) and not _CONDITIONAL.match(text, position):
                    raise TextBroken(position, "a comment")
                return position
            position = comment.end()
        return position

    def _end_of(self, start: int, delimiter: str) -> int:
        text, position = self._text, start
        wanted = re.compile(f"{_SPECIAL.pattern}|{re.escape(delimiter)}")
        while True:
            found = wanted.search(text, position)
            if found is None:
                raise TextBroken(start, "a statement")
            position = found.start()
            if text.startswith(delimiter, position):
                return position
            position = skip(text, position, backslash_escapes=self.backslash_escapes)


def _begins_line(text: str, position: int) -> bool:
    return position == 0 or not text[text.rfind("\n", 0, position) + 1 : position].strip()


def skip(text: str, position: int, *, backslash_escapes: bool) -> int:
    """Give where the string, quoted name or comment that begins at `position` ends.

    Where none begins there, the next position is given; also at a conditional comment.

    Raises:
        TextBroken: It never ends.
    """
    character = text[position]
    if character in "'\"`":
        form = (_QUOTED if backslash_escapes else _QUOTED_PLAIN)[character]
        found = form.match(text, position)
        if found is None:
            raise TextBroken(position, "a string" if character != "`" else "a quoted name")
        return found.end()
    if character in "#-":
        found = _LINE_COMMENT.match(text, position)
        return found.end() if found else position + 1
    if text.startswith("/*", position) and not _CONDITIONAL.match(text, position):
        found = _COMMENT.match(text, position)
        if found is None:
            raise TextBroken(position, "a comment")
        return found.end()
    return position + 1


def unwrap(statement: str, *, backslash_escapes: bool = True) -> str:
    """Take the outer conditional comments off a statement.

    >>> unwrap("/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER t … */")
    'CREATE DEFINER=`a`@`b` TRIGGER t …'
    """
    parts: list[str] = []
    kept: list[str] = []
    depth = position = 0
    while position < len(statement):
        opening = _CONDITIONAL.match(statement, position)
        closing = depth > 0 and statement.startswith("*/", position)
        if opening:
            end = opening.end()
        elif closing:
            end = position + 2
        else:
            end = skip(statement, position, backslash_escapes=backslash_escapes)
        if (opening and depth == 0) or (closing and depth == 1):
            parts.append("".join(kept).strip())
            kept = []
        else:
            kept.append(statement[position:end])
        depth += bool(opening) - closing
        position = end
    parts.append("".join(kept).strip())
    return " ".join(part for part in parts if part)
