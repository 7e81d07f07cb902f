from __future__ import annotations

import http.client
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.replica.exchange import Ask
from sandbox.replica.wire import Answer, read_answer, write_request


def headers_of(wire: bytes) -> tuple[bytes, list[tuple[str, str]], bytes]:
    """Read a request as a server does: its first line, headers, and all that follows them."""
    file = io.BytesIO(wire)
    first = file.readline()
    headers = http.client.parse_headers(file).items()
    return first, headers, file.read()


def test_a_request_is_written_as_http_has_it() -> None:
    ask = Ask("PUT", "/a/b?c=d%20e", (("Cookie", "s=1; t=2"), ("X-One", "ä")), b"body")
    assert write_request(ask) == (
        b"PUT /a/b?c=d%20e HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        b"Cookie: s=1; t=2\r\nX-One: \xc3\xa4\r\nContent-Length: 4\r\n\r\nbody"
    )


@pytest.mark.parametrize(("method", "has_length"), [("GET", False), ("POST", True)])
def test_only_methods_that_have_a_body_say_how_long_an_empty_one_is(
    method: str,
    *,
    has_length: bool,
) -> None:
    assert (b"Content-Length: 0" in write_request(Ask(method, "/"))) is has_length


@pytest.mark.parametrize(
    "name", ["Host", "content-length", "Transfer-Encoding", "EXPECT", "Connection", "host\r\n"]
)
def test_headers_that_frame_a_request_are_ours(name: str) -> None:
    _, headers, _ = headers_of(write_request(Ask("POST", "/", ((name, "7"),), b"x")))
    assert headers == [("Host", "localhost"), ("Connection", "close"), ("Content-Length", "1")]


@given(
    method=st.text(max_size=20),
    url=st.text(max_size=40),
    name=st.text(max_size=20),
    value=st.text(max_size=40),
    body=st.binary(max_size=20),
)
def test_no_part_of_a_request_becomes_another_one(
    method: str, url: str, name: str, value: str, body: bytes
) -> None:
    wire = write_request(Ask(method, url, ((name, value), ("X-Last", "1")), body))
    first, headers, rest = headers_of(wire)
    assert first.endswith(b" HTTP/1.1\r\n")
    assert first.count(b" ") == 2
    assert rest == body
    sent = {"Host", "Connection", "X-Last"} | ({"Content-Length"} if body else set())
    assert len(headers) - len(sent) in {0, 1}
    assert sent <= {one for one, _ in headers}


HEAD = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"


def test_headers_that_come_twice_are_kept_twice() -> None:
    answer = read_answer("GET", HEAD + b"Content-Length: 2\r\n\r\nok")
    assert answer == Answer(
        200, (("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Content-Length", "2")), b"ok"
    )


def test_a_chunked_answer_is_put_together() -> None:
    chunked = b"Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nab\r\r\n2\r\n\nc\r\n0\r\nT: 1\r\n\r\n"
    answer = read_answer("GET", HEAD + chunked)
    assert answer is not None
    assert answer.body == b"ab\r\nc"


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_an_answer_without_a_body_is_whole(method: str, status: int) -> None:
    content = b"HTTP/1.1 %d OK\r\nContent-Length: 100\r\n\r\n" % status
    answer = read_answer(method, content)
    assert answer is not None
    assert (answer.status, answer.body) == (status, b"")


def test_an_answer_without_a_length_ends_with_the_connection() -> None:
    answer = read_answer("GET", b"HTTP/1.0 500 Oh\r\n\r\nall of it")
    assert answer == Answer(500, (), b"all of it")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\r\n",
        b"no HTTP at all",
        b"HTTP/1.1 nought OK\r\n\r\n",
        b"HTTP/1.1 99999 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\nab",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
def test_what_is_no_whole_answer_is_none(content: bytes) -> None:
    assert read_answer("GET", content) is None


@given(st.binary(max_size=300))
def test_whatever_comes_is_an_answer_or_none(content: bytes) -> None:
    for start in (b"", b"HTTP/1.1 200 OK\r\n", HEAD + b"Transfer-Encoding: chunked\r\n\r\n"):
        read_answer("GET", start + content)
