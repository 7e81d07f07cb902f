"""What the engine's edge makes of the SDK's answers; no engine is asked."""

from __future__ import annotations

import hashlib
import json
import platform
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.errors import (
    EngineDiskFull,
    EnginePermissionDenied,
    EngineUnreachable,
    ImageUnavailable,
    StackError,
)
from sandbox.model import State
from sandbox.replica import doctor, images
from sandbox.replica.base import BaseSource
from sandbox.replica.containers import Container
from sandbox.replica.doctor import check_bridge
from sandbox.replica.engine import Engine, EngineFacts, connect_engine
from sandbox.replica.images import ensure_images
from sandbox.replica.recipes import PlannedImage, Wanted, plan_images
from servers import Silent

Event = Mapping[str, object]
DIGEST = f"sha256:{'0' * 64}"


class FakeApi:
    """The SDK's low level: streams events, and keeps how it was asked."""

    def __init__(self, events: tuple[Event, ...]) -> None:
        self.events = events
        self.asked: dict[str, Any] = {}
        self.streamed = 0

    def pull(self, repository: str, **options: Any) -> Iterator[Event]:
        self.asked = {"repository": repository, **options}
        return self._stream()

    def build(self, **options: Any) -> Iterator[Event]:
        self.asked = options
        return self._stream()

    def _stream(self) -> Iterator[Event]:
        for event in self.events:
            self.streamed += 1
            yield event


def engine_that_says(*events: Event) -> tuple[Engine, FakeApi]:
    api = FakeApi(events)
    local = SimpleNamespace(id="sha256:1", tag=lambda *_: True)
    client: Any = SimpleNamespace(api=api, images=SimpleNamespace(get=lambda _name: local))
    return Engine(client), api


@pytest.mark.parametrize(
    ("reference", "repository", "tag"),
    [
        ("debian", "debian", "latest"),
        ("reg.example:5000/php", "reg.example:5000/php", "latest"),
        ("reg.example:5000/php:5.6-fpm", "reg.example:5000/php", "5.6-fpm"),
        (f"php@{DIGEST}", "php", DIGEST),
    ],
)
def test_one_tag_is_pulled(reference: str, repository: str, tag: str) -> None:
    engine, api = engine_that_says({"status": "Pulling"})
    heard: list[str] = []
    assert engine.pull(reference, heard.append) == "sha256:1"
    assert (api.asked["repository"], api.asked["tag"]) == (repository, tag)
    assert heard == ["Pulling"]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("filesystem layer verification failed", ImageUnavailable),
        ("write /x: no space left on device", EngineDiskFull),
    ],
)
def test_a_pull_that_breaks_off_after_its_answer_began_is_an_error(
    said: str, kind: type[StackError]
) -> None:
    engine, _ = engine_that_says({"status": "Pulling"}, {"error": said}, {"status": "x"})
    with pytest.raises(kind, match=r"reg\.example/php"):
        engine.pull("reg.example/php:1")


