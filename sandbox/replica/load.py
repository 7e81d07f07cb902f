"""Load a bundle into an empty database, prove that it arrived, or leave the database empty.

Takes an open bundle and an endpoint, gives what was loaded. Reads in the order in which it happens:
lock, look, mark, structure, rows (each table read back), relations, definitions, unmark.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from sandbox.bundle.manifest import ForeignKeyEntry, TableEntry
from sandbox.bundle.reader import Bundle
from sandbox.bundle.verify import check_digests
from sandbox.database.connect import Endpoint, open_reader
from sandbox.database.expressions import quoted
from sandbox.database.statements import StatementLog
from sandbox.database.writer import Writer
from sandbox.errors import BundleInvalid, LoadFailed, SandboxError, SourceError
from sandbox.model import Progress, Stage
from sandbox.replica.load_objects import create_after_data, create_before_data
from sandbox.replica.load_rows import load_table, read_back
from sandbox.replica.load_target import (
    MARKER,
    PATIENT,
    Target,
    check_target,
    is_taken,
    only_load,
    open_target,
    prepare_target,
    restore_target,
    unmark_target,
)
from sandbox.replica.load_undo import Made

_DROPPED = "What was loaded was dropped again; the database is empty."
_OTHERS_KEPT = (
    "What was loaded was dropped again; what others put into the database meanwhile was left alone."
)
_TAKEN = "Another load has the database by now: what was there was left to it."
_LEFT = (
    "What was loaded could not be dropped: run the command again with --replace-partial once the "
    "server answers."
)
_PING_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Loaded:
    """A bundle that is whole in its database.

    Attributes:
        address: Where it is.
        tables: Its tables.
        rows: Rows in all tables, each table read back and compared.
        objects: Objects created, tables included.
        seconds: How long it took.
        orphans: Rows that refer to no parent, in the source as well, by table and foreign key.
        losses: By table and column, how many values the server cannot hold as they were.
        warnings: What is worth knowing.
    """

    address: str
    tables: int
    rows: int
    objects: int
    seconds: float
    orphans: dict[str, int]
    losses: dict[str, int]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What a load would do.

    Attributes:
        target: The database, as it is.
        tables: Tables and rows that would be loaded, in that order.
        objects: Objects that would be created, tables included.
    """

    target: Target
    tables: tuple[tuple[str, int], ...]
    objects: int


@dataclass(slots=True)
class _Work:
    """What the threads of a load share."""

    bundle: Bundle
    endpoint: Endpoint
    waiting: deque[TableEntry]
    holder: int
    made: Made = field(default_factory=Made)
    stop: threading.Event = field(default_factory=threading.Event)
    losses: dict[str, int] = field(default_factory=dict)
    sessions: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def plan_load(
    bundle: Bundle, endpoint: Endpoint, progress: Progress, *, replace_partial: bool = False
) -> LoadPlan:
    """Check bundle and target as a load does, and change nothing.

    Raises:
        BundleInvalid: The bundle is damaged.
        TargetRefused: The target is not one that it can go into.
        SourceError: The target's server cannot be asked.
    """
    check_digests(bundle, progress)
    with open_target(endpoint) as writer:
        target = check_target(writer, endpoint, bundle.manifest, replace_partial=replace_partial)
    tables = tuple((table.name, table.rows) for table in _biggest_first(bundle))
    return LoadPlan(target, tables, len(bundle.manifest.objects))


def load_bundle(
    bundle: Bundle,
    endpoint: Endpoint,
    progress: Progress,
    *,
    workers: int = 2,
    replace_partial: bool = False,
) -> Loaded:
    """Load a bundle.

    Args:
        bundle: The bundle.
        endpoint: An empty database, and an account that may do everything in it.
        progress: Shows how far it is.
        workers: How many tables are loaded at once, each over a connection of its own.
        replace_partial: Whether what a load that did not end left is dropped first.

    Raises:
        BundleInvalid: The bundle is damaged; nothing of it is left in the target.
        LoadFailed: It does not come to be there as it is; nothing of it is left in the target.
        SourceError: The target's server cannot be reached.
    """
    began = time.monotonic()
    check_digests(bundle, progress)
    manifest = bundle.manifest
    with open_target(endpoint) as writer, only_load(writer, endpoint) as holder:
        target = check_target(writer, endpoint, manifest, replace_partial=replace_partial)
        work = _Work(bundle, endpoint, deque(_biggest_first(bundle)), holder)
        with _all_or_nothing(work, target, progress):
            prepare_target(writer, target, manifest, work.made)
            objects, source = bundle.objects(), manifest.source.database
            create_before_data(writer, objects, work.made, source=source, target=target.name)
            _load_rows(work, target, writer, workers, progress)
            orphans = _check_relations(writer, bundle, progress)
            with open_target(endpoint) as session:
                told = create_after_data(writer, session, objects, work.made)
            unmark_target(writer)
    return Loaded(
        address=target.address,
        tables=len(manifest.tables),
        rows=manifest.rows,
        objects=len(objects),
        seconds=time.monotonic() - began,
        orphans=orphans,
        losses=work.losses,
        warnings=(*target.warnings, *told),
    )


def _biggest_first(bundle: Bundle) -> list[TableEntry]:
    return sorted(bundle.manifest.tables, key=lambda table: -table.bytes)


