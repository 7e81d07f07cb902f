"""What everything of a sandbox is labelled with, and what its parts are called.

A sandbox is found by labels and by nothing else. Its containers are called ``sandbox-NAME.PART``,
those of a throw-away clone ``sandbox-NAME.CLONE.PART``: neither a sandbox's name nor a server's can
hold a dot, so that no two can collide and people can read `docker ps`.
"""

from __future__ import annotations

import re

from sandbox.errors import UsageError

SANDBOX = "prod-sandbox.sandbox"
PART = "prod-sandbox.part"
SERVER = "prod-sandbox.server"
CLONE = "prod-sandbox.clone"
PREFIX = "sandbox"  # of every container, network and image tag that belongs to a sandbox
DATABASE, SINK, GATEWAY, WEB = "database", "sink", "gateway", "web"
INSIDE, EDGE = "inside", "edge"  # its networks
# What no server can be called: a sandbox has a part of that name.
RESERVED = frozenset({DATABASE, SINK, GATEWAY, WEB, INSIDE, EDGE})

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


def check_name(name: str) -> str:
    """Give the name back if it can be a sandbox's.

    Raises:
        UsageError: It cannot.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            "a sandbox's name is made of small letters, digits and -, at most 40 of them.",
            hint="For example: --name shop",
        )
    return name


def name_for(folder: str) -> str:
    """Make a sandbox's name of a bundle's folder name.

    >>> name_for("Shop_2026.bundle"), name_for("--.bundle")
    ('shop-2026', 'sandbox')
    """
    stem = folder.lower().removesuffix(".bundle")
    made = re.sub(r"[^a-z0-9]+", "-", stem).strip("-")[:40].strip("-")
    return made or PREFIX


def labels_of(sandbox: str, part: str, *, server: str = "", clone: str = "") -> dict[str, str]:
    """Give the labels of a part of a sandbox, or of a clone of it."""
    labels = {SANDBOX: sandbox, PART: part}
    if server:
        labels[SERVER] = server
    if clone:
        labels[CLONE] = clone
    return labels


def object_name(sandbox: str, part: str, clone: str = "") -> str:
    """Give the name of a container or network of a sandbox, or of a clone of it.

    >>> object_name("shop", "web1"), object_name("shop", "web1", "c3f9a1")
    ('sandbox-shop.web1', 'sandbox-shop.c3f9a1.web1')
    """
    return ".".join(one for one in (f"{PREFIX}-{sandbox}", clone, part) if one)
