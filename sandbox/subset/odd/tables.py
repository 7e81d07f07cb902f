"""One table's odd rows: one read of it finds them, another of the taken rows counts those."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sandbox.model import Batch, Table
from sandbox.subset.keys import KeySet, RowKey, keys_of
from sandbox.subset.lookups import key_columns
from sandbox.subset.odd.classes import family_of
from sandbox.subset.odd.columns import ColumnProfile
from sandbox.subset.odd.relations import Relation
from sandbox.subset.odd.tally import Drawn, Tally


class TableProfile:
    """Learns a table batch by batch, in memory that does not grow with it.

    Args:
        table: The table.
        wanted: How many rows of each class are wanted.
        drawn: Gives the number that was drawn for a row.
        relations: Those of the relations to learn from that the table has a side of.
    """

    def __init__(
        self, table: Table, wanted: int, drawn: Drawn, relations: Sequence[Relation] = ()
    ) -> None:
        self.table = table
        self.rows = 0
        self._columns = {
            column.name: ColumnProfile(table, column, wanted, drawn)
            for column in table.stored_columns
            if family_of(column)
        }
        self._relations = relations
        self._places = {column.name: at for at, column in enumerate(table.stored_columns)}

    def learn(self, batch: Batch) -> None:
        """Learn from some rows."""
        self.rows += len(batch)
        for name, profile in self._columns.items():
            profile.learn(batch.cells[self._places[name]], lambda rows: self.keys_at(batch, rows))
        for relation in self._relations:
            relation.learn(self.table, batch)

    def learn_again(self, batches: Iterable[Batch]) -> None:
        """Learn from rows that an earlier profile remembered, and that were not read this time.

        They are no part of the rows that were read, from which all others are estimated.
        """
        read = self.rows
        before = {tally: tally.rows for tally in self._known()}
        for batch in batches:
            self.learn(batch)
        self.rows = read
        for tally in self._known():
            earlier = before.get(tally, 0)
            # An extreme that was surpassed has begun again.
            tally.remembered = tally.rows - earlier if tally.rows >= earlier else tally.rows

    def worth_remembering(self) -> Iterator[RowKey]:
        """Give rows that are worth a look next time, those of the rarest classes first."""
        tallies = (
            tally for profile in self._columns.values() for tally in profile.tallies(self.rows)
        )
        keys = (
            key
            for tally in sorted(tallies, key=lambda one: one.rows)
            for group in tally.candidates
            for key in group
        )
        yield from dict.fromkeys(keys)

    def _known(self) -> Iterator[Tally]:
        for profile in self._columns.values():
            yield from profile.known()

    def keys_at(self, batch: Batch, rows: Sequence[int]) -> list[RowKey]:
        """Give the keys of some rows of a batch."""
        columns = [batch.cells[self._places[column.name]] for column in key_columns(self.table)]
        return keys_of(self.table, [[cells[row] for row in rows] for cells in columns])

    def count(self, batches: Iterable[Batch], taken: KeySet | None = None) -> None:
        """Count the rows of a sample by class.

        Args:
            batches: Rows of the table.
            taken: Those of their keys that are in the sample; all where None.
        """
        for batch in batches:
            kept = batch if taken is None else self._among(batch, taken)
            for name, profile in self._columns.items():
                profile.count(kept.cells[self._places[name]])

    def tallies(self) -> Iterator[tuple[Tally, float]]:
        """Give every class that has a row, and the part of the rows read that it looked at."""
        for profile in self._columns.values():
            for tally in profile.tallies(self.rows):
                yield tally, profile.share_of(tally)

    def forget(self) -> None:
        """Let go of what only learning needs; counting goes on."""
        for profile in self._columns.values():
            profile.forget()

    def _among(self, batch: Batch, taken: KeySet) -> Batch:
        keys = self.keys_at(batch, range(len(batch)))
        rows = [row for row, key in enumerate(keys) if key in taken]
        cells = tuple([column[row] for row in rows] for column in batch.cells)
        return Batch(batch.table, batch.columns, cells)
