"""Send requests to a web server from inside its own container, and hear what came of each.

One PHP runs there for as long as it is talked to: to start a command in a container costs many
times what a request does. PHP, since every such container has it.
"""

from __future__ import annotations

import base64
import contextlib
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
from sandbox.replica.wire import read_answer, write_request

_SCRIPT = (Path(__file__).parent / "ask.php").read_text("utf-8").removeprefix("<?php\n")
_ACCESS = "nginx-access"
_SECONDS = 60
_PATIENCE = 30  # seconds beyond those, for a machine that has much else to do
_STDOUT = 1
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
        line = f"{_SECONDS} {base64.b64encode(write_request(request)).decode()}\n"
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


def _heard(request: Ask, parts: Mapping[str, bytes], logged: Mapping[str, bytes]) -> Heard:
    """Read what came back; an answer that cannot be read is none."""
    seconds = parts["seconds"].decode()
    answer = read_answer(request.method, parts["answer"]) if seconds != "none" else None
    if answer is None:
        return Heard(0, (), b"", 0.0, logged)
    return Heard(answer.status, answer.headers, answer.body, float(seconds), logged)
