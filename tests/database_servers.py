"""Database servers of every family and version, shared by the tests of the database stage."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import MySQLdb
import pytest
from testcontainers.core.container import DockerContainer

from sandbox.database.address import Address
from sandbox.database.connect import Endpoint, Tls
from sandbox.database.credentials import Secret
from sandbox.database.statements import StatementLog

ROOT = "r'o\"ot\\ $1"
SERVERS = [("mariadb", "10.5"), ("mariadb", "10.11"), ("mariadb", "11.8"), ("mysql", "9.7")]
# The oldest is asked in `make test-all` only: nobody maintains it any more.
EVERY_SERVER = [
    pytest.param(server, id=" ".join(server), marks=pytest.mark.heavy if old else ())
    for server in SERVERS
    for old in (server[1] == "10.5",)
]
NOWHERE = StatementLog()
_NUMBERS = itertools.count(1)


@dataclass
class DatabaseServer:
    """A server in a container, with an administrator's connection."""

    family: str
    version: str
    container: DockerContainer
    port: int
    _connection: Any = field(default=None, repr=False)

    @property
    def is_mariadb(self) -> bool:
        return self.family == "mariadb"

    def connect(self, database: str = "", user: str = "root", password: str = ROOT) -> Any:
        """Open a connection beside ours, as bytes."""
        return MySQLdb.connect(
            host="127.0.0.1",
            port=self.port,
            user=user,
            passwd=password,
            db=database,
            charset="utf8mb4",
            use_unicode=False,
            autocommit=True,
            connect_timeout=10,
        )

    def run(self, *statements: str | bytes, database: str = "") -> None:
        """Run statements as administrator."""
        connection = self.connect(database)
        try:
            for statement in statements:
                connection.query(statement.encode() if isinstance(statement, str) else statement)
                connection.store_result()
        finally:
            connection.close()

    def ask(self, sql: str, database: str = "") -> list[tuple[Any, ...]]:
        """Ask as administrator."""
        connection = self.connect(database)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET time_zone = '+00:00', sql_mode = 'ALLOW_INVALID_DATES'")
                cursor.execute(sql)
                return list(cursor.fetchall())
        finally:
            connection.close()

    def make_database(self, options: str = "CHARACTER SET utf8mb4") -> str:
        """Create a database of its own for a test."""
        name = f"shop{next(_NUMBERS)}"
        self.run(f"CREATE DATABASE {name} {options}")
        return name

    def make_account(self, *grants: str) -> str:
        """Create an account whose name is its password's beginning."""
        name = f"reader{next(_NUMBERS)}"
        self.run(f"CREATE USER {name} IDENTIFIED BY '{name}-secret'")
        self.run(*(f"GRANT {grant} TO {name}" for grant in grants))
        return name

    def endpoint(self, database: str, user: str = "root", password: str = "") -> Endpoint:
        """Give what our code needs to log in."""
        secret = password or (ROOT if user == "root" else f"{user}-secret")
        address = Address(user=user, host="127.0.0.1", port=self.port, database=database)
        return Endpoint(address, Secret(secret), Tls(required=False))
