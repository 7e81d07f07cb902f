"""Hold an export to the plan that was reviewed: compare what would happen with what it says.

Every difference is a finding with its line in the file, and all of them come together. Rows are
not compared, for they are those of another day; nor is what is asked for, which is the plan's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sandbox.bundle.manifest import Manifest
from sandbox.database.explain import Access
from sandbox.database.server import read_version
from sandbox.errors import ConditionRefused, MaskingRefused, PlanRefused, UsageError
from sandbox.export.decisions import Decisions
from sandbox.export.plan_file.describing import (
    column_lines,
    definition_digest,
    input_lines,
    owners_of,
    seals_of,
    source_lines,
    types_of_columns,
)
from sandbox.export.plan_file.document import PlanFile, ReadLine
from sandbox.export.plan_file.reads import Read, Reads
from sandbox.export.request import ExportRequest
from sandbox.export.source import SourceFacts
from sandbox.masking.prf import Prf
from sandbox.model import Schema
from sandbox.subset.plan import SubsetPlan

FEW = 10_000
"""Rows that may be looked at in another way than planned: no server feels it."""
_RATIO = 1.5
_AT_LEAST = 50  # rows: of ten, five more are no news


class Held:
    """What differs from a plan, found step by step as an export gets ready to read.

    Args:
        file: The plan.
        request: The export that is held to it.
        source: The source, with the plan's relations.

    Raises:
        PlanRefused: It is another source, or another key: all else would differ as well.
    """

    def __init__(self, file: PlanFile, request: ExportRequest, source: SourceFacts) -> None:
        self._file = file
        self._schema = source.schema
        self._findings = list(_other_source(file, request, source.schema))
        if self._findings:
            raise self._refused()
        self._findings += _edited(file, request)
        self._findings += _other_inputs(file, request)
        self._findings += _other_tables(file, source.schema)
        self._findings += source.not_as_planned

    def masking_refused(self, refused: MaskingRefused) -> Exception:
        """Give what to raise where masking was refused: with what led to it, where that is known.

        A column that came has no rule yet, so both belong together.
        """
        if not self._findings:
            return refused
        self._findings += refused.findings or (refused.message,)
        return self._refused()

    def request_refused(self, refused: UsageError | ConditionRefused) -> Exception:
        """Give what to raise where what is asked for does not fit the source."""
        if not self._findings:
            return refused
        self._findings += refused.findings or (refused.message,)
        return self._refused()

    def compare_masking(self, decisions: Decisions) -> None:
        """Compare how each column is treated."""
        self._findings += _other_treatments(self._file, self._schema, decisions)

    def compare_reading(self, plan: SubsetPlan, reads: Reads) -> None:
        """Compare roles, and how tables are read; refuse whatever was found so far.

        Raises:
            PlanRefused: Something differs.
        """
        self._findings += _other_roles(self._file, plan)
        self._findings += _other_reads(self._file, reads)
        if self._findings:
            raise self._refused()

    def _refused(self) -> PlanRefused:
        count = len(self._findings)
        things = f"{count} things differ" if count > 1 else "one thing differs"
        return PlanRefused(
            f"{self._file.name} is not what would happen now: {things}. Nothing was written.",
            findings=tuple(self._findings),
        )


@dataclass(frozen=True, slots=True)
class HeldTo:
    """What became of a plan.

    Attributes:
        name: The plan's file.
        edited: Whether what is asked for was edited since the plan was made.
        unlike: Tables of which far more or fewer rows came: name, rows planned, rows taken. Those
            without a key are left out: a plan counts rows that are equal as one.
    """

    name: str
    edited: bool
    unlike: tuple[tuple[str, int, int], ...]


def held_to(file: PlanFile, key: bytes, manifest: Manifest) -> HeldTo:
    """Say what became of a plan in a finished bundle."""
    document = file.document
    edited = seals_of(document, key)["request"] != document.seals.get("request")
    unlike = []
    for table in manifest.tables:
        planned = document.tables[table.name].rows
        few, many = sorted((planned, table.rows))
        if table.identity and many - few >= _AT_LEAST and many > _RATIO * few:
            unlike.append((table.name, planned, table.rows))
    return HeldTo(file.name, edited, tuple(unlike))


def _other_source(file: PlanFile, request: ExportRequest, schema: Schema) -> Iterator[str]:
    planned = file.document.source
    now = source_lines(request, schema, Prf(request.key).key_id)

    def at(name: str) -> str:
        return file.place("source", name)

    if planned.key != now.key:
        yield f"{at('key')}: another masking key: the plan's is {planned.key}, this is {now.key}"
    elif planned.fingerprint != now.fingerprint:
        yield f"{at('fingerprint')}: another source: the plan was made for another address"
    before, after = read_version(planned.version), read_version(now.version)
    if planned.family != now.family or before.numbers[:2] != after.numbers[:2]:
        yield f"{at('version')}: another server: {planned.version} planned, {now.version} found"


def _edited(file: PlanFile, request: ExportRequest) -> Iterator[str]:
    document = file.document
    for name, seal in seals_of(document, request.key).items():
        if name != "request" and seal != document.seals.get(name):
            place = file.place(name)
            yield f"{place}: {name} was edited since the plan was made; only request may be"


def _other_inputs(file: PlanFile, request: ExportRequest) -> Iterator[str]:
    planned, now = file.document.inputs, input_lines(request)
    for name, option in (("logs", "from-log"), ("requests", "from-request"), ("given", "requests")):
        before, after = getattr(planned, name), getattr(now, name)
        if before != after:
            place = file.place("inputs", name)
            yield f"{place}: {before} --{option} in the plan, {after} given now"
    if planned.servers != now.servers:
        before, after = (", ".join(some) or "none" for some in (planned.servers, now.servers))
        yield f"{file.place('inputs', 'servers')}: servers {before} in the plan, {after} given now"


def _other_tables(file: PlanFile, schema: Schema) -> Iterator[str]:
    planned = file.document.tables
    for name in sorted({*planned, *schema.tables}):
        place = file.place("tables", name)
        if name not in planned:
            yield f"{place}: table {name} is new: the plan does not have it"
        elif name not in schema.tables:
            yield f"{place}: table {name} is gone from the source"
        else:
            different = list(_other_columns(file, schema, name))
            yield from different
            digest = definition_digest(schema, name)
            if not different and digest != planned[name].definition:
                place = file.place("tables", name, "definition")
                yield (
                    f"{place}: the definition of table {name} changed, though no column's type "
                    "did: a key, an index, a default, a partition or a comment"
                )


def _other_columns(file: PlanFile, schema: Schema, table: str) -> Iterator[str]:
    planned = file.document.tables[table].columns
    now = types_of_columns(schema.tables[table])
    for name in [*planned, *(name for name in now if name not in planned)]:
        place = f"{file.place('tables', table, 'columns', name)}: table {table}, column {name}"
        if name not in planned:
            yield f"{place} is new: the plan does not have it"
        elif name not in now:
            yield f"{place} is gone from the source"
        elif planned[name].type != now[name]:
            yield f"{place}: {planned[name].type} in the plan, {now[name]} in the source"


def _other_treatments(file: PlanFile, schema: Schema, decisions: Decisions) -> Iterator[str]:
    for table, lines in file.document.tables.items():
        if table not in schema.tables:
            continue
        now = column_lines(schema.tables[table], decisions.treatments)
        for name, line in lines.columns.items():
            if name in now and now[name].treatment != line.treatment:
                place = file.place("tables", table, "columns", name)
                yield (
                    f"{place}: table {table}, column {name}: {line.treatment} in the plan, "
                    f"{now[name].treatment} by the rules"
                )


def _other_roles(file: PlanFile, plan: SubsetPlan) -> Iterator[str]:
    for name, lines in file.document.tables.items():
        if (now := plan.tables.get(name)) is None:
            continue
        place = file.place("tables", name, "role")
        if lines.role != now.role:
            yield (
                f"{place}: table {name}: {lines.role} in the plan, it would be {now.role} "
                f"({now.why})"
            )
        elif lines.owner != owners_of(now):
            before, after = (", ".join(some) or "no one" for some in (lines.owner, owners_of(now)))
            yield f"{place}: table {name}: goes by {before} in the plan, it would go by {after}"


def _other_reads(file: PlanFile, reads: Reads) -> Iterator[str]:
    for table, lines in file.document.tables.items():
        planned = {line.what: (number, line) for number, line in enumerate(lines.reads)}
        for read in reads.get(table, ()):
            number, line = planned.get(read.what, (-1, ReadLine(what=read.what, how=[])))
            for access in _worse(line.how, read):
                place = file.place("tables", table, "reads", *([number] if line.how else []))
                yield (
                    f"{place}: table {table}, {read.what}: {', '.join(line.how) or 'not at all'} "
                    f"in the plan, the server would read {access}, about {access.rows:,} rows"
                )


def _worse(planned: Sequence[str], read: Read) -> Iterator[Access]:
    """Give how a statement reads that is not in the plan, and that a server would feel."""
    for access in read.how:
        if access.rows > FEW and str(access) not in planned:
            yield access
