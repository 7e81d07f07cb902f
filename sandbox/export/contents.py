"""What a bundle's manifest says of its tables: how each was chosen, read and treated."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from sandbox.bundle.manifest import ColumnEntry, ForeignKeyEntry, TableEntry
from sandbox.export.reading import ReadPart
from sandbox.masking.assignment import Treatments
from sandbox.model import Column, ForeignKey, Schema, Table
from sandbox.subset.closure import Subset
from sandbox.subset.plan import SubsetPlan

Losses = Mapping[str, Mapping[str, int]]


def describe_table(
    table: Table,
    subset: Subset,
    treatments: Treatments,
    parts: Sequence[ReadPart],
    *,
    ordered: bool,
) -> TableEntry:
    """Describe a table as the manifest holds it; its rows and parts are the writer's to fill in."""
    losses = add_losses(parts)
    whole = subset.is_whole(table.name)
    return TableEntry(
        name=table.name,
        engine=table.engine,
        columns=[
            _describe_column(table, column, treatments, losses.get(column.name, {}))
            for column in table.stored_columns
        ],
        identity=[column.name for column in table.identity],
        ordered=ordered,
        rows_in_source=sum(one.facts.rows for one in parts) if whole else table.rows,
        rows_in_source_exact=whole,
        why=subset.plan.tables[table.name].why,
        in_snapshot=table.transactional,
        foreign_keys=[_describe_reference(key) for key in table.foreign_keys],
        expected_orphans={
            key.name: subset.orphans[table.name, key.name]
            for key in table.foreign_keys
            if (table.name, key.name) in subset.orphans
        },
    )


def add_losses(parts: Sequence[ReadPart]) -> dict[str, dict[str, int]]:
    """Add up, by column and kind, what could not be kept as promised."""
    losses: dict[str, Counter[str]] = defaultdict(Counter)
    for part in parts:
        for column, kinds in part.losses.items():
            losses[column].update(kinds)
    return {column: dict(kinds) for column, kinds in losses.items()}


def describe_plan(plan: SubsetPlan, schema: Schema) -> dict[str, JsonValue]:
    """Describe what was asked for, without any condition: those hold values of production."""
    request = plan.request
    return {
        "share": str(request.default),
        "tables": {name: str(share) for name, share in request.tables.items()},
        "conditions": [*sorted({*request.where, *(one.table for one in request.includes)})],
        "small": request.small,
        "children": request.children,
        "roles": {name: plan.role(name).value for name in sorted(schema.tables)},
    }


def _describe_column(
    table: Table, column: Column, treatments: Treatments, losses: Mapping[str, int]
) -> ColumnEntry:
    treatment = treatments.of(table.name, column.name)
    return ColumnEntry(
        name=column.name,
        kind=column.kind,
        declared=column.declared,
        charset=column.charset,
        collation=column.collation,
        nullable=column.nullable,
        treatment="" if treatment.kept else treatment.masker,
        kept=treatment.kept,
        losses=dict(losses),
    )


def _describe_reference(key: ForeignKey) -> ForeignKeyEntry:
    return ForeignKeyEntry(
        name=key.name,
        columns=list(key.columns),
        parent=key.parent,
        parent_columns=list(key.parent_columns),
    )
