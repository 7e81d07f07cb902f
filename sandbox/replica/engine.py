"""The Docker engine, and the one edge where its errors become ours.

Takes the address of an engine, gives an `Engine`; every call on it either does what it says or
raises a `StackError` that names what failed. Nothing outside this module sees a Docker exception.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import socket
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from docker.context import ContextAPI
from docker.errors import APIError, DockerException, ImageNotFound
from docker.tls import TLSConfig
from docker.utils import parse_repository_tag
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
from sandbox.replica.recipes import recipe_files

# What the SDK lets through of the libraries below it when an engine does not answer, or goes away.
_NO_ANSWER = (DockerException, RequestException, HTTPError, OSError)
_LAST_LINES = 12
_HARDLY_ANYTHING = 16 * 1024**2  # bytes
_BRIDGE_NAME = "com.docker.network.bridge.name"
_DEFAULT_ADDRESS = "unix:///var/run/docker.sock"
_TAKEN_PORT = re.compile(r"(\d+\.\d+\.\d+\.\d+:\d+).*(?:already allocated|already in use)")


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """What an engine says of itself.

    Attributes:
        version: Of the engine.
        api_version: The newest that it speaks.
        storage_driver: How it keeps layers.
        data_root: The folder it keeps everything in, on its own machine.
        architecture: Of its machine.
        host_name: Of its machine.
        rootless: Whether it runs without root, in a network of its own.
        default_bridge: Network interface of its default network; empty where it has none.
    """

    version: str
    api_version: str
    storage_driver: str
    data_root: str
    architecture: str
    host_name: str
    rootless: bool
    default_bridge: str


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

    def is_disk_full(self) -> bool:
        """Tell whether its disk holds hardly anything more; False where that is not to be seen.

        What runs on a full disk ends without a word: its log is on the same disk.
        """
        try:
            return shutil.disk_usage(self.facts().data_root).free < _HARDLY_ANYTHING
        except (OSError, StackError):  # of another machine, or it does not answer either
            return False

    def facts(self) -> EngineFacts:
        """Ask the engine for its version and where it keeps its data."""
        with translated("asking the Docker engine for its facts"):
            version, info = self._client.version(), self._client.info()
            networks = self._client.networks.list(names=["bridge"], filters={"driver": "bridge"})
        return EngineFacts(
            version=version["Version"],
            api_version=version["ApiVersion"],
            storage_driver=info["Driver"],
            data_root=info["DockerRootDir"],
            architecture=version["Arch"],
            host_name=info["Name"],
            rootless=any("rootless" in one for one in info.get("SecurityOptions") or ()),
            default_bridge=next(
                (
                    one.attrs["Options"].get(_BRIDGE_NAME, "")
                    for one in networks
                    if one.name == "bridge"
                ),
                "",
            ),
        )

    def image_id(self, reference: str) -> str | None:
        """Give the id of a local image, or None where there is none of that name."""
        with translated(f"looking for the image {reference}"):
            try:
                return str(self._client.images.get(reference).id)
            except ImageNotFound:
                return None

    def pull(self, reference: str, heard: Callable[[str], None] = lambda _line: None) -> str:
        """Pull an image and give its id.

        Args:
            reference: Its name.
            heard: Called with what the registry says; what it raises ends the pull.

        Raises:
            ImageUnavailable: No registry answers, or it has no such image.
            EngineDiskFull: The engine's disk ran full.
        """
        # Without a tag the engine would fetch every tag of the repository.
        tagged = reference if re.search(r"[:@][^/]+$", reference) else f"{reference}:latest"
        repository, tag = parse_repository_tag(tagged)
        with translated(f"pulling {reference}"):
            try:
                events = self._client.api.pull(repository, tag=tag, stream=True, decode=True)
                for event in events:
                    # What goes wrong after the first byte comes as an event of a good answer.
                    if "error" in event:
                        raise _pull_failure(reference, str(event["error"]))
                    heard(str(event.get("status", "")))
                return str(self._client.images.get(tagged).id)
            except APIError as error:
                raise _pull_failure(reference, _explanation(error)) from None

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

    def build(  # noqa: PLR0913 - what a build is made of, named one by one
        self,
        context: Path,
        *,
        tags: tuple[str, ...],
        arguments: Mapping[str, str],
        dockerfile: str = "Dockerfile",
        heard: Callable[[str], None] = lambda _line: None,
        fresh: bool = False,
    ) -> str:
        """Build an image from a recipe folder, then tag it; nothing is tagged on failure.

        Args:
            context: The recipe's folder.
            tags: Names the finished image gets.
            arguments: Values of the recipe's ARGs.
            dockerfile: The recipe's file in the folder.
            heard: Called with each line that the build prints; what it raises ends the build.
            fresh: Run every step anew, whatever the engine remembers of it.

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
                nocache=fresh,
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
    """Connect to the engine that `host` names, or DOCKER_HOST, or Docker's current context.

    Args:
        host: Address such as ``unix:///var/run/docker.sock``.
        timeout: Seconds after which one call of the API is given up.

    Raises:
        EngineUnreachable: No engine answers there.
        EnginePermissionDenied: One is there, but this user may not talk to it.
    """
    shown = "the address of Docker's context"
    try:
        address, tls = _engine_address(host)
        shown = re.sub(r"//.*@", "//", address)  # an address may carry a password
        _knock(address, timeout)
        if tls is None:
            environment = {**os.environ, "DOCKER_HOST": address}
            client = docker.from_env(environment=environment, timeout=int(timeout))
        else:
            client = docker.DockerClient(base_url=address, tls=tls, timeout=int(timeout))
        try:
            client.ping()
        except BaseException:
            client.close()
            raise
    except (*_NO_ANSWER, ValueError) as error:  # the SDK's word for an address it cannot read
        if any(isinstance(cause, PermissionError) for cause in _causes(error)):
            raise EnginePermissionDenied(
                f"this user may not talk to the Docker engine at {shown}."
            ) from None
        raise EngineUnreachable(f"no Docker engine answers at {shown}.") from None
    return Engine(client)


