"""What a row would bring: parents and theirs, as far as the sample lacks them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sandbox.model import Reason, Table
from sandbox.subset.growing import Row
from sandbox.subset.keys import KeySet, RowKey, key_set_for
from sandbox.subset.odd.needs import Needs
from schemas import schema, table

SHOP = schema(
    table("groups"), table("users", "grp>groups"), table("orders", "user>users", "before>orders")
)
PARENTS: dict[Row, tuple[Row, ...]] = {
    ("orders", 1): (("users", 1), ("orders", 2)),
    ("orders", 2): (("users", 2), ("orders", 1)),
    ("orders", 3): (("users", 3),),
    ("users", 1): (("groups", 1),),
    ("users", 2): (("groups", 2),),
    ("users", 3): (("groups", 1),),
}


class Sample:
    """A sample that knows the parents above, and notes what it was asked."""

    def __init__(self, *taken: Row) -> None:
        self.taken: dict[str, KeySet] = {
            name: key_set_for(one) for name, one in SHOP.tables.items() if name != "groups"
        }
        self.orphans: dict[tuple[str, str], int] = {}
        self.fresh: dict[str, KeySet] = {}
        self.largest: dict[tuple[str, str], int] = {}
        self.asked: list[Row] = []
        for name, key in taken:
            self.taken[name].add_new([key])

    def keys_where(self, table: Table, where: str, option: str = "") -> Iterator[RowKey]:
        raise NotImplementedError

    def parents_of(
        self, table: Table, keys: Sequence[RowKey]
    ) -> Iterator[tuple[RowKey, tuple[Row, ...]]]:
        self.asked += [(table.name, key) for key in keys]
        for key in keys:
            yield key, PARENTS.get((table.name, key), ())

    is_limited = False

    def affordable(self, rows: Sequence[tuple[Row, frozenset[Row]]]) -> int:
        return len(rows)

    def add(self, table: Table, keys: Iterable[RowKey], reason: Reason) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


def test_row_brings_its_parents_and_theirs_but_not_what_is_taken_or_whole() -> None:
    needs = Needs(SHOP, Sample(("users", 2)))
    needs.learn("orders", [1, 3])
    assert needs.missing(("orders", 1)) == {("users", 1), ("orders", 2)}
    assert needs.missing(("orders", 3)) == {("users", 3)}


def test_what_came_in_the_meantime_is_known_without_asking_again() -> None:
    sample = Sample()
    needs = Needs(SHOP, sample)
    needs.learn("orders", [1])
    sample.taken["orders"].add_new([2])
    asked = len(sample.asked)
    assert needs.missing(("orders", 1)) == {("users", 1)}
    needs.learn("orders", [1, 2])
    assert len(sample.asked) == asked
    assert sample.asked.count(("orders", 2)) == 1


def test_rows_that_refer_to_each_other_bring_each_other_once() -> None:
    needs = Needs(SHOP, Sample())
    needs.learn("orders", [2])
    assert needs.missing(("orders", 2)) == {("users", 2), ("orders", 1), ("users", 1)}
