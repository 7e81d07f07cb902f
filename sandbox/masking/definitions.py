"""Mask a definition: what it says in words, its secrets, and whoever can be told from it.

A definition has to do what production's does, or the replica is not production's. So a literal
that the program compares with stays, and is counted for ops to review. What does not stay:
comments, secrets, and what is recognisably personal. They become what they become in tables and
logs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sandbox.masking.column_values import mask_column_values
from sandbox.masking.dictionary import word_set
from sandbox.masking.masker import Masker
from sandbox.masking.maskers.passwords import ALGORITHM
from sandbox.masking.personal_spans import PLAIN, SECRET, cut_literal
from sandbox.masking.secret_names import is_secret_name
from sandbox.masking.secrets_in_code import secret_literals
from sandbox.masking.sql_tokens import Grammar, Kind, Token, code_of
from sandbox.model import MaskedText, ObjectKind, SchemaObject

_ELSEWHERE = "sandbox"  # a remote table answers nowhere in a replica
_OPTIONS = frozenset({ObjectKind.TABLE, ObjectKind.SEQUENCE})
_ROUTINES = frozenset({ObjectKind.FUNCTION, ObjectKind.PROCEDURE})
# What the body of a routine can begin with; its head is over there.
_BODY = word_set(
    "ALTER ANALYZE BEGIN CALL CASE CHECK CHECKSUM CLOSE COMMIT CREATE DEALLOCATE DECLARE DELETE DO "
    "DROP EXECUTE FETCH FLUSH FOR GET GRANT HANDLER IF INSERT ITERATE KILL LEAVE LOAD LOCK LOOP "
    "OPEN OPTIMIZE PREPARE RELEASE RENAME REPAIR REPEAT REPLACE RESIGNAL RETURN REVOKE ROLLBACK "
    "SAVEPOINT SELECT SET SHOW SIGNAL START TRUNCATE UNLOCK UPDATE USE WHILE WITH"
)
_OPTION_LIST = "option_list"
# A key that is written in hexadecimal digits, for UNHEX or X'…', has to stay that. What is appended
# lets no reader take a short one for a word.
_HEXADECIMAL = re.compile(r"(?=.*\d)(?:[0-9A-Fa-f]{2}){4,}")
_PADDING = "0" * 16
# What tests or begins a format: "sha1:", "tok_", and what LIKE makes of such.
_FORMAT = re.compile(
    r"(?:(?:md5|sha\d{1,3}|[A-Za-z]{1,4}(?=[:_\-]))[:_\-$]?)?[%_\W]*", re.IGNORECASE
)
# What may be somebody's: two letters together, or more digits than a key of a row has.
_TELLS = re.compile(r"[^\W\d_]{2}|\d{10}")


@dataclass(frozen=True, slots=True)
class MaskedDefinition:
    """A definition that may leave.

    Attributes:
        text: The definition.
        literals: How many of its literals stayed; without those that are short numbers or signs.
        unknown: How many of those hold words that no dictionary knows.
        changed: How many became something else, in part or as a whole.
        left_out: What of the definition is not there any more, for people; mostly nothing.
    """

    text: MaskedText
    literals: int
    unknown: int
    changed: int = 0
    left_out: str = ""


def mask_definition(described: SchemaObject, masker: Masker) -> MaskedDefinition:
    """Mask a definition.

    Args:
        described: The object; its definition is one CREATE statement.
        masker: What the tables are masked with.
    """
    grammar = Grammar.of(described.sql_mode)
    tokens = grammar.tokens(described.definition)
    code = code_of(tokens)
    words = _Words(masker, grammar)
    changes = {one.place: words.plain(one.text) for one in tokens if one.kind is Kind.COMMENT}
    for token in _comments(described.kind, code):
        changes[token.place] = words.said(token)
    left_out, end = "", len(tokens)
    if described.kind is ObjectKind.TABLE:
        changes |= {token.place: words.remote(clause, token) for clause, token in _remote(code)}
        values = mask_column_values(described.name, code, grammar, masker)
        changes |= values.changes
        if values.cut is not None:
            end = _start_of_clause(tokens, values.cut)
            left_out = f"its partitioning, which goes by the masked column {values.column}"
        words.changed += sum(text != tokens[place].text for place, text in values.changes.items())
    secrets = secret_literals(code)
    for token in code:
        if token.place < end and token.place not in changes:
            changes[token.place] = words.literal(token, secret=token.place in secrets)
    text = "".join(changes.get(token.place, token.text) for token in tokens[:end])
    masked = MaskedText(text.encode("utf-8", "surrogateescape"))
    return MaskedDefinition(masked, words.stayed, words.unknown, words.changed, left_out)


def mask_declared(declared: str, masker: Masker) -> str:
    """Mask the members of an ENUM or SET as the table's definition shows them."""
    words = _Words(masker, Grammar())
    return "".join(words.literal(token, secret=False) for token in Grammar().tokens(declared))


