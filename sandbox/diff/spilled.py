"""Lines that do not fit into memory: in files without a name, sorted out so that they meet again.

What is written is what the bundles hold, masked; nobody but this process can open the files, and
they are gone with it.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import IO, Self
from zlib import crc32

from sandbox.diff.lines import TAB
from sandbox.errors import ScratchFailed

_BYTES = 8 << 20  # of text that a pair of files holds, about; memory takes several times that
_MOST = 128  # pairs: each keeps two files open


class Spilled:
    """Keeps lines of two sides in pairs of files; lines of one key are in one pair.

    Args:
        key: Fields that decide where a line goes; all where it is empty.
        expected: Bytes of text that may come, about.

    Attributes:
        used: Whether any line came.
    """

    def __init__(self, key: Sequence[int], expected: int) -> None:
        self._key = key
        self._count = min(max(expected // _BYTES, 1), _MOST)
        self._files: list[tuple[IO[bytes], IO[bytes]]] = []
        self._open = ExitStack()

    @property
    def used(self) -> bool:
        """Whether any line came."""
        return bool(self._files)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def add(self, side: int, lines: Iterable[tuple[bytes, int]]) -> None:
        """Add lines of a side, each with how often it is there.

        Raises:
            ScratchFailed: They could not be written.
        """
        waiting: dict[int, list[bytes]] = {}
        for line, count in lines:
            waiting.setdefault(self._place(line), []).extend([line] * count)
        try:
            self._make_files()
            for place, some in waiting.items():
                self._files[place][side].write(b"\n".join([*some, b""]))
        except OSError as error:
            raise _failed(error) from None

    def pairs(self) -> Iterator[tuple[Counter[bytes], Counter[bytes]]]:
        """Give the lines of both sides, pair by pair.

        Raises:
            ScratchFailed: They could not be read back.
        """
        for old, new in self._files:
            try:
                yield _read(old), _read(new)
            except OSError as error:
                raise _failed(error) from None

    def _place(self, line: bytes) -> int:
        if self._key:
            cells = line.split(TAB)
            line = TAB.join([cells[place] for place in self._key])
        return crc32(line) % self._count

    def _make_files(self) -> None:
        while len(self._files) < self._count:
            self._files.append((self._file(), self._file()))

    def _file(self) -> IO[bytes]:
        return self._open.enter_context(tempfile.TemporaryFile())


def _read(file: IO[bytes]) -> Counter[bytes]:
    file.seek(0)
    return Counter(line[:-1] for line in file)


def _failed(error: OSError) -> ScratchFailed:
    return ScratchFailed(
        f"rows could not be put aside in {tempfile.gettempdir()}: {os.strerror(error.errno or 0)}."
    )
