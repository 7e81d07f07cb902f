"""What `sandbox export` shows: the plan it would follow, or what it took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.filesize import decimal
from rich.text import Text

from sandbox.errors import ExitCode
from sandbox.export.choice import named_nothing
from sandbox.export.pipeline import Exported
from sandbox.export.plan_file.holding import HeldTo
from sandbox.export.planned import Planned
from sandbox.export.preflight import Preflight
from sandbox.model import Table
from sandbox.report.budget import budget_data, budget_notes
from sandbox.report.odd import odd_data, odd_notes, odd_table
from sandbox.report.reads import reads_data, reads_table
from sandbox.report.targets import target_notes, targets_data
from sandbox.report.terminal import number_of, rows_table
from sandbox.report.watched import watched_data, watched_lines


@dataclass(frozen=True, slots=True)
class PlanResult:
    """The plan of an export.

    Attributes:
        planned: The plan.
        file: The file it was written to; empty where it was not.
        ending: What is said of it in the end.
    """

    planned: Planned
    file: str = ""
    ending: str = "Nothing was written (--dry-run)."

    @property
    def exit_code(self) -> ExitCode:
        """Yes: a plan was asked for and is here."""
        return ExitCode.YES

    def data(self) -> dict[str, Any]:
        """Give every table and column of the plan."""
        return {
            "source": _source_data(self.planned),
            "tables": [_table_data(self.planned, table) for table in _tables(self.planned)],
            "relations": _relations_data(self.planned),
            "named": _named_data(self.planned),
            "odd": odd_data(self.planned.choice.cover),
            "budget": budget_data(self.planned.choice),
            **targets_data(self.planned.choice.subset, self.planned.source.schema),
            "unknown": list(self.planned.source.unknown),
            "reads": reads_data(self.planned.choice.reads),
            "file": self.file or None,
        }

    def text(self) -> RenderableType:
        """Lay the plan out, table by table, then column by column."""
        tables = rows_table(
            ("table", "rows", "of", "bytes, about", "why"),
            [
                (
                    table.name,
                    _about(
                        self.planned.rows_of(table.name), exact=self.planned.knows_rows(table.name)
                    ),
                    _in_source_text(self.planned, table),
                    decimal(_bytes(self.planned, table)),
                    self.planned.choice.subset.plan.tables[table.name].why,
                )
                for table in _tables(self.planned)
            ],
        )
        columns = rows_table(
            ("column", "type", "treatment", "rule"),
            [
                (
                    f"{table.name}.{column.name}",
                    column.declared,
                    _treatment(self.planned, table.name, column.name),
                    self.planned.decisions.treatments.of(table.name, column.name).rule,
                )
                for table in _tables(self.planned)
                for column in table.stored_columns
            ],
        )
        in_shifts = _preflight(self.planned).reads_in_shifts
        lines = (
            *_notes(self.planned),
            *_lock_note(self.planned, in_shifts=in_shifts, waits="waits"),
        )
        notes = [Text(line) for line in lines]
        ending = Text(self.ending, style="dim")
        cover = self.planned.choice.cover
        odd = [odd_table(cover), Text()] if cover.classes or cover.named else []
        reads = self.planned.choice.reads
        read = [reads_table(reads), Text()] if reads else []
        return Group(tables, Text(), columns, Text(), *odd, *read, *notes, ending)


@dataclass(frozen=True, slots=True)
class ExportResult:
    """What an export took."""

    exported: Exported

    @property
    def exit_code(self) -> ExitCode:
        """Yes: a bundle was asked for and is here."""
        return ExitCode.YES

    def data(self) -> dict[str, Any]:
        """Give the bundle and what was taken."""
        done = self.exported
        return {
            "bundle": str(done.summary.path),
            "source": _source_data(done.planned),
            "rows": done.summary.rows,
            "bytes": done.summary.bytes,
            "stored_bytes": done.summary.stored_bytes,
            "tables": [
                {"name": table.name, "rows": table.rows, "why": table.why}
                for table in done.summary.manifest.tables
            ],
            "relations": _relations_data(done.planned),
            "columns": dict(_column_counts(done.planned)),
            "losses": _losses_data(done),
            "named": _named_data(done.planned),
            "odd": odd_data(done.planned.choice.cover),
            "budget": budget_data(done.planned.choice),
            **targets_data(done.planned.choice.subset, done.planned.source.schema),
            "unknown": list(done.summary.manifest.unknown),
            "servers": list(done.servers.names),
            "failing_requests": done.servers.failing,
            "read_seconds": round(done.read_seconds, 3),
            "load": watched_data(done.watched),
            "readers": done.readers,
            "alter_waits": not _preflight(done.planned).frees_locks,
            "shifts": done.shifts,
            "outside_snapshot": [name for name, _ in _preflight(done.planned).outside_snapshot],
            "write_rights": list(_preflight(done.planned).write_rights),
            "key_id": done.summary.manifest.key_id,
            "plan": _held_data(done.held),
        }

    def text(self) -> RenderableType:
        """Say what was taken, masked and could not be seen, and the next command."""
        return Group(*(Text(line) for line in self._lines()))

    def _lines(self) -> Iterator[str]:
        done = self.exported
        counts = _column_counts(done.planned)
        yield (
            f"taken     {number_of(done.summary.rows, 'row')} in "
            f"{number_of(done.summary.tables, 'table')}, {decimal(done.summary.bytes)}"
        )
        if not done.summary.rows:
            yield "nothing   no row was taken: none is what was asked for, or none meets it"
        yield (
            f"masked    {number_of(counts['masked'], 'column')}, {counts['kept']} kept · "
            f"key {done.summary.manifest.key_id}"
        )
        for loss in _losses_data(done):
            yield f"lost      {loss['table']}.{loss['column']}: {loss['count']:,} {loss['what']}"
        if done.servers.names:
            yield (
                f"servers   {', '.join(done.servers.names)} · "
                f"{number_of(done.servers.failing, 'failing request')} found in their logs"
            )
        yield from _held_notes(done.held)
        yield from _notes(done.planned)
        yield from _lock_note(done.planned, in_shifts=done.shifts > 1, waits="had to wait")
        for unknown in done.servers.unknown:
            yield f"unknown   {unknown}"
        yield (
            f"read      production was read for {done.read_seconds:.1f} s"
            + (f", by {done.readers} processes at once" if done.readers > 1 else "")
        )
        yield from watched_lines(done.watched)
        yield f"written   {done.summary.path}  {decimal(done.summary.stored_bytes)}"
        yield "It is pseudonymised personal data, not anonymous data. Handle it as such."
        yield ""
        yield f"Review it:  sandbox inspect {done.summary.path}"
        yield f"Run it:     sandbox up {done.summary.path} --app CODE"


def _held_notes(held: HeldTo | None) -> Iterator[str]:
    if held is None:
        return
    yield f"plan      {held.name}" + (", its request edited since it was made" * held.edited)
    for table, planned, taken in held.unlike:
        yield f"differs   {table}: {number_of(planned, 'row')} planned, {taken:,} taken"


def _held_data(held: HeldTo | None) -> dict[str, Any] | None:
    if held is None:
        return None
    unlike = [
        {"table": table, "planned": planned, "taken": taken}
        for table, planned, taken in held.unlike
    ]
    return {"file": held.name, "edited": held.edited, "differs": unlike}


def _notes(planned: Planned) -> Iterator[str]:
    subset = planned.choice.subset
    for relation in planned.source.relations.used:
        key = relation.key
        count = subset.orphans.get((key.table, key.name), 0)
        orphans = f"; {count:,} of the taken rows refer to nobody there" if count else ""
        yield f"relation  {relation} ({relation.why}: {relation.evidence}{orphans})"
    yield from target_notes(subset, planned.source.schema)
    for missing in named_nothing(subset):
        yield f"not there {missing}"
    yield from budget_notes(planned.choice)
    yield from odd_notes(planned.choice.cover)
    if missing := planned.decisions.no_own_rules:
        yield f"rules     {missing}"
    for unresolved, times in Counter(planned.choice.seeded.unresolved).items():
        yield f"no row    {unresolved}" + (f" ({times} times)" if times > 1 else "")
    preflight = _preflight(planned)
    if preflight.outside_snapshot:
        tables = ", ".join(f"{name} ({engine})" for name, engine in preflight.outside_snapshot)
        yield f"moment    not that of the snapshot: {tables}"
    if preflight.write_rights:
        yield f"rights    the account could write: {', '.join(preflight.write_rights)}"
    if more := planned.source.rights_that_show_more:
        yield f"rights    more would be known with {', '.join(more)}"
    for unknown in planned.source.unknown:
        yield f"unknown   {unknown}"


def _lock_note(planned: Planned, *, in_shifts: bool, waits: str) -> Iterator[str]:
    """Say what writers of definitions wait for, in the tense of `waits`."""
    preflight = _preflight(planned)
    if preflight.frees_locks:
        return
    done = "is" if waits == "waits" else "was"
    alter = f"locks     ALTER on a table {waits} from when it {done} first read until"
    if in_shifts:
        yield f"{alter} its group of tables {done} read"
        return
    why = f" ({preflight.one_session})" if preflight.one_session else ""
    yield f"{alter} all {done} read by one session{why}"


def _preflight(planned: Planned) -> Preflight:
    return planned.source.preflight


def _tables(planned: Planned) -> list[Table]:
    return sorted(planned.source.schema.tables.values(), key=lambda table: table.name)


def _bytes(planned: Planned, table: Table) -> int:
    return planned.rows_of(table.name) * (table.size // max(table.rows, 1))


def _treatment(planned: Planned, table: str, column: str) -> str:
    treatment = planned.decisions.treatments.of(table, column)
    return "kept" if treatment.kept else treatment.masker


def _column_counts(planned: Planned) -> Counter[str]:
    return Counter(
        "kept" if planned.decisions.treatments.of(table.name, column.name).kept else "masked"
        for table in _tables(planned)
        for column in table.stored_columns
    )


def _source_data(planned: Planned) -> dict[str, Any]:
    schema = planned.source.schema
    return {"family": schema.family.value, "version": schema.version, "database": schema.database}


def _table_data(planned: Planned, table: Table) -> dict[str, Any]:
    plan = planned.choice.subset.plan.tables[table.name]
    rows_in_source, exact = planned.rows_in_source(table.name)
    return {
        "name": table.name,
        "role": plan.role.value,
        "why": plan.why,
        "rows": planned.rows_of(table.name),
        "rows_exact": planned.knows_rows(table.name),
        "rows_in_source": rows_in_source,
        "rows_in_source_exact": exact,
        "bytes": _bytes(planned, table),
        "columns": [
            {
                "name": column.name,
                "type": column.declared,
                "treatment": _treatment(planned, table.name, column.name),
                "rule": planned.decisions.treatments.of(table.name, column.name).rule,
            }
            for column in table.stored_columns
        ],
    }


def _relations_data(planned: Planned) -> list[dict[str, Any]]:
    orphans = planned.choice.subset.orphans
    return [
        {
            "relation": str(one),
            "origin": one.key.origin.value,
            "confidence": one.confidence.value,
            "orphans": orphans.get((one.key.table, one.key.name), 0),
        }
        for one in planned.source.relations.used
    ]


def _named_data(planned: Planned) -> list[dict[str, Any]]:
    return [
        {"table": one.table, "because": one.because, "rows": one.rows}
        for one in planned.choice.subset.named
    ]


def _losses_data(done: Exported) -> list[dict[str, Any]]:
    return [
        {"table": table.name, "column": column.name, "what": what, "count": count}
        for table in done.summary.manifest.tables
        for column in table.columns
        for what, count in column.losses.items()
    ]


def _in_source_text(planned: Planned, table: Table) -> str:
    rows, exact = planned.rows_in_source(table.name)
    return _about(rows, exact=exact)


def _about(count: int, *, exact: bool) -> str:
    return f"{count:,}" if exact else f"about {count:,}"
