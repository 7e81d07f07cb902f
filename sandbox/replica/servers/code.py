"""The application's code as it goes onto a web server: from a folder, a git ref or an archive.

Whatever it comes from, it becomes one tar archive in a fixed order, with fixed times and owners, so
that equal files give equal bytes and one digest. What is not committed does not come along with a
ref, and what a server of production lacks can be left out, so that it fails here as there.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import shutil
import stat
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, Self

from sandbox.errors import CodeRefused

_BUILT_AT = 946_684_800  # opcache passes over files without a time
_BLOCK = 1024 * 1024
_GZIP = b"\x1f\x8b"
_SHORT = 7  # digits of a commit that people are shown
_GIT_SECONDS = 300
_APPLICATION = re.compile(r"application/|(?:public/|htdocs/|web/)?index\.php$|composer\.json$")
_REF = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./@{}^~+-]{0,250}")


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


def read_code(source: str, *, repository: Path | None = None) -> Code:
    """Read the application's code.

    Args:
        source: A folder, a tar archive, ``FOLDER@REF``, or a ref of the repository.
        repository: The git repository that a ref alone is of.

    Raises:
        CodeRefused: It is not there, is empty, or holds links that lead outside.
    """
    path = Path(source).expanduser()
    if path.is_dir():
        told: list[str] = []
        return pack(_folder_entries(path, told), f"the folder {path.resolve().name}", told)
    if path.is_file():
        return _from_archive(path)
    folder, at, ref = source.rpartition("@")
    if at and folder and Path(folder).expanduser().is_dir():
        return _from_git(Path(folder).expanduser(), ref)
    if repository is not None:
        return _from_git(repository, source)
    raise CodeRefused(
        f"the code {shown(source)} is not there.",
        hint="Name a folder, FOLDER@REF (a tag, branch or commit), or a tar archive.",
    )


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
    if not any(_APPLICATION.match(path) for path in files):
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
    with tempfile.TemporaryDirectory(prefix="sandbox-code-") as folder:
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
    return pack(_folder_entries(folder, warnings), described, warnings)


def git(folder: Path, *arguments: str, output: IO[bytes] | None = None) -> tuple[int, bytes, str]:
    """Run git in a folder; give its exit code, output and errors.

    Raises:
        CodeRefused: There is no git, or it takes too long.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    own = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
    # A folder that is no repository must not be taken for a part of one that lies around it.
    own["GIT_CEILING_DIRECTORIES"] = str(Path(tempfile.gettempdir()).resolve())
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            env=kept | own,
            stdin=subprocess.DEVNULL,
            stdout=output or subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=_GIT_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise CodeRefused(
            "git is not installed, and refs and patches need it.",
            hint="Install it (on Debian: apt-get install git), then run again.",
        ) from None
    except subprocess.TimeoutExpired:
        raise CodeRefused(f"git {arguments[0]} took longer than {_GIT_SECONDS} s.") from None
    return done.returncode, done.stdout or b"", done.stderr.decode("utf-8", "replace")


