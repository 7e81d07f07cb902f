"""Take in everything an application sends out: mail over SMTP, calls over HTTP, and their names.

Runs inside the sink image. Mail arrives on ports 25 and 587, calls on port 80, people and tests
look on port 8025. A call is answered at once: by the first fitting entry of /etc/sink/replies.json,
else with 503, because a made-up success could hide the failure that is being looked for. On port 53
every name that is asked for has the sink's own address; see `names.py`. Nothing listens on 443: an
encrypted call is refused at once, and only the name that was asked for tells of it.
Arrivals live in memory, the newest `KEPT` of each kind; standard output gets one JSON line for each
mail and call, without bodies.

For programs, as JSON, newest first: GET /api/mail, /api/calls, /api/names on port 8025; the fields
are those of `Mail`, `Call` and `Lookup`. DELETE /api/arrivals forgets everything.

replies.json is a list of objects: `method`, `host` and `path` (shell patterns, default "*"),
`status` (default 200), `headers`, and `body` (text, or JSON to be encoded), in which `$serial`
stands for the number of the call.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import signal
import socket
import string
import sys
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from names import PORT, Question, name_servers
from pages import call_page, list_page, mail_page

EVERYWHERE = "0.0.0.0"  # noqa: S104 - inside its own network
MAIL_PORTS = (25, 587)
KEPT = 1000
LONGEST_LINE = 65537
REPLIES = Path("/etc/sink/replies.json")


def now() -> str:
    """Give the time as people and logs read it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True)
class Mail:
    """One message as it arrived."""

    number: int
    at: str
    sender: str
    recipients: list[str]
    subject: str
    text: str
    source: str


@dataclass(frozen=True)
class Call:
    """One HTTP request as it arrived, and the status it was answered with."""

    number: int
    at: str
    method: str
    host: str
    path: str
    headers: dict[str, str]
    body: str
    status: int


@dataclass(frozen=True)
class Lookup:
    """One name that was asked for, and the kind of record that was wanted of it."""

    number: int
    at: str
    name: str
    kind: str


Arrival = TypeVar("Arrival", Mail, Call)


@dataclass(frozen=True)
class Reply:
    """What a fitting call is answered with."""

    method: str = "*"
    host: str = "*"
    path: str = "*"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = ""

    def fits(self, method: str, host: str, path: str) -> bool:
        """Tell whether a call is one that this reply is for."""
        return (
            fnmatch.fnmatchcase(method, self.method)
            and fnmatch.fnmatchcase(host, self.host)
            and fnmatch.fnmatchcase(path, self.path)
        )

    def rendered(self, serial: int) -> bytes:
        """Give the body's bytes for the call of this number."""
        text = self.body if isinstance(self.body, str) else json.dumps(self.body)
        return string.Template(text).safe_substitute(serial=str(serial)).encode()


NO_REPLY = Reply(
    status=503,
    headers={"Content-Type": "application/json"},
    body={"sink": "recorded; no entry of replies.json fits this call"},
)


def read_replies(file: Path = REPLIES) -> tuple[Reply, ...]:
    """Read the configured replies; none where there is no file."""
    if not file.exists():
        return ()
    return tuple(Reply(**entry) for entry in json.loads(file.read_text()))


