"""Find the rows that logs and requests name, so that a subset takes them in any case.

Takes `Mention`s (`sandbox.subset.mentions`) and a schema; gives `Seed`s. What cannot be resolved is
told by its kind and never by its value.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from sandbox.capture.archive import CapturedLog
from sandbox.capture.logs import parse_log
from sandbox.errors import UsageError
from sandbox.model import Column, Schema, Table
from sandbox.subset.mentions import NUMBER, Mention, Source, identifiers_in, owner_of, read_request
from sandbox.subset.names import tables_by_name

__all__ = [
    "LogMentions", "Mention", "Seed", "Source", "Unresolved",
    "identifiers_in", "read_log_mentions", "read_request", "resolve_mentions",
]  # fmt: skip

_MOST_MENTIONS = 20_000


@dataclass(frozen=True, slots=True)
class Seed:
    """A row, or the rows, that a subset takes because something named it.

    Attributes:
        table: The table.
        columns: Columns of its primary or of a unique key.
        values: A value for each of them, as text.
        because: Where it was named, without the value.
    """

    table: str
    columns: tuple[str, ...]
    values: tuple[str, ...] = field(repr=False)
    because: str = ""


@dataclass(frozen=True, slots=True)
class Unresolved:
    """Mentions that lead to no row, by kind.

    Attributes:
        source: Where they stand.
        count: How many there are.
        why: Why they lead nowhere.
    """

    source: Source
    count: int
    why: str

    def __str__(self) -> str:
        times = "once" if self.count == 1 else f"{self.count} times"
        return f"{self.source.value}, {times}: {self.why}"


@dataclass(frozen=True, slots=True)
class LogMentions:
    """What a log file mentions.

    Attributes:
        mentions: Each one once.
        events: Lines of errors that were looked at.
        cut: Whether the log was longer than what is looked at.
    """

    mentions: tuple[Mention, ...]
    events: int
    cut: bool = False

    def __iter__(self) -> Iterator[Mention]:
        return iter(self.mentions)


def read_log_mentions(log: Path | bytes, *, most_events: int = 2_000_000) -> LogMentions:
    """Find what the errors in a log name.

    Lines of an error level and requests answered with a status from 500 are looked at; where no
    line has a form that is known (a stack trace out of a ticket), every line is.

    Args:
        log: The log.
        most_events: Events that are looked at, at most.

    Raises:
        UsageError: The file cannot be read.
    """
    opened = CapturedLog("given", 0, _Opened(log))
    found: dict[Mention, None] = {}
    events, known = 0, False
    for number, event in enumerate(parse_log(opened)):
        known = True
        if number >= most_events or len(found) >= _MOST_MENTIONS:
            return LogMentions(tuple(found), events, cut=True)
        if event.is_failure:
            events += 1
            text = f"{event.method} {event.uri}" if event.kind == "access" else event.message
            found.update(dict.fromkeys(identifiers_in(text)))
    if known:
        return LogMentions(tuple(found), events)
    for number, line in enumerate(opened.lines()):
        if number >= most_events or len(found) >= _MOST_MENTIONS:
            return LogMentions(tuple(found), events, cut=True)
        events += 1
        found.update(dict.fromkeys(identifiers_in(line.decode("utf-8", "replace"))))
    return LogMentions(tuple(found), events)


def resolve_mentions(
    mentions: Iterable[Mention], schema: Schema
) -> tuple[tuple[Seed, ...], tuple[Unresolved, ...]]:
    """Give the rows that mentions name, each once, and what leads to none.

    A row is named by its primary key or by a unique key. A column that refers to another table
    names the row it refers to.
    """
    seeds: dict[tuple[str, tuple[str, ...], tuple[str, ...]], Seed] = {}
    lost: Counter[tuple[Source, str]] = Counter()
    for mention in mentions:
        found, why = _resolve(mention, schema)
        for seed in found:
            seeds.setdefault((seed.table, seed.columns, seed.values), seed)
        # Words before numbers are mostly no tables: that is not worth telling.
        if not found and mention.source not in {Source.TEXT, Source.TRACE}:
            lost[mention.source, why] += 1
    unresolved = tuple(Unresolved(source, count, why) for (source, why), count in lost.items())
    return tuple(seeds.values()), unresolved


class _Opened:
    """Opens a log for reading, and translates what goes wrong."""

    def __init__(self, log: Path | bytes) -> None:
        self._log = log

    @contextmanager
    def __call__(self) -> Iterator[IO[bytes]]:
        log = self._log
        try:
            with io.BytesIO(log) if isinstance(log, bytes) else log.open("rb") as file:
                yield file
        except OSError:
            raise UsageError(
                f"{log!s}: this log cannot be read.", hint="Check its path and its rights."
            ) from None


def _resolve(mention: Mention, schema: Schema) -> tuple[list[Seed], str]:
    """Give the rows that a mention names, or why there are none."""
    if mention.source is Source.KEY:
        return _resolve_key(mention, schema)
    because = f"named in {mention.source.value}"
    why = "no table is named like what stands beside it"
    for number, hint in enumerate(mention.tables):
        by_path = mention.source is Source.QUERY and number > 0
        for table in tables_by_name(schema, hint):
            seeds = _by_column(table, mention, schema, because, by_path=by_path)
            if seeds:
                return seeds, ""
            if not by_path:
                why = "it does not fit a key of the table"
    return [], why


def _by_column(
    table: Table, mention: Mention, schema: Schema, because: str, *, by_path: bool
) -> list[Seed]:
    columns = {column.name.lower(): column for column in table.columns}
    named = mention.source is Source.STATEMENT or by_path or mention.column.lower() == "id"
    column = columns.get(mention.column.lower()) if named else None
    if column is None:
        meant = mention.source is not Source.STATEMENT and (
            not by_path or mention.column.lower() == "id"
        )
        return _by_own_key(table, mention.value, because) if meant else []
    if not _takes(column, mention.value):
        return []
    if any(key.columns == (column.name,) for key in table.keys):
        return [Seed(table.name, (column.name,), (mention.value,), because)]
    for reference in table.foreign_keys:
        if reference.columns == (column.name,) and reference.only is None:
            return [Seed(reference.parent, reference.parent_columns, (mention.value,), because)]
    parents = tables_by_name(schema, owner_of(column.name))
    return [seed for parent in parents for seed in _by_own_key(parent, mention.value, because)]


def _by_own_key(table: Table, value: str, because: str) -> list[Seed]:
    """Give the row with this key: a number by the first integer key, else by any text key."""
    fitting = [one for one in _own_keys(table) if _takes(one, value)]
    integers = [one for one in fitting if one.is_integer]
    return [Seed(table.name, (one.name,), (value,), because) for one in integers[:1] or fitting]


def _own_keys(table: Table) -> list[Column]:
    """Give the single columns that tell a row of a table from the others, the primary key first."""
    return [table.column(key.columns[0]) for key in table.keys if len(key.columns) == 1]


def _takes(column: Column, value: str) -> bool:
    """Tell whether a value can be one of a column: integer columns take integers only."""
    if column.is_integer:
        return re.fullmatch(NUMBER, value) is not None
    return bool(column.charset) and bool(value)


def _resolve_key(mention: Mention, schema: Schema) -> tuple[list[Seed], str]:
    hinted = [table for hint in mention.tables for table in tables_by_name(schema, hint)]
    found = [
        (table, key)
        for table in (hinted or list(schema.tables.values()))
        for key in table.keys
        if key.name.lower() == mention.column.lower()
    ]
    if len(found) != 1:
        return [], "its key is of no table, or of several" if hinted or found else "its key is gone"
    table, key = found[0]
    columns = [table.column(name) for name in key.columns]
    splits = list(_splits(mention.value, columns))
    if len(splits) != 1:
        return [], "its values cannot be told apart"
    because = f"{mention.source.value}, key {key.name}"
    return [Seed(table.name, key.columns, splits[0], because)], ""


def _splits(value: str, columns: Sequence[Column]) -> Iterator[tuple[str, ...]]:
    """Give the ways to read ``a-b`` as values of columns."""
    if len(columns) == 1:
        if _takes(columns[0], value) or not columns[0].is_integer:
            yield (value,)
        return
    for found in re.finditer(r"-", value):
        first, rest = value[: found.start()], value[found.end() :]
        if first and (_takes(columns[0], first) or not _is_plain(columns[0])):
            yield from ((first, *others) for others in _splits(rest, columns[1:]))


def _is_plain(column: Column) -> bool:
    return column.is_integer or bool(column.charset)
