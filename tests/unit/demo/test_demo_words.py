"""What the demo prints can be typed."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from demo_production import __main__ as demo
from demo_production.commands import typed
from sandbox.errors import PortTaken


def test_a_command_that_is_shown_can_be_pasted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A bracket, a question mark, blanks: what a shell would take apart.
    request = "--from-request=GET /api/reports/daily?date=2026-11-20&a=[1]"
    printing = tmp_path / "bin/sandbox"
    printing.parent.mkdir()
    printing.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    printing.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin/python"))
    shown = typed("export", request)
    assert shlex.split(shown) == ["bin/sandbox", "export", request]
    done = subprocess.run(["sh", "-c", shown], capture_output=True, text=True, check=True)
    assert done.stdout == f"export\n{request}\n"


def test_a_taken_port_names_the_way_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def taken(*_: object, **__: object) -> NoReturn:
        raise PortTaken("starting web1: 127.0.0.1:8081 is taken by another process.")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["demo_production", "up"])
    monkeypatch.setattr("demo_production.__main__.connect_engine", taken)
    monkeypatch.setattr("signal.signal", lambda *_: None)  # its handler would stay in this process
    assert demo.main() == 14
    assert "make demo PORTS=any" in capsys.readouterr().err
