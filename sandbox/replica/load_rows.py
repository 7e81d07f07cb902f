"""Load the parts of a table and read them back: what the server stored is what was sent."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.bundle.load_sql import load_statement
from sandbox.bundle.manifest import PartEntry, TableEntry
from sandbox.bundle.reader import Bundle
from sandbox.bundle.tsv import encode_columns, sum_of_lines
from sandbox.database.expressions import quoted, read_expression
from sandbox.database.reader import Columns, Reader
from sandbox.database.writer import Writer
from sandbox.errors import BundleInvalid, LoadFailed
from sandbox.replica.load_feed import Feed
from sandbox.replica.load_text import Repair

# What each warning that may come with rows means, and for which types it is harmless. The read
# back proves that the values are there; these are known so that any other one is a failure.
_TRUNCATED = 1265
_HARMLESS = {"enum": frozenset({_TRUNCATED})}
# A column without a default was given no value: one of those that the source's account may not
# read, for every column of the bundle is given one.
_NO_DEFAULT = 1364
# MySQL 9 without a binary log counts a MyISAM table loaded before to the same transaction, and
# tells that tables of several engines in one are deprecated. It says nothing of the rows.
_MIXED_ENGINES = 6414
_OF_NO_ROW = frozenset({_NO_DEFAULT, _MIXED_ENGINES})


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent of a table, and so has to come back.

    Attributes:
        digests: SHA-256 of the text of each part that has rows; empty where nothing orders rows.
        rows_sum: Sum over the rows; 0 where `digests` are there.
        losses: By column, how many cells had to be changed to be storable.
    """

    digests: tuple[str, ...]
    rows_sum: int
    losses: dict[str, int]


def load_table(writer: Writer, bundle: Bundle, table: TableEntry, stop: threading.Event) -> Sent:
    """Load all parts of a table.

    Raises:
        BundleInvalid: A part is not what the manifest says.
        LoadFailed: The server kept fewer rows, or warned of something unexpected.
        SourceError: The server refused the statement.
    """
    loading = _Loading(writer, bundle, table, stop, Repair(table, writer.server.family))
    digests = []
    for part in _filled(table):
        if stop.is_set():
            break
        digests.append(loading.load(part))
    losses = loading.repair.losses
    expected = sum(part.rows_sum or 0 for part in table.parts) + losses.sum_change
    return Sent(
        digests=tuple(digests) if table.ordered else (),
        rows_sum=0 if table.ordered else expected % 2**64,
        losses=dict(losses.cells),
    )


def read_back(reader: Reader, table: TableEntry, sent: Sent, stop: threading.Event) -> None:
    """Compare what the server holds with what was sent.

    Raises:
        LoadFailed: They differ.
    """
    columns = ", ".join(read_expression(entry.column()) for entry in table.columns)
    sql = f"SELECT {columns} FROM {quoted(table.name)}"  # noqa: S608 - names are quoted
    if table.ordered:
        sql += " ORDER BY " + ", ".join(quoted(name) for name in table.identity)
    chunks = reader.rows(sql, columns=len(table.columns), where=f"table {table.name}")
    if table.ordered:
        _compare_parts(table, sent, _until(chunks, stop))
    else:
        _compare_sum(table, sent, _until(chunks, stop))


@dataclass(frozen=True, slots=True)
class _Loading:
    writer: Writer
    bundle: Bundle
    table: TableEntry
    stop: threading.Event
    repair: Repair

    def load(self, part: PartEntry) -> str:
        """Load a part and give the digest of the text that was sent."""
        table, repair = self.table, self.repair
        lost = sum(repair.losses.cells.values())
        blocks = repair.apply(self.bundle.read_part(table, part))
        with Feed(self.writer, blocks, self.stop) as feed:
            self.writer.execute(load_statement(table, str(feed.path)), f"table {table.name}")
        affected = self.writer.affected
        warned = Counter(warning.number for warning in self.writer.warnings())
        if self.stop.is_set():
            return feed.sha256
        expected = _expected(table)
        unexpected = {number: n for number, n in warned.items() if number not in expected}
        if affected != part.rows or unexpected:
            raise _not_whole(table, part, affected, unexpected)
        changed = sum(repair.losses.cells.values()) > lost
        if part.text_sha256 and not changed and feed.sha256 != part.text_sha256:
            raise BundleInvalid(f"{part.path}: its text does not match its digest.")
        return feed.sha256


def _expected(table: TableEntry) -> frozenset[int]:
    return _OF_NO_ROW.union(*(_HARMLESS.get(one.kind, ()) for one in table.columns))


def _not_whole(
    table: TableEntry, part: PartEntry, affected: int, unexpected: dict[int, int]
) -> LoadFailed:
    said = f"of {part.rows} rows of {part.path} the server kept {affected}"
    if affected == part.rows:
        said = f"the server changed values of {part.path}"
    return LoadFailed(
        f"Table {table.name}: {said}.",
        findings=tuple(
            f"warning {number}, {count} times" for number, count in sorted(unexpected.items())
        ),
        hint="Look the numbers up in the server's manual (1062 is a duplicate key, 1265 and 1366 "
        "values that do not fit); then export again, or load into the source's version.",
    )


def _filled(table: TableEntry) -> list[PartEntry]:
    return [part for part in table.parts if part.rows]


def _until(chunks: Iterator[Columns], stop: threading.Event) -> Iterator[Columns]:
    for chunk in chunks:
        if stop.is_set():
            return
        yield chunk


def _compare_parts(table: TableEntry, sent: Sent, chunks: Iterator[Columns]) -> None:
    """Cut what comes at the rows of each part, and compare digests of the text."""
    left: Columns = ()
    for part, expected in zip(_filled(table), sent.digests, strict=True):
        digest, missing = hashlib.sha256(), part.rows
        while missing:
            if not left:
                left = next(chunks, ())
                if not left:
                    raise _differs(table)
            taken = tuple(column[:missing] for column in left)
            rest = tuple(column[missing:] for column in left)
            missing -= len(taken[0])
            left = rest if rest[0] else ()
            digest.update(encode_columns(taken)[0])
        if digest.hexdigest() != expected:
            raise _differs(table, part)
    if left or next(chunks, ()):
        raise _differs(table)


def _compare_sum(table: TableEntry, sent: Sent, chunks: Iterator[Columns]) -> None:
    rows = total = 0
    for chunk in chunks:
        text, count = encode_columns(chunk)
        total += sum_of_lines(text.split(b"\n")[:-1])
        rows += count
    if (rows, total % 2**64) != (table.rows, sent.rows_sum):
        raise _differs(table)


def _differs(table: TableEntry, part: PartEntry | None = None) -> LoadFailed:
    where = f" in the rows of {part.path}" if part else ""
    return LoadFailed(
        f"Table {table.name}: what the server holds differs from the bundle{where}.",
        hint="The server changed values without saying so. Load into a server of the source's "
        "version; if it differs there too, report it, please.",
    )