class Arrivals:
    """The newest arrivals of each kind, safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._serial = 0
        self._mails: deque[Mail] = deque(maxlen=KEPT)
        self._calls: deque[Call] = deque(maxlen=KEPT)
        self._lookups: deque[Lookup] = deque(maxlen=KEPT)

    def take_number(self) -> int:
        """Number the next arrival."""
        with self._lock:
            self._serial += 1
            return self._serial

    def add(self, arrival: Mail | Call) -> None:
        """Keep an arrival and say so on standard output."""
        with self._lock:
            if isinstance(arrival, Mail):
                self._mails.append(arrival)
                line = {"mail": arrival.number, "recipients": len(arrival.recipients)}
            else:
                self._calls.append(arrival)
                line = {"call": arrival.number, "status": arrival.status}
        print(json.dumps({"at": arrival.at, **line}), flush=True)  # noqa: T201 - the container's log

    def mails(self) -> list[Mail]:
        """Give the mails, newest first."""
        with self._lock:
            return list(reversed(self._mails))

    def calls(self) -> list[Call]:
        """Give the calls, newest first."""
        with self._lock:
            return list(reversed(self._calls))

    def add_lookup(self, question: Question) -> None:
        """Keep a name that was asked for, quietly: one call may ask for several."""
        lookup = Lookup(self.take_number(), now(), question.name, question.kind_name)
        with self._lock:
            self._lookups.append(lookup)

    def lookups(self) -> list[Lookup]:
        """Give the names that were asked for, newest first."""
        with self._lock:
            return list(reversed(self._lookups))

    def clear(self) -> None:
        """Forget everything that arrived."""
        with self._lock:
            self._lookups.clear()
            self._mails.clear()
            self._calls.clear()


class MailTaker:
    """The SMTP side, as aiosmtpd calls it."""

    def __init__(self, arrivals: Arrivals) -> None:
        self._arrivals = arrivals

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep one message."""
        message = message_from_bytes(envelope.content, policy=policy.default)
        self._arrivals.add(
            Mail(
                number=self._arrivals.take_number(),
                at=now(),
                sender=envelope.mail_from or "",
                recipients=list(envelope.rcpt_tos),
                subject=_printable(str(message.get("Subject", ""))),
                text=_text_of(message),
                source=envelope.content.decode("utf-8", "replace"),
            )
        )
        return "250 Message kept in the sink"


def _text_of(message: EmailMessage) -> str:
    body = message.get_body(preferencelist=("plain", "html"))
    if body is None:
        return ""
    try:
        return _printable(str(body.get_content()))
    except LookupError:  # a character set that nobody knows; what arrives is kept all the same
        raw = body.get_payload(decode=True)
        return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""


