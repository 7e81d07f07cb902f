"""Classes of odd values: each knows its examples; many values at once are told as one by one."""

from __future__ import annotations

import zlib
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sandbox.model import Column
from sandbox.subset.odd.checks import CHECKS, is_gzip, is_serialized
from sandbox.subset.odd.classes import ColumnClasses, OddClass, formats_of, odd_classes

COLUMNS = {
    "text": Column("c", "varchar", "varchar(90)", charset="utf8mb4", collation="utf8mb4_bin"),
    "binary": Column("c", "blob", "blob"),
    "integer": Column("c", "int", "int"),
    "number": Column("c", "decimal", "decimal(9,2)"),
    "date": Column("c", "datetime", "datetime"),
    "time": Column("c", "time", "time"),
    "enum": Column("c", "enum", "enum('a')"),
    "set": Column("c", "set", "set('a')"),
}
LATIN1 = Column("c", "char", "char(9)", charset="latin1", collation="latin1_bin")
WIDE = Column("c", "char", "char(9)", charset="utf16", collation="utf16_bin")
EXAMPLES = [(one, value) for one in odd_classes() for value in one.examples]
# What is odd, what nearly is, and what stands between values when they are joined.
PIECES = st.sampled_from(
    [value for _, value in EXAMPLES]
    + ["Petra", "Müller", "Straße", "Ä", "\x1f", "\x1f\x1f", "\n", " ", "0", "-", "a@b.example", "",
       "Spaß“", "Šá", "007", "2024-02-29", "1900-02-29", "\x00", "x" * 50]
)  # fmt: skip
CELLS = st.one_of(
    PIECES.map(str.encode),
    st.lists(PIECES, max_size=3).map(lambda some: "".join(some).encode()),
    st.text(max_size=12).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.binary(max_size=12),
)


@pytest.mark.parametrize(
    ("one", "value"), EXAMPLES, ids=[f"{one.name}-{n}" for n, (one, _) in enumerate(EXAMPLES)]
)
def test_example_of_a_class_is_of_it(one: OddClass, value: str) -> None:
    column = COLUMNS[next(kind for kind in one.kinds if kind in COLUMNS)]
    classes = ColumnClasses(column, CHECKS)
    assert one.name in classes.classes_of(value.encode())
    # Beside a value that gives no hint.
    assert one.name in classes.odd_among({value.encode(), b"x"})[value.encode()]


@pytest.mark.parametrize(
    ("kind", "value"),
    [("text", "Müller-Lüdenscheidt, „Spaß“ 12"), ("text", "O'Brien"), ("text", "Ärger in Łódź"),
     ("integer", "42"), ("number", "10.20"), ("date", "2024-02-29 10:00:00"), ("time", "23:59:59"),
     ("date", "2000-02-29"), ("enum", "1"), ("set", "3"), ("text", "12 Rue"), ("text", "2026")],
)  # fmt: skip
def test_ordinary_value_is_of_no_class(kind: str, value: str) -> None:
    assert ColumnClasses(COLUMNS[kind]).classes_of(value.encode()) == ()


@pytest.mark.parametrize("column", [*COLUMNS.values(), LATIN1, WIDE], ids=[*COLUMNS, "l1", "wide"])
@given(values=st.sets(CELLS, max_size=12), formats=st.sets(st.sampled_from(sorted(CHECKS))))
@settings(max_examples=150, deadline=None)
@example(values={b"0", b"-0", b"0.00", b"1"}, formats=set())
@example(values={b"12 ", b" 12", b"12"}, formats=set())
def test_many_values_at_once_are_told_as_one_by_one(
    column: Column, values: set[bytes], formats: set[str]
) -> None:
    classes = ColumnClasses(column, formats)
    told = {value: Counter(classes.classes_of(value)) for value in values}
    at_once = {value: Counter(names) for value, names in classes.odd_among(values).items()}
    assert at_once == {value: names for value, names in told.items() if names}


def test_invalid_bytes_are_told_by_the_character_set() -> None:
    assert ColumnClasses(COLUMNS["text"]).classes_of(b"M\xfcller") == ("invalid bytes",)
    assert ColumnClasses(LATIN1).classes_of(b"M\xfcller") == ()
    assert ColumnClasses(LATIN1).classes_of(b"a\x81") == ("control character",)
    assert ColumnClasses(WIDE).classes_of(b"\xd8\x00") == ("invalid bytes",)


def test_format_is_that_of_most_rows() -> None:
    mails = {b"a@b.example": 8, b"nobody": 2}
    assert formats_of(COLUMNS["text"], mails) == {"mail"}
    assert formats_of(COLUMNS["text"], mails | {b"nothing": 1}) == frozenset()
    assert formats_of(COLUMNS["integer"], {b"4111111111111111": 9}) == frozenset()


@pytest.mark.parametrize(
    ("value", "reads"),
    [(b"N;", True), (b'a:2:{i:0;a:0:{}s:1:"k";d:0.5;}', True), (b"d:.5;", True),
     (b'O:3:"Foo":1:{s:1:"a";b:1;}', True),
     (b'O:4:"Foo":0:{}', False), (b"a:1:{i:0;}", False), (b"i:1;i:2;", False), (b"", False),
     (b'C:3:"Foo":2:{xy}', True), (b"a:99999999999999999999:{", False), (b"a:0:{}}", False)],
)  # fmt: skip
def test_serialized_is_what_php_reads(value: bytes, reads: bool) -> None:  # noqa: FBT001
    assert is_serialized(value) is reads


def test_packed_data_that_ends_early_does_not_unpack() -> None:
    packed = zlib.compress(b"a" * 500)
    assert is_gzip(packed)
    assert not is_gzip(packed[:-1])
    assert not is_gzip(b"plain")
