"""What an application's source says of relations, matched with the schema."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.subset.relations.found import Proposal


@dataclass(frozen=True, slots=True)
class Stated:
    """What an application's source says.

    Attributes:
        proposals: Relations with their columns.
        dependents: Child and parent of relations whose columns are not told.
        notes: How much was read, and what of it led nowhere.
    """

    proposals: tuple[Proposal, ...] = ()
    dependents: frozenset[tuple[str, str]] = frozenset()
    notes: tuple[str, ...] = ()
