from __future__ import annotations

import errno
import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import zstandard

from sandbox.bundle import packing
from sandbox.bundle.parts import write_part
from sandbox.bundle.tsv import sum_of_lines
from sandbox.errors import BundleNotWritten
from sandbox.model import Batch, MaskedBatch

ROWS = MaskedBatch("t", ("a",), ([b"1", None, b"x\ty"],))
TEXT = b"1\n\\N\nx\\ty\n"


def test_facts_of_an_ordered_part_are_those_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "0001.tsv.zst"
    facts = write_part(path, [ROWS, ROWS], ordered=True)
    stored = path.read_bytes()
    assert zstandard.ZstdDecompressor().decompressobj().decompress(stored) == TEXT * 2
    assert (facts.rows, facts.bytes, facts.stored_bytes) == (6, len(TEXT) * 2, len(stored))
    assert facts.sha256 == hashlib.sha256(stored).hexdigest()
    assert facts.text_sha256 == hashlib.sha256(TEXT * 2).hexdigest()
    assert facts.rows_sum is None
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_part_without_order_has_a_sum_instead_of_a_digest(tmp_path: Path) -> None:
    facts = write_part(tmp_path / "p", [ROWS, ROWS], ordered=False)
    assert facts.text_sha256 == ""
    assert facts.rows_sum == sum_of_lines((TEXT * 2).split(b"\n")[:-1])


def test_a_part_without_rows_is_a_whole_file(tmp_path: Path) -> None:
    facts = write_part(tmp_path / "p", [], ordered=True)
    assert (facts.rows, facts.bytes) == (0, 0)
    stored = (tmp_path / "p").read_bytes()
    assert zstandard.ZstdDecompressor().decompressobj().decompress(stored) == b""


def test_an_unmasked_batch_is_refused(tmp_path: Path) -> None:
    batch = cast("MaskedBatch", Batch("t", ("a",), ([b"secret"],)))
    with pytest.raises(TypeError, match="only masked batches"):
        write_part(tmp_path / "p", [batch], ordered=True)


def test_batches_of_another_table_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one table"):
        write_part(tmp_path / "p", [ROWS, MaskedBatch("u", ("a",), ([b"1"],))], ordered=True)


@pytest.mark.parametrize("failing", ["write", "fsync"])
def test_a_full_disk_is_one_clear_error_and_leaves_no_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "quoted by nobody")

    if failing == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr(packing.Packer, "_store", full)
    many = (MaskedBatch("t", ("a",), ([os.urandom(2**17)],)) for _ in range(64))
    with pytest.raises(BundleNotWritten, match="No space left on device"):
        write_part(tmp_path / "p", many, ordered=True)
    assert not [one for one in threading.enumerate() if one.name.startswith("pack ")]


def test_a_source_that_fails_midway_ends_the_thread(tmp_path: Path) -> None:
    class LostError(Exception):
        pass

    def lost() -> Iterator[Any]:
        yield ROWS
        raise LostError

    with pytest.raises(LostError):
        write_part(tmp_path / "p", lost(), ordered=True)
    assert not [one for one in threading.enumerate() if one.name.startswith("pack ")]
