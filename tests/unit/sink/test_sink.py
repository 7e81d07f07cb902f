"""The sink keeps whatever arrives, however it is written."""

from __future__ import annotations

import asyncio
import io
from types import SimpleNamespace

import pytest

from pages import list_page, mail_page
from sink import Arrivals, BodyBroken, Mail, MailTaker, read_body


def taken(source: bytes) -> Mail:
    """Take in one message as aiosmtpd would hand it over, and show it as the pages do."""
    arrivals = Arrivals()
    envelope = SimpleNamespace(content=source, mail_from="a@shop.example", rcpt_tos=["b@x.example"])
    answer = asyncio.run(MailTaker(arrivals).handle_DATA(None, None, envelope))
    assert answer.startswith("250 ")
    (mail,) = arrivals.mails()
    assert list_page([mail], []).encode()
    assert mail_page(mail).encode()
    return mail


def test_mail_in_a_character_set_that_nobody_knows_is_kept() -> None:
    mail = taken(
        b"Subject: Hello\r\nContent-Type: text/plain; charset=x-unknown\r\n\r\n"
        b"Gr\xc3\xbc\xc3\x9fe\r\n"
    )
    assert (mail.subject, mail.text.strip()) == ("Hello", "Grüße")


def test_mail_whose_bytes_are_not_of_its_character_set_is_kept() -> None:
    mail = taken(
        b"Subject: =?x-unknown?Q?Gr=FC=DFe?= \xfc\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\n\r\nGr\xfc\xdfe\r\n"
    )
    assert "\N{REPLACEMENT CHARACTER}" in mail.text
    assert mail.subject.encode()


def test_mail_without_any_text_is_kept() -> None:
    mail = taken(b"Subject: x\r\nContent-Type: image/png\r\n\r\n\x89PNG")
    assert (mail.subject, mail.text) == ("x", "")


@pytest.mark.parametrize(
    ("headers", "sent", "body", "rest"),
    [
        ({}, b"GET /", b"", b"GET /"),
        ({"Content-Length": "3"}, b"abcGET /", b"abc", b"GET /"),
        ({"Transfer-Encoding": "chunked"}, b"0\r\n\r\nGET /", b"", b"GET /"),
        (
            {"Transfer-Encoding": "gzip, Chunked"},
            b"3\r\nabc\r\nA;name=x\r\n0123456789\r\n0\r\nTrailer: y\r\n\r\nGET /",
            b"abc0123456789",
            b"GET /",
        ),
    ],
)
def test_body_is_read_to_its_end_and_no_further(
    headers: dict[str, str], sent: bytes, body: bytes, rest: bytes
) -> None:
    stream = io.BytesIO(sent)
    assert read_body(headers, stream) == body
    assert stream.read() == rest


@pytest.mark.parametrize(
    ("headers", "sent", "came"),
    [
        ({"Content-Length": "-1"}, b"abc", b""),
        ({"Content-Length": "abc"}, b"abc", b""),
        ({"Transfer-Encoding": "chunked"}, b"3\r\nabc\r\nxyz\r\n", b"abc"),
        ({"Transfer-Encoding": "chunked"}, b"3\r\nab", b"ab"),
    ],
)
def test_body_of_no_length_is_said_to_be_broken(
    headers: dict[str, str], sent: bytes, came: bytes
) -> None:
    with pytest.raises(BodyBroken) as caught:
        read_body(headers, io.BytesIO(sent))
    assert caught.value.args == (came,)
