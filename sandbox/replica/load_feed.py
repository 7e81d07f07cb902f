"""Feed a part to LOAD DATA LOCAL through a pipe: never a file of rows on the disk.

The client library opens a path and reads it; the path is a named pipe in a private folder, and a
thread writes into it. Neither waits for the other for ever: if the statement fails before it opens
the pipe, the thread is told; if the thread fails, the pipe ends and so does the statement. A server
that hangs up behind a proxy (Docker's is one) leaves the library waiting to send: the thread sees
to that as well, and cuts the connection.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import select
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from sandbox.database.writer import Writer

_PIPE_BYTES = 1024 * 1024
_LOOK_AGAIN = 0.002
_STALLED = 1.0


class Feed:
    """Writes blocks into a pipe while the statement inside the ``with`` block reads it.

    Args:
        writer: The session that runs the statement.
        blocks: The text.
        stop: Set when all work is to end.
    """

    def __init__(self, writer: Writer, blocks: Iterator[bytes], stop: threading.Event) -> None:
        self._handle = writer.handle()
        self._blocks = blocks
        self._stop = stop
        self._over = threading.Event()
        self._failure: BaseException | None = None
        self._digest = hashlib.sha256()
        self._folder = tempfile.TemporaryDirectory(prefix="sandbox-load-")  # made with mode 0700
        self.path = Path(self._folder.name) / "part"
        self._thread = threading.Thread(target=self._work, name="feed", daemon=True)

    def __enter__(self) -> Self:
        os.mkfifo(self.path, 0o600)
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
        self._folder.cleanup()
        self._handle.close()
        if self._failure is not None:
            # What the server made of a text that broke off is of no interest.
            raise self._failure from None

    @property
    def sha256(self) -> str:
        """Digest of all that was sent."""
        return self._digest.hexdigest()

    def _work(self) -> None:
        try:
            descriptor = self._open()
            if descriptor < 0:
                return
            # Both ends are open: nothing needs the path any more, nor is left if we are killed.
            self._folder.cleanup()
            try:
                self._write_all(descriptor)
            finally:
                os.close(descriptor)
            while not self._over.wait(_STALLED):
                self._end_if_hung_up()
        except BrokenPipeError:
            pass  # the statement ended before its text: its own error or count says why
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
            self._failure = error

    def _open(self) -> int:
        """Open the pipe once somebody reads it; give -1 where nobody will any more."""
        while not self._over.is_set():
            try:
                descriptor = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                if error.errno != errno.ENXIO:
                    raise
                self._over.wait(_LOOK_AGAIN)
            else:
                with contextlib.suppress(OSError):  # only speed: an account may have its limit
                    fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
                return descriptor
        return -1

    def _write_all(self, descriptor: int) -> None:
        poll = select.poll()
        poll.register(descriptor, select.POLLOUT)
        for block in self._blocks:
            self._digest.update(block)
            left = memoryview(block)
            while left:
                if self._stop.is_set():
                    return
                if poll.poll(_STALLED * 1000):
                    with contextlib.suppress(BlockingIOError):
                        left = left[os.write(descriptor, left) :]
                else:
                    self._end_if_hung_up()

    def _end_if_hung_up(self) -> None:
        poll = select.poll()
        poll.register(self._handle, select.POLLRDHUP)
        if poll.poll(0):
            with contextlib.suppress(OSError):
                self._handle.shutdown(socket.SHUT_RDWR)
