from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from sandbox.errors import SandboxMissing, UsageError
from sandbox.model import Family
from sandbox.replica.containers import Container
from sandbox.replica.engine import Engine
from sandbox.replica.labels import CLONE, GATEWAY, labels_of
from sandbox.replica.state import (
    DatabaseState,
    Difference,
    LogState,
    SandboxState,
    ServerState,
    find_sandbox,
    list_sandboxes,
    look_for,
    state_of,
)

PASSWORD = "Xylophanta"  # noqa: S105 - the one that must not be shown
NOW = datetime(2026, 3, 1, tzinfo=UTC)
ENGINE = cast("Engine", None)  # whatever it is, it is asked through `labelled_containers`


def state(name: str = "shop") -> SandboxState:
    return SandboxState(
        name=name,
        created=NOW,
        tool="0",
        bundle="/bundles/shop.bundle",
        manifest_sha256="0",
        servers=(
            ServerState(
                name="web1", image="php", release="/srv/app",
                logs=(LogState(path="/var/log/a.log", kind="php"),),
            ),
        ),
        database=DatabaseState(
            image="golden", name="shop", family=Family.MARIADB, version="10.11", rows=3, tables=1,
            user="developer", password=PASSWORD,
        ),
        sink_image="sink",
        gateway_image="gateway",
        ports={"web1": 8081, "sink": 8025, "database": 33061},
        differences=(Difference(where="web1", what="php", production="8.2.1", here="8.2.9"),),
    )  # fmt: skip


class Part:
    """A container as far as looking for sandboxes asks it."""

    def __init__(self, labels: dict[str, str], state_file: bytes = b"") -> None:
        self.labels = labels
        self.name = "-".join(labels.values())
        self.created = NOW
        self.was_running = True
        self.read = lambda _path: state_file


def parts(name: str, state_file: bytes, *, clone: str = "") -> list[Part]:
    own = [Part(labels_of(name, "sink")), Part(labels_of(name, GATEWAY), state_file)]
    return own + ([Part(labels_of(name, "sink", clone=clone))] if clone else [])


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Give what says which containers the engine has."""

    def say(*containers: Part) -> None:
        def labelled(_engine: Engine, label: str) -> list[Container]:
            key, _, value = label.partition("=")
            found = [one for one in containers if value in {"", one.labels.get(key)}]
            return cast("list[Container]", found)

        monkeypatch.setattr("sandbox.replica.state.labelled_containers", labelled)

    return say


def test_what_was_written_is_read_again() -> None:
    assert SandboxState.model_validate_json(state().to_json()) == state()


def test_password_is_not_shown() -> None:
    assert PASSWORD not in f"{state()!r} {state()}"


def test_a_server_is_found_by_name_and_others_are_named() -> None:
    assert state().server("web1").release == "/srv/app"
    with pytest.raises(UsageError) as caught:
        state().server("web9")
    assert "web1" in caught.value.hint


def test_addresses_are_of_this_machine() -> None:
    assert state().url("web1") == "http://127.0.0.1:8081"


def test_a_whole_sandbox_is_found_by_name_or_as_the_only_one(there: Callable[..., None]) -> None:
    there(*parts("shop", state().to_json(), clone="c3f9a1"))
    for name in ("shop", ""):
        found = find_sandbox(ENGINE, name)
        assert found.state == state()
        assert [one.part for one in found.parts] == ["gateway", "sink"]
        assert found.clones == ("c3f9a1",)
        assert all(CLONE not in one.container.labels for one in found.parts)
    with pytest.raises(SandboxMissing, match="other"):
        find_sandbox(ENGINE, "other")


def test_of_several_one_must_be_named(there: Callable[..., None]) -> None:
    there(*parts("a", state("a").to_json()), *parts("b", state("b").to_json()))
    assert [one.name for one in list_sandboxes(ENGINE)] == ["a", "b"]
    with pytest.raises(UsageError) as caught:
        find_sandbox(ENGINE)
    assert "a, b" in caught.value.hint
    assert state_of(find_sandbox(ENGINE, "b")).name == "b"


def test_that_there_is_none_says_how_to_start_one(there: Callable[..., None]) -> None:
    there()
    assert look_for(ENGINE, "shop") is None
    with pytest.raises(SandboxMissing) as caught:
        find_sandbox(ENGINE)
    assert "sandbox up" in caught.value.hint


def changed(**fields: Any) -> bytes:
    return json.dumps(json.loads(state().to_json()) | fields).encode()


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff\xfe", changed(version=2), changed(x=1)])
def test_a_sandbox_without_a_state_that_can_be_read_is_not_whole(
    there: Callable[..., None], text: bytes
) -> None:
    there(*parts("shop", text))
    found = look_for(ENGINE, "shop")
    assert found is not None
    assert found.state is None
    with pytest.raises(SandboxMissing) as caught:
        find_sandbox(ENGINE, "shop")
    assert "sandbox down --name shop" in caught.value.hint


def test_a_part_is_found_by_what_it_is(there: Callable[..., None]) -> None:
    there(*parts("shop", state().to_json()), Part(labels_of("shop", "web", server="web1")))
    found = find_sandbox(ENGINE, "shop")
    assert found.part("web1").part == "web"
    assert found.part("sink").server == ""
    with pytest.raises(UsageError) as caught:
        found.part("web9")
    assert "gateway, sink, web1" in caught.value.hint
