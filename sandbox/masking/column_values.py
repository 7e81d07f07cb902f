"""Mask what a table's definition says of the values of its columns, as those values are masked.

A DEFAULT of a masked column becomes what the rows that took it become, and so do the lists by
which a table is partitioned: each row still belongs where it lies. Where that cannot be (ranges,
expressions, values that depend on the rest of the row) the partitioning is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Protocol

from sandbox.masking.sql_tokens import Grammar, Kind, Token
from sandbox.model import MaskedText


class Masks(Protocol):
    """What definitions are masked with: `sandbox.masking.masker.Masker`."""

    def mask_text(self, text: bytes, kind: str) -> MaskedText:
        """Mask a text of a kind."""

    def keeps(self, table: str, column: str) -> bool:
        """Tell whether a column stays as it is; so does one that the schema had not."""

    def mask_literal(self, table: str, column: str, text: str) -> str | None:
        """Mask a value that a definition names; None if it depends on the rest of the row."""


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
    table: str, code: Sequence[Token], grammar: Grammar, masker: Masks
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
    columns, is_plain = _columns_of(clause)
    masked = [name for name in columns if not masker.keeps(table, name)]
    if not masked:
        return ColumnValues(changes)
    if clause[2].word == "LIST" and is_plain and len(columns) == 1:
        listed = _list_values(clause, columns[0], values)
        if listed is not None:
            return ColumnValues(changes | listed)
    return ColumnValues(changes, clause[0].place, masked[0])


@dataclass(frozen=True, slots=True)
class _Values:
    """Masks literals of one table."""

    table: str
    grammar: Grammar
    masker: Masks

    def mask(self, column: str, token: Token, sign: str = "") -> str | None:
        """Mask a literal; None where nothing is known to become of it."""
        is_text = token.kind is Kind.TEXT
        content = sign + (self.grammar.content(token.text) if is_text else token.text)
        masked = self.masker.mask_literal(self.table, column, content)
        if masked is None:
            return None
        if is_text:
            return self.grammar.literal(masked, token.text)
        return masked.removeprefix(sign)


def _defaults(code: Sequence[Token], values: _Values) -> Iterator[tuple[int, str]]:
    """Give the defaults of masked columns that are one literal, with what they become."""
    column, depth = "", 0
    for at, token in enumerate(code):
        depth += (token.text == "(") - (token.text == ")")
        if depth == 1 and code[at - 1].text in {"(", ","}:
            column = token.name
        if token.word == "DEFAULT" and depth == 1:
            found = _literal_behind(code[at + 1 : at + 5])
            if found is not None and not values.masker.keeps(values.table, column):
                sign, literal = found
                masked = values.mask(column, literal, sign)
                if masked is not None:
                    yield literal.place, masked


def _literal_behind(code: Sequence[Token]) -> tuple[str, Token] | None:
    """Give a literal and its sign, perhaps in parentheses and with its character set."""
    before = [*takewhile(lambda token: token.text in {"(", "-"} or token.text[0] == "_", code)]
    literal = code[len(before)] if len(before) < len(code) else None
    if literal is None or literal.kind not in {Kind.TEXT, Kind.NUMBER}:
        return None
    return "-" if before and before[-1].text == "-" else "", literal


def _start_of_partitions(code: Sequence[Token]) -> int | None:
    """Give where RANGE or LIST partitions begin; a row of any value fits those by HASH or KEY."""
    depth = 0
    for at, token in enumerate(code[:-2]):
        depth += (token.text == "(") - (token.text == ")")
        if not depth and (token.word, code[at + 1].word) == ("PARTITION", "BY"):
            return at if code[at + 2].word in {"RANGE", "LIST"} else None
    return None


def _columns_of(clause: Sequence[Token]) -> tuple[list[str], bool]:
    """Give the names in the clause's first parentheses, and whether there is nothing else."""
    start = next(at for at, token in enumerate(clause) if token.text == "(")
    inside = []
    depth = 0
    for token in clause[start:]:
        depth += (token.text == "(") - (token.text == ")")
        if not depth:
            break
        inside.append(token)
    others = {token.text for token in inside[1:] if not token.name}
    return [token.name for token in inside if token.name], others <= {","}


def _list_values(clause: Sequence[Token], column: str, values: _Values) -> dict[int, str] | None:
    """Mask the values of LIST partitions; None unless each becomes one of its own."""
    changes: dict[int, str] = {}
    before: list[str] = []
    for at, token in enumerate(clause):
        if (token.word, clause[at - 1].word) != ("IN", "VALUES"):
            continue
        sign = ""
        for value in clause[at + 2 :]:
            if value.text == ")":
                break
            if value.kind in {Kind.TEXT, Kind.NUMBER}:
                masked = values.mask(column, value, sign)
                if masked is None:
                    return None
                changes[value.place] = masked
                before.append(sign + value.text)
            elif value.text not in {",", "-"} and value.word != "NULL":
                return None
            sign = "-" if value.text == "-" else ""
    if len(set(changes.values())) < len(set(before)):
        return None
    return changes
