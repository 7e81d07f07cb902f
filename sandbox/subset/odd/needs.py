"""What a row would bring to the sample: its parents, theirs, and so on, as far as they lack.

Asked of the source once for each row, as keys; what is taken in the meantime is known without
asking again.
"""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.model import Schema
from sandbox.subset.growing import Growing, Row
from sandbox.subset.keys import RowKey


class Needs:
    """Knows the parents of the rows it has learned of.

    Args:
        schema: The source's schema.
        growing: The sample; asked for the parents of rows.
    """

    def __init__(self, schema: Schema, growing: Growing) -> None:
        self._schema = schema
        self._growing = growing
        self._parents: dict[Row, tuple[Row, ...]] = {}

    def learn(self, table: str, keys: Iterable[RowKey]) -> None:
        """Learn what some rows need, and what those need that are not in the sample yet.

        Rows that no key tells apart need nothing here: only their whole table would tell.
        """
        waiting: dict[str, set[RowKey]] = {table: set(keys)}
        while waiting:
            name, some = waiting.popitem()
            asked = [key for key in sorted(some) if (name, key) not in self._parents]
            for key, parents in self._growing.parents_of(self._schema.tables[name], asked):
                self._parents[name, key] = parents
                for parent, parent_key in parents:
                    if not self._is_taken((parent, parent_key)):
                        waiting.setdefault(parent, set()).add(parent_key)

    def missing(self, row: Row) -> frozenset[Row]:
        """Give the rows that would come with one: not itself, and none that is taken."""
        found: set[Row] = set()
        waiting = [row]
        while waiting:
            for parent in self._parents.get(waiting.pop(), ()):
                if parent != row and parent not in found and not self._is_taken(parent):
                    found.add(parent)
                    waiting.append(parent)
        return frozenset(found)

    def _is_taken(self, row: Row) -> bool:
        taken = self._growing.taken.get(row[0])
        return taken is None or row[1] in taken
