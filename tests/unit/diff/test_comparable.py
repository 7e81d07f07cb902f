"""Columns are compared where a value is the same bytes in both bundles; keys are shown as text."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

from diff_bundles import column
from sandbox.bundle.manifest import TableEntry
from sandbox.diff.comparable import comparable
from sandbox.diff.names import text_of
from sandbox.diff.spilled import Spilled
from sandbox.diff.table_text import table_text
from sandbox.errors import ScratchFailed


def table(*columns: Any, identity: tuple[str, ...] = ()) -> TableEntry:
    return TableEntry(name="t", engine="x", columns=list(columns), identity=list(identity))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("int(11)", "bigint(20) unsigned"),
        ("varchar(20)", "text"),
        ("decimal(10,2)", "decimal(12,2) unsigned"),
        ("datetime", "datetime(0)"),
        ("enum('a','b')", "enum('a','b','c')"),
        ("bit(3)", "bit(8)"),
        ("float", "float unsigned"),
        ("varbinary(8)", "blob"),
    ],
)
def test_types_that_write_a_value_alike_are_compared(old: str, new: str) -> None:
    how = comparable(table(column("c", old)), table(column("c", new)), same_key=True)
    assert [one.name for one in how.columns] == ["c"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("int(11)", "varchar(11)"),
        ("int(5) zerofill", "int(5)"),
        ("decimal(10,2)", "decimal(10,3)"),
        ("datetime", "datetime(6)"),
        ("date", "datetime"),
        ("enum('a','b')", "enum('b','a')"),
        ("binary(4)", "binary(8)"),
        ("float", "double"),
        ("double", "double(10,2)"),
    ],
)
def test_types_that_write_a_value_otherwise_are_left_out(old: str, new: str) -> None:
    how = comparable(table(column("c", old)), table(column("c", new)), same_key=True)
    assert how.columns == ()
    assert how.counts_only
    assert [one.why for one in how.left_out] == ["its type writes values otherwise now"]


def test_text_in_another_character_set_is_left_out() -> None:
    old, new = column("c", charset="latin1"), column("c", charset="utf8mb4")
    assert comparable(table(old), table(new), same_key=True).counts_only


def test_a_key_of_the_same_columns_in_another_order_tells_rows_apart() -> None:
    one, two = column("a"), column("b")
    how = comparable(
        table(one, two, identity=("a", "b")), table(two, one, identity=("b", "a")), same_key=True
    )
    assert (how.key, how.old_fields, how.new_fields) == ((0, 1), (1, 0), (0, 1))
    assert not how.same_lines


def test_another_key_compares_whole_rows_and_a_changed_key_column_counts_alone() -> None:
    one, two = column("a"), column("b")
    other = comparable(table(one, two, identity=("a",)), table(one, two, identity=("b",)),
                       same_key=True)  # fmt: skip
    assert (other.key, other.why) == ((), "another key tells its rows apart now")
    assert not other.counts_only
    changed = comparable(table(column("a", "int(11)"), two, identity=("a",)),
                         table(one, two, identity=("a",)), same_key=True)  # fmt: skip
    assert changed.counts_only
    assert changed.why == "key column a: its type writes values otherwise now"


@pytest.mark.parametrize(
    ("field", "of", "text"),
    [
        (b"-7", column("c", "int(11)"), "-7"),
        (rb"a\tb", column("c"), "a\tb"),
        ("ö".encode("cp1252"), column("c", charset="latin1"), "ö"),
        (b"\xff", column("c"), "0xff"),
        (rb"\0\n", column("c", "binary(2)"), "0x000a"),
        (rb"\N", column("c"), "NULL"),
    ],
)
def test_a_key_is_shown_as_text_and_else_in_hexadecimal(field: bytes, of: Any, text: str) -> None:
    assert text_of(field, of) == text


def test_a_definition_that_cannot_be_cut_up_is_compared_as_a_whole() -> None:
    for text in ("CREATE TABLE t (a INT", "CREATE TABLE t (`a` int DEFAULT 'x", "nonsense"):
        assert table_text(text).options == text


def test_a_full_disk_is_said_with_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with Spilled((0,), 0) as spilled, pytest.raises(ScratchFailed, match="missing: No such file"):
        spilled.add(0, [(b"a\tb", 1)])
