"""A writer that is ended from outside leaves nothing that looks whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bundle_samples import Make
from sandbox.bundle.reader import open_bundle
from sandbox.bundle.writer import BundleWriter
from sandbox.errors import BundleInvalid

_ROOT = Path(__file__).parents[3]
# Writes a part that never ends, as the command line would: SIGTERM becomes an exception.
_PROGRAM = """
import os, signal, sys
from pathlib import Path
from bundle_samples import fill
from sandbox.bundle.parts import write_part
from sandbox.bundle.writer import BundleWriter
from sandbox.cli.app import Terminated
from sandbox.model import MaskedBatch

def end(*_):
    raise Terminated

signal.signal(signal.SIGTERM, end)
def batches():
    number = 0
    while True:
        yield MaskedBatch("t", ("a",), ([os.urandom(50_000)],))
        number += 1
        if number == 20:
            print("writing", flush=True)

with BundleWriter(Path(sys.argv[1]), "shop") as writer:
    fill(writer)
    write_part(writer.part_path("t", 1), batches(), ordered=False)
"""


def start(out: Path) -> subprocess.Popen[str]:
    paths = os.pathsep.join(str(_ROOT / one) for one in (".", "tests"))
    running = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "writing\n"
    return running


def end(running: subprocess.Popen[str], how: signal.Signals) -> None:
    running.send_signal(how)
    running.communicate(timeout=30)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_terminated_writer_removes_what_it_made(tmp_path: Path, how: signal.Signals) -> None:
    end(start(tmp_path / "out"), how)
    assert list(tmp_path.iterdir()) == []


def test_a_killed_writer_leaves_no_bundle_and_the_next_one_cleans_up(
    tmp_path: Path, make: Make
) -> None:
    end(start(tmp_path / "out"), signal.SIGKILL)
    (left,) = tmp_path.iterdir()
    assert left.name.startswith("out.partial-")
    with pytest.raises(BundleInvalid, match="holds no manifest"):
        open_bundle(left)
    make(tmp_path / "out")
    assert [one.name for one in tmp_path.iterdir()] == ["out"]


def test_only_what_a_killed_writer_left_is_removed(tmp_path: Path, make: Make) -> None:
    make(tmp_path / "out.partial-2")
    (tmp_path / "out.partial-2/manifest.json.partial").touch()
    (tmp_path / "out.partial-notes").mkdir()
    (tmp_path / "out.partial-notes/mine.txt").touch()
    (tmp_path / "out.partial-empty").mkdir()
    (tmp_path / "out.partial-file").touch()
    (tmp_path / "out.partial-link").symlink_to(tmp_path / "out.partial-notes")
    (tmp_path / "out.partial-linked").mkdir()
    (tmp_path / "out.partial-linked/manifest.json.partial").symlink_to("elsewhere")
    before = set(tmp_path.rglob("*"))
    make(tmp_path / "out")
    assert {one for one in tmp_path.rglob("*") if tmp_path / "out" not in (one, *one.parents)} == (
        before
    )


def test_what_a_live_writer_makes_is_left_alone(tmp_path: Path) -> None:
    running = start(tmp_path / "out")
    try:
        with BundleWriter(tmp_path / "out", "shop"):
            assert len(list(tmp_path.iterdir())) == 2
        (left,) = tmp_path.iterdir()
        assert (left / "data/shop/t/0001.tsv.zst").stat().st_size > 0
    finally:
        end(running, signal.SIGKILL)
