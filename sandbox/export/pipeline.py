"""From production to a bundle: the ops half as a table of contents."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sandbox import __version__
from sandbox.bundle.manifest import Manifest, SourceEntry
from sandbox.bundle.writer import BundleSummary, BundleWriter, refuse_taken
from sandbox.capture.archive import ServerCapture
from sandbox.capture.database import DATABASE, mask_database
from sandbox.capture.given_requests import GivenRequest
from sandbox.capture.requests import FailingRequest, failing_requests
from sandbox.database.connect import open_catalogue
from sandbox.database.reader import Reader
from sandbox.database.statements import StatementLog
from sandbox.errors import ConditionRefused, MaskingRefused, UsageError
from sandbox.export.choice import choose
from sandbox.export.contents import describe_plan, describe_table, tell_of_definition
from sandbox.export.decisions import Decisions, decide_masking
from sandbox.export.given import add_given, read_given
from sandbox.export.odd import describe_odd, tell_of_odd
from sandbox.export.plan_file.holding import Held, HeldTo, held_to
from sandbox.export.plan_file.reads import Reads, tell_reads
from sandbox.export.planned import Planned
from sandbox.export.profiles import ProfileFolder
from sandbox.export.readers import Readers, ReadersRequest, open_readers
from sandbox.export.reading import Assignment, ReadPart, Work
from sandbox.export.request import ExportRequest
from sandbox.export.servers import ServersTaken, add_servers, read_captures
from sandbox.export.sessions import SHIFTS, shifts_of, within_limits
from sandbox.export.source import SourceFacts, fingerprint_of, look_at_source
from sandbox.export.tasks import (
    comes_in_order,
    cut_tasks,
    has_several_reasons,
    largest_first,
    weight_of,
)
from sandbox.export.watch import Watch, Watched
from sandbox.export.watching import NOT_WATCHED, watching
from sandbox.export.weights import scale_for
from sandbox.masking.definitions import mask_definition
from sandbox.model import Progress, Schema, Table
from sandbox.subset.closure import Subset
from sandbox.subset.plan import SubsetPlan

_WORTH_HELPERS = 32 << 20  # bytes to read: below, starting processes takes longer than reading


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export took.

    Attributes:
        planned: What it had planned.
        summary: The bundle.
        servers: What was taken of the web servers.
        read_seconds: How long production was read, from the snapshot's beginning to its end.
        readers: How many processes read.
        shifts: How many sessions each of them used up.
        held: What became of the plan that it was held to; None where there was none.
        watched: How busy production was meanwhile; None where nobody could look.
    """

    planned: Planned
    summary: BundleSummary
    servers: ServersTaken
    read_seconds: float
    readers: int
    shifts: int
    held: HeldTo | None = None
    watched: Watched | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    """How long production was read, and how busy it was meanwhile."""

    seconds: float
    watched: Watched | None


@dataclass(frozen=True, slots=True)
class _Ready:
    """An export that has its rows chosen, and its snapshot open to read them."""

    planned: Planned
    captures: Mapping[str, ServerCapture]
    failing: Sequence[FailingRequest]
    given: Sequence[GivenRequest]
    readers: Readers
    watch: Watch | None
    began: float


def plan_export(request: ExportRequest, progress: Progress) -> Planned:
    """Plan an export, with how each table will be read: everything up to the first write.

    Raises:
        SandboxError: It could not be done.
    """
    with _getting_ready(request, progress, explain=True) as ready:
        return ready.planned


def run_export(
    request: ExportRequest, progress: Progress, *, dry_run: bool = False
) -> Exported | Planned:
    """Export a bundle; with `dry_run`, everything up to the first write.

    Raises:
        SandboxError: It could not be done; nothing is left that looks like a bundle.
        ValueError: The request names no folder for the bundle.
    """
    if request.out is None:
        raise ValueError("no folder for the bundle")
    refuse_taken(request.out)
    with _getting_ready(request, progress, explain=request.plan is not None) as ready:
        planned, readers = ready.planned, ready.readers
        decisions, schema = planned.decisions, planned.source.schema
        if dry_run:
            return planned
        with BundleWriter(request.out, schema.database) as bundle:
            parts = _read_tables(planned, bundle, readers, progress)
            readers.close()
            watched = ready.watch.seen if ready.watch is not None else None
            read = _Read(time.monotonic() - ready.began, watched)
            _add_tables(planned, bundle, parts)
            to_review = _add_objects(planned, bundle)
            _add_settings(planned, bundle)
            add_given(ready.given, ready.captures, decisions, schema, bundle)
            servers = add_servers(ready.captures, ready.failing, decisions.masker, bundle, progress)
            facts = _describe(request, planned, servers, read, to_review)
            summary = bundle.finish(facts, progress)
    held = None
    if request.plan is not None:
        held = held_to(request.plan, request.key, summary.manifest)
    return Exported(
        planned,
        summary,
        servers,
        read.seconds,
        readers.count,
        readers.shifts,
        held,
        read.watched,
    )


