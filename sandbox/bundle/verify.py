"""Tell whether a bundle is whole and well-formed: every file, no other file, sizes, digests, rows.

Takes a folder or an open bundle, gives what was verified. Everything that is wrong comes at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.bundle.definitions import creates
from sandbox.bundle.manifest import MANIFEST, UNFINISHED, ObjectEntry, PartEntry, TableEntry
from sandbox.bundle.reader import Bundle, open_bundle
from sandbox.bundle.tsv import LinesSum
from sandbox.errors import BundleInvalid
from sandbox.model import Progress, Stage

_MAX_FINDINGS = 50


@dataclass(frozen=True, slots=True)
class Verified:
    """A bundle that is whole.

    Attributes:
        path: Its folder.
        tables: Its tables.
        rows: Rows in all tables.
        bytes: Size of their text.
        stored_bytes: Size of all files but the manifest.
        files: Number of files, the manifest included.
    """

    path: Path
    tables: int
    rows: int
    bytes: int
    stored_bytes: int
    files: int


def verify_bundle(path: Path, progress: Progress) -> Verified:
    """Check everything that a bundle holds.

    Raises:
        BundleInvalid: With everything that is wrong as its findings.
    """
    return verify_contents(open_bundle(path), progress)


def verify_contents(bundle: Bundle, progress: Progress) -> Verified:
    """Check the files of a bundle whose manifest is known (and perhaps not yet written).

    Raises:
        BundleInvalid: With everything that is wrong as its findings.
    """
    manifest = bundle.manifest
    findings = _stray_files(bundle)
    with progress.stage("verify", total=len(manifest.paths), unit="files") as stage:
        for table in manifest.tables:
            for part in table.parts:
                findings += _faults_of_part(bundle, table, part)
                stage.advance(1, part.path)
        findings += _faults_of_texts(bundle, stage)
        _refuse(bundle, findings)
        stage.done(f"{manifest.rows} rows in {len(manifest.paths)} files match their digests")
    return Verified(
        path=bundle.root,
        tables=len(manifest.tables),
        rows=manifest.rows,
        bytes=sum(table.bytes for table in manifest.tables),
        stored_bytes=sum(size for size, _ in manifest.paths.values()),
        files=len(manifest.paths) + 1,
    )


def check_digests(bundle: Bundle, progress: Progress) -> None:
    """Check that every file is there and matches its digest, and definitions; unpack no rows.

    Raises:
        BundleInvalid: With everything that is wrong as its findings.
    """
    manifest = bundle.manifest
    findings = _stray_files(bundle)
    with progress.stage("verify", total=len(manifest.paths), unit="files") as stage:
        for part in (part for table in manifest.tables for part in table.parts):
            findings += _faults_of_file(bundle, part.path, part.stored_bytes, part.sha256)
            stage.advance(1, part.path)
        findings += _faults_of_texts(bundle, stage)
        _refuse(bundle, findings)
        stage.done(f"{len(manifest.paths)} files match their digests")


def _refuse(bundle: Bundle, findings: list[str]) -> None:
    if not findings:
        return
    shown = findings[:_MAX_FINDINGS]
    if len(findings) > len(shown):
        shown.append(f"and {len(findings) - len(shown)} more")
    things = "1 thing is" if len(findings) == 1 else f"{len(findings)} things are"
    raise BundleInvalid(f"{bundle.root} is damaged: {things} wrong.", findings=tuple(shown))


def _stray_files(bundle: Bundle) -> list[str]:
    is_written = (bundle.root / MANIFEST).exists()
    known = {*bundle.manifest.paths, MANIFEST if is_written else UNFINISHED}
    findings = []
    for place in _walk(bundle.root):
        path = place.relative_to(bundle.root).as_posix()
        if path not in known:
            # Such a name may be anything; `ascii` keeps control characters off the terminal.
            kind = "a symbolic link" if place.is_symlink() else "a file"
            findings.append(f"{path!a} is {kind} that the manifest does not name.")
    return sorted(findings)


def _walk(folder: Path) -> Iterator[Path]:
    for place in folder.iterdir():
        if place.is_dir() and not place.is_symlink():
            yield from _walk(place)
        else:
            yield place


def _faults_of_texts(bundle: Bundle, stage: Stage) -> list[str]:
    """Check all that is stored as it is, definitions and other files."""
    findings = []
    for described in bundle.manifest.objects:
        findings += _faults_of_object(bundle, described)
        stage.advance(1, described.path)
    for entry in bundle.manifest.files:
        findings += _faults_of_file(bundle, entry.path, entry.bytes, entry.sha256)
        stage.advance(1, entry.path)
    return findings


def _faults_of_file(bundle: Bundle, path: str, size: int, sha256: str) -> list[str]:
    try:
        bundle.check_file(path, size, sha256)
    except BundleInvalid as error:
        return [error.message]
    return []


def _faults_of_object(bundle: Bundle, entry: ObjectEntry) -> list[str]:
    try:
        if creates(bundle.read_object(entry)):
            return []
    except BundleInvalid as error:
        return [error.message]
    return [f"{entry.path} does not create {entry.kind.value} {entry.name} and nothing else."]


def _faults_of_part(bundle: Bundle, table: TableEntry, part: PartEntry) -> list[str]:
    try:
        _check_part(bundle, table, part)
    except BundleInvalid as error:
        return [error.message]
    return []


def _check_part(bundle: Bundle, table: TableEntry, part: PartEntry) -> None:
    text, lines = hashlib.sha256(), LinesSum()
    for block in bundle.read_part(table, part):
        if part.rows_sum is None:
            text.update(block)
        else:
            lines.take(block)
    if part.text_sha256 and text.hexdigest() != part.text_sha256:
        raise BundleInvalid(f"{part.path}: its text does not match its digest.")
    if part.rows_sum is not None and lines.total != part.rows_sum:
        raise BundleInvalid(f"{part.path}: its rows do not match their checksum.")
