"""Reading rows: every trap of a server that decides whether a copy is true."""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import MySQLdb
import pytest

from database_servers import NOWHERE, DatabaseServer
from sandbox.database.connect import open_catalogue, open_reader, open_writer
from sandbox.database.expressions import load_target, quoted
from sandbox.database.reader import Reader
from sandbox.database.schema import read_schema
from sandbox.database.session import Limits, limits_of
from sandbox.database.statements import StatementLog
from sandbox.errors import (
    SnapshotTooOld,
    SourceBusy,
    SourceChanged,
    SourceError,
    SourceLost,
    StatementFailed,
)
from sandbox.model import Batch, Cell, Table
from sandbox.subset.keys import key_set_for, keys_of

pytestmark = pytest.mark.docker

SLACK = "SET SESSION sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO'"
BIT_PATTERN = "0123456789abcdef"


def described(server: DatabaseServer, database: str, table: str) -> Table:
    with open_catalogue(server.endpoint(database), NOWHERE) as catalogue:
        return read_schema(catalogue, database).tables[table]


def joined(batches: Sequence[Batch]) -> list[tuple[Cell, ...]]:
    return [row for batch in batches for row in zip(*batch.cells, strict=True)]


def rows_of(
    server: DatabaseServer, database: str, table: str, where: str = ""
) -> list[tuple[Cell, ...]]:
    description = described(server, database, table)
    with open_reader(server.endpoint(database), NOWHERE, snapshot=True) as reader:
        return joined(list(reader.batches(description, where)))


def column_of(server: DatabaseServer, declared: str, values: Sequence[str]) -> list[Cell]:
    """Store values, one a row, and read the column back."""
    database = server.make_database()
    connection = server.connect(database)
    with connection, connection.cursor() as cursor:
        cursor.execute(SLACK)
        cursor.execute("SET time_zone = '+00:00'")
        cursor.execute(f"CREATE TABLE t (id INT PRIMARY KEY, v {declared})")
        for number, value in enumerate(values):
            cursor.execute(f"INSERT INTO t VALUES ({number}, {value})".encode("latin1", "replace"))
    return [row[1] for row in rows_of(server, database, "t")]


def test_doubles_come_with_every_bit(database_server: DatabaseServer) -> None:
    values = [0.1, 1 / 3, 1.7976931348623157e308, -5e-324, 2.2250738585072014e-308, 1e15, 1e16]
    values += [123456789012345678.0, 9007199254740993.0, -0.1, 1e-5, 12345.678901234567]
    read = column_of(database_server, "DOUBLE", [f"'{value!r}'" for value in values])
    assert [float(cell or b"x") for cell in read] == values


def test_floats_come_with_every_bit(database_server: DatabaseServer) -> None:
    patterns = [0x7F7FFFFF, 0x00800000, 0x3DCCCCCD, 0x40490FDB, 0xC2F6E979, 0x4B7FFFFF, 0x322BCC77]
    values = [struct.unpack("<f", struct.pack("<I", pattern))[0] for pattern in patterns]
    read = column_of(database_server, "FLOAT", [f"'{value!r}'" for value in values])
    bits = [struct.unpack("<I", struct.pack("<f", float(cell or b"x")))[0] for cell in read]
    assert bits == patterns


@pytest.mark.parametrize("declared", ["FLOAT", "DOUBLE"])
def test_negative_zero_comes_as_it_is_stored(
    database_server: DatabaseServer, declared: str
) -> None:
    (cell,) = column_of(database_server, declared, ["'-0.0'"])
    # Newer MariaDB stores no negative zero: the angle of (0, v) is 0 for it, and pi for -0.
    keeps_sign = database_server.version in {"10.5", "9.7"}
    assert cell == (b"-0" if keeps_sign else b"0")


def test_declared_decimals_of_floats_lose_nothing(database_server: DatabaseServer) -> None:
    read = column_of(database_server, "FLOAT(7,3)", ["1234.567", "0.001"])
    assert [struct.pack("<f", float(cell or b"x")) for cell in read] == [
        struct.pack("<f", 1234.567),
        struct.pack("<f", 0.001),
    ]
    read = column_of(database_server, "DOUBLE(22,2)", ["12345678901234.56", "0.07"])
    assert [float(cell or b"x") for cell in read] == [12345678901234.56, 0.07]


