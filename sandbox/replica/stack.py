"""The containers of a sandbox, or of a clone of it: a sealed network, a sink, a database, servers.

    people ─▶ gateway ─▶ web1, web2 ─▶ database
                              └─▶ sink (every outside name)

All of it is on one sealed network, which only the gateway leaves.

A clone has no gateway: nobody but the tool talks to it.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from docker.errors import NotFound

from sandbox.errors import StackError
from sandbox.replica.containers import (
    Container,
    ContainerSpec,
    create_container,
    find_container,
    labelled_containers,
    start_container,
    wait_until,
)
from sandbox.replica.engine import Engine, translated
from sandbox.replica.golden import Golden, database_spec, wait_for_database
from sandbox.replica.interrupts import uninterrupted
from sandbox.replica.labels import (
    CLONE,
    DATABASE,
    INSIDE,
    SANDBOX,
    SINK,
    WEB,
    labels_of,
    object_name,
)
from sandbox.replica.networks import (
    SealedNetwork,
    create_sealed_network,
    seal_spec,
    start_sink,
)
from sandbox.replica.server_files import SETUP

_AT_ONCE = 4
_SERVER_SECONDS = 60.0
_DATABASE_PIDS = 4096  # a connection of the application is a thread of the server
_LISTENS = (Path(__file__).parent / "listens.sh").read_text()


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A web server as it is to run.

    Attributes:
        name: Its name.
        image: Reference of the image of its PHP version.
        port: Port that it listens on.
        release: Folder that its code goes into.
        settings: Archive of its settings, from `pack_settings`.
        code: Archive of its code, settings of production in it.
        source: Archive of its code as it was given: what a patch is made for.
    """

    name: str
    image: str
    port: int
    release: str
    settings: Path
    code: Path
    source: Path


@dataclass(frozen=True, slots=True)
class StackPlan:
    """What a stack is made of.

    Attributes:
        sandbox: Name of the sandbox.
        golden: Its database.
        servers: Its web servers.
        sink_image: Reference of the sink's image.
        replies: What the sink answers calls with, as JSON; empty for none.
        clone: Name of the clone; empty for the sandbox itself.
    """

    sandbox: str
    golden: Golden
    servers: tuple[RunningServer, ...]
    sink_image: str
    replies: bytes = b""
    clone: str = ""

    @property
    def restart(self) -> str:
        """When the engine starts its containers again by itself."""
        return "" if self.clone else "unless-stopped"

    def name_of(self, part: str) -> str:
        """Give the name of a part's container."""
        return object_name(self.sandbox, part, self.clone)

    def labels_of(self, part: str, server: str = "") -> dict[str, str]:
        """Give the labels of a part."""
        return labels_of(self.sandbox, part, server=server, clone=self.clone)


@dataclass(frozen=True, slots=True)
class Stack:
    """A running stack."""

    plan: StackPlan
    network: SealedNetwork
    sink: Container
    database: Container
    servers: Mapping[str, Container]


def start_stack(engine: Engine, plan: StackPlan) -> Stack:
    """Start everything but a gateway, all at once, and wait until all of it answers.

    Whoever calls removes what is labelled if this fails.

    Raises:
        StackError: Something does not start, or does not answer in time.
    """
    network = create_sealed_network(engine, plan.name_of(INSIDE), plan.labels_of(INSIDE))
    jobs: list[Callable[[], Container]] = [
        lambda: _start_sink(engine, plan, network),
        lambda: start_database(engine, plan, network),
        *(_starting(engine, plan, network, server) for server in plan.servers),
    ]
    sink, database, *servers = _all_at_once(
        jobs,
        give_up=lambda: remove_parts(
            engine, plan.sandbox, lambda labels: labels.get(CLONE, "") == plan.clone
        ),
    )
    names = [server.name for server in plan.servers]
    return Stack(plan, network, sink, database, dict(zip(names, servers, strict=True)))


