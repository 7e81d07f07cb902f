"""The statements that make a session harmless and exact, by family and version."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sandbox.database.server import Server
from sandbox.database.statement_sizes import SECONDS
from sandbox.model import Family


@dataclass(frozen=True, slots=True)
class Limits:
    """How long production has to put up with what.

    Attributes:
        lock_wait: Seconds that we wait for a lock, and so hold up whoever waits behind us.
        whole: Seconds that it is read altogether.
        snapshot: Seconds that a snapshot may be open: the server keeps old versions of rows for it.
        statement: Seconds that one statement may run.
        idle: Seconds after which the server ends a session of ours that says nothing. Sessions of
            one moment wait for their turn, so it is not less than `snapshot`.
        network: Seconds that the server waits for us to take what it sends.
        per_statement: Seconds that a statement which names keys should take at most: it names
            fewer where it takes longer.
    """

    lock_wait: int = 1
    whole: int = 4 * 3600
    snapshot: int = 4 * 3600
    statement: int = 4 * 3600
    idle: int = 4 * 3600
    network: int = 3600
    per_statement: float = SECONDS

    def after(self, seconds: float) -> Limits:
        """Give what is left of them when so many seconds have passed."""
        left = max(1, int(self.whole - seconds))
        return replace(self, statement=min(self.statement, left))


def limits_of(whole: int, *, snapshot: int | None = None, per_statement: float = SECONDS) -> Limits:
    """Give the limits of an export that may read for so many seconds.

    Args:
        whole: Seconds that it may read altogether.
        snapshot: Seconds that its snapshot may be open; the same where None.
        per_statement: Seconds that a statement which names keys should take at most.
    """
    return Limits(
        whole=whole,
        snapshot=whole if snapshot is None else snapshot,
        statement=whole,
        idle=whole,
        per_statement=per_statement,
    )


# Without ALLOW_INVALID_DATES, MySQL 8 and later refuse to compare with 2023-02-30, stored or not.
READ_SQL_MODE = "ALLOW_INVALID_DATES"
BEGIN_SNAPSHOT = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
SAVEPOINT = "SAVEPOINT sandbox"
RELEASE = "ROLLBACK TO SAVEPOINT sandbox"


def discipline(server: Server, limits: Limits) -> tuple[str, ...]:
    """Give the settings of every session that reads production."""
    return (
        "SET SESSION TRANSACTION READ ONLY",
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        f"SET SESSION sql_mode = '{READ_SQL_MODE}'",
        "SET SESSION time_zone = '+00:00'",
        f"SET SESSION lock_wait_timeout = {limits.lock_wait}",
        f"SET SESSION innodb_lock_wait_timeout = {limits.lock_wait}",
        f"SET SESSION net_read_timeout = {limits.network}",
        f"SET SESSION net_write_timeout = {limits.network}",
        f"SET SESSION wait_timeout = {limits.idle}",
        *_of_family(server, limits),
    )


def _of_family(server: Server, limits: Limits) -> tuple[str, ...]:
    if server.family is Family.MARIADB:
        statements = [f"SET SESSION max_statement_time = {limits.statement}"]
        if server.numbers >= (10, 3, 0):
            # A long IN list must stay a range over the key, not become a temporary table.
            statements.append("SET SESSION in_predicate_conversion_threshold = 0")
            statements.append(f"SET SESSION idle_transaction_timeout = {limits.idle}")
            statements.append(f"SET SESSION idle_readonly_transaction_timeout = {limits.idle}")
        return tuple(statements)
    if server.numbers >= (5, 7, 8):
        return (f"SET SESSION max_execution_time = {limits.statement * 1000}",)
    return ()


def exact_results() -> tuple[str, ...]:
    """Give the settings of a session that reads rows: bytes as stored, literals as in utf8mb4."""
    return ("SET SESSION character_set_results = binary",)


def catalogue_settings(server: Server) -> tuple[str, ...]:
    """Give the settings of a session that asks for definitions."""
    statements = ["SET SESSION sql_quote_show_create = 1"]
    if server.family is Family.MYSQL and server.numbers >= (8, 0, 0):
        # Estimates of rows may else be a day old, or empty.
        statements.append("SET SESSION information_schema_stats_expiry = 0")
    if server.family is Family.MYSQL and server.numbers >= (8, 0, 30):
        statements.append("SET SESSION show_gipk_in_create_table_and_information_schema = ON")
    return tuple(statements)


def writing(server: Server, sql_mode: str, limits: Limits) -> tuple[str, ...]:
    """Give the settings of a session that loads rows into a database of ours."""
    statements = [
        f"SET SESSION sql_mode = '{sql_mode}'",
        "SET SESSION time_zone = '+00:00'",
        "SET SESSION foreign_key_checks = 0",
        "SET SESSION unique_checks = 0",
        "SET SESSION autocommit = 1",
        f"SET SESSION net_read_timeout = {limits.network}",
        f"SET SESSION net_write_timeout = {limits.network}",
        # It is idle while other sessions of the load work; the server's own limit may be minutes.
        f"SET SESSION wait_timeout = {limits.idle}",
        *_of_family(server, limits),
    ]
    if server.family is Family.MARIADB:
        statements.append("SET SESSION check_constraint_checks = 0")
    return tuple(statements)