@pytest.mark.parametrize("width", [1, 7, 8, 9, 31, 33, 63, 64])
def test_bits_come_as_numbers(database_server: DatabaseServer, width: int) -> None:
    largest = 2**width - 1
    assert column_of(database_server, f"BIT({width})", ["0", "1", str(largest), "NULL"]) == [
        b"0",
        b"1",
        str(largest).encode(),
        None,
    ]


def test_whole_numbers_come_whole(database_server: DatabaseServer) -> None:
    largest = ["18446744073709551615", "0"]
    assert column_of(database_server, "BIGINT UNSIGNED", largest) == [
        number.encode() for number in largest
    ]
    smallest = ["-9223372036854775808", "9223372036854775807"]
    assert column_of(database_server, "BIGINT", smallest) == [n.encode() for n in smallest]
    exact = ["99999999999999999999999999999999999.999999999999999999999999999999", "-0.5"]
    assert column_of(database_server, "DECIMAL(65,30)", exact) == [
        exact[0].encode(),
        b"-0.500000000000000000000000000000",
    ]


def test_enum_tells_invalid_from_empty_member(database_server: DatabaseServer) -> None:
    read = column_of(database_server, "ENUM('','a','b')", ["''", "0", "'b'", "NULL"])
    assert read == [b"1", b"0", b"3", None]


def test_set_comes_as_mask(database_server: DatabaseServer) -> None:
    members = ",".join(f"'m{number}'" for number in range(64))
    read = column_of(database_server, f"SET({members})", ["''", "'m0,m63'", "'m5'", "NULL"])
    assert read == [b"0", str(2**63 + 1).encode(), b"32", None]


def test_zero_and_impossible_dates_come_as_they_are(database_server: DatabaseServer) -> None:
    dates = ["0000-00-00", "2023-00-00", "2023-05-00", "2023-02-30", "9999-12-31", "0001-01-01"]
    assert column_of(database_server, "DATE", [f"'{date}'" for date in dates]) == [
        date.encode() for date in dates
    ]
    moments = ["0000-00-00 00:00:00.000000", "2023-02-30 23:59:59.999999"]
    assert column_of(database_server, "DATETIME(6)", [f"'{moment}'" for moment in moments]) == [
        moment.encode() for moment in moments
    ]
    assert column_of(database_server, "YEAR", ["0", "1901", "2155"]) == [b"0000", b"1901", b"2155"]


def test_times_beyond_a_day_come_as_they_are(database_server: DatabaseServer) -> None:
    times = ["838:59:58.999999", "-838:59:58.000001", "-00:00:00.500000", "24:00:00.000000"]
    assert column_of(database_server, "TIME(6)", [f"'{time}'" for time in times]) == [
        time.encode() for time in times
    ]


def test_both_passes_of_a_repeated_hour_stay_apart(database_server: DatabaseServer) -> None:
    database = database_server.make_database()
    moments = [1635638400, 1635642000, 1635645600]  # 02:00 CEST, 02:00 CET of 2021-10-31, 03:00
    texts = [
        datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S") for moment in moments
    ]
    database_server.run(
        "SET time_zone = '+00:00'",
        "CREATE TABLE t (id INT PRIMARY KEY, v TIMESTAMP NULL)",
        *(f"INSERT INTO t VALUES ({n}, '{text}')" for n, text in zip(moments, texts, strict=True)),
        "SET GLOBAL time_zone = 'Europe/Berlin'",
        database=database,
    )
    try:
        read = rows_of(database_server, database, "t")
    finally:
        database_server.run("SET GLOBAL time_zone = DEFAULT")
    assert read == [
        (str(moment).encode(), text.encode()) for moment, text in zip(moments, texts, strict=True)
    ]


@pytest.mark.parametrize(
    "declared",
    [
        "VARBINARY(300)",
        "LONGBLOB",
        "VARCHAR(300) CHARACTER SET latin1",
        "VARCHAR(300) CHARACTER SET cp1251",
        "TEXT CHARACTER SET latin1",
    ],
)
def test_every_byte_comes_as_stored(database_server: DatabaseServer, declared: str) -> None:
    everything = bytes(range(256))
    introducer = "_latin1 " if "latin1" in declared else ""
    introducer = "_cp1251 " if "cp1251" in declared else introducer
    values = [f"{introducer}x'{everything.hex()}'", "''", "NULL", f"{introducer}x'20200020'"]
    assert column_of(database_server, declared, values) == [everything, b"", None, b"  \0 "]


