"""What a load made in its target: a load that fails drops that again, and nothing else."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from sandbox.database.expressions import quoted
from sandbox.database.writer import Writer
from sandbox.errors import SourceError, SourceLost
from sandbox.model import SchemaObject


class Made:
    """The objects that a load made so far, in their order."""

    def __init__(self) -> None:
        self._objects: list[SchemaObject] = []

    @contextlib.contextmanager
    def creating(self, described: SchemaObject) -> Iterator[None]:
        """Create an object inside. What the server refuses was not made, but is perhaps another's.

        Where the connection broke, or we were interrupted, the server may have made it.
        """
        self._objects.append(described)
        try:
            yield
        except SourceLost:
            raise
        except SourceError:
            self._objects.pop()
            raise

    def drop(self, writer: Writer) -> None:
        """Drop all of it, the last made first.

        Raises:
            SourceError: The server does not let it go.
        """
        for described in reversed(self._objects):
            kind = described.kind.value.upper()
            writer.execute(f"DROP {kind} IF EXISTS {quoted(described.name)}")
