"""What a sandbox is: written into its gateway when it is whole, read from there by every command.

The engine is the only place that knows which sandboxes there are. Nothing is kept on this machine
that could say otherwise than the engine does.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from sandbox.errors import SandboxMissing, UsageError
from sandbox.model import Family
from sandbox.replica.containers import Container, labelled_containers
from sandbox.replica.engine import Engine
from sandbox.replica.labels import CLONE, GATEWAY, PART, SANDBOX, SERVER
from sandbox.replica.locks import is_held, sandbox_lock

STATE_FILE = "/etc/sandbox/state.json"
_VERSION = 1
# Forms in which other stages say that something is unlike.
_BOTH = re.compile(
    r"(?:(?P<there>.+) in production, (?P<here>.+) here"
    r"|(?P<here2>.+) here, (?P<there2>.+) in production)"
    r"(?:: (?P<why>.+))?"
)


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class LogState(_Entry):
    """A log of a server; see `sandbox.replica.servers.web_server.LogPlace`."""

    path: str
    kind: str


class ServerState(_Entry):
    """A web server of a sandbox.

    Attributes:
        name: Its name.
        image: Reference of the image of its PHP version.
        release: Folder of its code.
        logs: Its logs.
        port: Port that it listens on, inside.
        code: Where its code came from, in words for people.
    """

    name: str
    image: str
    release: str
    logs: tuple[LogState, ...] = ()
    port: int = 80
    code: str = ""


class DatabaseState(_Entry):
    """The database of a sandbox.

    Attributes:
        image: Reference of its golden image.
        name: Name of the database.
        family: Its engine family.
        version: Version of its server.
        rows: Rows that were loaded.
        tables: Tables that they are in.
        user: Account for people, over the published port.
        password: Its password.
    """

    image: str
    name: str
    family: Family
    version: str
    rows: int
    tables: int
    user: str
    password: str = Field(repr=False)


class Difference(_Entry):
    """Something in which the sandbox is not as production.

    Attributes:
        where: Server, ``database`` or ``data``.
        what: What is meant: ``php``, ``extension gd``, ``sql_mode``.
        production: What it is there.
        here: What it is here; empty where it is not reproduced at all.
        why: Why, for people.
    """

    where: str
    what: str
    production: str = ""
    here: str = ""
    why: str = ""

    @classmethod
    def told(cls, where: str, text: str) -> Difference:
        """Make one of a sentence of the form ``what: why``.

        >>> str(Difference.told("web2", "lacks 1 file, left out here too: daily.php"))
        'web2: lacks 1 file, left out here too: daily.php'
        >>> Difference.told("database", "local_infile: ON in production, OFF here: no use").here
        'OFF'
        """
        what, _, why = text.partition(": ")
        what = what.removeprefix(f"{where} ")
        if found := _BOTH.fullmatch(why):
            there, here = found["there"] or found["there2"], found["here"] or found["here2"]
            return cls(where=where, what=what, production=there, here=here, why=found["why"] or "")
        return cls(where=where, what=what, why=why)

    def __str__(self) -> str:
        both = ""
        if self.production or self.here:
            both = f": {self.production or 'none'} in production, {self.here or 'none'} here"
        elif self.why:
            both = f": {self.why}"
        return f"{self.where}: {self.what}{both}"


class SandboxState(_Entry):
    """A sandbox that is whole.

    Attributes:
        version: Of this form.
        name: Its name.
        created: When `sandbox up` had made it.
        tool: Version of the sandbox that made it.
        bundle: Folder of its bundle, on the machine that made it.
        manifest_sha256: Digest of the bundle's manifest.
        servers: Its web servers.
        database: Its database.
        sink_image: Reference of its sink's image.
        gateway_image: Reference of its gateway's image.
        replies: What the sink answers calls with, as JSON; empty where it refuses all.
        ports: Port on 127.0.0.1 by server, ``database`` and ``sink``.
        blocked: How many ways out the probe tried in vain.
        differences: In what it is not as production.
    """

    version: int = _VERSION
    name: str
    created: AwareDatetime
    tool: str
    bundle: str
    manifest_sha256: str
    servers: tuple[ServerState, ...]
    database: DatabaseState
    sink_image: str
    gateway_image: str
    replies: str = ""
    ports: dict[str, int]
    blocked: int = 0
    differences: tuple[Difference, ...] = ()

    def server(self, name: str) -> ServerState:
        """Give a server by name.

        Raises:
            UsageError: It has none of that name.
        """
        for one in self.servers:
            if one.name == name:
                return one
        names = ", ".join(one.name for one in self.servers) or "none"
        raise UsageError(f"{self.name} has no server of that name.", hint=f"There are: {names}.")

    def url(self, part: str) -> str:
        """Give the address of a server, or of the sink's pages, on this machine."""
        return f"http://127.0.0.1:{self.ports[part]}"

    @property
    def anew(self) -> str:
        """The command that makes it anew."""
        return f"sandbox up {self.bundle} --app CODE --name {self.name} --replace"

    def to_json(self) -> bytes:
        """Give it as the gateway holds it."""
        return self.model_dump_json(indent=1).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Part:
    """A container of a sandbox.

    Attributes:
        container: The container.
        part: What it is: ``web``, ``database``, ``sink``, ``gateway``.
        server: The server that it is, of a web container.
        running: Whether it runs.
    """

    container: Container
    part: str
    server: str
    running: bool

    @property
    def name(self) -> str:
        """What people call it: the server's name, or the part."""
        return self.server or self.part


