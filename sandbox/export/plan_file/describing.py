"""A plan in the words of its file: each part as it is written, and as it is compared later."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import blake2b

from sandbox import __version__
from sandbox.database.definitions import without_next_number
from sandbox.export.odd import describe_odd
from sandbox.export.plan_file.document import (
    Asked,
    ColumnLine,
    InputLines,
    NamedLine,
    OddLine,
    PlanDocument,
    ReadLine,
    SourceLines,
    TableLines,
)
from sandbox.export.plan_file.reads import Read
from sandbox.export.plan_file.relations import relation_lines
from sandbox.export.plan_file.values import beyond_defaults
from sandbox.export.planned import Planned
from sandbox.export.request import ExportRequest
from sandbox.export.source import fingerprint_of
from sandbox.masking.assignment import Treatment, Treatments
from sandbox.model import Column, Schema, Table
from sandbox.subset.plan import TablePlan
from sandbox.subset.relations.written import written

SEALS = "seals"


def describe(request: ExportRequest, planned: Planned) -> PlanDocument:
    """Describe a plan as its file holds it."""
    schema, key_id = planned.source.schema, planned.decisions.masker.key_id
    # Its parts are checked; what is asked for is the program's own and not the file's form of it.
    document = PlanDocument.model_construct(
        tool=__version__,
        request=asked_of(request),
        source=source_lines(request, schema, key_id),
        inputs=input_lines(request),
        relations=list(relation_lines(planned.source.relations)),
        tables={name: _table_lines(planned, name) for name in sorted(schema.tables)},
        odd=[OddLine(**one.model_dump()) for one in describe_odd(planned.choice.cover)],
        named=[
            NamedLine(table=one.table, because=one.because, rows=one.rows)
            for one in planned.choice.subset.named
        ],
        unknown=list(planned.source.unknown),
    )
    return document.model_copy(update={SEALS: seals_of(document, request.key)})


def asked_of(request: ExportRequest) -> Asked:
    """Give the part of a request that its plan holds."""
    return Asked(request.sample, request.limits, request.load, request.readers)


def source_lines(request: ExportRequest, schema: Schema, key_id: str) -> SourceLines:
    """Describe which source it is."""
    return SourceLines(
        fingerprint=fingerprint_of(request),
        family=schema.family,
        version=schema.version,
        key=key_id,
    )


def input_lines(request: ExportRequest) -> InputLines:
    """Describe what was given beside the source."""
    return InputLines(
        logs=len(request.logs),
        requests=len(request.requests),
        given=len(request.given),
        servers=sorted(request.captures),
    )


def definition_digest(schema: Schema, table: str) -> str:
    """Give a digest of a table's definition, whatever number its next row gets."""
    definition = without_next_number(schema.table_definitions.get(table, ""))
    return blake2b(definition.encode("utf-8", "surrogateescape"), digest_size=12).hexdigest()


def types_of_columns(table: Table) -> dict[str, str]:
    """Describe the types of the columns of a table that hold data."""
    return {column.name: _type(column) for column in table.stored_columns}


def column_lines(table: Table, treatments: Treatments) -> dict[str, ColumnLine]:
    """Describe the columns of a table that hold data, and how each is treated."""
    return {
        name: ColumnLine(type=kind, treatment=_treatment(treatments.of(table.name, name)))
        for name, kind in types_of_columns(table).items()
    }


def owners_of(plan: TablePlan) -> list[str]:
    """Name the references along which a table follows its parents."""
    return [one.name if one.declared else written(one) for one in plan.owners]


def read_lines(reads: Iterable[Read]) -> list[ReadLine]:
    """Describe how a table is read."""
    return [ReadLine(what=one.what, how=[str(access) for access in one.how]) for one in reads]


def seals_of(document: PlanDocument, key: bytes) -> Mapping[str, str]:
    """Give a digest of each part of a plan that only the holder of the key can make."""
    # Without what has its default: a field that a later version adds breaks no seal.
    plain = document.model_dump(mode="json", exclude={"request"}, exclude_defaults=True)
    plain["request"] = beyond_defaults(document.request)
    names = [name for name in PlanDocument.model_fields if name != SEALS]
    return {name: _seal(name, plain.get(name), key) for name in names}


def _seal(name: str, part: object, key: bytes) -> str:
    hashed = blake2b(key=key, person=b"sandbox-plan", digest_size=12)
    hashed.update(f"{name}\0{json.dumps(part, sort_keys=True)}".encode())
    return hashed.hexdigest()


def _table_lines(planned: Planned, name: str) -> TableLines:
    table, subset = planned.source.schema.tables[name], planned.choice.subset
    one = subset.plan.tables[name]
    rows, (of, exact) = planned.rows_of(name), planned.rows_in_source(name)
    return TableLines(
        role=one.role,
        owner=owners_of(one),
        why=one.why,
        rows=rows,
        of=of if exact else f"about {_rounded(of):,}",
        definition=definition_digest(planned.source.schema, name),
        reads=read_lines(planned.choice.reads.get(name, ())),
        columns=column_lines(table, planned.decisions.treatments),
    )


def _rounded(rows: int) -> int:
    """Round an estimate, which is another one each time it is asked for.

    >>> _rounded(29_500), _rounded(7)
    (30000, 7)
    """
    unit: int = 10 ** max(len(str(rows)) - 1, 0)
    return round(rows / unit) * unit


def _type(column: Column) -> str:
    words = (column.declared, column.collation, "null" if column.nullable else "not null")
    return " ".join(word for word in words if word)


def _treatment(treatment: Treatment) -> str:
    if treatment.kept:
        return "kept"
    words = [treatment.masker]
    if treatment.domain not in {"", treatment.masker}:
        words.append(f"as {treatment.domain}")
    words += [f"{name}={value}" for name, value in sorted(treatment.options.items())]
    return " ".join(words)