class _Words:
    """Masks single literals and comments, and counts what stays."""

    def __init__(self, masker: Masker, grammar: Grammar) -> None:
        self._masker = masker
        self._grammar = grammar
        self.stayed = 0
        self.unknown = 0
        self.changed = 0

    def plain(self, text: str) -> str:
        """Mask a text as free text is."""
        return self._mask(text, PLAIN)

    def said(self, token: Token) -> str:
        """Mask what a COMMENT clause says."""
        return self._grammar.literal(self.plain(self._grammar.content(token.text)), token.text)

    def remote(self, clause: str, token: Token) -> str:
        """Take out where a remote table lives; of a list of options, the names stay."""
        if clause != _OPTION_LIST:
            return self._grammar.literal(_ELSEWHERE, token.text)
        pairs = (one.partition("=") for one in self._grammar.content(token.text).split(","))
        masked = [
            f"{name}{sign}{self._mask(value, SECRET if is_secret_name(name) else PLAIN)}"
            for name, sign, value in pairs
        ]
        return self._grammar.literal(",".join(masked), token.text)

    def literal(self, token: Token, *, secret: bool) -> str:
        """Mask a literal of code; anything else stays, too."""
        if token.kind is Kind.NUMBER:
            self._count(token.text)
        if token.kind not in {Kind.TEXT, Kind.HEX}:
            return token.text
        content = self._grammar.content(token.text)
        if secret and token.kind is Kind.HEX:
            key = self._key(content.encode("utf-8", "surrogateescape").hex())
            masked = bytes.fromhex(key).decode("utf-8", "surrogateescape")
        elif not secret or _FORMAT.fullmatch(ALGORITHM.sub("", content, 1)):
            masked = self._without_persons(content)
        else:
            is_key = _HEXADECIMAL.fullmatch(content) is not None
            masked = self._key(content) if is_key else self._mask(content, SECRET)
        self.changed += masked != content
        return token.text if masked == content else self._grammar.literal(masked, token.text)

    def _key(self, digits: str) -> str:
        return self.plain(digits + _PADDING)[: len(digits)]

    def _without_persons(self, content: str) -> str:
        pieces = cut_literal(content)
        self._count(" ".join(piece for piece, kind in pieces if not kind))
        return "".join(self._mask(piece, kind) if kind else piece for piece, kind in pieces)

    def _count(self, left: str) -> None:
        if _TELLS.search(left):
            self.stayed += 1
            self.unknown += self.plain(left) != left

    def _mask(self, text: str, kind: str) -> str:
        masked = self._masker.mask_text(text.encode("utf-8", "surrogateescape"), kind)
        return masked.content.decode("utf-8", "surrogateescape")


def _comments(kind: ObjectKind, code: Sequence[Token]) -> Iterator[Token]:
    """Give what an object says of itself; elsewhere COMMENT is a name like any other."""
    head = code
    if kind in _ROUTINES:
        head = code[: _end_of_head(code)]
    elif kind is ObjectKind.EVENT:
        head = code[: next((at for at, one in enumerate(code) if one.word == "DO"), None)]
    elif kind not in _OPTIONS:
        return
    for at, token in enumerate(head):
        if token.word == "COMMENT":
            said = _value_of_option(head, at)
            if said is not None:
                yield said


def _end_of_head(code: Sequence[Token]) -> int:
    """Give where the body of a routine begins: behind its parameters, at the first statement."""
    kinds = {kind.value.upper() for kind in _ROUTINES}
    start = next((at for at, token in enumerate(code) if token.word in kinds), 0)
    depth, parameters = 0, False
    for at in range(start, len(code)):
        depth += (code[at].text == "(") - (code[at].text == ")")
        parameters = parameters or code[at].text == ")"
        # As a type, or of characters, it begins no statement.
        is_type = code[at].word == "SET" and (
            code[at - 1].word in {"CHARACTER", "CHAR"}
            or [one.text for one in code[at + 1 : at + 2]] == ["("]
        )
        if parameters and not depth and code[at].word in _BODY and not is_type:
            return at
    return len(code)


def _remote(code: Sequence[Token]) -> Iterator[tuple[str, Token]]:
    """Give the options that say where the rows of a table live that are not on its server."""
    for at, token in enumerate(code):
        name = token.name.lower()
        if token.word == "CONNECTION" or name == _OPTION_LIST:
            value = _value_of_option(code, at)
            if value is not None:
                yield name, value


def _value_of_option(code: Sequence[Token], at: int) -> Token | None:
    following = code[at + 1 : at + 3]
    if following and following[0].text == "=":
        following = following[1:]
    return following[0] if following and following[0].kind is Kind.TEXT else None


def _start_of_clause(tokens: Sequence[Token], place: int) -> int:
    """Give where a clause begins: with the blanks and the conditional comment before it."""
    while tokens[place - 1].kind is Kind.BLANK or tokens[place - 1].text.startswith("/*"):
        place -= 1
    return place
