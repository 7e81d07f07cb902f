"""Open a bundle and read what is in it, trusting nothing: paths, sizes and digests are checked.

A bundle may come from anywhere. No path of it leads out of its folder, no link is followed, no
special file is opened, and what is unpacked is never more than the manifest declares.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import zstandard

from sandbox.bundle.manifest import (
    MANIFEST,
    MAX_BYTES,
    FileEntry,
    Manifest,
    ObjectEntry,
    PartEntry,
    ReasonsFile,
    TableEntry,
    parse_manifest,
)
from sandbox.bundle.reasons import read_runs
from sandbox.bundle.tsv import Lines
from sandbox.errors import BundleInvalid
from sandbox.model import SchemaObject

_BLOCK = 1024 * 1024
_MAX_WINDOW = 8 * 1024 * 1024  # ours take half a MiB; more would only take memory


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle whose manifest was read; its files are checked as they are read.

    Attributes:
        root: Its folder.
        manifest: Its table of contents.
    """

    root: Path
    manifest: Manifest

    def read_part(self, table: TableEntry, part: PartEntry) -> Iterator[bytes]:
        """Give the text of a part of a table in blocks, checking it on the way.

        Every block has lines of as many fields as the table has columns, and decodes. Blocks end
        anywhere. Whoever uses them before the last one has come must be ready to throw the result
        away. The digest of the text is the caller's to check: some need it changed.

        Raises:
            BundleInvalid: The part is not what the manifest says, or not of the format.
        """
        lines = Lines(len(table.columns))
        for block in self._text_of(part):
            with _wrong_in(part):
                lines.take(block)
            yield block
        with _wrong_in(part):
            lines.end()
        if lines.rows != part.rows:
            raise BundleInvalid(f"{part.path} does not hold the rows that the manifest declares.")

    def read_reasons(self, table: TableEntry, part: PartEntry) -> Iterator[tuple[int, int]]:
        """Give what the rows of a part came for, in their order: so many rows, and which reason.

        Reasons of the table count from 1; 0 says that nobody knows. As for `read_part`, what comes
        is sure when the last one has come.

        Raises:
            BundleInvalid: The file is not what the manifest says, or not of the format.
        """
        if part.reasons is None:
            if part.rows:
                yield part.rows, len(table.reasons)  # one for all, or none
            return
        total = 0
        with _wrong_in(part.reasons):
            for rows, number in read_runs(self._text_of(part.reasons), len(table.reasons)):
                total += rows
                yield rows, number
        if total != part.rows:
            raise BundleInvalid(f"{part.reasons.path} tells of more or fewer rows than there are.")

    def _text_of(self, filed: PartEntry | ReasonsFile) -> Iterator[bytes]:
        """Unpack a file in blocks, checking sizes and digest on the way."""
        size = 0
        with _Tap(self._open(filed.path, filed.stored_bytes)) as tap:
            for block in _unpacked(tap, filed.path):
                size += len(block)
                if size > filed.bytes:
                    raise BundleInvalid(f"{filed.path} unpacks to more than the manifest declares.")
                yield block
            while tap.read(_BLOCK):
                pass
        if tap.digest.hexdigest() != filed.sha256:
            raise BundleInvalid(f"{filed.path} does not match its digest.")
        if size != filed.bytes:
            raise BundleInvalid(f"{filed.path} unpacks to less than the manifest declares.")

    def read_text(self, entry: FileEntry | ObjectEntry) -> bytes:
        """Give the content of a file that is stored as it is.

        Raises:
            BundleInvalid: The file is not what the manifest says.
        """
        with self._open(entry.path, entry.bytes) as file:
            content = file.read(entry.bytes + 1)
        if hashlib.sha256(content).hexdigest() != entry.sha256:
            raise BundleInvalid(f"{entry.path} does not match its digest.")
        return content

    def objects(self) -> tuple[SchemaObject, ...]:
        """Give the definitions of all schema objects.

        Raises:
            BundleInvalid: A file is not what the manifest says.
        """
        return tuple(self.read_object(entry) for entry in self.manifest.objects)

    def read_object(self, entry: ObjectEntry) -> SchemaObject:
        """Give the definition of a schema object.

        Raises:
            BundleInvalid: The file is not what the manifest says.
        """
        try:
            definition = self.read_text(entry).decode()
        except UnicodeDecodeError:
            raise BundleInvalid(f"{entry.path} is no UTF-8 text.") from None
        return SchemaObject(
            kind=entry.kind,
            name=entry.name,
            definition=definition,
            sql_mode=entry.sql_mode,
            charset=entry.charset,
            collation=entry.collation,
            time_zone=entry.time_zone,
            position=entry.position,
        )

    def check_file(self, path: str, size: int, sha256: str) -> None:
        """Check size and digest of a file as it is stored.

        Raises:
            BundleInvalid: It is not there, no plain file, or not what the manifest says.
        """
        with self._open(path, size) as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != sha256:
            raise BundleInvalid(f"{path} does not match its digest.")

    def _open(self, path: str, size: int) -> io.BufferedReader:
        """Open a plain file inside the bundle that has the declared size."""
        place = self.root
        for segment in path.split("/"):
            place = place / segment
            try:
                is_link = place.is_symlink()
            except OSError as error:  # a name may be longer than any file's here
                raise _unreadable(path, error) from None
            if is_link:
                raise BundleInvalid(f"{path} is or lies behind a symbolic link.")
        return _open_plain(place, path, size)


