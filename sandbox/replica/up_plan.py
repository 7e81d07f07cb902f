"""Plan a sandbox: read what it will be made of, and change nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.bundle.manifest import MANIFEST
from sandbox.bundle.reader import Bundle, open_bundle
from sandbox.bundle.verify import check_digests
from sandbox.errors import BundleInvalid, UsageError
from sandbox.model import Progress
from sandbox.replica.base import BaseSource
from sandbox.replica.engine import Engine
from sandbox.replica.golden import server_image_for
from sandbox.replica.images import missing_images
from sandbox.replica.labels import RESERVED
from sandbox.replica.recipes import PlannedImage, Wanted, plan_images
from sandbox.replica.servers.captured import CapturedServer, read_servers
from sandbox.replica.servers.credentials import Filled, fill
from sandbox.replica.servers.settings_files import plan_server
from sandbox.replica.servers.web_server import DatabaseAccount, WebServer

DEVELOPER = "developer"
FIRST_PORT = 8081


@dataclass(frozen=True, slots=True)
class UpRequest:
    """A sandbox as it is asked for.

    Attributes:
        bundle: Folder of the bundle.
        name: Name of the sandbox.
        apps: Where code comes from, by server; under "" that of all others.
        replies: What the sink answers calls with, as JSON; empty for nothing.
        first_port: Port of the first server; the others follow.
        fixed_ports: Whether another process at one of them is an error.
        roles: ``[images]`` of the settings: role to version or image.
        source: Where base images come from.
        replace: Whether a sandbox of that name is removed first.
    """

    bundle: Path
    name: str
    apps: Mapping[str, str] = field(default_factory=dict)
    replies: bytes = b""
    first_port: int = FIRST_PORT
    fixed_ports: bool = False
    roles: Mapping[str, str] = field(default_factory=dict)
    source: BaseSource = field(default_factory=BaseSource)
    replace: bool = False


@dataclass(frozen=True, slots=True)
class UpPlan:
    """What a sandbox will be made of.

    Attributes:
        bundle: Its bundle.
        manifest_sha256: Digest of the manifest that was read.
        captured: The servers of production.
        servers: The servers of the replica.
        accounts: Accounts of the database.
        images: Every image that is needed, in an order that can be built.
        missing: References of those that are not there.
        differs: What could not be filled in as production has it, in words for people.
    """

    bundle: Bundle
    manifest_sha256: str
    captured: tuple[CapturedServer, ...]
    servers: tuple[WebServer, ...]
    accounts: tuple[DatabaseAccount, ...]
    images: tuple[PlannedImage, ...]
    missing: frozenset[str]
    differs: tuple[str, ...]

    def image(self, role: str, version: str = "") -> PlannedImage:
        """Give the planned image of a role."""
        return next(
            one
            for one in self.images
            if one.role == role and (not version or not one.built or one.version == version)
        )


@dataclass(frozen=True, slots=True)
class PlannedServers:
    """The servers of a bundle, as they are in production and as they will be here.

    Attributes:
        captured: As production has them.
        servers: As the replica will have them, in the same order.
        filled: What stands for production's secrets.
    """

    captured: tuple[CapturedServer, ...]
    servers: tuple[WebServer, ...]
    filled: Filled


def plan_servers(bundle: Bundle) -> PlannedServers:
    """Plan the web servers of a bundle; the same bundle always gives the same ones.

    Raises:
        BundleInvalid: A file is not what the manifest says, not of the format, or of a server that
            cannot be called so here.
    """
    captured = read_servers(bundle)
    if taken := sorted(RESERVED & {one.name.lower() for one in captured}):
        raise BundleInvalid(
            f"the bundle calls a server {taken[0]!r}, as a part of every sandbox is called.",
            hint="Export it again under another name: --server NAME=ARCHIVE",
        )
    filled = fill(bundle, captured)
    return PlannedServers(captured, tuple(plan_server(one, filled) for one in captured), filled)


def plan_up(engine: Engine, request: UpRequest, progress: Progress) -> UpPlan:
    """Read what a sandbox will be made of, and change nothing.

    Raises:
        BundleInvalid: The bundle is damaged.
        UsageError: Code was given for a server that was not captured, or none for one that was.
    """
    bundle = open_bundle(request.bundle)
    # Now, not at the end: another bundle may have taken the place of this one by then.
    digest = hashlib.sha256((request.bundle / MANIFEST).read_bytes()).hexdigest()
    check_digests(bundle, progress)
    planned = plan_servers(bundle)
    _check_apps(request.apps, planned.captured)
    developer = DatabaseAccount(DEVELOPER, _password_of(bundle), "")
    wanted = [
        Wanted("gateway"),
        Wanted("sink"),
        server_image_for(bundle.manifest.source),
        *(Wanted("php", version) for version in sorted({one.php for one in planned.servers})),
    ]
    images = plan_images(wanted, dict(request.roles))
    return UpPlan(
        bundle=bundle,
        manifest_sha256=digest,
        captured=planned.captured,
        servers=planned.servers,
        accounts=(*planned.filled.accounts, developer),
        images=images,
        missing=frozenset(one.reference for one in missing_images(engine, images)),
        differs=planned.filled.differs,
    )


def _password_of(bundle: Bundle) -> str:
    """Derive the developer's password, so that a golden database that is there fits again."""
    text = bundle.manifest.to_json()
    return hashlib.blake2b(text, person=b"sandbox-person", digest_size=8).hexdigest()


def _check_apps(apps: Mapping[str, str], captured: Sequence[CapturedServer]) -> None:
    names = [one.name for one in captured]
    unknown = sorted(set(apps) - {"", *names})
    if unknown:
        raise UsageError(
            f"the bundle has no server {', '.join(unknown)}.",
            hint=f"It has: {', '.join(names) or 'none'}.",
        )
    without = [one for one in names if one not in apps and "" not in apps]
    if without:
        raise UsageError(
            f"nothing says where the code of {', '.join(without)} is.",
            hint="Say so: --app FOLDER, or for one server: --app web2=FOLDER",
        )
