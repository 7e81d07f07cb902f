"""Give a sandbox its data back: another database on the golden image, an empty sink."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.errors import StackError
from sandbox.replica.clone import plan_of
from sandbox.replica.engine import Engine
from sandbox.replica.labels import INSIDE, object_name
from sandbox.replica.life import clear_sink
from sandbox.replica.locks import hold, sandbox_lock
from sandbox.replica.networks import find_sealed_network
from sandbox.replica.stack import renew_database
from sandbox.replica.state import SandboxState, find_sandbox, state_of


@dataclass(frozen=True, slots=True)
class Reset:
    """A sandbox whose data is as it was loaded.

    Attributes:
        state: The sandbox.
        seconds: From the order to the first answered query on the data.
        sink_cleared: Whether its sink is empty, too; not where that does not run.
    """

    state: SandboxState
    seconds: float
    sink_cleared: bool


def reset_sandbox(engine: Engine, name: str = "") -> Reset:
    """Throw a sandbox's database away and start another on the golden image; empty its sink.

    Files of its web servers, sessions among them, stay.

    Args:
        engine: The engine.
        name: The sandbox; the only one there is where empty.

    Raises:
        SandboxMissing: There is no such sandbox.
        StackBusy: Another command works on it.
        StackError: The new database does not start; a reset can be tried again.
    """
    found = find_sandbox(engine, name)
    busy = f"another command works on the sandbox {found.name}; nothing was changed."
    with hold(sandbox_lock(found.name), busy):
        # What it was when it was looked for may have changed until the lock was ours.
        state = state_of(find_sandbox(engine, found.name))
        try:
            seconds = _renew(engine, state)
        except StackError as error:
            again = f"Run again: sandbox reset --name {found.name}"
            error.hint = f"{error.hint} {again}".strip()
            raise
        try:
            clear_sink(state)
        except StackError:
            return Reset(state, seconds, sink_cleared=False)
        return Reset(state, seconds, sink_cleared=True)


def _renew(engine: Engine, state: SandboxState) -> float:
    network = find_sealed_network(engine, object_name(state.name, INSIDE))
    if network is None:
        raise StackError(
            f"the sealed network of the sandbox {state.name} is gone; nothing was changed.",
            hint=f"Make it anew: {state.anew}",
        )
    return renew_database(engine, plan_of(engine, state, ()), network)
