"""The Docker engine, and the one edge where its errors become ours.

Takes the address of an engine, gives an `Engine`; every call on it either does what it says or
raises a `StackError` that names what failed. Nothing outside this module sees a Docker exception.
"""

from __future__ import annotations

import io
import os
import re
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

import docker
from sandbox.errors import (
    EngineDiskFull,
    EnginePermissionDenied,
    EngineUnreachable,
    ImageBuildFailed,
    ImageUnavailable,
    PortTaken,
    StackError,
)

# What the SDK lets through of the libraries below it when an engine does not answer, or goes away.
_NO_ANSWER = (DockerException, RequestException, HTTPError, OSError)
_LAST_LINES = 12
_TAKEN_PORT = re.compile(r"(\d+\.\d+\.\d+\.\d+:\d+).*(?:already allocated|already in use)")


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """What an engine says of itself."""

    version: str
    api_version: str
    storage_driver: str
    data_root: str
    architecture: str


class Engine:
    """A Docker engine that answers. Made by `connect_engine`."""

    def __init__(self, client: docker.DockerClient) -> None:
        self._client = client

    @property
    def client(self) -> docker.DockerClient:
        """The SDK's client, for callers that wrap their calls in `translated`."""
        return self._client

    def close(self) -> None:
        """Let go of the engine's socket."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def facts(self) -> EngineFacts:
        """Ask the engine for its version and where it keeps its data."""
        with translated("asking the Docker engine for its facts"):
            version, info = self._client.version(), self._client.info()
        return EngineFacts(
            version=version["Version"],
            api_version=version["ApiVersion"],
            storage_driver=info["Driver"],
            data_root=info["DockerRootDir"],
            architecture=version["Arch"],
        )

    def image_id(self, reference: str) -> str | None:
        """Give the id of a local image, or None where there is none of that name."""
        with translated(f"looking for the image {reference}"):
            try:
                return str(self._client.images.get(reference).id)
            except ImageNotFound:
                return None

    def pull(self, reference: str) -> str:
        """Pull an image and give its id.

        Raises:
            ImageUnavailable: No registry answers, or it has no such image.
        """
        with translated(f"pulling {reference}"):
            try:
                # Without a tag the SDK would fetch every tag of the repository.
                tagged = reference if re.search(r"[:@][^/]+$", reference) else f"{reference}:latest"
                return str(self._client.images.pull(tagged).id)
            except (NotFound, APIError) as error:
                if _is_disk_full(str(error)):
                    raise
                raise ImageUnavailable(
                    f"{reference} cannot be pulled: {_explanation(error)}"
                ) from None

    def tag(self, image: str, reference: str) -> None:
        """Give a local image one more name."""
        repository, _, tag = reference.rpartition(":")
        with translated(f"naming {reference}"):
            self._client.images.get(image).tag(repository, tag)

    def remove_image(self, image: str) -> None:
        """Remove an image if it is there, with the unnamed steps that a build made of it."""
        with translated(f"removing the image {image}"):
            made_of_it = [
                one["Id"]
                for one in self._client.api.images(all=True)
                if one["ParentId"] == image and set(one["RepoTags"] or ()) <= {"<none>:<none>"}
            ]
        for step in made_of_it:
            self.remove_image(step)
        with translated(f"removing the image {image}"):
            try:
                self._client.images.remove(image, force=True)
            except ImageNotFound:
                return

    def import_tree(self, tarball: Path) -> str:
        """Make an untagged image of a root file system and give its id."""
        with translated("importing a bootstrapped root file system"):
            answer = self._client.api.import_image_from_file(str(tarball))
        found = re.search(r"sha256:[0-9a-f]{64}", str(answer))
        if found is None:
            raise StackError("importing a bootstrapped root file system gave no image")
        return found.group()

    def build(
        self,
        context: Path,
        *,
        tags: tuple[str, ...],
        arguments: Mapping[str, str],
        dockerfile: str = "Dockerfile",
        heard: Callable[[str], None] = lambda _line: None,
    ) -> str:
        """Build an image from a recipe folder, then tag it; nothing is tagged on failure.

        Args:
            context: The recipe's folder.
            tags: Names the finished image gets.
            arguments: Values of the recipe's ARGs.
            dockerfile: The recipe's file in the folder.
            heard: Called with each line that the build prints.

        Raises:
            ImageBuildFailed: A step of the recipe failed; carries the last lines of its output.
            EngineDiskFull: The engine's disk ran full.
        """
        lines: list[str] = []
        image = ""
        with translated(f"building {tags[0]}"):
            for event in self._client.api.build(
                fileobj=_packed(context),
                custom_context=True,
                dockerfile=dockerfile,
                buildargs=dict(arguments),
                rm=True,
                forcerm=True,
                decode=True,
            ):
                for line in str(event.get("stream", "")).splitlines():
                    if line.strip():
                        lines.append(line)
                        heard(line)
                if "error" in event:
                    raise _build_failure(tags[0], str(event["error"]), lines)
                image = str(event.get("aux", {}).get("ID", image))
        if not image:
            raise ImageBuildFailed(f"building {tags[0]} gave no image", findings=_tail(lines))
        for tag in tags:
            self.tag(image, tag)
        return image


def connect_engine(host: str | None = None, timeout: float = 60.0) -> Engine:
    """Connect to the engine that `host` names, or DOCKER_HOST, or the local socket.

    Args:
        host: Address such as ``unix:///var/run/docker.sock``.
        timeout: Seconds after which one call of the API is given up.

    Raises:
        EngineUnreachable: No engine answers there.
        EnginePermissionDenied: One is there, but this user may not talk to it.
    """
    address = host or os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    try:
        environment = {**os.environ, "DOCKER_HOST": address}
        client = docker.from_env(environment=environment, timeout=int(timeout))
        client.ping()
    except _NO_ANSWER as error:
        if any(isinstance(cause, PermissionError) for cause in _causes(error)):
            raise EnginePermissionDenied(
                f"this user may not talk to the Docker engine at {address}."
            ) from None
        raise EngineUnreachable(f"no Docker engine answers at {address}.") from None
    return Engine(client)


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn what Docker raises inside the block into one of our errors, saying what was `doing`."""
    try:
        yield
    except APIError as error:
        raise _translation(doing, _explanation(error)) from None
    except _NO_ANSWER as error:
        if any(isinstance(cause, PermissionError) for cause in _causes(error)):
            raise EnginePermissionDenied(f"{doing}: permission denied.") from None
        raise EngineUnreachable(f"{doing}: the Docker engine stopped answering.") from None


