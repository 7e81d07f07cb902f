import hashlib
import json
import pickle
from collections.abc import Sequence
from dataclasses import replace

import bcrypt
import pytest

from sandbox.errors import MaskingRefused
from sandbox.masking.assignment import Treatment, Treatments, assign_treatments
from sandbox.masking.masker import Masker, known_words
from sandbox.masking.maskers.passwords import KNOWN_PASSWORD
from sandbox.masking.packs import with_packs
from sandbox.masking.rules import Source, parse_rules
from sandbox.model import (
    Batch,
    Cell,
    Column,
    Family,
    ForeignKey,
    MaskedBatch,
    Origin,
    Schema,
    Table,
)

KEY = b"a key of tests"
NAMES = (b"Petra", "Straßer".encode(), None, b"", b"0", b"Petra", b" K\xc3\xbchn\t")


def masker_of(column: Column, rule: str, *others: Column) -> Masker:
    table = Table("t", "InnoDB", (column, *others))
    schema = Schema("d", Family.MARIADB, "10.11", "utf8mb4", "utf8mb4_bin", {"t": table})
    rules = f"tables: {{t: {{{column.name}: {rule}, other: keep}}}}"
    if not others:
        rules = rules.replace(", other: keep", "")
    treatments = assign_treatments(
        schema, parse_rules([Source("t.yaml", rules)]), unclassified="refuse"
    )
    return Masker(schema, treatments, KEY)


def text(charset: str = "utf8mb4", declared: str = "varchar(255)") -> Column:
    kind = declared.partition("(")[0]
    return Column("c", kind, declared, charset=charset, collation=f"{charset}_bin")


def mask(masker: Masker, *cells: Cell, others: Sequence[Cell] = ()) -> MaskedBatch:
    if others:
        return masker.mask_batch(Batch("t", ("other", "c"), (others, cells)))
    return masker.mask_batch(Batch("t", ("c",), (cells,)))


def test_null_empty_and_zero_stay_and_equal_values_stay_equal() -> None:
    (cells,) = mask(masker_of(text(), "name"), *NAMES).cells
    assert list(cells[2:5]) == [None, b"", b"0"]
    assert cells[0] == cells[5]
    assert cells[0] != b"Petra"
    assert cells[6] is not None
    assert (cells[6][:1], cells[6][-1:]) == (b" ", b"\t")


def test_kept_column_is_passed_on_without_a_copy() -> None:
    cells = (b"Petra", None, "Kühn".encode())
    batch = masker_of(text(), "keep").mask_batch(Batch("t", ("c",), (cells,)))
    assert batch.cells[0] is cells
    assert batch.losses == {}


@pytest.mark.parametrize("rule", ["keep", "name", "free_text", "document"])
def test_bytes_that_cannot_be_loaded_become_question_marks_and_are_counted(rule: str) -> None:
    batch = mask(masker_of(text(), rule), b"M\xfcller \xff", b"\xf0\x9f\x98\x80", b"Zoe", None)
    assert batch.losses == {"c": {"invalid_bytes": 2}}
    first = batch.cells[0][0]
    assert first is not None
    assert (first[1:2], first[-2:], len(first)) == (b"?", b" ?", 8)
    assert batch.cells[0][1] == b"\xf0\x9f\x98\x80"


def test_four_bytes_are_invalid_in_utf8mb3() -> None:
    assert mask(masker_of(text("utf8mb3"), "keep"), b"\xf0\x9f\x98\x80").losses == {
        "c": {"invalid_bytes": 4}
    }


@pytest.mark.parametrize("charset", ["latin1", "ascii", "cp1251", "gbk", "keybcs2"])
def test_other_character_sets_keep_bytes_that_they_do_not_define(charset: str) -> None:
    batch = mask(masker_of(text(charset), "keep"), b"M\xfc\x81\xff")
    assert batch.cells[0] == (b"M\xfc\x81\xff",)
    assert batch.losses == {}


def test_latin1_column_is_masked_as_latin1() -> None:
    latin1 = masker_of(text("latin1"), "name").mask_value("t", "c", "Jörg Kühn".encode("cp1252"))
    utf8 = masker_of(text(), "name").mask_value("t", "c", "Jörg Kühn".encode())
    assert latin1 is not None
    assert utf8 is not None
    assert latin1.decode("cp1252") == utf8.decode()


def test_utf16_column_is_masked_and_half_a_sign_is_no_text() -> None:
    masker = masker_of(text("ucs2"), "name")
    utf8 = masker_of(text(), "name").mask_value("t", "c", b"Petra")
    masked = masker.mask_value("t", "c", "Petra".encode("utf-16-be"))
    assert masked is not None
    assert utf8 is not None
    assert masked.decode("utf-16-be") == utf8.decode()
    broken = masker.mask_value("t", "c", b"\x00P\x00")
    assert broken is not None
    assert len(broken) == 3


