"""The demo follows `sandbox.toml` like the command does."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from demo_production import __main__ as demo
from demo_production import story
from demo_production.story import Plan, have_images
from sandbox.errors import ExitCode, StackError
from sandbox.replica.base import BaseSource
from sandbox.replica.recipes import PlannedImage
from servers import Silent


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def run_up(folder: Path, settings: str, monkeypatch: pytest.MonkeyPatch) -> int:
    (folder / "sandbox.toml").write_text(settings)
    monkeypatch.chdir(folder)
    monkeypatch.setattr("sys.argv", ["demo_production", "up"])
    return demo.main()


def test_engine_of_the_settings_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = '[engine]\nhost = "unix:///nonexistent/named.sock"\n'
    assert run_up(tmp_path, settings, monkeypatch) == ExitCode.STACK
    assert "no Docker engine answers at unix:///nonexistent/named.sock" in capsys.readouterr().err


def test_settings_that_cannot_be_used_are_named_with_their_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_up(tmp_path, '[images]\nphp = "5.6"\n', monkeypatch) == ExitCode.SETTINGS
    assert "sandbox.toml:2: images.php: must be one of" in capsys.readouterr().err


def test_images_of_the_settings_are_had(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, str] = {}
    sources: list[BaseSource] = []

    def note(_engine: Any, plan: Sequence[PlannedImage], source: BaseSource, _progress: Any) -> Any:
        asked.update({image.role: str(image) for image in plan})
        sources.append(source)
        raise StackError("far enough")

    monkeypatch.setattr(story, "ensure_images", note)
    source = BaseSource(registry="never", mirror="http://mirror.example/debian")
    roles = (("mariadb", "11.8"), ("sink", "reg.example/team/sink:9"))
    engine: Any = None
    with pytest.raises(StackError, match="far enough"):
        have_images(engine, Plan(roles=roles, source=source), Silent())
    assert (asked["mariadb"], asked["php"]) == ("mariadb 11.8", "php 8.2")
    assert asked["sink"] == "sink reg.example/team/sink:9"
    assert sources == [source]
