"""Where the application's code comes from: a folder, a git ref or a tar archive.

What is not committed does not come along with a ref. Nothing of an archive leads out of its folder.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import shutil
import stat
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

from sandbox.errors import CodeRefused
from sandbox.replica.servers.code_archive import (
    APPLICATION,
    Code,
    Entry,
    folder_entries,
    leads_inside,
    pack,
    shown,
)

_BLOCK = 1024 * 1024
_GZIP = b"\x1f\x8b"
_SHORT = 7  # digits of a commit that people are shown
_GIT_SECONDS = 300
_REF = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./@{}^~+-]{0,250}")


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
        return pack(folder_entries(path, told), f"the folder {path.resolve().name}", told)
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
        if member.issym() and not leads_inside(name, member.linkname):
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
    if not any(APPLICATION.match(path) for path in inner) or tops == {"application"}:
        return entries
    return [
        Entry(path, one.executable, one.link, one.size, one.opened)
        for path, one in zip(inner, entries, strict=True)
    ]


def _member_reader(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Callable[[], IO[bytes]]:
    def opened() -> IO[bytes]:
        return archive.extractfile(member) or io.BytesIO()

    return opened


def _is_inside(path: str) -> bool:
    return not path.startswith("/") and {"", ".", ".."}.isdisjoint(path.split("/"))
