"""What can be said of containers without an engine."""

from __future__ import annotations

from pathlib import Path

from sandbox.replica.containers import File, files_below


def test_every_file_below_a_folder_keeps_its_place(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/c.ini").write_bytes(b"x")
    (tmp_path / "d").write_bytes(b"")
    assert files_below(tmp_path, "/etc/app/") == (
        File("/etc/app/a/b/c.ini", b"x"),
        File("/etc/app/d", b""),
    )
