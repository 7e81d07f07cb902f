"""`sandbox up` on an engine of its own, which is restarted under it and whose disk runs full.

Needs root, as `test_own_engine.py` does. The engine and all commands are in a network namespace of
their own, so that the addresses that it publishes on are not those of the machine's engine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from commands import COMMAND, Ended, sandbox
from sandbox.errors import StackError
from sandbox.replica.engine import Engine, connect_engine
from sandboxes import parts_of, up_arguments
from servers import ImageOf, eventually
from small_shop import SmallShop, make_small_shop

# The SDK leaves sockets open when an engine goes away under it.
pytestmark = [
    pytest.mark.docker,
    pytest.mark.heavy,
    pytest.mark.skipif(os.getuid() != 0, reason="only root can run an engine of its own"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

DISK_MB = 5000
GET = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=5).read())"


@dataclass
class OwnEngine:
    """A dockerd on a disk and in a network namespace of its own."""

    folder: Path
    driver: str
    holder: subprocess.Popen[bytes]
    process: subprocess.Popen[bytes] | None = None

    @property
    def host(self) -> str:
        return f"unix://{self.folder}/docker.sock"

    @property
    def disk(self) -> Path:
        return self.folder / "disk"

    def is_apart(self) -> bool:
        """Tell whether its namespace is another one than ours by now."""
        there, here = (Path(f"/proc/{one}/ns/net") for one in (self.holder.pid, "self"))
        return there.readlink() != here.readlink()

    def inside(self, *command: str) -> list[str]:
        """Give a command as it runs in the namespace."""
        return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", *command]

    def start(self) -> None:
        command = self.inside(
            "dockerd", f"--config-file={self.folder}/daemon.json", f"--data-root={self.disk}",
            f"--exec-root={self.folder}/exec", f"--host={self.host}",
            f"--pidfile={self.folder}/pid", "--bridge=none",
        )  # fmt: skip
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stderr=log)
        eventually(self.answers)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=60)
            self.process = None

    def answers(self) -> bool:
        try:
            connect_engine(self.host, timeout=5).close()
        except StackError:
            return False
        return True

    def sandbox(self, *arguments: str) -> Ended:
        """Run a command of ours in the namespace, on this engine."""
        done = subprocess.run(
            self.inside(*COMMAND, *arguments),
            env=dict(os.environ) | {"DOCKER_HOST": self.host},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        return Ended(done.returncode, done.stdout, done.stderr)

    def get(self, port: int, path: str) -> str:
        """Ask a published port; gives nothing where nobody answers."""
        command = self.inside(sys.executable, "-c", GET, f"http://127.0.0.1:{port}{path}")
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout


@pytest.fixture(scope="module")
def small(image_of: ImageOf, tmp_path_factory: pytest.TempPathFactory) -> SmallShop:
    return make_small_shop(image_of, tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def own(
    engine: Engine, image_of: ImageOf, small: SmallShop, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OwnEngine]:
    """Give an engine of its own that has the images that a sandbox needs."""
    folder = tmp_path_factory.mktemp("own")
    image, disk = folder / "disk.img", folder / "disk"
    disk.mkdir()
    with image.open("wb") as file:
        file.truncate(DISK_MB << 20)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, disk], check=True)
    driver = engine.facts().storage_driver
    (folder / "daemon.json").write_text(json.dumps({"storage-driver": driver}))
    for role in ("gateway", "sink", "php"):
        image_of(role)
    planned = sandbox(*up_arguments(small, "own", "--dry-run", "--json")).data["images"]
    with subprocess.Popen(["unshare", "--net", "sleep", "infinity"]) as holder:
        made = OwnEngine(folder, driver, holder)
        try:
            eventually(made.is_apart)
            subprocess.run(made.inside("ip", "link", "set", "lo", "up"), check=True)
            made.start()
            save = ["docker", "save", *(one["reference"] for one in planned)]
            with subprocess.Popen(save, stdout=subprocess.PIPE) as saving:
                load = ["docker", f"--host={made.host}", "load", "--quiet"]
                subprocess.run(load, stdin=saving.stdout, check=True, stdout=subprocess.DEVNULL)
            yield made
        finally:
            made.stop()
            holder.kill()
            subprocess.run(["umount", "--lazy", disk], check=True)


@contextmanager
def filled(own: OwnEngine, left_mb: int) -> Iterator[None]:
    """Fill the engine's disk up but for some megabytes, for the block."""
    free = os.statvfs(own.disk)
    filler = own.disk / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize - (left_mb << 20))
    try:
        yield
    finally:
        filler.unlink()


def refused(own: OwnEngine, ended: Ended, name: str) -> None:
    assert ended.exit_code == 14, ended.said
    assert ended.stderr.count("error: ") == 1
    assert "no space left on the Docker engine's disk" in ended.stderr
    with connect_engine(own.host) as engine:
        assert parts_of(engine, name) == []


def test_a_full_disk_is_one_error_leaves_nothing_and_is_no_more_once_there_is_space(
    own: OwnEngine, small: SmallShop
) -> None:
    for left_mb in (1, 40):  # for the server that loads to start, and for its rows
        with filled(own, left_mb):
            refused(own, own.sandbox(*up_arguments(small, "full")), "full")
    with connect_engine(own.host) as engine:
        assert engine.client.images.list("prod-sandbox/golden") == []

    done = own.sandbox(*up_arguments(small, "full", "--json"))
    assert done.exit_code == 0, done.said
    with filled(own, 1):  # the golden database is there
        refused(own, own.sandbox(*up_arguments(small, "beside")), "beside")
    assert "02.01.2026" in own.get(done.data["sandbox"]["ports"]["web1"], "/orders/1")
    assert own.sandbox("down", "--name=full", "--yes").exit_code == 0


def test_a_sandbox_comes_back_with_its_engine_and_answers(own: OwnEngine, small: SmallShop) -> None:
    done = own.sandbox(*up_arguments(small, "again", "--json"))
    assert done.exit_code == 0, done.said
    ports = done.data["sandbox"]["ports"]
    before = addresses(own)
    for _ in range(2):
        own.stop()
        own.start()
        for server in ("web1", "web2"):
            eventually(lambda server=server: "02.01.2026" in own.get(ports[server], "/orders/1"))  # type: ignore[misc]
        assert "first" in own.get(ports["web1"], "/charge")
        assert addresses(own)["sink"] == before["sink"]
    status = own.sandbox("status", "--name=again", "--json")
    assert status.exit_code == 0, status.said
    reproduced = own.sandbox("reproduce", "r1", "--name=again", "--repeat=1")
    assert reproduced.exit_code == 0, reproduced.said
    assert own.sandbox("down", "--name=again", "--yes").exit_code == 0


def addresses(own: OwnEngine) -> dict[str, str]:
    """Give the addresses of the parts of the sandbox in its sealed network, by part."""
    with connect_engine(own.host) as engine:
        found = engine.client.containers.list(filters={"label": "prod-sandbox.sandbox=again"})
        return {
            one.labels["prod-sandbox.part"]: network["IPAddress"]
            for one in found
            for name, network in one.attrs["NetworkSettings"]["Networks"].items()
            if "inside" in name
        }
