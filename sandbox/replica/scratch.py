"""Temporary files of this process: removed with it, or by a later one if it was killed.

Code and settings lie in them for as long as a command runs. They are in one folder that only its
owner may read, and that is locked itself: so whoever can see it can tell whether its process has
ended, also from inside a container or another network namespace.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import re
import secrets
import shutil
import tempfile
from functools import cache
from pathlib import Path

_PREFIX = "prod-sandbox-"
_NAME = re.compile(rf"{_PREFIX}[0-9a-f]{{16}}")


@cache
def scratch_folder() -> Path:
    """Give the folder for temporary files of this process; remove those of killed ones first."""
    place = Path(tempfile.gettempdir())
    for left in place.glob(f"{_PREFIX}*"):
        _sweep(left)
    while True:
        folder = place / f"{_PREFIX}{secrets.token_hex(8)}"
        folder.mkdir(mode=0o700)
        held = _lock(folder)
        if held is not None:  # else it was swept while nobody held it yet
            atexit.register(_end, folder, held)
            return folder


def _lock(folder: Path) -> int | None:
    """Lock a folder until its descriptor is closed; None where it is locked, or gone."""
    try:
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(held), folder.stat()):
            return held
    except OSError:
        pass
    os.close(held)
    return None


def _sweep(folder: Path) -> None:
    if not _NAME.fullmatch(folder.name) or (held := _lock(folder)) is None:
        return
    # Another user's stays: it cannot be removed, and is not ours to complain about.
    _end(folder, held)


def _end(folder: Path, held: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.close(held)
