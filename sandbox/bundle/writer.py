"""Make a bundle: written aside, verified, renamed into place; nothing half-made is ever left whole.

Takes masked parts and texts, and facts for the manifest. While it is made, the folder is called
``OUT.partial-…``, held by a lock, and marked as unfinished by a file that becomes the manifest;
what a killed run left is known by that mark and by its lock being free.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from sandbox.bundle.load_sql import render_load_sql, render_readme
from sandbox.bundle.manifest import (
    MANIFEST,
    UNFINISHED,
    FileEntry,
    Manifest,
    ObjectEntry,
    PartEntry,
    ReasonsFile,
    TableEntry,
    parse_manifest,
)
from sandbox.bundle.names import encode_name, is_safe_path
from sandbox.bundle.packing import not_written, open_private
from sandbox.bundle.parts import PartFacts
from sandbox.bundle.reader import Bundle
from sandbox.bundle.reasons import ReasonsFacts
from sandbox.bundle.verify import verify_contents
from sandbox.errors import UsageError
from sandbox.model import MaskedText, Progress, SchemaObject

LOAD_SQL = "load.sql"
README = "README.txt"
_REASONS = "why rows are here (sandbox why)"
_RESERVED = frozenset({"data", "reasons", "schema", LOAD_SQL, README, MANIFEST})


@dataclass(frozen=True, slots=True)
class BundleSummary:
    """A bundle that is in its place.

    Attributes:
        path: Its folder.
        manifest: Its table of contents.
        tables: Its tables.
        rows: Rows in all tables.
        bytes: Size of their text.
        stored_bytes: Size of all files.
        files: Number of files.
    """

    path: Path
    manifest: Manifest
    tables: int
    rows: int
    bytes: int
    stored_bytes: int
    files: int


class BundleWriter:
    """Writes one bundle; a context manager that removes what it made unless `finish` was reached.

    Args:
        out: The bundle's folder; must not exist, or be empty.
        database: Name of the source database.
    """

    def __init__(self, out: Path, database: str) -> None:
        self._out = Path.cwd() / out
        self._database = encode_name(database)
        self._root: Path | None = None
        self._lock = -1
        self._tables: list[TableEntry] = []
        self._objects: list[ObjectEntry] = []
        self._files: list[FileEntry] = []
        self._folders: dict[str, str] = {}

    @property
    def root(self) -> Path:
        """The folder as long as it is being written."""
        if self._root is None:
            raise ValueError("the bundle is not open")
        return self._root

    def __enter__(self) -> Self:
        refuse_taken(self._out)
        try:
            with _locked(self._out.parent):
                _remove_leftovers(self._out)
                made = tempfile.mkdtemp(prefix=f"{self._out.name}.partial-", dir=self._out.parent)
                self._root = Path(made)
                self._lock = _lock(self._root, wait=True)
                _write_synced(self._root / UNFINISHED, ())
        except OSError as error:
            raise not_written(error) from None
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._root is not None:
            shutil.rmtree(self._root, ignore_errors=True)
            self._root = None
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def part_path(self, table: str, number: int) -> Path:
        """Give the path for a part of a table, numbers counting from 1; its folder is made."""
        return self._path_for("data", table, number)

    def reasons_path(self, table: str, number: int) -> Path:
        """Give the path for what the rows of a part came for; its folder is made."""
        return self._path_for("reasons", table, number)

    def _path_for(self, kind: str, table: str, number: int) -> Path:
        folder = self.root / kind / self._database / self._folder_of(table)
        try:
            _make_private(folder)
        except OSError as error:
            raise not_written(error) from None
        return folder / f"{number:04}.tsv.zst"

    def add_table(self, entry: TableEntry, parts: Sequence[PartFacts] = ()) -> TableEntry:
        """Add a table; its rows, bytes and parts are filled in and given back.

        Args:
            entry: The table, as yet without rows, bytes and parts.
            parts: Its parts in the order of their rows, each from a path of `part_path`.
        """
        entries = [
            PartEntry(
                path=one.path.relative_to(self.root).as_posix(),
                rows=one.rows,
                bytes=one.bytes,
                stored_bytes=one.stored_bytes,
                sha256=one.sha256,
                text_sha256=one.text_sha256 or None,
                rows_sum=one.rows_sum,
                reasons=None if one.reasons is None else self._add_reasons(one.reasons),
            )
            for one in parts
        ]
        facts = {
            "parts": entries,
            "rows": sum(one.rows for one in entries),
            "bytes": sum(one.bytes for one in entries),
        }
        whole = TableEntry.model_validate({**dict(entry), **facts})
        self._tables.append(whole)
        return whole

    def add_object(self, described: SchemaObject, definition: MaskedText) -> ObjectEntry:
        """Add a schema object; its own definition is not looked at, the masked one is written."""
        name = f"{described.kind.value}-{self._unique(described.kind.value, described.name)}.sql"
        path = f"schema/{self._database}/{name}"
        size, digest = self._write(path, [_content_of(definition)])
        entry = ObjectEntry(
            path=path,
            bytes=size,
            sha256=digest,
            kind=described.kind,
            name=described.name,
            sql_mode=described.sql_mode,
            charset=described.charset,
            collation=described.collation,
            time_zone=described.time_zone,
            position=described.position,
        )
        self._objects.append(entry)
        return entry

    def add_text(self, path: str, text: MaskedText, what: str) -> FileEntry:
        """Add a text: a log, a configuration file, requests.

        Args:
            path: Where in the bundle: ``logs/web1/error.log``.
            text: The masked text.
            what: What it is, for people.

        Raises:
            ValueError: The path is not one that a bundle can have: a bug of ours.
        """
        return self.add_pieces(path, [text], what)

    def add_pieces(self, path: str, pieces: Iterable[MaskedText], what: str) -> FileEntry:
        """Add a text that is too long to be held, piece by piece; see `add_text`."""
        if not is_safe_path(path) or path.split("/", maxsplit=1)[0] in _RESERVED:
            raise ValueError("not a path for a text of a bundle")
        return self._add_file(path, map(_content_of, pieces), what)

    def add_json(self, path: str, text: MaskedText, what: str) -> FileEntry:
        """Add facts as JSON; see `add_text`."""
        json.loads(text.content)
        return self.add_text(path, text, what)

    def finish(self, manifest: Manifest, progress: Progress) -> BundleSummary:
        """Write what is left, verify everything, and put the bundle in its place.

        Args:
            manifest: The facts; tables, objects and files are filled in here.
            progress: Shows the verification.

        Raises:
            BundleInvalid: What was written is not what should have been.
            BundleNotWritten: The disk is full, or writing failed in another way.
            UsageError: Something came to be at the bundle's place meanwhile.
        """
        contents = {"tables": self._tables, "objects": self._objects, "files": self._files}
        whole = Manifest.model_validate({**dict(manifest), **contents})
        bundle = Bundle(self.root, whole)
        # Made of the manifest and of masked definitions alone.
        self._add_file(LOAD_SQL, [render_load_sql(bundle)], "loads the bundle without sandbox")
        self._add_file(README, [render_readme(whole).encode()], "says what this is")
        whole = Manifest.model_validate({**dict(whole), "files": self._files})
        text = whole.to_json()
        if parse_manifest(text) != whole:
            raise ValueError("a manifest that does not survive being written")
        verified = verify_contents(Bundle(self.root, whole), progress)
        self._place(text)
        return BundleSummary(
            path=self._out,
            manifest=whole,
            tables=verified.tables,
            rows=verified.rows,
            bytes=verified.bytes,
            stored_bytes=verified.stored_bytes + len(text),
            files=verified.files,
        )

    def _place(self, manifest: bytes) -> None:
        """Write the manifest, which makes it a bundle, and rename the folder."""
        try:
            aside = self.root / UNFINISHED
            _fill_synced(aside, [manifest])
            for folder, _, _ in os.walk(self.root):
                _sync_folder(Path(folder))
            aside.rename(self.root / MANIFEST)
            _sync_folder(self.root)
            refuse_taken(self._out)
            self.root.rename(self._out)
            self._root = None
            _sync_folder(self._out.parent)
        except OSError as error:
            raise not_written(error) from None

    def _add_file(self, path: str, content: Iterable[bytes], what: str) -> FileEntry:
        size, digest = self._write(path, content)
        entry = FileEntry(path=path, bytes=size, sha256=digest, what=what)
        self._files.append(entry)
        return entry

    def _write(self, path: str, content: Iterable[bytes]) -> tuple[int, str]:
        place = self.root / path
        try:
            _make_private(place.parent)
            return _write_synced(place, content)
        except FileExistsError:
            raise ValueError("a file of the bundle twice") from None
        except OSError as error:
            raise not_written(error) from None

    def _add_reasons(self, facts: ReasonsFacts) -> ReasonsFile:
        path = facts.path.relative_to(self.root).as_posix()
        stored, sha256 = facts.stored_bytes, facts.sha256
        self._files.append(FileEntry(path=path, bytes=stored, sha256=sha256, what=_REASONS))
        return ReasonsFile(path=path, bytes=facts.bytes, stored_bytes=stored, sha256=sha256)

    def _folder_of(self, table: str) -> str:
        return self._unique("data", table)

    def _unique(self, kind: str, name: str) -> str:
        """Give a segment that no other name has, on file systems that know no case either."""
        segment = encode_name(name)
        owner = self._folders.setdefault(f"{kind}/{segment.casefold()}", name)
        if owner == name:
            return segment
        return f"{segment}~{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def refuse_taken(out: Path) -> None:
    """Refuse a place for a bundle where something is already, or that is in no folder.

    Raises:
        UsageError: It is there, and no empty folder; or the folder that it should be in is not.
    """
    if not out.parent.is_dir():
        raise UsageError(
            f"there is no folder {out.parent} for the bundle.",
            hint=f"Check the path, or make it first: mkdir -p {shlex.quote(str(out.parent))}",
        )
    if out.is_symlink() or (out.exists() and (not out.is_dir() or any(out.iterdir()))):
        raise UsageError(
            f"{out} is there already; a bundle is never written over.",
            hint="Name another folder with --out, or remove that one first.",
        )


def _content_of(text: MaskedText) -> bytes:
    if not isinstance(text, MaskedText):
        raise TypeError("only masked texts go into a bundle")
    return text.content


def _make_private(folder: Path) -> None:
    """Make a folder and those above it that are missing, each for its owner alone."""
    if not folder.exists():
        _make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _write_synced(place: Path, content: Iterable[bytes]) -> tuple[int, str]:
    open_private(place).close()
    return _fill_synced(place, content)


def _fill_synced(place: Path, content: Iterable[bytes]) -> tuple[int, str]:
    """Write a file to the disk itself; give its size and SHA-256."""
    size, hashed = 0, hashlib.sha256()
    with place.open("wb") as file:
        for piece in content:
            file.write(piece)
            hashed.update(piece)
            size += len(piece)
        file.flush()
        os.fsync(file.fileno())
    return size, hashed.hexdigest()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _lock(folder: Path, *, wait: bool) -> int:
    """Lock a folder itself; the lock goes with the process, however that ends."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = _lock(folder, wait=True)
    try:
        yield
    finally:
        os.close(descriptor)


def _remove_leftovers(out: Path) -> None:
    """Remove what killed runs for the same place left; a live run holds its folder's lock."""
    for folder in out.parent.iterdir():
        if not folder.name.startswith(f"{out.name}.partial-") or folder.is_symlink():
            continue
        with contextlib.suppress(OSError):  # somebody writes it, or it is none of ours
            descriptor = _lock(folder, wait=False)
            if _is_leftover(folder):
                shutil.rmtree(folder, ignore_errors=True)
            os.close(descriptor)


def _is_leftover(folder: Path) -> bool:
    """Tell a bundle that was never finished from whatever else has such a name."""
    mark = folder / UNFINISHED
    return mark.is_file() and not mark.is_symlink() and not os.path.lexists(folder / MANIFEST)
