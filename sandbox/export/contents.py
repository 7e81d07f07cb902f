"""What a bundle's manifest says of its tables: how each was chosen, read and treated."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue

from sandbox.bundle.manifest import ColumnEntry, ForeignKeyEntry, RelationEntry, TableEntry
from sandbox.bundle.reasons import describe_reason
from sandbox.export.choice import Choice
from sandbox.export.decisions import Decisions
from sandbox.export.reading import ReadPart
from sandbox.masking.definitions import MaskedDefinition, mask_declared
from sandbox.model import (
    Column,
    ForeignKey,
    Reason,
    ReasonKind,
    Schema,
    SchemaObject,
    Table,
)
from sandbox.subset.closure import Subset
from sandbox.subset.growth import Spent
from sandbox.subset.plan import SubsetPlan
from sandbox.subset.relations.found import Relation, Relations

Losses = Mapping[str, Mapping[str, int]]
_NO_RELATIONS = Relations()


def describe_table(  # noqa: PLR0913 - what is known of a table, named one by one
    table: Table,
    choice: Choice,
    decisions: Decisions,
    parts: Sequence[ReadPart],
    *,
    ordered: bool,
    relations: Relations = _NO_RELATIONS,
) -> TableEntry:
    """Describe a table as the manifest holds it; its rows and parts are the writer's to fill in."""
    subset = choice.subset
    losses = add_losses(parts)
    taken = sum(one.facts.rows for one in parts)
    exact = taken if subset.is_whole(table.name) else choice.counted.get(table.name)
    return TableEntry(
        name=table.name,
        engine=table.engine,
        columns=[
            _describe_column(table, column, decisions, losses.get(column.name, {}))
            for column in table.stored_columns
        ],
        identity=[column.name for column in table.identity],
        ordered=ordered,
        # An estimate may be far below what was taken.
        rows_in_source=max(table.rows, taken) if exact is None else exact,
        rows_in_source_exact=exact is not None,
        why=subset.plan.tables[table.name].why,
        in_snapshot=table.transactional,
        foreign_keys=[_describe_reference(key) for key in table.foreign_keys if key.declared],
        expected_orphans={
            key.name: subset.orphans[table.name, key.name]
            for key in table.foreign_keys
            if key.declared and (table.name, key.name) in subset.orphans
        },
        relations=[
            _describe_relation(one, subset.orphans.get((table.name, one.key.name), 0))
            for one in relations.used
            if one.key.table == table.name
        ],
        reasons=[describe_reason(one) for one in _reasons(subset, table.name)],
    )


def _reasons(subset: Subset, table: str) -> Sequence[Reason]:
    if subset.is_whole(table):
        return (Reason(ReasonKind.WHOLE),)
    return subset.reasons.get(table, ())


def add_losses(parts: Sequence[ReadPart]) -> dict[str, dict[str, int]]:
    """Add up, by column and kind, what could not be kept as promised."""
    losses: dict[str, Counter[str]] = defaultdict(Counter)
    for part in parts:
        for column, kinds in part.losses.items():
            losses[column].update(kinds)
    return {column: dict(kinds) for column, kinds in losses.items()}


def describe_plan(
    plan: SubsetPlan, schema: Schema, spent: Spent | None = None
) -> dict[str, JsonValue]:
    """Describe what was asked for, without any condition: those hold values of production."""
    request = plan.request
    described: dict[str, JsonValue] = {
        "share": str(request.default),
        "tables": {name: str(share) for name, share in request.tables.items()},
        "conditions": [*sorted({*request.where, *(one.table for one in request.includes)})],
        "small": request.small,
        "children": request.children,
        "per_parent": {name: str(limit) for name, limit in sorted(request.per_parent.items())},
        # In words, without the moments: those of a masked column say something of its rows.
        "windows": {
            f"{name}.{window.column}": window.words
            for name, windows in sorted(request.windows.items())
            for window in windows
        },
        "strata": {name: strata.words for name, strata in sorted(request.strata.items())},
        "cover": request.cover.rows,
        "roles": {name: plan.role(name).value for name in sorted(schema.tables)},
    }
    if spent is not None:
        described["budget"] = {
            "asked": str(spent.budget),
            "drawn": round(spent.drawn, 6),
            "short_families": spent.short,
        }
    return described


def tell_of_definition(described: SchemaObject, masked: MaskedDefinition) -> Iterator[str]:
    """Say what ops should look at in a definition, and what of it is not in the bundle."""
    where = f"{described.kind.value} {described.name}"
    if masked.literals:
        one = masked.literals == 1
        unknown = f" ({masked.unknown} with words that no dictionary knows)"
        yield (
            f"{where}: {masked.literals} literal{' is' if one else 's are'} production's own"
            f"{unknown if masked.unknown else ''}; part of what it does and kept: review "
            f"{'it' if one else 'them'}"
        )
    if masked.changed:
        one = masked.changed == 1
        yield (
            f"{where}: {masked.changed} literal{' was' if one else 's were'} masked, as secret, "
            f"somebody's or a masked column's; what compares with {'it' if one else 'them'} may do "
            "something else here"
        )
    if masked.left_out:
        yield f"{where}: left out is {masked.left_out}"


def _describe_column(
    table: Table, column: Column, decisions: Decisions, losses: Mapping[str, int]
) -> ColumnEntry:
    treatment = decisions.treatments.of(table.name, column.name)
    return ColumnEntry(
        name=column.name,
        kind=column.kind,
        declared=mask_declared(column.declared, decisions.masker),
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


def _describe_relation(relation: Relation, orphans: int) -> RelationEntry:
    key = relation.key
    return RelationEntry(
        name=key.name,
        columns=list(key.columns),
        parent=key.parent,
        parent_columns=list(key.parent_columns),
        origin=key.origin,
        confidence=relation.confidence.value,
        only=list(key.only or ()),
        orphans=orphans,
    )
