"""The `sandbox` command: its options, its commands, and the one place that prints."""

from __future__ import annotations

import contextlib
import copy
import os
import re
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from sandbox import __version__
from sandbox.cli import (
    capture,
    diff,
    doctor,
    down,
    export,
    images,
    inspect,
    keygen,
    list_sandboxes,
    load,
    logs,
    open_page,
    plan,
    relations,
    reproduce,
    reset,
    shell,
    sql,
    status,
    try_change,
    up,
    verify,
    why,
)
from sandbox.cli.app import Terminated, let_signals_in
from sandbox.cli.invocation import Invocation, Result
from sandbox.errors import ExitCode, SandboxError, UsageError
from sandbox.report.envelope import describe_error, envelope
from sandbox.report.terminal import console_for, print_error

_FLAGS = frozenset({"--json", "--quiet", "-q", "--debug"})
_CONFIG = "--config"
# What may be credentials before a host. A password may hold anything, a slash or a space too, so
# everything up to the last @ of a line goes; a digest (name@sha256:…) is none. The user of a
# database is no secret, whom else an address names may be: a token.
_DATABASE = r"\b(?:mysql|mariadb)://"
_CREDENTIALS = re.compile(
    rf"(?P<harmless>{_DATABASE}[\w.%+\-]*@(?=[^\n@]*(?:$|{_DATABASE})))"
    rf"|(?P<user>{_DATABASE}[\w.%+\-]+:)[^\n]*@"
    r"|(?P<slashes>//)[^\n]*@(?!sha256:)"
    r"|(?<![\w/])[\w.+-]+:(?!//)[^\s@]+@(?!sha256:)",
    re.MULTILINE,
)
# What stands in a wrong place may as well be a password in that of a user.
_ANYBODY = re.compile(r"//[^\n]*@(?!sha256:)")

app = typer.Typer(
    name="sandbox",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
# In the order of the work: operations, then developers, then what both need.
app.command("capture")(capture.capture)
app.command("plan")(plan.plan_command)
app.command("export")(export.export)
app.command("relations")(relations.relations)
app.command("inspect")(inspect.inspect)
app.command("why")(why.why)
app.command("keygen")(keygen.keygen)
app.command("up")(up.up)
app.command("reproduce")(reproduce.reproduce_command)
app.command("try")(try_change.try_command)
app.command("list")(list_sandboxes.list_sandboxes)
app.command("status")(status.status)
app.command("logs")(logs.logs)
app.command("sql")(sql.sql)
app.command("shell", cls=shell.ShellCommand)(shell.shell)
app.command("open")(open_page.open_page)
app.command("reset")(reset.reset)
app.command("down")(down.down)
app.command("load")(load.load)
app.command("verify")(verify.verify)
app.command("diff")(diff.diff)
app.command("images")(images.images)
app.command("doctor")(doctor.doctor)


@app.callback(epilog="The options above may also stand after a command: sandbox doctor --json")
def options(
    context: typer.Context,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead of text.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    config: Annotated[
        Path | None,
        typer.Option(_CONFIG, metavar="FILE", help="Settings file.  [default: ./sandbox.toml]"),
    ] = None,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show a traceback when our own code fails.")
    ] = False,
    _version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=lambda asked: _show_version(asked=asked)),
    ] = False,
) -> None:
    """Reproduce a production-only failure from a masked sample, and try the fix safely."""
    context.obj = Invocation(as_json=as_json, quiet=quiet, debug=debug, config=config)


def run(arguments: Sequence[str]) -> int:  # noqa: PLR0911 - one for each way a command can end
    """Run a command and give its exit code; every failure is printed here and nowhere else."""
    given = put_options_first(arguments)
    as_json = "--json" in given.options
    command = given.rest[0] if given.rest and given.rest[0] in _command_names() else ""
    try:
        let_signals_in()
        if not given.rest and not as_json:
            return _show_around()
        arguments = [*given.options, *given.rest]
        result = app(args=arguments, prog_name="sandbox", standalone_mode=False)
        if result == ExitCode.INTERRUPTED:  # what Typer makes of Ctrl-C
            return _print_end(command, ExitCode.INTERRUPTED, as_json=as_json)
        if result is None or isinstance(result, int):  # --help, --version
            return int(result or 0)
        _print_result(command, result, as_json=as_json)
        return int(result.exit_code)
    except SandboxError as error:
        return _print_failure(command, error, as_json=as_json)
    except typer.TyperException as error:
        usage = UsageError(
            _ANYBODY.sub("//***@", error.format_message()),
            hint=f"Run: sandbox {command} --help".replace("  ", " "),
        )
        return _print_failure(command, usage, as_json=as_json)
    except (KeyboardInterrupt, typer.Abort):
        return _print_end(command, ExitCode.INTERRUPTED, as_json=as_json)
    except Terminated:
        return _print_end(command, ExitCode.TERMINATED, as_json=as_json)
    except BrokenPipeError:
        # Whoever read our output has gone (`sandbox … | head`): nobody is left to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitCode.YES)
    except Exception as error:  # noqa: BLE001 - the last line of defence: a bug of ours
        show = "--debug" in given.options or bool(os.environ.get("SANDBOX_DEBUG"))
        return _print_failure(command, _bug(error, with_traceback=show), as_json=as_json)


