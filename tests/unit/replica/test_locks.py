from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sandbox.errors import StackBusy
from sandbox.replica.locks import hold, is_held

HOLDS = """
import sys, time
from sandbox.replica.locks import hold
with hold(sys.argv[1], "busy"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture(params=["socket", "file"])
def lock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Name a thing to lock, in each of the two ways of doing so."""
    if request.param == "file":
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        monkeypatch.setattr("sandbox.replica.locks.sys.platform", "darwin")
    elif sys.platform != "linux":
        pytest.skip("only Linux has sockets without a file")
    return f"test {os.getpid()} {request.node.name}"


def test_a_thing_is_held_by_one_at_a_time(lock: str) -> None:
    with hold(lock, "it is busy."):
        with pytest.raises(StackBusy, match="it is busy"), hold(lock, "it is busy."):
            pass
        assert is_held(lock)
        with hold(f"{lock} other", "busy"):
            pass
    assert not is_held(lock)


def test_it_is_free_again_after_an_error(lock: str) -> None:
    with pytest.raises(KeyboardInterrupt), hold(lock, "busy"):
        raise KeyboardInterrupt
    with hold(lock, "busy"):
        pass


def test_looking_does_not_take_it(lock: str) -> None:
    assert not is_held(lock)
    assert not is_held(lock)
    with hold(lock, "busy"):
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has sockets without a file")
def test_it_ends_with_a_process_that_is_killed() -> None:
    name = f"test {os.getpid()} killed"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, name], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert is_held(name)
        process.send_signal(signal.SIGKILL)
    assert not is_held(name)
