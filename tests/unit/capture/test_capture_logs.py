"""Logs of every kind are read; garbage in them is passed over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.capture.archive import CapturedLog, ServerCapture
from sandbox.capture.logs import LogEvent, parse_log, read_events
from sandbox.capture.nginx import log_formats


def event(line: str, **options: Any) -> LogEvent:
    (found,) = parse_log(CapturedLog.of(line.encode()), **options)
    return found


def test_reads_nginx_combined() -> None:
    found = event(
        '10.0.0.1 - anna [25/Nov/2026:10:05:54 +0100] "GET /a/b?c=1 HTTP/1.1" 500 72 "-" "curl/7 x"'
    )
    assert found == LogEvent(
        "access", datetime(2026, 11, 25, 9, 5, 54, tzinfo=UTC),
        method="GET", uri="/a/b?c=1", status=500,
    )  # fmt: skip
    assert (found.path, found.is_failure) == ("/a/b", True)


@pytest.mark.parametrize(
    ("log_format", "line"),
    [
        (
            '$remote_addr [$time_local] "$request" $status $request_time $sent_http_x_request_id',
            '10.0.0.1 [25/Nov/2026:10:05:54 +0000] "PUT /a?b=1 HTTP/1.1" 502 0.016 abc-123',
        ),
        (
            '{"t":"$time_iso8601","r":"$request","s":$status,"id":"$http_x_request_id"}',
            '{"t":"2026-11-25T10:05:54+00:00","r":"PUT /a?b=1 HTTP/2.0","s":502,"id":"abc-123"}',
        ),
        (
            "$msec $request_id $request_method $request_uri $status $upstream_response_time $host",
            "1795601154.000 abc-123 PUT /a?b=1 502 0.001, 0.002 : 0.003 shop",
        ),
    ],
    ids=["variant", "json", "parts"],
)
def test_reads_the_format_that_nginx_was_given(log_format: str, line: str) -> None:
    formats = log_formats([f"log_format main '{log_format}';".encode()])
    found = event(line, formats=formats, format_name="main")
    assert found == LogEvent(
        "access", datetime(2026, 11, 25, 10, 5, 54, tzinfo=UTC),
        request_id="abc-123", method="PUT", uri="/a?b=1", status=502,
    )  # fmt: skip


def test_finds_the_format_of_each_log_in_the_settings() -> None:
    nginx = b"""
      log_format one '$status $request_method $request_uri';
      log_format two '$request_uri $status $request_method';
      access_log /var/log/two.log two buffer=32k;
    """
    capture = ServerCapture(
        "web1",
        files={"/etc/nginx/nginx.conf": nginx},
        roles={"/etc/nginx/nginx.conf": "nginx"},
        logs={
            "/var/log/two.log": CapturedLog.of(b"/500 404 GET"),
            "/var/log/other.log": CapturedLog.of(b"500 GET /404"),
        },
    )
    assert [(one.uri, one.status) for one in read_events(capture)] == [("/404", 500), ("/500", 404)]


def test_times_without_zone_are_of_the_server() -> None:
    capture = ServerCapture(
        "web1", facts={"time.offset": "-0330"},
        logs={"/e": CapturedLog.of(b"2026/11/25 10:20:42 [error] 1#1: *2 it broke")},
    )  # fmt: skip
    (found,) = read_events(capture)
    assert found.time == datetime(2026, 11, 25, 13, 50, 42, tzinfo=UTC)


def test_reads_nginx_errors_with_what_php_said() -> None:
    found = event(
        '2026/11/25 10:20:42 [error] 9#9: *12 FastCGI sent in stderr: "PHP message: PHP Fatal '
        'error:  Uncaught TypeError: count(): no in /srv/a/b.php:7" while reading response '
        'header from upstream, client: 10.0.0.1, request: "GET /x?a=1 HTTP/1.1", host: "h"',
        zone=timezone(timedelta(hours=1)),
    )
    assert (found.kind, found.level, found.method, found.uri) == (
        "nginx-error", "error", "GET", "/x?a=1",
    )  # fmt: skip
    assert (found.exception, found.file, found.line) == ("TypeError", "/srv/a/b.php", 7)
    assert found.time == datetime(2026, 11, 25, 9, 20, 42, tzinfo=UTC)
    assert found.is_failure


def test_puts_a_stack_trace_to_its_line() -> None:
    text = (
        "#9 cut off at the beginning\n"
        "[25-Nov-2026 11:05:54 Europe/Berlin] PHP Fatal error:  Uncaught Shop\\Error_Late: two\n"
        "lines in /srv/a/b.php:12\nStack trace:\n#0 /srv/x.php(3): a->b('x')\n#1 {main}\n"
        "  thrown in /srv/a/b.php on line 12\n"
        "[25-Nov-2026 10:05:55] WARNING: [pool shop] child 12 exited on signal 11 (SIGSEGV)\n"
    )
    fatal, fpm = parse_log(CapturedLog.of(text.encode()))
    assert (fatal.kind, fatal.level, fatal.is_failure) == ("php", "fatal error", True)
    assert (fatal.file, fatal.line) == ("/srv/a/b.php", 12)
    assert fatal.time == datetime(2026, 11, 25, 10, 5, 54, tzinfo=UTC)
    assert fatal.message.endswith("on line 12")
    assert (fpm.kind, fpm.level, fpm.is_failure) == ("fpm", "warning", False)


@pytest.mark.parametrize(
    ("line", "exception", "place", "sql_error"),
    [
        (
            "2026-11-25T11:05:54+01:00 ERR (3): exception 'Zend_Db_Exception' with message "  # noqa: ISC004
            "'SQLSTATE[40001]: Serialization failure: 1213 Deadlock' in /srv/Zend/Db.php:234",
            "Zend_Db_Exception", ("/srv/Zend/Db.php", 234), 1213,
        ),
        (
            "2026-11-25 11:05:54 CRIT: PDOException: SQLSTATE[HY000] [2002] refused in a/x.php(5)",
            "PDOException", ("a/x.php", 5), 2002,
        ),
        (
            "2026-11-25T11:05:54+01:00 ERR Duplicate entry 'a b' for key 'customers_login'",
            "", ("", 0), 1062,
        ),
        (
            "[2026-11-25 11:05:54] app.ERROR: App\\Order\\LateException: late in /srv/y.php:9",
            "App\\Order\\LateException", ("/srv/y.php", 9), 0,
        ),
    ],
    ids=["zend with priority", "zend with colon", "message of mysql", "monolog"],
)  # fmt: skip
def test_reads_what_applications_log(
    line: str, exception: str, place: tuple[str, int], sql_error: int
) -> None:
    found = event(line)
    assert (found.kind, found.is_failure) == ("application", True)
    assert found.exception == exception
    assert (found.file, found.line) == place
    assert found.sql_error == sql_error


def test_reads_the_format_that_the_application_gives_its_log() -> None:
    ini = b'resources.log.f.format = "%priorityName% <%timestamp%> %pid% %message%" PHP_EOL\n'
    capture = ServerCapture(
        "web1", files={"/a.ini": ini}, roles={"/a.ini": "application"},
        logs={"/l": CapturedLog.of(b"ERR <2026-11-25T11:05:54> 12 GET /a/1 503 [deadbeef01]")},
    )  # fmt: skip
    (found,) = read_events(capture)
    assert (found.level, found.method, found.uri, found.status) == ("err", "GET", "/a/1", 503)
    assert found.request_id == "deadbeef01"


@pytest.mark.parametrize(
    "text",
    [
        "[abcdef0123456789] x",
        "[123e4567-e89b-12d3-a456-426614174000] x",
        "request_id=abc.DEF-1 x",
        '{"request_id": "abcdefgh"}', "X-Request-Id: abcdefgh",
    ],
)  # fmt: skip
def test_finds_the_id_of_a_request(text: str) -> None:
    assert event(f"2026-11-25T11:05:54 ERR {text}").request_id in text
    assert event(f"2026-11-25T11:05:54 ERR {text}").request_id


def test_tolerates_bytes_that_are_no_text() -> None:
    log = CapturedLog.of(
        b"\xff\xfe\x00\n2026-11-25T11:05:54+01:00 ERR M\xfcller \x00 in a/b.php:3\r\n\x1f\x8b"
    )
    (found,) = parse_log(log)
    assert (found.file, found.line) == ("a/b.php", 3)
    assert "M\\xfcller" in found.message


PIECES = st.lists(
    st.sampled_from([
        "2026-11-25T11:05:54+01:00 ERR ", "[25-Nov-2026 11:05:54] ",
        "2026/11/25 10:20:42 [error] 1#1: ",
        "99/Zzz/0000:99:99:99 +9999", "[31-Feb-2026 11:05:54 Nowhere/Land] PHP Fatal error:  ",
        '1.1.1.1 - - [25/Nov/2026:10:05:54 +0100] "GET / HTTP/1.1" 500 1 "-" "-"',
        "SQLSTATE[23000]: a: 1062 ", "\n", "in a.php:99999999999999999999", "Error",
        "Exception_", "\\", "[deadbeef]", "%s", "\x00", "ü",
    ]),
    max_size=12,
).map("".join)  # fmt: skip


@given(content=st.binary(max_size=400) | PIECES.map(str.encode))
def test_never_fails(content: bytes) -> None:
    for found in parse_log(CapturedLog.of(content), zend=["%x% %timestamp% %message%"]):
        assert found.kind
