"""Servers for tests: images of ours, in containers of testcontainers, on loopback only."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from testcontainers.core.container import DockerContainer

from sandbox.model import Stage

ImageOf = Callable[..., str]


class Silent:
    """Progress that nobody watches."""

    @contextmanager
    def stage(self, *_: object, **__: object) -> Iterator[Stage]:
        yield _SilentStage()

    def warn(self, message: str) -> None:
        pass


class _SilentStage:
    def advance(self, steps: int = 1, doing: str = "") -> None:
        pass

    def done(self, summary: str) -> None:
        pass


@contextmanager
def running(
    image: str,
    *,
    ports: tuple[int, ...] = (),
    environment: dict[str, str] | None = None,
    **options: Any,
) -> Iterator[DockerContainer]:
    """Run a container for a test, its ports on 127.0.0.1, and remove it afterwards."""
    container = DockerContainer(image, env=environment, **options)
    # The library would publish on every address; the SDK below it takes an address as well.
    bound: Any = {f"{port}/tcp": ("127.0.0.1", None) for port in ports}
    container.ports = bound
    with container:
        yield container


def port_of(container: DockerContainer, inner: int) -> int:
    """Give the port on 127.0.0.1 that leads to a port of the container."""
    wrapped = container.get_wrapped_container()
    wrapped.reload()
    (binding,) = wrapped.attrs["NetworkSettings"]["Ports"][f"{inner}/tcp"]
    assert binding["HostIp"] == "127.0.0.1"
    return int(binding["HostPort"])


def inside(container: DockerContainer, *command: str) -> str:
    """Run a command in the container that has to succeed, and give its output."""
    code, output = container.get_wrapped_container().exec_run(list(command))
    assert isinstance(output, bytes)
    assert code == 0, output.decode()
    return output.decode()


def eventually(check: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until a check holds."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not come in time"
        time.sleep(0.05)


def answers(container: DockerContainer) -> bool:
    """Tell whether a database container says that it is ready."""
    return bool(container.get_wrapped_container().exec_run(["ready"]).exit_code == 0)
