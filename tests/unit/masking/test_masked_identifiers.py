import ipaddress
import re
import uuid
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sandbox.masking.maskers.addresses import Addresses, is_address, mask_mail, mask_url
from sandbox.masking.maskers.identifiers import (
    is_luhn,
    is_valid_iban,
    mask_card,
    mask_iban,
    mask_phone,
    mask_token,
)
from sandbox.masking.maskers.number_types import NumberType
from sandbox.masking.maskers.numbers import (
    first_of_year,
    is_unit,
    largest_of,
    mask_coordinate,
    mask_digits_of_number,
    mask_integer,
    round_down,
)
from sandbox.masking.prf import Prf
from sandbox.masking.words import Words
from sandbox.model import Column

PRF = Prf(b"key")
WORDS = Words(PRF)
ADDRESSES = Addresses(PRF, "ip")
DIGITS = st.text("0123456789", min_size=1)


def iban(text: str) -> str:
    return mask_iban(PRF, "iban", WORDS, text)


def card(text: str) -> str:
    return mask_card(PRF, "card", WORDS, text)


def token(text: str) -> str:
    return mask_token(PRF, "token", WORDS, text)


@st.composite
def ibans(draw: st.DrawFn) -> str:
    country = draw(st.sampled_from(["DE", "GB", "FR", "PL", "NO"]))
    account = draw(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=11, max_size=30))
    return f"{country}{draw(st.integers(0, 99)):02d}{account}"


def with_right_check(text: str) -> str:
    return next(
        right for right in (f"{text[:2]}{check:02d}{text[4:]}" for check in range(2, 99))
        if is_valid_iban(right)
    )  # fmt: skip


@given(ibans())
def test_right_iban_stays_right_and_a_wrong_one_wrong(text: str) -> None:
    masked = iban(text)
    assert is_valid_iban(masked) == is_valid_iban(text)
    assert (masked[:2], len(masked)) == (text[:2], len(text))
    right = with_right_check(text)
    assert is_valid_iban(iban(right))
    assert iban(right)[4:] == masked[4:]


@given(ibans(), ibans())
def test_ibans_stay_different(one: str, other: str) -> None:
    assume(one != other)
    assert iban(one) != iban(other)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("GB82 WEST 1234 5698 7654 32", r"GB\d\d [A-Z]{4} \d{4} \d{4} \d{4} \d\d"),
        ("gb82 west 1234 5698 7654 32", r"gb\d\d [a-z]{4} \d{4} \d{4} \d{4} \d\d"),
        ("siehe unten", r"[a-z]{5} [a-z]{5}"),
    ],
)
def test_iban_keeps_its_grouping_and_case(text: str, shape: str) -> None:
    assert re.fullmatch(shape, iban(text))
    assert iban(text) != text


def test_iban_spellings_stay_spellings_of_one() -> None:
    assert iban("GB82WEST12345698765432") == iban("gb82 west 1234 5698 7654 32").upper().replace(
        " ", ""
    )


@given(st.text("0123456789", min_size=12, max_size=19))
def test_card_keeps_whether_its_check_digit_is_right(text: str) -> None:
    masked = card(text)
    assert is_luhn(masked) == is_luhn(text)
    assert (masked[0], len(masked)) == (text[0], len(text))


@given(
    st.text("0123456789", min_size=13, max_size=13), st.text("0123456789", min_size=13, max_size=13)
)
def test_cards_stay_different(one: str, other: str) -> None:
    assume(one != other)
    assert card(one) != card(other)


def test_card_keeps_its_grouping() -> None:
    assert re.fullmatch(r"4\d{3} \d{4}-\d{4} \d{4}", card("4111 1111-1111 1111"))


@given(st.text("0123456789abcdefghijklmnopqrstuvwxyzABCXYZ+/=-_", max_size=90))
def test_token_keeps_its_alphabet(text: str) -> None:
    masked = token(text)
    for old, new in zip(text, masked, strict=True):
        assert (old.isdigit(), old.isupper(), old.islower()) == (
            new.isdigit(),
            new.isupper(),
            new.islower(),
        )
        assert old.isalnum() or old == new
    hexadecimal = re.compile(r"[0-9a-f+/=_-]*", re.IGNORECASE)
    assert bool(hexadecimal.fullmatch(masked)) == bool(hexadecimal.fullmatch(text))
    assert masked.lower() == token(text.lower())


