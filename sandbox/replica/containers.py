"""Networks and containers: start them, put files in, run commands, wait, remove.

Everything started here carries labels, so that it is found and removed by what it belongs to and
never by guessing from names. Ports are published on 127.0.0.1 only.
"""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any

from docker.errors import NotFound
from docker.models.containers import Container as DockerContainer

from sandbox.errors import StackError
from sandbox.replica.engine import Engine, translated
from sandbox.replica.interrupts import uninterrupted

_LOOPBACK = "127.0.0.1"
_NO_EXIT_CODE = -1
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.5  # seconds


@dataclass(frozen=True, slots=True)
class File:
    """A file to put into a container."""

    path: str
    content: bytes
    mode: int = 0o644


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """A container as it is wanted.

    Attributes:
        name: Its name in the engine.
        image: Reference or id of its image.
        network: Network it starts in.
        aliases: Names by which others in the network find it.
        labels: What it belongs to.
        environment: Its variables.
        command: Arguments for its entry point; the image's own where None.
        ports: Container port to port on 127.0.0.1; 0 lets the engine choose.
        files: Files that are there before it starts.
        capabilities: Kernel capabilities beyond the engine's usual ones.
        hostname: Host name inside; its name where empty.
        dns: Servers that are asked for names of no container; the host's own where empty.
        address: Its fixed IPv4 address in the network, which must have a subnet of its own.
        drop_capabilities: Kernel capabilities to go without; ``ALL`` leaves only `capabilities`.
        security_opt: As `docker run` takes them: ``no-new-privileges``.
        memory: Most bytes of memory, without any swap; 0 for no limit.
        pids: Most processes and threads; 0 for no limit.
        cpus: Most processors' worth of time; 0 for no limit.
        restart: When the engine starts it again by itself: ``unless-stopped``; never where empty.
    """

    name: str
    image: str
    network: str
    aliases: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] | None = None
    ports: Mapping[int, int] = field(default_factory=dict)
    files: tuple[File, ...] = ()
    capabilities: tuple[str, ...] = ()
    hostname: str = ""
    dns: tuple[str, ...] = ()
    address: str = ""
    drop_capabilities: tuple[str, ...] = ()
    security_opt: tuple[str, ...] = ()
    memory: int = 0
    pids: int = 0
    cpus: float = 0.0
    restart: str = ""


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that ran in a container.

    Attributes:
        exit_code: What it ended with; -1 where nobody knows.
        output: What it printed, both streams.
    """

    exit_code: int
    output: str


class Container:
    """A container that was started here."""

    def __init__(self, container: DockerContainer) -> None:
        self._container = container

    @property
    def name(self) -> str:
        """Its name in the engine."""
        return str(self._container.name)

    @property
    def id(self) -> str:
        """The engine's id of it."""
        return str(self._container.id)

    @property
    def labels(self) -> dict[str, str]:
        """What it is labelled with."""
        return dict(self._container.labels)

    @property
    def was_running(self) -> bool:
        """Whether it ran when it was looked up."""
        return bool(self._container.status == "running")

    @property
    def created(self) -> datetime:
        """When it was made."""
        # The engine gives nanoseconds, of which Python takes six digits.
        return datetime.fromisoformat(self._container.attrs["Created"][:19] + "+00:00")

    def run(self, command: Sequence[str], *, user: str = "") -> Ran:
        """Run a command inside and give its exit code and output, whatever they are."""
        with translated(f"running {command[0]} in {self.name}"):
            done = self._container.exec_run(list(command), user=user)
        output = done.output if isinstance(done.output, bytes) else b"".join(done.output)
        # The engine knows no exit code where the container ended under the command.
        exit_code = _NO_EXIT_CODE if done.exit_code is None else int(done.exit_code)
        return Ran(exit_code, output.decode("utf-8", "replace"))

    def print_of(self, command: Sequence[str]) -> bytes:
        """Run a command inside and give what it printed on standard output, byte by byte."""
        with translated(f"running {command[0]} in {self.name}"):
            printed, _ = self._container.exec_run(list(command), demux=True).output
        return bytes(printed or b"")

    def must_run(self, command: Sequence[str]) -> str:
        """Run a command inside that has to succeed, and give its output.

        Raises:
            StackError: It ended with another exit code than 0; carries its last lines.
        """
        ran = self.run(command)
        if ran.exit_code != 0:
            raise StackError(
                f"{command[0]} in {self.name} ended with {ran.exit_code}.",
                findings=tuple(ran.output.splitlines()[-12:]),
            )
        return ran.output

    def put(self, files: Sequence[File]) -> None:
        """Write files into the container, with their folders."""
        with translated(f"writing files into {self.name}"):
            self._container.put_archive("/", _archive(files))

    def put_archive(self, folder: str, archive: bytes | IO[bytes]) -> None:
        """Unpack a tar archive in a folder of the container."""
        with translated(f"unpacking an archive in {self.name}"):
            self._container.put_archive(folder, archive)

    def read(self, path: str) -> bytes:
        """Read one file of the container; empty where there is none."""
        packed = b"".join(self.pack(path))
        if not packed:
            return b""
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            member = archive.next()
            content = archive.extractfile(member) if member is not None else None
            return content.read() if content is not None else b""

    def pack(self, path: str) -> Iterator[bytes]:
        """Give a file or folder of the container as a tar archive; nothing where there is none."""
        with translated(f"reading {path} in {self.name}"):
            try:
                chunks, _ = self._container.get_archive(path)
            except NotFound:
                return
            yield from chunks

    def port(self, inner: int) -> int:
        """Give the port on 127.0.0.1 that leads to a port of the container."""
        with translated(f"asking for the ports of {self.name}"):
            self._container.reload()
        bindings = self._container.attrs["NetworkSettings"]["Ports"].get(f"{inner}/tcp") or []
        if not bindings:
            raise StackError(f"{self.name} publishes no port {inner}.")
        return int(bindings[0]["HostPort"])

    def log(self, lines: int = 20) -> tuple[str, ...]:
        """Give the last lines that the container printed."""
        with translated(f"reading the log of {self.name}"):
            printed = self._container.logs(tail=lines)
        return tuple(printed.decode("utf-8", "replace").splitlines())

    def is_running(self) -> bool:
        """Tell whether it runs."""
        with translated(f"looking at {self.name}"):
            self._container.reload()
        return bool(self._container.status == "running")

    def start(self) -> None:
        """Start it.

        Raises:
            PortTaken: Another process listens on a port that it should publish.
        """
        with translated(f"starting the container {self.name}"):
            self._container.start()

    def stop(self, seconds: int = 30) -> None:
        """Stop it in good order; it is killed if that takes longer than `seconds`."""
        with translated(f"stopping {self.name}"):
            self._container.stop(timeout=seconds)

    def commit(
        self, reference: str, labels: Mapping[str, str], *, keep_command: bool = False
    ) -> str:
        """Make an image of the container's files, which nobody changes meanwhile, and give its id.

        The arguments and variables of this run do not go along: they may be passwords. What its
        image runs is told anew with `keep_command`.
        """
        repository, _, tag = reference.rpartition(":")
        with translated(f"committing {self.name} as {reference}"):
            own = self._container.attrs["Config"]["Env"] or []
            image = self._container.image
            inherited = (image.attrs["Config"]["Env"] if image is not None else None) or []
            # A commit can give a variable no value, but not take it away.
            given = [one.partition("=")[0] for one in own if one not in inherited]
            changes = [
                *(() if keep_command else ("CMD []",)),
                *(f"ENV {name}=" for name in given),
                *(f'LABEL {name}="{value}"' for name, value in labels.items()),
            ]
            made = self._container.commit(repository, tag, changes=changes)
        return str(made.id)

    def remove(self) -> None:
        """Remove it, running or not."""
        with translated(f"removing {self.name}"):
            try:
                self._container.remove(force=True, v=True)
            except NotFound:
                return


