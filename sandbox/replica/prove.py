"""Look at a running stack from the inside: is it sealed, and in what is it not as production?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

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


def prove_sealed(engine: Engine, stack: Stack, gateway: Container, progress: Progress) -> int:
    """Try every way out of every container; give how many there were.

    Raises:
        NotSealed: Something was reached; carries what, and from where.
    """
    containers = (*stack.servers.values(), stack.database, stack.sink, gateway)
    with progress.stage("sealed") as stage:
        probed = probe_isolation(engine, containers, sink=stack.network.sink_address)
        for one in probed.unproven:
            progress.warn(f"not proven: {one}")
        stage.done(f"{probed.tried} ways out of {len(containers)} containers lead nowhere")
    return probed.tried


def tell_differences(
    stack: Stack,
    captured: Mapping[str, CapturedServer],
    servers: Sequence[WebServer],
    manifest: Manifest,
    progress: Progress,
) -> tuple[Difference, ...]:
    """Capture every server of the replica and compare it with production's.

    Raises:
        StackError: A server cannot be captured.
    """

    def compared(server: WebServer) -> tuple[Difference, ...]:
        here = capture_server(stack.servers[server.name], server)
        return compare_server(captured[server.name], here)

    with progress.stage("compare", total=len(servers), unit="servers") as stage:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = [one for each in pool.map(compared, servers) for one in each]
        found += compare_data(manifest)
        stage.done(f"{len(found)} differences from production, by capturing this replica")
    return tuple(found)
