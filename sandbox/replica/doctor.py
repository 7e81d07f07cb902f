"""What `sandbox up` needs of the machine it runs on."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable
from pathlib import Path

from sandbox.errors import MirrorUnusable, StackError
from sandbox.model import Check, State
from sandbox.replica.engine import Engine, EngineFacts
from sandbox.replica.images import missing_images
from sandbox.replica.mirror import find_mirror, mirror_at
from sandbox.replica.recipes import SUITES, Wanted, plan_images

_OLDEST_API = (1, 41)
_INTERFACES = Path("/sys/class/net")
_ENOUGH_DISK = 10_000_000_000  # bytes: images of one stack, its golden database and two clones


def check_up(connect: Callable[[], Engine], *, mirror: str = "") -> tuple[Check, ...]:
    """Look at everything that a replica needs.

    Args:
        connect: Connects to the engine, or raises a `StackError` that says why not.
        mirror: Address of a package mirror, where the settings name one.
    """
    git = _check_git()
    try:
        engine = connect()
    except StackError as error:
        return (Check("Docker engine", "up", State.MISSING, error.message, error.hint), git)
    with engine:
        facts = engine.facts()
        return (
            _check_engine(facts),
            *check_bridge(facts),
            *_check_disk(facts),
            _check_bases(engine, mirror),
            git,
        )


def check_bridge(facts: EngineFacts) -> tuple[Check, ...]:
    """Look whether the default network's bridge is still there; builds have no network without it.

    Something else on the machine can delete it (a second engine does), and the engine goes on
    answering. Nothing can be said of an engine on another machine, or in a network of its own.
    """
    elsewhere = facts.rootless or facts.host_name != platform.node()
    if elsewhere or not facts.default_bridge:
        return ()
    if (_INTERFACES / facts.default_bridge).exists():
        return (Check("Docker network", "up", State.OK, f"bridge {facts.default_bridge}"),)
    found = f"the engine answers, but its bridge {facts.default_bridge} is gone"
    cure = "restart Docker, which makes it anew and stops its containers: systemctl restart docker"
    return (Check("Docker network", "up", State.MISSING, found, cure),)


def _check_engine(facts: EngineFacts) -> Check:
    found = f"{facts.version}, API {facts.api_version}, {facts.storage_driver}"
    api = tuple(int(part) for part in facts.api_version.split("."))
    if api < _OLDEST_API:
        return Check("Docker engine", "up", State.MISSING, found, "update Docker to 20.10 or newer")
    return Check("Docker engine", "up", State.OK, found)


def _check_disk(facts: EngineFacts) -> tuple[Check, ...]:
    """Look at the engine's disk; nothing can be said of an engine on another machine."""
    root = Path(facts.data_root)
    if not root.is_dir():
        return ()
    free = shutil.disk_usage(root).free
    found = f"{free / 1e9:.1f} GB free where Docker keeps its data"
    if free >= _ENOUGH_DISK:
        return (Check("disk", "up", State.OK, found),)
    cure = "free 10 GB: docker system df, docker image prune"
    return (Check("disk", "up", State.MISSING, found, cure),)


def _check_bases(engine: Engine, mirror: str) -> Check:
    """Look at how base images would be had. The registry is not asked: that could take long."""
    plan = plan_images(Wanted("base", suite) for suite in SUITES)
    missing = [image.suite for image in missing_images(engine, plan)]
    if not missing:
        return Check("base images", "up", State.OK, f"all {len(plan)} present")
    found = f"{len(plan) - len(missing)} of {len(plan)} present, missing: {', '.join(missing)}"
    try:
        known = mirror_at(mirror) if mirror else find_mirror()
    except MirrorUnusable as error:
        found = f"{found}; {error.message}"
        return Check("base images", "up", State.LACKS_COMFORT, found, error.hint)
    if known is not None and shutil.which("mmdebstrap"):
        return Check("base images", "up", State.OK, f"{found}; made from packages where needed")
    if known is not None:
        cure = "as root: apt-get install mmdebstrap (needed where no registry answers)"
    else:
        cure = 'a registry, or [images] mirror = "ADDRESS" in sandbox.toml and mmdebstrap'
    return Check("base images", "up", State.LACKS_COMFORT, found, cure)


def _check_git() -> Check:
    git = shutil.which("git")
    if git:
        return Check("git", "up", State.OK, git)
    cure = "install git (needed for --app web2=REF and patches)"
    return Check("git", "up", State.LACKS_COMFORT, "not found", cure)
