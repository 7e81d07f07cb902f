"""A key of a document may be somebody's name: only what is known of it stays."""

import json
import re

import phpserialize
import pytest
from faker import Faker
from hypothesis import assume, given
from hypothesis import strategies as st

from sandbox.masking.dictionary import (
    general_words,
    key_words,
    message_words,
    split_words,
)
from sandbox.masking.masker import Masker
from sandbox.masking.maskers.texts import TextMaskers
from sandbox.masking.prf import Prf
from sandbox.masking.words import WORDS, Spelling

RULES = (
    ("*", "shape"), ("email|*_email", "email"), ("language|Hobby Horse", "keep"),
    ("card_number", "card"), ("liebling?", "keep"),
)  # fmt: skip
EVERYWHERE = message_words() | general_words()
SOURCE = split_words(["class Shop_Cart extends Shop_Base", "Zend_Auth", "quantity", "wishes"])
MASKERS = TextMaskers(Prf(b"key"), SOURCE | EVERYWHERE, WORDS, Spelling(), RULES)
NAME = "Lindqvist"
PSEUDONYM = MASKERS.words.mask(NAME)
STRANGERS = (
    "lindqvist", "wolkenstein", "kleinschmidt", "papadopoulou", "quakenbrueck", "hildegunde",
    "xqzzvwk", "correcthorsebatterystaple",
)  # fmt: skip
COMMON_KEYS = """
address amount api avatar category city comment content country createdAt created_at csv currency
customer customer_id data date deletedAt deleted_at description email error errors firstName
first_name foo href html iban id image_url ip isActive is_active items lastName last_name lat
limit links lng locale login message meta name note offset order orderId order_id page per_page
phone postal_code price product product_id qty quantity sku sort state status street tags timezone
title token total totalPrice type unitPrice updatedAt updated_at url user userId user_agent
user_id username uuid value version zip
"""


def mask(kind: str, text: str) -> str:
    return MASKERS.of(kind)(text)


def mask_key(key: str) -> str:
    return MASKERS.nested.mask_key(key)


def test_name_is_masked_as_key_like_in_a_table_in_every_format() -> None:
    assert PSEUDONYM != NAME
    for kind, text in (
        ("json", f'{{"{NAME}": 3, "items": {{"{NAME}": [1]}}}}'),
        ("document", f'[{{"{NAME}":null}}]'),
        ("serialized", f'a:2:{{s:9:"{NAME}";i:3;s:5:"items";a:1:{{s:9:"{NAME}";N;}}}}'),
        ("serialized", f'O:9:"Shop_Cart":1:{{s:9:"{NAME}";i:3;}}'),
        ("php_session", f'{NAME}|i:3;items|a:1:{{s:9:"{NAME}";i:3;}}!{NAME}|'),
        ("xml", f'<items><{NAME} {NAME}="3" x{NAME}><br/></{NAME}></items>'),
        ("xml", f"<!DOCTYPE {NAME}>\n<{NAME}/>"),
    ):
        assert mask(kind, text) == text.replace(NAME, PSEUDONYM).replace(
            f"x{PSEUDONYM}", MASKERS.words.mask(f"x{NAME}")
        )


@pytest.mark.parametrize("prefix", ["\0*\0", "\0Shop_Cart\0", "\0Shop_Base\0", "\0Lindqvist\0"])
def test_private_members_are_masked_behind_their_class(prefix: str) -> None:
    text = f'O:9:"Shop_Cart":1:{{s:{len(prefix) + 9}:"{prefix}{NAME}";i:3;}}'
    assert mask("serialized", text) == text.replace(NAME, PSEUDONYM)
    named = text.replace(f":{len(prefix) + 9}:", f":{len(prefix) + 8}:").replace(
        f"\0{NAME}", "\0language"
    )
    assert "\0language" in mask("serialized", named)


def test_class_of_an_object_stays_a_prefix_of_its_members_though_it_is_unknown() -> None:
    text = 'O:9:"Lindqvist":1:{s:15:"\0Lindqvist\0note";O:4:"Mara":1:{s:15:"\0Lindqvist\0note";N;}}'
    masked = mask("serialized", text)
    head, inner = text.split('O:4:"Mara"')
    assert masked == head + 'O:4:"Mara"' + inner.replace(NAME, PSEUDONYM)