@dataclass(frozen=True, slots=True)
class Found:
    """A sandbox as the engine has it.

    Attributes:
        name: Its name.
        state: What it is; None where an `up` did not come to its end, or of another version.
        foreign: Whether it is whole, and another version of sandbox made it.
        parts: Its containers, without those of clones.
        clones: Names of the clones that are there.
        started: When the oldest of its containers was made.
    """

    name: str
    state: SandboxState | None
    foreign: bool
    parts: tuple[Part, ...]
    clones: tuple[str, ...]
    started: datetime | None

    def part(self, name: str) -> Part:
        """Give a part by server's name, or by what it is.

        Raises:
            UsageError: It has none of that name.
        """
        for one in self.parts:
            if one.name == name:
                return one
        names = ", ".join(sorted(one.name for one in self.parts))
        raise UsageError(f"{self.name} has no part {name!r}.", hint=f"There are: {names}.")


def list_sandboxes(engine: Engine) -> tuple[Found, ...]:
    """Give every sandbox that the engine has something of, by name."""
    grouped: dict[str, list[Container]] = defaultdict(list)
    for container in labelled_containers(engine, SANDBOX):
        grouped[container.labels[SANDBOX]].append(container)
    return tuple(_found(name, containers) for name, containers in sorted(grouped.items()))


def look_for(engine: Engine, name: str) -> Found | None:
    """Give the sandbox of a name, whole or not; None where the engine has nothing of it."""
    containers = labelled_containers(engine, f"{SANDBOX}={name}")
    return _found(name, containers) if containers else None


def find_sandbox(engine: Engine, name: str = "") -> Found:
    """Give a whole sandbox: the one of that name, or the only one there is.

    Raises:
        SandboxMissing: There is none, or none of that name, or an `up` did not end.
        UsageError: No name was given and there are several.
    """
    if name:
        found = look_for(engine, name)
        if found is None:
            raise SandboxMissing(f"there is no sandbox {name}.")
        return _whole(found)
    there = list_sandboxes(engine)
    if not there:
        raise SandboxMissing("there is no sandbox.")
    whole = [one for one in there if one.state is not None]
    if len(whole) > 1:
        names = ", ".join(one.name for one in whole)
        raise UsageError("there are several sandboxes.", hint=f"Say which with --name: {names}.")
    return _whole((whole or there)[0])


def state_of(found: Found) -> SandboxState:
    """Give what a whole sandbox is.

    Raises:
        SandboxMissing: An `up` did not come to its end, or of another version.
    """
    if found.state is None and is_held(sandbox_lock(found.name)):
        raise SandboxMissing(
            f"the sandbox {found.name} is being made just now.",
            hint="Wait until its sandbox up has ended.",
        )
    if found.state is None:
        what = "is of another version of sandbox" if found.foreign else "was never finished"
        raise SandboxMissing(
            f"the sandbox {found.name} {what}.",
            hint="Make it anew with sandbox up, or remove what is there of it: "
            f"sandbox down --name {found.name}",
        )
    return found.state


def _whole(found: Found) -> Found:
    state_of(found)
    return found


def _found(name: str, containers: list[Container]) -> Found:
    own = [one for one in containers if CLONE not in one.labels]
    clones = sorted({one.labels[CLONE] for one in containers if CLONE in one.labels})
    parts = tuple(
        Part(one, one.labels.get(PART, ""), one.labels.get(SERVER, ""), one.was_running)
        for one in sorted(own, key=lambda one: one.name)
    )
    gateway = next((one.container for one in parts if one.part == GATEWAY), None)
    started = min((one.created for one in containers), default=None)
    state, foreign = _read(gateway)
    return Found(name, state, foreign, parts, tuple(clones), started)


def _read(gateway: Container | None) -> tuple[SandboxState | None, bool]:
    """Read what a sandbox is; tell whether it is one that this version cannot read."""
    text = gateway.read(STATE_FILE) if gateway is not None else b""
    if not text:
        return None, False
    try:
        state = SandboxState.model_validate_json(text)
    except ValidationError:
        return None, True
    return (state, False) if state.version == _VERSION else (None, True)