def test_masking_is_the_same_in_another_process_and_batch(shop_masker: Masker) -> None:
    copy: Masker = pickle.loads(pickle.dumps(shop_masker))  # noqa: S301 - our own
    assert copy.key_id == shop_masker.key_id
    for value in (b"petra.lindqvist@post.example", b"x"):
        assert copy.mask_value("customers", "email", value) == shop_masker.mask_value(
            "customers", "email", value
        )
    line = b"Shop_Order_Exception of Lindqvist"
    assert copy.mask_text(line, "log") == shop_masker.mask_text(line, "log")


def test_same_person_has_one_pseudonym_in_every_table(shop_masker: Masker) -> None:
    batch = Batch(
        "customers",
        ("id", "first_name", "last_name", "email", "login"),
        ((b"1207",), (b"Petra",), (b"Lindqvist",), (b"petra.lindqvist@post.example",) * 1,
         (b"Petra.Lindqvist@post.example",)),
    )  # fmt: skip
    ((number,), (first,), (last,), (email,), (login,)) = shop_masker.mask_batch(batch).cells
    assert number == b"1207"
    assert first is not None
    assert last is not None
    assert email is not None
    assert login is not None
    assert email.startswith(f"{first.decode()}.{last.decode()}@".lower().encode())
    assert login.lower() == email
    assert login.startswith(first + b"." + last)
    holder = shop_masker.mask_value("payments", "card_holder", b"Petra Lindqvist")
    assert holder == first + b" " + last


def test_strasser_equals_strasser_with_sharp_s_before_and_after(shop_masker: Masker) -> None:
    email = shop_masker.mask_value("customers", "email", b"strasser@kunden.example")
    login = shop_masker.mask_value("customers", "login", "Straßer@kunden.example".encode())
    assert email is not None
    assert login is not None
    assert login.decode().lower().replace("ß", "ss") == email.decode()
    assert login.decode() != email.decode()


def test_reference_is_the_same_in_its_column_and_in_the_answer(shop_masker: Masker) -> None:
    reference = b"pay_d8dc310df108daf00771dcc2"
    masked = shop_masker.mask_value("payments", "reference", reference)
    assert masked is not None
    json = b'{"id":"%s","status":"captured","payer":{"email":"a@b.example"}}'
    xml = b'<?xml version="1.0"?>\n<payment id="%s"><status>OK</status></payment>'
    for form in (json, xml):
        answer = shop_masker.mask_value("payments", "response", form % reference)
        assert answer is not None
        assert masked in answer
        assert reference not in answer


def test_dates_of_a_person_move_together_and_others_apart(shop_masker: Masker) -> None:
    people = (b"1", b"1", b"2", b"3", b"4", b"1")
    days = (b"1966-05-01", b"1966-05-11", b"1966-05-01", b"0000-00-00", None, b"1987-02-30")
    batch = Batch("customers", ("id", "birth_date"), (people, days))
    masked = shop_masker.mask_batch(batch).cells[1]
    assert masked[3:] == [b"0000-00-00", None, b"1987-02-30"]
    assert masked[0] not in {days[0], masked[2]}
    assert masked[0] == shop_masker.mask_value("customers", "birth_date", days[0], companion=b"1")


def test_setting_is_masked_by_its_name(shop_masker: Masker) -> None:
    names = (b"feature.01", b"mail.smtp.port", b"mail.from", b"payment.api_key", b"x", b"y")
    values = (b"1", b"587", b"service@shop.example", b"demo_live_00ff", None, b"")
    masked = shop_masker.mask_batch(Batch("settings", ("name", "value"), (names, values))).cells[1]
    assert masked[:2] == [b"1", b"587"]
    assert masked[2] == shop_masker.mask_value("customers", "email", b"service@shop.example")
    assert masked[3] not in {values[3], None}
    assert masked[4:] == [None, b""]


def test_packed_address_matches_its_text(shop_masker: Masker) -> None:
    packed = shop_masker.mask_value("admin_users", "last_login_ip", b"\xc0\x00\x02\x07")
    written = shop_masker.mask_value("orders", "client_ip", b"192.0.2.7")
    assert packed is not None
    assert ".".join(map(str, packed)).encode() == written


