"""The undeclared relations of a plan file: those that were used when it was made, and no others."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from sandbox.errors import SettingsError, UsageError
from sandbox.export.plan_file.document import PlanFile, RelationLine
from sandbox.model import ForeignKey, Schema
from sandbox.subset.relations.find import check_written
from sandbox.subset.relations.found import Relation, Relations, WrittenRelations
from sandbox.subset.relations.judge import finds_children
from sandbox.subset.relations.written import parse_relation, written

PLANNED = "as planned"
ABOUT_RELATIONS = "relations: "


def relation_lines(relations: Relations) -> Iterator[RelationLine]:
    """Describe the relations that are used, in their order."""
    for one in relations.used:
        yield RelationLine(
            relation=written(one.key),
            origin=one.key.origin,
            confidence=one.confidence,
            optional=one.key.optional,
            cascades=one.key.cascades,
        )


def planned_relations(schema: Schema, file: PlanFile) -> tuple[Relations, tuple[str, ...]]:
    """Give the relations of a plan as the source has them, and what of them it lacks."""
    found, findings = [], []
    for number, line in enumerate(file.document.relations):
        try:
            key = _key(schema, line)
        except (SettingsError, UsageError) as error:
            place = file.place("relations", number)
            findings += [f"{place}: {said}" for said in (error.findings or (error.message,))]
            continue
        evidence = f"{line.origin}, {line.confidence} confidence"
        found.append(Relation(key, line.confidence, evidence, used=True, why=PLANNED))
    told = tuple(one for one in file.document.unknown if one.startswith(ABOUT_RELATIONS))
    return Relations(tuple(found), told=told), tuple(findings)


def _key(schema: Schema, line: RelationLine) -> ForeignKey:
    confirmed = WrittenRelations(confirmed=(parse_relation(line.relation),))
    ((spelt,), _) = check_written(schema, confirmed)
    key = dataclasses.replace(
        spelt, origin=line.origin, optional=line.optional, cascades=line.cascades
    )
    return dataclasses.replace(key, indexed=finds_children(schema, key))