def create_network(engine: Engine, name: str, labels: Mapping[str, str]) -> None:
    """Create a bridge network."""
    with translated(f"creating the network {name}"), uninterrupted():
        engine.client.networks.create(name, driver="bridge", labels=dict(labels))


def start_container(engine: Engine, spec: ContainerSpec) -> Container:
    """Create a container, put its files in, start it; remove it again if that fails.

    Raises:
        PortTaken: Another process listens on a port that it should publish.
        StackError: The engine could not start it.
    """
    container = create_container(engine, spec)
    try:
        container.start()
    except BaseException:
        container.remove()
        raise
    return container


def create_container(engine: Engine, spec: ContainerSpec) -> Container:
    """Create a container and put its files in, without starting it; nothing is left on failure.

    Raises:
        StackError: The engine could not create it.
    """
    # The SDK's stubs do not know that a port of None lets the engine choose one.
    ports: Any = {f"{inner}/tcp": (_LOOPBACK, outer or None) for inner, outer in spec.ports.items()}
    options = _limits(spec)
    if spec.command is not None:
        options["command"] = list(spec.command)
    client = engine.client
    with translated(f"creating the container {spec.name}"), uninterrupted():
        endpoint = client.api.create_endpoint_config(
            aliases=list(spec.aliases), ipv4_address=spec.address or None
        )
        created = client.containers.create(
            spec.image,
            name=spec.name,
            hostname=spec.hostname or spec.name,
            environment=dict(spec.environment),
            labels=dict(spec.labels),
            ports=ports,
            network=spec.network,
            networking_config={spec.network: endpoint},
            cap_add=list(spec.capabilities),
            **options,
        )
    container = Container(created)
    try:
        if spec.files:
            container.put(spec.files)
    except BaseException:
        container.remove()
        raise
    return container


