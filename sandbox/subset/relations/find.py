"""Find the relations of a schema that no key declares: propose, measure, judge.

Takes the schema, somebody who answers questions, what settings and the application's source say;
gives every relation with its evidence, and the schema with those that are used.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from sandbox.errors import SettingsError
from sandbox.model import ForeignKey, Origin, Schema, Table
from sandbox.subset.comparison import can_refer
from sandbox.subset.relations.by_name import is_met_by_one, propose_by_name
from sandbox.subset.relations.found import (
    Confidence,
    Measured,
    Proposal,
    Relation,
    Relations,
    WrittenRelations,
)
from sandbox.subset.relations.judge import CONFIRMED, judge
from sandbox.subset.relations.measure import Asker, Measurer
from sandbox.subset.relations.polymorphic import (
    Pair,
    find_pairs,
    propose_of_pair,
    same_kind,
)
from sandbox.subset.relations.stated import Stated
from sandbox.subset.relations.written import meaning, undeclared, written

# A statement joins every parent of a row, and servers join no more than 61 tables.
_MOST_OF_A_TABLE = 40
_NOTHING_STATED = Stated()
_NOTHING_WRITTEN = WrittenRelations()


def find_relations(
    schema: Schema,
    asker: Asker,
    *,
    settings: WrittenRelations = _NOTHING_WRITTEN,
    stated: Stated = _NOTHING_STATED,
) -> Relations:
    """Find relations that no key declares.

    Args:
        schema: The source's schema.
        asker: Asks the source.
        settings: What is confirmed and what rejected.
        stated: What the application's source says.

    Raises:
        SettingsError: Settings name what is not there; all of it together.
        SourceError: The source cannot be read any more.
    """
    confirmed, rejected = check_written(schema, settings)
    measurer = Measurer(schema, asker)
    proposals, unseen = _proposals(schema, measurer, confirmed, stated)
    refused = {_meaning(schema, one) for one in rejected}
    judged = []
    for proposal in proposals:
        if _meaning(schema, proposal.key) in refused:
            judged.append(_rejected(schema, proposal))
        else:
            judged.append(judge(schema, proposal, measurer.measure(proposal.key)))
    found = _of_whole_pairs(schema, measurer, tuple(_limited(schema, _best(judged))))
    return Relations(tuple(sorted(found, key=_order)), stated.notes, tuple(unseen))


def with_relations(schema: Schema, relations: Relations) -> Schema:
    """Give the schema with the relations that are used among its tables' references."""
    used: dict[str, list[ForeignKey]] = defaultdict(list)
    for one in relations.used:
        used[one.key.table].append(one.key)
    tables = {
        name: dataclasses.replace(table, foreign_keys=(*table.foreign_keys, *used[name]))
        if name in used
        else table
        for name, table in schema.tables.items()
    }
    return dataclasses.replace(schema, tables=tables)


def check_written(
    schema: Schema, settings: WrittenRelations
) -> tuple[tuple[ForeignKey, ...], tuple[ForeignKey, ...]]:
    """Give what settings say with the names as the server spells them: confirmed, rejected.

    Raises:
        SettingsError: They name what is not there, or what cannot be; all of it together.
    """
    findings: list[str] = []
    sides: list[tuple[ForeignKey, ...]] = []
    for name, keys in (("confirmed", settings.confirmed), ("rejected", settings.rejected)):
        kept = []
        for key in keys:
            spelt, problem = _spelt(schema, key)
            if spelt is not None and name == "confirmed" and not problem:
                problem = _impossible(schema, spelt)
            if spelt is None or problem:
                findings.append(f"relations.{name}: {written(key)}: {problem}")
            else:
                kept.append(spelt)
        sides.append(tuple(kept))
    if findings:
        raise SettingsError(
            "[relations] names what the source does not have, or what cannot be.",
            hint="Names are those of base tables and columns that the account may read; "
            "sandbox relations lists what there is.",
            findings=tuple(findings),
        )
    return sides[0], sides[1]


def _proposals(
    schema: Schema, measurer: Measurer, confirmed: Sequence[ForeignKey], stated: Stated
) -> tuple[list[Proposal], list[str]]:
    """Gather proposals; of those that say the same, the one with the most weight behind it.

    Returns:
        The proposals, and which pairs could not be looked at.
    """
    known = {
        _meaning(schema, key) for table in schema.tables.values() for key in table.foreign_keys
    }
    kept: list[Proposal] = []
    sources: list[Iterable[Proposal]] = [
        (Proposal(key, CONFIRMED) for key in confirmed),
        stated.proposals,
    ]
    pairs = [(pair, measurer.kinds_of(pair)) for pair in find_pairs(schema)]
    sources += [list(propose_of_pair(schema, pair, kinds or ())) for pair, kinds in pairs]
    for source in sources:
        for proposal in source:
            if _impossible(schema, proposal.key):
                continue
            if (says := _meaning(schema, proposal.key)) not in known:
                kept.append(proposal)
                known.add(says)
    spoken_for = {(one.key.table, one.key.columns[0]) for one in kept if len(one.key.columns) == 1}
    # What belongs to a type is nobody's number by its name alone.
    unseen = [pair for pair, kinds in pairs if kinds is None]
    spoken_for.update((pair.table, pair.number.name) for pair in unseen)
    named = list(propose_by_name(schema, spoken_for))
    told = [f"{pair.table}.{pair.kind.name}, {pair.number.name}" for pair in unseen]
    return [*kept, *_backed_by_source(named, stated.dependents)], told


