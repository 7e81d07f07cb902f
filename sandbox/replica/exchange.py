"""What a clone of a sandbox is asked, and what is heard of it: what experiments stand on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Ask:
    """An HTTP request as it is sent.

    Attributes:
        method: Its method.
        url: Path and query.
        headers: Its headers, cookies included.
        body: Its body.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of a request.

    Attributes:
        status: HTTP status; 0 where no answer came at all.
        headers: The answer's headers as they came, repeated ones too.
        body: The answer's body, unpacked.
        seconds: How long it took.
        logged: By the path of each log, what the server wrote to it meanwhile.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    seconds: float
    logged: Mapping[str, bytes] = field(default_factory=dict)

    def header(self, name: str) -> str:
        """Give the first header of a name, whatever its case; empty where there is none."""
        wanted = name.lower()
        return next((value for one, value in self.headers if one.lower() == wanted), "")


class Clone(Protocol):
    """A throw-away copy of a sandbox: its own servers, its own database, its own sealed network."""

    @property
    def servers(self) -> tuple[str, ...]:
        """Names of its web servers."""

    def ask(self, server: str, request: Ask) -> Heard:
        """Send a request to a server, wait for the answer, and read what was logged of it.

        Raises:
            StackError: The server could not be asked at all.
        """

    def renew_database(self) -> None:
        """Put the golden database in the place of the one that was written to.

        Raises:
            StackError: It does not start.
        """
