"""What strangers named reaches a terminal as text, never as something that steers it."""

from __future__ import annotations

import io
import json

from rich.console import Console, RenderableType

from sandbox.cli.load import LoadPlanResult, LoadResult
from sandbox.errors import ExitCode, LoadFailed
from sandbox.model import Family
from sandbox.replica.load import Loaded, LoadPlan
from sandbox.replica.load_target import Target
from sandbox.report.envelope import describe_error, envelope
from sandbox.report.progress import TerminalProgress
from sandbox.report.terminal import print_error, rows_table

# Clears the screen, sets the window's title, and is CSI in a single character.
NAME = "a\x1b[2J\x1b]0;b\x07\x9b31m\u202ec"
SHOWN = r"a\x1b[2J\x1b]0;b\x07\x9b31m\u202ec"


def printed(*things: RenderableType) -> str:
    file = io.StringIO()
    Console(file=file, width=10_000, color_system=None).print(*things)
    return file.getvalue()


def test_an_error_shows_names_and_findings_as_text() -> None:
    file = io.StringIO()
    error = LoadFailed(f"Table {NAME}.", hint=f"Look at {NAME}.", findings=(f"{NAME}, fk",))
    print_error(Console(file=file, width=10_000, color_system=None), error)
    assert file.getvalue().splitlines() == [
        f"error: Table {SHOWN}.",
        f"  {SHOWN}, fk",
        f"hint: Look at {SHOWN}.",
        "exit 14",
    ]


def test_a_table_shows_its_cells_as_text() -> None:
    assert printed(rows_table(("name",), [(NAME,)])).splitlines()[1].rstrip() == SHOWN


def test_a_load_and_its_plan_show_names_as_text() -> None:
    target = Target(NAME, NAME, "10.11", Family.MARIADB, (), "", "", False, (NAME,))  # noqa: FBT003 - no such field here
    plan = printed(LoadPlanResult(LoadPlan(target, ((NAME, 1),), 0)).text())
    done = Loaded(NAME, 1, 1, 1, 0.5, {NAME: 1}, {NAME: 1}, (NAME,))
    text = plan + printed(LoadResult(done).text())
    assert text.count(SHOWN) == 3 + 4
    assert all(one.isprintable() for one in text.splitlines())


def test_progress_shows_names_as_text() -> None:
    file = io.StringIO()
    progress = TerminalProgress(Console(file=file, width=10_000, color_system=None))
    with progress.stage("load") as stage:
        stage.done(NAME)
    progress.warn(NAME)
    assert file.getvalue().count(SHOWN) == 2
    assert all(one.isprintable() for one in file.getvalue().splitlines())


def test_the_json_object_holds_names_whole_and_escaped() -> None:
    text = envelope("load", ExitCode.STACK, {NAME: "\U000e0001"}, [describe_error(LoadFailed("x"))])
    assert text.isprintable()
    assert json.loads(text)["data"] == {NAME: "\U000e0001"}
