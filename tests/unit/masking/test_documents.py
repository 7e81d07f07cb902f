import json
import re
from datetime import date
from typing import Any

import phpserialize
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.masking.dictionary import general_words, message_words, split_words
from sandbox.masking.maskers.spelled import read_escaped, read_json_string, read_xml
from sandbox.masking.maskers.texts import TextMaskers
from sandbox.masking.prf import Prf
from sandbox.masking.words import WORDS, Spelling

KEYS = (("email|*_email", "email"), ("language", "keep"), ("id", "token"), ("password", "password"))
SOURCE = split_words(["customer eco payer stars Shop_Cart Zend_Auth"])
VOCABULARY = SOURCE | message_words() | general_words()
MASKERS = TextMaskers(Prf(b"key"), VOCABULARY, WORDS, Spelling(), KEYS)
NAMES = st.sampled_from(["name", "email", "note", "language", "stars", "Größe"])
LEAVES = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(max_size=12)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


def shape_of(value: Any) -> Any:
    """Reduce a value to what masking has to keep of it."""
    match value:
        case dict():
            items = (
                (len(key) if hasattr(key, "__len__") else key, one) for key, one in value.items()
            )
            return {key: shape_of(one) for key, one in items}
        case list() | tuple():
            return [shape_of(one) for one in value]
        case str() | bytes():
            return len(value)
        case bool() | None:
            return value
        case _:
            return len(str(value))


def mask(kind: str, text: str) -> str:
    return MASKERS.of(kind)(text)


@given(VALUES, st.sampled_from([None, 2]), st.booleans())
def test_json_keeps_its_structure(value: Any, indent: int | None, ascii_only: bool) -> None:  # noqa: FBT001
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    masked = mask("json", text)
    assert shape_of(json.loads(masked)) == shape_of(value)
    assert [sign for sign in masked if sign.isspace()] == [sign for sign in text if sign.isspace()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"language" : "de",\n "stars":5, "eco":true,"x":null}',) * 2,
        ('{"language":"de","language":"fr", "w":1.0,"h":1e2,"d":-0,"v":1E-7}',) * 2,
        (r'{"language":"B\u00fcrste \ud83e\uddf9 \/ \u0000"}',) * 2,
        ("[]",) * 2,
        ("0",) * 2,
        ("null",) * 2,
    ],
)
def test_json_that_needs_no_masking_stays_to_the_byte(text: str, expected: str) -> None:
    assert mask("json", text) == expected


def test_json_is_masked_by_key_and_by_shape() -> None:
    name, mail = MASKERS.words.mask("Jörg"), mask("email", "jörg@post.example")
    text = '{"payer":{"name":"Jörg","email":"jörg@post.example"},"tags":["Jörg"],"n":4711}'
    masked = f'{{"payer":{{"name":"{name}","email":"{mail}"}},"tags":["{name}"],"n":4711}}'
    assert mask("json", text) == masked


def test_json_escapes_stay_escapes() -> None:
    name = MASKERS.words.mask("Jörg")
    escaped = json.dumps(name)[1:-1]
    assert mask("json", r'{"name":"J\u00f6rg \"x\" \/"}').startswith(f'{{"name":"{escaped} \\"')
    assert json.loads(mask("json", r'["\ud83e\uddf9 a\u0000b\n"]'))[0][0] == "🧹"


def test_key_of_a_list_counts_for_what_is_in_it() -> None:
    assert mask("json", '{"language":["de",{"x":"abc"},"fr"]}') == (
        f'{{"language":["de",{{"x":"{MASKERS.words.mask("abc")}"}},"fr"]}}'
    )


def test_keys_that_are_data_are_masked() -> None:
    masked = json.loads(mask("json", '{"petra.lindqvist@post.example":1,"0171392001123":2}'))
    assert "petra" not in str(masked)
    assert "0171392001123" not in masked


