"""The application's code as one tar archive: in a fixed order, with fixed times and owners.

Equal files give equal bytes and one digest, wherever they come from.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import stat
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, Self

from sandbox.errors import CodeRefused
from sandbox.replica.scratch import scratch_folder

_BUILT_AT = 946_684_800  # opcache passes over files without a time
_BLOCK = 1024 * 1024
APPLICATION = re.compile(r"application/|(?:public/|htdocs/|web/)?index\.php$|composer\.json$")


@dataclass(frozen=True, slots=True)
class Code:
    """The application's code; ends with the `with` that it is opened in.

    Attributes:
        archive: A tar archive of it; temporary.
        digest: SHA-256 of its names, modes and contents.
        described: What it is, for people: ``shop at 1.5 (8c1f2ab)``.
        files: Its files and links, in order.
        told: What is worth knowing of it.
    """

    archive: Path
    digest: str
    described: str
    files: tuple[str, ...]
    told: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.remove()

    def remove(self) -> None:
        """Remove the archive."""
        self.archive.unlink(missing_ok=True)

    def read(self, path: str) -> bytes | None:
        """Give the content of a file; None where there is no plain file of that name."""
        with tarfile.open(self.archive) as archive:
            try:
                file = archive.extractfile(path)
            except KeyError:
                return None
            return None if file is None else file.read()


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or link of the code.

    Attributes:
        path: Its path.
        executable: Whether it may be run.
        link: Where it leads, for a link.
        size: Its bytes.
        opened: Opens it for reading.
    """

    path: str
    executable: bool
    link: str
    size: int
    opened: Callable[[], IO[bytes]]

    def sha256(self) -> str:
        """Digest its content."""
        digest = hashlib.sha256()
        with self.opened() as file:
            while block := file.read(_BLOCK):
                digest.update(block)
        return digest.hexdigest()


def pack(entries: Iterable[Entry], described: str, told: Iterable[str] = ()) -> Code:
    """Make the code of its files.

    Raises:
        CodeRefused: There is none, or a file cannot be read.
    """
    digest = hashlib.sha256()
    files: list[str] = []
    place = _new_file()
    try:
        with tarfile.open(place, "w", format=tarfile.GNU_FORMAT) as archive:
            for entry in sorted(entries, key=lambda one: one.path):
                digest.update(_add(archive, entry))
                files.append(entry.path)
    except OSError as error:
        place.unlink(missing_ok=True)
        raise CodeRefused(
            f"{described} cannot be read whole: {os.strerror(error.errno or 0)}."
        ) from None
    except BaseException:
        place.unlink(missing_ok=True)
        raise
    if not files:
        place.unlink(missing_ok=True)
        raise CodeRefused(f"{described} holds no files.")
    warnings = list(told)
    if not any(APPLICATION.match(path) for path in files):
        warnings.append(f"{described} does not look like an application: no application, no index")
    return Code(place, digest.hexdigest(), described, tuple(files), tuple(warnings))


def entries_of(code: Code) -> Iterator[Entry]:
    """Give the files of the code again; good until the code is removed."""
    with tarfile.open(code.archive) as archive:
        members = archive.getmembers()
    for member in members:
        yield Entry(
            member.name,
            bool(member.mode & stat.S_IXUSR),
            member.linkname,
            member.size,
            _reader(code.archive, member.offset_data, member.size),
        )


@contextmanager
def unpacked(code: Code) -> Iterator[Path]:
    """Give the code as a folder, for as long as it is needed."""
    with tempfile.TemporaryDirectory(dir=scratch_folder()) as folder:
        try:
            with tarfile.open(code.archive) as archive:
                archive.extractall(folder, filter="data")
        except tarfile.FilterError:
            raise CodeRefused(f"{code.described} holds a link that leads outside.") from None
        yield Path(folder)


def repack(folder: Path, described: str, told: Iterable[str] = ()) -> Code:
    """Make the code of a folder that `unpacked` gave.

    Raises:
        CodeRefused: Nothing is left in it.
    """
    warnings = list(told)
    return pack(folder_entries(folder, warnings), described, warnings)


def folder_entries(folder: Path, told: list[str]) -> Iterator[Entry]:
    """Give the files of a folder, without git's own."""
    outside: list[str] = []
    for top, folders, files in os.walk(folder):
        folders[:] = sorted(one for one in folders if one != ".git")
        linked = [one for one in folders if (Path(top) / one).is_symlink()]
        for name in sorted([*files, *linked]):
            place = Path(top) / name
            path = place.relative_to(folder).as_posix()
            facts = place.lstat()
            if name == ".git":
                continue
            if stat.S_ISLNK(facts.st_mode):
                link = str(place.readlink())
                if leads_inside(path, link):
                    yield Entry(path, executable=False, link=link, size=0, opened=io.BytesIO)
                else:
                    outside.append(path)
            elif stat.S_ISREG(facts.st_mode):
                runs = bool(facts.st_mode & stat.S_IXUSR)
                yield Entry(path, runs, "", facts.st_size, _file_reader(place))
            else:
                outside.append(path)
    if outside:
        told.append(f"left out, as they lead out of the folder or are no files: {listed(outside)}")


def _add(archive: tarfile.TarFile, entry: Entry) -> bytes:
    """Add a file to an archive and give what the digest takes of it."""
    info = tarfile.TarInfo(entry.path)
    info.mtime, info.mode = _BUILT_AT, 0o755 if entry.executable else 0o644
    if entry.link:
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, entry.link, 0o777
        archive.addfile(info)
        content = entry.link.encode("utf-8", "surrogateescape")
    else:
        info.size = entry.size
        with entry.opened() as file:
            tap = _Tap(file)
            archive.addfile(info, tap)
        content = tap.digest.digest()
    name = entry.path.encode("utf-8", "surrogateescape")
    head = b"%d:%s:%o:%d:" % (len(name), name, info.mode, bool(entry.link))
    return head + b"%d:%s" % (len(content), content)


class _Tap:
    """A file that digests what is read from it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self.digest.update(block)
        return block


def _reader(archive: Path, offset: int, size: int) -> Callable[[], IO[bytes]]:
    def opened() -> IO[bytes]:
        with archive.open("rb") as file:
            file.seek(offset)
            return io.BytesIO(file.read(size))

    return opened


def _file_reader(place: Path) -> Callable[[], IO[bytes]]:
    return lambda: place.open("rb")


def _new_file() -> Path:
    descriptor, name = tempfile.mkstemp(dir=scratch_folder(), suffix=".tar")
    os.close(descriptor)
    return Path(name)


def leads_inside(path: str, link: str) -> bool:
    """Tell whether a link stays in the folder of the code."""
    depth = len(PurePosixPath(path).parts) - 1
    if link.startswith("/") or not link:
        return False
    for part in PurePosixPath(link).parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            return False
    return True


def listed(paths: Iterable[str], most: int = 5) -> str:
    """Name some paths, and how many more there are."""
    every = sorted(paths)
    named = ", ".join(shown(one) for one in every[:most])
    return named if len(every) <= most else f"{named} and {len(every) - most} more"


def shown(text: str) -> str:
    """Give a name so that a terminal can show it."""
    return re.sub(r"[^\x20-\x7e]", "?", text)[:200]
