"""What only an engine of one's own can suffer: its disk fills up, it dies in the middle.

Needs root: a small disk is mounted, and a second dockerd runs on it in a network namespace of its
own. In the machine's own namespace it would take the first engine's bridge down with it.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.errors import EngineDiskFull, EngineUnreachable, StackError
from sandbox.model import State
from sandbox.replica.base import BaseSource
from sandbox.replica.doctor import check_bridge
from sandbox.replica.engine import Engine, connect_engine
from sandbox.replica.images import ensure_images
from sandbox.replica.recipes import Wanted, plan_images
from servers import ImageOf, Silent, eventually, inside, running

pytestmark = [
    pytest.mark.docker,
    pytest.mark.heavy,
    pytest.mark.skipif(os.getuid() != 0, reason="only root can run an engine of its own"),
]

DISK_MB = 260  # one base image fits, two do not
OFFLINE = BaseSource(registry="never")


@dataclass(frozen=True)
class OwnEngine:
    """A dockerd on a small disk."""

    engine: Engine
    process: subprocess.Popen[bytes]
    disk: Path


@pytest.fixture
def own(engine: Engine, tmp_path: Path) -> Iterator[OwnEngine]:
    """Give an engine on a disk of its own; unmount and end everything afterwards."""
    image, disk = tmp_path / "disk.img", tmp_path / "disk"
    disk.mkdir()
    with image.open("wb") as file:
        file.truncate(DISK_MB << 20)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, disk], check=True)
    settings = tmp_path / "daemon.json"
    settings.write_text(json.dumps({"storage-driver": engine.facts().storage_driver}))
    host = f"unix://{tmp_path}/docker.sock"
    command = [
        "unshare", "--net", "dockerd", f"--config-file={settings}", f"--data-root={disk}",
        f"--exec-root={tmp_path}/exec", f"--host={host}", f"--pidfile={tmp_path}/pid",
        "--bridge=none", "--iptables=false",
    ]  # fmt: skip
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            eventually(lambda: _answers(host))
            with connect_engine(host, timeout=120) as connected:
                yield OwnEngine(connected, process, disk)
        finally:
            process.terminate()
            process.wait(timeout=30)
            subprocess.run(["umount", "--lazy", disk], check=True)


def _answers(host: str) -> bool:
    try:
        connect_engine(host, timeout=5).close()
    except StackError:
        return False
    return True


# The SDK leaves sockets open when an engine goes away under it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_full_disk_is_one_error_and_keeps_what_was_finished(own: OwnEngine) -> None:
    bookworm, trixie = plan_images([Wanted("base", "bookworm"), Wanted("base", "trixie")])
    ensure_images(own.engine, [bookworm], OFFLINE, Silent())
    with (own.disk / "filler").open("wb") as filler:
        os.posix_fallocate(filler.fileno(), 0, 60 << 20)
    with pytest.raises(EngineDiskFull):
        ensure_images(own.engine, [trixie], OFFLINE, Silent())
    assert own.engine.image_id(bookworm.reference)
    assert own.engine.image_id(trixie.reference) is None

    (own.disk / "filler").unlink()
    own.engine.remove_image(bookworm.reference)
    own.engine.remove_image(bookworm.moving_reference)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_engine_that_dies_while_it_builds_is_one_error(own: OwnEngine, tmp_path: Path) -> None:
    (base,) = plan_images([Wanted("base", "bookworm")])
    ensure_images(own.engine, [base], OFFLINE, Silent())
    context = tmp_path / "context"
    context.mkdir()
    (context / "Dockerfile").write_text(f"FROM {base.reference}\nRUN echo running; sleep 60\n")

    def kill_once_it_runs(line: str) -> None:
        if line == "running":
            threading.Thread(target=own.process.kill).start()

    with pytest.raises(EngineUnreachable) as caught:
        own.engine.build(
            context, tags=("prod-sandbox/test-dies:1",), arguments={}, heard=kill_once_it_runs
        )
    assert "stopped answering" in caught.value.message


def test_an_engine_beside_the_first_leaves_its_network_alone(
    own: OwnEngine, engine: Engine, image_of: ImageOf
) -> None:
    own.process.terminate()
    own.process.wait(timeout=30)
    (bridge,) = check_bridge(engine.facts())
    assert bridge.state is State.OK
    with running(image_of("base", "bookworm"), command="sleep 60") as container:
        inside(container, "test", "-e", "/sys/class/net/eth0")
