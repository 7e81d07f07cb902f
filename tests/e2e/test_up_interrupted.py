"""`sandbox up` that is ended at some moment: nothing is left half-made, and the next one works."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from itertools import count

import pytest

from commands import sandbox
from sandbox.replica.engine import Engine
from sandboxes import Sandbox, get, parts_of, read_until, remove, running_up, up_arguments
from servers import eventually
from small_shop import SmallShop

pytestmark = pytest.mark.docker

_NUMBERS = count(1)


@pytest.fixture
def name(engine: Engine, shop: Sandbox) -> Iterator[str]:
    """Name a sandbox beside one of the same bundle; what is there of it afterwards is removed."""
    assert shop.said.exit_code == 0
    chosen = f"test-{os.getpid()}-ended-{next(_NUMBERS)}"
    yield chosen
    remove(engine, chosen)


def golden_images(engine: Engine) -> set[str]:
    return {str(one.id) for one in engine.client.images.list("prod-sandbox/golden")}


def ended_by(process: subprocess.Popen[str], sent: signal.Signals) -> str:
    process.send_signal(sent)
    out, said = process.communicate(timeout=90)
    assert out == ""
    return said


@pytest.mark.parametrize(
    ("sent", "exit_code", "stage", "seconds"),
    [
        # The server that loads is being started.
        pytest.param(signal.SIGINT, 130, "images", 0.6, marks=pytest.mark.heavy),
        (signal.SIGTERM, 143, "load", 0.3),  # it gets production's settings
        (signal.SIGINT, 130, "settings", 0.4),  # its image is being made
    ],
)
def test_up_that_is_ended_while_it_loads_leaves_nothing(  # noqa: PLR0913, PLR0917 - cases
    engine: Engine,
    small: SmallShop,
    name: str,
    sent: signal.Signals,
    exit_code: int,
    stage: str,
    seconds: float,
) -> None:
    bundle = small.another(name)
    before = golden_images(engine)
    with running_up(*up_arguments(small, name, bundle=bundle)) as process:
        read_until(process, stage)
        time.sleep(seconds)
        said = ended_by(process, sent)
    assert process.returncode == exit_code, said
    assert "Traceback" not in said
    assert parts_of(engine, name) == []
    assert golden_images(engine) <= before


@pytest.mark.parametrize(
    ("sent", "exit_code", "stage", "seconds"),
    [
        (signal.SIGINT, 130, "images", 0.1),  # the network is being made
        (signal.SIGTERM, 143, "images", 0.5),  # containers are being made
        # Containers are being started.
        pytest.param(signal.SIGINT, 130, "images", 1.2, marks=pytest.mark.heavy),
        # So is the gateway.
        pytest.param(signal.SIGTERM, 143, "images", 2.5, marks=pytest.mark.heavy),
        (signal.SIGINT, 130, "start", 0.5),  # it is being probed
    ],
)
def test_up_that_is_ended_while_it_starts_leaves_nothing(  # noqa: PLR0913, PLR0917 - cases
    engine: Engine,
    small: SmallShop,
    name: str,
    sent: signal.Signals,
    exit_code: int,
    stage: str,
    seconds: float,
) -> None:
    with running_up(*up_arguments(small, name)) as process:
        read_until(process, stage)
        time.sleep(seconds)
        said = ended_by(process, sent)
    assert process.returncode == exit_code, said
    assert "Traceback" not in said
    assert parts_of(engine, name) == []


def test_after_a_kill_the_next_up_removes_what_was_left_and_works(
    engine: Engine, small: SmallShop, name: str
) -> None:
    bundle = small.another(name)
    with running_up(*up_arguments(small, name, bundle=bundle)) as process:
        eventually(lambda: any("load" in part for part in parts_of(engine, name)))
        ended_by(process, signal.SIGKILL)
    assert parts_of(engine, name)

    with running_up(*up_arguments(small, name, bundle=bundle)) as process:
        read_until(process, "commit")
        eventually(lambda: any("web2" in part for part in parts_of(engine, name)))
        assert not any("load" in part for part in parts_of(engine, name))
        ended_by(process, signal.SIGKILL)
    assert parts_of(engine, name)
    listed = {one["name"]: one["state"] for one in sandbox("list", "--json").data["sandboxes"]}
    assert listed[name] == "never finished"

    done = sandbox(*up_arguments(small, name, "--json", bundle=bundle))
    assert done.exit_code == 0, done.said
    assert f"the sandbox {name} was never finished: its parts are removed" in done.stderr
    assert get(done.data["sandbox"]["ports"]["web1"], "/orders/1").status == 200
