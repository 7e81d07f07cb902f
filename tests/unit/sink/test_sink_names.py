"""The sink's name server: one address for every name, and an answer to whatever is a question."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from names import Question, answer, name_servers, read_question

ADDRESS = "172.22.0.2"
A, AAAA, MX = 1, 28, 15


def query(name: bytes, kind: int = A, *, flags: int = 0x0100, questions: int = 1) -> bytes:
    labels = b"".join(bytes([len(label)]) + label for label in name.split(b".") if label)
    # Resolvers add a record that says how long an answer may be.
    more = b"\0" + struct.pack("!2HLH", 41, 1232, 0, 0)
    header = struct.pack("!6H", 0xABCD, flags, questions, 0, 0, 1)
    return header + labels + b"\0" + struct.pack("!2H", kind, 1) + more


def asked(wire: bytes) -> Question:
    question = read_question(wire)
    assert question is not None
    return question


def test_every_name_has_the_sinks_address() -> None:
    wire = query(b"API.Payment.example")
    question = asked(wire)
    assert (question.name, question.kind_name) == ("api.payment.example", "A")
    heard = answer(wire, question, ADDRESS)
    number, flags, *counts = struct.unpack_from("!6H", heard)
    assert (number, counts) == (0xABCD, [1, 1, 0, 0])
    assert flags & 0x8000
    assert flags & 0x0F == 0
    # The question comes back as it was asked, then a record that points at its name.
    assert heard[12:] == question.wire + b"\xc0\x0c" + struct.pack(
        "!2HLH4s", A, 1, 1, 4, socket.inet_aton(ADDRESS)
    )


@pytest.mark.parametrize("kind", [AAAA, MX, 12, 16, 33, 65, 255])
def test_name_exists_but_has_no_record_of_another_kind(kind: int) -> None:
    wire = query(b"api.example", kind)
    heard = answer(wire, asked(wire), ADDRESS)
    _, flags, *counts = struct.unpack_from("!6H", heard)
    assert (flags & 0x0F, counts) == (0, [1, 0, 0, 0])


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"\0" * 11,
        query(b"x.example", flags=0x8100),  # an answer: two sinks would talk for ever
        query(b"x.example", flags=0x2800),  # an update
        query(b"x.example", questions=0),
        query(b"x.example", questions=2),
        query(b"x.example")[:14],
        query(b"x.example")[:24],
        struct.pack("!6H", 1, 0x0100, 1, 0, 0, 0) + b"\xc0\x0c\0\1\0\1",  # a name that is itself
    ],
)
def test_what_is_no_single_question_is_not_answered(wire: bytes) -> None:
    assert read_question(wire) is None


def test_name_of_bytes_that_are_no_text_is_a_name() -> None:
    assert asked(query(b"gr\xfc\xdfe.example")).name == r"gr\xfc\xdfe.example"


@pytest.fixture
def served() -> Iterator[tuple[tuple[str, int], list[str], tuple[str, int]]]:
    heard: list[str] = []
    servers = name_servers(ADDRESS, lambda one: heard.append(one.name), listen=("127.0.0.1", 0))
    for server in servers:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    datagrams, streams = (server.socket.getsockname() for server in servers)
    try:
        yield datagrams, heard, streams
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def test_datagrams_and_streams_are_answered_alike(
    served: tuple[tuple[str, int], list[str], tuple[str, int]],
) -> None:
    datagrams, heard, streams = served
    first, second = query(b"one.example"), query(b"two.example")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(5)
        asking.sendto(b"no question", datagrams)
        asking.sendto(first, datagrams)
        assert asking.recv(512) == answer(first, asked(first), ADDRESS)
    with socket.create_connection(streams, timeout=5) as asking, asking.makefile("rb") as stream:
        for wire in (first, second):  # one connection, several questions
            asking.sendall(len(wire).to_bytes(2, "big") + wire)
            length = int.from_bytes(stream.read(2), "big")
            assert stream.read(length) == answer(wire, asked(wire), ADDRESS)
    assert heard == ["one.example", "one.example", "two.example"]
