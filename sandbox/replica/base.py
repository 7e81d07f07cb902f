"""A base image per Debian suite: pulled where a registry answers, bootstrapped where none does.

Both ways end in the same recipe (`docker/base`), which refuses a tree that is not whole. A base
image gets its name only after that, so a half-made one can never be built upon.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import (
    BaseImageFailed,
    EngineDiskFull,
    ImageBuildFailed,
    ImageUnavailable,
    MirrorUnusable,
)
from sandbox.replica.engine import Engine
from sandbox.replica.mirror import (
    Mirror,
    find_mirror,
    mirror_at,
    needed_options,
    options_in_containers,
)
from sandbox.replica.recipes import PlannedImage, archives_of

_OFFICIAL = "debian"
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_SMALLEST_WHOLE_TREE = 50_000_000  # bytes; the smallest of the suites has more than twice that
_BOOTSTRAP_SECONDS = 600
_LOOK_SECONDS = 0.2


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


def make_base(  # noqa: PLR0913 - what a base is made of, named one by one
    engine: Engine,
    image: PlannedImage,
    source: BaseSource,
    folder: Path,
    heard: Callable[[str], None],
    *,
    fresh: bool = False,
) -> str:
    """Make the base image of a suite and give its id.

    Args:
        engine: Where to make it.
        image: The base image as planned.
        source: Where its tree comes from.
        folder: The recipe's folder.
        heard: Called with whatever is done; what it raises ends the making.
        fresh: Take no step from the engine's cache.

    Raises:
        BaseImageFailed: It can be neither pulled nor bootstrapped, or what came was not whole.
        MirrorUnusable: It has to be bootstrapped, and this machine's mirror cannot be used.
        EngineDiskFull: The disk ran full on the way.
    """
    mirror = mirror_at(source.mirror) if source.mirror else None
    bootstrapped = ""
    rootfs = _pulled(engine, image.suite, source, heard) if source.registry == "auto" else None
    if rootfs is None:
        mirror = mirror or find_mirror()
        if mirror is None:
            raise BaseImageFailed(
                f"the base image of {image.suite} cannot be had: no registry answers, "
                "and this is no Debian machine whose package mirror could be used.",
                hint="Make a registry reachable, or name a Debian package mirror: "
                '[images] mirror = "ADDRESS" in sandbox.toml',
            )
        rootfs = bootstrapped = _bootstrapped(engine, image.suite, mirror, heard)
    try:
        return engine.build(
            folder,
            tags=(image.reference, image.moving_reference),
            arguments=_arguments(image.suite, rootfs, mirror),
            heard=heard,
            fresh=fresh,
        )
    except BaseException as failure:
        # Whatever ended it, an interruption too: a tree without a name is of no use to anybody.
        if bootstrapped:
            engine.remove_image(bootstrapped)
        if not isinstance(failure, ImageBuildFailed):
            raise
        raise BaseImageFailed(
            f"the base image of {image.suite} is half-made and was thrown away.",
            findings=failure.findings,
        ) from None


def _arguments(suite: str, rootfs: str, mirror: Mirror | None) -> dict[str, str]:
    """Give what the recipe is built with."""
    if mirror is not None:
        options = mirror.apt_options
    else:
        # A pulled tree has sources of its own; this machine's proxy may be the way to them.
        try:
            options = needed_options()
        except MirrorUnusable:
            options = ()
    options = options_in_containers(_for_suite(suite, options))
    return {
        "ROOTFS": rootfs,
        "SUITE": suite,
        "SOURCES": _lines(mirror.sources(suite)) if mirror else "",
        "LEFT_OUT": "" if "-security" in archives_of(suite) else f"{suite}-security",
        "APT_OPTIONS": _lines(options),
    }


def _pulled(
    engine: Engine, suite: str, source: BaseSource, heard: Callable[[str], None]
) -> str | None:
    reference = f"{source.repository or _OFFICIAL}:{suite}-slim"
    heard(f"asking the registry for {reference}")
    try:
        return engine.pull(reference, heard)
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
        log = _run_mmdebstrap(suite, mirror, tarball, heard)
        size = tarball.stat().st_size if tarball.exists() else 0
        if size < _SMALLEST_WHOLE_TREE:
            raise BaseImageFailed(
                f"bootstrapping {suite} gave a tree of {size:,} bytes, which cannot be whole.",
                findings=log,
            )
        return engine.import_tree(tarball)


def _run_mmdebstrap(
    suite: str, mirror: Mirror, tarball: Path, heard: Callable[[str], None]
) -> tuple[str, ...]:
    command = ["mmdebstrap", "--variant=apt", "--quiet"]
    if _KEYRING.exists():
        command.append(f"--keyring={_KEYRING}")
    if mirror.main.startswith("https:"):
        command.append("--include=ca-certificates")
    options = _for_suite(suite, mirror.apt_options)
    command += [f"--aptopt={option.rstrip(';')}" for option in options]
    command += [f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("man", "locale", "doc")]
    command += ["--dpkgopt=path-include=/usr/share/doc/*/copyright"]
    command += [suite, str(tarball), *mirror.sources(suite)]
    ended, said = _run(command, doing=f"bootstrapping {suite}", heard=heard)
    log = tuple(line for line in said.splitlines() if line.strip())[-12:]
    if ended != 0:
        if any("no space left on device" in line.lower() for line in log):
            raise EngineDiskFull(
                f"bootstrapping {suite}: no space left on this machine's disk.",
                hint="Free space in the temporary folder (TMPDIR), then run again.",
            )
        raise BaseImageFailed(
            f"bootstrapping {suite} failed: mmdebstrap ended with {ended}.", findings=log
        )
    return log


def _run(command: list[str], *, doing: str, heard: Callable[[str], None]) -> tuple[int, str]:
    """Run a long command, asking every now and then whether to go on; give its end and errors."""
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors) as process,
    ):
        try:
            ended = _wait(process, doing, heard)
        except BaseException:
            process.terminate()  # mmdebstrap then unmounts and removes what it made
            raise
        errors.seek(0)
        return ended, errors.read().decode("utf-8", "replace")


def _wait(process: subprocess.Popen[bytes], doing: str, heard: Callable[[str], None]) -> int:
    deadline = time.monotonic() + _BOOTSTRAP_SECONDS
    while time.monotonic() < deadline:
        try:
            return process.wait(timeout=_LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            heard(doing)
    raise BaseImageFailed(f"{doing} took more than {_BOOTSTRAP_SECONDS} s.")


def _for_suite(suite: str, options: tuple[str, ...]) -> tuple[str, ...]:
    if suite == "sid" and not any("Check-Valid-Until" in option for option in options):
        # sid's signed index runs out within days wherever a mirror is a little behind.
        return (*options, 'Acquire::Check-Valid-Until "false";')
    return options


def _lines(lines: tuple[str, ...]) -> str:
    """Join lines for a build argument; the recipe turns the escapes back."""
    return "".join(f"{line}\\n" for line in lines)
