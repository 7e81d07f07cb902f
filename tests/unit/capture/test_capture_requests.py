"""Failing requests are found by joining logs, grouped by what they failed with, and masked."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.capture.archive import CapturedLog, ServerCapture
from sandbox.capture.masked import mask_requests
from sandbox.capture.requests import FailingRequest, Signature, failing_requests, route_of
from sandbox.masking.assignment import Treatments
from sandbox.masking.masker import Masker
from sandbox.masking.secret_names import is_secret_name
from sandbox.model import Family, Schema

RELEASE = {"library/Shop/Date.php": "0" * 64}


def access(time: str, request: str, status: int, request_id: str = "") -> str:
    line = f'10.0.0.1 - - [25/Nov/2026:{time} +0000] "{request} HTTP/1.1" {status} 72 "-" "-"'
    return f"{line} {request_id}".rstrip()


def server(
    name: str, lines: list[str], logged: list[str] | None = None, **more: bytes
) -> ServerCapture:
    nginx = (
        b'log_format own \'$remote_addr - $remote_user [$time_local] "$request" $status '
        b'$body_bytes_sent "$http_referer" "$http_user_agent" $http_x_request_id\';'
    )
    logs = {"/access.log": CapturedLog.of("\n".join(lines).encode(), "nginx-access")}
    logs["/shop.log"] = CapturedLog.of("\n".join(logged or []).encode(), "application")
    logs |= {f"/{path}.log": CapturedLog.of(content) for path, content in more.items()}
    return ServerCapture(
        name,
        facts={"release.path": "/srv/shop/releases/1.5"},
        files={"/etc/nginx/nginx.conf": nginx},
        roles={"/etc/nginx/nginx.conf": "nginx"},
        logs=logs,
        release=RELEASE,
        vocabulary=frozenset({"api", "orders", "Shop_Order_Exception", "customer"}),
    )


def logged(time: str, text: str, level: str = "ERR") -> str:
    return f"2026-11-25T{time}+00:00 {level} {text}"


BROKEN = "Shop_Order_Exception: no date in /srv/shop/releases/1.5/library/Shop/Date.php:11"
DATE = Signature(500, "Shop_Order_Exception", "library/Shop/Date.php:11")


def test_joins_by_id_and_groups_by_signature_across_servers() -> None:
    one = server(
        "web1",
        [
            access("10:00:00", "GET /api/orders/1?a=b", 500, "id-aaaaaa"),
            access("10:00:01", "GET /api/orders/2", 200, "id-bbbbbb"),
            access("10:00:09", "GET /api/orders/3", 500, "id-cccccc"),
        ],
        # Far from the request in time: only the id leads there.
        [logged("10:30:00", f"x id-cccccc {BROKEN}"), logged("10:30:00", f"[id-aaaaaa] {BROKEN}")],
    )
    two = server(
        "web2",
        [access("09:00:00", "POST /api/orders", 500, "id-dddddd")],
        [logged("09:00:00", f"request_id=id-dddddd {BROKEN}")],
    )
    assert failing_requests([two, one]) == (
        FailingRequest(
            DATE, 3,
            first=datetime(2026, 11, 25, 9, tzinfo=UTC),
            last=datetime(2026, 11, 25, 10, 0, 9, tzinfo=UTC),
            servers=("web1", "web2"),
            method="GET", url="/api/orders/1?a=b", request_id="id-aaaaaa",
            message=f"[id-aaaaaa] {BROKEN}",
            replayable=True, why="its cookies are in no log: it is sent without a session",
        ),
    )  # fmt: skip


def test_joins_by_time_method_and_path_where_there_is_no_id() -> None:
    lines = [
        access("10:00:00", "GET /api/orders/1", 500),
        access("10:00:01", "GET /api/orders/1", 500),
        access("10:00:30", "GET /api/orders/1", 500),
    ]
    text = [logged(f"10:00:0{second}", f"GET /api/orders/1 {BROKEN}") for second in (0, 1)]
    found = failing_requests([server("web1", lines, text)])
    assert [(one.signature, one.count) for one in found] == [
        (DATE, 2),
        (Signature(500, route="GET /api/orders/N"), 1),
    ]


def test_a_fatal_error_without_a_request_goes_to_the_only_one_that_failed_then() -> None:
    fatal = (
        b"[25-Nov-2026 10:00:00 UTC] PHP Fatal error:  Uncaught TypeError: no"
        b" in /srv/shop/current/library/Shop/Date.php:9"
    )
    lines = [access("10:00:01", "GET /a", 500), access("10:00:01", "GET /b", 200)]
    (found,) = failing_requests([server("web1", lines, php=fatal)])
    # The link to the release and the release itself are the same file.
    assert found.signature == Signature(500, "TypeError", "library/Shop/Date.php:9")
    lines.append(access("10:00:01", "GET /c", 500))
    guesses = failing_requests([server("web1", lines, php=fatal)])
    assert [one.signature.exception for one in guesses] == ["", ""]


def test_a_conflict_counts_only_if_the_application_logged_an_error() -> None:
    lines = [
        access("10:00:00", "PUT /api/customer/9", 409, "id-aaaaaa"),
        access("10:00:01", "GET /api/orders/7", 404, "id-bbbbbb"),
    ]
    text = [
        logged("10:00:00", "[id-aaaaaa] Zend_Db_Statement_Exception: SQLSTATE[23000]: Integrity "
               "constraint violation: 1062 Duplicate entry 'x' for key 'y' in /usr/Zend/P.php:3"),
        logged("10:00:01", f"[id-bbbbbb] {BROKEN}", "INFO"),
    ]  # fmt: skip
    (found,) = failing_requests([server("web1", lines, text)])
    # Every failing statement comes out of this line of the framework: the route tells them apart.
    assert found.signature == Signature(
        409, "Zend_Db_Statement_Exception", "/usr/Zend/P.php:3", 1062, "PUT /api/customer/N"
    )
    assert (found.replayable, found.why) == (
        False,
        "the body of a PUT is in no log; write it by hand",
    )


def test_an_error_of_the_application_alone_is_a_failing_request_too() -> None:
    text = [logged("10:00:00", f"GET /api/orders/1 500 {BROKEN}"), logged("10:00:00", "cron broke")]
    (found,) = failing_requests([server("web1", [], text)])
    assert (found.signature, found.url, found.replayable) == (DATE, "/api/orders/1", True)
    assert "its query may be missing" in found.why


def test_several_logs_of_one_request_count_once() -> None:
    nginx = (
        b"2026/11/25 10:00:00 [error] 1#1: *2 upstream closed connection, client: 1.1.1.1,"
        b' server: x, request: "GET /api/orders/1 HTTP/1.1", upstream: "u", host: "h"'
    )
    lines = [access("10:00:00", "GET /api/orders/1", 502)]
    text = [logged("10:00:00", f"GET /api/orders/1 {BROKEN}")]
    (found,) = failing_requests([server("web1", lines, text, error=nginx)])
    assert (found.count, found.signature.exception, found.signature.status) == (
        1, "Shop_Order_Exception", 502,
    )  # fmt: skip


def test_a_file_that_nginx_did_not_find_is_no_failure() -> None:
    nginx = (
        b'2026/11/25 10:00:00 [error] 1#1: *2 open() "/srv/x.ico" failed (2: No such file), client:'
        b' 1.1.1.1, server: x, request: "GET /x.ico HTTP/1.1", host: "h"'
    )
    lines = [access("10:00:00", "GET /x.ico", 404)]
    assert failing_requests([server("web1", lines, error=nginx)]) == ()


def test_says_that_a_url_is_not_known() -> None:
    line = '10.0.0.1 - - [25/Nov/2026:10:00:00 +0000] "GET * HTTP/1.1" 500 72 "-" "-"'
    (found,) = failing_requests([server("web1", [line])])
    assert (found.replayable, found.why) == (False, "the logs do not have its URL")


def test_routes_have_no_values() -> None:
    assert route_of("GET", "/a/12/b/x%20y/c@d") == "GET /a/N/b/N/N"


WORDS = frozenset({"api", "orders", "login", "reset", "customer", "user", "password", "phone",
                   "admin", "Shop_Order_Exception"})  # fmt: skip


@pytest.fixture(scope="module")
def masker() -> Masker:
    return Masker(Schema("shop", Family.MARIADB, "10.11", "utf8mb4", "utf8mb4_bin", {}),
                  Treatments({}), b"a key of tests, and of nothing else", WORDS)  # fmt: skip


def masked(masker: Masker, request: str, place: str = "/srv/x.php:1") -> tuple[dict[str, Any], str]:
    """Give what the bundle has of a request that failed, and what its log has of its URL."""
    line = access("10:00:00", request, 500)
    text = logged("10:00:00", f"{request} 500 Shop_Order_Exception: broken in {place}")
    captures = [dataclasses.replace(server("web1", [line], [text]), vocabulary=WORDS)]
    content = mask_requests(failing_requests(captures), captures, masker.mask_text).content
    assert content == mask_requests(failing_requests(captures), captures, masker.mask_text).content
    log = masker.mask_text(line.encode(), "log").content.decode()
    return json.loads(content), log.partition('"GET ')[2].partition(" HTTP/")[0]


@pytest.mark.parametrize(
    "url",
    [
        "/api/orders/4711/Meier/0170123456?customer=9&q=Meier&Meier=x",
        "/login?user=petra&password=481516&phone=1701234567&access_token=admin",
        "/login?pin=9911&pw=admin&",
        "/reset/1701234567/12031980?email=petra%40post.example;user=admin",
        "/api/orders?ip=203.0.113.77&iban=DE89370400440532013000&a[user]=Meier&b",
    ],
)
def test_a_masked_url_is_the_one_that_is_in_the_log(masker: Masker, url: str) -> None:
    told, log = masked(masker, f"GET {url}")
    assert told["url"] == log
    assert told["url"].count("/") == url.count("/")
    for lost in ("Meier", "petra", "481516", "1701234567", "0170123456", "203.0.113", "9911",
                 "=admin&", "DE89370400"):  # fmt: skip
        assert lost not in told["url"]


def test_masked_requests_keep_keys_and_words_of_the_source_only(masker: Masker) -> None:
    told, _ = masked(masker, "GET /api/orders/4711/Meier/0170123456?customer=9&q=Meier&Meier=x")
    pseudonym = masker.mask_text(b"Meier", "plain").content.decode()
    number = masker.mask_text(b"0170123456", "log").content.decode()
    assert told["url"] == (
        f"/api/orders/4711/{pseudonym}/{number}?customer=9&q={pseudonym}&{pseudonym}=x"
    )
    assert (told["status"], told["count"], told["servers"]) == (500, 1, ["web1"])


def test_what_a_query_calls_a_secret_is_masked_whatever_it_is(masker: Masker) -> None:
    told, _ = masked(masker, "GET /login?user=admin&pin=9911&pw=admin&api%5Fkey=admin&customer=9")
    secret = masker.mask_text(b"admin", "secret").content.decode()
    pin = masker.mask_text(b"9911", "secret").content.decode()
    user, pins, passwords, keys, customer = told["url"].partition("?")[2].split("&")
    assert (user, customer) == ("user=admin", "customer=9")
    values = [one.partition("=")[2] for one in (pins, passwords, keys)]
    assert values == [pin, secret, secret]
    assert "admin" not in values
    assert pin != "9911"


@pytest.mark.parametrize(
    "name",
    ["password", "user%5Bpassword%5D", "dbpassword", "mysqlpwd", "passwd2", "userPin", "smsTan",
     "cvv", "passcode", "aes_key", "license_key", "dsn", "authcode", "pinned", "span", "tank",
     "token_expires", "password_state"],
)  # fmt: skip
def test_logs_and_requests_know_the_same_secrets(masker: Masker, name: str) -> None:
    told, log = masked(masker, f"GET /login?{name}=481516&{name}=fa83a11a198d5a7f&a=1")
    assert told["url"] == log
    assert ("481516" not in log) == is_secret_name(name)


@pytest.mark.parametrize(
    "file", ["library/Shop/Date.php", "/usr/share/php/api/orders.php", "/srv/shop/releases/x.php"]
)
def test_a_file_that_is_known_stays(masker: Masker, file: str) -> None:
    told, _ = masked(masker, "GET /login", f"{file}:12")
    assert (told["file"], told["line"]) == (file, 12)


def test_a_file_that_nobody_knows_is_masked_as_in_the_log(masker: Masker) -> None:
    path = "/home/petra.lindqvist/shop/Kunde-Meier.php"
    told, _ = masked(masker, "GET /login", f"{path}:12")
    assert told["file"] == masker.mask_text(path.encode(), "log").content.decode()
    assert told["file"] in told["message"]
    for lost in ("petra", "lindqvist", "Meier"):
        assert lost not in json.dumps(told)