@pytest.mark.parametrize("charset", ["utf8mb4", "utf8mb3", "ucs2", "utf16", "utf32"])
def test_text_comes_in_its_own_character_set(database_server: DatabaseServer, charset: str) -> None:
    codec = {"utf8mb4": "utf-8", "utf8mb3": "utf-8", "ucs2": "utf-16-be"}
    name = codec.get(charset, f"{charset.replace('utf', 'utf-')}-be")
    texts = ["Zoë", "\N{NO-BREAK SPACE}x\u200b ", "NULL", "\\N"]
    values = [f"CONVERT(_utf8mb4 x'{text.encode().hex()}' USING {charset})" for text in texts]
    assert column_of(database_server, f"VARCHAR(20) CHARACTER SET {charset}", values) == [
        text.encode(name) for text in texts
    ]


def test_json_and_spatial_values_come_as_the_server_holds_them(
    database_server: DatabaseServer,
) -> None:
    database = database_server.make_database()
    database_server.run(
        "CREATE TABLE t (id INT PRIMARY KEY, j JSON, p POINT, g GEOMETRY)",
        """INSERT INTO t VALUES (1, '{"b":1,"a":[1.50,"\u00eb\\\\n"],"b":2}',
           ST_GeomFromText('POINT(1.5 -2)'), ST_GeomFromText('LINESTRING(0 0,1 1)', 4326))""",
        "INSERT INTO t VALUES (2, 'null', NULL, NULL), (3, NULL, NULL, NULL)",
        database=database,
    )
    expected = database_server.ask(
        "SELECT CAST(id AS CHAR), HEX(CAST(j AS CHAR CHARACTER SET utf8mb4)),"
        " HEX(CAST(ST_SRID(p) AS CHAR)), HEX(ST_AsBinary(p)),"
        " CAST(ST_SRID(g) AS CHAR), HEX(ST_AsBinary(g, 'axis-order=long-lat')) FROM t ORDER BY id"
        if not database_server.is_mariadb
        else "SELECT CAST(id AS CHAR), HEX(j), HEX(CAST(ST_SRID(p) AS CHAR)), HEX(ST_AsBinary(p)),"
        " CAST(ST_SRID(g) AS CHAR), HEX(ST_AsBinary(g)) FROM t ORDER BY id",
        database,
    )
    read = rows_of(database_server, database, "t")
    assert [row[0] for row in read] == [b"1", b"2", b"3"]
    for row, (_, text, _, point, reference, line) in zip(read, expected, strict=True):
        assert (row[1] or b"").hex().upper() == (text or b"").decode()
        assert (row[2] or b"")[4:].hex().upper() == (point or b"").decode()
        assert (row[3] or b"")[4:].hex().upper() == (line or b"").decode()
        assert int.from_bytes((row[3] or b"")[:4], "little") == int(reference or b"0")


def test_types_of_mariadb_alone_come_as_text(database_server: DatabaseServer) -> None:
    if not database_server.is_mariadb:
        pytest.skip("types of MariaDB")
    assert column_of(database_server, "INET6", ["'::ffff:10.0.0.1'", "'fe80::1'", "NULL"]) == [
        b"::ffff:10.0.0.1",
        b"fe80::1",
        None,
    ]
    if database_server.version == "10.5":
        return
    text = "123e4567-e89b-12d3-a456-426655440000"
    assert column_of(database_server, "UUID", [f"'{text}'"]) == [text.encode()]
    assert column_of(database_server, "INET4", ["'10.0.0.1'"]) == [b"10.0.0.1"]


def test_zero_and_negative_keys_are_read_in_order(database_server: DatabaseServer) -> None:
    database = database_server.make_database()
    database_server.run(
        "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
        "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(5))",
        "INSERT INTO t VALUES (3, NULL), (0, ''), (-7, 'a'), (1, '0')",
        database=database,
    )
    assert rows_of(database_server, database, "t") == [
        (b"-7", b"a"),
        (b"0", b""),
        (b"1", b"0"),
        (b"3", None),
    ]


