"""A connection as bytes: statements out, rows of undecoded cells in, every statement recorded."""

from __future__ import annotations

import contextlib
import functools
import os
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

from sandbox.database.driver_errors import translated
from sandbox.database.statements import StatementLog
from sandbox.errors import SnapshotTooOld, SourceError, SourceLost
from sandbox.model import Cell

Row = tuple[Cell, ...]

# How many rows of an answer that nobody wants any more are still taken, to keep the connection.
_DRAIN_ROWS = 10_000
_ALL = 0


class Wire:
    """A raw connection of the driver; made by `sandbox.database.connect` only.

    Args:
        connection: An open ``_mysql.connection`` without conversions.
        log: Takes every statement.
        what: The address, for messages.
    """

    def __init__(self, connection: Any, log: StatementLog, what: str) -> None:  # noqa: ANN401
        self._connection = connection
        self._log = log
        self._what = what
        self._open = True
        self._ends: float | None = None
        self._seconds = 0
        self._stopwatch = _Stopwatch()

    @property
    def waited(self) -> float:
        """Give how many seconds were spent in waiting for the server so far."""
        return self._stopwatch.seconds

    def end_after(self, seconds: int) -> None:
        """Let nothing be asked or taken any more when so many seconds have passed."""
        self._seconds = seconds
        self._ends = time.monotonic() + seconds

    def run(self, sql: str | bytes, where: str = "") -> int:
        """Run a statement that gives no rows, and give the number of rows it affected."""
        with translated(where or self._what), self._stopwatch:
            self._send(sql)
            result = self._connection.store_result()
            if result is not None:
                result.fetch_row(_ALL)
            return int(self._connection.affected_rows())

    def fetch(self, sql: str, where: str = "") -> tuple[Row, ...]:
        """Run a statement and give all of its rows; the server is done with it at once."""
        with translated(where or self._what, sql=sql), self._stopwatch:
            self._send(sql)
            result = self._connection.store_result()
            rows: tuple[Row, ...] = result.fetch_row(_ALL) if result is not None else ()
            return rows

    @contextlib.contextmanager
    def stream(self, sql: str, where: str = "") -> Iterator[Any]:
        """Run a statement; inside, take its rows with ``next_rows`` as the server sends them.

        When left early, the rest of a short answer is taken and dropped; from a long one the
        connection is cut, so that the server stops as well.
        """
        with translated(where or self._what, sql=sql), self._stopwatch:
            self._send(sql)
            result = self._connection.use_result()
        stream = _Stream(result, where or self._what, self._check_age, self._stopwatch)
        try:
            yield stream
        finally:
            if not stream.ended and self._open:
                self._drain(stream)

    def handle(self) -> socket.socket:
        """Give a second handle of the connection's socket, to be closed by the caller.

        With it another thread can see whether the server hung up, and cut the connection under a
        statement that waits for ever. The driver lets nobody but its own thread ask it anything.
        """
        return socket.socket(fileno=os.dup(self._connection.fileno()))

    def close(self) -> None:
        """Close the connection; what was begun is rolled back by the server."""
        if self._open:
            self._open = False
            with contextlib.suppress(Exception):
                self._connection.close()

    def _send(self, sql: str | bytes) -> None:
        if not self._open:
            raise SourceLost(f"The connection to the server is closed: {self._what}.")
        self._check_age()
        self._log.record(sql if isinstance(sql, str) else sql.decode(errors="backslashreplace"))
        self._connection.query(sql.encode() if isinstance(sql, str) else sql)

    def _check_age(self) -> None:
        if self._ends is not None and time.monotonic() > self._ends:
            raise SnapshotTooOld(
                f"The snapshot of {self._what} has reached its limit of "
                f"{self._seconds // 60} min: "
                "the server has to keep every row that changed since."
            )

    def _drain(self, stream: _Stream) -> None:
        with contextlib.suppress(SourceError):
            for _ in range(_DRAIN_ROWS // 1000):
                if not stream.next_rows(1000):
                    return
        # Else the library would take every row that is left before it closed.
        with contextlib.suppress(OSError), self.handle() as handle:
            handle.shutdown(socket.SHUT_RDWR)
        self.close()


class _Stopwatch:
    """Runs inside of a ``with``."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._began = 0.0

    def __enter__(self) -> None:
        self._began = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self.seconds += time.monotonic() - self._began


class _Stream:
    """The rows of an answer, as they come."""

    def __init__(
        self,
        result: Any,  # noqa: ANN401 - untyped
        where: str,
        check_age: Callable[[], None],
        stopwatch: _Stopwatch,
    ) -> None:
        self._result = result
        self._where = where
        self._check_age = check_age
        self._stopwatch = stopwatch
        self.ended = result is None

    def next_rows(self, number: int) -> tuple[Row, ...]:
        """Take up to `number` rows; none are left where none come."""
        if self.ended:
            return ()
        try:
            self._check_age()
            with translated(self._where), self._stopwatch:
                rows: tuple[Row, ...] = self._result.fetch_row(number)
        except BaseException:
            self.ended = True
            raise
        self.ended = not rows
        return rows


def _decoded(cell: bytes) -> str:
    return cell.decode("utf-8", "surrogateescape")


@functools.cache
def logged_connection_class() -> Any:  # noqa: ANN401 - a class of an untyped library
    """Give the driver's connection class, made to record every statement it sends."""
    from MySQLdb.connections import Connection  # noqa: PLC0415 - loads the C library
    from MySQLdb.constants import FIELD_TYPE, FLAG  # noqa: PLC0415 - the same

    texts = (
        *(FIELD_TYPE.STRING, FIELD_TYPE.VAR_STRING, FIELD_TYPE.VARCHAR, FIELD_TYPE.TINY_BLOB),
        *(FIELD_TYPE.BLOB, FIELD_TYPE.MEDIUM_BLOB, FIELD_TYPE.LONG_BLOB),
    )

    class LoggedConnection(Connection):  # type: ignore[misc]
        def __init__(self, log: StatementLog, **arguments: Any) -> None:  # noqa: ANN401
            self._log = log
            super().__init__(**arguments)
            # MariaDB shows the DEFAULT of binary columns as it is, whatever that is as text.
            for kind in texts:
                self.converter[kind] = ((FLAG.BINARY, bytes), (None, _decoded))

        def query(self, query: Any) -> None:  # noqa: ANN401
            text = query if isinstance(query, str) else bytes(query).decode(errors="replace")
            self._log.record(text)
            super().query(query)

        def set_character_set(self, charset: str, collation: str = "") -> None:
            self._log.record(f"SET NAMES {charset}")
            super().set_character_set(charset, collation)

        def autocommit(self, on: bool) -> None:  # noqa: FBT001 - the driver's own signature
            if self.get_autocommit() != on:  # else the driver sends nothing
                self._log.record(f"SET autocommit = {int(on)}")
            super().autocommit(on)

        def commit(self) -> None:
            self._log.record("COMMIT")
            super().commit()

        def rollback(self) -> None:
            self._log.record("ROLLBACK")
            super().rollback()

    return LoggedConnection
