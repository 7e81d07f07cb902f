"""Temporary files of this process: removed with it, or by a later one if it was killed.

Code and settings lie in them for as long as a command runs. They are in one folder that only its
owner may read; whose process has ended is told by a lock that ends with the process.
"""

from __future__ import annotations

import atexit
import contextlib
import re
import secrets
import shutil
import tempfile
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from sandbox.replica.locks import hold, is_held

_PREFIX = "prod-sandbox-"
_NAME = re.compile(rf"{_PREFIX}([0-9a-f]{{16}})")


@cache
def scratch_folder() -> Path:
    """Give the folder for temporary files of this process; remove those of killed ones first."""
    place = Path(tempfile.gettempdir())
    for left in place.glob(f"{_PREFIX}*"):
        _sweep(left)
    mark = secrets.token_hex(8)
    held = ExitStack()
    held.enter_context(hold(_lock_of(mark), "another process has the same folder: run again"))
    folder = place / f"{_PREFIX}{mark}"
    folder.mkdir(mode=0o700)
    atexit.register(_end, folder, held)
    return folder


def _sweep(folder: Path) -> None:
    found = _NAME.fullmatch(folder.name)
    if found is None or folder.is_symlink() or not folder.is_dir() or is_held(_lock_of(found[1])):
        return
    # Another user's stays: it cannot be removed, and is not ours to complain about.
    shutil.rmtree(folder, ignore_errors=True)


def _end(folder: Path, held: ExitStack) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        held.close()


def _lock_of(mark: str) -> str:
    return f"scratch {mark}"
