"""Keys on disk: a set that takes the same memory for a thousand keys and for ten million.

They are production's values, so nobody else may see them and nothing may stay behind: SQLite makes
the file for its owner only and takes its name away while it opens it, so that it is gone with the
process, however that ends. It lies where TMPDIR says, else in /var/tmp.
"""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager

from sandbox.database.conditions import RowKey
from sandbox.errors import KeysNotKept
from sandbox.subset.packing import Packing

_CACHE = 8 << 10  # kilobytes of the file that stay in memory
_AT_ONCE = 500  # keys that one statement names; SQLite takes 999
_READ = 10_000  # keys that are read at once


class SpilledKeys:
    """Keys of one table on disk. All have the form of the first one."""

    def __init__(self) -> None:
        self._packing: Packing | None = None
        self._count = 0
        with _kept():
            # An empty name is a file without one. A thread may be the one to clear this set away.
            self._file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            weakref.finalize(self, self._file.close)
            self._file.execute(f"PRAGMA cache_size = -{_CACHE}")
            self._file.execute("PRAGMA journal_mode = OFF")
            self._file.execute("PRAGMA synchronous = OFF")
            self._file.execute(
                "CREATE TABLE keys (key BLOB PRIMARY KEY, mark INTEGER NOT NULL) WITHOUT ROWID"
            )

    def add_new(self, keys: Iterable[RowKey]) -> list[RowKey]:
        """Add keys and give those that were not there."""
        waiting = list(dict.fromkeys(keys))
        new: list[RowKey] = []
        for some in _cut(waiting):
            packed = self._packed(some)
            there = self._find(packed)
            came = [one for one in packed if one not in there]
            new += [key for key, one in zip(some, packed, strict=True) if one not in there]
            self._write("INSERT INTO keys VALUES (?, 0)", ((one,) for one in sorted(came)))
            self._count += len(came)
        return new

    def mark(self, keys: Collection[RowKey], number: int) -> None:
        """Mark keys of the set."""
        for some in _cut(list(keys)):
            packed = sorted(self._packed(some))
            self._write("UPDATE keys SET mark = ? WHERE key = ?", ((number, one) for one in packed))

    def marks_of(self, keys: Sequence[RowKey]) -> list[int]:
        """Give the marks of some keys of the set."""
        found: list[int] = []
        for some in _cut(keys):
            packed = self._packed(some)
            marks = self._find(packed)
            found += [marks[one] for one in packed]
        return found

    def __contains__(self, key: RowKey) -> bool:
        return bool(self._find(self._packed([key])))

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[RowKey]:
        last = b""
        while some := self._behind(last):
            yield from map(self._unpacked, some)
            last = some[-1]

    def _behind(self, last: bytes) -> list[bytes]:
        with _kept():
            sql = "SELECT key FROM keys WHERE key > ? ORDER BY key LIMIT ?"
            return [key for (key,) in self._file.execute(sql, (last, _READ))]

    def _find(self, packed: Sequence[bytes]) -> dict[bytes, int]:
        """Give the marks of those keys that are there."""
        places = ",".join("?" * len(packed))
        with _kept():
            sql = f"SELECT key, mark FROM keys WHERE key IN ({places})"  # noqa: S608 - places only
            return dict(self._file.execute(sql, packed))

    def _write(self, sql: str, rows: Iterable[tuple[bytes] | tuple[int, bytes]]) -> None:
        with _kept():
            self._file.execute("BEGIN")
            self._file.executemany(sql, rows)
            self._file.execute("COMMIT")

    def _packed(self, keys: Sequence[RowKey]) -> list[bytes]:
        if self._packing is None:
            self._packing = Packing.of(keys[0])
        return [self._packing.pack(key) for key in keys]

    def _unpacked(self, packed: bytes) -> RowKey:
        if self._packing is None:
            raise ValueError("nothing was packed")
        return self._packing.unpack(packed)


@contextmanager
def _kept() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as failed:
        reason = getattr(failed, "sqlite_errorname", "") or type(failed).__name__
        raise KeysNotKept(f"keys of rows could not be kept on disk ({reason}).") from None


def _cut(keys: Sequence[RowKey]) -> Iterator[Sequence[RowKey]]:
    return (keys[at : at + _AT_ONCE] for at in range(0, len(keys), _AT_ONCE))