def _load_rows(
    work: _Work, target: Target, writer: Writer, workers: int, progress: Progress
) -> None:
    """Load all tables, several at once, and read each one back; `writer` is kept from idling."""
    manifest = work.bundle.manifest
    with progress.stage("load", total=manifest.rows, unit="rows") as stage:
        pool = ThreadPoolExecutor(max(1, workers), thread_name_prefix="load")
        try:
            running = [
                pool.submit(_load_tables, work, target, stage)
                for _ in range(min(max(1, workers), len(manifest.tables)))
            ]
            _wait(running, writer)
        except BaseException:
            work.stop.set()
            _end_sessions(work)
            raise
        finally:
            work.stop.set()
            pool.shutdown(wait=True)
        stage.done(f"{manifest.rows} rows in {len(manifest.tables)} tables, read back and equal")


def _wait(running: list[Future[None]], writer: Writer) -> None:
    """Wait for all threads, or for the first that fails; without the lock there is no going on."""
    waiting = set(running)
    while waiting:
        done, waiting = wait(waiting, timeout=_PING_SECONDS, return_when=FIRST_EXCEPTION)
        for one in done:
            one.result()
        writer.execute("DO 1")


def _load_tables(work: _Work, target: Target, stage: Stage) -> None:
    """Take tables until none is left; one thread, one connection to write, one to read back."""
    with (
        open_target(work.endpoint) as writer,
        open_reader(work.endpoint, StatementLog(), snapshot=False, limits=PATIENT) as reader,
    ):
        work.sessions.append(int(writer.fetch("SELECT CONNECTION_ID()")[0][0] or 0))
        if target.buffers_changes:
            # Entries of unique keys that are buffered unread could be duplicates.
            writer.execute("SET SESSION unique_checks = 1")
        while not work.stop.is_set():
            try:
                table = work.waiting.popleft()
            except IndexError:
                return
            stage.advance(0, table.name)
            sent = load_table(writer, work.bundle, table, work.stop)
            if not work.stop.is_set():
                read_back(reader, table, sent, work.stop)
            with work.lock:
                work.losses |= {f"{table.name}.{c}": n for c, n in sent.losses.items()}
            stage.advance(table.rows, table.name)


def _end_sessions(work: _Work) -> None:
    """End the statements of a load that is given up: one may else run for minutes."""
    with contextlib.suppress(SourceError), open_target(work.endpoint) as writer:
        for session in work.sessions:
            with contextlib.suppress(SourceError):
                writer.execute(f"KILL {session}")


def _check_relations(writer: Writer, bundle: Bundle, progress: Progress) -> dict[str, int]:
    """Count the rows without a parent, for every foreign key, and compare with the manifest.

    Raises:
        LoadFailed: There are others than those that the source had.
    """
    keys = [(table, key) for table in bundle.manifest.tables for key in table.foreign_keys]
    orphans: dict[str, int] = {}
    findings = []
    with progress.stage("relations", total=len(keys), unit="keys") as stage:
        for table, key in keys:
            expected = table.expected_orphans.get(key.name, 0)
            found = _orphans(writer, table, key)
            if found != expected:
                findings.append(f"{table.name}, {key.name}: {found} instead of {expected}")
            if found:
                orphans[f"{table.name}.{key.name}"] = found
            stage.advance(1, key.name)
        if findings:
            raise LoadFailed(
                "Foreign keys have other orphans than the source had.",
                findings=tuple(findings),
                hint="The bundle is not closed over its relations. Export again; if it comes "
                "again, report it, please.",
            )
        stage.done(f"{len(keys)} foreign keys, {sum(orphans.values())} orphans, all expected")
    return orphans


def _orphans(writer: Writer, table: TableEntry, key: ForeignKeyEntry) -> int:
    pairs = list(zip(key.columns, key.parent_columns, strict=True))
    equal = " AND ".join(f"c.{quoted(own)} = p.{quoted(other)}" for own, other in pairs)
    filled = " AND ".join(f"c.{quoted(own)} IS NOT NULL" for own, _ in pairs)
    sql = (
        f"SELECT COUNT(*) FROM {quoted(table.name)} c WHERE {filled} AND NOT EXISTS"  # noqa: S608
        f" (SELECT 1 FROM {quoted(key.parent)} p WHERE {equal})"
    )
    return int(writer.fetch(sql, f"table {table.name}")[0][0] or 0)


@contextlib.contextmanager
def _all_or_nothing(work: _Work, target: Target, progress: Progress) -> Iterator[None]:
    """Drop what was made again if anything goes wrong inside, and say so."""
    try:
        yield
    except BaseException as error:
        outcome = _undo(work, target)
        if isinstance(error, SandboxError):
            raise _with_outcome(error, outcome) from None
        if outcome == _LEFT:
            progress.warn(outcome)
        raise


def _undo(work: _Work, target: Target) -> str:
    # On a connection of its own: that of the load may be the very thing that broke.
    try:
        with open_target(work.endpoint) as writer:
            if is_taken(writer, work.holder):
                return _TAKEN
            left = restore_target(writer, target, work.made)
    except SandboxError:
        return _LEFT
    if any(name == MARKER for _, name in left):
        return _LEFT
    return _OTHERS_KEPT if left else _DROPPED


def _with_outcome(error: SandboxError, outcome: str) -> SandboxError:
    kind: type[SandboxError] = type(error)
    hint: str | None = error.hint
    if not isinstance(error, (LoadFailed, BundleInvalid)):
        kind, hint = LoadFailed, None
    return kind(f"{error.message} {outcome}", hint=hint, findings=error.findings)
