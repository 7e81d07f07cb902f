"""Sessions of one moment in one process, used one after the other: in shifts.

MariaDB with a binary log keeps the metadata lock of every table that was read until the session
that read it ends, and an ALTER waits for it, and behind the ALTER everybody else. So the tables are
shared out to shifts, each shift has a session of its own, and that ends with it: no lock lasts
longer than its shift. All are opened beforehand, and then take their snapshots at one moment.
"""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.database.connect import Endpoint, open_reader
from sandbox.database.pace import Pace
from sandbox.database.reader import Reader
from sandbox.database.session import Limits
from sandbox.database.statements import StatementLog

SHIFTS = 8
"""How many sessions one process uses up, where locks outlive their table."""


class Sessions:
    """Sessions that were opened together; made by `open_sessions`."""

    def __init__(self, readers: list[Reader], limits: Limits) -> None:
        self._readers = readers
        self._limits = limits
        self._shift = 0

    def take_snapshots(self) -> None:
        """Take a snapshot in every one, right after each other."""
        for reader in self._readers:
            reader.take_snapshot(self._limits.snapshot)

    def positions(self) -> set[str | None]:
        """Give where in the binary log their snapshots are; one position means one moment."""
        return {reader.snapshot_position() for reader in self._readers}

    def of_shift(self, shift: int) -> Reader:
        """Give the session of a shift; those of earlier shifts end, and their locks with them.

        Args:
            shift: Its number, from 0, not less than the one before.
        """
        while self._shift < shift and len(self._readers) > 1:
            self._readers.pop(0).close()
            self._shift += 1
        return self._readers[0]

    def close(self) -> None:
        """End them all."""
        for reader in self._readers:
            reader.close()


def open_sessions(
    endpoint: Endpoint,
    statements: StatementLog,
    limits: Limits,
    count: int,
    pace: Pace | None = None,
) -> Sessions:
    """Open sessions, without a snapshot for now; `pace` tells each when it may read.

    Raises:
        SourceError: One cannot be opened; none stays open then.
    """
    readers: list[Reader] = []
    sessions = Sessions(readers, limits)
    try:
        for _ in range(count):
            reader = open_reader(endpoint, statements, snapshot=False, limits=limits, pace=pace)
            readers.append(reader)  # at once: it has to be closed if the next one fails
    except BaseException:
        sessions.close()
        raise
    return sessions


def within_limits(processes: int, shifts: int, free: int) -> tuple[int, int]:
    """Give how many processes and shifts there may be, for production needs connections, too.

    All sessions together, with the one that asks and the one that watches, take a quarter of those
    that are free.

    >>> within_limits(2, 8, free=140), within_limits(2, 8, free=40), within_limits(2, 1, free=3)
    ((2, 8), (2, 4), (1, 1))

    Args:
        processes: How many are wanted.
        shifts: How many are wanted.
        free: How many connections are.
    """
    most = max(1, free // 4 - 2)
    processes = min(processes, most)
    return processes, min(shifts, most // processes)


def shifts_of(weights: Sequence[int], count: int) -> list[int]:
    """Share things out to shifts, in order, so that each shift has about the same to do.

    >>> shifts_of([6, 1, 1, 1, 1, 1, 1], 3)
    [0, 1, 1, 1, 2, 2, 2]
    >>> shifts_of([7, 0, 0], 8)
    [0, 1, 2]

    Args:
        weights: How much each thing is.
        count: How many shifts there are.
    """
    shifts, shift, mine, left = [], 0, 0, sum(weights)
    for weight in weights:
        shifts.append(shift)
        mine += weight
        # This shift has its part of what it and the later ones have to do.
        if shift < count - 1 and mine * (count - shift) >= left:
            shift, mine, left = shift + 1, 0, left - mine
    return shifts
