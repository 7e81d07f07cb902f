"""Tell the literals of a program that are secrets from those that are part of what it does."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sandbox.masking.dictionary import word_set
from sandbox.masking.secret_names import is_secret_name
from sandbox.masking.sql_tokens import Kind, Token

_ENCRYPTS = re.compile(r"\w+_(?:ENCRYPT|DECRYPT)|ENCODE|DECODE|ENCRYPT|(?:OLD_)?PASSWORD")
_OLD = word_set("ENCODE DECODE")  # DECODE of Oracle has other arguments, and more
_TEXT, _DERIVATION = 0, 3  # arguments of AES_ENCRYPT that are no key
_LISTS, _ROWS, _PLUGIN = word_set("ENUM SET"), word_set("ROW VALUE VALUES"), word_set("WITH VIA")
_COMPARES = word_set("= := < > LIKE IN REGEXP RLIKE")
_BEFORE_COMPARED = word_set("= < > ! ) NOT BINARY")
_ENDS = word_set(
    ", ; AND BEGIN CALL CASE DECLARE DELETE DO ELSE ELSEIF FROM HAVING INTO JOIN LIMIT ON OR "
    "RETURN SELECT SET THEN UNTIL UPDATE WHEN WHERE WHILE XOR"
)
_NEAR = 9  # tokens


def secret_literals(code: Sequence[Token]) -> frozenset[int]:
    """Give the places of the literals that are secrets.

    That is: what is assigned to a name of a secret, compared with it, its default, or called so;
    keys and texts of encrypting functions; what INSERT puts into such a column; and by what an
    account is IDENTIFIED.

    Args:
        code: The code, without comments.
    """
    keys = {code[at].name.lower() for at, part in _Reader(code).read() if part.is_key}
    reader = _Reader(code, keys - {""})
    literals = {at for at, one in enumerate(code) if one.kind in {Kind.TEXT, Kind.HEX}}
    found = {at for at, _ in reader.read()} | {at for at in literals if reader.is_called(at)}
    return frozenset(code[at].place for at in found & literals)


@dataclass(slots=True)
class _Part:
    """What is between parentheses, or all of the code, as far as it is read.

    It begins at `opened`, and the member that is read at `start`, with what it declares if it does.
    All of it may stand where a secret does (`around`) or a key (`around_key`), be the arguments of
    an encrypting function (`call`) or a row of VALUES that goes into columns (`row`). `columns` are
    those of the rows that follow; the last parentheses in it began at `closed`.
    """

    opened: int = 0
    start: int = 0
    around: bool = False
    around_key: bool = False
    call: str = ""
    row: Sequence[str] = ()
    number: int = 0  # members before that one
    is_secret: bool = False
    is_list: bool = False  # of an ENUM or SET: the default is one of it
    columns: Sequence[str] = ()
    closed: int = 0

    @property
    def is_key(self) -> bool:
        return self.around_key or (bool(self.call) and self.number not in {_TEXT, _DERIVATION})


class _Reader:
    """Reads code from its beginning to its end, once.

    Args:
        code: The code.
        variables: What keeps a secret besides what is called so.
    """

    def __init__(self, code: Sequence[Token], variables: Collection[str] = ()) -> None:
        self._code = code
        self._variables = variables

    def read(self) -> Iterator[tuple[int, _Part]]:
        """Give what stands where a secret does."""
        code, parts = self._code, [_Part()]
        for at, token in enumerate(code):
            part, word = parts[-1], token.text.upper()
            if word == "(":
                parts.append(self._opened(at, part))
            elif word == ")" and len(parts) > 1:
                parts.pop()
                parts[-1].closed = part.opened
            elif word in _ENDS and code[at - 1].word not in {"CHARACTER", "CHAR"}:
                self._begin(at, part)
            elif word in _ROWS and code[at - 1].text == ")":
                part.columns = [one.name for one in code[part.closed : at - 1] if one.text != ","]
            elif word == "IDENTIFIED":
                part.is_secret = True
            elif word == "DEFAULT":
                part.is_secret |= self._names(part.start) and not part.is_list
            elif word in _COMPARES:
                part.is_secret = self._is_compared(at, part)
            elif part.is_secret and self._may_be_secret(at, part):
                yield at, part

    def is_called(self, at: int) -> bool:
        """Tell it of a literal from what is behind: ``'…' AS password``, ``'…' = t.password``."""
        code, at = self._code, at + 1
        while at < len(code) and (code[at].text in _COMPARES or code[at].word == "AS"):
            at += 1
        while at + 2 < len(code) and code[at + 1].text == ".":
            at += 2
        return self._names(at)

    def _opened(self, at: int, part: _Part) -> _Part:
        before = self._code[at - 1]
        if before.word in _LISTS:
            part.is_list = True
            return _Part(at + 1, at + 1)
        call = before.word if _ENCRYPTS.fullmatch(before.word) else ""
        is_row = before.word in _ROWS or before.text == ","
        row = part.columns if is_row else ()
        inner = _Part(at + 1, at + 1, part.is_secret, part.is_key, call, row)
        inner.is_secret = self._is_member_secret(inner)
        return inner

    def _begin(self, at: int, part: _Part) -> None:
        """Begin another member, expression or statement."""
        part.start, part.is_list = at + 1, False
        if self._code[at].text == ",":
            part.number += 1
        else:
            part.columns = ()
        part.around &= self._code[at].word != "SELECT"
        part.is_secret = self._is_member_secret(part)

    def _is_member_secret(self, part: _Part) -> bool:
        column = part.row[part.number] if part.number < len(part.row) else ""
        is_argument = bool(part.call) and part.number != _DERIVATION
        return part.around or is_argument or self._is_secret(column)

    def _may_be_secret(self, at: int, part: _Part) -> bool:
        if part.call in _OLD:
            return part.number == 1 and [one.text for one in self._code[at + 1 : at + 2]] == [")"]
        return self._code[at - 1].word not in _PLUGIN

    def _is_compared(self, at: int, part: _Part) -> bool:
        """Tell whether the name before an operator is one of a secret; so it is in functions."""
        code, before = self._code, at - 1
        if [one.word for one in code[part.start : part.start + 2]] == ["PASSWORD", "FOR"]:
            return True
        while before > at - _NEAR and code[before].text.upper() in _BEFORE_COMPARED:
            before -= 1
        return self._names(before) if before >= 0 and code[before].name else part.is_secret

    def _names(self, at: int) -> bool:
        return at < len(self._code) and self._is_secret(self._code[at].name)

    def _is_secret(self, name: str) -> bool:
        return bool(name) and (name.lower() in self._variables or is_secret_name(name))
