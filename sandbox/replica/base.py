"""A base image per Debian suite: pulled where a registry answers, bootstrapped where none does.

Both ways end in the same recipe (`docker/base`), which refuses a tree that is not whole. A base
image gets its name only after that, so a half-made one can never be built upon.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import BaseImageFailed, EngineDiskFull, ImageBuildFailed, ImageUnavailable
from sandbox.replica.engine import Engine
from sandbox.replica.mirror import Mirror, find_mirror, mirror_at
from sandbox.replica.recipes import PlannedImage

_OFFICIAL = "debian"
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_SMALLEST_WHOLE_TREE = 50_000_000  # bytes; the smallest of the suites has more than twice that
_BOOTSTRAP_SECONDS = 600


@dataclass(frozen=True, slots=True)
class BaseSource:
    """Where base images come from.

    Attributes:
        registry: ``auto`` to pull where a registry answers, ``never`` to bootstrap always.
        repository: Name of the Debian images in the registry, Docker's own where empty; tags
            are ``SUITE-slim``.
        mirror: Address of a package mirror, where the settings name one.
    """

    registry: str = "auto"
    repository: str = ""
    mirror: str = ""


def make_base(
    engine: Engine,
    image: PlannedImage,
    source: BaseSource,
    folder: Path,
    heard: Callable[[str], None],
) -> str:
    """Make the base image of a suite and give its id.

    Raises:
        BaseImageFailed: It can be neither pulled nor bootstrapped, or what came was not whole.
        EngineDiskFull: The disk ran full on the way.
    """
    chosen_mirror = mirror_at(source.mirror) if source.mirror else None
    bootstrapped = ""
    rootfs = _pulled(engine, image.suite, source, heard) if source.registry == "auto" else None
    if rootfs is None:
        chosen_mirror = chosen_mirror or find_mirror()
        if chosen_mirror is None:
            raise BaseImageFailed(
                f"the base image of {image.suite} cannot be had: no registry answers, "
                "and this is no Debian machine whose package mirror could be used.",
                hint="Make a registry reachable, or name a Debian package mirror: "
                '[images] mirror = "ADDRESS" in sandbox.toml',
            )
        rootfs = bootstrapped = _bootstrapped(engine, image.suite, chosen_mirror, heard)
    try:
        return engine.build(
            folder,
            tags=(image.reference, image.moving_reference),
            arguments={
                "ROOTFS": rootfs,
                "SUITE": image.suite,
                "SOURCES": _lines(chosen_mirror.sources(image.suite)) if chosen_mirror else "",
                "APT_OPTIONS": _lines(_apt_options(image.suite, chosen_mirror)),
            },
            heard=heard,
        )
    except ImageBuildFailed as failure:
        if bootstrapped:
            engine.remove_image(bootstrapped)
        raise BaseImageFailed(
            f"the base image of {image.suite} is half-made and was thrown away.",
            findings=failure.findings,
        ) from None


def _pulled(
    engine: Engine, suite: str, source: BaseSource, heard: Callable[[str], None]
) -> str | None:
    reference = f"{source.repository or _OFFICIAL}:{suite}-slim"
    heard(f"asking the registry for {reference}")
    try:
        return engine.pull(reference)
    except ImageUnavailable:
        heard("no registry answers: bootstrapping from this machine's package mirror")
        return None


def _bootstrapped(engine: Engine, suite: str, mirror: Mirror, heard: Callable[[str], None]) -> str:
    """Bootstrap a suite into a tarball and import it.

    The tarball is written whole before it is imported: `docker import` makes an image, and
    exits 0, out of whatever it got when a bootstrap broke off half-way.
    """
    if shutil.which("mmdebstrap") is None:
        raise BaseImageFailed(
            f"the base image of {suite} cannot be had: no registry answers, "
            "and mmdebstrap is not installed to make it from packages.",
            hint="Run as root: apt-get install mmdebstrap",
        )
    with tempfile.TemporaryDirectory(prefix="sandbox-base-") as folder:
        tarball = Path(folder) / f"{suite}.tar"
        heard(f"bootstrapping {suite}")
        log = _run_mmdebstrap(suite, mirror, tarball)
        size = tarball.stat().st_size if tarball.exists() else 0
        if size < _SMALLEST_WHOLE_TREE:
            raise BaseImageFailed(
                f"bootstrapping {suite} gave a tree of {size:,} bytes, which cannot be whole.",
                findings=log,
            )
        return engine.import_tree(tarball)


def _run_mmdebstrap(suite: str, mirror: Mirror, tarball: Path) -> tuple[str, ...]:
    command = ["mmdebstrap", "--variant=apt", "--quiet"]
    if _KEYRING.exists():
        command.append(f"--keyring={_KEYRING}")
    if mirror.main.startswith("https:"):
        command.append("--include=ca-certificates")
    command += [f"--aptopt={option.rstrip(';')}" for option in _apt_options(suite, mirror)]
    command += [f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("man", "locale", "doc")]
    command += ["--dpkgopt=path-include=/usr/share/doc/*/copyright"]
    command += [suite, str(tarball), *mirror.sources(suite)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_BOOTSTRAP_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise BaseImageFailed(
            f"bootstrapping {suite} took more than {_BOOTSTRAP_SECONDS} s."
        ) from None
    log = tuple(line for line in done.stderr.splitlines() if line.strip())[-12:]
    if done.returncode != 0:
        if any("no space left on device" in line.lower() for line in log):
            raise EngineDiskFull(
                f"bootstrapping {suite}: no space left on this machine's disk.",
                hint="Free space in the temporary folder (TMPDIR), then run again.",
            )
        raise BaseImageFailed(
            f"bootstrapping {suite} failed: mmdebstrap ended with {done.returncode}.", findings=log
        )
    return log


def _apt_options(suite: str, mirror: Mirror | None) -> tuple[str, ...]:
    options = mirror.apt_options if mirror else ()
    if suite == "sid" and not any("Check-Valid-Until" in option for option in options):
        # sid's signed index runs out within days wherever a mirror is a little behind.
        return (*options, 'Acquire::Check-Valid-Until "false";')
    return options


def _lines(lines: tuple[str, ...]) -> str:
    """Join lines for a build argument; the recipe turns the escapes back."""
    return "".join(f"{line}\\n" for line in lines)
