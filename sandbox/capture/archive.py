"""Read the archive that `capture.sh` wrote on a server.

Takes the path of a tar archive, compressed or not; gives a `ServerCapture`. The archive comes from
a machine that may be compromised, over hands that may have changed it: whatever is not a plain file
at a place where the script puts one is refused, and so is everything beyond the limits here. Logs
stay in the archive and are streamed out of it, so that no clear text is written anywhere.
"""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, BinaryIO

from sandbox.errors import CaptureInvalid

FORMAT = b"sandbox-capture 1\n"
MAX_MEMBERS = 5_000
MAX_TOTAL = 2 * 1024**3  # bytes, unpacked
MAX_LOG = 1024**3  # bytes of one log
MAX_SETTINGS = 2 * 1024**2  # bytes of one settings file
MAX_LIST = 32 * 1024**2  # bytes of the lists of the release and of its words
_STEP = 1024**2  # bytes read at once; nothing in an archive of ours asks for more
_TOP = "capture"
_LISTS = frozenset({
    "FORMAT", "facts.tsv", "missing.txt", "roles.tsv", "release.txt", "vocabulary.txt",
    "facts/environment.txt", "facts/extensions.tsv", "facts/php-cli.ini",
})  # fmt: skip
_RELEASE_LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LINE_LIMIT = 64 * 1024  # bytes; the rest of a longer line is dropped


@dataclass(frozen=True, slots=True)
class CapturedLog:
    """A log as it lies in an archive.

    Attributes:
        kind: ``nginx-access``, ``nginx-error``, ``php``, ``application``, or ``given`` where ops
            named it.
        size: Its bytes.
        opened: Opens it for reading.
    """

    kind: str
    size: int
    opened: Callable[[], AbstractContextManager[IO[bytes]]] = field(repr=False)

    @classmethod
    def of(cls, content: bytes, kind: str = "given") -> CapturedLog:
        """Make a log of bytes."""
        return cls(kind, len(content), lambda: io.BytesIO(content))

    def lines(self) -> Iterator[bytes]:
        """Give its lines, without their ends; of a line beyond 64 KiB the beginning."""
        with self.opened() as file:
            while line := file.readline(_LINE_LIMIT):
                whole = line.endswith(b"\n")
                yield line.rstrip(b"\r\n")
                while not whole and (rest := file.readline(_LINE_LIMIT)):
                    whole = rest.endswith(b"\n")


@dataclass(frozen=True, slots=True)
class ServerCapture:
    """What was taken of one server. Holds secrets: only masked parts of it go into a bundle.

    Attributes:
        name: What ops call the server.
        facts: Single facts by name: ``php.fpm.version``, ``time.zone``, ``release.path`` …
        files: Settings by their path on the server, as they were.
        roles: What each of these files is: ``nginx``, ``fpm``, ``php``, ``application``.
        logs: Logs by their path on the server.
        release: SHA-256 of each source file, by its path within the release.
        vocabulary: Words of the application's source, and names of its settings.
        extensions: PHP extensions with their versions.
        php_settings: What the command line php says of its settings, as an ini file.
        environment: Names in the environment of php-fpm.
        missing: What could not be seen, in words for people.
    """

    name: str
    facts: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    roles: Mapping[str, str] = field(default_factory=dict)
    logs: Mapping[str, CapturedLog] = field(default_factory=dict)
    release: Mapping[str, str] = field(default_factory=dict, repr=False)
    vocabulary: frozenset[str] = field(default=frozenset(), repr=False)
    extensions: Mapping[str, str] = field(default_factory=dict)
    php_settings: bytes = field(default=b"", repr=False)
    environment: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def read_archive(path: Path) -> ServerCapture:
    """Read the archive of one server.

    Raises:
        CaptureInvalid: It cannot be read, is no such archive, is damaged, or holds what the script
            never writes: links, devices, paths that lead elsewhere, more than the limits allow.
    """
    lists: dict[str, bytes] = {}
    files: dict[str, bytes] = {}
    logs: dict[str, int] = {}
    with _opened(path) as archive:
        for member, inner in _members(path, archive):
            if inner in _LISTS:
                lists[inner] = _content(path, archive, member, MAX_LIST)
            elif inner.startswith("config/"):
                files[inner.removeprefix("config")] = _content(path, archive, member, MAX_SETTINGS)
            elif inner.startswith("logs/"):
                logs[inner.removeprefix("logs")] = member.size
            else:
                raise _refused(path, "it holds a file that the script never writes")
        _check_end(path, archive)
    return _capture(path, lists, files, logs)


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    """Open an archive, and translate whatever goes wrong while it is read."""
    try:
        with path.open("rb") as file:
            packed = file.peek(2)[:2] == b"\x1f\x8b"
            unpacked: BinaryIO = gzip.GzipFile(fileobj=file) if packed else file  # type: ignore[assignment]
            with tarfile.open(fileobj=_InSteps(unpacked, path), mode="r:") as archive:
                yield archive
    except (FileNotFoundError, PermissionError, IsADirectoryError):
        raise CaptureInvalid(f"{path}: it is not there, or may not be read.") from None
    except (tarfile.TarError, EOFError, zlib.error, OSError, ValueError):
        raise CaptureInvalid(f"{path}: it is no archive, or is cut off or damaged.") from None