def _show_around() -> int:
    """Answer a bare `sandbox` with the help: no result, since nothing was asked."""
    with contextlib.redirect_stdout(sys.stderr):
        app(args=["--help"], prog_name="sandbox", standalone_mode=False)
    return int(ExitCode.USAGE)


class Given:
    """The arguments of a call: options that every command knows, and the rest in its order."""

    def __init__(self, options: Sequence[str], rest: Sequence[str]) -> None:
        self.options = tuple(options)
        self.rest = tuple(rest)


def put_options_first(arguments: Sequence[str]) -> Given:
    """Sort out the options that every command knows, wherever they stand.

    >>> given = put_options_first(["doctor", "--json", "--config", "a.toml", "--for", "up"])
    >>> given.options, given.rest
    (('--json', '--config', 'a.toml'), ('doctor', '--for', 'up'))
    """
    options: list[str] = []
    rest: list[str] = []
    waiting = list(arguments)
    while waiting:
        argument = waiting.pop(0)
        if argument == "--":
            rest += [argument, *waiting]
            break
        if argument in _FLAGS or argument.startswith(f"{_CONFIG}="):
            options.append(argument)
        elif argument == _CONFIG:
            options += [argument, *waiting[:1]]
            waiting = waiting[1:]
        else:
            rest.append(argument)
    return Given(options, rest)


def _command_names() -> set[str]:
    return {command.name for command in app.registered_commands if command.name}


def _print_result(command: str, result: Result, *, as_json: bool) -> None:
    if as_json:
        print(envelope(command, result.exit_code, result.data()))  # noqa: T201 - the result itself
    else:
        console_for("stdout").print(result.text())
    sys.stdout.flush()


def _print_failure(command: str, error: SandboxError, *, as_json: bool) -> int:
    error = without_credentials(error)
    if as_json:
        described = [describe_error(error)]
        print(envelope(command, error.exit_code, errors=described))  # noqa: T201 - the result itself
    else:
        print_error(console_for("stderr"), error)
    return int(error.exit_code)


def without_credentials(error: SandboxError) -> SandboxError:
    """Give the error without what may be a password in an address that it quotes."""
    shown = copy.copy(error)
    shown.message = _redacted(error.message)
    shown.hint = _redacted(error.hint)
    shown.findings = tuple(_redacted(finding) for finding in error.findings)
    return shown


def _redacted(text: str) -> str:
    return _CREDENTIALS.sub(
        lambda found: found["harmless"] or f"{found['user'] or found['slashes'] or ''}***@", text
    )


def _print_end(command: str, exit_code: ExitCode, *, as_json: bool) -> int:
    said = "interrupted" if exit_code == ExitCode.INTERRUPTED else "terminated"
    if as_json:
        print(envelope(command, exit_code))  # noqa: T201 - the result itself
    else:
        console_for("stderr").print(f"{said}: nothing was left half-made; exit {int(exit_code)}")
    return int(exit_code)


def _bug(error: Exception, *, with_traceback: bool) -> SandboxError:
    """Describe a bug of ours without its message, which may hold a value from production."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown"
    return SandboxError(
        f"this is a bug in sandbox {__version__}: {type(error).__name__} at {where}.",
        hint="Report this line and the command, please; --debug shows where it came from.",
        findings=tuple(f"{f.filename}:{f.lineno} in {f.name}" for f in frames)
        if with_traceback
        else (),
    )


def _show_version(*, asked: bool) -> None:
    if asked:
        print(f"sandbox {__version__}")  # noqa: T201 - the result itself
        raise typer.Exit