def test_long_numbers_are_masked_and_stay_numbers() -> None:
    masked = json.loads(mask("json", '{"card":4111111111111111,"total":12345678901.25}'))
    assert masked["card"] != 4111111111111111
    assert len(str(masked["card"])) == 16
    assert int(masked["total"]) != 12345678901


@pytest.mark.parametrize(
    "text", ['{"id":"abc","status":"capt', "{'a':'Jörg'}", "[1,]", "NaN", '{"a":"Jörg"} x', ""]
)
def test_broken_json_is_masked_by_shape_and_stays_broken(text: str) -> None:
    masked = mask("json", text)
    assert len(masked) == len(text)
    assert "Jörg" not in masked
    with pytest.raises(json.JSONDecodeError):
        json.loads(masked, parse_constant=lambda _: json.loads(""))


def test_deep_json_is_masked_or_taken_for_broken() -> None:
    for depth in (24, 100_000):
        masked = mask("json", "[" * depth + '"Schraube"' + "]" * depth)
        assert "Schraube" not in masked
        assert len(masked) == 2 * depth + 10


@given(VALUES)
def test_serialized_data_keeps_its_structure_and_right_lengths(value: Any) -> None:
    written = phpserialize.dumps(value)
    masked = mask("serialized", written.decode()).encode()
    assert len(masked) == len(written)
    assert shape_of(phpserialize.loads(masked)) == shape_of(phpserialize.loads(written))


def test_serialized_data_is_masked_by_key_and_by_shape() -> None:
    name = MASKERS.words.mask("Jörg")
    text = 'a:2:{s:4:"name";s:5:"Jörg";s:8:"language";s:2:"de";}'
    assert mask("serialized", text) == text.replace("Jörg", name)


@pytest.mark.parametrize("declared", [3, 4, 6, 9])
def test_wrong_length_stays_wrong_by_as_much(declared: int) -> None:
    text = f'a:2:{{s:4:"name";s:{declared}:"Jörg";s:1:"n";i:4711;}}'
    masked = mask("serialized", text)
    assert masked == text.replace("Jörg", MASKERS.words.mask("Jörg"))
    with pytest.raises(ValueError, match=r"unexpected|failed|expected"):
        phpserialize.loads(masked.encode())


def test_length_follows_a_value_that_gets_another_length() -> None:
    hashed = "$2y$04$" + "a" * 53
    for wrong_by in (0, 2):
        text = f's:8:"password";s:{32 + wrong_by}:"{"0" * 32}";'
        assert f's:{32 + wrong_by}:"' in mask("serialized", f"a:1:{{{text}}}")
    masked = mask("serialized", f'a:1:{{s:8:"password";s:60:"{hashed}";}}')
    assert phpserialize.loads(masked.encode())[b"password"].startswith(b"$2y$04$")


@pytest.mark.parametrize(
    "text",
    [
        'a:3:{s:8:"language";s:2:"de";s:4:"name";s:5:"Jör',
        'a:1:{s:4:"name";s:5:"Jörg"}',
        "Jörg",
        "x:5;Jörg",
        "a:1:{i:0;Jörg;}",
        "",
    ],
)
def test_unreadable_data_is_masked_and_stays_unreadable(text: str) -> None:
    masked = mask("serialized", text)
    assert len(masked.encode()) == len(text.encode())
    assert "Jör" not in masked
    with pytest.raises((ValueError, EOFError)):
        phpserialize.loads(masked.encode() or b"?")


def test_objects_keep_classes_and_members_and_are_not_built() -> None:
    text = 'O:9:"Shop_Cart":2:{s:12:"\x00Shop_Cart\x00n";i:1;s:7:"\x00*\x00name";s:4:"Mara";}'
    assert mask("serialized", text) == text.replace("Mara", MASKERS.words.mask("Mara"))
    custom = 'C:11:"ArrayObject":21:{x:i:0;a:1:{s:1:"Mara"}}'
    assert "Mara" not in mask("serialized", custom)


@pytest.mark.parametrize("text", ["b:0;", "N;", "a:0:{}", "i:0;", "d:0.5;", 's:0:"";', "r:1;"])
def test_serialized_nothing_stays(text: str) -> None:
    assert mask("serialized", text) == text


