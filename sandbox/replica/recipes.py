"""Which images there are, what each stands on, and what they are called. Pure: asks no engine.

An image's name carries a digest of everything it is made from, so that "is it there?" is a look
at a name: a changed recipe has a new name, and an unchanged one is never built twice.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import UsageError
from sandbox.packaged import ARCHIVES, PACKAGED, is_reference

PREFIX = "prod-sandbox"
SUITES = tuple(ARCHIVES)
_DIGEST_LENGTH = 12

_DEFAULT_VERSION = {"mariadb": "10.11", "php": "8.2", "zf1": "debian"}
_DOCKERFILES = {("zf1", "composer"): "Dockerfile.composer"}
_NEEDS_ZF1 = ("php",)

ROLES = tuple(PACKAGED)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An image somebody asks for: a role, and its version where the role has several."""

    role: str
    version: str = ""

    def __str__(self) -> str:
        return f"{self.role} {self.version}".rstrip()


@dataclass(frozen=True, slots=True)
class PlannedImage:
    """An image as it will be had.

    Attributes:
        role: What it is for.
        version: Version of what it holds; the reference itself for an image named in settings.
        reference: Name it has, or gets, in the engine.
        suite: Debian suite it is built on; empty for an image named in settings.
        dockerfile: The recipe's file; empty for an image named in settings.
        needs: References of the images it is built from, by build argument.
    """

    role: str
    version: str
    reference: str
    suite: str = ""
    dockerfile: str = ""
    needs: tuple[tuple[str, str], ...] = ()

    @property
    def built(self) -> bool:
        """Whether we build it, rather than pull it as named."""
        return bool(self.dockerfile)

    @property
    def moving_reference(self) -> str:
        """Give the short name that always means the newest build, for people."""
        return f"{PREFIX}/{self.role}:{self.version}"

    def __str__(self) -> str:
        return f"{self.role} {self.version}".rstrip()


def recipes_folder() -> Path:
    """Find the recipes: beside the package in a checkout, inside it once installed."""
    package = Path(__file__).resolve().parent.parent
    checkout = package.parent / "docker"
    return checkout if (checkout / "base" / "Dockerfile").is_file() else package / "shipped/docker"


def archives_of(suite: str) -> tuple[str, ...]:
    """Give the parts of a suite to install from, as endings of its name."""
    return ARCHIVES[suite]


def versions_of(role: str) -> tuple[str, ...]:
    """Give the versions of a role that Debian packages, oldest first."""
    return tuple(PACKAGED[role])


def default_version(role: str) -> str:
    """Give the version used where nothing says which."""
    return _DEFAULT_VERSION.get(role, versions_of(role)[0])


def everything() -> tuple[Wanted, ...]:
    """Ask for every image that can be built from packages alone."""
    return tuple(
        Wanted(role, version)
        for role, versions in PACKAGED.items()
        for version in versions
        if (role, version) != ("zf1", "composer")
    )


def plan_images(
    wanted: Iterable[Wanted], named: Mapping[str, str] | None = None
) -> tuple[PlannedImage, ...]:
    """Plan the wanted images and all they stand on, each once, in an order that can be built.

    Args:
        wanted: What is asked for. An empty version means the default one.
        named: ``[images]`` of the settings, role to image reference or to version.

    Raises:
        UsageError: A role or version that nothing packages.
    """
    planned: dict[str, PlannedImage] = {}
    for one in wanted:
        _plan(one, dict(named or {}), planned)
    return tuple(planned.values())


def _plan(one: Wanted, named: Mapping[str, str], planned: dict[str, PlannedImage]) -> PlannedImage:
    if one.role not in PACKAGED:
        raise UsageError(f"there is no image role {one.role!r}.", hint=_one_of(ROLES))
    choice = named.get(one.role, "")
    if one.role != "base" and is_reference(choice):
        image = PlannedImage(one.role, choice, choice)
        return planned.setdefault(image.reference, image)
    chosen = choice if one.role != "base" else ""
    version = one.version or chosen or default_version(one.role)
    if version not in PACKAGED[one.role]:
        shown = version if re.fullmatch(r"[\w.-]{1,40}", version) else "of such a version"
        raise UsageError(
            f"no package holds {one.role} {shown}.",
            hint=f"{_one_of(versions_of(one.role))} "
            f"Where a registry answers, name an image instead: "
            f'[images] {one.role} = "NAME:TAG" in sandbox.toml',
        )
    suite = PACKAGED[one.role][version]
    needs: dict[str, str] = {}
    if one.role != "base":
        needs["BASE"] = _plan(Wanted("base", suite), named, planned).reference
    if one.role in _NEEDS_ZF1:
        needs["ZF1"] = _plan(Wanted("zf1"), named, planned).reference
    dockerfile = _DOCKERFILES.get((one.role, version), "Dockerfile")
    made_from = (dockerfile, version, *archives_of(suite), *sorted(needs.values()))
    digest = _recipe_digest(recipes_folder() / one.role, made_from)
    image = PlannedImage(
        role=one.role,
        version=version,
        reference=f"{PREFIX}/{one.role}:{version}-{digest}",
        suite=suite,
        dockerfile=dockerfile,
        needs=tuple(needs.items()),
    )
    return planned.setdefault(image.reference, image)


def recipe_files(folder: Path) -> tuple[Path, ...]:
    """Give the files of a recipe in a fixed order, without what Python left beside them."""
    return tuple(
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    )


def _recipe_digest(folder: Path, made_from: Iterable[str]) -> str:
    digest = hashlib.sha256("\0".join(made_from).encode())
    for file in recipe_files(folder):
        digest.update(f"\0{file.relative_to(folder)}\0{file.stat().st_mode & 0o100}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:_DIGEST_LENGTH]


def _one_of(names: Iterable[str]) -> str:
    return f"Choose one of: {', '.join(names)}."
