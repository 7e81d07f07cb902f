"""Compression and writing of a part in a thread of its own, with bounded memory."""

from __future__ import annotations

import hashlib
import os
import queue
import threading
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import zstandard

from sandbox.errors import BundleNotWritten

_LEVEL = 1
_WAITING_BLOCKS = 2
_END = b""


class Packer:
    """Takes blocks of text and leaves a compressed, synced file.

    The library releases the interpreter's lock while it compresses, so that the caller works on.
    The file is of this part only once `close` has given its facts.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._blocks: queue.Queue[bytes] = queue.Queue(_WAITING_BLOCKS)
        self._ended = False
        self._failure: BaseException | None = None
        self._digest = hashlib.sha256()
        self._stored = 0
        self._thread = threading.Thread(target=self._work, name=f"pack {path.name}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._thread.is_alive():
            self._failure = self._failure or error
            self._blocks.put(_END)
            self._thread.join()

    def put(self, block: bytes) -> None:
        """Hand a block over; waits while too many are waiting.

        Raises:
            BundleNotWritten: The disk is full, or writing failed in another way.
        """
        if block:
            self._raise_failure()
            self._blocks.put(block)

    def close(self) -> tuple[int, str]:
        """Finish the file and give its size and SHA-256.

        Raises:
            BundleNotWritten: As for `put`.
        """
        self._blocks.put(_END)
        self._thread.join()
        self._raise_failure()
        return self._stored, self._digest.hexdigest()

    def _raise_failure(self) -> None:
        if isinstance(self._failure, OSError):
            raise not_written(self._failure) from None
        if self._failure is not None:
            raise self._failure

    def _work(self) -> None:
        try:
            with open_private(self._path) as file:
                self._pack(file)
                file.flush()
                os.fsync(file.fileno())
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            self._failure = error
            while self._take():  # whoever puts a block must not wait for ever
                pass

    def _pack(self, file: BinaryIO) -> None:
        compressor = zstandard.ZstdCompressor(level=_LEVEL).compressobj()
        while block := self._take():
            self._store(file, compressor.compress(block))
        self._store(file, compressor.flush())

    def _take(self) -> bytes:
        if self._ended:
            return _END
        block = self._blocks.get()
        self._ended = block is _END
        return block

    def _store(self, file: BinaryIO, packed: bytes) -> None:
        file.write(packed)
        self._digest.update(packed)
        self._stored += len(packed)


def open_private(path: Path) -> BinaryIO:
    """Create a file that only its owner may read, and that was not there before."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def not_written(error: OSError) -> BundleNotWritten:
    """Give the error that says why a file of a bundle could not be written."""
    return BundleNotWritten(
        f"the bundle could not be written: {os.strerror(error.errno or 0)}; it was removed."
    )
