"""Send requests to a web server from inside its own container, and hear what came of each.

One shell runs there for as long as it is talked to: to start a command in a container costs many
times what a request does.
"""

from __future__ import annotations

import base64
import contextlib
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from docker.utils.socket import frames_iter

from sandbox.errors import StackError
from sandbox.replica.containers import Container
from sandbox.replica.engine import Engine, translated
from sandbox.replica.exchange import Ask, Heard
from sandbox.replica.state import ServerState

_SCRIPT = (Path(__file__).parent / "ask.sh").read_text("utf-8")
_ACCESS = "nginx-access"
_SECONDS = 60
_PATIENCE = 30  # seconds beyond those, for a machine that has much else to do
_STDOUT = 1
_NO_BODY = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "DELETE"})
_LEFT_OUT = frozenset({"accept-encoding", "connection", "content-length", "expect", "host"})
_HEAD = re.compile(rb"([a-z]+|\d+) (\d+)\n")


class Talker:
    """A shell in a web server's container that sends requests to it.

    Args:
        engine: The engine.
        container: The web server's container.
        server: The server.

    Raises:
        StackError: The shell does not start.
    """

    def __init__(self, engine: Engine, container: Container, server: ServerState) -> None:
        self._name = container.name
        self._port = server.port
        access = next((log.path for log in server.logs if log.kind == _ACCESS), "")
        self._logs = (access, *(log.path for log in server.logs if log.path != access))
        api: Any = engine.client.api  # the SDK's stubs do not tell what a socket is
        command = ["sh", "-c", _SCRIPT, "ask", *self._logs]
        with translated(f"running sh in {self._name}"):
            run = api.exec_create(container.id, command, stdin=True)["Id"]
            answer = api.exec_start(run, socket=True)
        self._answer = answer
        self._socket = cast("socket.socket", getattr(answer, "_sock", answer))
        self._socket.settimeout(_SECONDS + _PATIENCE)
        frames: Any = frames_iter  # without types in the SDK's stubs
        self._frames: Iterator[tuple[int, bytes]] = frames(answer, tty=False)
        self._printed = b""

    def ask(self, request: Ask) -> Heard:
        """Send a request, wait for the answer, and read what was logged of it.

        Raises:
            StackError: The server could not be asked at all.
        """
        body = _coded(request.body) or "-"
        line = f"{_coded(_config(request, self._port))} {body} {_SECONDS}\n"
        with self._broken():
            self._socket.sendall(line.encode())
        parts: dict[str, bytes] = {}
        while (name := self._next_part(parts)) != "end":
            if not name:
                raise self._failed()
        code, _, rest = parts["said"].decode().partition(" ")
        status, _, seconds = rest.partition(" ")
        return Heard(
            status=int(status or 0) if code == "0" else 0,
            headers=_headers(parts["head"]),
            body=parts["body"],
            seconds=float(seconds or 0),
            logged={
                self._logs[int(name) - 1]: text for name, text in parts.items() if name.isdecimal()
            },
        )

    def close(self) -> None:
        """End the shell."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._answer.close()

    def _next_part(self, parts: dict[str, bytes]) -> str:
        """Read the next part; give its name, empty where nothing more comes."""
        while (found := _HEAD.match(self._printed)) is None:
            if not self._read():
                return ""
        name, size = found[1].decode(), int(found[2])
        while len(self._printed) < found.end() + size:
            if not self._read():
                return ""
        parts[name] = self._printed[found.end() : found.end() + size]
        self._printed = self._printed[found.end() + size :]
        return name

    def _read(self) -> bool:
        with self._broken():
            for stream, chunk in self._frames:
                if stream == _STDOUT:
                    self._printed += chunk
                    return True
        return False

    @contextlib.contextmanager
    def _broken(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            raise self._failed() from None

    def _failed(self) -> StackError:
        return StackError(
            f"{self._name} does not send requests to itself.",
            hint="Its image needs sh, curl, base64 and stat, and it has to run: docker ps",
        )


def _config(request: Ask, port: int) -> bytes:
    """Write a request as curl's settings, in which nothing of it can be taken for another one."""
    named = {name.lower() for name, _ in request.headers}
    lines = [
        f"url = {_quoted(f'http://127.0.0.1:{port}{request.url}')}",
        f"request = {_quoted(request.method)}",
        "path-as-is", "globoff", "silent", "http1.1",
        'header = "Expect:"', 'header = "Connection: close"',
        # What curl would say by itself of a body.
        *(() if "content-type" in named else ('header = "Content-Type:"',)),
        *(
            f"header = {_quoted(f'{name}: {value}')}"
            for name, value in request.headers
            if name.lower() not in _LEFT_OUT
        ),
    ]  # fmt: skip
    if request.method == "HEAD":
        lines.append("head")
    elif request.body or request.method not in _NO_BODY:
        lines.append('data-binary = "@sent"')
    return "\n".join(lines).encode() + b"\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\r\n\0]", "", escaped) + '"'


def _coded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _headers(head: bytes) -> tuple[tuple[str, str], ...]:
    """Read the headers of the last answer: others were interim ones."""
    blocks = [one for one in head.decode("latin-1").split("\r\n\r\n") if one.strip()]
    lines = blocks[-1].split("\r\n")[1:] if blocks else []
    pairs = (line.partition(":") for line in lines if ":" in line)
    return tuple((name.strip(), value.strip()) for name, _, value in pairs)