class _InSteps(io.RawIOBase):
    """An archive whose headers cannot make us read a gigabyte at once."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        super().__init__()
        self._file = file
        self._path = path

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _STEP:
            raise _refused(self._path, "a header in it is larger than the script makes any")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


def _members(path: Path, archive: tarfile.TarFile) -> Iterator[tuple[tarfile.TarInfo, str]]:
    """Give the files of an archive with their place in it, refusing what cannot be one of ours."""
    seen: set[str] = set()
    total = 0
    for number, member in enumerate(archive):
        total += member.size
        if number >= MAX_MEMBERS or total > MAX_TOTAL or member.size > MAX_LOG:
            raise _refused(path, "it holds more than a capture can hold")
        parts = member.name.split("/")
        if parts[0] != _TOP or not {"", ".", ".."}.isdisjoint(parts) or "\0" in member.name:
            raise _refused(path, "a path in it leads elsewhere")
        if member.isdir():
            continue
        if not member.isreg() or member.issparse():
            raise _refused(path, "it holds something that is no plain file")
        if member.name in seen:
            raise _refused(path, "it holds a file twice")
        seen.add(member.name)
        yield member, "/".join(parts[1:])


def _check_end(path: Path, archive: tarfile.TarFile) -> None:
    """Read on to the end, so that a cut between two files and a bad checksum are noticed."""
    file = archive.fileobj
    assert file is not None  # noqa: S101 - it is open
    file.seek(archive.offset)
    size = 0
    while rest := file.read(_STEP):
        size += len(rest)
        if rest.strip(b"\0") or size > _STEP:
            raise _refused(path, "something follows its end")
    if size < tarfile.BLOCKSIZE:
        raise CaptureInvalid(f"{path}: it is cut off.")


def _content(path: Path, archive: tarfile.TarFile, member: tarfile.TarInfo, limit: int) -> bytes:
    if member.size > limit:
        raise _refused(path, "a file in it is larger than the script makes it")
    opened = archive.extractfile(member)
    assert opened is not None  # noqa: S101 - `_members` gives plain files only
    content = b"".join(iter(lambda: opened.read(_STEP), b""))
    if len(content) != member.size:
        raise CaptureInvalid(f"{path}: it is cut off.")
    return content


def _capture(
    path: Path, lists: Mapping[str, bytes], files: Mapping[str, bytes], logs: Mapping[str, int]
) -> ServerCapture:
    if not lists.get("FORMAT", b"").startswith(b"sandbox-capture "):
        raise CaptureInvalid(f"{path}: it is no capture of a server.")
    if lists["FORMAT"] != FORMAT:
        raise CaptureInvalid(
            f"{path}: it was written by a newer capture.sh.",
            hint="Take a newer sandbox, or run the script of this one: sandbox capture --script",
        )
    facts = dict(_pairs(lists.get("facts.tsv", b"")))
    name = facts.get("name", "")
    if not _NAME.fullmatch(name):
        raise CaptureInvalid(f"{path}: the server has no usable name; give it one with --name.")
    roles: dict[str, str] = {place: role for role, place in _pairs(lists.get("roles.tsv", b""))}
    release = {
        found[2]: found[1]
        for line in _lines(lists.get("release.txt", b""))
        if (found := _RELEASE_LINE.fullmatch(line))
    }
    return ServerCapture(
        name=name,
        facts=facts,
        files=files,
        roles={place: roles.get(place, "") for place in files},
        logs={
            place: CapturedLog(roles.get(place, "given"), size, _opener(path, place))
            for place, size in logs.items()
        },
        release=release,
        vocabulary=frozenset(_lines(lists.get("vocabulary.txt", b""))),
        extensions=dict(_pairs(lists.get("facts/extensions.tsv", b""))),
        php_settings=lists.get("facts/php-cli.ini", b""),
        environment=tuple(sorted(set(_lines(lists.get("facts/environment.txt", b""))))),
        missing=tuple(_lines(lists.get("missing.txt", b""))),
    )


def _lines(content: bytes) -> list[str]:
    return [line for line in content.decode("utf-8", "replace").split("\n") if line]


def _pairs(content: bytes) -> Iterator[tuple[str, str]]:
    for line in _lines(content):
        key, tab, value = line.partition("\t")
        if tab:
            yield key, value


def _opener(path: Path, place: str) -> Callable[[], AbstractContextManager[IO[bytes]]]:
    @contextmanager
    def opened() -> Iterator[IO[bytes]]:
        with _opened(path) as archive:
            file = archive.extractfile(f"{_TOP}/logs{place}")
            assert file is not None  # noqa: S101 - it was a plain file when the archive was read
            yield file

    return opened


def _refused(path: Path, reason: str) -> CaptureInvalid:
    return CaptureInvalid(f"{path}: refused, {reason}.")
