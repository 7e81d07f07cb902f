"""Send requests to a web server from inside its own container, and hear what came of each.

One PHP runs there for as long as it is talked to: to start a command in a container costs many
times what a request does. PHP, since every such container has it.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import io
import re
import select
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from docker.utils.socket import frames_iter

from sandbox.errors import StackError
from sandbox.replica.containers import Container
from sandbox.replica.engine import Engine, translated
from sandbox.replica.exchange import Ask, Heard
from sandbox.replica.state import ServerState

_SCRIPT = (Path(__file__).parent / "ask.php").read_text("utf-8").removeprefix("<?php\n")
_ACCESS = "nginx-access"
_SECONDS = 60
_PATIENCE = 30  # seconds beyond those, for a machine that has much else to do
_STDOUT = 1
_BODIES = frozenset({"POST", "PUT", "PATCH"})  # which have one, if an empty one
_OURS = frozenset({"accept-encoding", "connection", "content-length", "expect", "host"})
_BLANK, _LINE_END = r"[\s\0]", r"[\r\n\0]"
_HEAD = re.compile(rb"([a-z]+|\d+) (\d+)\n")


class Talker:
    """A PHP in a web server's container that sends requests to it.

    Args:
        engine: The engine.
        container: The web server's container.
        server: The server.

    Raises:
        StackError: It does not start.
    """

    def __init__(self, engine: Engine, container: Container, server: ServerState) -> None:
        self._name = container.name
        access = next((log.path for log in server.logs if log.kind == _ACCESS), "")
        self._logs = (access, *(log.path for log in server.logs if log.path != access))
        api: Any = engine.client.api  # the SDK's stubs do not tell what a socket is
        command = [
            "php",
            "-n",
            "-d",
            "display_errors=0",
            "-r",
            _SCRIPT,
            "--",
            str(server.port),
            *self._logs,
        ]
        with translated(f"running php in {self._name}"):
            run = api.exec_create(container.id, command, stdin=True)["Id"]
            answer = api.exec_start(run, socket=True)
        self._answer = answer
        self._socket = cast("socket.socket", getattr(answer, "_sock", answer))
        frames: Any = frames_iter  # without types in the SDK's stubs
        self._frames: Iterator[tuple[int, bytes]] = frames(answer, tty=False)
        self._printed = b""

    def ask(self, request: Ask) -> Heard:
        """Send a request, wait for the answer, and read what was logged of it.

        Raises:
            StackError: The server could not be asked at all.
        """
        line = f"{_SECONDS} {base64.b64encode(_on_the_wire(request)).decode()}\n"
        with self._broken():
            self._socket.sendall(line.encode())
        parts: dict[str, bytes] = {}
        while (name := self._next_part(parts)) != "end":
            if not name:
                raise self._failed()
        logged = {
            self._logs[int(name) - 1]: text for name, text in parts.items() if name.isdecimal()
        }
        return _heard(request, parts, logged)

    def close(self) -> None:
        """End it."""
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
        """Read on; tell whether anything came, or it has ended."""
        with self._broken():
            # The SDK waits for a frame without an end.
            while select.select([self._socket], [], [], _SECONDS + _PATIENCE)[0]:
                stream, chunk = next(self._frames, (0, b""))
                if stream == _STDOUT:
                    self._printed += chunk
                if stream in {0, _STDOUT}:
                    return stream == _STDOUT
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
            hint="Its image needs php for the command line, and it has to run: docker ps",
        )


def _on_the_wire(request: Ask) -> bytes:
    """Write a request as HTTP has it, so that nothing of it can be taken for another one."""
    lines = [
        f"{request.method} {re.sub(_BLANK, '', request.url)} HTTP/1.1",
        "Host: localhost",
        "Connection: close",
        *(
            f"{name}: {re.sub(_LINE_END, '', value)}"
            for name, value in request.headers
            if name.lower() not in _OURS
        ),
    ]
    if request.body or request.method in _BODIES:
        lines.append(f"Content-Length: {len(request.body)}")
    return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n\r\n" + request.body


def _heard(request: Ask, parts: Mapping[str, bytes], logged: Mapping[str, bytes]) -> Heard:
    """Read an answer as it came over the wire; one that cannot be read is none."""
    seconds = parts["seconds"].decode()
    if seconds == "none" or not parts["answer"]:
        return Heard(0, (), b"", 0.0, logged)
    answer = http.client.HTTPResponse(_Wire(parts["answer"]), method=request.method)  # type: ignore[arg-type]
    try:
        answer.begin()
        body = answer.read()
    except (http.client.HTTPException, ValueError):
        return Heard(0, (), b"", float(seconds), logged)
    return Heard(answer.status, tuple(answer.getheaders()), body, float(seconds), logged)


class _Wire:
    """What `http.client` takes for a socket."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, _mode: str) -> io.BytesIO:
        """Give what came."""
        return io.BytesIO(self._content)
