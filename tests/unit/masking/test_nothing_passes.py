"""No masker lets through what it should mask, whatever the value looks like.

A permutation has fixed points: a value may come back as it was under one key, but not under all.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import cache

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sandbox.errors import MaskingRefused
from sandbox.masking.assignment import assign_treatments
from sandbox.masking.masker import Masker
from sandbox.masking.maskers.catalogue import MASKERS
from sandbox.masking.prf import Prf
from sandbox.masking.rules import Source, parse_rules
from sandbox.masking.words import Spelling, Words
from sandbox.model import Column, Family, Schema, Table

KEYS = tuple(f"key {number}".encode() for number in range(6))
TEXT = Column("c", "varchar", "varchar(255)", charset="utf8mb4", collation="utf8mb4_bin")
TEXT_MASKERS = sorted(
    name
    for name, facts in MASKERS.items()
    if "text" in facts.applies_to and not facts.required and name != "keep"
)
# Numbers in free text and JSON may be surrogate keys; of telephones, the digits of a country stay.
NUMBERS_STAY = {"free_text", "url", "json", "phone"}
# A last label stays in mail and in the host of a URL.
SEPARATORS = [" ", ":", "$", "/", "-", ",", "}", "_", ": "]

# No words of any language, and no vowel before an s, which stays.
WORDS = st.text("bdfgklmnprt", min_size=6, max_size=9)
NUMBERS = st.integers(10**5, 10**9 - 1).map(str)
SPELLINGS = [
    "%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y%m%d", "%Y.%m.%d",
    "%d.%m.%y", "%d %B %Y", "%B %d, %Y", "%Y-%m-%d %H:%M:%S", "%y-%m-%d", "%d%m%Y", "%Y-%d-%m",
    "%d. %b %Y", "%j %Y", "%d.%m.", "%Y-%m", "%Y",
]  # fmt: skip
INTEGERS = {
    "tinyint(3) unsigned zerofill": 255, "smallint(6)": 32767, "mediumint(8)": 2**23 - 1,
    "int(8) unsigned zerofill": 2**32 - 1, "bigint(15) unsigned zerofill": 2**64 - 1,
    "int(11)": 2**31 - 1, "bigint(20)": 2**63 - 1,
}  # fmt: skip


@cache
def maskers_of(column: Column, rule: str) -> tuple[Masker, ...]:
    schema = Schema(
        "d", Family.MARIADB, "10.11", "utf8mb4", "utf8mb4_bin",
        {"t": Table("t", "InnoDB", (column,))},
    )  # fmt: skip
    rules = parse_rules([Source("t.yaml", f"tables: {{t: {{c: {rule}}}}}")])
    treatments = assign_treatments(schema, rules, unclassified="refuse")
    return tuple(Masker(schema, treatments, key) for key in KEYS)


def masked_by_all(column: Column, rule: str, text: str) -> Iterator[str]:
    for masker in maskers_of(column, rule):
        masked = masker.mask_value("t", "c", text.encode())
        assert masked is not None
        yield masked.decode()


def assert_changes(column: Column, rule: str, text: str) -> None:
    assert any(masked != text for masked in masked_by_all(column, rule, text))


@pytest.mark.parametrize("masker", TEXT_MASKERS)
@given(st.lists(WORDS | NUMBERS, min_size=1, max_size=3), st.sampled_from(SEPARATORS))
def test_no_word_or_number_passes_a_masker_of_text(
    masker: str, pieces: list[str], separator: str
) -> None:
    text = separator.join(pieces)
    results = list(masked_by_all(TEXT, masker, text))
    for piece in pieces:
        if not (piece.isdecimal() and masker in NUMBERS_STAY):
            assert any(piece not in masked for masked in results)


@given(st.sampled_from(["+49", "0", "0049", "(0)", "7", ""]), st.integers(10**6, 10**10).map(str))
def test_no_telephone_passes(prefix: str, number: str) -> None:
    assert_changes(TEXT, "phone", prefix + number)


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2068, 1, 1)),  # noqa: DTZ001 - none has a zone
    st.sampled_from(SPELLINGS),
    st.sampled_from(["{}", "geb. {}", "{} knrt", "*{}", "{}.", "{}-{}", "{} {}"]),
)
def test_no_date_passes_however_it_is_written(day: datetime, spelling: str, around: str) -> None:
    written = day.strftime(spelling)
    text = around.replace("{}", written)
    assert any(written not in masked for masked in masked_by_all(TEXT, "date", text))


@pytest.mark.parametrize(
    ("kind", "form"),
    [("date", "%Y-%m-%d"), ("datetime", "%Y-%m-%d %H:%M:%S"), ("timestamp", "%Y-%m-%d %H:%M:%S")],
)
@given(day=st.datetimes(datetime(1970, 1, 1), datetime(2038, 1, 19)))  # noqa: DTZ001 - likewise
def test_no_day_passes_in_a_column_of_dates(kind: str, form: str, day: datetime) -> None:
    text = day.strftime(form)
    for masked in masked_by_all(Column("c", kind, kind), "date", text):
        assert masked[:10] != text[:10]


@given(st.dates(date(1000, 1, 1), date(9999, 12, 30)))
def test_no_day_passes_in_any_year(day: date) -> None:
    for masked in masked_by_all(Column("c", "date", "date"), "date", day.isoformat()):
        assert masked != day.isoformat()


@pytest.mark.parametrize("masker", ["digits", "phone", "card"])
@given(st.sampled_from(sorted(INTEGERS)), st.data())
def test_no_integer_passes_with_or_without_zeros_in_front(
    masker: str, declared: str, data: st.DataObject
) -> None:
    largest = INTEGERS[declared]
    least = 1 if "unsigned" in declared else -largest - 1
    number = data.draw(st.integers(least, largest))
    assume(number != 0)
    width = int(re.findall(r"\d+", declared)[0]) if "zerofill" in declared else 1
    column = Column("c", declared.partition("(")[0], declared)
    text = f"{number:0{width}d}"
    results = list(masked_by_all(column, masker, text))
    assert any(masked != text for masked in results)
    assert all(len(masked) == len(text) for masked in results)
    assert all(least <= int(masked) <= largest for masked in results)


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-99999, max_value=99999)
)
def test_no_number_passes(number: Decimal) -> None:
    assume(number != 0)
    assert_changes(Column("c", "decimal", "decimal(12,3)"), "digits", str(number))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=7, max_value=10**9))
def test_no_place_passes(number: object) -> None:
    column = Column("c", "decimal", "decimal(65,7)")
    for masked in masked_by_all(column, "coordinate", f"{number:f}"):
        assert re.fullmatch(r"-?(?:(?:[0-9]{1,2}0*|1[0-9]{2})\.0{7}|0\.0{6}[0-9])", masked)


@given(
    st.ip_addresses(),
    st.sampled_from(["text", "number", "hex", "part"]),
    st.sampled_from(["{}", "{}, {}", "::ffff:{}", "knrt {}", "{}:80", "[{}]"]),
)
def test_no_address_passes_however_it_is_written(
    address: object, spelling: str, around: str
) -> None:
    number = int(address)  # type: ignore[call-overload]
    # The first octets of a private net stay, and the addresses of nobody.
    assume(number > 1 << 24 and not address.is_private)  # type: ignore[attr-defined]
    written = {
        "text": str(address),
        "number": str(number),
        "hex": f"{number:08x}",
        "part": re.sub(r"[.:][^.:]*$", "", str(address)),
    }[spelling]
    assume(re.search("[1-9]", written))
    text = around.replace("{}", written)
    assert any(written not in masked for masked in masked_by_all(TEXT, "ip", text))


@given(st.text("bdfgklmnprt$:{}", min_size=4).filter(str.strip), NUMBERS)
def test_no_part_of_a_password_passes(front: str, behind: str) -> None:
    results = list(masked_by_all(TEXT, "password", f"{front}{behind}"))
    for part in re.findall(r"[a-z]{4,}|\d{4,}", f"{front}{behind}"):
        assert any(part not in masked for masked in results)


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("petra:1980", ["petra", "1980"]),
        ("hunter:geheim", ["hunter", "geheim"]),
        ("$Sommer19$x", ["Sommer", "19"]),
        ("{Petra}1980", ["Petra", "1980"]),
        ("petra$1980", ["petra", "1980"]),
        ("md5:geheim", ["geheim"]),
        ("$6$rounds=5000$salz1980", ["salz", "1980"]),
        ("{SSHA}geheim", ["geheim"]),
    ],
)
def test_only_the_algorithm_of_a_password_stays(text: str, lost: list[str]) -> None:
    masker = maskers_of(TEXT, "password")[0]
    masked = masker.mask_value("t", "c", text.encode())
    assert masked is not None
    assert not [part for part in lost if part in masked.decode()]


@pytest.mark.parametrize(
    "prefix",
    ["$2y$10$", "$1$", "$5$", "$6$rounds=5000$", "$argon2id$v=19$m=65536,t=4,p=1$", "$P$", "$H$",
     "$apr1$", "{SSHA}", "{SHA}", "{bcrypt}", "{SSHA512}", "sha1:", "md5:", "sha256:",
     "pbkdf2_sha256$", "sha1$", "md5$", "bcrypt_sha256$"],
)  # fmt: skip
def test_algorithm_of_a_password_stays(prefix: str) -> None:
    for masked in masked_by_all(TEXT, "password", f"{prefix}ab12/cd34"):
        assert masked.startswith(prefix)


@pytest.mark.parametrize("column", [Column("c", "int", "int(11)"), Column("c", "date", "date")])
@pytest.mark.parametrize("unit", ["ten", "0", "month"])
def test_unit_that_cannot_be_rounded_to_is_refused_beforehand(column: Column, unit: str) -> None:
    with pytest.raises(MaskingRefused) as caught:
        maskers_of(column, f"{{masker: generalise, unit: {unit}}}")
    expected = "year" if column.kind == "date" else "a number above zero"
    assert f"unit: {unit} should be {expected}" in caught.value.findings[0]


def test_date_of_a_person_in_text_moves_like_the_date_in_a_column_of_dates() -> None:
    columns = (
        Column("id", "int", "int(11)"),
        Column("born", "date", "date"),
        Column("written", "varchar", "varchar(99)", charset="latin1", collation="latin1_bin"),
    )
    rule = "{masker: date, person: id}"
    schema = Schema(
        "d", Family.MARIADB, "10.11", "utf8mb4", "utf8mb4_bin", {"t": Table("t", "InnoDB", columns)}
    )
    rules = parse_rules(
        [Source("t.yaml", f"tables: {{t: {{id: keep, born: {rule}, written: {rule}}}}}")]
    )
    masker = Masker(schema, assign_treatments(schema, rules, unclassified="refuse"), b"key")
    born = masker.mask_value("t", "born", b"1980-03-12", companion=b"7")
    assert born is not None
    year, month, day = born.decode().split("-")
    written = masker.mask_value("t", "written", b"12.03.1980 K\xfchn", companion=b"7")
    assert written is not None
    assert written.startswith(f"{day}.{month}.{year} ".encode())
    words = Words(Prf(b"key"), spelling=Spelling("latin1"))
    assert written.endswith(words.mask(" Kühn").encode("latin-1"))


def test_birth_date_in_a_document_moves(shop_masker: Masker) -> None:
    for form in (
        '{"birth_date":"12.03.1980"}',
        'a:1:{s:10:"birth_date";s:10:"12.03.1980";}',
    ):
        masked = shop_masker.mask_value("payments", "response", form.encode())
        assert masked is not None
        assert re.fullmatch(
            re.escape(form).replace(r"12\.03\.1980", r"\d\d\.\d\d\.(?:1979|198[01])"),
            masked.decode(),
        )
        assert b"12.03.1980" not in masked


def test_literal_that_a_column_cannot_hold_is_told_apart() -> None:
    for column, rule, text in (
        (Column("c", "int", "int(11)"), "digits", "0x2A"),
        (Column("c", "date", "date"), "date", "20200101"),
        (Column("c", "decimal", "decimal(9,6)"), "coordinate", "Berlin"),
    ):
        assert maskers_of(column, rule)[0].mask_literal("t", "c", text) is None
