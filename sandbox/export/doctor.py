"""What `sandbox export` needs of the machine it runs on."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from sandbox.database.client import describe_client
from sandbox.errors import SourceError
from sandbox.model import Check, State

_OLDEST_PYTHON = (3, 11)
_ENOUGH_DISK = 2_000_000_000  # bytes: a bundle, and the same again while it is written aside


def check_export() -> tuple[Check, ...]:
    """Look at everything that export needs; never touches a database."""
    return (_check_python(), _check_client(), _check_disk())


def _check_python() -> Check:
    version = ".".join(str(part) for part in sys.version_info[:3])
    state = State.OK if sys.version_info >= _OLDEST_PYTHON else State.MISSING
    cure = "" if state is State.OK else "install Python 3.11 or newer"
    return Check("Python", "both", state, version, cure)


def _check_client() -> Check:
    try:
        facts = describe_client()
    except SourceError as error:
        return Check("database client", "export", State.MISSING, error.message, error.hint)
    found = f"mysqlclient {facts.wrapper_version} on client library {facts.library_version}"
    return Check("database client", "export", State.OK, found)


def _check_disk() -> Check:
    """Look at the tighter of the two places that export writes to."""
    free = min(shutil.disk_usage(place).free for place in (Path.cwd(), tempfile.gettempdir()))
    found = f"{free / 1e9:.1f} GB free here and in the temporary folder"
    if free >= _ENOUGH_DISK:
        return Check("disk", "export", State.OK, found)
    return Check("disk", "export", State.MISSING, found, "free 2 GB, or set TMPDIR elsewhere")
