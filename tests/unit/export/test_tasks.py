from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, cast

from sandbox.database.reader import Reader
from sandbox.export.tasks import cut_tasks
from sandbox.subset.closure import Subset
from sandbox.subset.keys import RowKey, WholeNumbers
from sandbox.subset.plan import plan_subset
from sandbox.subset.request import SampleRequest, Share
from schemas import schema, table


class CountedKeys(WholeNumbers):
    """Keys that count how many of them were taken out."""

    taken = 0

    def __iter__(self) -> Iterator[RowKey]:
        for key in super().__iter__():
            self.taken += 1
            yield key


class Closing:
    """A reader that is closed after its first questions, as the export does it."""

    closed = False

    def rows(self, _: str, **__: object) -> Iterator[Any]:
        assert not self.closed
        yield ((b"1",), (b"9000",))


def test_keys_of_a_task_are_taken_out_when_it_is_given() -> None:
    large = dataclasses.replace(table("orders"), size=64 << 20)
    both = schema(table("items"), large)
    keys = CountedKeys()
    keys.add_new(range(120_000))
    request = SampleRequest(Share(0.5), {"orders": Share(1.0)}, small=0)
    subset = Subset(plan_subset(both, request, frozenset()), {"items": keys}, {})
    reader = Closing()
    tasks = cut_tasks(both, subset, cast("Reader", reader))
    reader.closed = True
    assert keys.taken == 0
    given = []
    for before, task in enumerate(tasks):
        given.append(task)
        assert keys.taken <= 50_000 * (before + 1)
    assert [task.where for task in given if task.table == "orders"][::4] == [
        "`id` < 1801",
        "`id` >= 7201",
    ]
    of_items = [task.keys or () for task in given if task.table == "items"]
    assert [len(some) for some in of_items] == [50_000, 50_000, 20_000]
    assert all(first[-1] < second[0] for first, second in pairwise(cast("Any", of_items)))
