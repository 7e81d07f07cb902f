"""Where this machine gets its Debian packages, as apt itself says.

The name of a mirror is never written down by us: a company's own mirror keeps working, and a
machine without the internet needs no settings.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
from dataclasses import dataclass

from sandbox.replica.recipes import archives_of

_SECONDS = 20


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
    """Give the mirror that settings name; its security archive stands beside the main one."""
    main = address.rstrip("/")
    return Mirror(main=main, security=f"{main}-security")


def find_mirror() -> Mirror | None:
    """Ask apt for this machine's mirror; None where this is no Debian machine.

    apt's own answer is used instead of reading its files: it knows both formats of them, and
    every folder they may be in.
    """
    if shutil.which("apt-get") is None:
        return None
    release = _os_release()
    codename = release.get("VERSION_CODENAME", "")
    if release.get("ID") != "debian" or not codename:
        return None
    archives: dict[str, str] = {}
    targets = _run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages"]
    )
    for target in targets.splitlines():
        address, _, suite = target.partition(" ")
        archives.setdefault(suite, address.rstrip("/"))
    main = archives.get(codename)
    if main is None:
        return None
    security = archives.get(f"{codename}-security", f"{main}-security")
    return Mirror(main=main, security=security, apt_options=_needed_options())


def _needed_options() -> tuple[str, ...]:
    """Carry over that this machine accepts a mirror which was frozen in time."""
    answer = _run(["apt-config", "dump", "Acquire::Check-Valid-Until", "Acquire::Check-Date"])
    return tuple(line for line in answer.splitlines() if line.startswith("Acquire::Check-"))


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
