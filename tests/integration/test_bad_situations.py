"""Each documented bad situation ends in one clear error, and leaves nothing half-made."""

from __future__ import annotations

import gc
import multiprocessing
import os
import shutil
import socket
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.errors import (
    BaseImageFailed,
    EngineDiskFull,
    EnginePermissionDenied,
    EngineUnreachable,
    ImageBuildFailed,
    ImageUnavailable,
    PortTaken,
    SandboxError,
)
from sandbox.replica.base import BaseSource, make_base
from sandbox.replica.containers import ContainerSpec, find_container, start_container
from sandbox.replica.engine import Engine, connect_engine
from sandbox.replica.images import ensure_images
from sandbox.replica.recipes import PlannedImage, Wanted, plan_images, recipes_folder
from servers import ImageOf, Silent, eventually

pytestmark = pytest.mark.docker

OFFLINE = BaseSource(registry="never")
TRIAL_BASE = PlannedImage(
    "base", "trixie", "prod-sandbox/test-base:half-made", suite="trixie", dockerfile="Dockerfile"
)
FakeBootstrap = Callable[[str], None]


@pytest.fixture
def bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeBootstrap:
    """Give what puts another mmdebstrap in place; $out is the tarball it is to write."""

    def become(script: str) -> None:
        program = tmp_path / "mmdebstrap"
        find_out = 'for word in "$@"; do case "$word" in *.tar) out=$word ;; esac; done'
        program.write_text(f"#!/bin/bash\n{find_out}\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    return become


def made_base(engine: Engine) -> str:
    return make_base(engine, TRIAL_BASE, OFFLINE, recipes_folder() / "base", lambda _line: None)


def untagged(engine: Engine) -> set[str]:
    images = engine.client.images.list(filters={"dangling": True})
    return {str(image.id) for image in images}


def only_before(engine: Engine, before: set[str]) -> None:
    """Assert that nothing untagged is left: what builds beside this test have goes by itself."""
    eventually(lambda: untagged(engine) <= before, seconds=240)


@pytest.mark.parametrize(
    "address", ["unix:///nonexistent/docker.sock", "tcp://127.0.0.1:1", "nonsense://x"]
)
def test_no_engine_says_where_it_looked_and_how_to_get_one(address: str) -> None:
    with pytest.raises(EngineUnreachable) as caught:
        connect_engine(address, timeout=5)
    assert address in caught.value.message
    assert "apt-get install docker.io" in caught.value.hint
    gc.collect()  # a socket that was left open would now be a warning, and so an error


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become a user without rights")
def test_no_right_to_the_socket_names_the_group(engine: Engine) -> None:  # noqa: ARG001 - must be up
    said = multiprocessing.get_context("fork").SimpleQueue()

    def as_nobody() -> None:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        try:
            connect_engine("unix:///var/run/docker.sock", timeout=5)
        except SandboxError as error:
            said.put((type(error).__name__, error.hint))

    process = multiprocessing.get_context("fork").Process(target=as_nobody)
    process.start()
    process.join(timeout=30)
    kind, hint = said.get()
    assert kind == EnginePermissionDenied.__name__
    assert "docker group" in hint


FILL = 'head -c 100000000 /dev/zero > "$out"'


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (f'{FILL}; echo "E: mirror gone" >&2; exit 1', "E: mirror gone"),
        (': > "$out"', "gave a tree of 0 bytes"),
        (FILL, "half-made and was thrown away"),  # big enough, but no system in it
    ],
    ids=["broken off", "empty", "no system"],
)
def test_half_made_base_is_thrown_away_and_never_named(
    engine: Engine, bootstrap: FakeBootstrap, script: str, said: str
) -> None:
    bootstrap(script)
    before = untagged(engine)
    with pytest.raises(SandboxError) as caught:
        made_base(engine)
    assert isinstance(caught.value, BaseImageFailed)
    assert said in "\n".join([caught.value.message, *caught.value.findings])
    assert engine.image_id(TRIAL_BASE.reference) is None
    only_before(engine, before)


class Interrupted(BaseException):
    """Stands for Ctrl-C, which a listener of a build passes on."""


def test_interrupted_base_leaves_no_tree_behind(
    engine: Engine, bootstrap: FakeBootstrap, tmp_path: Path
) -> None:
    whole = tmp_path / "tree.tar"
    with tarfile.open(whole, "w") as tree:
        padding = tarfile.TarInfo("padding")
        padding.size = 60_000_000
        with Path("/dev/zero").open("rb") as zero:
            tree.addfile(padding, zero)
    bootstrap(f'cp {whole} "$out"')
    before = untagged(engine)

    def interrupt(line: str) -> None:
        if line.startswith("Step "):
            raise Interrupted

    with pytest.raises(Interrupted):
        make_base(engine, TRIAL_BASE, OFFLINE, recipes_folder() / "base", interrupt)
    assert engine.image_id(TRIAL_BASE.reference) is None
    only_before(engine, before)


