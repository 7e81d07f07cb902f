"""The server that a golden database is loaded in: alone in a network of its own, then removed.

Takes an image and an option file, gives a running server that this process reaches on 127.0.0.1
and that reaches nobody. Its passwords are made up for it and are in files of it only.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from docker.errors import NotFound

from sandbox.database.address import Address
from sandbox.database.connect import Endpoint, Tls, open_writer
from sandbox.database.secret import Secret
from sandbox.database.statements import StatementLog
from sandbox.database.writer import Writer
from sandbox.errors import EngineDiskFull, LoadFailed, SourceError, StackError
from sandbox.replica.containers import (
    Container,
    ContainerSpec,
    File,
    find_container,
    start_container,
    wait_until,
)
from sandbox.replica.engine import Engine, translated
from sandbox.replica.golden_settings import STATEMENTS
from sandbox.replica.interrupts import uninterrupted

SETTINGS = "/etc/mysql/conf.d/60-sandbox.cnf"
_PASSWORD_FILE = "/run/sandbox-root-password"  # noqa: S105 - a path
_PORT = 3306
_START_SECONDS = 120.0
_STOP_SECONDS = 900  # everything is written back first, however much it is
_NO_SPACE = (
    "no space left on device",
    "errno: 28",
    "os error number 28",
    "disk full",
    "disk is full",
)


@dataclass(frozen=True, slots=True)
class Loader:
    """A running server to load into.

    Attributes:
        engine: The engine it runs in.
        container: Its container.
        root_password: Of root, from anywhere, as long as it is loaded.
    """

    engine: Engine
    container: Container
    root_password: Secret

    def endpoint(self, user: str, password: Secret, database: str) -> Endpoint:
        """Give what is needed to log in."""
        address = Address(user, "127.0.0.1", self.container.port(_PORT), database)
        return Endpoint(address, password, Tls(required=False))

    def open(self, user: str, password: Secret, database: str = "mysql") -> Writer:
        """Open a session.

        Raises:
            SourceError: It cannot be opened.
        """
        return open_writer(self.endpoint(user, password, database), StatementLog())

    def wait(self, user: str, password: Secret) -> None:
        """Wait until the server lets an account in.

        Raises:
            StackError: It does not come, or ended; carries its last lines.
        """

        def is_there() -> bool:
            try:
                self.open(user, password).close()
            except (SourceError, StackError):  # one that ended publishes no port any more
                return False
            return True

        wait_until(
            self.container, is_there, what="the database to be loaded", seconds=_START_SECONDS
        )

    def forget_password(self) -> None:
        """Remove the file that root's password is in: it would become part of the image."""
        self.container.must_run(["rm", _PASSWORD_FILE])

    def stop(self) -> None:
        """Stop the server in good order.

        Raises:
            StackError: It did not end by itself: its files are of no use.
        """
        self.container.stop(seconds=_STOP_SECONDS)
        name = self.container.name
        with translated(f"looking at {name}"):
            state = self.engine.client.api.inspect_container(self.container.id)["State"]
        if state["ExitCode"] != 0:
            raise StackError(
                f"the database server in {name} did not stop in good order.",
                findings=self.container.log(12),
            )


@contextlib.contextmanager
def run_loader(
    engine: Engine, name: str, image: str, settings: bytes, labels: Mapping[str, str]
) -> Iterator[Loader]:
    """Run an empty server for the block; whatever happens, nothing of it is left.

    What an earlier run of the same name left when it was killed is removed first: the caller sees
    to it that there is no other run.

    Raises:
        StackError: It does not start.
        EngineDiskFull: The engine's disk ran full.
    """
    _remove(engine, name)
    password = Secret(secrets.token_hex(16))
    try:
        _create_network(engine, name, labels)
        container = start_container(
            engine,
            ContainerSpec(
                name=name,
                image=image,
                network=name,
                labels=labels,
                environment={"MYSQL_ROOT_PASSWORD_FILE": _PASSWORD_FILE},
                ports={_PORT: 0},
                files=(
                    File(_PASSWORD_FILE, password.reveal().encode(), 0o400),
                    File(SETTINGS, settings),
                    File(STATEMENTS, b""),
                ),
            ),
        )
        loader = Loader(engine, container, password)
        with _disk_full_told(engine, container):
            loader.wait("root", password)
            yield loader
    except BaseException:
        with contextlib.suppress(StackError):  # the first failure is the one to tell
            _remove(engine, name)
        raise
    _remove(engine, name)


@contextlib.contextmanager
def _disk_full_told(engine: Engine, container: Container) -> Iterator[None]:
    """Say that the disk is full where that is why the server failed: its log tells, or nothing."""
    try:
        yield
    except (StackError, LoadFailed, SourceError) as error:
        lines: tuple[str, ...] = error.findings
        with contextlib.suppress(StackError):
            lines = (*lines, *container.log(40))
        said = "\n".join((error.message, *lines)).lower()
        if any(one in said for one in _NO_SPACE) or engine.is_disk_full():
            raise EngineDiskFull(
                "loading the golden database: no space left on the Docker engine's disk."
            ) from None
        raise


def _create_network(engine: Engine, name: str, labels: Mapping[str, str]) -> None:
    """Create a network from which nothing leaves the machine under its own address."""
    with translated(f"creating the network {name}"), uninterrupted():
        engine.client.networks.create(
            name,
            driver="bridge",
            labels=dict(labels),
            options={"com.docker.network.bridge.enable_ip_masquerade": "false"},
        )


def _remove(engine: Engine, name: str) -> None:
    left_over = find_container(engine, name)
    if left_over is not None:
        left_over.remove()
    with translated(f"removing the network {name}"):
        for network in engine.client.networks.list(names=[f"^{name}$"]):
            with contextlib.suppress(NotFound):
                network.remove()
