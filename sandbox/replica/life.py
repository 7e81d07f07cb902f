"""How sandboxes are: which there are, what of them runs and answers, what arrived in their sinks.

Everything is looked at when it is asked for: a container that runs need not answer.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from docker.errors import NotFound

from sandbox.database.address import Address
from sandbox.errors import StackError, UsageError
from sandbox.replica.engine import Engine, translated
from sandbox.replica.labels import DATABASE, GATEWAY, SINK
from sandbox.replica.life_shell import first_server
from sandbox.replica.life_sql import count_tables
from sandbox.replica.locks import is_held, sandbox_lock
from sandbox.replica.state import Found, Part, SandboxState, list_sandboxes, state_of

_LOOPBACK = "127.0.0.1"
_ANSWER_SECONDS = 10
_AT_ONCE = 8
_LAST_LINES = 3
_RUNNING = "running"
# nginx says these where php-fpm does not answer.
_NOT_SERVED = (http.client.BAD_GATEWAY, http.client.GATEWAY_TIMEOUT)

_SINK_KINDS = {"mail": "/api/mail", "call": "/api/calls"}


@dataclass(frozen=True, slots=True)
class Overview:
    """A sandbox in one line.

    Attributes:
        name: Its name.
        how: ``running``, ``partly``, ``stopped``, ``being made`` or ``never finished``.
        down: Its parts that do not run.
        servers: Its web servers.
        bundle: Folder of its bundle; empty where it was never finished.
        created: When it was made.
        urls: Address of each server, and of the sink.
        clones: Clones that are there.
    """

    name: str
    how: str
    down: tuple[str, ...]
    servers: tuple[str, ...]
    bundle: str
    created: datetime | None
    urls: tuple[tuple[str, str], ...]
    clones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PartStatus:
    """How a part of a sandbox is.

    Attributes:
        name: The part.
        container: Name of its container; empty where there is none.
        state: As the engine calls it: ``running``, ``exited (137)``, ``restarting``; ``gone``.
        is_up: Whether it runs and answers.
        said: What it answered, or why it did not.
        where: Its address on this machine; empty where it has none.
        last: Its last lines where it is not up.
    """

    name: str
    container: str
    state: str
    is_up: bool
    said: str
    where: str
    last: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """How a sandbox is.

    Attributes:
        state: What it is.
        parts: How each part is.
        clones: Clones that are there.
    """

    state: SandboxState
    parts: tuple[PartStatus, ...]
    clones: tuple[str, ...]

    @property
    def down(self) -> tuple[PartStatus, ...]:
        """The parts that are not up."""
        return tuple(one for one in self.parts if not one.is_up)


def look_over(engine: Engine) -> tuple[Overview, ...]:
    """Give every sandbox that there is, by name."""
    return tuple(_overview(found) for found in list_sandboxes(engine))


def look_at(engine: Engine, found: Found) -> Status:
    """Ask every part of a sandbox whether it is there.

    Raises:
        SandboxMissing: It was never finished.
        StackError: The engine does not answer.
    """
    state = state_of(found)
    names = [*(one.name for one in state.servers), DATABASE, SINK, GATEWAY]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        parts = list(pool.map(lambda name: _look_at_part(engine, found, name), names))
    return Status(state, tuple(parts), found.clones)


def database_address(state: SandboxState) -> str:
    """Give the address of a sandbox's database on this machine."""
    database = state.database
    return str(Address(database.user, _LOOPBACK, state.ports[DATABASE], database.name))


def page_of(found: Found, part: str = "") -> str:
    """Give the address of a part's pages: a server, the first one where none is named, or the sink.

    Raises:
        UsageError: It has no such part, or that part has no pages.
        SandboxMissing: It was never finished.
    """
    state = state_of(found)
    name = part or first_server(found) or SINK
    if name != SINK and name not in {one.name for one in state.servers}:
        pages = ", ".join([*(one.name for one in state.servers), SINK])
        raise UsageError(f"{name} has no pages to open.", hint=f"These have: {pages}.")
    return state.url(name)


def clear_sink(state: SandboxState) -> None:
    """Have the sink forget everything that arrived.

    Raises:
        StackError: It does not answer.
    """
    try:
        _fetch(state.ports[SINK], "/api/arrivals", "DELETE")
    except (OSError, http.client.HTTPException):
        raise StackError(
            f"the sink of the sandbox {state.name} does not answer.",
            hint=f"See: sandbox status --name {state.name}",
        ) from None


def _overview(found: Found) -> Overview:
    state = found.state
    expected = [*(one.name for one in state.servers), DATABASE, SINK, GATEWAY] if state else []
    running = {one.name for one in found.parts if one.running}
    down = tuple(name for name in expected if name not in running)
    if state is None:
        how = "being made" if is_held(sandbox_lock(found.name)) else "never finished"
    elif not down:
        how = _RUNNING
    else:
        how = "partly" if running else "stopped"
    servers = tuple(one.name for one in state.servers) if state else ()
    return Overview(
        found.name,
        how,
        down,
        servers,
        state.bundle if state else "",
        state.created if state else found.started,
        tuple((one, state.url(one)) for one in (*servers, SINK)) if state else (),
        found.clones,
    )


def _look_at_part(engine: Engine, found: Found, name: str) -> PartStatus:
    state = state_of(found)
    part = next((one for one in found.parts if one.name == name), None)
    where = database_address(state) if name == DATABASE else ""
    if not where and name != GATEWAY:
        where = state.url(name)
    if part is None:
        return PartStatus(name, "", "gone", is_up=False, said="", where=where)
    how = _container_state(engine, part)
    is_up, said = how == _RUNNING, ""
    if is_up and name != GATEWAY:  # that one is asked with every other
        is_up, said = _asked(_question(engine, found, name))
    last = () if is_up else part.container.log(_LAST_LINES)
    return PartStatus(name, part.container.name, how, is_up, said, where, last)


def _container_state(engine: Engine, part: Part) -> str:
    with translated(f"looking at {part.container.name}"):
        try:
            state = engine.client.api.inspect_container(part.container.id)["State"]
        except NotFound:
            return "gone"
    how = str(state["Status"])
    if how == "exited":
        return f"exited ({state['ExitCode']}{', out of memory' if state.get('OOMKilled') else ''})"
    return how


def _question(engine: Engine, found: Found, name: str) -> Callable[[], str]:
    """Give what is asked of a part; its answer is what is told of it."""
    state = state_of(found)
    if name == DATABASE:
        return lambda: _counted(count_tables(engine, found), "table")
    if name == SINK:
        return lambda: f"{_arrived(state.ports[SINK])} arrived"
    return lambda: _served(state.ports[name])


def _asked(question: Callable[[], str]) -> tuple[bool, str]:
    began = time.monotonic()
    try:
        said = question()
    except StackError as error:
        return False, error.message
    except (OSError, http.client.HTTPException, ValueError):
        return False, "no answer"
    return True, f"{said}, {(time.monotonic() - began) * 1000:.0f} ms"


def _served(port: int) -> str:
    status, _ = _fetch(port, "/")
    if status in _NOT_SERVED:
        raise StackError(f"{status}: php-fpm does not answer")
    return str(status)


def _arrived(port: int) -> str:
    counts = []
    for what, path in _SINK_KINDS.items():
        _, body = _fetch(port, path)
        counts.append(_counted(len(json.loads(body)), what))
    return ", ".join(counts)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _fetch(port: int, path: str, method: str = "GET") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(_LOOPBACK, port, timeout=_ANSWER_SECONDS)
    try:
        connection.request(method, path, headers={"User-Agent": "sandbox status"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
