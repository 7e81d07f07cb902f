"""Remove sandboxes: containers, networks, and the images that nobody else uses.

Works on whatever is there, a sandbox that was never finished or has lost parts included. The
gateway goes last of the containers, as it knows what the sandbox was.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from docker.errors import NotFound

from sandbox.errors import SandboxMissing, StackBusy, UsageError
from sandbox.replica.clone import refuse_busy
from sandbox.replica.containers import Container, labelled_containers
from sandbox.replica.engine import Engine, translated
from sandbox.replica.labels import GATEWAY, PART, SANDBOX
from sandbox.replica.locks import hold, sandbox_lock
from sandbox.replica.owned_images import disown_image, image_owners, owned_images
from sandbox.replica.state import look_for

_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Belongings:
    """What is there of a sandbox, or was.

    Attributes:
        name: Its name.
        containers: Names of its containers, those of clones included.
        networks: Names of its networks.
        images: Names of the images that were made for it.
        shared: Those images that others use too, which stay.
    """

    name: str
    containers: tuple[str, ...]
    networks: tuple[str, ...]
    images: tuple[str, ...]
    shared: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing at all."""
        return not (self.containers or self.networks or self.images or self.shared)


@dataclass(frozen=True, slots=True)
class Removal:
    """What was removed.

    Attributes:
        removed: By sandbox.
        busy: Sandboxes that another command works on, which were left alone.
    """

    removed: tuple[Belongings, ...]
    busy: tuple[str, ...] = ()


def choose_belongings(
    engine: Engine, name: str = "", *, everything: bool = False
) -> tuple[Belongings, ...]:
    """Find what is to be removed: of one sandbox, of the only one there is, or of all.

    Raises:
        SandboxMissing: There is nothing of it.
        UsageError: Which one is not said and there are several, or both one and all are.
    """
    if name and everything:
        raise UsageError("--name and --all say different things.", hint="Leave one of them out.")
    if name:
        found = belongings_of(engine, name)
        if found.is_empty:
            raise SandboxMissing(f"there is nothing of a sandbox {name}.")
        return (found,)
    names = _names(engine)
    if everything:
        return tuple(belongings_of(engine, one) for one in names)
    if not names:
        raise SandboxMissing("there is no sandbox, nor anything left of one.")
    if len(names) > 1:
        listed = ", ".join(names)
        raise UsageError(
            "there are several sandboxes.", hint=f"Say which with --name, or --all: {listed}."
        )
    return (belongings_of(engine, names[0]),)


def belongings_of(engine: Engine, name: str) -> Belongings:
    """Find what is there of a sandbox."""
    containers = labelled_containers(engine, f"{SANDBOX}={name}")
    networks = [network for network, owner in _networks(engine) if owner == name]
    return Belongings(
        name,
        tuple(sorted(one.name for one in containers)),
        tuple(sorted(networks)),
        owned_images(engine, name),
    )


def remove_sandboxes(engine: Engine, names: Iterable[str]) -> Removal:
    """Remove sandboxes one after the other; leave those alone that another command works on.

    Raises:
        StackBusy: There is only one, and another command works on it.
        StackError: The engine refuses to remove something; what came before is gone.
    """
    removed: list[Belongings] = []
    busy: list[StackBusy] = []
    busy_names: list[str] = []
    for name in names:
        try:
            removed.append(remove_sandbox(engine, name))
        except StackBusy as error:
            busy.append(error)
            busy_names.append(name)
    if busy and not removed and len(busy) == 1:
        raise busy[0]
    return Removal(tuple(removed), tuple(busy_names))


def remove_sandbox(engine: Engine, name: str) -> Belongings:
    """Remove all that is there of a sandbox, and give what that was.

    Raises:
        StackBusy: Another command works on it, or on clones of it.
        StackError: The engine refuses to remove something; run again.
    """
    with hold(
        sandbox_lock(name), f"another command works on the sandbox {name}; nothing was removed."
    ):
        found = look_for(engine, name)
        if found is not None:
            refuse_busy(found)
        label = f"{SANDBOX}={name}"
        containers = labelled_containers(engine, label)
        gateways = [one for one in containers if one.labels.get(PART) == GATEWAY]
        others = [one for one in containers if one.labels.get(PART) != GATEWAY]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(Container.remove, others))
            list(pool.map(Container.remove, gateways))
        networks = _remove_networks(engine, label)
        images = {image: disown_image(engine, image) for image in owned_images(engine, name)}
    return Belongings(
        name,
        tuple(sorted(one.name for one in containers)),
        networks,
        tuple(image for image, gone in images.items() if gone),
        tuple(image for image, gone in images.items() if not gone),
    )


def _remove_networks(engine: Engine, label: str) -> tuple[str, ...]:
    with translated(f"looking for networks labelled {label}"):
        networks = engine.client.networks.list(filters={"label": label})
    for network in networks:
        with translated(f"removing the network {network.name}"):
            try:
                network.remove()
            except NotFound:
                continue
    return tuple(sorted(str(network.name) for network in networks))


def _networks(engine: Engine) -> list[tuple[str, str]]:
    """Give name and sandbox of every network that belongs to one."""
    with translated("looking for networks of sandboxes"):
        found = engine.client.networks.list(filters={"label": SANDBOX})
    return [(str(one.name), str(one.attrs["Labels"][SANDBOX])) for one in found]


def _names(engine: Engine) -> list[str]:
    """Name every sandbox of which there is anything, be it only an image."""
    containers = {one.labels[SANDBOX] for one in labelled_containers(engine, SANDBOX)}
    networks = {owner for _, owner in _networks(engine)}
    return sorted(containers | networks | image_owners(engine))
