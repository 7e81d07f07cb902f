from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PROGRAM = """
import sys
from sandbox.replica.scratch import scratch_folder
folder = scratch_folder()
(folder / "code.tar").write_text("code")
assert scratch_folder() == folder
print(folder, flush=True)
sys.stdin.read()
"""


@contextmanager
def process(place: Path, *before: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Run a process that has temporary files until its standard input ends."""
    with subprocess.Popen(
        [*before, sys.executable, "-c", PROGRAM],
        env=dict(os.environ) | {"TMPDIR": str(place)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        yield running, Path(running.stdout.readline().strip())


def test_temporary_files_are_private_and_go_with_their_process(tmp_path: Path) -> None:
    with process(tmp_path) as (_, folder):
        assert folder.parent == tmp_path
        assert folder.stat().st_mode & 0o777 == 0o700
    assert list(tmp_path.iterdir()) == []


def test_files_of_a_killed_process_are_removed_by_the_next_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "prod-sandbox-notes").mkdir()
    with process(tmp_path) as (_, lives):
        with process(tmp_path) as (killed, left):
            killed.send_signal(signal.SIGKILL)
        assert left.exists()
        with process(tmp_path) as (_, own):
            assert set(tmp_path.iterdir()) == {lives, own, tmp_path / "prod-sandbox-notes"}
            assert (lives / "code.tar").exists()


def test_what_a_link_leads_to_is_left_alone(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "prod-sandbox-0123456789abcdef").symlink_to(elsewhere)
    with process(tmp_path):
        pass
    assert elsewhere.exists()


@pytest.mark.skipif(
    os.getuid() != 0 or shutil.which("unshare") is None,
    reason="needs root, and unshare of util-linux",
)
def test_files_of_a_process_in_another_network_namespace_stay(tmp_path: Path) -> None:
    with process(tmp_path, "unshare", "--net") as (_, lives), process(tmp_path):
        assert (lives / "code.tar").exists()
