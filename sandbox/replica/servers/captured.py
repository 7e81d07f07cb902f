"""Read what a bundle holds of web servers: facts, settings, which logs they have, placeholders.

Takes a `Bundle`; gives a `CapturedServer` for each server. A bundle may come from anywhere: every
text is checked against its digest before it is parsed, and sizes, numbers, names and paths are
bounded. Nothing of a broken one is repeated in a message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.bundle.manifest import FileEntry
from sandbox.bundle.reader import Bundle
from sandbox.capture.archive import ServerCapture
from sandbox.errors import BundleInvalid
from sandbox.replica.servers.roles import roles_of
from sandbox.replica.servers.web_server import LogPlace

PLACEHOLDERS = "config/placeholders.json"
PHP_SETTINGS = "/php-cli.ini"  # what the command line php says; no file of the server
RELEASE_LIMIT = 50_000  # source files that capture.sh lists at most

_MAX_SERVERS = 64
_MAX_FILES = 1_000  # settings of one server; capture.sh takes 200
_MAX_SETTINGS = 4 * 1024**2  # bytes of one file; a placeholder may be longer than its value
_MAX_ALL_SETTINGS = 64 * 1024**2
_LONGEST_PATH = 1_024
_MAX_LIST = 64 * 1024**2  # bytes of facts.json and placeholders.json

_SERVER = re.compile(r"config/servers/([A-Za-z0-9][A-Za-z0-9_-]{0,62})/(facts\.json|files/.+)")
_LOG = re.compile(r"logs/([A-Za-z0-9][A-Za-z0-9_-]{0,62})/(.+)")
# It goes into settings as it stands.
_RELEASE = re.compile(r"(?:/[A-Za-z0-9_][A-Za-z0-9_.+@=,~-]*)+")

_Short = Annotated[str, Field(max_length=4_096)]
_FactName = Annotated[str, Field(max_length=200)]
_Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Facts(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", hide_input_in_errors=True)

    facts: Annotated[dict[_FactName, _Short], Field(max_length=200)]
    extensions: Annotated[dict[_FactName, _Short], Field(max_length=1_000)] = {}
    environment: Annotated[list[_Short], Field(max_length=5_000)] = []
    release: Annotated[dict[_Short, _Digest], Field(max_length=100_000)] = {}
    missing: Annotated[list[_Short], Field(max_length=5_000)] = []


class PlaceholderEntry(BaseModel):
    """A placeholder as the bundle lists it."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", hide_input_in_errors=True)

    placeholder: Annotated[
        str,
        Field(
            pattern=r"^@secret:[A-Za-z0-9_.~-]{1,120}:[a-z]{2,12}:[0-9]{1,3}(?:-[0-9]{1,3}|\+)@$"
        ),
    ]
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.~-]{1,120}$")]
    kind: Annotated[str, Field(pattern=r"^[a-z]{2,12}$")]
    length: Annotated[str, Field(pattern=r"^[0-9]{1,3}(?:-[0-9]{1,3}|\+)$")]
    scheme: Annotated[str, Field(pattern=r"^[a-z]{0,8}$")] = ""
    places: Annotated[list[_Short], Field(max_length=100_000)] = []


