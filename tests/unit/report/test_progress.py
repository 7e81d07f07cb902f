"""Progress: one line per stage where nobody watches, a bar where somebody does."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from sandbox.errors import StackError
from sandbox.report.progress import TerminalProgress


def shown(*, terminal: bool = False, quiet: bool = False, fail: bool = False) -> str:
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=120, color_system=None)
    progress = TerminalProgress(console, quiet=quiet)
    with progress.stage("images", total=2, unit="images") as stage:
        stage.advance(1, "php 8.2: Step [1/2]")
        stage.advance(1)
        if fail:
            raise StackError("it did not work")
        stage.done("2 images, 1 new")
    progress.warn("[odd] words")
    return file.getvalue()


def test_elsewhere_a_stage_is_one_line_when_it_ends() -> None:
    line, warning = shown().splitlines()
    assert re.fullmatch(r"images    2 images, 1 new +0\.0 s", line)
    assert warning == "warning: [odd] words"


def test_on_a_terminal_a_bar_moves_and_goes() -> None:
    text = shown(terminal=True)
    assert "\x1b[" in text
    assert "images    2 images, 1 new" in text


def test_quiet_says_nothing_but_warnings() -> None:
    assert shown(quiet=True).splitlines() == ["warning: [odd] words"]


def test_a_stage_that_failed_does_not_claim_to_be_done() -> None:
    with pytest.raises(StackError):
        shown(fail=True)
