"""A user who is in the docker group and nothing else brings a sandbox up, uses and removes it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from commands import COMMAND, Ended
from sandbox.replica.engine import Engine
from sandboxes import Sandbox, get, parts_of, remove
from small_shop import SmallShop

NOBODY = 65534
SOCKET = Path("/var/run/docker.sock")
NAME = f"test-{os.getpid()}-nobody"
pytestmark = [
    pytest.mark.docker,
    pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else"),
    pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv of util-linux"),
    pytest.mark.skipif(not SOCKET.exists(), reason=f"the engine does not listen on {SOCKET}"),
]

Run = Callable[..., Ended]


@pytest.fixture
def nobody(engine: Engine, small: SmallShop) -> Iterator[Run]:
    """Give what runs a command as somebody of the docker group who has bundle and code."""
    home = Path(tempfile.mkdtemp(prefix="sandbox-test-"))  # pytest's are closed to others
    shutil.copytree(small.bundle, home / "small.bundle")
    shutil.copytree(small.code, home / "shop")
    subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", home], check=True)

    def run(*arguments: str, group: int = SOCKET.stat().st_gid) -> Ended:
        done = subprocess.run(
            ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", f"--groups={group}",
             "--no-new-privs", "--bounding-set=-all", *COMMAND, *arguments],
            cwd=home, env=dict(os.environ) | {"HOME": str(home), "TMPDIR": str(home)},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
        return Ended(done.returncode, done.stdout, done.stderr)

    if run("--version").exit_code != 0:
        pytest.skip("others cannot read this virtual environment")
    try:
        yield run
        assert {one.name for one in home.iterdir()} == {"small.bundle", "shop"}
    finally:
        remove(engine, NAME)
        shutil.rmtree(home)


def test_a_user_of_the_docker_group_needs_no_root(
    engine: Engine, shop: Sandbox, nobody: Run
) -> None:
    assert shop.name != NAME
    up = nobody("up", "small.bundle", "--app=shop", f"--name={NAME}", "--json")
    assert up.exit_code == 0, up.said
    assert get(up.data["sandbox"]["ports"]["web1"], "/orders/1").status == 200
    assert up.data["sandbox"]["blocked"] > 100

    done = nobody("reproduce", "r1", f"--name={NAME}", "--repeat=1", "--json")
    assert done.exit_code == 0, done.said
    assert json.loads(done.stdout)["data"]["requests"][0]["answer"] == "reproduced"

    assert nobody("down", f"--name={NAME}", "--yes").exit_code == 0
    assert parts_of(engine, NAME) == []


def test_a_user_who_may_not_use_docker_is_told_so(nobody: Run) -> None:
    ended = nobody("up", "small.bundle", "--app=shop", f"--name={NAME}", group=NOBODY)
    assert ended.exit_code == 14
    assert "docker group" in ended.stderr