def _translation(doing: str, explanation: str) -> StackError:
    if _is_disk_full(explanation):
        return EngineDiskFull(f"{doing}: no space left on the Docker engine's disk.")
    if taken := _TAKEN_PORT.search(explanation):
        return PortTaken(f"{doing}: {taken.group(1)} is taken by another process.")
    return StackError(f"{doing}: {explanation}")


def _is_disk_full(text: str) -> bool:
    return "no space left on device" in text.lower()


def _build_failure(tag: str, error: str, lines: list[str]) -> StackError:
    if _is_disk_full(error) or any(_is_disk_full(line) for line in lines[-_LAST_LINES:]):
        return EngineDiskFull(f"building {tag}: no space left on the Docker engine's disk.")
    step = next((line for line in reversed(lines) if line.startswith("Step ")), error)
    return ImageBuildFailed(f"building {tag} failed at: {step[:100]}", findings=_tail(lines))


def _tail(lines: list[str]) -> tuple[str, ...]:
    return tuple(lines[-_LAST_LINES:])


def _explanation(error: Exception) -> str:
    return str(getattr(error, "explanation", None) or error)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Walk everything an exception wraps, including what urllib3 keeps in its arguments."""
    seen: set[int] = set()
    waiting: list[Any] = [error]
    while waiting:
        cause = waiting.pop()
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            waiting += [cause.__cause__, cause.__context__, *cause.args]


def _packed(folder: Path) -> io.BytesIO:
    """Pack a recipe folder so that equal files make equal bytes, whoever checked them out."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = archive.gettarinfo(file, arcname=str(file.relative_to(folder)))
            entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = 0, 0, 0, "", ""
            entry.mode = 0o755 if entry.mode & 0o100 else 0o644
            with file.open("rb") as content:
                archive.addfile(entry, content)
    packed.seek(0)
    return packed