def test_lengths_stay_right_and_wrong_as_they_were() -> None:
    text = 'a:2:{s:7:"Müller";i:1;s:3:"Müller";i:2;}'
    assert mask("serialized", text) == text.replace("Müller", MASKERS.words.mask("Müller"))
    masked = mask("serialized", f'a:1:{{s:19:"{NAME}Straßer x";i:1;}}')
    assert len(phpserialize.loads(masked.encode())) == 1


def test_escaped_keys_are_read_and_stay_escaped() -> None:
    masked = mask("json", r'{"M\u00fcller":1,"Lind\u0071vist":2}')
    assert list(json.loads(masked)) == [MASKERS.words.mask("Müller"), PSEUDONYM]
    assert masked.count(r"\u") == 2


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("customer_Lindqvist", f"customer_{PSEUDONYM}"),
        ("customerLindqvist", f"customer{PSEUDONYM}"),
        ("LindqvistID", f"{PSEUDONYM}ID"),
        ("items.Lindqvist:count", f"items.{PSEUDONYM}:count"),
        (r"Shop\Lindqvist/cart-1", rf"Shop\{PSEUDONYM}/cart-1"),
        ("Lindqvist2", f"{PSEUDONYM}2"),
        ("a_Lindqvist_123456", f"a_{PSEUDONYM}_123456"),
        ("oder Lindqvist", f"oder {PSEUDONYM}"),
        # A name with a capital inside is one word in a table, too.
        ("McAllister", MASKERS.words.mask("McAllister")),
        ("OBrien", MASKERS.words.mask("OBrien")),
        ("customerMcAllister", f"customer{MASKERS.words.mask('McAllister')}"),
        ("Müller", MASKERS.words.mask("Müller")),
        ("First Name / Price", "First Name / Price"),
        ("Price for Lindqvist", f"Price for {PSEUDONYM}"),
        (f"Price {'Lindqvist ' * 9}", MASKERS.words.mask("Price") + f" {PSEUDONYM}" * 9 + " "),
    ],
)
def test_unknown_words_of_a_key_are_masked_and_known_ones_stay(key: str, expected: str) -> None:
    assert mask_key(key) == expected


def test_value_is_masked_by_the_name_that_its_key_had() -> None:
    mail, masked = "mara@post.example", MASKERS.of("email")("mara@post.example")
    assert mask("json", f'{{"lindqvist_email":"{mail}"}}') == (
        f'{{"{PSEUDONYM.lower()}_email":"{masked}"}}'
    )


def test_rule_that_spells_a_key_out_keeps_it_and_a_pattern_keeps_its_words_only() -> None:
    assert mask_key("Hobby Horse") == "Hobby Horse"
    assert mask_key("HOBBY HORSE") == "HOBBY HORSE"
    assert mask_key("\0*\0hobby horse") == "\0*\0hobby horse"
    assert mask_key("card_number") == "card_number"
    assert mask_key("lindqvist_email") == f"{PSEUDONYM.lower()}_email"
    # "*" and "liebling?" fit both, and say nothing of what they stand for.
    assert mask_key("lieblinge") != "lieblinge"
    assert mask_key("liebling") == "liebling"
    assert mask_key(NAME) == PSEUDONYM


def test_rule_of_one_column_names_keys_of_this_column_only() -> None:
    own = TextMaskers(Prf(b"key"), EVERYWHERE, WORDS, Spelling(), (*RULES, (NAME, "keep")))
    text = f'{{"{NAME}":"de"}}'
    assert own.of("json")(text) == text
    assert NAME not in mask("json", text)


@pytest.mark.parametrize("key", COMMON_KEYS.split())
def test_usual_keys_are_known_without_an_applications_source(key: str) -> None:
    maskers = TextMaskers(Prf(b"key"), EVERYWHERE, WORDS, Spelling())
    for written in (key, key.upper() if "_" in key or key.islower() else key):
        assert maskers.nested.mask_key(written) == written