def test_generated_columns_are_not_read_and_invisible_ones_are(
    database_server: DatabaseServer,
) -> None:
    database = database_server.make_database()
    stored = "PERSISTENT" if database_server.is_mariadb else "STORED"
    database_server.run(
        "CREATE TABLE t (id INT PRIMARY KEY, a INT AS (id + 1) VIRTUAL, "
        f"b INT AS (id + 2) {stored}, c INT DEFAULT 5 INVISIBLE, d INT)",
        "INSERT INTO t (id, c, d) VALUES (1, 2, 3)",
        database=database,
    )
    assert [c.name for c in described(database_server, database, "t").stored_columns] == [
        "id",
        "c",
        "d",
    ]
    assert rows_of(database_server, database, "t") == [(b"1", b"2", b"3")]


def test_condition_cannot_leave_its_parentheses(database_server: DatabaseServer) -> None:
    database = database_server.make_database()
    database_server.run(
        "CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1),(2)", database=database
    )
    assert rows_of(database_server, database, "t", "id = 2 -- only this") == [(b"2",)]
    with pytest.raises(StatementFailed):
        rows_of(database_server, database, "t", "id = 1); DROP TABLE t; -- ")
    assert rows_of(database_server, database, "t") == [(b"1",), (b"2",)]


KEYS = {
    "INT": ["-5", "0", "7"],
    "BIGINT UNSIGNED": ["0", "18446744073709551615", "9223372036854775808"],
    "VARCHAR(20) CHARACTER SET latin1": ["_latin1 x'4de4'", "'b '", "'it''s \\\\'"],
    "VARCHAR(20) CHARACTER SET utf8mb4": ["'ß'", "'x'", "''"],
    "VARBINARY(20)": ["x''", "x'ff00'", "'a'"],
    "DATE": ["'0000-00-00'", "'2023-02-30'", "'2024-02-29'"],
    "DATETIME(3)": ["'2023-02-30 10:00:00.123'", "'2024-01-01 00:00:00'", "'0000-00-00 00:00:00'"],
    "DECIMAL(30,10)": ["1.5", "-99999999999999999999.9999999999", "0"],
    "DOUBLE": ["0.1", "1e300", "-5e-324"],
    "FLOAT": ["0.1", "3.4028235e38", "16777216"],
    "ENUM('','a')": ["0", "''", "'a'"],
    "SET('a','b')": ["''", "'a'", "'a,b'"],
    "BIT(64)": ["0", "1", "18446744073709551615"],
    "YEAR": ["0", "1901", "2155"],
    "TIME(2)": ["'-10:00:00.01'", "'838:59:58'", "'00:00:00'"],
    "TIMESTAMP": ["'2021-10-31 00:30:00'", "'2021-10-31 01:30:00'", "'1970-01-01 00:00:01'"],
}


# In an order of bytes that is none of any collation.
WORDS = [f"{a}{b}{c}" for a in "zAéaZ" for b in "bBßs" for c in range(20)]

KEYED = [("t", "k, n", "InnoDB"), ("m", "k, n", "MyISAM"), ("r", "n, k", "InnoDB")]
KEYED.append(("s", "k", "InnoDB"))


@pytest.mark.parametrize("declared", KEYS)
def test_rows_are_found_by_the_keys_that_were_read(
    database_server: DatabaseServer, declared: str
) -> None:
    database = database_server.make_database()
    connection = database_server.connect(database)
    with connection, connection.cursor() as cursor:
        cursor.execute(SLACK)
        cursor.execute("SET time_zone = '+00:00'")
        for name, key, engine in KEYED:
            cursor.execute(
                f"CREATE TABLE {name} (k {declared} NOT NULL, n INT NOT NULL, "
                f"PRIMARY KEY ({key})) ENGINE={engine}"
            )
            for number, value in enumerate(KEYS[declared]):
                cursor.execute(f"INSERT INTO {name} VALUES ({value}, {number})")
    for name, key, _ in KEYED:
        table = described(database_server, database, name)
        with open_reader(database_server.endpoint(database), NOWHERE, snapshot=True) as reader:
            every = joined(list(reader.batches(table)))
            assert len(every) == 3
            whole = [(row[0] or b"", int(row[1] or 0)) for row in every]
            orders = {"k, n": (0, 1), "n, k": (1, 0), "k": (0,)}
            keys = [tuple(one[at] for at in orders[key]) for one in whole]
            for row, one in zip(every, keys, strict=True):
                assert joined(list(reader.batches_by_keys(table, [one]))) == [row]
            assert joined(list(reader.batches_by_keys(table, keys))) == every


