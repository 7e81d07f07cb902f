"""What was captured is completed by what was given, and healthy requests are chosen from logs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bundle_samples import manifest_of
from experiment_shops import ACCESS, captured
from sandbox.bundle.reader import Bundle, open_bundle
from sandbox.bundle.writer import BundleWriter
from sandbox.capture.archive import CapturedLog, ServerCapture
from sandbox.capture.requests import Signature
from sandbox.errors import BundleInvalid, UsageError
from sandbox.experiment.failure import Failure, FieldState
from sandbox.experiment.requests import Replayable, choose, read_requests
from sandbox.experiment.traffic import choose_healthy, read_traffic, tell_servers
from sandbox.model import MaskedText
from sandbox.replica.exchange import Ask
from servers import Silent

ORDER = {
    "method": "GET", "url": "/api/orders/4711", "exception": "Shop_Order_Exception",
    "file": "library/Shop/Date.php", "line": 11, "status": 500, "sql_error": 0, "count": 4,
    "servers": ["web1", "web2"], "replayable": True, "first": "2026-11-30T13:24:05+00:00",
    "why": "its cookies are in no log: it is sent without a session",
}  # fmt: skip
BASKET = {
    "method": "POST", "url": "/api/baskets", "exception": "Shop_Basket_Exception",
    "file": "library/Shop/Basket.php", "line": 55, "status": 500, "sql_error": 0, "count": 2,
    "servers": ["web1"], "replayable": False,
    "why": "the body of a POST is in no log; write it by hand",
}  # fmt: skip
CUSTOMER = {
    "method": "PUT", "url": "/api/customers/9", "exception": "Zend_Db_Statement_Exception",
    "file": "/usr/share/php/Zend/Db/Statement/Pdo.php", "line": 235, "route": "/api/customers/N",
    "status": 409, "sql_error": 1062, "servers": ["web1"], "replayable": False,
    "why": "the body of a PUT is in no log; write it by hand",
}  # fmt: skip
LOGIN = {"method": "POST", "url": "/api/session", "body": {"email": "a@example.org"}}
BASKET_GIVEN = {
    "name": "basket", "method": "POST", "url": "/api/baskets", "before": [LOGIN],
    "headers": {"Accept": "application/json", "Host": "shop.example"},
    "body": {"product_id": 17}, "failed": {"status": 500, "exception": "Ignored"},
}  # fmt: skip
DAILY_GIVEN = {
    "name": "daily", "method": "GET", "url": "/api/reports/daily", "servers": ["web2"],
    "failed": {"status": 200, "field": "$.lines", "is": "empty"},
}  # fmt: skip


def lines(*requests: Any) -> bytes:
    return "".join(f"{json.dumps(one)}\n" for one in requests).encode()


def bundle(folder: Path, captured: Sequence[Any] = (), given: Sequence[Any] = ()) -> Bundle:
    """Write a bundle with nothing in it but requests."""
    with BundleWriter(folder / "shop.bundle", "shop") as writer:
        for name, requests in (("failing", captured), ("given", given)):
            if requests:
                writer.add_text(f"requests/{name}.jsonl", MaskedText(lines(*requests)), name)
        writer.finish(manifest_of(), Silent())
    return open_bundle(folder / "shop.bundle")


def read(
    folder: Path, captured: Sequence[Any] = (), given: Sequence[Any] = (), own: Sequence[Any] = ()
) -> dict[str, Replayable]:
    file = folder / "own.jsonl"
    file.write_bytes(lines(*own))
    found = read_requests(bundle(folder, captured, given), file if own else None)
    return {one.id: one for one in found}


def test_a_captured_request_is_sent_as_it_is_or_says_what_it_lacks(tmp_path: Path) -> None:
    found = read(tmp_path, [ORDER, CUSTOMER])
    assert found["r1"] == Replayable(
        "r1",
        Ask("GET", "/api/orders/4711"),
        failure=Failure(Signature(500, "Shop_Order_Exception", "library/Shop/Date.php:11")),
        failed_on=("web1", "web2"),
        worked_on=(),
        since=datetime(2026, 11, 30, 13, 24, 5, tzinfo=UTC),
        note="its cookies are in no log: it is sent without a session",
    )
    assert found["r1"].only_reads
    assert found["r2"].unsendable == "the body of a PUT is in no log"
    assert "sandbox reproduce --requests FILE" in found["r2"].cure


def test_a_given_request_completes_the_captured_one_of_its_path(tmp_path: Path) -> None:
    found = read(tmp_path, [ORDER, BASKET], [BASKET_GIVEN, DAILY_GIVEN])
    basket = found["r2"]
    assert basket.request == Ask(
        "POST",
        "/api/baskets",
        (("Accept", "application/json"), ("Content-Type", "application/json")),
        b'{"product_id": 17}',
    )
    assert [one.url for one in basket.before] == ["/api/session"]
    assert (basket.unsendable, basket.only_reads) == ("", False)
    # What the logs say of the failure counts, not what was written of it.
    assert str(basket.failure) == "500 Shop_Basket_Exception Basket.php:55"
    daily = found["r3"]
    assert daily.failure == Failure(Signature(200), FieldState("$.lines", "empty"))
    assert [daily.should_fail(one) for one in ("web1", "web2")] == [False, True]


def test_a_given_request_of_the_same_route_completes_what_cannot_be_sent(tmp_path: Path) -> None:
    other = {"method": "PUT", "url": "/api/customers/12", "body": {"phone": "1"}}
    found = read(tmp_path, [CUSTOMER], [other])
    assert {key: one.title for key, one in found.items()} == {"r1": "PUT /api/customers/12"}
    assert str(found["r1"].failure) == "409 Zend_Db_Statement_Exception SQL error 1062"


def test_the_url_of_a_request_that_can_be_sent_is_not_replaced(tmp_path: Path) -> None:
    found = read(tmp_path, [ORDER], [{"method": "GET", "url": "/api/orders/9"}])
    assert [one.title for one in found.values()] == ["GET /api/orders/4711", "GET /api/orders/9"]
    assert found["r1"].failure == found["r2"].failure


def test_the_developers_own_stands_in_the_place_of_ops_of_the_same_name(tmp_path: Path) -> None:
    own = BASKET_GIVEN | {"body": {"product_id": 18}}
    found = read(tmp_path, [BASKET], [BASKET_GIVEN], [own])
    assert [one.request.body for one in found.values()] == [b'{"product_id": 18}']


def numbered(found: dict[str, Replayable]) -> dict[str, str]:
    return {key: f"{one.title} {one.request.body.decode()}".strip() for key, one in found.items()}


def test_an_own_file_changes_no_number_of_what_is_in_the_bundle(tmp_path: Path) -> None:
    given = [BASKET_GIVEN, DAILY_GIVEN, {"method": "GET", "url": "/x", "failed": {"status": 500}}]
    whole = [ORDER, BASKET, CUSTOMER]
    (tmp_path / "without").mkdir()
    before = numbered(read(tmp_path / "without", whole, given))
    own = [
        {"name": "weekly", "method": "GET", "url": "/api/weekly", "failed": {"status": 500}},
        DAILY_GIVEN | {"url": "/api/reports/daily?day=1"},
        {"method": "PUT", "url": "/api/customers/9", "body": {"phone": "1"}},
        {"method": "POST", "url": "/api/baskets", "body": {"product_id": 18}},
    ]
    assert numbered(read(tmp_path, whole, given, own)) == before | {
        "r2": 'basket: POST /api/baskets {"product_id": 18}',
        "r3": 'PUT /api/customers/9 {"phone": "1"}',
        "r4": "daily: GET /api/reports/daily?day=1",
        "r6": "weekly: GET /api/weekly",
    }
    assert before["r4"] == "daily: GET /api/reports/daily"
    assert before["r5"] == "GET /x"


def test_an_own_request_completes_first_what_ops_did_not(tmp_path: Path) -> None:
    other = BASKET | {"exception": "Shop_Other_Exception"}
    own = {"name": "mine", "method": "POST", "url": "/api/baskets", "body": {"product_id": 18}}
    found = read(tmp_path, [BASKET, other], [BASKET_GIVEN], [own])
    assert numbered(found) == {
        "r1": 'basket: POST /api/baskets {"product_id": 17}',
        "r2": 'mine: POST /api/baskets {"product_id": 18}',
    }


def test_an_own_request_of_the_name_of_ops_that_does_not_fit_its_place_leaves_it_captured(
    tmp_path: Path,
) -> None:
    own = {"name": "basket", "method": "GET", "url": "/basket", "failed": {"status": 500}}
    found = read(tmp_path, [BASKET], [BASKET_GIVEN], [own])
    assert numbered(found) == {"r1": "POST /api/baskets", "r2": "basket: GET /basket"}
    assert found["r1"].unsendable


def test_a_misspelt_field_of_an_own_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        read(tmp_path, own=[BASKET_GIVEN | {"header\x1b": {}}, {"before": [LOGIN | {"boddy": 1}]}])
    (first, *others) = error.value.findings
    assert first.endswith("own.jsonl:1: header?: there is no such field")
    assert any(one.endswith("before.1.boddy: there is no such field") for one in others)
    # What is in a bundle was production's: not a word of it.
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(BundleInvalid) as refused:
        read(other, given=[BASKET_GIVEN | {"header": {}}])
    assert refused.value.findings == ("requests/given.jsonl:1: …: there is no such field",)


def test_a_request_that_nobody_knows_the_failure_of_is_not_judged(tmp_path: Path) -> None:
    (found,) = read(tmp_path, [], [{"method": "GET", "url": "/api/x"}]).values()
    assert found.unsendable == "neither the logs nor its line say how it failed in production"
    assert '"failed"' in found.cure


def test_broken_lists_are_refused_without_their_content(tmp_path: Path) -> None:
    with pytest.raises(BundleInvalid) as error:
        read_requests(bundle(tmp_path, [{"method": "geheim"}]))
    assert "geheim" not in str(error.value)
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(BundleInvalid):
        read_requests(bundle(other, given=[{"method": "GET"}]))
    with pytest.raises(UsageError):
        read_requests(bundle(tmp_path / "third"), tmp_path / "nowhere.jsonl")


def test_only_requests_that_are_there_can_be_chosen(tmp_path: Path) -> None:
    found = tuple(read(tmp_path, [ORDER, BASKET]).values())
    assert choose(found, ()) == found
    assert choose(found, ["r2", "r2"]) == found[1:]
    with pytest.raises(UsageError) as error:
        choose(found, ["r2", "r\x1b9"])
    assert error.value.message == 'there is no request "r?9".'
    assert error.value.hint == "There are: r1 to r2."
    with pytest.raises(UsageError) as error:
        choose(found, ["x" * 5000])
    assert len(error.value.message) < 100


def test_a_request_is_chosen_by_number_or_name_in_any_case(tmp_path: Path) -> None:
    other = DAILY_GIVEN | {"name": "r1"}
    found = tuple(read(tmp_path, [ORDER, BASKET], [BASKET_GIVEN, other]).values())
    assert [one.title for one in choose(found, ["Basket"])] == ["basket: POST /api/baskets"]
    assert [one.id for one in choose(found, ["R2", "basket"])] == ["r2"]
    # A number is what it says, whatever somebody called another one.
    assert [one.id for one in choose(found, ["R1"])] == ["r1"]
    with pytest.raises(UsageError) as error:
        choose(found, ["baskets"])
    assert error.value.hint == "There are: r1 to r3 (r2 is basket, r3 is r1)."
    with pytest.raises(UsageError):
        choose(found, [""])


def server(name: str, *asked: str) -> ServerCapture:
    text = "".join(
        f'- - - [30/Nov/2026:13:{minute} +0000] "{request} HTTP/1.1" {status} 1 "-" "-" 0.1 -\n'
        for minute, request, status in (one.split("|") for one in asked)
    )
    log = {ACCESS: CapturedLog.of(text.encode(), "nginx-access")}
    known = captured(name)
    return ServerCapture(name, files=known.files, roles=known.roles, logs=log)


def test_healthy_requests_are_of_the_most_frequent_routes_each_in_turn(tmp_path: Path) -> None:
    failing = tuple(read(tmp_path, [ORDER]).values())
    traffic = read_traffic([
        server(
            "web1", "10:00|GET /b/1|200", "10:00|GET /b/2|200", "10:00|GET /b/2|200",
            "10:00|GET /b/3|200", "10:00|GET /b/4|200", "10:00|GET /a?x=1|304",
            "10:00|POST /c|200", "10:00|GET /d|404", "10:00|GET /e|500",
            "10:00|GET /api/orders/4711|200", "10:00|HEAD /a|200", "10:00|GET /a?x=0|200",
        ),
    ])  # fmt: skip
    chosen = [f"{one.id} {one.title}" for one in choose_healthy(traffic, failing)]
    assert chosen == [
        "h1 GET /b/2", "h2 GET /a?x=0", "h3 HEAD /a", "h4 GET /b/1", "h5 GET /a?x=1", "h6 GET /b/3",
    ]  # fmt: skip
    assert [one.title for one in choose_healthy(traffic, failing, 1)] == ["GET /b/2"]
    assert choose_healthy(traffic, failing, 0) == ()


def test_the_redirects_that_production_gave_are_known_of_a_request(tmp_path: Path) -> None:
    failing = read(tmp_path, [BASKET, ORDER]).values()
    asked = ("23:00|POST /api/baskets?x|303", "25:00|POST /api/baskets|201", "25:00|GET /a|302")
    told = tell_servers(tuple(failing), read_traffic([server("web2", *asked)]))
    assert [one.redirects for one in told] == [{303}, frozenset()]


def test_a_server_worked_only_if_it_did_after_the_first_failure(tmp_path: Path) -> None:
    request = ORDER | {"servers": ["web1"]}
    (failing,) = read(tmp_path, [request]).values()
    before = read_traffic([server("web2", "24:00|GET /api/orders/4711|200")])
    after = read_traffic([server("web2", "24:09|GET /api/orders/4711?a|200")])
    (unknown,) = tell_servers([failing], before)
    (known,) = tell_servers([failing], after)
    assert [unknown.should_fail(one) for one in ("web1", "web2")] == [True, None]
    assert [known.should_fail(one) for one in ("web1", "web2")] == [True, False]
