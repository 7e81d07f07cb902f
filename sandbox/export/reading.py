"""Read one part of a table, mask it and write it: the inner loop of an export."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from sandbox.bundle.parts import PartFacts, write_part
from sandbox.bundle.reasons import ReasonsFacts, Runs, write_reasons
from sandbox.database.reader import Reader
from sandbox.errors import SandboxError
from sandbox.export.tasks import Task
from sandbox.masking.masker import Masker
from sandbox.model import Batch, MaskedBatch, Schema, Stage, Table
from sandbox.subset.keys import RowKey, keys_of, row_digest
from sandbox.subset.lookups import key_columns

_NOBODY_KNOWS = -1  # a row that took another's place, in a table that no snapshot covers


@dataclass(frozen=True, slots=True)
class Work:
    """All that reading needs beside a reader.

    Attributes:
        schema: The source's schema.
        masker: Masks what is read.
        ordered: Tables whose rows stand in the order of their key.
    """

    schema: Schema
    masker: Masker = field(repr=False)
    ordered: frozenset[str]


@dataclass(frozen=True, slots=True)
class Assignment:
    """A task, and the file its part goes to.

    Attributes:
        task: What to read.
        path: The file.
        shift: Which of a process's sessions reads it.
        reasons: The file that tells what each of its rows came for; None where the table tells.
    """

    task: Task
    path: Path
    shift: int = 0
    reasons: Path | None = None


@dataclass(frozen=True, slots=True)
class ReadPart:
    """A part that was written.

    Attributes:
        table: Its table.
        number: Its number in the table.
        facts: What was written.
        losses: By column and kind, how many values could not be kept as promised.
    """

    table: str
    number: int
    facts: PartFacts
    losses: Mapping[str, Mapping[str, int]]


def read_part(work: Work, assignment: Assignment, reader: Reader, stage: Stage) -> ReadPart:
    """Read one part, mask it and write it.

    Raises:
        SourceError: The source could not be read.
        SandboxError: It did not give every row that was asked for by key.
        BundleInvalid: The part could not be written.
    """
    task = assignment.task
    table = work.schema.tables[task.table]
    losses: dict[str, Counter[str]] = {}
    runs = Runs()

    def masked() -> Iterator[MaskedBatch]:
        numbers = task.numbers if assignment.reasons is not None else {}
        for batch in _batches(work.schema, task, reader):
            if assignment.reasons is not None:
                runs.add(numbers.get(key, _NOBODY_KNOWS) + 1 for key in _keys_in(batch, table))
            done = work.masker.mask_batch(batch)
            for column, kinds in done.losses.items():
                losses.setdefault(column, Counter()).update(kinds)
            stage.advance(len(done), done.table)
            yield done

    # A savepoint per table: its metadata lock does not outlive the part.
    with reader.table(task.table):
        facts = write_part(assignment.path, masked(), ordered=task.table in work.ordered)
        if not table.transactional and (known := work.schema.table_definitions.get(task.table)):
            # No snapshot covers it, and no server tells that it changed since it was looked at.
            reader.confirm(task.table, known)
    if table.transactional and task.keys is not None and facts.rows != len(task.keys):
        raise SandboxError(
            f"table {task.table}: {facts.rows:,} rows came for {len(task.keys):,} keys.",
            hint="This is a bug. Report it with the types of the table's key, please; "
            f"--sample {task.table}=all reads the table without its key.",
        )
    if assignment.reasons is not None:
        facts = replace(facts, reasons=_written(assignment.reasons, runs, facts.rows))
    counted = {column: dict(kinds) for column, kinds in losses.items()}
    return ReadPart(task.table, task.number, facts, counted)


def _keys_in(batch: Batch, table: Table) -> list[RowKey]:
    cells = dict(zip(batch.columns, batch.cells, strict=True))
    return keys_of(table, [cells[column.name] for column in key_columns(table)])


def _written(path: Path, runs: Runs, rows: int) -> ReasonsFacts:
    if runs.rows != rows:
        raise ValueError("rows that came and rows that were written are not as many")
    return write_reasons(path, runs)


def _batches(schema: Schema, task: Task, reader: Reader) -> Iterator[Batch]:
    table = schema.tables[task.table]
    if task.keys is not None:
        yield from reader.batches_by_keys(table, task.keys)
        return
    for batch in reader.batches(table, task.where):
        if task.digests is None:
            yield batch
            continue
        rows = zip(*batch.cells, strict=True)
        kept = [row for row, cells in enumerate(rows) if row_digest(cells) in task.digests]
        if kept:
            cells = tuple([column[row] for row in kept] for column in batch.cells)
            yield Batch(batch.table, batch.columns, cells)