def _engine_address(host: str | None) -> tuple[str, TLSConfig | None]:
    """Find the engine as Docker's own command does, with the keys that a context holds for it."""
    named = host or os.environ.get("DOCKER_HOST")
    if named:
        return named, None
    try:
        context = ContextAPI.get_context(os.environ.get("DOCKER_CONTEXT"))
    except Exception:  # noqa: BLE001 - a broken context file, for which the SDK has no class
        raise EngineUnreachable(
            "Docker's current context cannot be read.",
            hint="See: docker context ls. Or name an engine: DOCKER_HOST, or [engine] host.",
        ) from None
    if context is None or not context.Host:
        return _DEFAULT_ADDRESS, None
    return context.Host.replace("http+unix://", "unix://"), context.TLSConfig


def _knock(address: str, timeout: float) -> None:
    """Open the socket once and close it: the SDK leaves its own open when that fails."""
    if address.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as knocking:
            knocking.settimeout(timeout)
            knocking.connect("/" + address.removeprefix("unix://").lstrip("/"))


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


def _pull_failure(reference: str, explanation: str) -> StackError:
    if _is_disk_full(explanation):
        return EngineDiskFull(f"pulling {reference}: no space left on the Docker engine's disk.")
    return ImageUnavailable(f"{reference} cannot be pulled: {explanation}")


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
        for file in recipe_files(folder):
            entry = archive.gettarinfo(file, arcname=str(file.relative_to(folder)))
            entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = 0, 0, 0, "", ""
            entry.mode = 0o755 if entry.mode & 0o100 else 0o644
            with file.open("rb") as content:
                archive.addfile(entry, content)
    packed.seek(0)
    return packed
