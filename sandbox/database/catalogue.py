"""Questions about definitions, rights and settings, asked through SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import sqlalchemy
from sqlalchemy.pool import NullPool

from sandbox.database.driver_errors import translated
from sandbox.database.server import Server, read_version

Record = tuple[Any, ...]


class Catalogue:
    """A read-only session; made by `sandbox.database.connect` only.

    Args:
        connection: The open connection.
        what: The address, for messages.
    """

    def __init__(self, connection: sqlalchemy.Connection, what: str) -> None:
        self._connection = connection
        self._what = what
        ((version,),) = self.rows("SELECT VERSION()")
        self.server: Server = read_version(str(version))

    def rows(self, sql: str, /, where: str = "", **values: object) -> list[Record]:
        """Ask, and give all rows.

        Args:
            sql: The question; ``:name`` stands for a value where values are given.
            where: What it is about, for messages.
            **values: The values.

        Raises:
            SourceError: The server refused it.
        """
        with translated(where or self._what):
            result = self._run(sql, values)
            return [_plain(row) for row in result] if result.returns_rows else []

    def records(self, sql: str) -> list[dict[str, Any]]:
        """Ask, and give each row by the names of its columns, which versions add to and move.

        Raises:
            SourceError: The server refused it.
        """
        with translated(self._what):
            result = self._run(sql, {})
            names = list(result.keys())
            return [dict(zip(names, _plain(row), strict=True)) for row in result]

    def _run(self, sql: str, values: dict[str, object]) -> sqlalchemy.CursorResult[Any]:
        if values:
            return self._connection.execute(sqlalchemy.text(sql), values)
        return self._connection.exec_driver_sql(sql, execution_options={"no_parameters": True})

    @contextmanager
    def exact(self) -> Iterator[None]:
        """Have answers inside as the server holds them; bytes that are no text as surrogates.

        MariaDB 10.5 would else put question marks for what is no text in a definition.
        """
        self.rows("SET SESSION character_set_results = binary")
        try:
            yield
        finally:
            self.rows("SET SESSION character_set_results = utf8mb4")

    def value(self, sql: str, /, where: str = "", **values: object) -> Any:  # noqa: ANN401
        """Ask for one value; None where there is no row."""
        rows = self.rows(sql, where, **values)
        return rows[0][0] if rows else None

    def close(self) -> None:
        """Close the session."""
        with translated(self._what):
            self._connection.close()
            self._connection.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _plain(row: Any) -> Record:  # noqa: ANN401 - SQLAlchemy's rows hold anything
    """Make a tuple of a row; the driver gives text with a binary collation as bytes."""
    return tuple(
        cell.decode("utf-8", "surrogateescape") if isinstance(cell, bytes) else cell for cell in row
    )


def make_catalogue(connect: Callable[[], Any], what: str) -> Catalogue:
    """Put SQLAlchemy on top of a connection that `connect` opens.

    Raises:
        SourceError: It cannot be opened.
    """
    engine = sqlalchemy.create_engine(
        "mysql+mysqldb://",
        creator=connect,
        poolclass=NullPool,
        hide_parameters=True,
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
    )
    with translated(what, connecting=True):
        connection = engine.connect()
    return Catalogue(connection, what)