def test_keys_are_asked_for_in_portions(database_server: DatabaseServer) -> None:
    database = database_server.make_database()
    database_server.run(
        "CREATE TABLE t (id INT PRIMARY KEY)",
        f"INSERT INTO t VALUES {','.join(f'({n})' for n in range(0, 5000, 2))}",
        database=database,
    )
    table = described(database_server, database, "t")
    for per_statement, selects in ((3600.0, 7), (0.0, 471)):  # 250, 500, 1000 …; 250, 62, 16, 10 …
        statements: list[str] = []
        log = StatementLog(call=statements.append)
        limits = Limits(per_statement=per_statement)
        endpoint = database_server.endpoint(database)
        with open_reader(endpoint, log, snapshot=True, limits=limits) as reader:
            before = len(statements)
            found = joined(list(reader.batches_by_keys(table, range(5000))))
        assert [int(row[0] or b"x") for row in found] == list(range(0, 5000, 2))
        ran = [text.split(" ")[0] for text in statements[before:]]
        assert ran == ["SAVEPOINT", *["SELECT"] * selects, "ROLLBACK"]


@pytest.mark.parametrize("stored", ["InnoDB", "MyISAM"])
@pytest.mark.parametrize("columns", ["name", "name, id", "id, day"])
def test_rows_come_in_the_order_of_their_keys_whatever_a_statement_names(
    database_server: DatabaseServer, columns: str, stored: str
) -> None:
    database = database_server.make_database()
    words = [f"('{word}', {n % 100}, '2026-01-{1 + n % 28:02}')" for n, word in enumerate(WORDS)]
    database_server.run(
        "CREATE TABLE t (name VARCHAR(20) NOT NULL, id INT NOT NULL, day DATE NOT NULL, "
        f"UNIQUE KEY ({columns}), w VARCHAR(9)) ENGINE={stored} CHARACTER SET utf8mb4",
        f"INSERT IGNORE INTO t (name, id, day) VALUES {','.join(words)}",
        database=database,
    )
    table = described(database_server, database, "t")
    came = []
    for per_statement in (3600.0, 0.0):
        limits = Limits(per_statement=per_statement)
        endpoint = database_server.endpoint(database)
        with open_reader(endpoint, NOWHERE, snapshot=True, limits=limits) as reader:
            keys = key_set_for(table)
            for batch in reader.batches(table):
                by_name = dict(zip(batch.columns, batch.cells, strict=True))
                keys.add_new(keys_of(table, [by_name[one.name] for one in table.identity]))
            came.append(joined(list(reader.batches_by_keys(table, keys))))
    assert came[0] == came[1]
    assert len(came[0]) == len(keys) > 100


def test_snapshot_shows_the_moment_of_its_beginning(database_server: DatabaseServer) -> None:
    database = database_server.make_database()
    database_server.run(
        "CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)", database=database
    )
    table = described(database_server, database, "t")
    with open_reader(database_server.endpoint(database), NOWHERE, snapshot=True) as reader:
        assert joined(list(reader.batches(table))) == [(b"1",)]
        database_server.run("INSERT INTO t VALUES (2)", database=database)
        assert joined(list(reader.batches(table))) == [(b"1",)]


def test_position_tells_whether_two_snapshots_are_of_one_moment(
    database_server: DatabaseServer,
) -> None:
    database = database_server.make_database()
    database_server.run("CREATE TABLE t (id INT PRIMARY KEY)", database=database)
    endpoint = database_server.endpoint(database)
    with (
        open_reader(endpoint, NOWHERE, snapshot=True) as first,
        open_reader(endpoint, NOWHERE, snapshot=True) as second,
    ):
        if not database_server.is_mariadb:
            assert first.snapshot_position() is None
            return
        assert first.snapshot_position() is not None
        assert first.snapshot_position() == second.snapshot_position()
        database_server.run("INSERT INTO t VALUES (1)", database=database)
        assert first.snapshot_position() == second.snapshot_position()
        with open_reader(endpoint, NOWHERE, snapshot=True) as third:
            assert third.snapshot_position() != first.snapshot_position()