@given(st.text("01aAfFzZ-", max_size=6), st.text("01aAfFzZ-", max_size=6))
def test_tokens_stay_different(one: str, other: str) -> None:
    assume(one != other)
    assert token(one) != token(other)


def test_long_token_is_masked_though_only_its_end_is_not_hexadecimal() -> None:
    masked = token("ab" * 32 + "z1")
    assert re.fullmatch(r"[a-f]{64}[a-z]\d", masked)
    assert not re.fullmatch(r"[a-f0-9]+", masked)


def test_token_with_letters_beyond_ascii_is_masked_as_words() -> None:
    assert token("MÄRZ-046") == WORDS.mask("MÄRZ-046")


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("+49 30 23125123", r"\+49 \d\d \d{8}"),
        ("030 / 23125-123", r"0\d\d / \d{5}-\d{3}"),
        ("+49 (0)89 99998-123", r"\+49 \(0\)\d\d \d{5}-\d{3}"),
        ("0049 30 23125123", r"0049 \d\d \d{8}"),
        ("+1 212 555 0100", r"\+1 \d{3} \d{3} \d{4}"),
        ("+420 200 000 123", r"\+420 \d{3} \d{3} \d{3}"),
        ("0171/3920011 Hr. Kühn", r"0\d{3}/\d{7} [A-Z][a-z]\. [A-Z][a-zäëïöü]{3}"),
        ("-", "-"),
    ],
)
def test_phone_keeps_prefix_and_separators(text: str, shape: str) -> None:
    masked = mask_phone(WORDS, text)
    assert re.fullmatch(shape, masked)
    assert masked != text or not any(sign.isdigit() for sign in text)


def test_phone_spellings_stay_spellings_of_one_number() -> None:
    spellings = ("+49 30 23125123", "030 / 23125-123", "004930 23125123", "+49 (30) 23125 123")
    bare = {re.sub(r"\D", "", mask_phone(WORDS, text)).lstrip("0")[-10:] for text in spellings}
    assert len(bare) == 1


@given(st.ip_addresses())
def test_address_keeps_its_length_and_matches_its_packed_form(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    text = str(address)
    masked = ADDRESSES.mask_text(text, str)
    assert len(masked) == len(text) or getattr(address, "ipv4_mapped", None)
    assert ipaddress.ip_address(masked).packed == ADDRESSES.mask_packed(address.packed)


@given(st.ip_addresses(v=4), st.ip_addresses(v=4))
def test_addresses_stay_different(one: ipaddress.IPv4Address, other: ipaddress.IPv4Address) -> None:
    assume(one != other)
    assert ADDRESSES.mask_one(str(one)) != ADDRESSES.mask_one(str(other))


@given(st.ip_addresses(v=6))
def test_ipv6_spellings_stay_spellings_of_one(address: ipaddress.IPv6Address) -> None:
    masked = {
        ipaddress.IPv6Address(ADDRESSES.mask_one(text))
        for text in (str(address), address.exploded, str(address).upper())
    }
    assert len(masked) == 1


@pytest.mark.parametrize("text", ["127.0.0.1", "0.0.0.0", "::1"])  # noqa: S104 - text
def test_addresses_of_nobody_stay(text: str) -> None:
    assert ADDRESSES.mask_one(text) == text


def test_private_addresses_stay_private() -> None:
    assert ipaddress.ip_address(ADDRESSES.mask_one("192.168.7.14")).is_private
    assert ADDRESSES.mask_one("10.20.30.40").startswith("10.")
    assert ADDRESSES.mask_one("fe80::1234").startswith("fe80::")


def test_list_of_addresses_is_masked_one_by_one() -> None:
    one, other = ADDRESSES.mask_one("192.0.2.7"), ADDRESSES.mask_one("198.51.100.3")
    assert ADDRESSES.mask_text("192.0.2.7, 198.51.100.3", str) == f"{one}, {other}"


@pytest.mark.parametrize("text", ["10:20:30", "1.2.3", "300.1.1.1", "1::2::3", "12:34"])
def test_what_only_looks_like_an_address_is_none(text: str) -> None:
    assert not is_address(text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("petra.lindqvist@post.example", ".example"),
        ("x@kunden.example ", ".example "),
        ("x@kunden.example.", ".example."),
        ("a@b.example, c@d.example", ".example"),
    ],
)
def test_mail_keeps_its_last_label(text: str, kept: str) -> None:
    masked = mask_mail(WORDS, text)
    assert masked.endswith(kept)
    assert masked.count("@") == text.count("@")
    assert masked.partition("@")[2] != text.partition("@")[2]


