"""Where this machine gets its Debian packages, as apt itself says.

The name of a mirror is never written down by us: a company's own mirror keeps working, and a
machine without the internet needs no settings.
"""

from __future__ import annotations

import ipaddress
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sandbox.errors import MirrorUnusable
from sandbox.replica.recipes import archives_of

_SECONDS = 20
_TARGET = "$(ORIGIN)\t$(CODENAME)\t$(REPO_URI)"
_NAME_ONE = 'Name one in sandbox.toml: [images] mirror = "ADDRESS"'
_CARRIED = ("Acquire::Check-Valid-Until", "Acquire::Check-Date")
_PROXIES = ("Acquire::http::Proxy", "Acquire::https::Proxy")


@dataclass(frozen=True, slots=True)
class Mirror:
    """A Debian package mirror.

    Attributes:
        main: Address of the main archive.
        security: Address of the security archive.
        apt_options: apt settings without which this machine could not use the mirror.
    """

    main: str
    security: str
    apt_options: tuple[str, ...] = ()

    def sources(self, suite: str) -> tuple[str, ...]:
        """Give the sources.list lines of a suite."""
        return tuple(
            f"deb {self.security if part == '-security' else self.main} {suite}{part} main"
            for part in archives_of(suite)
        )


def mirror_at(address: str) -> Mirror:
    """Give the mirror that settings name; its security archive stands beside the main one.

    Raises:
        MirrorUnusable: This machine's way to it is through a proxy that asks for a password.
    """
    main = address.rstrip("/")
    return Mirror(main=main, security=f"{main}-security", apt_options=needed_options())


def find_mirror() -> Mirror | None:
    """Ask apt for this machine's mirror; None where this is no Debian machine.

    apt's own answer is used instead of reading its files: it knows both formats of them, and
    every folder they may be in. A vendor's repository may have a suite of the same name; only
    one whose index says that it comes from Debian counts.

    Raises:
        MirrorUnusable: It is a Debian machine, but no image could be built from its sources.
    """
    if shutil.which("apt-get") is None:
        return None
    release = _os_release()
    codename = release.get("VERSION_CODENAME", "")
    if release.get("ID") != "debian" or not codename:
        return None
    archives = _debian_archives()
    main = archives.get(codename)
    if main is None:
        raise MirrorUnusable(
            f"apt on this machine knows no Debian archive of {codename}.",
            hint=f"Add one to its sources and run apt-get update. {_NAME_ONE}",
        )
    main = _usable(main)
    security = archives.get(f"{codename}-security")
    return Mirror(
        main=main,
        security=_usable(security) if security else f"{main}-security",
        apt_options=needed_options(),
    )


def _debian_archives() -> dict[str, str]:
    """Give the address of each suite that comes from Debian, by its code name."""
    targets = _run(["apt-get", "indextargets", "--format", _TARGET, "Created-By: Packages"])
    if not targets.strip():
        raise MirrorUnusable(
            "apt on this machine has no package lists, so it cannot tell its mirror.",
            hint="Run as root: apt-get update",
        )
    archives: dict[str, str] = {}
    for target in targets.splitlines():
        origin, codename, address = (*target.split("\t"), "", "")[:3]
        if origin == "Debian":
            archives.setdefault(codename, address.rstrip("/"))
    return archives


def _usable(address: str) -> str:
    """Give an address that a container can use, or say why this one cannot be.

    Addresses end up in process lists and in the history of images, so one with credentials is
    refused, and no message repeats any.
    """
    if address.startswith("mirror+file:"):
        address = _first_address(Path(address.removeprefix("mirror+file:")))
    scheme = urlsplit(address).scheme
    if scheme not in {"http", "https"}:
        raise MirrorUnusable(
            f"apt on this machine gets its packages over {scheme or 'an unknown way'}:, "
            "which the build of an image cannot use.",
            hint=_NAME_ONE,
        )
    if _has_credentials(address):
        raise MirrorUnusable(
            "the package mirror in apt's sources has a user and password in its address, "
            "which would be seen in process lists and in every image.",
            hint="Use a mirror that asks for none. " + _NAME_ONE,
        )
    return address


def _first_address(file: Path) -> str:
    """Read the first mirror of a list as apt's mirror method does: one each line, then fields."""
    try:
        lines = file.read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    for line in lines:
        if line.strip() and not line.lstrip().startswith("#"):
            return line.split()[0].rstrip("/")
    raise MirrorUnusable(f"apt's list of mirrors, {file}, names none.", hint=_NAME_ONE)


def needed_options() -> tuple[str, ...]:
    """Carry over apt's way to any mirror, and that a mirror may be one which was frozen in time.

    Raises:
        MirrorUnusable: The way is through a proxy that asks for a password.
    """
    answer = _run(["apt-config", "dump", *_CARRIED, *_PROXIES])
    lines = tuple(line for line in answer.splitlines() if line.startswith((*_CARRIED, *_PROXIES)))
    if any(_has_credentials(line) for line in lines):
        raise MirrorUnusable(
            "apt's proxy on this machine has a user and password in its address, "
            "which would be seen in process lists and in every image.",
            hint="Use a proxy that asks for none, or a mirror that needs no proxy. " + _NAME_ONE,
        )
    # A script that finds a proxy is on this machine only, and an empty value says nothing.
    return tuple(line for line in lines if "-Auto-Detect" not in line and '""' not in line)


def options_in_containers(options: tuple[str, ...]) -> tuple[str, ...]:
    """Give the options that hold in a container too, whose loopback is not this machine's."""
    return tuple(option for option in options if not _leads_to_loopback(option))


def _has_credentials(text: str) -> bool:
    return re.search(r"//[^/\s\"]*@", text) is not None


def _leads_to_loopback(option: str) -> bool:
    found = re.search(r'"(\w+://[^"]*)"', option)
    host = urlsplit(found[1]).hostname if found else None
    if host is None:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _os_release() -> dict[str, str]:
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
