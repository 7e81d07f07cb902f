"""A change is told to be a patch or code, and what it touches is found by content."""

from __future__ import annotations

import tarfile
from pathlib import Path

from sandbox.experiment.change import changed_between, is_patch
from sandbox.replica.servers.code import read_code

PATCH = b"""From 1234 Mon Sep 17 00:00:00 2001
Subject: x

diff --git a/a.php b/a.php
--- a/a.php
+++ b/a.php
@@ -1 +1 @@
-1
+2
"""


def test_a_patch_is_known_by_its_name_or_by_how_it_begins(tmp_path: Path) -> None:
    (tmp_path / "fix").write_bytes(PATCH)
    (tmp_path / "empty.patch").write_bytes(b"")
    (tmp_path / "notes.txt").write_bytes(b"a hunch\n")
    with tarfile.open(tmp_path / "code.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "fix", "diff ")
    found = {one.name: is_patch(one) for one in sorted(tmp_path.iterdir())}
    assert found == {"code.tar.gz": False, "empty.patch": True, "fix": True, "notes.txt": False}
    assert not is_patch(tmp_path)
    assert not is_patch(tmp_path / "1.5")


def test_what_a_change_touches_is_what_differs(tmp_path: Path) -> None:
    for name, files in (
        ("one", {"index.php": "1", "a.php": "1", "gone.php": "1", "run": "1"}),
        ("other", {"index.php": "1", "a.php": "2", "new.php": "1", "run": "1"}),
    ):
        for path, text in files.items():
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / path).write_text(text)
    (tmp_path / "other" / "run").chmod(0o755)
    with read_code(str(tmp_path / "one")) as one, read_code(str(tmp_path / "other")) as other:
        assert changed_between(one, other) == {"a.php", "gone.php", "new.php", "run"}
        assert changed_between(one, one) == frozenset()
