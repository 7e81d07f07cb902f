"""What came of a request is read out of logs, and is the same failure only if all of it is."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from experiment_shops import ACCESS, RELEASE, SHOP, captured
from sandbox.bundle.manifest import Manifest
from sandbox.capture.requests import Signature
from sandbox.experiment.failure import Came, Failure, FieldState, matches
from sandbox.experiment.requests import Replayable
from sandbox.experiment.session import Sent
from sandbox.experiment.signature import Judge, Trial, signature_of
from sandbox.replica.exchange import Ask, Heard

# Lines of the demo's servers.
ORDER = (
    b"2026-11-30T14:24:05+01:00 ERR [dff13db69d76579c] GET /api/orders/4711 500 "
    b"Shop_Order_Exception: a date cannot be read in library/Shop/Date.php:11\n"
)
ORDER_ASKED = (
    b'192.21.7.1 - - [30/Nov/2026:13:24:05 +0000] "GET /api/orders/4711 HTTP/1.0" 500 72 "-" "-" '
    b"0.011 dff13db69d76579c\n"
)
LOGIN = (
    b"2026-11-30T14:24:06+01:00 ERR [2bba2c4ad946d07a] PUT /api/customers/9 409 "
    b"Zend_Db_Statement_Exception: SQLSTATE[23000]: Integrity constraint violation: 1062 Duplicate "
    b"entry 'strussin@katxul.example' for key 'customers_login', query was: UPDATE `customers` SET "
    b"`login` = ?, `phone` = ? WHERE (`customers`.`id` = 9) in "
    b"/usr/share/php/Zend/Db/Statement/Pdo.php:235\n"
)
NOT_FOUND = (
    b"2026-11-30T14:23:58+01:00 INFO [6db777f2cdfc1986] GET /api/orders/4711 404 "
    b"Shop_Exception_NotFound: no such order in library/Shop/Order.php:29\n"
)
DATE = Signature(500, "Shop_Order_Exception", "library/Shop/Date.php:11")
R1 = Replayable("r1", Ask("GET", "/api/orders/4711"), failure=Failure(DATE))
DAILY = Replayable(
    "r2",
    Ask("GET", "/api/reports/daily"),
    failure=Failure(Signature(200), FieldState("$.lines", "empty")),
)


def heard(status: int, body: Any = None, *headers: tuple[str, str], **logs: bytes) -> Heard:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    logged = {ACCESS: logs.get("access", b""), SHOP: logs.get("shop", b"")}
    return Heard(status, headers, content, 0.1, logged)


def judged(request: Replayable, answer: Heard, *shifting: str) -> Trial:
    return Judge(captured("web1"), _MANIFEST, shifting).judge(request, Sent(answer))


_MANIFEST = Manifest.model_validate_json(
    json.dumps({
        "format": 1, "tool_version": "1", "created": "2026-11-30T00:00:00Z",
        "source": {
            "fingerprint": "f", "family": "mariadb", "version": "10.11", "database": "shop",
            "charset": "utf8mb4", "collation": "utf8mb4_general_ci",
        },
        "tables": [{
            "name": "orders", "engine": "InnoDB", "identity": ["id"],
            "columns": [{"name": "id", "kind": "int", "declared": "int", "kept": True}],
        }],
        "objects": [{
            "path": "schema/shop/tables/orders.sql", "bytes": 1, "sha256": "0" * 64,
            "kind": "table", "name": "orders",
        }],
    })
)  # fmt: skip


def test_a_failure_is_read_as_production_s_was() -> None:
    answer = heard(500, access=ORDER_ASKED, shop=ORDER)
    assert signature_of(captured("web1"), R1, answer) == DATE
    assert judged(R1, answer).came is Came.SAME


def test_a_release_in_another_folder_makes_no_other_failure() -> None:
    moved = ORDER.replace(b" library/", f" {RELEASE}/library/".encode())
    assert judged(R1, heard(500, access=ORDER_ASKED, shop=moved)).came is Came.SAME


def test_a_sql_error_counts_and_the_value_in_its_message_does_not() -> None:
    signature = Signature(
        409, "Zend_Db_Statement_Exception", "/usr/share/php/Zend/Db/Statement/Pdo.php:235", 1062,
        "PUT /api/customers/N",
    )  # fmt: skip
    request = Replayable("r1", Ask("PUT", "/api/customers/9"), failure=Failure(signature))
    other_value = LOGIN.replace(b"strussin", b"somebody")
    assert judged(request, heard(409, shop=other_value)).came is Came.SAME
    other_error = judged(request, heard(409, shop=LOGIN.replace(b"1062 Dup", b"1452 Dup")))
    assert (other_error.came, other_error.signature) == (
        Came.OTHER, dataclasses.replace(signature, sql_error=1452),
    )  # fmt: skip


def test_a_server_without_an_access_log_is_understood_by_its_other_logs() -> None:
    assert judged(R1, heard(500, shop=ORDER)).came is Came.SAME
    fatal = (
        b"[30-Nov-2026 13:24:05 UTC] PHP Fatal error:  Uncaught TypeError: no"
        b" in /srv/shop/releases/1.5/library/Shop/Date.php:9\n"
    )
    other = judged(R1, heard(500, shop=fatal))
    assert (other.came, str(other)) == (Came.OTHER, "500 TypeError Date.php:9")


@pytest.mark.parametrize(
    "other",
    [
        Signature(502, "Shop_Order_Exception", "library/Shop/Date.php:11"),
        Signature(500, "Shop_Exception", "library/Shop/Date.php:11"),
        Signature(500, "Shop_Order_Exception", "library/Shop/Date.php:12"),
        Signature(500, "Shop_Order_Exception", "library/Shop/Order.php:11"),
    ],
)
def test_every_part_of_a_signature_counts(other: Signature) -> None:
    assert matches(DATE, DATE)
    assert not matches(DATE, other)
    assert not matches(dataclasses.replace(DATE, sql_error=1062), DATE)


def test_a_line_may_shift_only_in_a_file_that_the_change_touches() -> None:
    shifted = heard(500, access=ORDER_ASKED, shop=ORDER.replace(b"php:11", b"php:14"))
    assert judged(R1, shifted).came is Came.OTHER
    assert judged(R1, shifted, "library/Shop/Order.php").came is Came.OTHER
    assert judged(R1, shifted, "library/Shop/Date.php").came is Came.SAME


def test_what_production_s_logs_do_not_say_is_not_compared() -> None:
    status_only = dataclasses.replace(
        R1, failure=Failure(Signature(500, route="GET /api/orders/N"))
    )
    assert status_only.failure is not None
    assert status_only.failure.is_status_only
    assert judged(status_only, heard(500, access=ORDER_ASKED, shop=ORDER)).came is Came.SAME


def test_a_good_answer_works_even_if_something_was_logged() -> None:
    assert judged(R1, heard(200, {})) == Trial(Came.WORKS, heard(200, {}))
    warned = judged(R1, heard(200, {}, shop=ORDER.replace(b" 500 ", b" 200 ")))
    assert (warned.came, warned.why) == (
        Came.WORKS, "200, and logs Shop_Order_Exception Date.php:11",
    )  # fmt: skip


def test_a_row_that_was_not_sampled_is_unresolved_and_named() -> None:
    trial = judged(R1, heard(404, shop=NOT_FOUND))
    assert (trial.came, trial.why, trial.cure) == (
        Came.UNRESOLVED,
        "404 here: the sample may lack orders with id = 4711",
        "ask ops for an export with --include 'orders:id = 4711'",
    )


@pytest.mark.parametrize(("status", "word"), [(401, "session"), (403, "session"), (302, "login")])
def test_a_request_without_its_session_is_unresolved(status: int, word: str) -> None:
    trial = judged(R1, heard(status))
    assert trial.came is Came.UNRESOLVED
    assert word in trial.why
    assert '"before"' in trial.cure
    logged_in = dataclasses.replace(R1, before=(Ask("POST", "/api/session"),))
    assert judged(logged_in, heard(status)).came is Came.UNRESOLVED


def test_a_redirect_is_a_good_answer_only_where_production_gave_it_too() -> None:
    order = dataclasses.replace(R1, request=Ask("POST", "/orders"), before=(Ask("POST", "/login"),))
    redirected = dataclasses.replace(order, redirects=frozenset({302}))
    thanks, login = ("Location", "/orders/12/thanks"), ("Location", "/user/login?from=/orders")
    assert judged(order, heard(302, {}, thanks)).came is Came.UNRESOLVED
    assert judged(redirected, heard(303, {}, thanks)).came is Came.UNRESOLVED
    assert judged(redirected, heard(302, {}, login)).came is Came.UNRESOLVED
    trial = judged(redirected, heard(302, {}, thanks))
    assert (trial.came, trial.why) == (Came.WORKS, "302 to /orders/12/thanks")


@pytest.mark.parametrize("status", [302, 401, 403, 404, 410])
def test_a_status_that_a_sample_gives_as_well_is_no_failure_of_its_own(status: int) -> None:
    bare = dataclasses.replace(R1, failure=Failure(Signature(status)))
    trial = judged(bare, heard(status))
    assert trial.came is Came.UNRESOLVED
    assert trial.why.startswith(f"{status} as in production, but that tells little: ")
    assert trial.cure
    told = dataclasses.replace(R1, failure=Failure(dataclasses.replace(DATE, status=status)))
    logged = ORDER.replace(b" 500 ", f" {status} ".encode())
    assert judged(told, heard(status, shop=logged)).came is Came.SAME


def test_another_client_error_is_another_failure_only_if_it_is_logged_as_one() -> None:
    assert judged(R1, heard(422)).came is Came.UNRESOLVED
    assert judged(R1, heard(422, shop=ORDER.replace(b" 500 ", b" 422 "))).came is Came.OTHER
    assert judged(R1, heard(503)).came is Came.OTHER
    assert judged(R1, heard(0)).came is Came.UNRESOLVED


@pytest.mark.parametrize(
    ("body", "came"),
    [
        ({"lines": []}, Came.SAME),
        ({"lines": ""}, Came.SAME),
        ({"lines": {}}, Came.SAME),
        ({"lines": [1]}, Came.WORKS),
        ({"lines": None}, Came.WORKS),
        ({}, Came.OTHER),
        (b"<html>", Came.OTHER),
    ],
)
def test_the_state_of_a_field_tells_a_failure_with_status_200(body: Any, came: Came) -> None:
    assert judged(DAILY, heard(200, body)).came is came


@pytest.mark.parametrize(
    ("path", "states"),
    [
        ("$.a", {"array"}), ("$.a[0]", {"number"}), ("$.a[1]", {"missing"}), ("$.b", {"null"}),
        ("$['c d']", {"string"}), ("$.e", {"object", "empty"}), ("$.f", {"boolean"}),
        ("$.b.x", {"missing"}), ("$", {"object"}), ("$.g", {"number"}),
    ],
)  # fmt: skip
def test_a_field_is_what_json_says_it_is(path: str, states: set[str]) -> None:
    body = json.dumps({"a": [1], "b": None, "c d": "x", "e": {}, "f": False, "g": 0}).encode()
    words = ("empty", "missing", "null", "string", "number", "boolean", "array", "object")
    assert {one for one in words if FieldState(path, one).holds(body)} == states