@pytest.mark.parametrize("cost", [4, 6])
def test_bcrypt_opens_with_the_known_password_at_the_same_cost(cost: int) -> None:
    hashed = bcrypt.hashpw(b"sommer2019", bcrypt.gensalt(cost)).replace(b"$2b$", b"$2y$")
    masker = masker_of(text(), "password")
    masked = masker.mask_value("t", "c", hashed)
    assert masked is not None
    assert masked.startswith(b"$2y$%02d$" % cost)
    assert bcrypt.checkpw(KNOWN_PASSWORD.encode(), masked.replace(b"$2y$", b"$2b$"))
    assert masker.mask_value("t", "c", hashed[:-1] + b".") == masked


def test_old_hashes_open_with_the_known_password() -> None:
    masker = masker_of(text(), "password")
    sha1 = hashlib.sha1(b"123456geheim", usedforsecurity=False).hexdigest().encode()
    salted = masker.mask_value("t", "c", b"sha1:123456:" + sha1)
    assert salted is not None
    _, salt, hashed = salted.split(b":")
    assert hashlib.sha1(salt + KNOWN_PASSWORD.encode(), usedforsecurity=False).hexdigest() == (
        hashed.decode()
    )
    md5 = hashlib.md5(KNOWN_PASSWORD.encode(), usedforsecurity=False).hexdigest().encode()
    assert masker.mask_value("t", "c", b"0123456789abcdef" * 2) == md5
    assert masker.mask_value("t", "c", b"0123456789ABCDEF" * 2) == md5.upper()


@pytest.mark.parametrize("broken", [b"*", b"!", b"$2y$10$abcdefghijkl", b"sha1:1:xyz", b"geheim"])
def test_unusable_passwords_stay_unusable(broken: bytes) -> None:
    masked = masker_of(text(), "password").mask_value("t", "c", broken)
    assert masked is not None
    assert len(masked) == len(broken)
    assert masked[:4] == broken[:4] or broken == b"geheim"
    assert b"geheim" not in masked
    assert b"abcdefghijkl" not in masked


def test_password_that_would_not_fit_is_masked_by_shape() -> None:
    masker = masker_of(text(declared="varchar(20)"), "password")
    for value in (b"0123456789abcdef0123", b"sha1:12:00"):
        masked = masker.mask_value("t", "c", value)
        assert masked is not None
        assert len(masked) == len(value)


def test_binary_keeps_length_equality_and_magic() -> None:
    column = Column("c", "blob", "blob")
    masker = masker_of(column, "{masker: binary, magic: keep}")
    png = b"\x89PNG\r\n\x1a\n"
    cells = (png + b"a" * 900, png + b"a" * 900, png + b"b" * 900, b"\x00\x01", b"\xff\xfe", png)
    (masked,) = mask(masker, *cells).cells
    assert [cell and len(cell) for cell in masked] == [len(cell) for cell in cells]
    assert masked[0] == masked[1] != masked[2]
    assert len(set(masked)) == 5
    assert masked[0] is not None
    assert masked[0].startswith(png)
    assert b"aaaa" not in masked[0]
    assert b"PNG" not in (mask(masker_of(column, "binary"), png + b"a" * 9).cells[0][0] or b"PNG")


@pytest.mark.parametrize("rule", ["document", "token", "free_text", "session_id", "ip"])
def test_bytes_that_are_no_text_do_not_pass_a_masker_of_text(rule: str) -> None:
    value = bytes(range(0x80, 0xC0)) + b"\x00\x01\x02"
    masked = masker_of(Column("c", "varbinary", "varbinary(99)"), rule).mask_value("t", "c", value)
    assert masked is not None
    assert len(masked) == len(value)
    assert len([1 for old, new in zip(value, masked, strict=True) if old == new]) < 8


@pytest.mark.parametrize(
    ("column", "rule", "value", "loss"),
    [
        (Column("c", "float", "float"), "coordinate", b"52.52", {"precision": 1}),
        (Column("c", "decimal", "decimal(9,6)"), "coordinate", b"52.520008", {"precision": 1}),
        (Column("c", "float", "float"), "{masker: generalise, unit: 100}", b"1234.5",
         {"precision": 1}),
        (text(), "{masker: constant, value: x}", b"Lindqvist", {"value": 1}),
        (text(), "password", b"0123456789abcdef" * 2, {}),
        (text("latin1"), "name", b"\xc5sa", {}),
    ],
)  # fmt: skip
def test_what_was_given_up_is_counted_by_column(
    column: Column, rule: str, value: bytes, loss: dict[str, int]
) -> None:
    assert mask(masker_of(column, rule), value, None).losses == ({"c": loss} if loss else {})


