"""Rows of a table into one compressed file, streaming; nothing but masked batches goes in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sandbox.bundle.packing import Packer
from sandbox.bundle.reasons import ReasonsFacts
from sandbox.bundle.tsv import encode_rows, sum_of_lines
from sandbox.model import MaskedBatch


@dataclass(frozen=True, slots=True)
class PartFacts:
    """What is known of a part once it is written.

    Attributes:
        path: The file.
        rows: Its rows.
        bytes: Size of its text, in bytes.
        stored_bytes: Size of the file, in bytes.
        sha256: Digest of the file.
        text_sha256: Digest of the text; empty where the rows come in no order that a read back
            could repeat.
        rows_sum: Checksum over the rows in any order; None where `text_sha256` is there.
        reasons: The file that tells what each row came for, where there is one.
    """

    path: Path
    rows: int
    bytes: int
    stored_bytes: int
    sha256: str
    text_sha256: str = ""
    rows_sum: int | None = None
    reasons: ReasonsFacts | None = None


def write_part(path: Path, batches: Iterable[MaskedBatch], *, ordered: bool) -> PartFacts:
    """Write the rows of some batches to a new file.

    Args:
        path: Where; from `BundleWriter.part_path`.
        batches: Masked rows, all of one table and with the same columns.
        ordered: Whether the rows come in the order of the table's identity, and all columns of the
            identity are kept: then a read back gives the same text.

    Raises:
        BundleNotWritten: The disk is full, or writing failed in another way.
        TypeError: A batch that no masker made: a bug of ours.
        ValueError: Batches of different tables or columns: a bug of ours.
    """
    rows = size = total = 0
    digest = hashlib.sha256()
    shape: tuple[str, tuple[str, ...]] | None = None
    with Packer(path) as packer:
        for batch in batches:
            if not isinstance(batch, MaskedBatch):
                raise TypeError("only masked batches go into a bundle")
            if shape not in (None, (batch.table, batch.columns)):
                raise ValueError("a part holds rows of one table, with the same columns")
            shape = batch.table, batch.columns
            text, count = encode_rows(batch)
            if ordered:
                digest.update(text)
            else:
                total += sum_of_lines(text.split(b"\n")[:-1])
            packer.put(text)
            rows += count
            size += len(text)
        stored, sha256 = packer.close()
    return PartFacts(
        path=path,
        rows=rows,
        bytes=size,
        stored_bytes=stored,
        sha256=sha256,
        text_sha256=digest.hexdigest() if ordered else "",
        rows_sum=None if ordered else total % 2**64,
    )