def test_snapshot_that_is_too_old_is_read_no_further(database_server: DatabaseServer) -> None:
    database = database_server.make_database()
    database_server.run(
        "CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)", database=database
    )
    table = described(database_server, database, "t")
    endpoint = database_server.endpoint(database)
    with open_reader(endpoint, NOWHERE, snapshot=True, limits=limits_of(1)) as reader:
        assert joined(list(reader.batches(table))) == [(b"1",)]
        time.sleep(1.1)
        with pytest.raises(SnapshotTooOld, match="reached its limit of") as caught:
            list(reader.batches(table))
    assert "--max-snapshot-age" in (caught.value.hint or "")


def test_alter_of_a_table_that_was_read_does_not_wait(database_server: DatabaseServer) -> None:
    database = database_server.make_database()
    database_server.run(
        "CREATE TABLE t (id INT PRIMARY KEY)",
        "CREATE TABLE u (id INT PRIMARY KEY)",
        "INSERT INTO t VALUES (1)",
        "INSERT INTO u VALUES (1)",
        database=database,
    )
    t, u = (described(database_server, database, name) for name in "tu")
    with open_reader(database_server.endpoint(database), NOWHERE, snapshot=True) as reader:
        assert joined(list(reader.batches(t))) == [(b"1",)]
        assert [columns[0] for columns in reader.rows("SELECT id FROM u", columns=1)] == [(b"1",)]
        database_server.run(
            "SET lock_wait_timeout = 2",
            "ALTER TABLE t ADD COLUMN x INT",
            "ALTER TABLE u ADD COLUMN x INT, ALGORITHM=COPY",
            database=database,
        )
        with pytest.raises(SourceChanged, match="table u"):
            list(reader.batches(u))


def test_account_that_only_reads_knows_whether_it_frees_locks(
    database_server: DatabaseServer,
) -> None:
    """MariaDB with a binary log keeps metadata locks until the snapshot ends: a known limit."""
    database = database_server.make_database()
    database_server.run("CREATE TABLE t (id INT PRIMARY KEY)", database=database)
    user = database_server.make_account(f"SELECT ON {database}.*")
    endpoint = database_server.endpoint(database, user)
    table = described(database_server, database, "t")
    alter = ("SET lock_wait_timeout = 1", "ALTER TABLE t ADD COLUMN x INT")
    with open_reader(endpoint, NOWHERE, snapshot=True) as reader:
        list(reader.batches(table))
        assert reader.frees_locks is not database_server.is_mariadb
        if reader.frees_locks:
            database_server.run(*alter, database=database)
            return
        with pytest.raises(MySQLdb.OperationalError, match="1205"):
            database_server.run(*alter, database=database)
    database_server.run(*alter, database=database)


def test_table_in_use_by_a_migration_is_not_waited_for(database_server: DatabaseServer) -> None:
    database = database_server.make_database()
    database_server.run("CREATE TABLE t (id INT PRIMARY KEY)", database=database)
    table = described(database_server, database, "t")
    holder = database_server.connect(database)
    holder.query("LOCK TABLES t WRITE")
    try:
        with open_reader(database_server.endpoint(database), NOWHERE, snapshot=True) as reader:
            began = time.monotonic()
            with pytest.raises(SourceBusy, match="table t"):
                list(reader.batches(table))
            assert time.monotonic() - began < 10
    finally:
        holder.close()


def test_dropped_table_is_told_as_a_change(database_server: DatabaseServer) -> None:
    database = database_server.make_database()
    database_server.run("CREATE TABLE t (id INT PRIMARY KEY)", database=database)
    table = described(database_server, database, "t")
    database_server.run("DROP TABLE t", database=database)
    with (
        open_reader(database_server.endpoint(database), NOWHERE, snapshot=True) as reader,
        pytest.raises(SourceChanged, match="table t"),
    ):
        list(reader.batches(table))


def test_writer_to_a_locking_table_waits_for_a_chunk_only(database_server: DatabaseServer) -> None:
    database = database_server.make_database()
    database_server.run(
        "CREATE TABLE t (id INT PRIMARY KEY, v CHAR(200)) ENGINE=MyISAM",
        "CREATE TABLE k (v CHAR(200)) ENGINE=MyISAM",
        f"INSERT INTO t VALUES {','.join(f'({n}, {n % 7})' for n in range(10_000))}",
        f"INSERT INTO k VALUES {','.join(f'({n})' for n in range(5000))}",
        database=database,
    )
    t, k = (described(database_server, database, name) for name in "tk")
    with open_reader(database_server.endpoint(database), NOWHERE, snapshot=True) as reader:
        for table, condition, count in ((t, "", 10_000), (t, "v = '3'", 1429), (k, "", 5000)):
            seen = 0
            for batch in reader.batches(table, condition):
                seen += len(batch)
                if seen == len(batch):
                    # A slow reader: the writer gets in between two chunks.
                    writer = database_server.connect(database)
                    writer.query("SET lock_wait_timeout = 5")
                    began = time.monotonic()
                    writer.query(f"UPDATE {table.name} SET v = v WHERE v = '6'")
                    assert time.monotonic() - began < 5
                    writer.close()
                assert len(batch) <= 1000
            assert seen == count


