"""Which row refers to which, in the schemas of `schema_random`: by comparing all with all."""

from __future__ import annotations

from dataclasses import dataclass

from schema_random import Collation, RandomTable, Reference, Row


@dataclass(frozen=True)
class Edge:
    """One row that refers to another, or to nobody."""

    child: str
    row: int
    constraint: str
    parent: str
    found: tuple[int, ...]


def edges_of(tables: list[RandomTable], how: Collation) -> list[Edge]:
    by_name = {table.name: table for table in tables}
    return [
        Edge(table.name, i, name_of(table, number, by_name), reference.parent, found)
        for table in tables
        for number, reference in enumerate(table.references)
        for i, row in enumerate(table.rows)
        if None not in [row[column] for column in reference.columns]
        for found in [parents_of(row, reference, by_name[reference.parent], how)]
        if found or refers(row, reference, how)
    ]


def refers(row: Row, reference: Reference, how: Collation) -> bool:
    """Tell whether a row that has no parent refers to one."""
    of_another = reference.only and how.key(row[reference.only[0]]) != how.key(reference.only[1])
    return not of_another and not reference.is_nobody(row)


def name_of(table: RandomTable, number: int, by_name: dict[str, RandomTable]) -> str:
    """Give the name that a reference goes by."""
    reference = table.references[number]
    if reference.declared:
        return f"{table.name}_{number}"
    own, parent = (
        names[0] if len(names) == 1 else f"({', '.join(names)})"
        for names in (reference.columns, by_name[reference.parent].referred)
    )
    only = f" where {reference.only[0]} = '{reference.only[1]}'" if reference.only else ""
    return f"{own} -> {reference.parent}.{parent}{only}"


def parents_of(
    row: Row, reference: Reference, parent: RandomTable, how: Collation
) -> tuple[int, ...]:
    """Give the numbers of the parent's rows that are referred to."""
    if reference.only and how.key(row[reference.only[0]]) != how.key(reference.only[1]):
        return ()
    wanted = [how.key(row[column]) for column in reference.columns]
    if reference.digits:
        wanted = [int(text) if text.lstrip("-").isdigit() else None for text in map(str, wanted)]
    return tuple(
        number
        for number, candidate in enumerate(parent.rows)
        if [how.key(candidate[name]) for name in parent.referred] == wanted
    )