def _printable(text: str) -> str:
    """Give text that can be encoded: what no character set explained is shown as replaced."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


class BodyBroken(Exception):
    """A body that does not keep to the protocol; what came of it is in the argument."""


def read_body(headers: Mapping[str, str] | Message, stream: BufferedIOBase) -> bytes:
    """Read the body of a request, of known length or in chunks.

    Raises:
        BodyBroken: Its length cannot be told, so neither where the next request begins.
    """
    if "chunked" in headers.get("Transfer-Encoding", "").lower():
        return _read_chunks(stream)
    length = headers.get("Content-Length") or "0"
    if not length.isdecimal():
        raise BodyBroken(b"")
    return stream.read(int(length))


def _read_chunks(stream: BufferedIOBase) -> bytes:
    body = b""
    while True:
        size = stream.readline(LONGEST_LINE).partition(b";")[0].strip()
        if not re.fullmatch(rb"[0-9a-fA-F]{1,8}", size):
            raise BodyBroken(body)
        body += stream.read(int(size, 16))
        if int(size, 16) == 0:
            break
        stream.readline(LONGEST_LINE)  # the line end after a chunk
    while stream.readline(LONGEST_LINE).strip():  # headers that may follow the last chunk
        pass
    return body


class CallTaker(BaseHTTPRequestHandler):
    """Port 80: record any request and answer it at once."""

    protocol_version = "HTTP/1.1"
    arrivals: ClassVar[Arrivals]
    replies: ClassVar[tuple[Reply, ...]]

    def handle_one_request(self) -> None:
        """Serve whatever method was asked for, not only those with a do_ method."""
        self.raw_requestline = self.rfile.readline(LONGEST_LINE)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        try:
            body = read_body(self.headers, self.rfile)
        except BodyBroken as broken:
            body = bytes(broken.args[0])
            self.close_connection = True
        host = (self.headers.get("Host") or "").partition(":")[0]
        path = self.path.partition("?")[0]
        reply = next((r for r in self.replies if r.fits(self.command, host, path)), NO_REPLY)
        number = self.arrivals.take_number()
        self.arrivals.add(
            Call(
                number=number,
                at=now(),
                method=self.command,
                host=host,
                path=self.path,
                headers=dict(self.headers.items()),
                body=body.decode("utf-8", "replace"),
                status=reply.status,
            )
        )
        _send(self, reply.status, reply.headers, reply.rendered(number))

    def log_message(self, *_arguments: Any) -> None:
        """Stay quiet: `Arrivals.add` logs, without paths that may carry values."""


class Viewer(BaseHTTPRequestHandler):
    """Port 8025: pages for people, JSON for tools."""

    protocol_version = "HTTP/1.1"
    arrivals: ClassVar[Arrivals]

    def do_GET(self) -> None:
        """Show the lists, one arrival, or either as JSON."""
        mails, calls = self.arrivals.mails(), self.arrivals.calls()
        kind, _, number = self.path.strip("/").partition("/")
        if self.path == "/":
            _send_page(self, list_page(mails, calls))
        elif self.path == "/api/mail":
            _send_json(self, [asdict(mail) for mail in mails])
        elif self.path == "/api/calls":
            _send_json(self, [asdict(call) for call in calls])
        elif self.path == "/api/names":
            _send_json(self, [asdict(lookup) for lookup in self.arrivals.lookups()])
        elif kind == "mail" and (mail := _numbered(mails, number)):
            _send_page(self, mail_page(mail))
        elif kind == "calls" and (call := _numbered(calls, number)):
            _send_page(self, call_page(call))
        else:
            _send(self, 404, {"Content-Type": "text/plain"}, b"Nothing of that number arrived.\n")

    def do_DELETE(self) -> None:
        """Forget everything: DELETE /api/arrivals."""
        if self.path == "/api/arrivals":
            self.arrivals.clear()
            _send(self, 204, {}, b"")
        else:
            _send(self, 404, {}, b"")

    def log_message(self, *_arguments: Any) -> None:
        """Stay quiet: looking is not news."""


def _numbered(arrivals: Iterable[Arrival], number: str) -> Arrival | None:
    return next((arrival for arrival in arrivals if str(arrival.number) == number), None)


def _send_page(handler: BaseHTTPRequestHandler, page: str) -> None:
    _send(handler, 200, {"Content-Type": "text/html; charset=utf-8"}, page.encode())


def _send_json(handler: BaseHTTPRequestHandler, value: Any) -> None:
    _send(handler, 200, {"Content-Type": "application/json"}, json.dumps(value).encode())


def _send(
    handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str], body: bytes
) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body)


def own_address() -> str:
    """Give the address to name for everything: the one it was told, else its own."""
    return os.environ.get("SINK_ADDRESS") or socket.gethostbyname(socket.gethostname())


def main() -> None:
    """Listen on all ports until the container is stopped."""
    # Present in the image only; tests of the rest of this module run without it.
    from aiosmtpd.controller import Controller  # noqa: PLC0415

    # PID 1 has no default action for SIGTERM: without this, stopping would wait for the kill.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    arrivals = Arrivals()
    CallTaker.arrivals = Viewer.arrivals = arrivals
    CallTaker.replies = read_replies()
    for port in MAIL_PORTS:
        Controller(MailTaker(arrivals), hostname=EVERYWHERE, port=port).start()
    names = name_servers(own_address(), arrivals.add_lookup, listen=(EVERYWHERE, PORT))
    for server in (*names, ThreadingHTTPServer((EVERYWHERE, 80), CallTaker)):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    # Last: whoever reaches it finds all the others listening.
    ThreadingHTTPServer((EVERYWHERE, 8025), Viewer).serve_forever()


if __name__ == "__main__":
    main()
