"""What covering odd rows works with: what it needs, and what it found so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from pyroaring import BitMap64

from sandbox.model import ForeignKey, Schema, Stage
from sandbox.subset.growing import Growing
from sandbox.subset.keys import RowKey, draw
from sandbox.subset.odd.found import LookedAt
from sandbox.subset.odd.reading import Source
from sandbox.subset.odd.relations import Relation
from sandbox.subset.odd.remembered import Memory
from sandbox.subset.odd.tables import TableProfile
from sandbox.subset.odd.tally import Group, Tally
from sandbox.subset.plan import SubsetPlan

LARGEST = "largest family"
MOST_COUNTED = 100_000  # taken rows of a table that are looked at: a class of many lacks none
_BY_CANDIDATES = frozenset({"variant", "second child", LARGEST, "child of a deleted parent"})


@dataclass
class Measured:
    """A class that was found, and how it is counted.

    Attributes:
        tally: The class.
        share: The part of the table that it was found in.
        members: The rows that are of it, where they are known by key.
        family: The relation of which its first candidate has the largest family.
        parent: Of the children of a largest family, the relation and their parent.
        waiting: Of a project's own class, the candidates that were not taken before.
        before: Of a project's own class, how many rows were.
    """

    tally: Tally
    share: float
    members: BitMap64 | None = None
    family: Relation | None = None
    parent: tuple[Relation, RowKey] | None = None
    waiting: Sequence[Group] = ()
    before: int = 0

    @property
    def by_candidates(self) -> bool:
        """Whether nothing but its candidates tells how many of its rows are taken."""
        return self.tally.name in _BY_CANDIDATES


@dataclass
class Work:
    """All that covering needs, and what it found so far."""

    schema: Schema
    plan: SubsetPlan
    source: Source
    growing: Growing
    secret: bytes
    stage: Stage | None
    memory: Memory
    relations: list[Relation] = field(default_factory=list)
    others: list[ForeignKey] = field(default_factory=list)
    profiles: dict[str, TableProfile] = field(default_factory=dict)
    measured: list[Measured] = field(default_factory=list)
    looked: list[LookedAt] = field(default_factory=list)
    uncounted: set[str] = field(default_factory=set)
    added: int = 0

    @property
    def wanted(self) -> int:
        """How many rows of each class are wanted."""
        return self.plan.request.cover.rows

    def drawn(self, table: str) -> Callable[[RowKey], int]:
        """Give what draws a number for a row."""
        return partial(draw, self.secret, table)

    def say(self, doing: str) -> None:
        """Say what is being worked on."""
        if self.stage is not None:
            self.stage.advance(0, doing)
