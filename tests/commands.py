"""Run the installed command as a person would, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-m", "sandbox"]


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def said(self) -> str:
        return self.stdout + self.stderr

    @property
    def data(self) -> dict[str, Any]:
        """The result of a command that was called with ``--json``."""
        found: dict[str, Any] = json.loads(self.stdout)["data"]
        return found


def sandbox(*arguments: str | Path, folder: Path | None = None, timeout: float = 240) -> Ended:
    """Run a command to its end; nobody is there to be asked."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        timeout=timeout,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def environment(folder: Path | None) -> dict[str, str]:
    """Give an environment without the home of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    return kept | ({"HOME": str(folder), "TMPDIR": str(folder)} if folder else {})


def private(file: Path, text: str) -> Path:
    """Write a file that only its owner may read."""
    file.touch(0o600)
    file.chmod(0o600)
    file.write_text(text)
    return file


def option_file(folder: Path, password: str) -> Path:
    """Write an option file with a password in it, quoted as MySQL wants it."""
    escaped = password.replace("\\", "\\\\").replace('"', '\\"')
    return private(folder / "reader.cnf", f'[client]\npassword="{escaped}"\n')
