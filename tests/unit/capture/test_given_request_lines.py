"""Requests that somebody described are read strictly, and leave masked in a form that is read."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masked_people import people_masker, said
from sandbox.capture.archive import ServerCapture
from sandbox.capture.given_requests import GivenRequest, parse_path, read_given_requests
from sandbox.capture.masked_given import mask_given_requests
from sandbox.errors import UsageError

MASKER = people_masker()
CANARY = "Zabiphoquorv"
MAIL = "petra.lindqvist@post.example"
SHOP = ServerCapture("web1", release={"library/Shop/Date.php": "0" * 64})


def read(*lines: object) -> tuple[GivenRequest, ...]:
    text = "\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines)
    return read_given_requests(text.encode(), "given.jsonl")


def request(**fields: object) -> dict[str, object]:
    return {"method": "POST", "url": "/api/people", **fields}


def persons(_path: str, name: str) -> bool:
    return name in {"last_name", "postcode", "born"}


def keys(_path: str, name: str) -> bool:
    return name in {"id", "order_no", "orders", "country_id"}


def masked(**fields: object) -> dict[str, Any]:
    """Mask one request; what comes is read again, and given as it is written."""
    given = read(request(**fields))
    text = mask_given_requests(given, [SHOP], MASKER.mask_text, persons, keys).content
    (_,) = read_given_requests(text, "masked")
    found: dict[str, Any] = json.loads(text)
    return found


def masked_body(body: object, **headers: str) -> Any:
    return masked(body=body, headers={"Content-Type": "application/json"} | headers)["body"]


def test_reads_all_of_a_request_and_passes_over_comments() -> None:
    whole = request(
        name="basket",
        headers={"Accept": "*/*"},
        body={"a": [1, None, True, 1.5, "x"]},
        before=[{"method": "POST", "url": "/api/session", "body": "a=b"}],
        servers=["web2"],
        failed={"status": 200, "exception": "E", "place": "library/A.php:12", "sql_error": 1062,
                "field": "$.lines[0].c", "is": "empty"},
    )  # fmt: skip
    (found, other) = read("# what we saw", "", whole, "  ", {"method": "GET", "url": "/"})
    assert found.body == {"a": [1, None, True, 1.5, "x"]}
    assert [step.url for step in found.steps] == ["/api/session", "/api/people"]
    assert found.failed is not None
    assert (found.failed.what, found.failed.sql_error) == ("empty", 1062)
    assert (other.body, other.failed, str(other)) == (None, None, "GET /")


@pytest.mark.parametrize(
    ("line", "finding"),
    [
        (f"{CANARY}", "no JSON in UTF-8"),
        (f'["{CANARY}"]', "no JSON object"),
        ("[" * 60, "longer than 8 MiB, or more than 40 levels deep"),
        ({"url": "/x"}, "method: missing"),
        (request(method=CANARY), "method: none of the words that it may be"),
        (request(url=f"https://{CANARY}/x"), "url: not of the form that it must have"),
        (request(url=f"//{CANARY}/x"), "url: not of the form that it must have"),
        (request(url=f"/{CANARY} x"), "url: not of the form that it must have"),
        (request(**{CANARY: 1}), "…: there is no such field"),
        (request(headers={f"{CANARY} x": "a"}), "headers: not of the form that it must have"),
        (request(headers={"a": f"{CANARY}\r\nb"}), "headers: not of the form that it must have"),
        (request(body=17), "body: not of its type"),
        (request(before=[{"method": "GET"}]), "before.1.url: missing"),
        (request(servers=[f"{CANARY}.example"]), "servers.1: not of the form that it must have"),
        (request(failed={}), "failed: it says nothing"),
        (request(failed={"status": "200"}), "failed.status: not of its type"),
        (request(failed={"field": "$.a"}), "failed: field and is belong together"),
        (request(failed={"is": "empty"}), "failed: field and is belong together"),
        (request(failed={"field": CANARY, "is": "empty"}),
         "failed: a path like $.orders[0].date"),
        (request(failed={"field": "$.a", "is": CANARY}),
         "failed.is: none of the words that it may be"),
    ],
)  # fmt: skip
def test_a_finding_says_line_and_field_and_no_value(line: object, finding: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(request(), line)
    assert f"given.jsonl:2: {finding}" in caught.value.findings
    shown = f"{caught.value} {caught.value.findings} {caught.value.hint}"
    assert CANARY not in shown


def test_all_findings_come_together() -> None:
    with pytest.raises(UsageError) as caught:
        read(*[request(method="X")] * 30)
    assert len(caught.value.findings) == 21
    assert caught.value.findings[-1] == "and 10 more"


def test_reads_paths_to_values() -> None:
    assert parse_path("$") == ()
    assert parse_path("$.a.b[0].c['d e']") == ("a", "b", 0, "c", "d e")
    for none in ("a", "$..a", "$[x]", "$.", "$['a"):
        with pytest.raises(ValueError, match="path"):
            parse_path(none)


def test_a_request_says_nothing_of_its_content_when_it_is_shown() -> None:
    (found,) = read(request(body={"a": CANARY}, url=f"/{CANARY}", headers={"a": CANARY}))
    assert CANARY not in repr(found)


def test_mail_and_telephone_become_what_they_are_in_tables_and_logs() -> None:
    phone = "+49 30 5550 1234"
    body = masked_body({"email": MAIL, "phone": phone, "note": f"open {CANARY}"})
    assert body["email"] == MASKER.mask_value("people", "email", MAIL.encode()).decode()  # type: ignore[union-attr]
    assert body["email"] != MAIL
    assert body["phone"] == said(MASKER, phone) != phone
    assert body["note"] == said(MASKER, f"open {CANARY}")
    form = f"email={MAIL.replace('@', '%40')}&phone=%2B49+30+5550+1234&quantity=2"
    content_type = {"Content-Type": "application/x-www-form-urlencoded"}
    parameters = parse_qs(masked(body=form, headers=content_type)["body"])
    assert parameters["email"] == [body["email"]]
    assert parameters["phone"] == [body["phone"]]
    assert parameters["quantity"] == ["2"]


def test_structure_keys_and_amounts_stay() -> None:
    body = {
        "product_id": 17,
        "price": 12.5,
        "total": True,
        "none": None,
        "items": [{"id": 123456789}],
    }
    assert masked_body(body) == body
    assert masked_body(json.dumps(body)) == body


def test_of_long_numbers_the_digits_are_masked_and_they_stay_numbers() -> None:
    numbers = [1234567890, -12345678901234567890123, 0.12345678901, 1e300, 5e-324]
    found = masked_body({"n": numbers})["n"]
    assert len(found) == len(numbers)
    for new, old in zip(found, numbers, strict=True):
        assert isinstance(new, int | float)
        assert new != old
    assert [len(str(one)) for one in found[:2]] == [len(str(one)) for one in numbers[:2]]


@pytest.mark.parametrize(
    "name", ["password", "pass", "pwd", "new_password", "userPassword", "password_confirm"]
)
def test_passwords_become_the_known_one(name: str) -> None:
    assert masked_body({name: "sommer2019"}) == {name: "sandbox"}
    assert list(masked_body({name: 2019}).values()) == ["sandbox"]
    assert list(masked_body({name: ""}).values()) == [""]
    content_type = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    form = masked(body=f"user[{name}]=sommer2019", headers=content_type)["body"]
    assert form.endswith("=sandbox")
    assert masked(url=f"/x?{name}=sommer2019")["url"].endswith("=sandbox")


@pytest.mark.parametrize(
    "body",
    [
        {"api_key": "open"}, {"pin": 123456}, {"pin": "123456"}, {"token": {"value": "open"}},
        {"tokens": ["open", 123456]}, {"fields": [{"name": "api_key", "value": "open"}]},
        {"secret": {"last_name": "open"}}, {"security_answer": "open", "x": {"pan": 123456}},
        {"x": 'a:1:{s:3:"pin";i:123456;}'}, {"x": "q=1&pin=123456"},
        {"x": '["\x7f", {"pin": 123456}]'},
        "<pin>open 123456</pin>",
    ],
)  # fmt: skip
def test_other_secrets_are_masked_even_if_they_are_words_or_short_numbers(body: object) -> None:
    assert said(MASKER, "open 123456") == "open 123456"
    text = json.dumps(masked_body(body))
    assert "open" not in text
    assert "123456" not in text


def test_what_is_called_like_a_masked_column_is_masked_as_a_whole() -> None:
    assert said(MASKER, "open") == "open"
    body = masked_body(
        {"last_name": "open", "postcode": "10115", "born": "1980-02-03", "x": "open"}
    )
    assert body["last_name"] == MASKER.mask_value("people", "last_name", b"open").decode()  # type: ignore[union-attr]
    assert body["postcode"] != "10115"
    assert body["born"] == said(MASKER, "1980-02-03") != "1980-02-03"
    assert body["x"] == "open"
    assert masked_body({"postcode": 10115})["postcode"] != 10115
    assert "open" not in masked(url="/api/people?last_name=open")["url"]


def test_a_day_that_is_asked_for_stays_and_a_birthday_does_not() -> None:
    stays = "/api/event?date=2026-11-20&from=2026-11-20T10%3A00"
    assert masked(url=stays)["url"] == stays
    for name in ("birth_date", "dob", "born", "number"):
        assert "1980-02-03" not in masked(url=f"/api/event?{name}=1980-02-03")["url"]
    day = {"day": "2026-11-20", "range": {"date": {"from": "2026-11-20", "max": "2026-11-21"}}}
    assert masked(url="/api/event", body=day)["body"] == day
    assert masked(url="/api/people/9/event", body=day)["body"] == day
    assert CANARY not in masked(url=f"/api/event?date={CANARY}")["url"]


BIRTHDAY = "1980-05-02"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    "names",
    [
        "birth date", "birth day", "person birth at", "birth_date from", "date birth", "birth x",
        "died_on", "died at", "hired_on", "hiredAt", "employment start", "joined on", "joined_at",
        "wedding date", "married_since", "marriage day", "deceased date", "anniversary on",
        "geburt datum", "geburtstag tag", "verstorben_am", "gestorben am", "hochzeit datum",
        "verheiratet_seit datum", "eintritt datum", "naissance date", "date_de_naissance",
        "nacimiento date", "nascita date", "geboorte date", "born from",
        "customer date", "user profile day", "children at", "kunde datum", "items customer until",
        "born at since", "last_name since", "x",
    ],
)  # fmt: skip
def test_a_birthday_does_not_leave_however_its_names_are_nested(names: str) -> None:
    first, *others = names.split()
    bracketed = first + "".join(f"[{one}]" for one in others)
    for value in (BIRTHDAY, f"{BIRTHDAY}T00:00:00.000Z", f"{BIRTHDAY} 10:00"):
        body: object = value
        for name in reversed(names.split()):
            body = {name: body}
        spelled = value.replace(" ", "+").replace(":", "%3A")
        texts = (
            json.dumps(masked(url="/api/event", body=body)["body"]),
            json.dumps(masked(url="/api/event", body={"filter": json.dumps([body])})["body"]),
            masked(url="/api/event", body=f"{bracketed}={spelled}", headers=FORM)["body"],
            masked(url="/api/event", body=f"{'.'.join(names.split())}={spelled}", headers=FORM)[
                "body"
            ],
            masked(url=f"/api/event?{bracketed}={spelled}")["url"],
        )
        for text in texts:
            assert BIRTHDAY not in text
        # It stays a day that an application can read.
        assert re.search(r"\d{4}-[01]\d-[0-3]\d", texts[0])


@pytest.mark.parametrize("url", ["/api/birthdays", "/api/people", "/api/people/9", "/born/9/days"])
def test_a_day_of_a_path_that_speaks_of_persons_does_not_leave(url: str) -> None:
    assert BIRTHDAY not in masked(url=f"{url}?date={BIRTHDAY}")["url"]
    assert masked(url=url, body={"date": BIRTHDAY})["body"]["date"] != BIRTHDAY


@pytest.mark.parametrize(
    "body",
    [
        {"type": "birth", "date": BIRTHDAY}, {"name": "birthday", "value": BIRTHDAY},
        {"birth": [{"date": BIRTHDAY}]}, {"birth": {"dates": [[BIRTHDAY]]}},
        {"x": {BIRTHDAY: 1}}, {"on": "02.05.1980"}, {"x": "1980/05/02"},
        {"x": "1980-5-2"}, {"x": "2 May 1980"}, {"x": "May 2, 1980"}, {"x": "2.5.80"},
        {"note": f"born {BIRTHDAY} 10:00:00, open"}, {"x": f"a=b&date[x]={BIRTHDAY}T10:00"},
        {"x": "1980-02-31T00:00"}, {"x": "1980-02-31"},
    ],
)  # fmt: skip
def test_a_birthday_does_not_leave_beside_its_name_or_as_one(body: object) -> None:
    text = json.dumps(masked(url="/api/event", body=body)["body"])
    for spelled in (BIRTHDAY, "02.05.", "1980/05/02", "1980-5-2", "2 May", "May 2", ".80", "02-31"):
        assert spelled not in text


@pytest.mark.parametrize(
    "body",
    [
        {"birth": {"year": 1980, "month": 5}, "age": 1980}, {"birth_year": 1980},
        {"born": {"id": 19800502}}, {"birth": {"1980": {"05": True}}},
        {"field": "born", "value": 1980}, [["age", 1980]],
        {"x": "19800502"}, {"date": 19800502}, {"date": "19800502"},
    ],
)  # fmt: skip
def test_parts_of_a_birthday_do_not_leave(body: object) -> None:
    assert "1980" not in json.dumps(masked(url="/api/event", body=body)["body"])


SSN, SHORT_PHONE, LATITUDE = "123456789", "5550123", "52.5200066"


@pytest.mark.parametrize("name", ["x", "n", "lat", "ssn", "phone", "tax_id", "order", "total"])
@pytest.mark.parametrize("value", [SSN, SHORT_PHONE, LATITUDE, "12345.6789", "1234567.0"])
def test_a_long_number_leaves_under_no_name_but_a_key(name: str, value: str) -> None:
    digits = [one for one in value.split(".") if len(one) > 1]
    bodies = ({name: json.loads(value)}, {name: value}, {name: [[json.loads(value)], value]},
              {"a": {name: {"x": value}}}, {name: f'{{"x": {value}}}'})  # fmt: skip
    texts = [json.dumps(masked_body(body)) for body in bodies]
    texts.append(masked(body=f"{name}={value}&a[{name}][]={value}", headers=FORM)["body"])
    texts.append(masked(url=f"/api/event?{name}={value}&a%5B{name}%5D={value}")["url"])
    for text in texts:
        assert [one for one in digits if one in text] == []


@pytest.mark.parametrize(
    "body",
    [
        {"id": 123456789, "ids": [123456789], "product_id": 123456789, "orderId": "123456789"},
        {"order_no": 123456789, "items": [{"id": 123456789, "quantity": 2, "price": 1234.56}]},
        {"address": {"country_id": 49, "id": 4711}}, {"page": 123456, "ratio": 0.000125},
    ],
)  # fmt: skip
def test_numbers_that_are_keys_and_short_ones_stay(body: dict[str, object]) -> None:
    assert numbers_in(masked_body(body)) == numbers_in(body)


def numbers_in(value: object) -> list[str]:
    return re.findall(r"[\d.]+", json.dumps(value))


def test_keys_of_rows_stay_in_urls_and_forms() -> None:
    form = "items[0][id]=123456789&order_no=123456789&quantity=2&price=12.50"
    assert numbers_in(masked(body=form, headers=FORM)["body"]) == numbers_in(form)
    url = "/orders/123456789/lines/4711?product_id=123456789&page=2"
    assert numbers_in(masked(url=url)["url"]) == numbers_in(url)


@pytest.mark.parametrize(
    "name", ["lat", "lng", "lon", "long", "latitude", "longitude", "coords", "geo[point]", "gps",
             "location", "phone", "zip", "card_last4", "age", "ssn", "pin", "national_id"],
)  # fmt: skip
def test_of_places_persons_and_secrets_short_numbers_do_not_leave(name: str) -> None:
    first, _, second = name.strip("]").partition("[")
    for value in ("52.52", "4711"):
        inner: object = [json.loads(value), value, {"min": value}]
        text = json.dumps(masked_body({first: {second: inner} if second else inner}))
        text += masked(body=f"{name}={value}&a[{name}][0]={value}", headers=FORM)["body"]
        text += masked(url=f"/x?{name}={value}")["url"]
        assert value not in text
    assert "/4711" not in masked(url=f"/x/{first}/4711")["url"]


@pytest.mark.parametrize(
    "body",
    [
        "f[0][name]=pin&f[0][value]=4711&f[1][name]=a&f[1][value]=b", "name=pin&value=4711",
        "f[name]=api_key&f[value]=open4711", "pins[]=4711&pins[]=4711", 'x={"pin": 4711}',
        "pin[4711]=1", "key[]=token&value[]=4711",
    ],
)  # fmt: skip
def test_secrets_of_forms_do_not_leave_in_whatever_brackets(body: str) -> None:
    assert "4711" not in masked(body=body, headers=FORM)["body"]
    assert "4711" not in masked(url="/x?" + body.replace('"', "%22").replace(" ", "+"))["url"]


@pytest.mark.parametrize(
    "url",
    [
        f"/x/{SSN}", f"/x/{LATITUDE},13.4049540/y", "/pin/123456789", "/x/52%2E5200066",
        f"/x?{SSN}", f"/x?{SSN}=1", "/x?q=52.5200066,13.404954", "/x?q=%31%32%33%34%35%36%37%38%39",
        f"/orders/ssn/{SSN}", "/x?tel=0171+5550+123&y=0171+5550+123",
    ],
)  # fmt: skip
def test_of_urls_long_numbers_leave_as_keys_of_rows_only(url: str) -> None:
    text = masked(url=url)["url"]
    for part in (SSN, "5200066", "404954", "%31", "0171+5550", "5550"):
        assert part not in text


def test_numbers_in_headers_names_and_texts_do_not_leave() -> None:
    headers = {"X-SSN": SSN, "X-Geo": "52.52,13.40", "X-Phone": "4711", "X-Born": BIRTHDAY,
               f"X-{SSN}": "1", "Referer": f"https://shop.example/a?lat=52.52&n={SSN}",
               "X-Request-Id": SSN, "X-Data": '{"pin": 4711}'}  # fmt: skip
    found = masked(headers=headers)["headers"]
    assert found.pop("X-Request-Id") == SSN
    failed = {"field": f"$.a['{SSN}']", "is": "empty"}
    text = json.dumps(masked(headers=found, failed=failed, name=f"of {SSN}"))
    names = masked_body({SSN: 1, "84.191.12.7": 1, SHORT_PHONE: {"52.5200066": 1}, f"a{SSN}": 1})
    texts = [
        f"ssn {SSN}", f"<r><lat>52.52</lat><n>{SSN}</n><born at='1980'>4711</born></r>",
        f'--b\r\nContent-Disposition: form-data; name="age"\r\n\r\n4711\r\n--b\r\n{SSN}',
        "lat: 52.52\nage = 4711", f'"{SSN}"', SHORT_PHONE,
    ]  # fmt: skip
    text += json.dumps([names, [masked(body=one)["body"] for one in texts]])
    for part in (SSN, "52.52", "4711", BIRTHDAY, "84.191.12.7", SHORT_PHONE, "5200066"):
        assert part not in text


def test_a_name_of_more_parts_than_any_program_has_is_taken_for_one_of_a_secret() -> None:
    assert "open" not in masked(body=f"{'a[b]' * 30_000}=open", headers=FORM)["body"]


def test_what_is_nested_in_texts_stays_readable() -> None:
    inner = {"id": 17, "date": "2026-11-20", "token": "open", "born": BIRTHDAY}
    found = json.loads(masked(url="/x", body={"filter": json.dumps(inner)})["body"]["filter"])
    assert (found["id"], found["date"]) == (17, "2026-11-20")
    assert "open" not in found.values()
    assert BIRTHDAY not in found.values()
    deep: object = {"pin": 4711}
    for _ in range(6):
        deep = {"x": json.dumps(deep)}
    assert "4711" not in json.dumps(masked_body(deep))


def test_headers_stay_by_name_and_form() -> None:
    headers = {
        "Accept": "text/html, application/json;q=0.9, */*;q=0.1",
        "Accept-Language": "de-DE,de;q=0.5",
        "content-type": "application/json; charset=utf-8", "X-Requested-With": "XMLHttpRequest",
    }  # fmt: skip
    secret = {
        "Cookie": CANARY, "authorization": CANARY, "Host": CANARY, "Content-Length": "1",
        "X-Api-Key": "open",
        "Accept-Charset": CANARY, f"X-{CANARY}": CANARY,
    }  # fmt: skip
    found = masked(headers=headers | secret)["headers"]
    assert {name: found.pop(name) for name in headers} == headers
    assert sorted(found)[:2] == ["Accept-Charset", "X-Api-Key"]
    assert len(found) == 3
    assert found["X-Api-Key"] != "open"
    assert CANARY.lower() not in json.dumps(found).lower()
    odd = masked(headers={"Accept": CANARY, "Content-Type": f"a/{CANARY}"})["headers"]
    assert CANARY.lower() not in json.dumps(odd).lower()


def test_what_production_answered_stays_where_it_is_known() -> None:
    failed = {
        "status": 500, "sql_error": 1062, "exception": "Shop_Date_Exception",
        "place": "library/Shop/Date.php:11", "field": "$.status[0]['id']", "is": "null",
    }  # fmt: skip
    assert masked(failed=failed)["failed"] == failed | {"field": "$.status[0].id"}
    field = {"field": f"$.{CANARY}", "is": "empty"}
    odd = masked(name=CANARY, failed=field | {"exception": CANARY, "place": f"{CANARY}/a.php:1"})
    assert CANARY.lower() not in json.dumps(odd).lower()


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(TEXTS, JSON, max_size=3) | st.lists(JSON, max_size=3) | TEXTS, st.booleans())
def test_whatever_a_body_is_what_is_written_is_read_again(
    body: object,
    form: bool,  # noqa: FBT001 - drawn
) -> None:
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    found = masked(body=body, headers={"Content-Type": kind}, before=[request(body=body)])
    if isinstance(body, dict | list):
        assert shape(found["body"]) == shape(body)


def shape(value: object) -> object:
    """Give the structure of JSON without names and values; masked names may meet in one."""
    if isinstance(value, dict):
        return "object"
    return [shape(one) for one in value] if isinstance(value, list) else type(value) in {int, float}


@settings(deadline=None)
@given(st.sampled_from(["url", "name", "failed"]), TEXTS)
def test_whatever_is_read_is_read_again_when_it_is_masked(field: str, text: str) -> None:
    every: dict[str, dict[str, Any]] = {
        "url": {"url": f"/{text}?{text}={text}"},
        "name": {"name": text},
        "failed": {"failed": {"exception": text, "place": f"{text}:1", "field": f"$.{text}",
                              "is": "empty"}},
    }  # fmt: skip
    fields = every[field]
    try:
        read(request(**fields))
    except UsageError:
        return
    masked(**fields)
