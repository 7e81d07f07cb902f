"""Run a command, or a shell, in a part of a sandbox."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from sandbox.replica.engine import Engine
from sandbox.replica.labels import WEB
from sandbox.replica.life_sql import running_part
from sandbox.replica.state import Found, Part, state_of
from sandbox.replica.terminal_exec import Command, run_here

# What is there: bash in all images of ours, perhaps only sh in those of others.
_SHELL = ("sh", "-c", "exec $(command -v bash || echo sh)")
_NOBODY_ELSE = "www-data"
_LANGUAGE = re.compile(r"^LANG=(\S+)$", re.MULTILINE)
_POOL_USER = re.compile(r"\tuser = (\S+)\s*$", re.MULTILINE)


def open_shell(
    engine: Engine,
    found: Found,
    part: str = "",
    command: Sequence[str] = (),
    *,
    as_root: bool = False,
) -> int:
    """Run a command in a part with this process's terminal or pipes; give its exit code.

    In a web server it runs as the application's user, in the folder of its code.

    Args:
        engine: The engine.
        found: The sandbox.
        part: Which part; its first web server where empty.
        command: What to run; a shell where empty.
        as_root: Run it as root in a web server, too.

    Raises:
        UsageError: There is no such part.
        StackError: The part does not run, or the command could not be run.
    """
    chosen = running_part(found, part or first_server(found))
    is_web = chosen.part == WEB
    return run_here(
        engine,
        chosen.container,
        Command(
            tuple(command) or _SHELL,
            user=application_user(chosen) if is_web and not as_root else "root",
            folder=state_of(found).server(chosen.server).release if is_web else "",
            environment={
                "TERM": os.environ.get("TERM", "xterm"),
                **(_locale(chosen) if is_web else {}),
            },
        ),
    )


def first_server(found: Found) -> str:
    """Name the web server that is meant where none is named; empty where there is none."""
    return next((one.name for one in state_of(found).servers), "")


def application_user(part: Part) -> str:
    """Ask a web server which account its application runs as: that of php-fpm's first pool."""
    said = part.container.run(["php-fpm", "-tt"]).output
    named = _POOL_USER.search(said)
    return named[1] if named else _NOBODY_ELSE


def _locale(part: Part) -> dict[str, str]:
    """Give the locale that people who log in to a web server work in, as an environment."""
    said = _LANGUAGE.search(part.container.run(["cat", "/etc/default/locale"]).output)
    return {"LANG": said[1], "LC_ALL": ""} if said else {}  # the image's own would count for more
