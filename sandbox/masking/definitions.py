"""Mask what a definition says in words: its comments, and where a remote table lives.

A definition has to do what production's does, or the replica is not production's. So its literals
stay, and those that nobody knows to be harmless are counted, for ops to review.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.model import MaskedText, ObjectKind, SchemaObject

# What is quoted is passed over whole, so that nothing inside it is taken for a clause or a comment.
_PIECES = re.compile(
    r"(?P<clause>\b(?P<word>COMMENT|CONNECTION)\s*=?\s*)'(?P<said>(?:[^'\\]|\\.|'')*)'"
    r"|(?P<literal>'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\")"
    r"|`(?:[^`]|``)*`|/\*M?!\d*"
    r"|(?P<comment>/\*.*?(?:\*/|\Z)|(?:--(?=\s)|\#)[^\n]*)",
    re.IGNORECASE | re.DOTALL,
)
# Kinds that can say something of themselves; elsewhere COMMENT is a name like any other.
_COMMENTED = frozenset(
    {ObjectKind.TABLE, ObjectKind.FUNCTION, ObjectKind.PROCEDURE, ObjectKind.EVENT}
)
_ELSEWHERE = "sandbox"  # a remote table answers nowhere in a replica


@dataclass(frozen=True, slots=True)
class MaskedDefinition:
    """A definition that may leave.

    Attributes:
        text: The definition.
        literals: How many of its literals stayed although no dictionary knows all their words.
    """

    text: MaskedText
    literals: int


def mask_definition(
    described: SchemaObject, mask_text: Callable[[bytes, str], MaskedText]
) -> MaskedDefinition:
    """Mask the comments of a definition.

    Args:
        described: The object; its definition is one CREATE statement.
        mask_text: Masks a text of a kind; from `sandbox.masking.masker.Masker`.
    """
    unknown = 0

    def words(text: str) -> str:
        masked = mask_text(text.encode("utf-8", "surrogateescape"), "plain").content
        return masked.decode("utf-8", "surrogateescape")

    def masked(found: re.Match[str]) -> str:
        nonlocal unknown
        if found["clause"] is not None and described.kind in _COMMENTED:
            elsewhere = found["word"].upper() == "CONNECTION"
            return f"{found['clause']}'{_ELSEWHERE if elsewhere else words(found['said'])}'"
        if found["comment"] is not None:
            return words(found[0])
        literal = found["literal"]
        if literal is not None and words(literal) != literal:
            unknown += 1
        return found[0]

    text = _PIECES.sub(masked, described.definition)
    return MaskedDefinition(MaskedText(text.encode("utf-8", "surrogateescape")), unknown)