def test_broken_mail_stays_broken_in_the_same_place() -> None:
    assert re.fullmatch(r"[a-z]@@[a-z]{6}\.[a-z]{7}", mask_mail(WORDS, "x@@kunden.example"))
    assert re.fullmatch(r"[a-z]{3}@[a-z]{6},[a-z]{7}", mask_mail(WORDS, "abc@kunden,example"))


@given(st.uuids(version=4))
def test_uuid_stays_what_mariadb_takes_for_one_with_dashes_and_without(value: uuid.UUID) -> None:
    masked = token(str(value))
    assert masked[14] < "8" or masked[19] >= "8"
    assert token(value.hex) == masked.replace("-", "")


def test_url_keeps_scheme_port_and_last_label_only() -> None:
    masked = mask_url(WORDS, ADDRESSES, WORDS.mask, "https://erp:geheim@host.example:8443/a?b=c")
    assert re.fullmatch(
        r"https://[a-z]{3}:[a-z]{6}@[a-z]{4}\.example:8443/[a-z]\?[a-z]=[a-z]", masked
    )
    assert "geheim" not in masked


@given(st.integers(-(2**31), 2**32 - 1))
def test_integer_keeps_sign_digits_and_range(number: int) -> None:
    masked = int(mask_integer(PRF, "digits", str(number), 2**32 - 1))
    assert len(str(masked)) == len(str(number))
    assert abs(masked) < 2**32
    assert (masked < 0) == (number < 0)


@pytest.mark.parametrize(("least", "largest"), [(0, 255), (-128, 127), (-32768, 32767)])
def test_integers_stay_different(least: int, largest: int) -> None:
    numbers = {str(number) for number in range(least, largest + 1)}
    assert {mask_integer(PRF, "digits", number, largest) for number in numbers} == numbers


@given(st.integers(1, 2**32 - 1), st.integers(1, 20))
def test_integer_that_is_filled_with_zeros_is_masked_like_the_same_without(
    number: int, width: int
) -> None:
    masked = mask_integer(PRF, "digits", str(number), 2**32 - 1)
    assert mask_integer(PRF, "digits", f"{number:0{width}d}", 2**32 - 1) == masked.zfill(width)


@pytest.mark.parametrize("text", ["", "-", "12.5", "Petra", "0x10"])
def test_what_is_no_integer_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="not an integer"):
        mask_integer(PRF, "digits", text, 255)


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-99999, max_value=99999)
)
def test_digits_of_a_number_keep_its_form(number: object) -> None:
    masked = mask_digits_of_number(PRF, "number", str(number))
    assert re.sub(r"\d", "9", masked) == re.sub(r"\d", "9", str(number))


def test_negative_numbers_of_one_digit_stay_negative_and_different() -> None:
    masked = {mask_digits_of_number(PRF, f"d{key}", f"-{n}") for key in "ab" for n in range(1, 10)}
    assert masked == {f"-{number}" for number in range(1, 10)}


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("1e491701234567", r"\de(?!491701234567)\d{12}"),
        ("1.5e-38", r"\d\.\de-38"),
        ("9" * 5000, r"[1-9](?!9{4999})\d{4999}"),
        ("Petra", r"(?!Petra)[A-Z][a-z]{4}"),
        ("INF", "INF"),
        ("-nan", "-nan"),
    ],
)
def test_what_is_hardly_a_number_is_masked_all_the_same(text: str, form: str) -> None:
    assert re.fullmatch(form, mask_digits_of_number(PRF, "number", text))


