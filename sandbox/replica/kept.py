"""Keep what a sandbox's servers were made of in its gateway, and fetch it for clones.

The bundle and the code's folder may change, or go; a clone is always one of the sandbox that runs.
"""

from __future__ import annotations

import os
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sandbox.errors import StackError
from sandbox.replica.containers import Container, find_container
from sandbox.replica.engine import Engine
from sandbox.replica.labels import GATEWAY, object_name
from sandbox.replica.scratch import scratch_folder
from sandbox.replica.servers.code import Code, read_code
from sandbox.replica.stack import RunningServer
from sandbox.replica.state import SandboxState, ServerState

_FOLDER = "/etc/sandbox/servers"


def keep_servers(gateway: Container, servers: Sequence[RunningServer]) -> None:
    """Put the archives of all servers into the gateway."""
    for server in servers:
        for kind, place in (
            ("settings", server.settings),
            ("code", server.code),
            ("source", server.source),
        ):
            _keep(gateway, _place(server.name, kind), place)


def _keep(gateway: Container, path: str, place: Path) -> None:
    """Put a file of any size into the gateway; the engine wants it in an archive."""
    with tempfile.TemporaryFile(dir=scratch_folder()) as packed:
        with tarfile.open(fileobj=packed, mode="w") as archive, place.open("rb") as content:
            entry = archive.gettarinfo(arcname=path.lstrip("/"), fileobj=content)
            entry.mode, entry.uid, entry.gid, entry.uname, entry.gname = 0o600, 0, 0, "", ""
            archive.addfile(entry, content)
        packed.seek(0)
        gateway.put_archive("/", packed)


@contextmanager
def fetched_servers(
    engine: Engine, servers: Iterable[ServerState], sandbox: str
) -> Iterator[list[RunningServer]]:
    """Give servers of a sandbox as they can be started again, for the block.

    Raises:
        StackError: The sandbox's gateway is gone, or has nothing of them.
    """
    gateway = _gateway_of(engine, sandbox)
    with tempfile.TemporaryDirectory(dir=scratch_folder()) as folder:
        yield [
            RunningServer(
                name=one.name,
                image=one.image,
                port=one.port,
                release=one.release,
                settings=_fetch(gateway, one.name, "settings", Path(folder)),
                code=_fetch(gateway, one.name, "code", Path(folder)),
                source=Path(os.devnull),  # nobody patches a server that only runs
            )
            for one in servers
        ]


@contextmanager
def code_of(engine: Engine, state: SandboxState, server: str) -> Iterator[Code]:
    """Give the code of a server of a sandbox as it was given to `up`, for the block.

    Raises:
        StackError: The sandbox's gateway is gone, or has nothing of it.
    """
    gateway = _gateway_of(engine, state.name)
    with (
        tempfile.TemporaryDirectory(dir=scratch_folder()) as folder,
        read_code(str(_fetch(gateway, server, "source", Path(folder)))) as code,
    ):
        yield code


def _gateway_of(engine: Engine, sandbox: str) -> Container:
    gateway = find_container(engine, object_name(sandbox, GATEWAY))
    if gateway is None:
        raise StackError(
            f"the gateway of {sandbox} is gone, and with it what its servers were made of.",
            hint=f"Make the sandbox anew: sandbox up BUNDLE --app CODE --name {sandbox} --replace",
        )
    return gateway


def _fetch(gateway: Container, server: str, kind: str, folder: Path) -> Path:
    """Fetch an archive; the engine packs it into one of its own."""
    packed, place = folder / f"{server}.{kind}.packed", folder / f"{server}.{kind}.tar"
    with packed.open("wb") as file:
        for chunk in gateway.pack(_place(server, kind)):
            file.write(chunk)
    if not packed.stat().st_size:
        raise StackError(
            f"{gateway.name} holds nothing of {server}.",
            hint="Make the sandbox anew with --replace.",
        )
    with tarfile.open(packed) as archive:
        member = archive.next()
        content = archive.extractfile(member) if member is not None else None
        with place.open("wb") as file:
            while content is not None and (block := content.read(1024 * 1024)):
                file.write(block)
    packed.unlink()
    return place


def _place(server: str, kind: str) -> str:
    return f"{_FOLDER}/{server}.{kind}.tar"
