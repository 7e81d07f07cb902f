"""The record of every statement that runs on a server, for those who answer for it.

Its statements can hold key values of production: it goes only where ops point it, never into a
bundle, a message or a log of ours. No statement of ours holds a password.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import IO


class StatementLog:
    """Takes each statement as it is sent; hands it to a file or a function, or drops it.

    Args:
        file: Where each statement is written, one after the other, each ended by ``;``.
        call: What is called with each statement.
    """

    def __init__(
        self, file: IO[str] | None = None, call: Callable[[str], None] | None = None
    ) -> None:
        self._file = file
        self._call = call

    def record(self, sql: str) -> None:
        """Record a statement that is about to be sent."""
        if self._file is not None:
            self._file.write(f"{sql};\n")
            # Complete up to the statement that hangs, and whole lines from several processes.
            self._file.flush()
        if self._call is not None:
            self._call(sql)
