"""Run the installed command as a person would."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

from sandbox.errors import StackError


class CommandFailed(StackError):
    """The command ended otherwise than it should; it has said why."""

    default_hint = "What the command said is above."


def run_sandbox(
    *arguments: str, shown: bool = True, expected: int = 0
) -> subprocess.CompletedProcess[bytes]:
    """Run `sandbox`; its own words are shown where that is wanted, else given.

    Raises:
        CommandFailed: It ended with another exit code than `expected`.
    """
    if shown:
        print(f"\n$ {typed(*arguments)}", flush=True)
    output = None if shown else subprocess.PIPE
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments], stdout=output, stderr=None, check=False
    )
    if done.returncode != expected:
        raise CommandFailed(f"sandbox {arguments[0]} ended with {done.returncode}.")
    return done


def typed(*arguments: str) -> str:
    """Give a call of the command as it can be pasted into a shell in the working directory.

    It is not on everybody's path: it lies beside the interpreter of the virtual environment.
    """
    command = Path(sys.executable).with_name("sandbox")
    if command.is_relative_to(Path.cwd()):
        command = command.relative_to(Path.cwd())
    return shlex.join([str(command), *arguments])
