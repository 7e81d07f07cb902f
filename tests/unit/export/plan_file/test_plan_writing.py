"""A plan file is whole or not there, and for its owner alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from sandbox.errors import UsageError
from sandbox.export.plan_file.writing import refuse_taken_file, write_plan


def test_a_plan_is_its_owners_whatever_was_there(tmp_path: Path) -> None:
    out = tmp_path / "plan.yaml"
    out.write_text("before")
    out.chmod(0o644)
    write_plan(out, "after", force=True)
    assert (out.read_text(), stat.S_IMODE(out.stat().st_mode)) == ("after", 0o600)
    assert list(tmp_path.iterdir()) == [out]


def test_a_file_that_is_there_stays(tmp_path: Path) -> None:
    out = tmp_path / "plan.yaml"
    out.write_text("before")
    with pytest.raises(UsageError, match="there already"):
        refuse_taken_file(out, force=False)
    with pytest.raises(UsageError, match="there already"):
        write_plan(out, "after", force=False)
    assert (out.read_text(), list(tmp_path.iterdir())) == ("before", [out])


def test_folders_are_neither_made_nor_replaced(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no folder"):
        refuse_taken_file(tmp_path / "away" / "plan.yaml", force=True)
    with pytest.raises(UsageError, match="is a folder"):
        refuse_taken_file(tmp_path, force=True)


def test_ctrl_c_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_plan(tmp_path / "plan.yaml", "text", force=False)
    assert list(tmp_path.iterdir()) == []