class _Placeholders(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", hide_input_in_errors=True)

    placeholders: Annotated[list[PlaceholderEntry], Field(max_length=100_000)]


@dataclass(frozen=True, slots=True)
class CapturedServer:
    """A web server of production, as far as the bundle tells.

    Attributes:
        name: What ops call it.
        facts: Single facts by name: ``php.fpm.version``, ``time.zone``, ``release.path`` …
        files: Settings by their path on the server, with placeholders in them.
        roles: What each of these files is: ``nginx``, ``fpm``, ``php``, ``application``.
        extensions: PHP extensions with their versions, as the command line php has them.
        release: SHA-256 of each source file of the release, by its path within it.
        environment: Names in the environment of php-fpm.
        logs: Its logs that the bundle holds.
        missing: What could not be seen, in words for people.
        php_settings: What the command line php says of its settings.
    """

    name: str
    facts: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    roles: Mapping[str, str] = field(default_factory=dict)
    extensions: Mapping[str, str] = field(default_factory=dict)
    release: Mapping[str, str] = field(default_factory=dict, repr=False)
    environment: tuple[str, ...] = ()
    logs: tuple[LogPlace, ...] = ()
    missing: tuple[str, ...] = ()
    php_settings: bytes = field(default=b"", repr=False)

    def of_role(self, *roles: str) -> dict[str, bytes]:
        """Give its settings of some roles, by path."""
        return {path: text for path, text in self.files.items() if self.roles.get(path) in roles}

    @property
    def release_path(self) -> str:
        """Folder of its release; empty where the capture does not tell."""
        return self.facts.get("release.path", "").rstrip("/")


def read_servers(bundle: Bundle) -> tuple[CapturedServer, ...]:
    """Read every web server of a bundle, in the order of their names.

    Raises:
        BundleInvalid: A file is not what the manifest says, or not of the format.
    """
    entries: dict[str, dict[str, FileEntry]] = {}
    logs: dict[str, list[LogPlace]] = {}
    for entry in bundle.manifest.files:
        if found := _SERVER.fullmatch(entry.path):
            entries.setdefault(found[1], {})[found[2]] = entry
        elif (found := _LOG.fullmatch(entry.path)) and entry.what.startswith("log, "):
            path = f"/{found[2]}"
            _check_path(path, entry.path)
            logs.setdefault(found[1], []).append(LogPlace(path, _kind(entry.what)))
    if len(entries) > _MAX_SERVERS:
        raise BundleInvalid(f"the bundle holds more than {_MAX_SERVERS} servers.")
    total = sum(one.bytes for files in entries.values() for one in files.values())
    if total > _MAX_ALL_SETTINGS + _MAX_LIST:
        raise BundleInvalid("the bundle holds more settings of servers than servers have.")
    return tuple(
        _server(bundle, name, files, tuple(logs.get(name, ())))
        for name, files in sorted(entries.items())
    )


def read_placeholders(bundle: Bundle) -> tuple[PlaceholderEntry, ...]:
    """Read what the bundle says of its placeholders; nothing where it has none.

    Raises:
        BundleInvalid: The list is not what the manifest says, or not of the format.
    """
    for entry in bundle.manifest.files:
        if entry.path == PLACEHOLDERS:
            text = _text(bundle, entry, _MAX_LIST)
            try:
                return tuple(_Placeholders.model_validate_json(text).placeholders)
            except ValidationError:
                raise BundleInvalid(f"{PLACEHOLDERS} cannot be understood.") from None
    return ()


def as_capture(server: CapturedServer) -> ServerCapture:
    """Give a server as its capture was, but for its logs: logs of the replica are read with it."""
    return ServerCapture(
        name=server.name,
        facts=server.facts,
        files=server.files,
        roles=server.roles,
        release=server.release,
        extensions=server.extensions,
        php_settings=server.php_settings,
        environment=server.environment,
        missing=server.missing,
    )


def _server(
    bundle: Bundle, name: str, entries: Mapping[str, FileEntry], logs: tuple[LogPlace, ...]
) -> CapturedServer:
    if "facts.json" not in entries:
        raise BundleInvalid(f"config/servers/{name} has settings, but no facts.json.")
    if len(entries) > _MAX_FILES:
        raise BundleInvalid(f"config/servers/{name} holds more than {_MAX_FILES} files.")
    facts = _facts(bundle, entries["facts.json"])
    files = dict(_settings(bundle, entries))
    php_settings = files.pop(PHP_SETTINGS, b"")
    return CapturedServer(
        name=name,
        facts=facts.facts,
        files=files,
        roles=roles_of(files, facts.facts.get("release.path", "")),
        extensions=facts.extensions,
        release=facts.release,
        environment=tuple(facts.environment),
        logs=logs,
        missing=tuple(facts.missing),
        php_settings=php_settings,
    )


def _facts(bundle: Bundle, entry: FileEntry) -> _Facts:
    try:
        facts = _Facts.model_validate_json(_text(bundle, entry, _MAX_LIST))
    except ValidationError as error:
        places = {str(one["loc"][0]) for one in error.errors(include_input=False) if one["loc"]}
        known = sorted(places & set(_Facts.model_fields))
        raise BundleInvalid(
            f"{entry.path} cannot be understood.", findings=tuple(f"in {one}" for one in known)
        ) from None
    release = facts.facts.get("release.path", "")
    if release and not _RELEASE.fullmatch(release.rstrip("/")):
        raise BundleInvalid(f"{entry.path} names a release that no server has.")
    _check_path(release, entry.path)
    for path in facts.release:
        if not is_relative(path):
            raise BundleInvalid(f"{entry.path} lists a file outside of the release.")
    return facts


def is_relative(path: str) -> bool:
    """Tell whether a path stays inside the folder that it is relative to.

    >>> is_relative("public/index.php"), is_relative("../x"), is_relative("/etc/passwd")
    (True, False, False)
    """
    parts = path.split("/")
    return (
        {"", ".", ".."}.isdisjoint(parts)
        and len(path) <= _LONGEST_PATH
        and not re.search(r"[\0-\x1f\x7f]", path)
    )


def _settings(bundle: Bundle, entries: Mapping[str, FileEntry]) -> Iterator[tuple[str, bytes]]:
    for place, entry in sorted(entries.items()):
        if place != "facts.json":
            path = place.removeprefix("files")
            _check_path(path, entry.path)
            yield path, _text(bundle, entry, _MAX_SETTINGS)


def _text(bundle: Bundle, entry: FileEntry, limit: int) -> bytes:
    if entry.bytes > limit:
        raise BundleInvalid(f"{entry.path} is larger than {limit // 1024**2} MiB.")
    return bundle.read_text(entry)


def _check_path(path: str, where: str) -> None:
    """Refuse a path that leads elsewhere or cannot be shown as it is."""
    if not is_relative(path.strip("/") or "-"):
        raise BundleInvalid(f"{where} names a path that no server has.")


def _kind(what: str) -> str:
    kind = what.removeprefix("log, ")
    known = {"nginx-access", "nginx-error", "php", "application", "given"}
    return kind if kind in known else "given"