def _from_git(folder: Path, ref: str) -> Code:
    name = folder.resolve().name
    if not _REF.fullmatch(ref):
        raise CodeRefused(f"{shown(ref)} cannot be the name of a commit, tag or branch.")
    code, found, said = git(folder, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
    if code != 0:
        inside, _, why = git(folder, "rev-parse", "--git-dir")
        if inside != 0:
            raise CodeRefused(
                f"{folder} is no git repository, so it has no {ref}.",
                hint=(why or said).strip().partition("\n")[0],
            )
        raise CodeRefused(
            f"{name} has no commit, tag or branch {ref}.",
            hint=f"See what there is: git -C {folder} log --oneline --decorate. "
            "A shallow or old clone needs: git fetch --tags",
        )
    commit = found.decode().strip()
    described = f"{name} at {ref} ({commit[:_SHORT]})"
    with tempfile.TemporaryFile() as made:
        failed, _, said = git(folder, "archive", "--format=tar", commit, output=made)
        if failed:
            raise CodeRefused(f"git archive of {described} failed.", hint=said.strip())
        made.seek(0)
        with tarfile.open(fileobj=made) as archive:
            told: list[str] = []
            entries = _archive_entries(archive, described, told)
            if any(entry.path == ".gitmodules" for entry in entries):
                told.append(f"{described}: submodules are not part of a commit, and left out")
            return pack(entries, described, told)


def _from_archive(path: Path) -> Code:
    told: list[str] = []
    try:
        with tempfile.TemporaryFile() as plain, path.open("rb") as stored:
            packed = stored.peek(2)[:2] == _GZIP
            # Files are taken in another order than they are stored in: not from a packed archive.
            with gzip.GzipFile(fileobj=stored) if packed else stored as source:
                shutil.copyfileobj(source, plain, _BLOCK)
            plain.seek(0)
            with tarfile.open(fileobj=plain) as archive:
                entries = _archive_entries(archive, path.name, told)
                return pack(_without_top(entries), path.name, told)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile):
        raise CodeRefused(f"{path} is no tar archive, or is cut off or damaged.") from None
    except OSError as error:
        raise CodeRefused(f"{path} cannot be read: {os.strerror(error.errno or 0)}.") from None


def _archive_entries(archive: tarfile.TarFile, described: str, told: list[str]) -> list[Entry]:
    """Give the files of an archive, refusing what would not stay inside."""
    found: dict[str, Entry] = {}
    others = 0
    for member in archive:
        name = member.name.removeprefix("./").rstrip("/")
        if member.isdir() or name in {"", "."}:
            continue
        if not _is_inside(name):
            raise CodeRefused(f"{described} holds a file that would lie outside of its folder.")
        if ".git" in name.split("/"):
            continue
        if member.issym() and not _leads_inside(name, member.linkname):
            raise CodeRefused(f"{described} holds a link that leads outside: {shown(name)}.")
        if not (member.isreg() or member.issym() or member.islnk()):
            others += 1
            continue
        found[name] = Entry(
            name,
            bool(member.mode & stat.S_IXUSR),
            member.linkname if member.issym() else "",
            0 if member.issym() else _size(archive, member),
            _member_reader(archive, member),
        )
    if others:
        told.append(f"{described}: {others} files that are neither files nor links are left out")
    return list(found.values())


def _size(archive: tarfile.TarFile, member: tarfile.TarInfo) -> int:
    """Give a file's size; a hard link has that of the file that it is."""
    if not member.islnk():
        return member.size
    try:
        return archive.getmember(member.linkname).size
    except KeyError:
        raise CodeRefused("an archive holds a link to a file that it does not hold.") from None


def _without_top(entries: list[Entry]) -> list[Entry]:
    """Take away the one folder that all files lie in, as archives of releases have it."""
    tops = {entry.path.partition("/")[0] for entry in entries}
    inner = [entry.path.partition("/")[2] for entry in entries]
    if len(tops) != 1 or not all(inner):
        return entries
    if not any(_APPLICATION.match(path) for path in inner) or tops == {"application"}:
        return entries
    return [
        Entry(path, one.executable, one.link, one.size, one.opened)
        for path, one in zip(inner, entries, strict=True)
    ]


def _folder_entries(folder: Path, told: list[str]) -> Iterator[Entry]:
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
                if _leads_inside(path, link):
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


def _member_reader(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Callable[[], IO[bytes]]:
    def opened() -> IO[bytes]:
        return archive.extractfile(member) or io.BytesIO()

    return opened


def _file_reader(place: Path) -> Callable[[], IO[bytes]]:
    return lambda: place.open("rb")


def _new_file() -> Path:
    descriptor, name = tempfile.mkstemp(prefix="sandbox-code-", suffix=".tar")
    os.close(descriptor)
    return Path(name)


def _is_inside(path: str) -> bool:
    return not path.startswith("/") and {"", ".", ".."}.isdisjoint(path.split("/"))


def _leads_inside(path: str, link: str) -> bool:
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
