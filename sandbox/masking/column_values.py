"""Mask what a table's definition says of the values of its columns, as those values are masked.

A DEFAULT of a masked column becomes what the rows that took it become, and so do the lists by
which a table is partitioned: each row still belongs where it lies. Where that cannot be (ranges,
expressions, values that depend on the rest of the row) the partitioning is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sandbox.masking.masker import Masker
from sandbox.masking.sql_tokens import Grammar, Kind, Token

_LITERALS = frozenset({Kind.TEXT, Kind.HEX, Kind.NUMBER})
_BYTES = re.compile(r"(?:VAR)?BINARY|\w*BLOB")
_WORD = re.compile(r"[^\W\d_]{2}")


@dataclass(frozen=True, slots=True)
class ColumnValues:
    """What becomes of values in a table's definition.

    Attributes:
        changes: New texts, by the place of the token.
        cut: Place of the token where a partitioning begins that is left out.
        column: The masked column that it goes by.
    """

    changes: Mapping[int, str] = field(repr=False)
    cut: int | None = None
    column: str = ""


def mask_column_values(
    table: str, code: Sequence[Token], grammar: Grammar, masker: Masker
) -> ColumnValues:
    """Mask the defaults and the partitions of masked columns.

    Args:
        table: The table's name.
        code: Its definition.
        grammar: How that is read.
        masker: What its rows are masked with.
    """
    values = _Values(table, grammar, masker)
    changes = dict(_defaults(code, values))
    start = _start_of_partitions(code)
    if start is None:
        return ColumnValues(changes)
    clause = code[start:]
    by = inside(clause, next(at for at, token in enumerate(clause) if token.text == "("))
    masked = [one.name for one in by if one.name and not masker.keeps(table, one.name)]
    if not masked:
        return ColumnValues(changes)
    listed = None
    if clause[2].word == "LIST" and len(by) == 1:
        listed = _list_values(clause, masked[0], values)
    if listed is None:
        return ColumnValues(changes, clause[0].place, masked[0])
    return ColumnValues(changes | listed)


def inside(code: Sequence[Token], start: int) -> Sequence[Token]:
    """Give what is between the parentheses that open there."""
    depth = 0
    for at in range(start, len(code)):
        depth += (code[at].text == "(") - (code[at].text == ")")
        if not depth:
            return code[start + 1 : at]
    return code[start + 1 :]


@dataclass(frozen=True, slots=True)
class _Values:
    """Masks literals of one table."""

    table: str
    grammar: Grammar
    masker: Masker

    def listed(self, column: str, sign: str, token: Token) -> str | None:
        """Mask a value of a partition; None where nothing is known to become of it."""
        masked = self.masker.mask_literal(self.table, column, sign + self._content(token))
        return None if masked is None else self._written(masked.removeprefix(sign), token)

    def default(self, column: Sequence[Token], sign: str, token: Token) -> str:
        """Mask a constant; `column` begins with the column's name and type."""
        content, kind = sign + self._content(token), column[1].word
        if kind == "BINARY" and (length := inside(column, 2)):
            # Its rows hold as many bytes.
            missing = int(length[0].text) - len(content.encode("utf-8", "surrogateescape"))
            content += "\0" * missing
        masked = self.masker.mask_default(self.table, column[0].name, content)
        if masked and _BYTES.fullmatch(kind):
            # As they are they could make the file one of no character set.
            return self.grammar.literal(masked, "0x")
        return self._written(masked.removeprefix(sign), token)

    def part(self, token: Token) -> str:
        """Mask a literal of an expression by shape, but a day as everywhere."""
        content = self._content(token)
        kind = "secret" if _WORD.search(content) and token.kind is not Kind.NUMBER else "plain"
        masked = self.masker.mask_text(content.encode("utf-8", "surrogateescape"), kind)
        return self._written(masked.content.decode("utf-8", "surrogateescape"), token)

    def _content(self, token: Token) -> str:
        return token.text if token.kind is Kind.NUMBER else self.grammar.content(token.text)

    def _written(self, content: str, token: Token) -> str:
        return content if token.kind is Kind.NUMBER else self.grammar.literal(content, token.text)


def _defaults(code: Sequence[Token], values: _Values) -> Iterator[tuple[int, str]]:
    """Give the literals in defaults of masked columns, with what they become."""
    start, depth = 0, 0
    for at, token in enumerate(code):
        depth += (token.text == "(") - (token.text == ")")
        if depth == 1 and code[at - 1].text in {"(", ","}:
            start = at
        if token.word != "DEFAULT" or depth != 1:
            continue
        if values.masker.keeps(values.table, code[start].name):
            continue
        value = _default_behind(code, at + 1)
        literals = [one for one in value if one.kind in _LITERALS]
        others = [one for one in value if one.kind not in _LITERALS and one.text[0] not in "(-_)"]
        if len(literals) == 1 and not others:
            sign = "-" if any(one.text == "-" for one in value) else ""
            column = code[start:at]
            yield literals[0].place, values.default(column, sign, literals[0])
        else:
            yield from ((one.place, values.part(one)) for one in literals)


def _default_behind(code: Sequence[Token], at: int) -> Sequence[Token]:
    """Give a default: a constant with its sign or character set, or an expression."""
    for end in range(at, min(at + 3, len(code))):
        if code[end].text == "(":
            return inside(code, end)
        if code[end].kind in _LITERALS:
            return code[at : end + 1]
    return ()


def _start_of_partitions(code: Sequence[Token]) -> int | None:
    """Give where RANGE or LIST partitions begin; a row of any value fits those by HASH or KEY."""
    depth = 0
    for at, token in enumerate(code[:-2]):
        depth += (token.text == "(") - (token.text == ")")
        if not depth and (token.word, code[at + 1].word) == ("PARTITION", "BY"):
            return at if code[at + 2].word in {"RANGE", "LIST"} else None
    return None


def _list_values(clause: Sequence[Token], column: str, values: _Values) -> dict[int, str] | None:
    """Mask the values of LIST partitions; None unless each becomes one of its own."""
    changes: dict[int, str] = {}
    before: set[str] = set()
    for at, token in enumerate(clause):
        if (token.word, clause[at - 1].word) != ("IN", "VALUES"):
            continue
        sign = ""
        for value in inside(clause, at + 1):
            if value.kind in {Kind.TEXT, Kind.NUMBER}:
                masked = values.listed(column, sign, value)
                if masked is None:
                    return None
                changes[value.place] = masked
                before.add(sign + value.text)
            elif value.text not in {",", "-"} and value.word != "NULL":
                return None
            sign = "-" if value.text == "-" else ""
    return None if len(set(changes.values())) < len(before) else changes
