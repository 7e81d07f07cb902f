"""Throw-away clones of a sandbox: what experiments are made on, so that nothing else is written to.

A clone has its own sealed network, sink and database, and no way in: a request is sent from inside
its web server, which also gives what that server logged meanwhile.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from sandbox.errors import StackBusy, StackError
from sandbox.replica.engine import Engine
from sandbox.replica.exchange import Ask, Heard
from sandbox.replica.golden import read_golden
from sandbox.replica.kept import fetched_servers
from sandbox.replica.labels import CLONE
from sandbox.replica.locks import hold, is_held
from sandbox.replica.servers.code import Code
from sandbox.replica.stack import (
    RunningServer,
    Stack,
    StackPlan,
    remove_parts,
    renew_database,
    start_stack,
)
from sandbox.replica.state import Found, SandboxState
from sandbox.replica.talker import Talker


@dataclass(frozen=True, slots=True)
class SandboxClone:
    """A running clone; implements `sandbox.replica.exchange.Clone`."""

    engine: Engine
    stack: Stack
    talkers: Mapping[str, Talker]

    @property
    def servers(self) -> tuple[str, ...]:
        """Names of its web servers."""
        return tuple(self.talkers)

    def ask(self, server: str, request: Ask) -> Heard:
        """Send a request to a server, wait for the answer, and read what was logged of it.

        Raises:
            StackError: The server could not be asked at all.
        """
        return self.talkers[server].ask(request)

    def renew_database(self) -> None:
        """Put the golden database in the place of the one that was written to.

        Raises:
            StackError: It does not start.
        """
        renew_database(self.engine, self.stack.plan, self.stack.network)


@contextmanager
def open_clone(
    engine: Engine,
    state: SandboxState,
    *,
    servers: Sequence[str] = (),
    code: Mapping[str, Code] | None = None,
) -> Iterator[SandboxClone]:
    """Run a clone of a sandbox for the block; nothing is left of it.

    Args:
        engine: The engine that the sandbox runs on.
        state: The sandbox.
        servers: Which of its servers; all where none is named.
        code: Other code than the sandbox's own, by server.

    Raises:
        StackError: It does not start.
    """
    chosen = tuple(one for one in state.servers if not servers or one.name in servers)
    clone = secrets.token_hex(3)
    with hold(_lock_of(clone), "another clone has the same name: run again"):
        try:
            with fetched_servers(engine, chosen, state.name) as own:
                running = [
                    dataclasses.replace(one, code=code[one.name].archive)
                    if code and one.name in code
                    else one
                    for one in own
                ]
                plan = plan_of(engine, state, running)
                stack = start_stack(engine, dataclasses.replace(plan, clone=clone))
            with ExitStack() as talking:
                talkers = {one.name: Talker(engine, stack.servers[one.name], one) for one in chosen}
                for talker in talkers.values():
                    talking.callback(talker.close)
                yield SandboxClone(engine, stack, talkers)
        except BaseException:
            # That this fails, too, must not hide what went wrong; the next command tries again.
            with suppress(StackError):
                _remove(engine, state, clone)
            raise
        _remove(engine, state, clone)


def _remove(engine: Engine, state: SandboxState, clone: str) -> None:
    remove_parts(engine, state.name, lambda labels: labels.get(CLONE) == clone)


def plan_of(engine: Engine, state: SandboxState, servers: Sequence[RunningServer]) -> StackPlan:
    """Give what a sandbox's own stack is made of, with some servers.

    Raises:
        StackError: Its golden database is gone.
    """
    golden = read_golden(engine, state.database.image)
    if golden is None:
        raise StackError(
            f"the golden database of {state.name} is gone from the engine.",
            hint=f"Make it anew: {state.anew}",
        )
    return StackPlan(
        sandbox=state.name,
        golden=golden,
        servers=tuple(servers),
        sink_image=state.sink_image,
        replies=state.replies.encode(),
    )


def remove_left_clones(engine: Engine, found: Found) -> int:
    """Remove the clones of a sandbox whose command has ended without doing so; give how many."""
    left = {clone for clone in found.clones if not is_held(_lock_of(clone))}
    if left:
        remove_parts(engine, found.name, lambda labels: labels.get(CLONE) in left)
    return len(left)


def refuse_busy(found: Found) -> None:
    """Refuse to act on a sandbox while experiments run on clones of it.

    Raises:
        StackBusy: One does.
    """
    if any(is_held(_lock_of(clone)) for clone in found.clones):
        raise StackBusy(f"a reproduce or try runs on clones of the sandbox {found.name}.")


def _lock_of(clone: str) -> str:
    return f"clone {clone}"
