"""What answers the questions of a closure: a reader inside its snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, repeat
from typing import Protocol

from sandbox.database.statement_sizes import StatementSizes
from sandbox.model import Batch, Cell, Column, Schema, Table
from sandbox.subset.keys import RowKey, keys_of
from sandbox.subset.lookups import Question, ask_for_keys, ask_for_parents, key_columns, parents_in

Columns = Sequence[Sequence[Cell]]
Answered = Iterator[tuple[Question, Columns]]


class Source(Protocol):
    """What answers questions: a reader inside its snapshot."""

    def rows(self, sql: str, *, columns: int) -> Iterator[Columns]:
        """Run a SELECT and give its rows as chunks of columns."""

    def batches(self, table: Table, where: str = "") -> Iterator[Batch]:
        """Read the rows of a table that meet a condition, in short chunks where readers lock."""


def answers(source: Source, question: Question) -> Iterator[Columns]:
    """Ask a question and give its answer as chunks of columns."""
    return source.rows(question.sql, columns=question.width)


def answered(source: Source, questions: Iterable[Question]) -> Answered:
    """Ask questions, and give each with every chunk of its answer."""
    for question in questions:
        for columns in answers(source, question):
            yield question, columns


def answered_in_time(
    source: Source, schema: Schema, table: Table, keys: Sequence[RowKey], sizes: StatementSizes
) -> Answered:
    """Ask for the parents of some rows, in statements that name as many as are answered in time.

    Answers come as if each question had been asked at once: which reference leads to a parent
    first, and so the reason that the parent is here for, does not depend on how fast the source is.
    """
    for number, whole in enumerate(ask_for_parents(schema, table, keys)):
        merged: list[list[Cell]] = [[] for _ in range(whole.width)]
        for some in sizes.cut(f"{table.name} {number}", keys):
            (question,) = islice(ask_for_parents(schema, table, some), number, number + 1)
            for columns in answers(source, question):
                if number:  # about one reference: nothing else could come before it
                    yield question, columns
                    continue
                for cells, more in zip(merged, columns, strict=True):
                    cells.extend(more)
        if not number:
            yield whole, merged


def keys_where(source: Source, table: Table, where: str) -> Iterator[RowKey]:
    """Give the keys of the rows that meet a condition; of all rows where it is empty."""
    return (key for key, _ in rows_where(source, table, where))


def rows_where(
    source: Source, table: Table, where: str, beside: Sequence[Column] = ()
) -> Iterator[tuple[RowKey, tuple[Cell, ...]]]:
    """Give the keys of the rows that meet a condition, each with the cells of some columns.

    Args:
        source: Answers.
        table: The table.
        where: The condition; all rows where it is empty.
        beside: The columns, stored ones.
    """
    nothing: Iterable[tuple[Cell, ...]] = repeat(())
    if table.transactional:
        question = ask_for_keys(table, where, beside)
        for columns in answers(source, question):
            cells = zip(*columns[question.key :], strict=True) if beside else nothing
            yield from zip(keys_of(table, columns[: question.key]), cells, strict=False)
        return
    # A long answer would keep writers waiting: these tables are read in short chunks only.
    for batch in source.batches(table, where):
        by_name = dict(zip(batch.columns, batch.cells, strict=True))
        keys = keys_of(table, [by_name[column.name] for column in key_columns(table)])
        cells = zip(*(by_name[one.name] for one in beside), strict=True) if beside else nothing
        yield from zip(keys, cells, strict=False)


def parents_by_row(
    source: Source, schema: Schema, table: Table, keys: Sequence[RowKey], sizes: StatementSizes
) -> Iterator[tuple[RowKey, tuple[tuple[str, RowKey], ...]]]:
    """Give the parents of some rows, by table and key; none where no key tells the rows apart."""
    if not table.identity or not table.foreign_keys:
        return
    found: dict[RowKey, list[tuple[str, RowKey]]] = {key: [] for key in keys}
    for question, columns in answered_in_time(source, schema, table, keys, sizes):
        rows = keys_of(table, columns[: question.key])
        for told in question.parents:
            for row, key in parents_in(schema, told, columns, range(len(rows))):
                found[rows[row]].append((told.reference.parent, key))
    yield from ((key, tuple(parents)) for key, parents in found.items())