def _limits(spec: ContainerSpec) -> dict[str, Any]:
    """Give what a container may not do or use, as the SDK takes it; nothing that was not asked."""
    limits: dict[str, Any] = {
        # The host's search domains go as well: they tell of its network and make names ambiguous.
        "dns_search": ["."] if spec.dns else None,
        "dns": list(spec.dns),
        "cap_drop": list(spec.drop_capabilities),
        "security_opt": list(spec.security_opt),
        "mem_limit": spec.memory,
        "memswap_limit": spec.memory,
        "pids_limit": spec.pids,
        "nano_cpus": round(spec.cpus * 1_000_000_000),
        "restart_policy": {"Name": spec.restart} if spec.restart else None,
    }
    return {name: value for name, value in limits.items() if value}


def find_container(engine: Engine, name: str) -> Container | None:
    """Give the container of this name, or None."""
    with translated(f"looking for the container {name}"):
        try:
            return Container(engine.client.containers.get(name))
        except NotFound:
            return None


def labelled_containers(engine: Engine, label: str) -> list[Container]:
    """Give every container with a label (``key`` or ``key=value``), running or not."""
    with translated(f"looking for what is labelled {label}"):
        found = engine.client.containers.list(
            all=True, filters={"label": label}, ignore_removed=True
        )
    return [Container(one) for one in found]


def remove_labelled(engine: Engine, label: str) -> int:
    """Remove every container and network with a label (``key=value``); give how many containers."""
    with translated(f"removing what is labelled {label}"):
        containers = engine.client.containers.list(all=True, filters={"label": label})
    for one in containers:
        Container(one).remove()
    with translated(f"removing the networks labelled {label}"):
        for network in engine.client.networks.list(filters={"label": label}):
            network.remove()
    return len(containers)


def wait_until(
    container: Container, ready: Callable[[], bool], *, what: str, seconds: float = 60.0
) -> None:
    """Wait until `ready` says so.

    Raises:
        StackError: It took too long or the container ended; carries its state and last lines.
    """
    deadline = time.monotonic() + seconds
    pause = _FIRST_PAUSE
    while not _is_ready(ready):
        running = container.is_running()
        if not running or time.monotonic() > deadline:
            state = f"did not come within {seconds:.0f} s" if running else "the container ended"
            raise StackError(
                f"waiting for {what} in {container.name}: {state}.",
                hint=f"See all of its output: docker logs {container.name}" if running else "",
                findings=container.log(12),
            )
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def _is_ready(ready: Callable[[], bool]) -> bool:
    try:
        return ready()
    except StackError:  # the container ended between two looks, which the next one tells better
        return False


def _archive(files: Sequence[File]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for file in files:
            entry = tarfile.TarInfo(file.path.lstrip("/"))
            entry.size, entry.mode, entry.mtime = len(file.content), file.mode, int(time.time())
            archive.addfile(entry, io.BytesIO(file.content))
    return packed.getvalue()
