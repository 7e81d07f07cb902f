"""Sandboxes for tests: brought up by the installed command, looked at through the engine."""

from __future__ import annotations

import http.client
import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commands import COMMAND, Ended, environment, sandbox
from sandbox.replica.containers import Container, find_container, labelled_containers
from sandbox.replica.engine import Engine
from sandbox.replica.labels import SANDBOX, object_name
from sandbox.replica.life_down import remove_sandbox
from sandbox.replica.owned_images import owned_images
from small_shop import SmallShop


@dataclass(frozen=True)
class Answer:
    """What an HTTP server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Sandbox:
    """A sandbox that is up.

    Attributes:
        name: Its name.
        said: How the command ended that brought it up, with ``--json``.
    """

    name: str
    said: Ended

    @property
    def data(self) -> dict[str, Any]:
        """What the command gave of it."""
        found: dict[str, Any] = self.said.data["sandbox"]
        return found

    def get(self, part: str, path: str) -> Answer:
        """Ask a server or the sink through the published port."""
        return get(self.data["ports"][part], path)

    def container(self, engine: Engine, part: str) -> Container:
        """Give one of its containers."""
        found = find_container(engine, object_name(self.name, part))
        assert found is not None, part
        return found


def up_arguments(
    shop: SmallShop, name: str, *more: str | Path, bundle: Path | None = None
) -> list[str]:
    """Give the arguments of an `up` that works."""
    return [
        "up",
        str(bundle or shop.bundle),
        f"--app={shop.code}",
        f"--name={name}",
        *map(str, more),
    ]


def bring_up(shop: SmallShop, name: str, *more: str | Path) -> Sandbox:
    """Bring a sandbox up; it has to succeed. Whoever calls removes it."""
    done = sandbox(*up_arguments(shop, name, *more), "--json")
    assert done.exit_code == 0, done.said
    return Sandbox(name, done)


def get(port: int, path: str) -> Answer:
    """Ask a server on this machine."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read())


def parts_of(engine: Engine, name: str) -> list[str]:
    """Name every container and network that is labelled as a sandbox's, clones included."""
    label = f"{SANDBOX}={name}"
    networks = engine.client.networks.list(filters={"label": label})
    return sorted(
        [
            *(one.name for one in labelled_containers(engine, label)),
            *(str(n.name) for n in networks),
        ]
    )


def remove(engine: Engine, name: str) -> None:
    """Remove all that is there of a sandbox."""
    remove_sandbox(engine, name)
    assert parts_of(engine, name) == []
    assert owned_images(engine, name) == ()


@contextmanager
def running_up(*arguments: str, folder: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    """Run a command beside the test; it is killed if it still runs at the end."""
    with subprocess.Popen(
        [*COMMAND, *arguments],
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: subprocess.Popen[str], stage: str) -> str:
    """Read what a command says until it has finished a stage; give what it said."""
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if line.startswith(f"{stage} "):
            return said
    raise AssertionError(f"it never came to {stage}: {said}")