def test_interrupted_bootstrap_ends_its_process(
    engine: Engine, bootstrap: FakeBootstrap, tmp_path: Path
) -> None:
    bootstrap(f"echo $$ > {tmp_path}/pid; exec sleep 300")

    def interrupt(line: str) -> None:
        if line == "bootstrapping trixie" and (tmp_path / "pid").exists():
            raise Interrupted

    with pytest.raises(Interrupted):
        make_base(engine, TRIAL_BASE, OFFLINE, recipes_folder() / "base", interrupt)
    assert not Path("/proc", (tmp_path / "pid").read_text().strip()).exists()


def test_interrupted_build_ends_in_the_engine_too(
    engine: Engine, image_of: ImageOf, tmp_path: Path
) -> None:
    step = "for i in $(seq 300); do echo step-of-a-test; sleep 0.2; done"
    context = recipe(tmp_path, image_of("base", "bookworm"), step)

    def building() -> bool:
        running = engine.client.containers.list(ignore_removed=True)
        return any("step-of-a-test" in str(one.attrs["Args"]) for one in running)

    def interrupt(line: str) -> None:
        if line == "step-of-a-test":
            assert building()
            raise Interrupted

    with pytest.raises(Interrupted):
        engine.build(context, tags=("prod-sandbox/test-given-up:1",), arguments={}, heard=interrupt)
    eventually(lambda: not building(), seconds=30)


def test_bootstrap_on_a_full_disk_says_so(engine: Engine, bootstrap: FakeBootstrap) -> None:
    bootstrap('cat /dev/zero > /dev/full || { echo "E: No space left on device" >&2; exit 25; }')
    with pytest.raises(EngineDiskFull, match="this machine's disk"):
        made_base(engine)


def test_base_without_registry_and_bootstrap_names_both_cures(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "mmdebstrap" else found(name))
    with pytest.raises(BaseImageFailed) as caught:
        made_base(engine)
    assert "apt-get install mmdebstrap" in caught.value.hint

    monkeypatch.setattr("sandbox.replica.base.find_mirror", lambda: None)
    with pytest.raises(BaseImageFailed) as caught:
        made_base(engine)
    assert "[images] mirror" in caught.value.hint


def recipe(folder: Path, base: str, step: str) -> Path:
    (folder / "Dockerfile").write_text(f"FROM {base}\nRUN {step}\n")
    return folder


def test_a_failing_step_shows_its_last_lines_and_tags_nothing(
    engine: Engine, image_of: ImageOf, tmp_path: Path
) -> None:
    context = recipe(tmp_path, image_of("base", "bookworm"), "echo about to fail; exit 3")
    with pytest.raises(ImageBuildFailed) as caught:
        engine.build(context, tags=("prod-sandbox/test-broken:1",), arguments={})
    assert "Step 2/2" in caught.value.message
    assert "about to fail" in caught.value.findings
    assert engine.image_id("prod-sandbox/test-broken:1") is None


def test_a_full_disk_while_building_is_named_as_such(
    engine: Engine, image_of: ImageOf, tmp_path: Path
) -> None:
    # /dev/shm of a build container holds 64 MB: a real "no space left" from a real build.
    step = "dd if=/dev/zero of=/dev/shm/full bs=1M count=200"
    context = recipe(tmp_path, image_of("base", "bookworm"), step)
    with pytest.raises(EngineDiskFull) as caught:
        engine.build(context, tags=("prod-sandbox/test-full:1",), arguments={})
    assert "docker system df" in caught.value.hint
    assert engine.image_id("prod-sandbox/test-full:1") is None


def test_a_taken_port_is_named_and_the_container_removed(engine: Engine, image_of: ImageOf) -> None:
    image = image_of("sink")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        spec = ContainerSpec("sandbox-test-port", image, "bridge", ports={8025: port})
        with pytest.raises(PortTaken, match=f"127.0.0.1:{port} is taken"):
            start_container(engine, spec)
    assert find_container(engine, "sandbox-test-port") is None


def test_an_image_that_no_registry_has_names_the_setting(engine: Engine) -> None:
    plan = plan_images([Wanted("php")], {"php": "127.0.0.1:1/nobody/php:5.6-fpm"})
    with pytest.raises(ImageUnavailable) as caught:
        ensure_images(engine, plan, OFFLINE, Silent())
    assert "127.0.0.1:1/nobody/php:5.6-fpm" in caught.value.message
    assert "[images]" in caught.value.hint