def start_database(engine: Engine, plan: StackPlan, network: SealedNetwork) -> Container:
    """Start the database on its golden image and wait for its first answer.

    Raises:
        StackError: It does not start.
    """
    spec = database_spec(
        plan.golden,
        name=plan.name_of(DATABASE),
        network=network.name,
        labels=plan.labels_of(DATABASE),
    )
    spec = dataclasses.replace(spec, pids=_DATABASE_PIDS, restart=plan.restart)
    container = start_container(engine, seal_spec(spec, network))
    wait_for_database(container)
    return container


def renew_database(engine: Engine, plan: StackPlan, network: SealedNetwork) -> float:
    """Throw the database away and start another on the golden image.

    Returns:
        Seconds until it answered its first query on the data.

    Raises:
        StackError: The new one does not start; the old one is gone: do it again.
    """
    began = time.monotonic()
    old = find_container(engine, plan.name_of(DATABASE))
    if old is not None:
        old.remove()
    start_database(engine, plan, network)
    return time.monotonic() - began


def remove_parts(
    engine: Engine, sandbox: str, chosen: Callable[[Mapping[str, str]], bool] = lambda _: True
) -> int:
    """Remove the containers, then the networks, of a sandbox that are chosen by their labels.

    Returns:
        How many containers there were.

    Raises:
        StackError: Something of it stays; all that can go is gone.
    """
    label = f"{SANDBOX}={sandbox}"
    containers = [one for one in labelled_containers(engine, label) if chosen(one.labels)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        removing = [pool.submit(one.remove) for one in containers]
    failed = [error for one in removing if (error := one.exception()) is not None]
    with translated(f"removing the networks of {sandbox}"):
        networks = engine.client.networks.list(filters={"label": label})
    for network in networks:
        if chosen(network.attrs["Labels"] or {}):
            try:
                with translated(f"removing the network {network.name}"), suppress(NotFound):
                    network.remove()
            except StackError as error:
                failed.append(error)
    if failed:  # everything else is gone by now
        raise failed[0]
    return len(containers)


def _starting(
    engine: Engine, plan: StackPlan, network: SealedNetwork, server: RunningServer
) -> Callable[[], Container]:
    return lambda: start_server(engine, plan, network, server)


def start_server(
    engine: Engine, plan: StackPlan, network: SealedNetwork, server: RunningServer
) -> Container:
    """Start a web server and wait until nginx and php-fpm listen.

    Raises:
        StackError: It does not start; carries what nginx or php-fpm says against its settings.
    """
    spec = ContainerSpec(
        name=plan.name_of(server.name),
        image=server.image,
        network=network.name,
        aliases=(server.name,),
        hostname=server.name,
        labels=plan.labels_of(WEB, server.name),
        restart=plan.restart,
        command=("sh", SETUP),
    )
    container = create_container(engine, seal_spec(spec, network))
    for folder, archive in (("/", server.settings), (server.release, server.code)):
        with archive.open("rb") as packed:
            container.put_archive(folder, packed)
    container.start()
    command = ("sh", "-c", _LISTENS, "listens", str(server.port))
    wait_until(
        container,
        lambda: container.run(command).exit_code == 0,
        what="nginx and php-fpm",
        seconds=_SERVER_SECONDS,
    )
    return container


def _start_sink(engine: Engine, plan: StackPlan, network: SealedNetwork) -> Container:
    return start_sink(
        engine,
        network,
        name=plan.name_of(SINK),
        image=plan.sink_image,
        labels=plan.labels_of(SINK),
        replies=plan.replies,
        aliases=(SINK,),
        restart=plan.restart,
    )


def _all_at_once(
    jobs: Iterable[Callable[[], Container]], give_up: Callable[[], object]
) -> list[Container]:
    """Do all jobs at once; if one fails, wait for the others and raise the first error.

    Args:
        jobs: The jobs.
        give_up: On Ctrl-C, removes what they wait for, so that they end; no job is at work any
            more when this comes back, and nothing comes to be behind the caller's back.
    """
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        running: list[Future[Container]] = []
        try:
            with uninterrupted():  # else the pool may not know of a thread that it just started
                running += [pool.submit(job) for job in jobs]
            wait(running)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            with suppress(StackError):
                give_up()
            raise
    return [one.result() for one in running]
