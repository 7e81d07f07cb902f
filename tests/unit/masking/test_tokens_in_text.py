"""Tokens become in free text what they become in a column of tokens; IBANs stay IBANs."""

import base64
import random
import re
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sandbox.masking.masker import Masker

SEEDS = st.integers(0, 2**32)
CONTEXTS = (
    "{}", "[{}]", "id {} done", "{} abcd 1234", "db01 {} ok", "/a/{}/b?page=2 500 12", '"{}"',
    "{},", "sess_{}.log", "token={}&x=1", '{{"csrf_token":"{}"}}', "(session {})", "{}\n{}",
)  # fmt: skip
# What docs/masking.md says of base64 as URLs have it; without - and _ two digits are enough.
JOINED = re.compile(r"(?=\S*[_\-])(?=\S*[a-z]\d*[A-Z])(?=\S*\d[A-Za-z])(?!\S*[a-z]{7})\S{20,}")
WHOLE = re.compile(r"(?=\D*\d\D*\d)(?=\S*[A-Za-z])[A-Za-z0-9]{16,}")


def drawn_bytes(seed: int, length: int) -> bytes:
    return random.Random(seed).randbytes(length)  # noqa: S311 - no secret, only evenly spread


def in_column(masker: Masker, token: str) -> str:
    masked = masker.mask_value("sessions", "id", token.encode())
    assert masked is not None
    return masked.decode()


def in_text(masker: Masker, text: str, kind: str = "log") -> str:
    return masker.mask_text(text.encode(), kind).content.decode()


@given(
    SEEDS, st.integers(8, 64), st.sampled_from([str.lower, str.upper]), st.sampled_from(CONTEXTS)
)
def test_hexadecimal_ids_become_what_they_become_in_a_column(
    shop_masker: Masker, seed: int, length: int, case: Callable[[str], str], context: str
) -> None:
    token = case(drawn_bytes(seed, 32).hex()[:length])
    assume(not token.isdigit())  # a number: those of up to nine digits stay
    expected = in_column(shop_masker, token)
    masked = in_text(shop_masker, context.format(token, token))
    assert masked.count(expected) == context.count("{}")
    assert token not in masked


@given(SEEDS, st.integers(12, 48), st.sampled_from([one for one in CONTEXTS if "_{}" not in one]))
def test_base64_of_urls_becomes_what_it_becomes_in_a_column(
    shop_masker: Masker, seed: int, length: int, context: str
) -> None:
    token = base64.urlsafe_b64encode(drawn_bytes(seed, length)).decode().rstrip("=")
    assume(JOINED.fullmatch(token) or WHOLE.fullmatch(token))
    masked = in_text(shop_masker, context.format(token, token))
    assert masked.count(in_column(shop_masker, token)) == context.count("{}")


@pytest.mark.parametrize("seed", range(40))
def test_ids_that_begin_like_an_iban_are_none(shop_masker: Masker, seed: int) -> None:
    for length in (8, 12, 16, 20, 22, 24, 32, 40):
        first, second, *others = drawn_bytes(seed, 34)
        start = f"{'abcdef'[first % 6]}{'fedcba'[second % 6]}{first % 10}{second % 10}"
        token = (start + bytes(others).hex())[:length]
        for one in (token, token.upper()):
            assert in_text(shop_masker, f"[{one}] done") == f"[{in_column(shop_masker, one)}] done"


@pytest.mark.parametrize(
    "token",
    [
        "fa83a11a198d5a7f", "bb1662b7c5f22a0f", "bd15cd15ebfd8087", "BE68A39007547034", "aedfcdbb",
        "550e8400-e29b-41d4-a716-446655440000", "a59c0837-bb12b1ad", "5759e9-bd862e3f-e1be46",
        "A59C0837-BB12B1AD", "507f1f77bcf86cd799439011", "ad12ef77bcf86cd799439011", "1234567e",
        "4eC39HqLyjWDarjtT1zdp7dc", "sk-live-4eC39HqLyjWDarjtT1zdp7dc", "DE00aB3_xY9-kQ7zLm2Np5",
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["log", "plain", "config"])
def test_tokens_of_all_kinds_become_what_they_become_in_a_column(
    shop_masker: Masker, token: str, kind: str
) -> None:
    expected = in_column(shop_masker, token)
    assert in_text(shop_masker, token, kind) == expected
    assert in_text(shop_masker, f"auth.token = {token}", kind).endswith(f" = {expected}")
    assert in_text(shop_masker, f'"{token}", 4711', kind) == f'"{expected}", 4711'


def test_a_part_of_sixteen_signs_is_a_token_of_its_own(shop_masker: Masker) -> None:
    trace, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    expected = f"00-{in_column(shop_masker, trace)}-{in_column(shop_masker, span)}-01"
    assert in_text(shop_masker, f"00-{trace}-{span}-01") == expected


@pytest.mark.parametrize(
    "iban",
    [
        "DE89370400440532013000", "DE89 3704 0044 0532 0130 00", "DE89 37040044 0532013000",
        "GB82WEST12345698765432", "gb82west12345698765432", "gb82 west 1234 5698 7654 32",
        "NO9386011117947", "be68539007547034", "MT84MALT011000012345MTLCAST001S",
        # Mistyped: another digit, and one too few.
        "DE89370400440532013001", "DE89 3704 0044 0532 0130 01", "GB82WEST12345698765433",
        "gb82 west 1234 5698 7654 33", "DE89 3704 0044 0532 0130 0", "BE68539007547035",
    ],
)  # fmt: skip
def test_ibans_become_what_they_become_in_a_column(shop_masker: Masker, iban: str) -> None:
    masked = shop_masker.mask_value("customers", "iban", iban.encode())
    assert masked is not None
    for text in ("{}", "({})", "von {}."):
        assert masked.decode() in in_text(shop_masker, text.format(iban))


@pytest.mark.parametrize(
    "text",
    [
        "order-4711-customer-1207", "2026-11-25-report-12", "Order_Item_2-Items-Exception_10",
        "utf8mb4_general_ci-10.11", "8-16-32-64-128-256", "customer_id-1207-order_id-4711",
    ],
)  # fmt: skip
def test_names_and_numbers_with_dashes_are_no_tokens(shop_masker: Masker, text: str) -> None:
    masked = in_text(shop_masker, text)
    assert re.findall(r"\d+", masked) == re.findall(r"\d+", text)