@pytest.mark.parametrize("number", ["0.1", "-1.5E-7", "INF", "-INF", "NAN", ".5", "1.0E+25", "5"])
def test_serialized_number_is_one(number: str) -> None:
    assert mask("serialized", f'a:2:{{i:0;d:{number};i:1;s:4:"Mara";}}').count(f"d:{number};") == 1


def test_what_only_looks_like_a_serialized_number_is_masked() -> None:
    for text in ("d:Petra Lindqvist;", "a:1:{i:0;d:Lindqvist;}", "d:1 Lindqvist;"):
        masked = mask("serialized", text)
        assert "Lindqvist" not in masked
        assert masked == text.replace("Lindqvist", MASKERS.words.mask("Lindqvist")).replace(
            "Petra", MASKERS.words.mask("Petra")
        ).replace("d:1 ", f"d:{masked[2]} ")


def test_php_session_keeps_names_and_reads_on_after_a_bar_in_a_value() -> None:
    text = 'note|s:3:"a|b";Zend_Auth|a:1:{s:5:"email";s:14:"j@post.example";}x|i:1;!gone|'
    masked = mask("php_session", text)
    assert masked == text.replace("a|b", MASKERS.words.mask("a|b")).replace(
        "j@post.example", mask("email", "j@post.example")
    )


def test_truncated_session_is_masked_to_its_end() -> None:
    masked = mask("php_session", 'Zend_Auth|a:1:{s:7:"storage";a:1:{s:4:"name";s:9:"Lindq')
    assert masked.startswith('Zend_Auth|a:1:{s:7:"storage";a:1:{s:4:"name";s:9:"')
    assert "Lindq" not in masked


def test_xml_is_masked_in_place() -> None:
    jorg, soehne, koln = map(MASKERS.words.mask, ("Jörg", "Söhne", "Köln"))
    more = MASKERS.words.mask("mehr")
    text = (
        '<?xml version="1.0"?>\n<r language="de"><payer note=\'Jörg\'><![CDATA[Jörg & Söhne]]>'
        "</payer>\n<city>K&#246;ln &amp; mehr</city><n>4711</n><!-- Jörg --><br/></r>"
    )
    masked = mask("xml", text)
    assert masked == (
        f'<?xml version="1.0"?>\n<r language="de"><payer note=\'{jorg}\'><![CDATA[{jorg} & '
        f"{soehne}]]></payer>\n<city>{koln[0]}&#{ord(koln[1])};{koln[2:]} &amp; {more}"
        f"</city><n>4711</n><!-- {jorg} --><br/></r>"
    )  # fmt: skip


@pytest.mark.parametrize(
    "text", ["<a><b>Jörg</a>", "<a href=Jörg>Jörg", "<a", "< Jörg", "<!-- Jörg"]
)
def test_broken_markup_stays_broken(text: str) -> None:
    masked = mask("xml", text)
    assert len(masked) == len(text)
    assert "Jörg" not in masked
    assert masked.count("<") == text.count("<")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"name":"Jörg"}', "json"),
        ('a:1:{s:4:"name";s:5:"Jörg";}', "serialized"),
        ("<a>Jörg</a>", "xml"),
        ("Warning: Jörg", "shape"),
        ('{"name":"Jörg', "shape"),
    ],
)
def test_document_finds_out_what_it_is(text: str, kind: str) -> None:
    assert mask("document", text) == mask(kind, text)


def test_value_of_a_settings_table_is_masked_by_the_name_of_the_setting() -> None:
    by_key = MASKERS.mask_by_key
    assert by_key("ui.language", "de") != "de"
    assert by_key("language", "de") == "de"
    assert by_key("smtp.port", "587") == "587"
    assert by_key("any", "true") == "true"
    assert by_key("admin_email", "jörg@post.example") == mask("email", "jörg@post.example")
    assert by_key("any", '{"language":"de"}') == '{"language":"de"}'