def test_a_pull_ends_when_its_listener_does_not_want_more() -> None:
    engine, api = engine_that_says({"status": "a"}, {"status": "b"})

    def enough(_line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.pull("php:1", enough)
    assert api.streamed == 1


@pytest.mark.parametrize("rebuild", [True, False])
def test_a_rebuild_takes_nothing_from_the_engines_cache(
    rebuild: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    engine, api = engine_that_says({"aux": {"ID": "sha256:2"}})
    gateway = plan_images([Wanted("gateway")])[-1]
    images._make(engine, gateway, BaseSource(), lambda *_: None, fresh=rebuild)
    assert api.asked["nocache"] is rebuild


class Ending(BaseException):
    """What the command line raises when the process is asked to end."""


def test_images_that_are_being_made_are_given_up_when_the_process_is_to_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    many = 5_000_000
    lines = 0
    under_way = threading.Event()

    def make(
        _engine: Engine, image: PlannedImage, _source: BaseSource, advance: Any, **_: Any
    ) -> str:
        nonlocal lines
        if image.version == "trixie":
            under_way.wait(10)
            raise Ending
        for lines in range(many):  # noqa: B007 - read after it was broken off
            advance(0, "a line")
            under_way.set()
        return "whole"

    monkeypatch.setattr(images, "_make", make)
    nothing_there: Any = SimpleNamespace(image_id=lambda _reference: None)
    plan = plan_images([Wanted("base", "trixie"), Wanted("base", "sid"), Wanted("sink")])
    with pytest.raises(Ending):
        ensure_images(nothing_there, plan, BaseSource(), Silent())
    assert lines < many - 1


def test_a_command_without_an_exit_code_failed() -> None:
    ended: Any = SimpleNamespace(
        name="x", exec_run=lambda *_args, **_options: SimpleNamespace(exit_code=None, output=b"")
    )
    container = Container(ended)
    assert container.run(["true"]).exit_code == -1
    with pytest.raises(StackError, match="ended with -1"):
        container.must_run(["true"])


Configured = Callable[[str], None]


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configured:
    """Give what makes a context that leads to some address Docker's current one."""

    def become(address: str) -> None:
        name = "elsewhere"
        (tmp_path / "config.json").write_text(json.dumps({"currentContext": name}))
        meta = tmp_path / "contexts/meta" / hashlib.sha256(name.encode()).hexdigest()
        meta.mkdir(parents=True, exist_ok=True)
        endpoints = {"docker": {"Host": address, "SkipTLSVerify": False}}
        said = {"Name": name, "Metadata": {}, "Endpoints": endpoints}
        (meta / "meta.json").write_text(json.dumps(said))

    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.delenv("DOCKER_CONTEXT", raising=False)
    return become


def test_engine_is_the_named_one_then_docker_host_then_the_current_context(
    context: Configured, monkeypatch: pytest.MonkeyPatch
) -> None:
    context("unix:///nonexistent/context.sock")
    with pytest.raises(EngineUnreachable, match=r"unix:///nonexistent/context\.sock"):
        connect_engine(timeout=5)
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/environment.sock")
    with pytest.raises(EngineUnreachable, match=r"unix:///nonexistent/environment\.sock"):
        connect_engine(timeout=5)
    with pytest.raises(EngineUnreachable, match=r"unix:///nonexistent/named\.sock"):
        connect_engine("unix:///nonexistent/named.sock", timeout=5)


def test_a_context_that_cannot_be_read_is_one_error(context: Configured, tmp_path: Path) -> None:
    context("unix:///nonexistent/context.sock")
    (file,) = tmp_path.rglob("meta.json")
    file.write_text("{")
    with pytest.raises(EngineUnreachable, match="context cannot be read"):
        connect_engine(timeout=5)


@pytest.mark.parametrize("password", ["geheim", "ge/heim", "ge@heim"])
def test_a_password_in_the_engines_address_is_not_echoed(password: str) -> None:
    with pytest.raises(EngineUnreachable) as caught:
        connect_engine(f"tcp://user:{password}@127.0.0.1:1", timeout=5)
    assert caught.value.message == "no Docker engine answers at tcp://127.0.0.1:1."


def test_a_socket_that_this_user_may_not_open_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("sandbox.replica.engine.socket.socket.connect", refuse)
    with pytest.raises(EnginePermissionDenied, match=r"unix:///run/x\.sock"):
        connect_engine("unix:///run/x.sock", timeout=5)


def facts(**other: Any) -> EngineFacts:
    return EngineFacts(
        **{
            "version": "20.10.24",
            "api_version": "1.41",
            "storage_driver": "overlay2",
            "data_root": "/nonexistent",
            "architecture": "amd64",
            "host_name": "here",
            "rootless": False,
            "default_bridge": "docker0",
            **other,
        }
    )


def test_a_bridge_that_is_gone_is_missing_with_its_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "node", lambda: "here")
    monkeypatch.setattr(doctor, "_INTERFACES", tmp_path)
    (gone,) = check_bridge(facts())
    assert (gone.state, "docker0 is gone" in gone.found) == (State.MISSING, True)
    assert "systemctl restart docker" in gone.cure
    (tmp_path / "docker0").mkdir()
    (there,) = check_bridge(facts())
    assert there.state is State.OK


@pytest.mark.parametrize(
    "other", [{"rootless": True}, {"host_name": "desktop"}, {"default_bridge": ""}]
)
def test_nothing_is_said_of_a_bridge_that_is_not_this_machines(
    other: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "node", lambda: "here")
    monkeypatch.setattr(doctor, "_INTERFACES", tmp_path)
    assert check_bridge(facts(**other)) == ()
