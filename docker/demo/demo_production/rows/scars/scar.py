"""What a scar is: a defect with a name, a place and a story, inflicted on a few drawn rows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from demo_production.rows.shop import Key, Shop

Inflict = Callable[[Shop], Iterable[Key]]


@dataclass(frozen=True, slots=True)
class Scar:
    """A defect real data has.

    Attributes:
        name: What later work calls it.
        place: Table and column, or the table alone.
        story: What is wrong and how it came about.
        inflict: Changes the shop and gives the keys of the rows it changed.
    """

    name: str
    place: str
    story: str
    inflict: Inflict


def scar(place: str) -> Callable[[Inflict], Scar]:
    """Make a scar of a function; its name and docstring become the scar's."""

    def make(inflict: Inflict) -> Scar:
        name = getattr(inflict, "__name__", "")
        return Scar(name, place, " ".join((inflict.__doc__ or "").split()), inflict)

    return make
