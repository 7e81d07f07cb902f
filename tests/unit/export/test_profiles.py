"""What profiles remember lies in files that only their owner reads and nobody has to trust."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from sandbox.export.profiles import ProfileFolder
from sandbox.model import Column
from sandbox.subset.odd.remembered import Remembered
from schemas import table

TODAY = date(2026, 11, 30)
ORDERS = table("orders")
KEPT = Remembered((-5, 7, 2**63), (((1, 100), TODAY), ((100, 2**64), date(2026, 11, 23))))


def folder_of(path: Path, *, may_keep: bool = True, said: list[str] | None = None) -> ProfileFolder:
    said = [] if said is None else said
    return ProfileFolder(path / "source", lambda _: may_keep, today=TODAY, warn=said.append)


def test_what_is_kept_is_recalled(tmp_path: Path) -> None:
    folder_of(tmp_path).keep(ORDERS, "", KEPT)
    assert folder_of(tmp_path).recall(ORDERS, "") == KEPT
    assert folder_of(tmp_path).recall(table("others"), "") is None


def test_only_the_owner_may_read_it_and_nothing_is_left_aside(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        folder_of(tmp_path).keep(ORDERS, "", KEPT)
    finally:
        os.umask(before)
    (file,) = (tmp_path / "source").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert "orders" not in file.name + file.read_text()


def test_table_or_condition_that_changed_has_nothing_to_recall(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    folder.keep(ORDERS, "", KEPT)
    more = replace(ORDERS, columns=(*ORDERS.columns, Column("note", "text", "text")))
    assert folder.recall(more, "") is None
    assert folder.recall(ORDERS, "id > 7") is None
    # Its size changes every day.
    assert folder.recall(replace(ORDERS, rows=9, size=9), "") == KEPT


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b'{"format": 2, "of": "", "odd": [], "read": []}',
        b'{"format": 1, "of": "", "odd": ["a"], "read": []}',
        b'{"format": 1, "of": "", "odd": [], "read": [[1, 2, "2026-13-99"]]}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_broken_file_is_as_if_it_were_not_there(tmp_path: Path, text: bytes) -> None:
    folder = folder_of(tmp_path)
    folder.keep(ORDERS, "", KEPT)
    (file,) = (tmp_path / "source").iterdir()
    file.write_bytes(text)
    assert folder.recall(ORDERS, "") is None
    folder.keep(ORDERS, "", KEPT)
    assert folder.recall(ORDERS, "") == KEPT


def test_key_that_is_masked_is_not_kept(tmp_path: Path) -> None:
    folder_of(tmp_path).keep(ORDERS, "", KEPT)
    assert folder_of(tmp_path, may_keep=False).recall(ORDERS, "") is None
    elsewhere = tmp_path / "elsewhere"
    folder_of(elsewhere, may_keep=False).keep(ORDERS, "", KEPT)
    assert not elsewhere.exists()


def test_folder_that_cannot_be_written_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "source").write_text("a file")
    said: list[str] = []
    folder = folder_of(tmp_path, said=said)
    folder.keep(ORDERS, "", KEPT)
    folder.keep(table("others"), "", KEPT)
    assert len(said) == 1
    assert "cannot be written (FileExistsError)" in said[0]
