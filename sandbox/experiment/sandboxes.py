"""Open a running sandbox for experiments: its bundle's requests, and sides of clones of it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from sandbox.bundle.manifest import MANIFEST
from sandbox.bundle.reader import Bundle, open_bundle
from sandbox.capture.archive import CapturedLog, ServerCapture
from sandbox.errors import BundleInvalid
from sandbox.experiment.requests import Replayable, read_requests
from sandbox.experiment.side import Side
from sandbox.experiment.signature import Judge
from sandbox.experiment.traffic import (
    MOST_HEALTHY,
    Traffic,
    choose_healthy,
    read_captures,
    read_traffic,
    tell_servers,
)
from sandbox.replica.clone import open_clone, remove_left_clones
from sandbox.replica.engine import Engine
from sandbox.replica.exchange import Clone
from sandbox.replica.servers.code import Code
from sandbox.replica.state import SandboxState, find_sandbox, state_of


@dataclass(frozen=True)
class Experiment:
    """A sandbox, and what is sent to clones of it.

    Attributes:
        engine: The engine that it runs on.
        state: The sandbox.
        bundle: What it was made of.
        captures: Its servers as production has them, with their logs.
        own: A file with requests of the developer's own.
    """

    engine: Engine
    state: SandboxState
    bundle: Bundle
    captures: tuple[ServerCapture, ...] = field(repr=False)
    own: Path | None = None

    @property
    def servers(self) -> tuple[str, ...]:
        """Names of the sandbox's servers."""
        return tuple(one.name for one in self.state.servers)

    @property
    def differs(self) -> tuple[str, ...]:
        """In what the sandbox is not as production, in words for people."""
        return tuple(map(str, self.state.differences))

    @cached_property
    def traffic(self) -> Traffic:
        """What went well in production."""
        return read_traffic(self.captures)

    @cached_property
    def failing(self) -> tuple[Replayable, ...]:
        """Requests that failed in production.

        Raises:
            UsageError: The developer's own file cannot be read.
        """
        return tell_servers(read_requests(self.bundle, self.own), self.traffic)

    def healthy(self, most: int = MOST_HEALTHY) -> tuple[Replayable, ...]:
        """Requests that went well in production, the most frequent routes first."""
        return choose_healthy(self.traffic, self.failing, most)

    def side(
        self,
        name: str = "here",
        code: Mapping[str, Code] | None = None,
        shifting: Collection[str] = (),
    ) -> Side:
        """Give a side: clones of the sandbox, with other code on some servers or on none.

        Args:
            name: What people call it.
            code: Other code, by server.
            shifting: Files that differ in it: the numbers of their lines may have changed.
        """

        def clones(server: str) -> AbstractContextManager[Clone]:
            return open_clone(self.engine, self.state, servers=(server,), code=code)

        captured = {one.name: one for one in self.captures}
        judges = {
            one.name: Judge(
                _as_here(captured[one.name], one.release, {log.path: log.kind for log in one.logs}),
                self.bundle.manifest,
                frozenset(shifting),
            )
            for one in self.state.servers
        }
        return Side(name, clones, judges)


def open_experiment(engine: Engine, name: str = "", own: Path | None = None) -> Experiment:
    """Open a sandbox for experiments.

    Args:
        engine: The engine that it runs on.
        name: The sandbox's name; may be empty where there is only one.
        own: A file with requests of the developer's own.

    Raises:
        SandboxMissing: There is no such sandbox.
        BundleInvalid: Its bundle is gone, damaged, or another one by now.
    """
    found = find_sandbox(engine, name)
    state = state_of(found)
    remove_left_clones(engine, found)  # of a command that was killed
    place = Path(state.bundle)
    try:
        digest = hashlib.sha256((place / MANIFEST).read_bytes()).hexdigest()
    except OSError:
        raise BundleInvalid(
            f"the bundle of the sandbox {state.name} is not at {place} any more.",
            hint="Put it back there: the requests that failed are in it.",
        ) from None
    if digest != state.manifest_sha256:
        raise BundleInvalid(
            f"the bundle at {place} is not the one that the sandbox {state.name} was made of.",
            hint=f"Make the sandbox anew: {state.anew}",
        )
    bundle = open_bundle(place)
    return Experiment(engine, state, bundle, read_captures(bundle), own)


def _as_here(capture: ServerCapture, release: str, kinds: Mapping[str, str]) -> ServerCapture:
    """Give a server as its logs are read here: empty as yet, its release where it lies here."""
    return replace(
        capture,
        facts={**capture.facts, "release.path": release},
        logs={path: CapturedLog.of(b"", kind) for path, kind in kinds.items()},
    )