def open_bundle(path: Path) -> Bundle:
    """Open the bundle in a folder.

    Raises:
        BundleInvalid: There is none, it is not whole, or its format is newer than this version.
    """
    if not path.is_dir():
        found = "is a file, and a bundle is a folder" if path.exists() else "is not there"
        raise BundleInvalid(
            f"{path} {found}.", hint="Check the path; an archive has to be unpacked first."
        )
    place = path / MANIFEST
    if place.is_symlink():
        raise BundleInvalid(f"{MANIFEST} is or lies behind a symbolic link.")
    if not place.exists():
        raise BundleInvalid(
            f"{path} holds no {MANIFEST}: it is no bundle, or its export or copy was cut off.",
            hint="Copy it again or export again; what a killed export left is of no use.",
        )
    with _open_plain(place, MANIFEST, None) as file:
        text = file.read(MAX_BYTES + 1)
    return Bundle(path, parse_manifest(text))


@contextlib.contextmanager
def _wrong_in(part: PartEntry | ReasonsFile) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise BundleInvalid(f"{part.path} {error}.") from None


def _open_plain(place: Path, path: str, size: int | None) -> io.BufferedReader:
    try:
        # A pipe in the place of a file must not make us wait for whoever would write into it.
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise BundleInvalid(f"{path} is missing.") from None
    except OSError as error:
        raise _unreadable(path, error) from None
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode):
        os.close(descriptor)
        raise BundleInvalid(f"{path} is no plain file.")
    if size is not None and facts.st_size != size:
        os.close(descriptor)
        raise BundleInvalid(f"{path} has {facts.st_size} bytes instead of {size}.")
    return os.fdopen(descriptor, "rb")


def _unreadable(path: str, error: OSError) -> BundleInvalid:
    return BundleInvalid(f"{path} cannot be read: {os.strerror(error.errno or 0)}.")


class _Tap(io.BufferedReader):
    """A file that digests what is read from it."""

    def __init__(self, file: io.BufferedReader) -> None:
        super().__init__(file.detach())
        self.digest = hashlib.sha256()

    def read(self, size: int | None = -1, /) -> bytes:
        block = super().read(size)
        self.digest.update(block)
        return block


def _unpacked(file: _Tap, path: str) -> Iterator[bytes]:
    unpacker = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW)
    try:
        with unpacker.stream_reader(file, closefd=False) as reader:
            while block := reader.read(_BLOCK):
                yield block
    except zstandard.ZstdError:
        raise BundleInvalid(f"{path} is damaged: it cannot be unpacked.") from None
    except OSError as error:
        raise _unreadable(path, error) from None
