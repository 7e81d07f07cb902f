"""A session that fills a database of ours: statements, their warnings, their counts."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from sandbox.database.server import Server
from sandbox.database.wire import Row, Wire


@dataclass(frozen=True, slots=True)
class LoadWarning:
    """A warning of a statement, without its text, which quotes values.

    Attributes:
        level: ``Note``, ``Warning`` or ``Error``.
        number: Its number.
    """

    level: str
    number: int


class Writer:
    """Runs statements against a database that is ours to change.

    Args:
        wire: The connection.
        server: The server that answers.
    """

    def __init__(self, wire: Wire, server: Server) -> None:
        self._wire = wire
        self.server = server
        self.affected = 0

    def execute(self, sql: str | bytes, where: str = "") -> int:
        """Run a statement and give the number of rows it affected, kept as `affected` too.

        Args:
            sql: One statement; bytes where it is to reach the server in another character set.
            where: What it is about, for messages.

        Raises:
            SourceError: The server refused it.
        """
        self.affected = self._wire.run(sql, where)
        return self.affected

    def fetch(self, sql: str, where: str = "") -> tuple[Row, ...]:
        """Run a statement and give its rows as bytes."""
        return self._wire.fetch(sql, where)

    def warnings(self) -> tuple[LoadWarning, ...]:
        """Give the warnings of the last statement; the server keeps ``max_error_count`` of them."""
        rows = self._wire.fetch("SHOW WARNINGS")
        return tuple(
            LoadWarning((level or b"").decode(), int(number or b"0")) for level, number, *_ in rows
        )

    def handle(self) -> socket.socket:
        """Give a second handle of the connection's socket; see `Wire.handle`."""
        return self._wire.handle()

    def close(self) -> None:
        """Close the session."""
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
