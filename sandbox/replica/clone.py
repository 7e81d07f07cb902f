"""Throw-away clones of a sandbox: what experiments are made on, so that nothing else is written to.

A clone has its own sealed network, sink and database, and no way in: a request is sent by curl from
inside its web server, which also gives what that server logged meanwhile.
"""

from __future__ import annotations

import base64
import dataclasses
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import StackError
from sandbox.replica.containers import Container
from sandbox.replica.engine import Engine
from sandbox.replica.exchange import Ask, Heard
from sandbox.replica.golden import read_golden
from sandbox.replica.kept import fetched_servers
from sandbox.replica.labels import CLONE
from sandbox.replica.locks import hold, is_held
from sandbox.replica.servers.code import Code
from sandbox.replica.stack import (
    RunningServer,
    Stack,
    StackPlan,
    remove_parts,
    renew_database,
    start_stack,
)
from sandbox.replica.state import Found, SandboxState, ServerState

_SCRIPT = (Path(__file__).parent / "ask.sh").read_text()
_ACCESS = "nginx-access"
_SECONDS = 60
# Of one command's argument, the kernel takes 128 KiB.
_MOST_BODY = 90 * 1024

_NO_BODY = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "DELETE"})
_LEFT_OUT = frozenset({"accept-encoding", "connection", "content-length", "expect", "host"})


@dataclass(frozen=True, slots=True)
class SandboxClone:
    """A running clone; implements `sandbox.replica.exchange.Clone`."""

    engine: Engine
    stack: Stack
    states: Mapping[str, ServerState]

    @property
    def servers(self) -> tuple[str, ...]:
        """Names of its web servers."""
        return tuple(self.states)

    def ask(self, server: str, request: Ask) -> Heard:
        """Send a request to a server, wait for the answer, and read what was logged of it.

        Raises:
            StackError: The server could not be asked at all.
        """
        state = self.states[server]
        container = self.stack.servers[server]
        logs = [log.path for log in state.logs if log.kind != _ACCESS]
        access = next((log.path for log in state.logs if log.kind == _ACCESS), "")
        command = (
            "sh", "-c", _SCRIPT, "ask", _coded(_config(request, state.port)),
            _coded(_body(request)), str(_SECONDS), access, *logs,
        )  # fmt: skip
        parts = _parts(container, container.print_of(command))
        code, _, rest = parts["said"].decode().partition(" ")
        status, _, seconds = rest.partition(" ")
        paths = (access, *logs)
        return Heard(
            status=int(status or 0) if code == "0" else 0,
            headers=_headers(parts["head"]),
            body=parts["body"],
            seconds=float(seconds or 0),
            logged={paths[int(name) - 1]: text for name, text in parts.items() if name.isdecimal()},
        )

    def renew_database(self) -> None:
        """Put the golden database in the place of the one that was written to.

        Raises:
            StackError: It does not start.
        """
        renew_database(self.engine, self.stack.plan, self.stack.network)


@contextmanager
def open_clone(
    engine: Engine,
    state: SandboxState,
    *,
    servers: Sequence[str] = (),
    code: Mapping[str, Code] | None = None,
) -> Iterator[SandboxClone]:
    """Run a clone of a sandbox for the block; nothing is left of it.

    Args:
        engine: The engine that the sandbox runs on.
        state: The sandbox.
        servers: Which of its servers; all where none is named.
        code: Other code than the sandbox's own, by server.

    Raises:
        StackError: It does not start.
    """
    chosen = tuple(one for one in state.servers if not servers or one.name in servers)
    clone = secrets.token_hex(3)
    with hold(_lock_of(clone), "another clone has the same name: run again"):
        try:
            with fetched_servers(engine, chosen, state.name) as own:
                running = [
                    dataclasses.replace(one, code=code[one.name].archive)
                    if code and one.name in code
                    else one
                    for one in own
                ]
                plan = plan_of(engine, state, running)
                stack = start_stack(engine, dataclasses.replace(plan, clone=clone))
            yield SandboxClone(engine, stack, {one.name: one for one in chosen})
        finally:
            remove_parts(engine, state.name, lambda labels: labels.get(CLONE) == clone)


def plan_of(engine: Engine, state: SandboxState, servers: Sequence[RunningServer]) -> StackPlan:
    """Give what a sandbox's own stack is made of, with some servers.

    Raises:
        StackError: Its golden database is gone.
    """
    golden = read_golden(engine, state.database.image)
    if golden is None:
        raise StackError(
            f"the golden database of {state.name} is gone from the engine.",
            hint=f"Make it anew: sandbox up {state.bundle} --name {state.name} --replace",
        )
    return StackPlan(
        sandbox=state.name,
        golden=golden,
        servers=tuple(servers),
        sink_image=state.sink_image,
        replies=state.replies.encode(),
    )


def remove_left_clones(engine: Engine, found: Found) -> int:
    """Remove the clones of a sandbox whose command has ended without doing so; give how many."""
    left = {clone for clone in found.clones if not is_held(_lock_of(clone))}
    if left:
        remove_parts(engine, found.name, lambda labels: labels.get(CLONE) in left)
    return len(left)


def _lock_of(clone: str) -> str:
    return f"clone {clone}"


def _config(request: Ask, port: int) -> bytes:
    """Write a request as curl's settings, in which nothing of it can be taken for another one."""
    lines = [
        f"url = {_quoted(f'http://127.0.0.1:{port}{request.url}')}",
        f"request = {_quoted(request.method)}",
        "path-as-is", "globoff", "silent", "http1.1",
        'header = "Expect:"', 'header = "Connection: close"',
        # What curl would say by itself of a body.
        'header = "Content-Type:"',
    ]  # fmt: skip
    if request.method == "HEAD":
        lines.append("head")
    elif request.body or request.method not in _NO_BODY:
        lines.append('data-binary = "@sent"')
    for name, value in request.headers:
        if name.lower() not in _LEFT_OUT:
            if name.lower() == "content-type":
                lines.remove('header = "Content-Type:"')
            lines.append(f"header = {_quoted(f'{name}: {value}')}")
    return "\n".join(lines).encode() + b"\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\r\n\0]", "", escaped) + '"'


def _body(request: Ask) -> bytes:
    if len(request.body) > _MOST_BODY:
        raise StackError(
            f"the body of {request.method} {request.url.partition('?')[0]} is larger than "
            f"{_MOST_BODY // 1024} KiB.",
            hint="Send a smaller one: requests of uploads cannot be replayed yet.",
        )
    return request.body


def _coded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _parts(container: Container, printed: bytes) -> dict[str, bytes]:
    """Take apart what the script printed."""
    parts: dict[str, bytes] = {}
    while printed:
        head, _, rest = printed.partition(b"\n")
        name, _, size = head.partition(b" ")
        if not size.isdigit():
            break
        parts[name.decode()] = rest[: int(size)]
        printed = rest[int(size) :]
    if not {"said", "head", "body"} <= set(parts):
        raise StackError(
            f"{container.name} could not send a request to itself.",
            hint="Its image needs sh, curl, base64 and stat.",
            findings=tuple(printed[:2000].decode("utf-8", "replace").splitlines()[-5:]),
        )
    return parts


def _headers(head: bytes) -> tuple[tuple[str, str], ...]:
    """Read the headers of the last answer: others were interim ones."""
    blocks = [one for one in head.decode("latin-1").split("\r\n\r\n") if one.strip()]
    lines = blocks[-1].split("\r\n")[1:] if blocks else []
    pairs = (line.partition(":") for line in lines if ":" in line)
    return tuple((name.strip(), value.strip()) for name, _, value in pairs)