def _backed_by_source(
    named: Sequence[Proposal], dependents: Collection[tuple[str, str]]
) -> Iterator[Proposal]:
    """Let ``$_dependentTables``, which names no columns, speak for the one that may be meant."""
    between: Mapping[tuple[str, str], list[Proposal]] = defaultdict(list)
    for one in named:
        between[one.key.table, one.key.parent].append(one)
    for one in named:
        key = one.key
        pair = (key.table, key.parent)
        if pair in dependents and len(between[pair]) == 1:
            key = undeclared(key.table, key.columns, key.parent, key.parent_columns, Origin.ZEND)
            yield Proposal(key, f"{one.said}, and $_dependentTables names the two tables")
        else:
            yield one


def _rejected(schema: Schema, proposal: Proposal) -> Relation:
    judged = judge(schema, proposal, Measured())
    return dataclasses.replace(
        judged,
        confidence=Confidence.LOW,
        evidence=proposal.said,
        used=False,
        why="rejected in the settings",
    )


def _best(judged: Sequence[Relation]) -> Iterator[Relation]:
    """Let columns refer to one table only: where two are as good, to none until it is confirmed."""
    rivals: dict[tuple[str, tuple[str, ...]], list[Relation]] = defaultdict(list)
    for one in judged:
        if one.used and one.key.only is None and one.key.origin is Origin.NAME:
            rivals[one.key.table, one.key.columns].append(one)
    for one in judged:
        mine = rivals.get((one.key.table, one.key.columns), [])
        if len(mine) > 1 and one in mine:
            yield dataclasses.replace(
                one, confidence=Confidence.MEDIUM, used=False, why="several fit; confirm one"
            )
        else:
            yield one


def _limited(schema: Schema, judged: Iterable[Relation]) -> Iterator[Relation]:
    counts = {name: len(table.foreign_keys) for name, table in schema.tables.items()}
    for one in sorted(judged, key=_order):
        if one.used and counts[one.key.table] >= _MOST_OF_A_TABLE:
            why = f"{_MOST_OF_A_TABLE} relations of one table are used at most"
            yield dataclasses.replace(one, used=False, why=why)
            continue
        counts[one.key.table] += one.used
        yield one


def _of_whole_pairs(
    schema: Schema, measurer: Measurer, judged: Sequence[Relation]
) -> Iterator[Relation]:
    """Mark the relations of pairs of which not every kind is followed.

    Rows of the other kinds refer to nobody there, and would never come with a parent.
    """
    followed: dict[tuple[str, str, tuple[str, ...]], list[str]] = defaultdict(list)
    for one in judged:
        if one.used and one.key.only:
            name, value = one.key.only
            followed[one.key.table, name, one.key.columns].append(value)
    for one in judged:
        if not one.used or one.key.only is None or one.key.optional:
            yield one
            continue
        table = schema.tables[one.key.table]
        kind = table.column(one.key.only[0])
        ours = followed[table.name, kind.name, one.key.columns]
        pair = Pair(table.name, kind, table.column(one.key.columns[0]))
        kinds = measurer.kinds_of(pair)
        if kinds and all(any(same_kind(kind, value, our) for our in ours) for value in kinds):
            yield one
        else:
            yield dataclasses.replace(one, key=dataclasses.replace(one.key, optional=True))


def _meaning(schema: Schema, key: ForeignKey) -> tuple[object, ...]:
    if key.only is None:
        return meaning(key)
    kind = schema.tables[key.table].column(key.only[0])
    return meaning(key, case_counts=not same_kind(kind, "a", "A"))


def _order(one: Relation) -> tuple[bool, int, bool, str, str]:
    confirmed = one.key.origin is Origin.SETTINGS
    return (not one.used, one.confidence.rank, not confirmed, one.key.table, one.key.name)


def _spelt(schema: Schema, key: ForeignKey) -> tuple[ForeignKey | None, str]:
    """Give a relation as the server spells its names, or what is not there."""
    child, parent = _table(schema, key.table), _table(schema, key.parent)
    if child is None or parent is None:
        return None, f"there is no table {key.parent if child else key.table}"
    missing = [
        f"{table.name}.{name}"
        for table, names in (
            (child, (*key.columns, *((key.only[0],) if key.only else ()))),
            (parent, key.parent_columns),
        )
        for name in names
        if not _column(table, name)
    ]
    if missing:
        return None, f"there is no column {', '.join(missing)}"
    spelt = undeclared(
        child.name,
        tuple(_column(child, name) for name in key.columns),
        parent.name,
        tuple(_column(parent, name) for name in key.parent_columns),
        key.origin,
        only=(_column(child, key.only[0]), key.only[1]) if key.only else None,
    )
    return spelt, ""


def _impossible(schema: Schema, key: ForeignKey) -> str:
    """Say why a relation cannot be one; nothing where it can."""
    child, parent = schema.tables[key.table], schema.tables[key.parent]
    named = [*key.columns, *([key.only[0]] if key.only else [])]
    if len(set(named)) < len(named):
        return "it names a column twice"
    if not is_met_by_one(schema, key):
        return "no unique key of the parent has just these columns"
    pairs = zip(key.columns, key.parent_columns, strict=True)
    unfit = [own for own, other in pairs if not can_refer(child.column(own), parent.column(other))]
    return f"the type of {', '.join(unfit)} does not fit" if unfit else ""


def _table(schema: Schema, name: str) -> Table | None:
    if name in schema.tables:
        return schema.tables[name]
    found = [one for one in schema.tables.values() if one.name.casefold() == name.casefold()]
    return found[0] if len(found) == 1 else None


def _column(table: Table, name: str) -> str:
    """Give a stored column as the table spells it; empty where there is none."""
    return next(
        (one.name for one in table.stored_columns if one.name.casefold() == name.casefold()), ""
    )