@contextmanager
def _getting_ready(
    request: ExportRequest, progress: Progress, *, explain: bool
) -> Iterator[_Ready]:
    """Look at the source, decide, choose; compare each with the plan where there is one."""
    captures = read_captures(request.captures)
    failing = failing_requests(captures.values())
    given = read_given(request.given, captures)
    with _noting_statements(request.show_sql) as statements:
        started = time.monotonic()
        with open_catalogue(request.endpoint, statements, request.limits) as catalogue:
            source = look_at_source(request, catalogue, progress)
        held = Held(request.plan, request, source) if request.plan is not None else None
        decisions = _decide(request, source, captures, held)

        def look(plan: SubsetPlan, reader: Reader) -> Reads:
            reads = tell_reads(source.schema, plan, reader)
            if held is not None:
                held.compare_reading(plan, reads)
            return reads

        with (
            watching(request, source.preflight, statements, progress, started) as watch,
            open_readers(_how_to_read(request, source, statements, watch, started)) as readers,
        ):
            began = time.monotonic()
            memory = _memory_of(request, decisions, progress)
            try:
                choice = choose(
                    request,
                    source.schema,
                    readers.main,
                    progress,
                    failing,
                    given=given,
                    memory=memory,
                    look=look if explain else None,
                    scale=scale_for(request.sample.budget, readers.main, decisions.masker),
                )
            except (UsageError, ConditionRefused) as refused:
                raise (held.request_refused(refused) if held else refused) from None
            planned = Planned(source, decisions, choice)
            yield _Ready(planned, captures, failing, given, readers, watch, began)


def _decide(
    request: ExportRequest,
    source: SourceFacts,
    captures: Mapping[str, ServerCapture],
    held: Held | None,
) -> Decisions:
    try:
        decisions = decide_masking(request, source.schema, captures)
    except MaskingRefused as refused:
        raise (held.masking_refused(refused) if held else refused) from None
    if held is not None:
        held.compare_masking(decisions)
    return decisions


