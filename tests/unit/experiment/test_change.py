"""A change is told to be a patch or code, and what it touches is found by content."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sandbox.errors import CodeRefused, PatchRefused
from sandbox.experiment.change import (
    changed_between,
    is_patch,
    patch_each,
    told_of_whole,
    whole_code,
)
from sandbox.replica.servers.code import Code, read_code

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


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as codes:
        yield codes


def code(stack: ExitStack, folder: Path, **files: str) -> Code:
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.php").write_text(text)
    return stack.enter_context(read_code(str(folder)))


def test_a_server_that_a_patch_does_not_fit_is_left_out_and_told(
    tmp_path: Path, stack: ExitStack
) -> None:
    before = {
        "web1": code(stack, tmp_path / "one", index="1", a="1\n"),
        "web2": code(stack, tmp_path / "other", index="1", a="7\n"),
    }
    (tmp_path / "a.patch").write_bytes(PATCH)
    patched, told = patch_each(before, tmp_path / "a.patch", stack)
    assert {name: one.read("a.php") for name, one in patched.items()} == {"web1": b"2\n"}
    assert told == (
        "web2 stays as it is, as the patch does not fit what it runs: a.php does not fit at line 1",
    )
    with pytest.raises(PatchRefused, match="does not fit"):
        patch_each({"web2": before["web2"]}, tmp_path / "a.patch", stack)


def test_whole_code_that_mends_a_broken_roll_out_is_told(tmp_path: Path, stack: ExitStack) -> None:
    before = {
        "web1": code(stack, tmp_path / "one", index="1", a="1", b="1"),
        "web2": code(stack, tmp_path / "other", index="1", a="1"),
    }
    whole = code(stack, tmp_path / "whole", index="1", a="2", b="1", c="1")
    assert told_of_whole(before, whole) == (
        (
            "web2 gets b.php with the code, which other servers have and it lacks: what fails "
            "there for want of that works now, whatever else was changed"
        ),
        "no server has c.php without the change: new, or lacking there",
    )
    assert told_of_whole(before, before["web2"]) == ()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("fix.patch", "the patch fix.patch is not there."),
        ("fixes/zero.diff", "the patch fixes/zero.diff is not there."),
        ("./fixes", "fixes is not there."),
        ("/nowhere/fix", "/nowhere/fix is not there."),
        ("fix/zero", "fix/zero is not there, neither as a file or folder nor as a ref: "),
    ],
)
def test_a_mistyped_path_is_no_ref(tmp_path: Path, source: str, message: str) -> None:
    with pytest.raises(CodeRefused) as error:
        whole_code(source, tmp_path)
    assert error.value.message.startswith(message)
    assert isinstance(error.value, PatchRefused) is message.startswith("the patch")
