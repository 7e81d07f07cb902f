"""What a table's definition says of values becomes what those become: defaults, partitions."""

from __future__ import annotations

import pytest

from masked_people import done, mask, people_masker, value
from sandbox.masking.masker import Masker
from sandbox.model import ObjectKind

TABLE = ObjectKind.TABLE


@pytest.fixture(scope="module")
def masker() -> Masker:
    return people_masker()


def test_a_default_becomes_what_the_rows_that_took_it_become(masker: Masker) -> None:
    definition = (
        "CREATE TABLE `people` (\n  `id` int(11) NOT NULL,\n  `last_name` varchar(60) NOT NULL "
        "DEFAULT '{}' COMMENT 'paid',\n  `email` varchar(60) DEFAULT (_latin1'{}'),\n"
        "  `status` varchar(60) DEFAULT 'Straßer',\n  `age` int(11) DEFAULT {},\n"
        "  `born` date DEFAULT '0000-00-00',\n  PRIMARY KEY (`id`)\n)"
    )
    original = definition.format("Straßer", "o@post.example", "1234")
    masked = done(masker, TABLE, original)
    assert masked.text.content.decode() == definition.format(
        value(masker, "last_name", "Straßer"), value(masker, "email", "o@post.example"),
        value(masker, "age", "1234"),
    )  # fmt: skip
    assert (masked.literals, masked.unknown) == (1, 1)


@pytest.mark.parametrize(
    ("column", "default", "lost"),
    [
        ("setting varchar(60)", "'Lindqvist'", "Lindqvist"),
        ("born date", "'1980-03-12'", "1980-03-12"),
        ("last_name varchar(60)", "(concat('Lindqvist',' & ',_latin1'Straßer'))", "Lindqvist"),
        ("last_name varchar(60)", "concat('A-','Lindqvist')", "Lindqvist"),
        ("last_name varchar(60)", "0x4C696E647176697374", "4C696E647176697374"),
        ("born date", "(cast('1980-03-12' as date))", "1980-03-12"),
        ("age int(11)", "(1234)", "1234"),
        ("photo varbinary(30)", "'Lindqvist'", "Lindqvist"),
    ],
)
def test_no_default_of_a_masked_column_stays(
    masker: Masker, column: str, default: str, lost: str
) -> None:
    definition = "CREATE TABLE `people` (\n  %s NOT NULL DEFAULT %s COMMENT 'paid'\n)"
    masked = done(masker, TABLE, definition % (column, default))
    text = masked.text.content.decode()
    assert lost not in text
    assert text.startswith(f"CREATE TABLE `people` (\n  {column} NOT NULL DEFAULT ")
    assert masked.changed >= 1


def test_a_default_of_bytes_is_written_in_digits(masker: Masker) -> None:
    for column, default, held in (
        ("place binary(16)", "' " + r"\0" * 14 + "b'", b" " + b"\0" * 14 + b"b"),
        ("place binary(16)", "0x6162", b"ab" + b"\0" * 14),
        ("place binary(16)", "'ab'", b"ab" + b"\0" * 14),
        ("photo varbinary(30)", "'abcd'", b"abcd"),
        ("photo varbinary(30)", "(_binary'abcd')", b"abcd"),
    ):
        cell = masker.mask_value("people", column.split()[0], held)
        assert cell is not None
        assert cell != held
        masked = mask(masker, TABLE, f"CREATE TABLE `people` (\n  {column} DEFAULT {default}\n)")
        assert f"0x{cell.hex()}" in masked
        assert masked.isascii()


PARTITIONED = "CREATE TABLE `people` (\n  `id` int(11) NOT NULL\n) ENGINE=InnoDB"


def test_lists_of_a_masked_column_are_masked_as_its_values(masker: Masker) -> None:
    lists = "\n/*!50500 PARTITION BY LIST COLUMNS(`{}`)\n(PARTITION p VALUES IN ({},{}),\n PARTITION q VALUES IN (NULL,{}) ENGINE = InnoDB) */"  # noqa: E501
    names = ("Lindqvist", "Meier", "Straßer")
    masked = done(masker, TABLE, PARTITIONED + lists.format("last_name", *map(repr, names)))
    pseudonyms = (repr(value(masker, "last_name", name)) for name in names)
    assert masked.text.content.decode() == PARTITIONED + lists.format("last_name", *pseudonyms)
    assert (masked.literals, masked.left_out) == (0, "")
    numbers = lists.replace(" COLUMNS", "").format("age", 1234, -5, 6)
    masked = done(masker, TABLE, PARTITIONED + numbers)
    ages = (value(masker, "age", age) for age in ("1234", "-5", "6"))
    expected = lists.replace(" COLUMNS", "").format("age", *ages)
    assert masked.text.content.decode() == PARTITIONED + expected


@pytest.mark.parametrize(
    ("column", "clause"),
    [
        ("last_name", "RANGE COLUMNS(`last_name`) (PARTITION p VALUES LESS THAN ('Lindqvist'))"),
        ("born", "RANGE (to_days(`born`)) (PARTITION p VALUES LESS THAN (730000))"),
        ("born", "LIST COLUMNS(born) (PARTITION p VALUES IN ('1980-03-12'))"),
        ("decade", "LIST (`decade`) (PARTITION p VALUES IN (11), PARTITION q VALUES IN (12))"),
        ("email", "LIST COLUMNS(`id`,`email`) (PARTITION p VALUES IN ((1,'o@post.example')))"),
        ("last_name", "LIST COLUMNS(`last_name`) (PARTITION p VALUES IN (_ucs2 0x004C))"),
    ],
)
def test_partitions_that_masked_rows_would_not_fit_are_left_out(
    masker: Masker, column: str, clause: str
) -> None:
    for around in ("\n PARTITION BY %s", "\n/*!50100 PARTITION BY %s */"):
        masked = done(masker, TABLE, PARTITIONED + around % clause)
        assert masked.text.content.decode() == PARTITIONED
        assert masked.literals == 0
        assert masked.left_out == f"its partitioning, which goes by the masked column {column}"


@pytest.mark.parametrize(
    "clause",
    ["KEY (`email`) PARTITIONS 4", "HASH (year(`born`)) PARTITIONS 4",
     "RANGE (`id`) (PARTITION p VALUES LESS THAN (5))",
     "LIST COLUMNS(`status`) (PARTITION p VALUES IN ('Lindqvist'))",
     "SYSTEM_TIME (PARTITION p HISTORY, PARTITION q CURRENT)"],
)  # fmt: skip
def test_partitions_that_every_row_fits_stay(masker: Masker, clause: str) -> None:
    definition = f"{PARTITIONED}\n PARTITION BY {clause}"
    masked = done(masker, TABLE, definition)
    assert (masked.text.content.decode(), masked.left_out) == (definition, "")
