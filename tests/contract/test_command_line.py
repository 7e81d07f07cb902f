"""The command line's contract: exit codes, streams, and one JSON object, whatever happens."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import typer

from sandbox.cli.app import Terminated
from sandbox.cli.commands import run, without_credentials
from sandbox.errors import ExitCode, MaskingRefused, SandboxError
from sandbox.report.envelope import VERSION

SECRET = "hunter2geheim"  # noqa: S105 - what must never be echoed
FIELDS = ["version", "command", "status", "exit_code", "data", "errors"]
NO_ENGINE = "unix:///nonexistent/docker.sock"


def sandbox(
    *arguments: str, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the installed command as people do."""
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "DOCKER_HOST": NO_ENGINE, **environment},
        timeout=60,
        check=False,
    )


def parsed(text: str) -> dict[str, Any]:
    envelope = json.loads(text)
    assert list(envelope) == FIELDS
    assert envelope["version"] == VERSION == 1
    assert isinstance(envelope, dict)
    return envelope


@pytest.fixture
def failing_with(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give what makes `sandbox doctor` fail with an exception of one's choice."""

    def make(error: BaseException) -> None:
        def fail(*_: object, **__: object) -> None:
            raise error

        monkeypatch.setattr("sandbox.cli.doctor.check_export", fail)

    return make


def test_a_lack_is_the_answer_no_with_its_cure(tmp_path: Path) -> None:
    done = sandbox("doctor", "--for", "up", cwd=tmp_path)
    assert done.returncode == ExitCode.NO
    assert "no Docker engine answers at unix:///nonexistent/docker.sock" in done.stdout
    assert "apt-get install docker.io" in done.stdout
    assert "lacks 1 thing" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("arguments", [["--json", "doctor"], ["doctor", "--json"]])
def test_json_may_stand_before_and_after_the_command(arguments: list[str], tmp_path: Path) -> None:
    done = sandbox(*arguments, "--for", "export", cwd=tmp_path)
    envelope = parsed(done.stdout)
    assert (envelope["command"], envelope["status"], envelope["errors"]) == ("doctor", "yes", [])
    assert envelope["exit_code"] == done.returncode == 0
    names = [check["name"] for check in envelope["data"]["checks"]]
    assert names == ["Python", "database client", "disk"]
    assert set(envelope["data"]["checks"][0]) == {"name", "needed_for", "state", "found", "cure"}


def test_an_error_is_one_object_on_stdout_with_json_and_text_on_stderr_without(
    tmp_path: Path,
) -> None:
    as_json = sandbox("images", "--json", cwd=tmp_path)
    envelope = parsed(as_json.stdout)
    assert (envelope["status"], envelope["exit_code"], envelope["data"]) == ("error", 14, None)
    (error,) = envelope["errors"]
    assert set(error) == {"type", "message", "hint", "findings"}
    assert error["type"] == "EngineUnreachable"
    assert as_json.stderr == ""

    as_text = sandbox("images", cwd=tmp_path)
    assert as_text.returncode == as_json.returncode == ExitCode.STACK
    assert as_text.stdout == ""
    assert as_text.stderr.splitlines() == [
        f"error: {error['message']}",
        f"hint: {error['hint']}",
        "exit 14",
    ]


def test_bare_command_shows_its_help_as_wrong_usage(tmp_path: Path) -> None:
    bare = sandbox(cwd=tmp_path)
    assert (bare.returncode, bare.stdout) == (ExitCode.USAGE, "")
    assert bare.stderr == sandbox("--help", cwd=tmp_path).stdout
    assert "\n  export " in bare.stderr
    envelope = parsed(sandbox("--json", cwd=tmp_path).stdout)
    assert envelope["errors"][0]["message"] == "Missing command."


@pytest.mark.parametrize(
    "arguments",
    [["nothing"], ["doctor", "--nothing"], ["doctor", "--for", "nothing"], ["doctor", "surplus"]],
)
def test_wrong_usage_is_exit_2_in_both_forms(arguments: list[str], tmp_path: Path) -> None:
    as_text = sandbox(*arguments, cwd=tmp_path)
    assert as_text.returncode == ExitCode.USAGE
    assert as_text.stderr.startswith("error: ")
    assert "hint: Run: sandbox" in as_text.stderr
    envelope = parsed(sandbox(*arguments, "--json", cwd=tmp_path).stdout)
    assert (envelope["exit_code"], envelope["errors"][0]["type"]) == (2, "UsageError")


def test_an_unknown_role_or_version_lists_what_there_is(tmp_path: Path) -> None:
    role = sandbox("images", "fpm", cwd=tmp_path)
    assert (role.returncode, "Choose one of: base, zf1, mariadb" in role.stderr) == (2, True)
    version = sandbox("images", "php:5.6", cwd=tmp_path)
    assert version.returncode == ExitCode.USAGE
    assert "Choose one of: 7.4, 8.2, 8.4." in version.stderr
    assert '[images] php = "NAME:TAG"' in version.stderr


@pytest.mark.parametrize(
    "address",
    [
        f"mysql://root:{SECRET}@db.example/shop",
        f"mysql://root:a/{SECRET}@db.example/shop",
        f"mysql://root:a@{SECRET} b@db.example/shop",
        f"mysql://{SECRET}@db.example/shop",
        f"root:{SECRET}@db.example",
    ],
)
@pytest.mark.parametrize(
    "before", [["doctor"], [], ["doctor", "--for"], ["images"], ["images", "--"]]
)
def test_a_password_in_a_stray_address_is_not_echoed(
    address: str, before: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for form in ([], ["--json"]):
        assert run([*form, *before, address]) == ExitCode.USAGE
        assert SECRET not in "".join(capsys.readouterr())


def test_a_password_in_the_name_of_a_settings_file_is_not_echoed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for form in ([], ["--json"]):
        mistaken = f"mysql://root:{SECRET}@db.example/shop"
        assert run([*form, "doctor", "--config", mistaken]) == ExitCode.SETTINGS
        assert SECRET not in "".join(capsys.readouterr())


@pytest.mark.parametrize("command", [["images"], ["doctor", "--for", "up"]])
def test_a_password_in_the_engines_address_is_not_echoed(command: list[str]) -> None:
    for form in ([], ["--json"]):
        done = sandbox(*command, *form, DOCKER_HOST=f"tcp://user:{SECRET}@127.0.0.1:1")
        assert done.returncode in {ExitCode.STACK, ExitCode.NO}
        assert "no Docker engine answers at tcp://127.0.0.1:1" in done.stdout + done.stderr
        assert SECRET not in done.stdout + done.stderr


def test_a_password_is_taken_out_of_every_part_of_an_error(
    failing_with: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"tcp://root:{SECRET}@engine.example:2375"
    digest = f"reg.example:5000/php@sha256:{'0' * 64}"
    failing_with(MaskingRefused(f"a {address}", hint=f"b {address}", findings=(address, digest)))
    for form in ([], ["--json"]):
        run([*form, "doctor"])
        shown = "".join(capsys.readouterr())
        assert SECRET not in shown
        assert shown.count("tcp://***@engine.example:2375") == 3
        assert digest in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Write mysql://USER@HOST:PORT/DATABASE or mysql://USER@/DATABASE?socket=PATH.", None),
        ("refused: mysql://ops@127.0.0.1:33060/shop (error 1045).", None),
        ("mariadb://ops%40corp@[::1]:3306/shop: gone", None),
        ("mysql://127.0.0.1:33060/shop", None),
        (f"mysql://ops:{SECRET}@db/shop", "mysql://ops:***@db/shop"),
        (f"mysql://ops:{SECRET} / {SECRET}@db/shop", "mysql://ops:***@db/shop"),
        (f"mysql://ops:a@{SECRET}@db/shop", "mysql://ops:***@db/shop"),
        (f"mysql://ops@corp:{SECRET}@db/shop", "mysql://***@db/shop"),
        (f"mysql://:{SECRET}@db/shop", "mysql://***@db/shop"),
        (f"mysql://ops@db/a and mysql://ops:{SECRET}@db/b", "mysql://ops@db/a and mysql://ops:***@db/b"),
        (f"https://{SECRET}@git.example/x", "https://***@git.example/x"),
        (f"a.b:{SECRET}@db", "***@db"),
    ],
)  # fmt: skip
def test_an_error_keeps_the_user_of_a_database_and_no_password(
    text: str, shown: str | None
) -> None:
    assert without_credentials(SandboxError(text)).message == (shown or text)


def test_a_broken_settings_file_names_file_and_line_but_not_help(tmp_path: Path) -> None:
    (tmp_path / "sandbox.toml").write_text("[images]\nphp = 1\n")
    done = sandbox("images", cwd=tmp_path)
    assert done.returncode == ExitCode.SETTINGS
    assert "  sandbox.toml:2: images.php: must be text in quotes." in done.stderr.splitlines()
    assert sandbox("images", "--help", cwd=tmp_path).returncode == 0


def test_a_settings_file_that_was_named_has_to_be_there(tmp_path: Path) -> None:
    done = sandbox("doctor", "--config", "absent.toml", cwd=tmp_path)
    assert done.returncode == ExitCode.SETTINGS
    assert "absent.toml cannot be read" in done.stderr


def test_a_bug_of_ours_shows_where_but_neither_message_nor_locals(
    failing_with: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    failing_with(ValueError(SECRET))
    for arguments in (["doctor"], ["doctor", "--debug"], ["doctor", "--json", "--debug"]):
        assert run(arguments) == ExitCode.BUG
        shown = "".join(capsys.readouterr())
        assert "this is a bug in sandbox" in shown
        assert "ValueError at test_command_line.py:" in shown
        assert SECRET not in shown
        assert ("doctor.py:" in shown) == ("--debug" in arguments)


def test_findings_are_listed_and_the_exit_code_shown(
    failing_with: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    failing_with(MaskingRefused("2 columns have no rule.", findings=("a.b  text", "c.d  blob")))
    assert run(["doctor"]) == ExitCode.MASKING
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == [
        "error: 2 columns have no rule.",
        "  a.b  text",
        "  c.d  blob",
        f"hint: {MaskingRefused.default_hint}",
        "exit 12",
    ]


def _every_error() -> list[type[SandboxError]]:
    below = SandboxError.__subclasses__()
    return [*below, *(kind for parent in below for kind in parent.__subclasses__())]


@pytest.mark.parametrize("kind", _every_error(), ids=lambda kind: kind.__name__)
def test_every_error_ends_with_its_own_code(
    kind: type[SandboxError], failing_with: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    failing_with(kind("it did not work."))
    assert run(["doctor", "--json"]) == kind.exit_code
    envelope = parsed(capsys.readouterr().out)
    assert (envelope["exit_code"], envelope["status"]) == (kind.exit_code, "error")
    assert envelope["errors"][0]["type"] == kind.__name__


@pytest.mark.parametrize(
    ("error", "code"),
    [(KeyboardInterrupt(), 130), (typer.Abort(), 130), (Terminated(), 143)],
)
def test_an_end_from_outside_has_its_own_code(
    error: BaseException, code: int, failing_with: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    failing_with(error)
    assert run(["doctor", "--json"]) == code
    assert parsed(capsys.readouterr().out)["exit_code"] == code


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_the_process_ends_as_a_signal_asks(tmp_path: Path, sent: signal.Signals, code: int) -> None:
    # An engine that takes the question and never answers. Only once it was asked is the command
    # sure to be waiting; before, the signal could meet an interpreter that is still importing.
    address = tmp_path / "s.sock"
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(address))
        silent.listen()
        silent.settimeout(60)
        with (
            subprocess.Popen(
                [sys.executable, "-m", "sandbox", "doctor", "--for", "up"],
                env={**os.environ, "DOCKER_HOST": f"unix://{address}"},
                stderr=subprocess.DEVNULL,
            ) as process,
            _asked(silent),
        ):
            process.send_signal(sent)
            assert process.wait(timeout=60) == code


def test_ctrl_c_is_answered_in_one_line_from_the_first_moment_on(tmp_path: Path) -> None:
    address = tmp_path / "s.sock"
    with socket.socket(socket.AF_UNIX) as silent, contextlib.ExitStack() as running:
        silent.bind(str(address))
        silent.listen(100)
        processes = []
        for step in range(16):
            process = running.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "sandbox", "doctor", "--for", "up"],
                    env={**os.environ, "DOCKER_HOST": f"unix://{address}"},
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            _wait_until_ours(process.pid)
            time.sleep(step * 0.05)
            process.send_signal(signal.SIGINT)
            processes.append(process)
        said = "interrupted: nothing was left half-made; exit 130\n"
        for process in processes:
            assert process.communicate(timeout=60)[1] == said
            assert process.returncode == ExitCode.INTERRUPTED


def _wait_until_ours(process: int) -> None:
    """Wait until our code runs: what comes before is the interpreter's own."""
    status = Path(f"/proc/{process}/status")
    ours = 1 << (signal.SIGTERM - 1)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        caught = re.search(r"^SigCgt:\s*(\w+)", status.read_text(), re.MULTILINE)
        if caught and int(caught[1], 16) & ours:
            return
        time.sleep(0.002)
    pytest.fail("it did not start")


def _asked(silent: socket.socket) -> socket.socket:
    """Take connections until a question comes over one, and give that one, unanswered."""
    while True:
        connection, _ = silent.accept()
        if connection.recv(1):
            return connection
        connection.close()


def test_output_that_nobody_reads_is_no_failure(tmp_path: Path) -> None:
    pipe = f"{sys.executable} -m sandbox doctor --for export | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", pipe], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_nothing_is_coloured_where_nobody_looks(tmp_path: Path) -> None:
    for environment in ({}, {"NO_COLOR": "1"}, {"TERM": "dumb"}):
        done = sandbox("doctor", cwd=tmp_path, **environment)
        assert "\x1b" not in done.stdout + done.stderr


def test_version_and_help_are_answers() -> None:
    assert sandbox("--version").stdout.startswith("sandbox 0.")
    for arguments in (["--help"], ["doctor", "--help"], ["images", "-h"]):
        done = sandbox(*arguments)
        assert (done.returncode, done.stdout.startswith("Usage: sandbox")) == (0, True)