@pytest.mark.parametrize(
    "written",
    [
        'O:12:"DateInterval":1:{s:16:"weekday_behavior";i:0;}',
        'O:12:"DateInterval":2:{s:17:"first_last_day_of";i:0;s:6:"invert";i:0;}',
        'O:10:"DatePeriod":2:{s:11:"recurrences";i:5;s:18:"include_start_date";b:1;}',
        'O:8:"DateTime":1:{s:13:"timezone_type";i:3;}',
        'O:9:"Exception":2:{s:7:"\0*\0code";i:0;s:19:"\0Exception\0previous";N;}',
        'O:22:"__PHP_Incomplete_Class":1:{s:27:"__PHP_Incomplete_Class_Name";i:0;}',
    ],
)
def test_members_of_phps_own_classes_stay_so_that_php_can_build_them(written: str) -> None:
    assert mask("serialized", written) == written


@pytest.mark.parametrize(
    "text",
    [
        '<!doctype html>\n<html lang=""><head><meta charset=""/></head><body></body></html>',
        '<h1></h1><ul><li><a href="" target=""><img src="" alt="" width="1"/></a></li></ul>',
        '<table cellpadding="0"><tr><td colspan="2"><br></td></tr><option selected></table>',
        '<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap=""><soap:Body/>',
        '<order id="1" xsi:type="" aria-label=""/>',
        '<rss version="2"><channel><item><pubDate/><link/></item></channel></rss>',
    ],
)
def test_well_known_markup_stays(text: str) -> None:
    assert mask("xml", text) == text


def test_masked_markup_stays_well_formed() -> None:
    text = f'<{NAME}:a xmlns:{NAME}=""><{NAME}:b {NAME}:id="1"/><a1b2c3d4 a1b2c3/></{NAME}:a>'
    masked = mask("xml", text)
    assert masked.startswith(
        f'<{PSEUDONYM}:a xmlns:{PSEUDONYM}=""><{PSEUDONYM}:b {PSEUDONYM}:id="1"/>'
    )
    assert masked.endswith(f"</{PSEUDONYM}:a>")
    assert "a1b2c3" not in masked
    assert re.search(r"<[a-z]\w{7} [a-z]\w{5}/>", masked)


def test_declaration_says_what_declarations_say_and_nothing_else() -> None:
    declared = "<?xml version='1.0' encoding=\"ISO-8859-1\" standalone='yes' ?><a/>"
    assert mask("xml", declared) == declared
    masked = mask("xml", f'<?xml version="1.0" by="{NAME}"?><a/>')
    assert NAME not in masked
    # What was no declaration must not become a sound instruction to some program.
    assert masked.startswith("<?xml ")


def test_keys_that_are_data_of_a_kind_become_what_they_become_as_values() -> None:
    for kind, key in (
        ("ip", "192.0.2.7"), ("ip", "2001:db8::9"), ("email", "mara@post.example"),
        ("token", "9f8e7d6c5b4a39281706f5e4d3c2b1a0"), ("token", "a1b2c3d4"),
        ("token", "3f2a1b4c-12ab-4d3e-8f90-0123456789ab"), ("phone", "0171-3920011"),
        ("phone", "+49 171 3920011"), ("iban", "GB82WEST12345698765432"),
        ("card", "4111-1111-1111-1111"),
    ):  # fmt: skip
        masked = MASKERS.of(kind)(key)
        assert masked != key
        assert mask_key(key) == masked
        assert mask_key(f"user/{key}").endswith(masked) or kind in {"email", "iban"}


@pytest.mark.parametrize(
    "key",
    [
        "", "0", "4711", "123456", "2026-01-15", "2026/01/15", "1.2.3", "10:20:30", "x86_64",
        "utf8mb4", "line2", "Shop::Cart", "127.0.0.1", "::", "__", "*", "2026-01", "Shop_Cart_2",
    ],
)  # fmt: skip
def test_keys_that_tell_nothing_stay(key: str) -> None:
    assert mask_key(key) == key