def test_large_cells_come_few_at_a_time(database_server: DatabaseServer) -> None:
    database = database_server.make_database()
    database_server.run(
        "CREATE TABLE t (id INT PRIMARY KEY, v LONGBLOB)",
        *(
            f"INSERT INTO t VALUES ({number}, REPEAT(CHAR({97 + number % 26}), 1000000))"
            for number in range(40)
        ),
        database=database,
    )
    table = described(database_server, database, "t")
    with open_reader(database_server.endpoint(database), NOWHERE, snapshot=True) as reader:
        sizes = [
            sum(len(cell or b"") for cell in batch.cells[1]) for batch in reader.batches(table)
        ]
    assert sum(sizes) == 40_000_000
    assert max(sizes) <= 8_000_000


def test_connection_that_is_ended_on_the_server_is_one_clear_error(
    database_server: DatabaseServer,
) -> None:
    database = database_server.make_database()
    database_server.run(
        "CREATE TABLE t (id INT PRIMARY KEY, v CHAR(255))",
        f"INSERT INTO t VALUES {','.join(f'({n}, REPEAT(9, 250))' for n in range(20_000))}",
        "INSERT INTO t SELECT id + 20000, v FROM t",
        "INSERT INTO t SELECT id + 40000, v FROM t",
        database=database,
    )
    table = described(database_server, database, "t")
    with open_reader(database_server.endpoint(database), NOWHERE, snapshot=True) as reader:
        (((number,),),) = reader.rows("SELECT CONNECTION_ID()", columns=1)
        batches = reader.batches(table)
        next(batches)
        database_server.run(f"KILL {int(number or 0)}")
        with pytest.raises(SourceLost, match="table t") as caught:
            list(batches)
        assert "999" not in str(caught.value)
        with pytest.raises(SourceError):
            list(reader.batches(table))


def test_reader_that_stops_early_frees_the_server(database_server: DatabaseServer) -> None:
    database = database_server.make_database()
    database_server.run(
        "CREATE TABLE t (id INT PRIMARY KEY, v CHAR(255))",
        f"INSERT INTO t VALUES {','.join(f'({n}, REPEAT(9, 250))' for n in range(30_000))}",
        "INSERT INTO t SELECT id + 30000, v FROM t",
        database=database,
    )
    table = described(database_server, database, "t")
    reader = open_reader(database_server.endpoint(database), NOWHERE, snapshot=True)
    next(reader.batches(table, "id < 5000"))
    assert joined(list(reader.batches(table, "id < 2"))) == [
        (b"0", b"9" * 250),
        (b"1", b"9" * 250),
    ]
    batches = reader.batches(table)
    next(batches)
    began = time.monotonic()
    batches.close()  # type: ignore[attr-defined]
    assert time.monotonic() - began < 5
    with pytest.raises(SourceLost):
        list(reader.batches(table))


def test_session_cannot_write(database_server: DatabaseServer) -> None:
    database = database_server.make_database()
    database_server.run("CREATE TABLE t (id INT PRIMARY KEY)", database=database)
    for snapshot in (True, False):
        with open_reader(database_server.endpoint(database), NOWHERE, snapshot=snapshot) as reader:
            with pytest.raises(StatementFailed):
                list(reader.rows("INSERT INTO t VALUES (1)", columns=1))
            assert reader.in_snapshot is snapshot
    with (
        open_catalogue(database_server.endpoint(database), NOWHERE) as catalogue,
        pytest.raises(StatementFailed),
    ):
        catalogue.rows("INSERT INTO t VALUES (1)")
    assert database_server.ask("SELECT COUNT(*) FROM t", database) == [(0,)]


