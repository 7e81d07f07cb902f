"""Tell whether a bundle is whole and well-formed: every file, nothing else, sizes, digests, rows.

Takes a folder or an open bundle, gives what was verified. Everything that is wrong comes at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sandbox.bundle.definitions import creates
from sandbox.bundle.manifest import MANIFEST, UNFINISHED, ObjectEntry, PartEntry, TableEntry
from sandbox.bundle.reader import Bundle, open_bundle
from sandbox.bundle.tsv import LinesSum
from sandbox.errors import BundleInvalid
from sandbox.model import Progress, Stage

_MAX_FINDINGS = 50
_PACKED = ".zst"


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
    strays = _strays(bundle)
    findings = strays.findings
    with progress.stage("verify", total=len(manifest.paths), unit="files") as stage:
        for table in manifest.tables:
            for part in table.parts:
                findings += _faults_of_part(bundle, table, part)
                stage.advance(1, part.path)
        findings += _faults_of_texts(bundle, stage)
        _refuse(bundle, findings, strays.unpacked)
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
    strays = _strays(bundle)
    findings = strays.findings
    with progress.stage("verify", total=len(manifest.paths), unit="files") as stage:
        for part in (part for table in manifest.tables for part in table.parts):
            findings += _faults_of_file(bundle, part.path, part.stored_bytes, part.sha256)
            stage.advance(1, part.path)
        findings += _faults_of_texts(bundle, stage)
        _refuse(bundle, findings, strays.unpacked)
        stage.done(f"{len(manifest.paths)} files match their digests")


def _refuse(bundle: Bundle, findings: list[str], unpacked: list[str]) -> None:
    if unpacked:
        more = f" and {len(unpacked) - 1} more" if len(unpacked) > 1 else ""
        findings = [
            *findings,
            f"{unpacked[0]}{more}: the rows of parts, unpacked beside them for load.sql.",
        ]
    if not findings:
        return
    if unpacked and len(findings) == 1:
        raise BundleInvalid(
            f"{bundle.root} is whole, but was unpacked to be loaded by hand.",
            findings=tuple(findings),
            hint="Remove what was unpacked: in that folder, find data -name '*.tsv' -delete",
        )
    shown = findings[:_MAX_FINDINGS]
    if len(findings) > len(shown):
        shown.append(f"and {len(findings) - len(shown)} more")
    things = "1 thing is" if len(findings) == 1 else f"{len(findings)} things are"
    raise BundleInvalid(f"{bundle.root} is damaged: {things} wrong.", findings=tuple(shown))


@dataclass(frozen=True, slots=True)
class _Strays:
    """What lies in a bundle's folder that the manifest does not name.

    Attributes:
        findings: What is said of it, but for what was unpacked.
        unpacked: The paths of files that are parts without their packing, by their names.
    """

    findings: list[str]
    unpacked: list[str]


def _strays(bundle: Bundle) -> _Strays:
    is_written = (bundle.root / MANIFEST).exists()
    known = {*bundle.manifest.paths, MANIFEST if is_written else UNFINISHED}
    folders = {folder.as_posix() for path in known for folder in PurePosixPath(path).parents}
    findings, unpacked = [], []
    for place in _walk(bundle.root):
        path = place.relative_to(bundle.root).as_posix()
        if path in known or (path in folders and _is_folder(place)):
            continue
        if f"{path}{_PACKED}" in known and place.is_file() and not place.is_symlink():
            unpacked.append(path)
            continue
        # Such a name may be anything; `ascii` keeps control characters off the terminal.
        findings.append(f"{path!a} is {_kind(place)} that the manifest does not name.")
    return _Strays(sorted(findings), sorted(unpacked))


def _is_folder(place: Path) -> bool:
    return place.is_dir() and not place.is_symlink()


def _kind(place: Path) -> str:
    if place.is_symlink():
        return "a symbolic link"
    return "an empty folder" if place.is_dir() else "a file"


def _walk(folder: Path) -> Iterator[Path]:
    """Give everything in a folder but folders that hold something: that stands for them."""
    for place in folder.iterdir():
        inner = list(_walk(place)) if _is_folder(place) else []
        yield from inner or [place]


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
    findings = []
    for check in (_check_part, _check_reasons):
        try:
            check(bundle, table, part)
        except BundleInvalid as error:
            findings.append(error.message)
    return findings


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


def _check_reasons(bundle: Bundle, table: TableEntry, part: PartEntry) -> None:
    for _ in bundle.read_reasons(table, part):
        pass