def test_whole_numbers_as_keys_are_masked_where_they_are_too_long_for_a_surrogate_key() -> None:
    text = "a:4:{i:0;N;i:123456789;N;i:-5;N;i:491713920011;N;}"
    masked = mask("serialized", text)
    assert masked.startswith(text[: text.index("4917")])
    assert re.fullmatch(r"i:[1-9]\d{11};N;}", masked[text.index("i:4917") :])
    assert "491713920011" not in masked
    # Like a number in the same document.
    assert mask("serialized", "i:491713920011;") in masked


@st.composite
def keys(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Give a key of known and unknown words, and the unknown ones."""
    letters = st.text("aeioubdgklmnprtvz", min_size=9, max_size=20)
    unknown = st.sampled_from(STRANGERS) | letters
    known = st.sampled_from(["customer", "items", "is", "id", "Shop", "last", "email", "x", "li"])
    signs = st.sampled_from(["_", ".", "-", ":", "/", "\\", "", "", "7", "2026", " ", "\0", "é"])
    written: list[str] = [draw(st.sampled_from(["", "\0*\0", "\0Shop_Cart\0", "_"]))]
    strangers: list[str] = []
    for _ in range(draw(st.integers(1, 4))):
        if draw(st.booleans()):
            word = draw(unknown)
            assume(word not in EVERYWHERE and word not in key_words())
            strangers.append(word)
        else:
            word = draw(known)
        form = draw(st.sampled_from([str.lower, str.upper, str.capitalize]))
        written += [form(word), draw(signs)]
    return "".join(written), strangers


@given(st.lists(keys(), min_size=1, max_size=3))
def test_no_unknown_word_of_a_key_survives(drawn: list[tuple[str, list[str]]]) -> None:
    document = dict.fromkeys(key for key, _ in drawn)
    written = phpserialize.dumps(document)
    serialized = mask("serialized", written.decode())
    session = mask("php_session", "".join(f"{key}|N;" for key in document))
    as_json = mask("json", json.dumps(document))
    elements = "".join(f"<{re.sub(r'[^a-zA-Z]', '', key)} />" for key in document)
    for masked in (serialized, session, as_json, json.loads(as_json), mask("xml", elements)):
        for _, strangers in drawn:
            for stranger in strangers:
                assert stranger not in str(masked).casefold()
    assert len(serialized.encode()) == len(written)
    assert len(phpserialize.loads(serialized.encode())) == len(document)
    assert len(json.loads(as_json)) == len(document)


@given(st.text(max_size=30))
def test_any_text_can_be_a_key(key: str) -> None:
    assert len(mask_key(key)) == len(key)
    assert json.loads(mask("json", json.dumps({key: 1}))) == {mask_key(key): 1}


@given(st.integers(0, 10**6), st.sampled_from(["de_DE", "en_GB", "fr_FR", "pl_PL", "tr_TR"]))
def test_people_do_not_survive_as_keys(shop_masker: Masker, seed: int, locale: str) -> None:
    faker = Faker(locale)
    faker.seed_instance(seed)
    name = faker.last_name()
    assume(not split_words([name]) & (message_words() | key_words()))
    # The demo's schema knows some words as well.
    assume(shop_masker.mask_text(name.encode(), "plain").content != name.encode())
    cell = json.dumps({name: 3}, ensure_ascii=False).encode()
    masked = shop_masker.mask_value("payments", "response", cell)
    as_value = shop_masker.mask_value("customers", "last_name", name.encode())
    assert masked is not None
    assert as_value is not None
    assert list(json.loads(masked)) == [as_value.decode()]


def test_what_is_remembered_of_keys_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.masking.maskers.nested._MOST_KEYS", 10)
    nested = TextMaskers(Prf(b"key"), EVERYWHERE, WORDS, Spelling(), RULES).nested
    for number in range(99):
        nested.mask_key(f"Lindqvist{number}")
        nested.mask_string(f"Lindqvist{number}", "x")
    nested.mask_key("Lindqvist" * 100)
    for memo in (nested._masked, nested._found):  # noqa: SLF001 - nothing else tells
        assert len(memo) <= 10
        assert max(map(len, memo)) < 20