def test_numbers_and_dates_are_rounded() -> None:
    assert round_down(Decimal("1234.56"), "100") == 1200
    assert round_down(Decimal("-0.7"), "0.3") == Decimal("-0.9")
    assert round_down(Decimal(-1200), "100") == -1200
    assert round_down(Decimal(f"{'9' * 35}.{'9' * 30}"), "1") == int("9" * 35)
    assert first_of_year("1966-05-13") == "1966-01-01"
    assert first_of_year("1966-05-13 10:11:12.5") == "1966-01-01 00:00:00.0"
    assert first_of_year("1970-05-13 10:11:12") == "1970-01-01 00:00:01"
    assert first_of_year("1966-00-00") == "1966-00-00"
    assert first_of_year("1966-05-00") == "1966-01-00"
    assert largest_of("tinyint", "tinyint(3) unsigned") == 255


@pytest.mark.parametrize(
    ("text", "unit"),
    [("1234", "year"), ("1234", "0"), ("1234", "ten"), ("Petra", "10"), ("1966-05-13", "10"),
     ("nan", "10")],
)  # fmt: skip
def test_what_cannot_be_rounded_is_an_error_and_does_not_stay(text: str, unit: str) -> None:
    number = NumberType.of(Column("c", "double", "double"))
    with pytest.raises(ValueError, match="not a "):
        number.generalise(text, unit)
    with pytest.raises(ValueError, match="not a "):
        first_of_year("12.03.1980")


def test_units_are_told_from_what_is_none() -> None:
    assert is_unit("year", of_dates=True)
    assert is_unit("0.5", of_dates=False)
    for unit in ("year", "ten", "0", "-1", "nan", ""):
        assert not is_unit(unit, of_dates=False)
    assert not is_unit("10", of_dates=True)


@pytest.mark.parametrize(
    ("text", "coarse"),
    [
        ("52.520008087158", "52"), ("-0.9166", "0"), ("0.0000000", "0.0000000"), ("185.3", "185"),
        ("999", "990"), ("5812345.120", "5800000"), ("-52520008.000", "-52000000"),
    ],
)  # fmt: skip
def test_coordinate_of_any_kind_becomes_coarse(text: str, coarse: str) -> None:
    assert mask_coordinate(text) == coarse


def test_what_is_no_coordinate_is_an_error_and_does_not_stay() -> None:
    for text in ("Berlin", "nan", ""):
        with pytest.raises(ValueError, match="not a number"):
            mask_coordinate(text)


@given(st.ip_addresses(v=4))
def test_address_as_a_number_or_its_bytes_becomes_what_its_text_becomes(
    address: ipaddress.IPv4Address,
) -> None:
    assume(int(address) >= 1 << 24)
    masked = ipaddress.ip_address(ADDRESSES.mask_one(str(address)))
    assert int(ADDRESSES.mask_text(str(int(address)), str)) == int(masked)
    written = address.packed.hex()
    assume(not written.isdecimal())
    assert ADDRESSES.mask_text(written, str) == masked.packed.hex()


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("192.0.2.7:8080", r"(?!192\.0)\d{3}\.\d\.\d\.\d:8080"),
        ("[2001:db8::1]:80", r"\[(?!2001)[0-9a-f:]+\]:80"),
        ("192.168.7.0/24", r"192\.168\.\d\.\d/24"),
        ("84.57.123", r"(?!84\.57\.123)\d\d\.\d\d\.\d{3}"),
        ("84.57.123.*", r"(?!84\.57\.123)\d\d\.\d\d\.\d{3}\.\*"),
        ("300.1.1.1", r"(?!300)(?:2[6-9]|[3-9]\d|25[6-9])\d\.\d\.\d\.\d"),
        ("unknown", "unknown"),
        ("1" * 5000, r"(?!1{5000})\d{5000}"),
    ],
)
def test_only_port_and_length_stay_of_numbers_beside_addresses(text: str, form: str) -> None:
    assert re.fullmatch(form, ADDRESSES.mask_text(text, str))
