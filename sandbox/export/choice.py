"""Choose the rows of an export: what was asked for, what the failure names, and all they need."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b

from sandbox.capture.given_requests import GivenRequest
from sandbox.capture.requests import FailingRequest
from sandbox.database.expressions import quoted
from sandbox.database.literals import literal
from sandbox.database.reader import Reader
from sandbox.database.statement_sizes import StatementSizes
from sandbox.errors import NoLiteral
from sandbox.export.given import mentions_of, rows_of, was_found_elsewhere
from sandbox.export.plan_file.reads import Reads
from sandbox.export.request import ExportRequest
from sandbox.model import Column, Progress, Schema
from sandbox.subset.closure import NamedRows, Subset, choose_rows
from sandbox.subset.growing import Growing
from sandbox.subset.identifiers import (
    Mention,
    Seed,
    identifiers_in,
    read_log_mentions,
    read_request,
    resolve_mentions,
)
from sandbox.subset.lookups import ask_whether_small
from sandbox.subset.meter import Scale
from sandbox.subset.odd.cover import Covering, cover
from sandbox.subset.odd.found import Cover
from sandbox.subset.odd.remembered import Memory
from sandbox.subset.plan import SubsetPlan, plan_subset

_INCLUDE = "--include"


@dataclass(frozen=True, slots=True)
class Seeded:
    """What the failure's logs and requests named.

    Attributes:
        rows: Rows to take, each with where it was named.
        unresolved: What was named and leads to no row, in words without values.
    """

    rows: tuple[NamedRows, ...] = ()
    unresolved: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """The rows of an export.

    Attributes:
        subset: The rows.
        seeded: What the failure named.
        counted: By table, how many rows the source has, where they were counted.
        cover: The odd rows that were found and taken.
        reads: By table, how it is read, where that was asked for.
    """

    subset: Subset
    seeded: Seeded
    counted: Mapping[str, int] = field(default_factory=dict)
    cover: Cover = field(default_factory=Cover)
    reads: Reads = field(default_factory=dict)


def choose(  # noqa: PLR0913 - what a choice rests on, named one by one
    request: ExportRequest,
    schema: Schema,
    reader: Reader,
    progress: Progress,
    failing: Sequence[FailingRequest] = (),
    *,
    given: Sequence[GivenRequest] = (),
    memory: Memory | None = None,
    look: Callable[[SubsetPlan, Reader], Reads] | None = None,
    scale: Scale | None = None,
) -> Choice:
    """Choose the rows of an export inside the reader's snapshot.

    Args:
        request: What is asked for.
        schema: The source's schema.
        reader: Reads the source.
        progress: Hears of it.
        failing: Requests that failed, found in the logs of captured servers.
        given: Requests that somebody described.
        memory: Knows what earlier exports read of large tables.
        look: Tells how tables will be read, before any row is chosen; may refuse it.
        scale: Weighs rows, where there is a budget.

    Raises:
        UsageError: The request names tables that do not exist, or a log that cannot be read; or
            what is never cut is larger than the budget.
        SourceChanged: A table is no longer as the schema describes it.
        SourceError: A condition is no SQL, or the source cannot be read.
    """
    # All snapshots are open by now: what still is as the schema says was so in them as well.
    for name, definition in schema.table_definitions.items():
        reader.confirm(name, definition)
    seeded = read_seeds(request, schema, failing, given)
    included = tuple(
        NamedRows(one.table, one.sql, f"asked for with {_INCLUDE}{which}", _INCLUDE)
        for one, which in zip(request.sample.includes, _numbered(request), strict=True)
    )
    with progress.stage("plan", unit="rows") as stage:
        small = count_small(schema, request.sample.small, reader)
        now = read_clock(reader) if request.sample.needs_clock else None
        plan = plan_subset(schema, request.sample, frozenset(small), now)
        reads = {} if look is None else look(plan, reader)
        secret = sampling_secret(request.key)
        covers: list[Covering] = []

        def more(growing: Growing) -> None:
            covers.append(
                cover(schema, plan, reader, growing, secret=secret, stage=stage, memory=memory)
            )

        subset = choose_rows(
            schema,
            plan,
            reader,
            secret=secret,
            named=(*included, *seeded.rows),
            stage=stage,
            more=None if request.sample.cover.is_off else more,
            sizes=StatementSizes(request.limits.per_statement, reader.now),
            scale=scale,
        )
        covered = covers[0].result() if covers else Cover()
        stage.done(_summary(schema, subset, covered))
    return Choice(subset, seeded, {**small, **subset.counted}, covered, reads)


def _numbered(request: ExportRequest) -> Sequence[str]:
    """Tell conditions apart that nobody may repeat, for there are values in them."""
    count = len(request.sample.includes)
    if count < 2:  # noqa: PLR2004 - one needs no number
        return [""] * count
    return [f", condition {number} of {count}" for number in range(1, count + 1)]


def sampling_secret(key: bytes) -> bytes:
    """Derive what decides membership: known to nobody without the key, and no help to learn it."""
    return blake2b(key=key, person=b"sandbox-draw", digest_size=32).digest()


def read_clock(reader: Reader) -> datetime:
    """Give what time it is by the server's clock, in UTC: windows reach back from there."""
    ((cell,),) = next(iter(reader.rows("SELECT UTC_TIMESTAMP()", columns=1)))
    return datetime.fromisoformat((cell or b"").decode("ascii"))


