"""Literals, and the statements of a session."""

from __future__ import annotations

import pytest

from sandbox.database.driver_errors import translated
from sandbox.database.literals import literal
from sandbox.database.server import read_version
from sandbox.database.session import Limits, catalogue_settings, discipline
from sandbox.errors import (
    NoLiteral,
    SourceBusy,
    SourceChanged,
    SourceError,
    SourceLost,
    StatementFailed,
)
from sandbox.model import Column, Family


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (b"-5", "bigint", "-5"),
        (b"3", "enum", "3"),
        (b"0000", "year", "0000"),
        (b"1.50", "decimal", "1.50"),
        (b"0.1", "double", "0.1e0"),
        (b"1e300", "double", "1e300"),
        (b"2023-02-30", "date", "'2023-02-30'"),
        (b"-838:59:58.5", "time", "'-838:59:58.5'"),
        (b"fe80::1", "inet6", "'fe80::1'"),
        (b"\x00'", "varbinary", "x'0027'"),
        (b"", "blob", "''"),
    ],
)
def test_literal_of_each_kind(value: bytes, kind: str, expected: str) -> None:
    assert literal(value, Column("c", kind, kind)) == expected


def test_text_names_its_character_set() -> None:
    column = Column("c", "varchar", "varchar(9)", charset="utf8mb4", collation="utf8mb4_bin")
    assert literal("it's ß".encode(), column) == "_utf8mb4 x'6974277320c39f'"


@pytest.mark.parametrize("kind", ["int", "decimal", "double", "date", "enum", "inet6", "uuid"])
@pytest.mark.parametrize("value", [b"1 OR 1=1", b"'", b"1); DROP TABLE t", b"", b"1\n", b"\xff"])
def test_bytes_that_are_no_value_become_no_statement(kind: str, value: bytes) -> None:
    with pytest.raises(NoLiteral) as caught:
        literal(value, Column("c", kind, kind))
    assert "DROP" not in caught.value.message


def test_kinds_that_do_not_compare_have_no_literal() -> None:
    for column in (Column("c", "json", "json"), Column("c", "varchar", "v", charset="x'; --")):
        with pytest.raises(NoLiteral):
            literal(b"1", column)


@pytest.mark.parametrize(
    ("text", "family", "numbers"),
    [
        ("5.5.5-10.5.23-MariaDB-0+deb11u1-log", Family.MARIADB, (10, 5, 23)),
        ("11.8.9-MariaDB-0+deb13u1 from Debian", Family.MARIADB, (11, 8, 9)),
        ("9.7.4-2", Family.MYSQL, (9, 7, 4)),
        ("8.0.36-28.1 Percona", Family.MYSQL, (8, 0, 36)),
        ("5.7.44-log", Family.MYSQL, (5, 7, 44)),
        ("odd", Family.MYSQL, (0, 0, 0)),
    ],
)
def test_version_tells_family_and_numbers(
    text: str, family: Family, numbers: tuple[int, int, int]
) -> None:
    server = read_version(text)
    assert (server.family, server.numbers) == (family, numbers)


@pytest.mark.parametrize("version", ["5.7.44", "8.0.36", "9.7.4", "10.2.1-MariaDB", "11.8-MariaDB"])
def test_every_session_waits_one_second_for_locks_and_only_reads(version: str) -> None:
    server = read_version(version)
    statements = discipline(server, Limits(statement=60))
    assert statements[0] == "SET SESSION TRANSACTION READ ONLY"
    assert "SET SESSION lock_wait_timeout = 1" in statements
    assert "SET SESSION time_zone = '+00:00'" in statements
    limit = "max_statement_time = 60" if server.is_mariadb else "max_execution_time = 60000"
    assert f"SET SESSION {limit}" in statements
    fresh = "SET SESSION information_schema_stats_expiry = 0" in catalogue_settings(server)
    assert fresh is (version in {"8.0.36", "9.7.4"})


class OperationalError(Exception):
    """Stands for the driver's error of this name."""

    __module__ = "MySQLdb._exceptions"


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (1412, SourceChanged),
        (1146, SourceChanged),
        (1205, SourceBusy),
        (1969, SourceBusy),
        (3024, SourceBusy),
        (2013, SourceLost),
        (1317, SourceLost),
        (1064, StatementFailed),
        (9999, StatementFailed),
    ],
)
def test_errors_of_the_driver_keep_their_number_only(number: int, kind: type[SourceError]) -> None:
    with pytest.raises(SourceError) as caught, translated("table orders"):
        raise OperationalError(number, "Duplicate entry 'planted@example.org' for key")
    assert type(caught.value) is kind
    assert f"error {number}" in caught.value.message
    assert "table orders" in caught.value.message
    assert "planted" not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_errors_that_are_not_the_drivers_pass() -> None:
    with pytest.raises(ZeroDivisionError), translated("x"):
        raise ZeroDivisionError
    with pytest.raises(SourceChanged), translated("x"):
        raise SourceChanged("ours")
