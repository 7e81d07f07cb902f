"""What one profile remembers for the next: where it has read, and which rows were odd. Pure.

A table that is too large for the time is read in part, another part every week. What earlier parts
showed is not lost: the rows that were odd are read again by their keys, and judged as they are now.
Only whole numbers are remembered, for a key that is a text may be a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Protocol

from sandbox.model import Table

Block = tuple[int, int]  # the first number of a range of keys, and the one behind its last
_MOST_BLOCKS = 2000
_MOST_ROWS = 20_000
_NEVER = date.min


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is remembered of one table.

    Attributes:
        odd: Keys of rows that were candidates of a class, in ascending order.
        read: Blocks of the key that were read, the latest first, each with the day.
    """

    odd: tuple[int, ...] = ()
    read: tuple[tuple[Block, date], ...] = ()

    def read_on(self, block: Block) -> date:
        """Give the day on which the middle of a block was read last; the first of all for never."""
        middle = sum(block) // 2
        return next((day for (low, high), day in self.read if low <= middle < high), _NEVER)

    def has_read(self, block: Block) -> bool:
        """Tell whether a block was read before."""
        return self.read_on(block) != _NEVER

    def beside(self, blocks: Sequence[Block]) -> list[int]:
        """Give the rows that are in none of some blocks."""
        return [key for key in self.odd if not any(low <= key < high for low, high in blocks)]

    def age(self, today: date) -> int:
        """Give how many days ago the oldest of it was read."""
        return max(((today - day).days for _, day in self.read), default=0)

    def followed_by(self, odd: Iterable[int], blocks: Iterable[Block], today: date) -> Remembered:
        """Give what is remembered when more was read.

        Args:
            odd: The rows that are worth a look now, those that were remembered among them.
            blocks: What was read today.
            today: The day.
        """
        fresh = dict.fromkeys(sorted(blocks), today)
        older = [
            (block, day)
            for block, day in self.read
            if not any(low <= block[0] and block[1] <= high for low, high in fresh)
        ]
        return Remembered(
            tuple(sorted(islice(odd, _MOST_ROWS))),
            tuple([*fresh.items(), *older][:_MOST_BLOCKS]),
        )


class Memory(Protocol):
    """Where profiles are kept between exports."""

    @property
    def today(self) -> date:
        """The day that is noted for what is read now."""

    def recall(self, table: Table, where: str) -> Remembered | None:
        """Give what is remembered of those rows of a table that meet a condition.

        None where that is nothing, or nothing that fits the table as it is now.
        """

    def keep(self, table: Table, where: str, remembered: Remembered) -> None:
        """Remember something of those rows until the next time."""


class NoMemory:
    """Remembers nothing."""

    today = _NEVER

    def recall(self, table: Table, where: str) -> None:
        """Give nothing."""

    def keep(self, table: Table, where: str, remembered: Remembered) -> None:
        """Forget it."""


def has_blocks(table: Table) -> bool:
    """Tell whether a table can be read in blocks of its key: one whole number, in a snapshot."""
    identity = table.identity
    return len(identity) == 1 and identity[0].is_integer and table.transactional
