"""What answers the questions of a closure: a reader inside its snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from sandbox.model import Batch, Cell, Table
from sandbox.subset.keys import RowKey, keys_of
from sandbox.subset.lookups import Question, ask_for_keys, key_columns

Columns = Sequence[Sequence[Cell]]


class Source(Protocol):
    """What answers questions: a reader inside its snapshot."""

    def rows(self, sql: str, *, columns: int) -> Iterator[Columns]:
        """Run a SELECT and give its rows as chunks of columns."""

    def batches(self, table: Table, where: str = "") -> Iterator[Batch]:
        """Read the rows of a table that meet a condition, in short chunks where readers lock."""


def answers(source: Source, question: Question) -> Iterator[Columns]:
    """Ask a question and give its answer as chunks of columns."""
    return source.rows(question.sql, columns=question.width)


def keys_where(source: Source, table: Table, where: str) -> Iterator[RowKey]:
    """Give the keys of the rows that meet a condition; of all rows where it is empty."""
    if table.transactional:
        for columns in answers(source, ask_for_keys(table, where)):
            yield from keys_of(table, columns)
        return
    # A long answer would keep writers waiting: these tables are read in short chunks only.
    for batch in source.batches(table, where):
        by_name = dict(zip(batch.columns, batch.cells, strict=True))
        yield from keys_of(table, [by_name[column.name] for column in key_columns(table)])
