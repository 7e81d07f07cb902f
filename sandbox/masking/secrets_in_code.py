"""Tell the literals of a program that are secrets from those that are part of what it does.

A literal is a secret if what it is compared with, assigned to or called is named like one, if it is
a key of an encrypting function, or if it says by what an account is IDENTIFIED.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sandbox.masking.secret_names import is_secret_name
from sandbox.masking.sql_tokens import Kind, Token, word_set

_ENCRYPTS = re.compile(r"\w+_(?:ENCRYPT|DECRYPT)|ENCODE|DECODE|ENCRYPT|(?:OLD_)?PASSWORD")
_OLD = frozenset({"ENCODE", "DECODE"})  # DECODE of Oracle has other arguments, and more
_DERIVATION = 3  # number of the argument that names how AES_ENCRYPT makes its key
_LISTS = frozenset({"ENUM", "SET"})
_ROWS = frozenset({"VALUE", "VALUES"})
_ENDS = word_set(
    "AND BEGIN CALL CASE DECLARE DELETE DO ELSE ELSEIF FROM HAVING IF INSERT INTO JOIN LIMIT ON OR "
    "REPLACE RETURN SELECT SET THEN UNTIL UPDATE WHEN WHERE WHILE XOR"
)
_BEFORE_CHARSET = frozenset({"CHARACTER", "CHAR"})
_PLUGIN = frozenset({"WITH", "VIA"})
_EQUAL = frozenset({"=", "AS"})
_FARTHEST = 120  # tokens between a literal and what it belongs to, lists not counted


class Secrets:
    """Tells which literals of a piece of code are secrets.

    Args:
        code: The code, without comments.
    """

    def __init__(self, code: Sequence[Token]) -> None:
        self._code = code
        self._keys = frozenset(_keys_of_encryption(code))
        self._starts = _starts_of_lists(code)

    def include(self, place: int) -> bool:
        """Tell whether the literal of that number in the code is a secret."""
        return self._is_called_secret(place) or self._stands_for_secret(place)

    def _is_called_secret(self, place: int) -> bool:
        """Tell it from what stands behind: ``'…' AS password``, ``'…' = t.password``."""
        code, at = self._code, place + 1
        if at < len(code) and (code[at].text.upper() in _EQUAL):
            at += 1
        while at + 2 < len(code) and code[at + 1].text == ".":
            at += 2
        return at < len(code) and self._names_secret(code[at])

    def _stands_for_secret(self, place: int) -> bool:
        """Tell it from what stands before, back to where the expression begins."""
        code = self._code
        for at, number in self._back_from(place):
            if number is not None:
                is_last = place + 1 < len(code) and code[place + 1].text == ")"
                is_given = self._is_given_secret(at, number, is_last=is_last)
                if is_given is not None:
                    return is_given
            elif code[at].word == "IDENTIFIED":
                return code[place - 1].word not in _PLUGIN
            elif self._names_secret(code[at]) and code[at + 1].text != ".":
                return True
        return False

    def _back_from(self, place: int) -> Iterator[tuple[int, int | None]]:
        """Walk back through an expression, out of the parentheses that it stands in.

        What is before a comma, and the names of functions, are passed over.

        Yields:
            The number of a token. If it opens parentheses around the expression, also how many
            commas stand between it and the expression.
        """
        code, depth, at = self._code, 0, place
        while at > max(0, place - _FARTHEST):
            at -= 1
            if code[at].text in {"(", ")"} and (depth or code[at].text == ")"):
                depth += 1 if code[at].text == ")" else -1
            elif depth or not (code[at].text in {"(", ","} or _ends(code, at)):
                yield at, None
            else:
                start, number = self._starts[at] if code[at].text == "," else (at, -1)
                if start < 0 or code[start].text != "(":
                    return
                yield start, number + 1
                place = at = start - 1

    def _is_given_secret(self, at: int, number: int, *, is_last: bool) -> bool | None:
        """Tell whether what parentheses belong to takes a secret; None where that says nothing.

        Args:
            at: Where they open.
            number: How many arguments or columns stand before the literal's.
            is_last: Whether nothing follows the literal in there.
        """
        called = self._code[at - 1].word if at else ""
        if called in _OLD:
            return number == 1 and is_last
        if _ENCRYPTS.fullmatch(called):
            return number != _DERIVATION
        if called in _ROWS:
            return self._names_secret(_column_of_row(self._code, at - 2, number))
        return False if called in _LISTS else None

    def _names_secret(self, token: Token | None) -> bool:
        if token is None or token.kind not in {Kind.WORD, Kind.NAME}:
            return False
        return token.name.lower() in self._keys or is_secret_name(token.name)


def _starts_of_lists(code: Sequence[Token]) -> dict[int, tuple[int, int]]:
    """Give by comma where its list begins, and how many commas of it stand before.

    A list begins at the parenthesis around it, or at what no expression reaches over.
    """
    starts: dict[int, tuple[int, int]] = {}
    around = [(-1, 0)]
    for at, token in enumerate(code):
        if token.text == "(":
            around.append((at, 0))
        elif token.text == ")" and len(around) > 1:
            around.pop()
        elif token.text == ",":
            start, number = around[-1]
            starts[at] = start, number
            around[-1] = start, number + 1
        elif _ends(code, at):
            around[-1] = at, 0
    return starts


def _ends(code: Sequence[Token], at: int) -> bool:
    """Tell whether an expression cannot reach further back than here."""
    is_charset = code[at].word == "SET" and code[at - 1].word in _BEFORE_CHARSET
    return code[at].text == ";" or (code[at].word in _ENDS and not is_charset)


def _keys_of_encryption(code: Sequence[Token]) -> Iterator[str]:
    """Give the names of variables that an encrypting function of this code takes for a key."""
    for place, token in enumerate(code[:-1]):
        if _ENCRYPTS.fullmatch(token.word) and code[place + 1].text == "(":
            yield from _keys_of_call(code, place + 2)


def _keys_of_call(code: Sequence[Token], start: int) -> Iterator[str]:
    depth, commas = 1, 0
    for place in range(start, min(len(code), start + _FARTHEST)):
        token = code[place]
        depth += (token.text == "(") - (token.text == ")")
        commas += depth == 1 and token.text == ","
        if not depth:
            return
        follows = code[place + 1].text if place + 1 < len(code) else ""
        is_part = follows in {"(", "."} or code[place - 1].text == "."
        if commas and commas != _DERIVATION and token.name and not is_part:
            yield token.name.lower()


def _column_of_row(code: Sequence[Token], at: int, number: int) -> Token | None:
    """Give the column that a value of INSERT goes into; `at` is where its list of columns ends."""
    if at < 0 or code[at].text != ")":
        return None
    end = at
    while at > 0 and code[at].text != "(":
        at -= 1
    names = [token for token in code[at + 1 : end] if token.text != ","]
    return names[number] if number < len(names) else None
