"""`sandbox inspect`, `verify` and `load`, as far as they go without a server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.console import Console

from bundle_samples import NASTY, fill, manifest_of
from sandbox.bundle.writer import BundleWriter
from sandbox.cli.inspect import inspect
from sandbox.cli.load import load
from sandbox.cli.verify import verify
from sandbox.errors import BundleInvalid, ExitCode, UsageError
from servers import Silent


def run(command: Any, *arguments: str) -> Any:
    app = typer.Typer()
    app.command()(command)
    return app(args=list(arguments), standalone_mode=False)


def shown(result: Any) -> str:
    console = Console(width=10_000, record=True, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    with console.file:
        console.print(result.text())
    return console.export_text()


def test_inspect_says_what_is_in_a_bundle_and_why(bundle: Path) -> None:
    result = run(inspect, str(bundle))
    text = shown(result)
    assert result.exit_code is ExitCode.YES
    assert "holds     6 rows in 2 tables" in text
    assert "servers   web1" in text
    assert "logs/web1/error.log  8 bytes  error log of web1" in text
    assert "leaks     not run:" in text
    assert "not anonymous data" in text
    assert "orders.note" not in text
    assert json.dumps(result.data())


def test_inspect_shows_no_small_class_of_people_exactly(bundle: Path) -> None:
    result = run(inspect, str(bundle))
    assert "orphans   orders.fk: <10, as in the source" in shown(result)
    assert result.data()["tables"][0]["orphans"] == {"fk": "<10"}


def test_inspect_shows_how_each_column_was_treated(bundle: Path) -> None:
    lines = [line.split() for line in shown(run(inspect, str(bundle), "--columns")).splitlines()]
    assert ["orders.note", "blob", "kept"] in lines


def test_a_name_does_not_steer_the_terminal(tmp_path: Path) -> None:
    with BundleWriter(tmp_path / "out", "shop") as writer:
        fill(writer)
        manifest = manifest_of().model_copy(update={"unknown": ["a\x1b[2Jb"]})
        writer.finish(manifest, Silent())
    text = shown(run(inspect, str(tmp_path / "out")))
    assert "unknown   a\\x1b[2Jb" in text
    assert "\x1b" not in text
    assert NASTY.splitlines()[0] + "\\n" in text


def test_verify_says_that_a_bundle_is_whole(bundle: Path) -> None:
    result = run(verify, str(bundle))
    assert "is whole." in shown(result)
    assert result.data()["files"] == 10


def test_verify_and_inspect_say_that_there_is_none(tmp_path: Path) -> None:
    for command in (verify, inspect):
        with pytest.raises(BundleInvalid, match="holds no manifest"):
            run(command, str(tmp_path))


def test_load_refuses_a_password_in_the_address_without_echoing_it(bundle: Path) -> None:
    with pytest.raises(UsageError) as caught:
        run(load, str(bundle), "--into", "mysql://root:hunter2@127.0.0.1:3306/shop")
    assert "hunter2" not in f"{caught.value.message} {caught.value.hint}"