def test_what_was_read_loads_back_to_the_bit(
    database_server: DatabaseServer, tmp_path: Path
) -> None:
    """The expressions' other half: what `load_target` says undoes what reading did."""
    database = database_server.make_database()
    declared = (
        "id INT PRIMARY KEY, f FLOAT, d DOUBLE, b BIT(33), e ENUM('','x'), s SET('p','q'), "
        "j JSON, g GEOMETRY, l VARCHAR(9) CHARACTER SET latin1, y YEAR, t TIMESTAMP NULL, "
        "h TIME(3), z DATE"
    )
    if database_server.is_mariadb:
        declared += ", i INET6"
    database_server.run(
        SLACK,
        f"CREATE TABLE t ({declared})",
        f"CREATE TABLE copy ({declared})",
        "INSERT INTO t (id, f, d, b, e, s, j, g, l, y, t, h, z) VALUES "
        "(0, '-0.0', 0.1, 8589934591, 0, 'q', '[1, 2]', "
        "ST_GeomFromText('POINT(1 2)', 4326), _latin1 x'ff5c0a0900', 0, '2021-10-31 01:30:00', "
        "'-800:00:00.5', '2023-02-30'), "
        "(-1, 1.17549435e-38, 1e-300, 0, '', '', NULL, NULL, '', NULL, NULL, NULL, '0000-00-00')",
        database=database,
    )
    if database_server.is_mariadb:
        database_server.run("UPDATE t SET i = 'fe80::1' WHERE id = 0", database=database)
    table = described(database_server, database, "t")
    escapes = {b"\\": b"\\\\", b"\t": b"\\t", b"\n": b"\\n", b"\0": b"\\0"}
    lines = []
    for row in rows_of(database_server, database, "t"):
        cells = []
        for cell in row:
            text = b"\\N" if cell is None else cell
            if cell is not None:
                for raw, escaped in escapes.items():
                    text = text.replace(raw, escaped)
            cells.append(text)
        lines.append(b"\t".join(cells) + b"\n")
    part = tmp_path / "part.tsv"
    part.write_bytes(b"".join(lines))
    targets = [load_target(column, n) for n, column in enumerate(table.stored_columns)]
    assignments = ", ".join(target.assignment for target in targets if target.assignment)
    mode = "ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO"
    with open_writer(database_server.endpoint(database), NOWHERE, sql_mode=mode) as writer:
        loaded = writer.execute(
            f"LOAD DATA LOCAL INFILE '{part}' INTO TABLE `copy` CHARACTER SET binary "
            f"({', '.join(target.field for target in targets)}) SET {assignments}"
        )
        # What an ENUM's index 0 says of itself, wherever it goes.
        assert {warning.number for warning in writer.warnings()} == {1265}
    assert loaded == writer.affected == 2
    copied = described(database_server, database, "copy")
    assert [column.name for column in copied.columns] == [c.name for c in table.columns]
    assert rows_of(database_server, database, "copy") == rows_of(database_server, database, "t")
    for column in table.columns:
        name = quoted(column.name)
        different = database_server.ask(
            f"SELECT COUNT(*) FROM t JOIN copy c USING (id) WHERE NOT (t.{name} <=> c.{name})",
            database,
        )
        assert different == [(0,)], column.name


def test_answer_without_rows_and_reading_by_keys_without_a_key(
    database_server: DatabaseServer,
) -> None:
    database = database_server.make_database()
    database_server.run("CREATE TABLE t (v INT)", database=database)
    table = described(database_server, database, "t")
    with open_reader(database_server.endpoint(database), NOWHERE, snapshot=True) as reader:
        assert list(reader.batches(table)) == []
        with pytest.raises(ValueError, match="no key"):
            list(reader.batches_by_keys(table, [1]))


def test_two_threads_of_an_export_use_two_readers(database_server: DatabaseServer) -> None:
    database = database_server.make_database()
    database_server.run(
        "CREATE TABLE t (id INT PRIMARY KEY)",
        f"INSERT INTO t VALUES {','.join(f'({n})' for n in range(3000))}",
        database=database,
    )
    table = described(database_server, database, "t")
    counts: list[int] = []

    def count(reader: Reader) -> None:
        counts.append(len(joined(list(reader.batches(table)))))

    readers = [
        open_reader(database_server.endpoint(database), NOWHERE, snapshot=True) for _ in range(2)
    ]
    threads = [threading.Thread(target=count, args=(reader,)) for reader in readers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for reader in readers:
        reader.close()
    assert counts == [3000, 3000]
