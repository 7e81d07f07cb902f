"""Read rows as the exact bytes the server holds, in columns, without disturbing it.

Tables under the snapshot stream; after each, a savepoint is rolled back, which frees the metadata
lock that would hold up an ALTER (where the server lets go of it: see `Reader.frees_locks`). Other
tables lock writers out while they are read: they come in short chunks that are taken at once, so
that a writer waits for a chunk, not for us.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Self

from sandbox.database.conditions import RowKey, among, beyond
from sandbox.database.definitions import is_same_table, table_as_shown
from sandbox.database.expressions import quoted, read_expression
from sandbox.database.pace import Pace, Unhurried
from sandbox.database.server import Server
from sandbox.database.session import BEGIN_SNAPSHOT, RELEASE, SAVEPOINT, catalogue_settings
from sandbox.database.statement_sizes import SECONDS, StatementSizes, evenly
from sandbox.database.wire import Row, Wire
from sandbox.errors import RightMissing, SourceChanged
from sandbox.model import Batch, Cell, Column, Table

ROWS = 1000
_BYTES = 4 << 20
_KEYS_OF_LARGE = 100  # in a statement, where rows are too large to be put in order here
_FIRST_STEP, _LARGEST_STEP = 4, 64
# Types whose cells can be so large that a number of rows bounds nothing.
_LARGE = frozenset(
    {"mediumtext", "longtext", "text", "mediumblob", "longblob", "blob", "json", "vector"}
    | {"geometry", "point", "linestring", "polygon", "multipoint", "multilinestring"}
    | {"multipolygon", "geometrycollection", "geomcollection"}
)

Columns = tuple[Sequence[Cell], ...]


class Reader:
    """Reads rows; made by `sandbox.database.connect` only. For one thread, one answer at a time.

    Args:
        wire: The connection, under the discipline of `sandbox.database.session`.
        server: The server that answers.
        frees_locks: Whether the server lets go of metadata locks before the snapshot ends. If not,
            an ALTER of a table that was read waits for this reader to be closed.
        per_statement: Seconds that a statement which names keys should take at most.
        pace: Tells when the next statement may run.
    """

    def __init__(
        self,
        wire: Wire,
        server: Server,
        *,
        frees_locks: bool = True,
        per_statement: float = SECONDS,
        pace: Pace | None = None,
    ) -> None:
        self._wire = wire
        self._pace: Pace = pace or Unhurried()
        self._sizes = StatementSizes(per_statement, lambda: wire.waited)
        self._held = False
        self._shows_definitions = False
        self.server = server
        self.in_snapshot = False
        self.frees_locks = frees_locks

    def take_snapshot(self, seconds: int) -> None:
        """Read everything as of this moment from now on (tables of transactional engines).

        One that was taken before ends.

        Args:
            seconds: How old it may get.
        """
        self._wire.run(BEGIN_SNAPSHOT)
        self._wire.end_after(seconds)
        self.in_snapshot = True

    def snapshot_position(self) -> str | None:
        """Give the position in the binary log that the snapshot shows; None where none is told.

        MariaDB (and Percona Server) tell it to any account, exactly. Two readers that give the
        same position see the same rows.
        """
        if not self.in_snapshot:
            return None
        rows = self._wire.fetch("SHOW SESSION STATUS LIKE 'Binlog_snapshot_%'")
        found = {row[0]: row[1] for row in rows}
        file, offset = found.get(b"Binlog_snapshot_file"), found.get(b"Binlog_snapshot_position")
        if not file or not offset:
            return None
        return f"{file.decode()}:{offset.decode()}"

    @contextlib.contextmanager
    def table(self, name: str) -> Iterator[None]:
        """Read inside; afterwards no metadata lock is left, where `frees_locks`. May be nested."""
        if self._held or not self.in_snapshot:
            yield
            return
        self._held = True
        where = f"table {name}"
        try:
            self._wire.run(SAVEPOINT, where)
            yield
        except BaseException:
            # The first error is the one to tell; without a connection there are no locks.
            with contextlib.suppress(Exception):
                self._wire.run(RELEASE, where)
            raise
        else:
            self._wire.run(RELEASE, where)
        finally:
            self._held = False

    def confirm(self, table: str, definition: str) -> None:
        """Make sure that a table is still as the catalogue described it.

        A catalogue knows no snapshot: between the two a table may have been changed, and InnoDB
        says nothing if that was before the snapshot began. Inside `table`, behind a reading of it,
        nobody can have changed it since that reading began.

        Args:
            table: Its name.
            definition: Its definition. One that the account cannot see, and that came from a
                file, is not confirmed.

        Raises:
            SourceChanged: It is defined otherwise by now, or gone.
        """
        if not self._shows_definitions:
            for statement in catalogue_settings(self.server):
                self._wire.run(statement)
            self._shows_definitions = True
        where = f"table {table}"
        try:
            with self.table(table):
                rows = self._wire.fetch(f"SHOW CREATE TABLE {quoted(table)}", where)
        except RightMissing:
            return
        shown = table_as_shown((rows[0][1] or b"").decode("utf-8", "surrogateescape"))
        if not is_same_table(shown, definition):
            raise SourceChanged(f"The definition changed after it was looked at: {where}.")

    def rows(
        self, sql: str, *, columns: int, where: str = "rows by key", at_once: bool = False
    ) -> Iterator[Columns]:
        """Run a SELECT and give its rows as chunks of columns.

        Args:
            sql: The statement; its expressions are the caller's.
            columns: How many columns it gives.
            where: What it is about, for messages.
            at_once: Take the whole answer before the first chunk is given. For tables outside
                the snapshot, whose writers would else wait for the caller; bound the answer.

        Raises:
            SourceError: The server refused it, or broke off.
        """
        if at_once:
            with self.table(where):
                rows = self._fetch(sql, where)
            for start in range(0, len(rows), ROWS):
                yield tuple(zip(*rows[start : start + ROWS], strict=True))
            return
        yield from self._streamed(sql, tuple(range(columns)), where)

    def batches(self, table: Table, where: str = "", *, order: bool = True) -> Iterator[Batch]:
        """Read a table, or those of its rows that meet a condition.

        Args:
            table: The table.
            where: A condition in SQL; all rows where empty.
            order: Whether rows come in the order of the table's identity, where it has one.

        Raises:
            SourceError: The server refused it, the table changed, or the connection broke.
        """
        if not table.transactional:
            with self.table(table.name):
                yield from self._in_chunks(table, _in_brackets(where))
            return
        sql = select_rows(table, where, order=order)
        for columns in self._streamed(sql, _large(table), f"table {table.name}"):
            yield _batch(table, columns)

    def batches_by_keys(self, table: Table, keys: Iterable[RowKey]) -> Iterator[Batch]:
        """Read the rows of given keys.

        They come in the order of the keys however many a statement names: of whole numbers, if
        those are in ascending order. Only rows that can be too large to be put in order here, and
        that no whole numbers tell apart, come in the server's order within each 100 keys.

        Args:
            table: A table with an identity.
            keys: Its keys: a number or bytes, or a tuple of them where several columns make it.

        Raises:
            SourceError: As for `batches`.
            ValueError: The table has no identity.
        """
        identity = table.identity
        if not identity:
            raise ValueError(f"table {table.name} has no key to read by")
        large = _large(table)
        by_server = all(column.is_integer for column in identity)
        with self.table(table.name):
            if by_server or not large:
                cut = self._sizes.cut(table.name, keys)
            else:
                cut = evenly(keys, _KEYS_OF_LARGE)
            for some in cut:
                sql = select_by_keys(table, some)
                if not by_server and not large:
                    for batch in self._taken_at_once(table, sql):
                        yield _in_order_of(some, table, batch)
                elif not table.transactional:
                    yield from self._taken_at_once(table, sql)
                else:
                    for columns in self._streamed(sql, large, f"table {table.name}"):
                        yield _batch(table, columns)

    def now(self) -> float:
        """Tell the time in seconds; it stands still while production is too busy to be read."""
        return time.monotonic() - self._pace.paused

    def close(self) -> None:
        """End the snapshot and the session."""
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

    def _let_go(self) -> None:
        """Free the metadata lock of the table that is being read, where that can be."""
        if self._held:
            self._wire.run(RELEASE)

    def _fetch(self, sql: str, where: str) -> tuple[Row, ...]:
        self._pace.turn(self._let_go)
        return self._wire.fetch(sql, where)

    def _streamed(self, sql: str, large: Sequence[int], where: str) -> Iterator[Columns]:
        """Stream an answer in chunks bounded by rows, and by bytes where columns can be large."""
        self._pace.turn(self._let_go)
        with self.table(where.removeprefix("table ")), self._wire.stream(sql, where) as stream:
            if not large:
                while rows := stream.next_rows(ROWS):
                    yield tuple(zip(*rows, strict=True))
                    self._pace.passing()
                return
            step, chunk, size = _FIRST_STEP, list[Row](), 0
            while rows := stream.next_rows(step):
                sizes = [sum(len(row[i] or b"") for i in large) for row in rows]
                # The largest seen decides how many may come at once.
                step = max(1, min(_LARGEST_STEP, 2 * step, _BYTES // (max(sizes) + 1)))
                chunk.extend(rows)
                size += sum(sizes)
                if len(chunk) >= ROWS or size >= _BYTES:
                    yield tuple(zip(*chunk, strict=True))
                    self._pace.passing()
                    chunk, size = [], 0
            if chunk:
                yield tuple(zip(*chunk, strict=True))

    def _taken_at_once(self, table: Table, sql: str) -> Iterator[Batch]:
        rows = self._fetch(sql, f"table {table.name}")
        if rows:
            yield _batch(table, tuple(zip(*rows, strict=True)))

    def _in_chunks(self, table: Table, condition: str) -> Iterator[Batch]:
        """Read a table that locks its writers out: a chunk, taken at once, after the other."""
        where = f"table {table.name}"
        if not table.identity:
            yield from self._by_offset(table, condition)
            return
        identity = table.identity
        after = ""
        while True:
            # The keys first, so that a chunk ends after some rows even if few meet the condition.
            bound = self._fetch(
                f"{_select_of(identity, table, after, forced=_forced(table))}{_order(table)}"
                f" LIMIT 1 OFFSET {ROWS - 1}",
                where,
            )
            upper = f"NOT ({beyond(identity, bound[0])})" if bound else ""
            sql = _select(table, condition, after, upper, forced=_forced(table)) + _order(table)
            yield from self._taken_at_once(table, sql)
            if not bound:
                return
            after = f"({beyond(identity, bound[0])})"

    def _by_offset(self, table: Table, condition: str) -> Iterator[Batch]:
        """Read a table without a key. Rows that move meanwhile may be missed or come twice."""
        offset = 0
        while True:
            sql = f"{_select(table, condition)} LIMIT {ROWS} OFFSET {offset}"
            rows = self._fetch(sql, f"table {table.name}")
            if rows:
                yield _batch(table, tuple(zip(*rows, strict=True)))
            if len(rows) < ROWS:
                return
            offset += ROWS


def select_rows(table: Table, where: str = "", *, order: bool = True) -> str:
    """Give the statement that reads a table, or those of its rows that meet a condition."""
    return _select(table, _in_brackets(where)) + (_order(table) if order else "")


def select_chunk(table: Table, where: str = "") -> str:
    """Give the statement that reads the first chunk of a table that locks its writers out."""
    select = _select(table, _in_brackets(where), forced=_forced(table))
    return f"{select}{_order(table)} LIMIT {ROWS}"


def select_by_keys(table: Table, keys: Sequence[RowKey]) -> str:
    """Give the statement that reads the rows of some keys."""
    return _select(table, among(table.identity, keys)) + _order(table)


def _in_brackets(condition: str) -> str:
    return f"({condition}\n)" if condition else ""


def _select(table: Table, *conditions: str, forced: str = "") -> str:
    return _select_of(table.stored_columns, table, *conditions, forced=forced)


def _select_of(
    columns: tuple[Column, ...], table: Table, *conditions: str, forced: str = ""
) -> str:
    names = ", ".join(read_expression(column) for column in columns)
    # Names are quoted, literals checked; conditions are those of the person who exports.
    return f"SELECT {names} FROM {quoted(table.name)}{forced}{_where(*conditions)}"  # noqa: S608


def _where(*conditions: str) -> str:
    given = [condition for condition in conditions if condition]
    return f" WHERE {' AND '.join(given)}" if given else ""


def _order(table: Table) -> str:
    names = ", ".join(quoted(column.name) for column in table.identity)
    return f" ORDER BY {names}" if names else ""


def _forced(table: Table) -> str:
    """Walk along the key: a sort would read, and lock, the whole table for every chunk."""
    columns = tuple(column.name for column in table.identity)
    for key in table.keys:
        if key.columns == columns:
            return f" FORCE INDEX ({quoted(key.name)})"
    return ""


def _large(table: Table) -> tuple[int, ...]:
    return tuple(i for i, column in enumerate(table.stored_columns) if column.kind in _LARGE)


def _batch(table: Table, columns: Columns) -> Batch:
    return Batch(table.name, tuple(column.name for column in table.stored_columns), columns)


def _in_order_of(keys: Sequence[RowKey], table: Table, batch: Batch) -> Batch:
    """Put rows in the order of the keys they were asked by; the server's is by collation."""
    places = {key if isinstance(key, tuple) else (key,): place for place, key in enumerate(keys)}
    by_name = dict(zip(batch.columns, batch.cells, strict=True))
    parts = [
        [int(cell or b"0") if column.is_integer else cell or b"" for cell in by_name[column.name]]
        for column in table.identity
    ]
    # A key that was spelled otherwise meanwhile, outside of any snapshot, comes last.
    found = [places.get(key, len(places)) for key in zip(*parts, strict=True)]
    order = sorted(range(len(found)), key=found.__getitem__)
    cells = tuple([column[row] for row in order] for column in batch.cells)
    return Batch(batch.table, batch.columns, cells)