@pytest.mark.parametrize(
    ("column", "value", "held"),
    [
        (Column("c", "decimal", "decimal(5,2)"), "7", b"7.00"),
        (Column("c", "float", "float"), "1.37", b"1.3700000047683716"),
        (Column("c", "int", "int(5) unsigned zerofill"), "7", b"00007"),
        (Column("c", "datetime", "datetime(3)"), "2000-01-01", b"2000-01-01 00:00:00.000"),
        (Column("c", "binary", "binary(3)"), "x", b"x\0\0"),
        (Column("c", "char", "char(3)", charset="latin1"), "\u00fc  ", b"\xfc"),
        (Column("c", "decimal", "decimal(5,2)"), "1000", None),
        (Column("c", "tinyint", "tinyint(4)"), "Petra", None),
        (Column("c", "date", "date"), "yesterday", None),
        (Column("c", "varchar", "varchar(3)", charset="latin1"), "long", None),
    ],
)
def test_constant_is_what_the_column_holds_of_it_or_is_refused(
    column: Column, value: str, held: bytes | None
) -> None:
    rule = f"{{masker: constant, value: {json.dumps(value)}}}"
    if held is None:
        with pytest.raises(MaskingRefused) as caught:
            masker_of(column, rule)
        assert "the column cannot hold it" in caught.value.findings[0]
    else:
        assert masker_of(column, rule).mask_value("t", "c", b"1") == held


def test_integer_stays_in_the_range_of_its_column() -> None:
    masker = masker_of(Column("c", "tinyint", "tinyint(4)"), "digits")
    cells = tuple(str(number).encode() for number in range(-128, 128))
    (masked,) = mask(masker, *cells).cells
    assert set(masked) == set(cells)
    assert masked != list(cells)


def test_column_that_the_schema_had_not_is_never_passed() -> None:
    with pytest.raises(KeyError):
        masker_of(text(), "name").mask_batch(Batch("t", ("d",), ((b"x",),)))


def test_memory_of_values_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.masking.masker._MEMO_CELLS", 10)
    masker = masker_of(text(), "name")
    for start in range(0, 200, 20):
        mask(masker, *(f"name{number}".encode() for number in range(start, start + 20)))
    simple = masker._columns["t", "c"].simple  # noqa: SLF001 - nothing else tells
    assert simple is not None
    assert len(simple._memo) <= 30  # noqa: SLF001 - likewise


def test_vocabulary_decides_which_words_of_a_text_stay(shop_masker: Masker) -> None:
    assert known_words(["class Zylinder_Hut"]) == {"class", "zylinder", "hut"}
    line = b"Zylinder_Hut"
    assert shop_masker.mask_text(line, "log").content != line
    schema, treatments, key, _ = shop_masker.__reduce__()[1]
    with_words = Masker(schema, treatments, key, known_words(["class Zylinder_Hut"]))  # type: ignore[arg-type]
    assert with_words.mask_text(line, "log").content == line


def test_what_an_undeclared_relation_says_is_no_word_of_the_schema(shop_masker: Masker) -> None:
    schema, treatments, key, _ = shop_masker.__reduce__()[1]
    (name, table), *_ = schema.tables.items()  # type: ignore[attr-defined]
    relation = ForeignKey("who = 'Zylinder_Hut'", name, (), name, (), origin=Origin.POLYMORPHIC)
    tables = {name: replace(table, foreign_keys=(relation,))}
    related = Masker(replace(schema, tables=tables), treatments, key)  # type: ignore[type-var, arg-type]
    assert b"Zylinder" not in related.mask_text(b"Zylinder_Hut", "log").content


def test_treatment_of_a_missing_column_is_an_error() -> None:
    treatments = Treatments({("t", "c"): Treatment("keep", "", "x.yaml:1")})
    assert treatments.of("t", "c").kept
    with pytest.raises(KeyError):
        treatments.of("t", "d")


def test_every_column_of_the_demo_is_classified(
    shop_schema: Schema, shop_treatments: Treatments
) -> None:
    stored = {
        (table.name, column.name)
        for table in shop_schema.tables.values()
        for column in table.stored_columns
    }
    assert set(shop_treatments.by_column) == stored
    assert len(stored) > 150
    personal = ("email", "login", "first_name", "last_name", "phone", "iban", "birth_date", "ip")
    for (table, column), treatment in shop_treatments.by_column.items():
        if column in personal or "password" in column:
            assert not treatment.kept, (table, column)


def test_unclassified_column_of_the_demo_stops_the_export(
    shop_schema: Schema, shop_rules: Source
) -> None:
    customers = shop_schema.tables["customers"]
    grown = replace(customers, columns=(*customers.columns, replace(text(), name="spitzname")))
    schema = replace(shop_schema, tables={**shop_schema.tables, "customers": grown})
    with pytest.raises(MaskingRefused) as caught:
        assign_treatments(schema, parse_rules(with_packs([shop_rules])), unclassified="refuse")
    assert caught.value.findings == ("customers.spitzname   varchar(255)   no rule",)