def count_small(schema: Schema, most: int, reader: Reader) -> dict[str, int]:
    """Count the rows of the tables with at most `most` of them, and no further than that."""
    small = {}
    for table in schema.tables.values():
        question = ask_whether_small(table, most)
        ((cell,),) = next(iter(reader.rows(question.sql, columns=1)))
        count = int(cell or b"0")
        if count <= most:
            small[table.name] = count
    return small


def read_seeds(
    request: ExportRequest,
    schema: Schema,
    failing: Sequence[FailingRequest] = (),
    given: Sequence[GivenRequest] = (),
) -> Seeded:
    """Read what the failure's logs and requests name."""
    mentions: list[Mention] = []
    for one in failing:
        mentions += identifiers_in(f"{one.method} {one.url}")
        mentions += identifiers_in(one.message)
    for log in request.logs:
        mentions += read_log_mentions(log)
    for line in request.requests:
        mentions += read_request(line)
    of_bodies: list[Seed] = []
    of_mails: list[NamedRows] = []
    for number, one_given in enumerate(given, 1):
        mentions += mentions_of(one_given)
        named, owned = rows_of(one_given, number, schema)
        of_bodies += named
        of_mails += owned
    seeds, unresolved = resolve_mentions(mentions, schema)
    rows, without = of_mails, [str(one) for one in unresolved]
    for seed in (*seeds, *of_bodies):
        try:
            rows.append(NamedRows(seed.table, _condition(schema, seed), seed.because))
        except NoLiteral:
            without.append(f"{seed.because}: no value of {seed.table}")
    return Seeded(tuple(rows), tuple(without))


def _condition(schema: Schema, seed: Seed) -> str:
    table = schema.tables[seed.table]
    return " AND ".join(
        f"{quoted(name)} = {_literal(table.column(name), value)}"
        for name, value in zip(seed.columns, seed.values, strict=True)
    )


def _literal(column: Column, value: str) -> str:
    """Give the literal of a text from a log; the server converts it to the column's charset."""
    if column.charset:
        return f"_utf8mb4 x'{value.encode().hex()}'"
    return literal(value.encode(), column)


def _summary(schema: Schema, subset: Subset, covered: Cover) -> str:
    whole = sum(subset.is_whole(name) for name in schema.tables)
    keyed = sum(len(keys) for keys in subset.keys.values())
    named = sum(found.rows for found in subset.named)
    tables = len(schema.tables)
    parts = [
        f"{tables} table{'s' if tables != 1 else ''}, {whole} of them whole",
        f"{keyed:,} rows of the others",
    ]
    if named:
        parts.append(f"{named:,} named by the failure or asked for")
    if covered.added:
        parts.append(f"{covered.added:,} of them for what is odd")
    return " · ".join(parts)


def named_nothing(subset: Subset) -> Sequence[str]:
    """Give what was asked for by name and is not in the source."""
    return [
        f"{one.option} {one.table}: no row meets the condition"
        if one.option
        else f"{one.table}: {one.because}"
        for one in subset.named
        if not one.rows and not was_found_elsewhere(one, subset.named)
    ]
