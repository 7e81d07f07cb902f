"""How busy a source is: threads that run, seconds behind its primary, length of its history list.

Threads and the history list of MariaDB any account may see. MySQL shows the list to those with
PROCESS, and both the lag to those with the right of `sandbox.export.preflight`: unknown without.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.database.catalogue import Catalogue
from sandbox.errors import SourceError

_THREADS, _HISTORY = "Threads_running", "Innodb_history_list_length"
_STATUS = f"SHOW GLOBAL STATUS WHERE Variable_name IN ('{_THREADS}', '{_HISTORY}')"
_METRIC = (
    "SELECT COUNT FROM information_schema.INNODB_METRICS "
    "WHERE NAME = 'trx_rseg_history_len' AND STATUS = 'enabled'"
)
_BEHIND = ("Seconds_Behind_Source", "Seconds_Behind_Master")


@dataclass(frozen=True, slots=True)
class Load:
    """How busy a source is; None for what cannot be seen.

    Attributes:
        threads: Sessions that run a statement, ours among them.
        lag: Seconds that it is behind its primary; None also where it has none, or does not follow.
        history: Transactions whose old rows the server still keeps, for us or others.
    """

    threads: int
    lag: int | None = None
    history: int | None = None

    def at_most(self, other: Load) -> Load:
        """Give the larger of each."""
        return Load(
            max(self.threads, other.threads),
            _larger(self.lag, other.lag),
            _larger(self.history, other.history),
        )


def _larger(one: int | None, other: int | None) -> int | None:
    known = [value for value in (one, other) if value is not None]
    return max(known) if known else None


def sees_history(catalogue: Catalogue) -> bool:
    """Tell whether the account may see how long the history list is."""
    if catalogue.server.is_mariadb:
        return bool(catalogue.rows(f"SHOW GLOBAL STATUS LIKE '{_HISTORY}'"))
    try:
        return bool(catalogue.rows(_METRIC))
    except SourceError:
        return False


def ask_for_replicas(catalogue: Catalogue) -> str:
    """Give the statement that tells how a server follows others."""
    server = catalogue.server
    if server.is_mariadb:
        return "SHOW ALL SLAVES STATUS"
    return "SHOW REPLICA STATUS" if server.numbers >= (8, 0, 22) else "SHOW SLAVE STATUS"


class Gauge:
    """Reads the load of a source, at the cost of one to three short statements.

    Args:
        catalogue: A session of its own.
        is_replica: Whether the source is known to follow another server.
        history: Whether the account may see how long its history list is.
    """

    def __init__(self, catalogue: Catalogue, *, is_replica: bool, history: bool) -> None:
        self._catalogue = catalogue
        self._is_replica = is_replica
        self._history = history

    def read(self) -> Load:
        """Give the load of this moment.

        Raises:
            SourceError: The source cannot be asked any more.
        """
        status = {str(name): int(str(value)) for name, value in self._catalogue.rows(_STATUS)}
        history = status.get(_HISTORY)
        if self._history and history is None:
            found = self._catalogue.value(_METRIC)
            history = None if found is None else int(found)
        return Load(status.get(_THREADS, 0), self._lag() if self._is_replica else None, history)

    def close(self) -> None:
        """End the session."""
        self._catalogue.close()

    def _lag(self) -> int | None:
        """Give how far behind it is; of several primaries, behind the one farthest away."""
        found = [
            int(str(record[name]))
            for record in self._catalogue.records(ask_for_replicas(self._catalogue))
            for name in _BEHIND
            if record.get(name) is not None
        ]
        return max(found, default=None)
