"""Answer for every name of the outside with one address, at once: the sink's own.

A name that fails, or that nobody answers, changes what an application does next; here each call
that it makes by name arrives where it is recorded. Only addresses of IPv4 are given: to every other
question the answer is that the name exists and has no such record.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from socketserver import BaseRequestHandler, ThreadingTCPServer, UDPServer
from typing import ClassVar

PORT = 53
_HEADER = struct.Struct("!6H")  # id, flags, and how many questions, answers and others follow
_IS_ANSWER, _OPCODE, _ASKED_TO_RECURSE = 0x8000, 0x7800, 0x0100
_ANSWERED = 0x8480  # an answer, of an authority, that also recurses
_TYPE_A, _CLASS_IN = 1, 1
_POINTER_TO_QUESTION = 0xC000 | _HEADER.size
_TTL = 1  # a sandbox's containers come and go
_LONGEST_LABEL = 63
_SECONDS = 10

_KINDS = {1: "A", 5: "CNAME", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV", 65: "HTTPS"}


@dataclass(frozen=True)
class Question:
    """What a query asks for, and the bytes it was asked in."""

    name: str
    kind: int
    group: int
    wire: bytes

    @property
    def kind_name(self) -> str:
        """What people call the kind of record."""
        return _KINDS.get(self.kind, str(self.kind))


def read_question(query: bytes) -> Question | None:
    """Read the one question of a query; None where it is no query with one question."""
    if len(query) < _HEADER.size:
        return None
    _, flags, questions, *_ = _HEADER.unpack_from(query)
    if flags & (_IS_ANSWER | _OPCODE) or questions != 1:
        return None
    labels, at = [], _HEADER.size
    while at < len(query) and (length := query[at]):
        if length > _LONGEST_LABEL:  # a pointer, which no first name needs
            return None
        labels.append(query[at + 1 : at + 1 + length].decode("ascii", "backslashreplace"))
        at += 1 + length
    end = at + 5  # the empty label, type and class
    if end > len(query):
        return None
    kind, group = struct.unpack_from("!2H", query, at + 1)
    return Question(".".join(labels).lower(), kind, group, query[_HEADER.size : end])


def answer(query: bytes, question: Question, address: str) -> bytes:
    """Answer a question: its name has this address, and nothing else."""
    number, flags, *_ = _HEADER.unpack_from(query)
    record = b""
    if (question.kind, question.group) == (_TYPE_A, _CLASS_IN):
        head = struct.pack("!3HLH", _POINTER_TO_QUESTION, _TYPE_A, _CLASS_IN, _TTL, 4)
        record = head + socket.inet_aton(address)
    header = _HEADER.pack(number, _ANSWERED | flags & _ASKED_TO_RECURSE, 1, bool(record), 0, 0)
    return header + question.wire + record


class _Taker(BaseRequestHandler):
    """What both ways of asking share."""

    address: ClassVar[str]
    heard: ClassVar[Callable[[Question], None]]

    def answer_to(self, query: bytes) -> bytes:
        """Answer a query; nothing to what is none."""
        question = read_question(query)
        if question is None:
            return b""
        type(self).heard(question)
        return answer(query, question, self.address)


class DatagramTaker(_Taker):
    """Port 53, UDP: one query, one answer."""

    def handle(self) -> None:
        """Answer one datagram."""
        query, reply_through = self.request
        if reply := self.answer_to(query):
            reply_through.sendto(reply, self.client_address)


class StreamTaker(_Taker):
    """Port 53, TCP: queries one after the other, each behind its length."""

    def handle(self) -> None:
        """Answer until the other side has no more."""
        self.request.settimeout(_SECONDS)
        with self.request.makefile("rb") as stream:
            try:
                while len(length := stream.read(2)) == 2:  # noqa: PLR2004 - as long as a length is
                    reply = self.answer_to(stream.read(int.from_bytes(length, "big")))
                    if not reply:
                        return
                    self.request.sendall(len(reply).to_bytes(2, "big") + reply)
            except OSError:  # it went away, or keeps silent
                return


class Datagrams(UDPServer):
    """The server of the one; an answer takes no time, so one follows the other."""


class Streams(ThreadingTCPServer):
    """The server of the other."""

    daemon_threads = True
    allow_reuse_address = True


def name_servers(
    address: str, heard: Callable[[Question], None], *, listen: tuple[str, int]
) -> tuple[Datagrams, Streams]:
    """Make both servers, listening but not serving yet.

    Args:
        address: What every name has.
        heard: Told each question.
        listen: Address and port to listen at.
    """
    given = {"address": address, "heard": staticmethod(heard)}
    return (
        Datagrams(listen, type("Datagram", (DatagramTaker,), given)),
        Streams(listen, type("Stream", (StreamTaker,), given)),
    )
