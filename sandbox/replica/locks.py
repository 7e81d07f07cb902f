"""Locks that end with the process that holds them, however it ends.

On Linux a lock is a socket with a name that belongs to no file: the kernel takes it back with the
process, so that nothing stale is ever left. Elsewhere it is a locked file in the folder for
temporary files. Both are of this machine; an engine elsewhere may be driven from two.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.errors import StackBusy


def sandbox_lock(name: str) -> str:
    """Name what whoever changes a sandbox holds: one thing at a time happens to it."""
    return f"sandbox {name}"


@contextmanager
def hold(what: str, busy: str) -> Iterator[None]:
    """Hold the lock of a thing for the block.

    Args:
        what: Names the thing, on this machine.
        busy: What to say where somebody else holds it.

    Raises:
        StackBusy: Somebody else holds it.
    """
    held = _take(what)
    if held is None:
        raise StackBusy(busy)
    try:
        yield
    finally:
        held.close()


def is_held(what: str) -> bool:
    """Tell whether somebody holds the lock of a thing."""
    held = _take(what)
    if held is None:
        return True
    held.close()
    return False


class _File:
    """A locked file; closing it frees the lock, and the file stays for the next one."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def close(self) -> None:
        os.close(self._descriptor)


def _take(what: str) -> socket.socket | _File | None:
    name = f"prod-sandbox-{hashlib.sha256(what.encode()).hexdigest()[:32]}"
    return _take_socket(name) if sys.platform == "linux" else _take_file(name)


def _take_socket(name: str) -> socket.socket | None:
    taken = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        taken.bind(f"\0{name}")
    except OSError:
        taken.close()
        return None
    return taken


def _take_file(name: str) -> _File | None:
    path = Path(tempfile.gettempdir()) / f"{name}.{os.getuid()}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return _File(descriptor)