@given(st.text(max_size=20))
def test_spelled_text_is_read_and_written_back(text: str) -> None:
    for read, written in (
        (read_json_string, json.dumps(text)[1:-1]),
        (read_json_string, json.dumps(text, ensure_ascii=False)[1:-1]),
        (read_xml, text.replace("&", "&amp;").replace("<", "&lt;")),
        (read_escaped, text.replace("\\", "").replace("%", "")),
    ):
        assert read(written).masked_by(str) == written
    assert read_json_string(json.dumps(text)[1:-1]).text == text


MAIL = "petra.lindqvist@post.example"


@pytest.mark.parametrize("masker", ["shape", "words", "name", "free_text"])
def test_mail_address_is_everywhere_what_it_is_in_a_column_of_them(masker: str) -> None:
    masked = mask("email", MAIL)
    assert masked.endswith(".example")
    assert mask(masker, f"{MAIL}, {MAIL}") == f"{masked}, {masked}"
    assert mask("json", f'{{"x":"{MAIL}","{MAIL}":["{MAIL}"]}}') == (
        f'{{"x":"{masked}","{masked}":["{masked}"]}}'
    )
    assert mask("xml", f'<a x="{MAIL}">{MAIL}</a>') == f'<a x="{masked}">{masked}</a>'
    assert mask("serialized", f's:{len(MAIL)}:"{MAIL}";') == f's:{len(MAIL)}:"{masked}";'
    assert MASKERS.mask_by_key("any", MAIL) == masked
    url = mask("url", f"https://a.example/x?a={MAIL}&b={MAIL}#{MAIL}")
    assert url.count(masked) == 3


@pytest.mark.parametrize("clock", ["", "T10:27:33Z", " 10:27", " 10:27:33.250000+02:00"])
@pytest.mark.parametrize("day", ["2016-05-08", "2020-02-29", "1970-01-01"])
def test_date_of_which_no_rule_speaks_stays_a_date(day: str, clock: str) -> None:
    for form in ('{{"since":"{}"}}', '["{}"]', 's:{}:"{{}}";', '<a b="{}">x</a>', "{}"):
        filled = form.format(len(day + clock)) if form.startswith("s:") else form
        found = re.search(r"\d{4}-\d\d-\d\d", mask("document", filled.format(day + clock)))
        assert found is not None
        assert date.fromisoformat(found[0]) != date.fromisoformat(day)
        if clock:
            masked = mask("document", filled.format(day + clock))
            assert masked[found.end() :].startswith(clock)
    moved = MASKERS.mask_by_key("any", day + clock)
    assert moved == mask("date", day + clock)


def test_day_that_a_month_does_not_have_and_what_is_no_date_are_as_before() -> None:
    assert mask("json", '["2023-02-30"]') == '["2023-02-30"]'
    assert mask("json", '["2016-05-08 x"]') == f'["{MASKERS.words.mask("2016-05-08 x")}"]'
    assert mask("shape", "2016-05-08") == MASKERS.words.mask("2016-05-08")


def test_host_of_a_url_is_what_it_is_behind_an_at_sign() -> None:
    texts = TextMaskers(Prf(b"key"), ("smtp", "shop", "payments", "www", "de"), WORDS, Spelling())
    for host in ("shop.example", "smtp.shop.example", "www.payments.de"):
        domain = texts.of("email")(f"x@{host}").partition("@")[2]
        assert not set(host.split(".")[:-1]) & set(domain.split("."))
        assert texts.of("url")(f"https://{host}/shop") == f"https://{domain}/shop"
        assert texts.of("url")(f"//{host}:80") == f"//{domain}:80"
        assert texts.of("free_text")(f"de https://{host}/shop") == f"de https://{domain}/shop"
    www = texts.of("email")("x@www.shop.example").partition("@")[2]
    assert texts.of("url")("www.shop.example/shop?de") == f"{www}/shop?de"
    assert texts.of("url")("http://shop:80/") == "http://shop:80/"
