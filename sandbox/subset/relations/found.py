"""What is said of relations: a proposal, what the data said to it, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from sandbox.model import ForeignKey, Origin
from sandbox.subset.relations.written import written

TOO_LONG = "looking took too long"
NOT_COMPARED = "the server cannot compare the two columns"


class Confidence(StrEnum):
    """How sure it is that a relation is one; higher is better."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """A number to order by: the surest first."""
        return list(Confidence).index(self)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A relation that something speaks for.

    Attributes:
        key: The relation.
        said: What speaks for it, in words without values.
        strong: Whether that is plain: the name of the parent, or the application's own word.
        nearly: Whether a name that is not plain says so nearly, and data that holds all of it will
            do, although it might by chance.
    """

    key: ForeignKey
    said: str
    strong: bool = True
    nearly: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """What a sample of the child's values came to.

    Attributes:
        values: How many different ones were looked up.
        found: How many of them the parent has.
        nobody: Whether rows were seen that refer to nobody.
        dense: Whether the parent's keys are numbers without large gaps: almost any small number is
            one of them.
        problem: Why nothing could be measured; empty where it was.
    """

    values: int = 0
    found: int = 0
    nobody: bool = False
    dense: bool = False
    problem: str = ""

    @property
    def share(self) -> float:
        """The part of the values that the parent has."""
        return self.found / self.values if self.values else 0.0


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation, judged.

    Attributes:
        key: The relation, as plan and closure take it.
        confidence: How sure it is.
        evidence: What speaks for it and against it, in words without values.
        used: Whether rows are chosen along it.
        why: Why it is used or not.
    """

    key: ForeignKey
    confidence: Confidence
    evidence: str
    used: bool
    why: str

    def __str__(self) -> str:
        return written(self.key)


@dataclass(frozen=True, slots=True)
class Relations:
    """Every relation of a schema that no key declares.

    Attributes:
        found: All of them, those that are used first.
        notes: What else should be known, in words without values.
        unseen: Pairs that could not be looked at.
        told: What a plan says was not found out when it was made.
    """

    found: tuple[Relation, ...] = ()
    notes: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    told: tuple[str, ...] = ()

    @property
    def used(self) -> Iterator[Relation]:
        """Those along which rows are chosen."""
        return (one for one in self.found if one.used)

    @property
    def unknown(self) -> tuple[str, ...]:
        """What was not found out, or was confirmed and cannot be followed."""
        unused = [one for one in self.found if not one.used]
        confirmed = [one for one in unused if one.key.origin is Origin.SETTINGS]
        texts = [f"the pair {pair} was not looked at" for pair in self.unseen]
        texts += [f"{one} is confirmed and not followed: {one.why}" for one in confirmed]
        for problem in (TOO_LONG, NOT_COMPARED):
            count = sum(one.why == problem for one in unused if one not in confirmed)
            if count:
                texts.append(
                    f"{count:,} proposed and not followed: {problem}; sandbox relations lists them"
                )
        return (*self.told, *(f"relations: {text}" for text in texts))


@dataclass(frozen=True, slots=True)
class WrittenRelations:
    """What settings say of relations.

    Attributes:
        confirmed: Those that are.
        rejected: Those that are none.
    """

    confirmed: tuple[ForeignKey, ...] = ()
    rejected: tuple[ForeignKey, ...] = ()
