"""Look at a running stack from the inside: is it sealed, and in what is it not as production?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sandbox.bundle.manifest import Manifest
from sandbox.model import Progress
from sandbox.replica.containers import Container
from sandbox.replica.engine import Engine
from sandbox.replica.fidelity import capture_server, compare_data, compare_server
from sandbox.replica.isolation import probe_isolation
from sandbox.replica.servers.captured import CapturedServer
from sandbox.replica.servers.web_server import WebServer
from sandbox.replica.stack import Stack
from sandbox.replica.state import Difference

_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Proved:
    """What a look from the inside has shown.

    Attributes:
        blocked: How many ways out were tried in vain.
        differences: In what it is not as production.
    """

    blocked: int
    differences: tuple[Difference, ...]


def prove(  # noqa: PLR0913, PLR0917 - a stack, and what it is compared with
    engine: Engine,
    stack: Stack,
    gateway: Container,
    captured: Mapping[str, CapturedServer],
    servers: Sequence[WebServer],
    manifest: Manifest,
    progress: Progress,
) -> Proved:
    """Try every way out of every container, and capture every server to compare it meanwhile.

    Raises:
        NotSealed: Something was reached; carries what, and from where.
        StackError: A server cannot be captured.
    """
    containers = (*stack.servers.values(), stack.database, stack.sink, gateway)

    def compared(server: WebServer) -> tuple[Difference, ...]:
        here = capture_server(stack.servers[server.name], server)
        return compare_server(captured[server.name], here)

    with progress.stage("prove") as stage, ThreadPoolExecutor(_AT_ONCE) as pool:
        comparing = [pool.submit(compared, server) for server in servers]
        probed = probe_isolation(engine, containers, sink=stack.network.sink_address)
        found = [one for each in comparing for one in each.result()]
        found += compare_data(manifest)
        stage.done(
            f"sealed: {probed.tried} ways out of {len(containers)} containers lead nowhere · "
            f"compared with production: {len(found)} differences"
        )
    for one in probed.unproven:
        progress.warn(f"not proven to be sealed: {one}")
    return Proved(probed.tried, tuple(found))
