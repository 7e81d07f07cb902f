from __future__ import annotations

from sandbox.masking.definitions import mask_definition
from sandbox.model import MaskedText, ObjectKind, SchemaObject


def upper_if_known(text: bytes, kind: str) -> MaskedText:
    """Mask every letter but those of two words that somebody knows."""
    assert kind == "plain"
    known = (b"paid", b"self reference")
    return MaskedText(text if any(word in text for word in known) else text.upper())


def masked(kind: ObjectKind, definition: str) -> tuple[str, int]:
    done = mask_definition(SchemaObject(kind, "x", definition), upper_if_known)
    return done.text.content.decode(), done.literals


def test_comments_of_a_table_are_masked_and_its_literals_stay() -> None:
    definition = (
        "CREATE TABLE `comment '` (\n  `a` enum('paid','o''pen') DEFAULT 'o''pen' COMMENT "
        "'ask petra''s boss',\n  `b` int COMMENT 'self reference'\n) COMMENT='by jan'"
    )
    expected = definition.replace("ask petra''s boss", "ASK PETRA''S BOSS").replace("by", "BY")
    assert masked(ObjectKind.TABLE, definition) == (expected.replace("jan", "JAN"), 2)


def test_a_remote_table_loses_the_way_to_its_server() -> None:
    definition = "CREATE TABLE `r` (`a` int) CONNECTION='mysql://user:secret@host/db/t'"
    assert masked(ObjectKind.TABLE, definition) == (
        "CREATE TABLE `r` (`a` int) CONNECTION='sandbox'",
        0,
    )


def test_what_a_routine_does_stays_and_what_it_says_does_not() -> None:
    definition = (
        "CREATE FUNCTION `f`() RETURNS int COMMENT 'for jan'\nBEGIN -- ask jan\n"
        "  /* and # petra */ RETURN (SELECT 1 FROM t WHERE a = 'paid' OR a = '-- x' # petra\n);"
    )
    expected = definition
    for said in ("for jan", "-- ask jan", "/* and # petra */", "# petra\n"):
        expected = expected.replace(said, said.upper())
    assert masked(ObjectKind.FUNCTION, definition) == (expected, 1)


def test_code_in_a_versioned_comment_is_code() -> None:
    definition = "CREATE TABLE `t` (`a` int /*!80023 INVISIBLE */ /*M! WITHOUT */)"
    assert masked(ObjectKind.TABLE, definition) == (definition, 0)