@contextmanager
def _noting_statements(file: Path | None) -> Iterator[StatementLog]:
    """Note every statement in a file that only its owner may read: keys of rows are in it."""
    if file is None:
        yield StatementLog()
        return
    try:
        file.touch(0o600)
        file.chmod(0o600)
        opened = file.open("a", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be written ({type(error).__name__}).") from None
    with opened:
        yield StatementLog(opened)


def _how_to_read(
    request: ExportRequest,
    source: SourceFacts,
    statements: StatementLog,
    watch: Watch | None,
    started: float,
) -> ReadersRequest:
    preflight = source.preflight
    processes, shifts = 1, 1
    if not preflight.one_session:
        processes, shifts = within_limits(
            _processes_worth(request, source.schema),
            SHIFTS if preflight.reads_in_shifts else 1,
            preflight.free_connections,
        )
    limits = request.limits.after(time.monotonic() - started)
    return ReadersRequest(
        request.endpoint, limits, statements, processes, shifts, request.show_sql, watch
    )


def _memory_of(
    request: ExportRequest, decisions: Decisions, progress: Progress
) -> ProfileFolder | None:
    """Give what remembers the profiles of this source; only keys that nobody masks may lie here."""
    if request.profiles is None:
        return None

    def is_kept(table: Table) -> bool:
        treatments = decisions.treatments
        return all(treatments.of(table.name, one.name).kept for one in table.identity)

    return ProfileFolder(
        request.profiles / fingerprint_of(request),
        is_kept,
        today=datetime.now(UTC).date(),
        warn=progress.warn,
    )


def _processes_worth(request: ExportRequest, schema: Schema) -> int:
    """Tell how many processes pay off: none but this one for a small piece of a database."""
    everything = sum(table.size for table in schema.tables.values())
    share = request.sample.default
    expected = everything * share.fraction if share.rows is None else 0
    expected += sum(
        schema.tables[name].size * one.fraction
        for name, one in request.sample.tables.items()
        if name in schema.tables and one.rows is None
    )
    return request.readers if expected > _WORTH_HELPERS else 1


def _read_tables(
    planned: Planned, bundle: BundleWriter, readers: Readers, progress: Progress
) -> Mapping[str, Sequence[ReadPart]]:
    schema, subset = planned.source.schema, planned.choice.subset
    treatments = planned.decisions.treatments
    ordered = frozenset(
        name for name, table in schema.tables.items() if comes_in_order(table, subset, treatments)
    )
    work = Work(schema, planned.decisions.masker, ordered)
    shift = _shifts(schema, subset, readers.shifts)
    assignments = (  # each made when it is handed out
        Assignment(
            task,
            bundle.part_path(task.table, task.number),
            shift[task.table],
            bundle.reasons_path(task.table, task.number)
            if has_several_reasons(task.table, subset)
            else None,
        )
        for task in cut_tasks(schema, subset, readers.main)
    )
    parts: dict[str, list[ReadPart]] = {name: [] for name in schema.tables}
    with progress.stage("read", total=subset.expected_rows(schema), unit="rows") as stage:
        for part in readers.read(work, assignments, stage):
            parts[part.table].append(part)
        rows = sum(part.facts.rows for some in parts.values() for part in some)
        count = sum(len(some) for some in parts.values())
        at_once = f", {readers.count} at once" if readers.count > 1 else ""
        stage.done(f"{rows:,} rows in {count} part{'s' if count != 1 else ''}{at_once}")
    return {name: sorted(some, key=lambda part: part.number) for name, some in parts.items()}


def _shifts(schema: Schema, subset: Subset, count: int) -> Mapping[str, int]:
    """Give the shift that each table is read in."""
    tables = largest_first(schema, subset)
    weights = [weight_of(schema.tables[name], subset) for name in tables]
    return dict(zip(tables, shifts_of(weights, count), strict=True))


def _add_tables(
    planned: Planned, bundle: BundleWriter, parts: Mapping[str, Sequence[ReadPart]]
) -> None:
    subset, decisions = planned.choice.subset, planned.decisions
    for name, table in sorted(planned.source.schema.tables.items()):
        ordered = comes_in_order(table, subset, decisions.treatments)
        entry = describe_table(
            table,
            planned.choice,
            decisions,
            parts[name],
            ordered=ordered,
            relations=planned.source.relations,
        )
        bundle.add_table(entry, [part.facts for part in parts[name]])


def _add_objects(planned: Planned, bundle: BundleWriter) -> list[str]:
    """Add every definition; give what ops should look at in them, and what they lack."""
    to_review: list[str] = []
    for described in planned.source.schema.objects:
        masked = mask_definition(described, planned.decisions.masker)
        bundle.add_object(described, masked.text)
        to_review += tell_of_definition(described, masked)
    return to_review


def _add_settings(planned: Planned, bundle: BundleWriter) -> None:
    text = mask_database(planned.source.settings, planned.decisions.masker.mask_text)
    bundle.add_json(DATABASE, text, "settings of the database server")


def _describe(
    request: ExportRequest,
    planned: Planned,
    servers: ServersTaken,
    read: _Read,
    to_review: Sequence[str],
) -> Manifest:
    schema, subset = planned.source.schema, planned.choice.subset
    return Manifest(
        tool_version=__version__,
        created=datetime.now(UTC),
        source=SourceEntry(
            fingerprint=fingerprint_of(request),
            family=schema.family,
            version=schema.version,
            database=schema.database,
            charset=schema.charset,
            collation=schema.collation,
        ),
        plan=describe_plan(subset.plan, schema, subset.spent),
        rules_digest=planned.decisions.rules_digest,
        key_id=planned.decisions.masker.key_id,
        fidelity=list(to_review),
        unknown=[
            *planned.source.unknown,
            *(() if read.watched else (NOT_WATCHED,)),
            *servers.unknown,
            *tell_of_odd(planned.choice.cover),
        ],
        timings={
            "production was read": round(read.seconds, 3),
            "waited for production": round(read.watched.waited if read.watched else 0.0, 3),
        },
        servers=list(servers.names),
        odd=list(describe_odd(planned.choice.cover)),
    )
