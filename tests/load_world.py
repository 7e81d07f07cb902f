"""A database with every trap in it, and a small export of its own for tests of the load.

The export reads through a plain connection and the shared read expressions; it knows neither plan
nor masking. What it writes goes through the product's bundle writer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import MySQLdb
from MySQLdb import _mysql

from sandbox.bundle.manifest import (
    ColumnEntry,
    ForeignKeyEntry,
    Manifest,
    SourceEntry,
    TableEntry,
)
from sandbox.bundle.parts import write_part
from sandbox.bundle.writer import BundleWriter
from sandbox.database.address import Address
from sandbox.database.connect import Endpoint, Tls
from sandbox.database.expressions import quoted, read_expression
from sandbox.database.secret import Secret
from sandbox.model import Column, Family, MaskedBatch, MaskedText, ObjectKind, SchemaObject
from servers import Silent

PART_ROWS = 5  # small, so that tables have several parts
ALL_BYTES = bytes(range(256))
LOOSE = "NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES"


@dataclass(frozen=True)
class Login:
    """Where a test's server is."""

    family: Family
    version: str
    port: int
    password: str

    def connect(self, database: str = "", **more: Any) -> Any:
        return MySQLdb.connect(
            host="127.0.0.1",
            port=self.port,
            user="root",
            passwd=self.password,
            database=database,
            autocommit=True,
            **{"charset": "utf8mb4"} | more,
        )

    def run(self, database: str, *statements: str) -> None:
        with self.connect(database) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def ask(self, database: str, statement: str) -> list[tuple[Any, ...]]:
        with self.connect(database) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())


class World:
    """Statements that make tables and fill them."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def table(self, name: str, definition: str, *rows: str) -> None:
        """Add a table and its rows, each the inside of a VALUES list."""
        self.statements.append(f"CREATE TABLE {quoted(name)} {definition}")
        if rows:
            values = ", ".join(f"({row})" for row in rows)
            self.statements.append(f"INSERT INTO {quoted(name)} VALUES {values}")


def make_world(login: Login, database: str) -> None:
    """Make the database, empty of everything but traps."""
    login.run(
        "",
        f"DROP DATABASE IF EXISTS {database}",
        f"CREATE DATABASE {database} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    )
    world = World()
    _add_values(world)
    _add_texts(world)
    _add_keys(world)
    _add_of_family(world, login)
    session = (
        f"SET SESSION sql_mode = '{LOOSE}'",
        "SET SESSION time_zone = '+00:00'",
        "SET SESSION foreign_key_checks = 0",
    )
    with login.connect(database) as connection, connection.cursor() as cursor:
        for statement in (*session, *world.statements):
            cursor.execute(statement)
        # IGNORE makes index 0 of a value that the type does not know.
        cursor.execute("INSERT IGNORE INTO choices VALUES (9, 'none of them', 'x', 1, 'ä', 'é')")
        # The hour that comes twice: in Berlin both are 02:30.
        cursor.execute(
            "INSERT INTO moments (id, stamp) VALUES (20, '2025-10-26 00:30:00.25'),"
            " (21, '2025-10-26 01:30:00.25')"
        )
    _make_objects(login, database)


def _add_values(world: World) -> None:
    world.table(
        "numbers",
        "(id INT PRIMARY KEY, f FLOAT, f2 FLOAT(7,3), d DOUBLE, d2 DOUBLE(12,4),"
        " n DECIMAL(65,30), big BIGINT UNSIGNED, small BIGINT, b1 BIT(1), b9 BIT(9), b64 BIT(64),"
        " zf INT(8) UNSIGNED ZEROFILL)",
        "1, 0.1, 0.1, 0.1, 0.1, 0.1, 18446744073709551615, -9223372036854775808, b'1',"
        " b'101010101', 0xFFFFFFFFFFFFFFFF, 42",
        "2, 16777217, 1234.567, 1.7976931348623157e308, 12345678.1234, -0.000000000000000000000001,"
        " 9223372036854775808, 9223372036854775807, b'0', 0x0A, 0x0A0D09005C, 0",
        "3, 3.4028234e38, -0.001, 2.2250738585072014e-308, -0.0001,"
        " 99999999999999999999999999999999999.999999999999999999999999999999, 0, 0, NULL, 0, 0,"
        " NULL",
        "4, 1.17549435e-38, 0, -0e0, 0, 0, 1, -1, b'1', 256, 0x5C4E, 4294967295",
        "5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL",
        "6, 123456.789, 1, 5e-324, 1, 123.456, 10, 10, b'0', 511, 1, 1",
        "7, 0.30000001192092896, 1, 0.1e0+0.2e0, 1, 1, 1, 1, b'1', 1, 1, 1",
    )
    world.table(
        "moments",
        "(id INT PRIMARY KEY, day DATE, clock TIME(6), at DATETIME(6),"
        " stamp TIMESTAMP(6) NULL DEFAULT NULL, plain TIMESTAMP NULL DEFAULT NULL, y YEAR)",
        "1, '0000-00-00', '838:59:59', '0000-00-00 00:00:00', '0000-00-00 00:00:00', NULL, 0",
        "2, '2023-02-30', '-838:59:59', '2023-02-31 23:59:59.999999', NULL, NULL, 1901",
        "3, '2023-00-00', '00:00:00.000001', '2023-00-15 12:00:00', '1970-01-01 00:00:01', NULL,"
        " 2155",
        "4, '9999-12-31', '-00:00:00.5', '9999-12-31 23:59:59', '2038-01-19 03:14:07.999999',"
        " '2026-03-29 01:30:00', 2026",
        "5, NULL, NULL, NULL, NULL, NULL, NULL",
        "6, '1000-01-01', '24:00:00', '1000-01-01', '2026-10-25 00:30:00', '2026-10-25 01:30:00',"
        " 1999",
    )
    world.table(
        "choices",
        "(id INT PRIMARY KEY, one ENUM('a','b','','it''s') ,"
        " many SET('x','y','z,'), wide ENUM('1','2','0') NOT NULL, l1 ENUM('ä','ö') CHARACTER SET"
        " latin1, u2 ENUM('é','名') CHARACTER SET ucs2)".replace("'z,'", "'z'"),
        "1, 'a', 'x,z', '1', 'ä', 'é'",
        "2, '', '', '2', 'ö', '名'",
        "3, NULL, NULL, '0', NULL, NULL",
        "4, 'it''s', 'x,y,z', '1', 'ä', 'é'",
    )
    every = ALL_BYTES.hex()
    world.table(
        "raw",
        "(id INT PRIMARY KEY, b BINARY(8), v VARBINARY(600), l BLOB, m MEDIUMBLOB)",
        f"1, 0x00, 0x{every}, 0x{every}, REPEAT(0x5C09, 100000)",
        "2, '', '', '', ''",
        "3, NULL, NULL, NULL, NULL",
        r"4, '\\N', '\\N', 'NULL', '\\'",
        "5, 0x2020, 0x0D0A, 0x0A, 0x00",
        "6, 0xFF, 0xC328, 0xEDA080, 0xF09F98",
        "7, 0x09, 0x0102030405060708, 0x09, 0x1A",
    )


def _add_texts(world: World) -> None:
    high = bytes(range(0x80, 0x100)).hex()
    world.table(
        "texts",
        "(id INT PRIMARY KEY, c CHAR(10), v VARCHAR(300), t TEXT,"
        " l1 VARCHAR(200) CHARACTER SET latin1, k TEXT CHARACTER SET koi8r,"
        " u2 VARCHAR(20) CHARACTER SET ucs2, u16 TEXT CHARACTER SET utf16,"
        " u32 VARCHAR(20) CHARACTER SET utf32, m3 VARCHAR(20) CHARACTER SET utf8mb3,"
        " g VARCHAR(20) CHARACTER SET gbk, s VARCHAR(20) CHARACTER SET sjis)",
        f"1, 'ab ', ' trailing  ', 'tab\tand\nlf\r\n', 0x{high}, 0x{high}, 'é名', 'a😀', '😀',"
        " 'é名', '名', '名'",
        r"2, '', '', '', '', '', '', '', '', '', '', ''",
        r"3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL",
        r"4, '\\N', '\\', 'NULL', '\\t', '\0', '\\', '\t', '\n', '\0', '\\', '\\'",
        "5, '😀é', 'a\u00a0b', REPEAT('long 名 ', 5000), 'x', 'x', 'x', 'x', 'x', 'x',"
        " 0x815C, 0x835C",  # their second byte is a backslash
    )


def _add_keys(world: World) -> None:
    world.table("odd `name`./名", "(`id ``x``` INT PRIMARY KEY, `a b` INT)", "1, 1")
    world.table("nothing", "(id INT PRIMARY KEY)")
    world.table(
        "ids",
        "(id INT AUTO_INCREMENT PRIMARY KEY, v INT) AUTO_INCREMENT = 4711",
        *(f"{number}, {number}" for number in (0, -1, -2147483648, 5, 7, 9, 11)),
    )
    world.table("keyless", "(a INT, b VARCHAR(9))", *["1, 'x'"] * 7, "NULL, ''", "2, 'y'")
    world.table("old", "(a INT, b TEXT, KEY (a)) ENGINE = MyISAM", "1, 'x'", "1, NULL")
    world.table(
        "computed",
        "(id INT PRIMARY KEY, a INT, twice INT AS (a * 2) STORED,"
        " thrice INT AS (a * 3) VIRTUAL, b INT DEFAULT 7, KEY (thrice))",
        "1, 5, DEFAULT, DEFAULT, 6",
        "2, NULL, DEFAULT, DEFAULT, NULL",
    )
    world.table(
        "countries",
        "(code CHAR(2) COLLATE utf8mb4_general_ci PRIMARY KEY)",
        "'DE'",
        "'fr'",
    )
    world.table(
        "people",
        "(id INT PRIMARY KEY, boss INT, home INT NOT NULL,"
        " country CHAR(2) COLLATE utf8mb4_general_ci,"
        " CONSTRAINT boss FOREIGN KEY (boss) REFERENCES people (id),"
        " CONSTRAINT home FOREIGN KEY (home) REFERENCES homes (id),"
        " CONSTRAINT country FOREIGN KEY (country) REFERENCES countries (code))",
        "1, NULL, 1, 'de'",
        "2, 1, 2, 'FR'",
        "3, 3, 1, NULL",
        "4, 99, 2, 'DE'",  # an orphan, and
        "5, 1, 98, 'xx'",  # two more
    )
    world.table(
        "homes",
        "(id INT PRIMARY KEY, owner INT NOT NULL,"
        " CONSTRAINT owner FOREIGN KEY (owner) REFERENCES people (id))",
        "1, 1",
        "2, 2",
    )
    world.table(
        "by_text",
        "(k VARCHAR(20) COLLATE utf8mb4_general_ci, n INT NOT NULL,"
        " e ENUM('z','a') NOT NULL, PRIMARY KEY (k, e, n))",
        "'b', 1, 'a'",
        "'B', 2, 'z'",
        "'a ', 3, 'z'",
        "'ß', 4, 'a'",
        "'ss', -5, 'a'",
        "'', 6, 'z'",
        "'é', 7, 'z'",
    )


def _add_of_family(world: World, login: Login) -> None:
    points = (
        "1, ST_GeomFromText('POINT(1 2)', 4326), ST_GeomFromText('LINESTRING(0 0,1 1,2 2)')",
        "2, ST_GeomFromText('POLYGON((0 0,0 1,1 1,0 0))'), ST_GeomFromText('LINESTRING(9 9,8 8)')",
        "3, NULL, ST_GeomFromText('LINESTRING(0.1 0.2,0.30000000000000004 -0)')",
    )
    world.table("places", "(id INT PRIMARY KEY, g GEOMETRY, l LINESTRING NOT NULL)", *points)
    documents = (
        """1, '{"b": 1, "a": [1.0, 1e2, null], "é": "\\\\u00e9😀 \\\\n"}'""",
        "2, '[]'",
        "3, NULL",
        """4, '"tab\\\\tquote\\\\" back\\\\\\\\ "'""",
        """5, '{"a": 1,  "a": 2}'""",
    )
    world.table("documents", "(id INT PRIMARY KEY, j JSON)", *documents)
    if login.family is Family.MYSQL:
        world.statements.append("SET SESSION sql_generate_invisible_primary_key = ON")
        world.statements.append("CREATE TABLE hidden_key (a INT, b INT INVISIBLE DEFAULT 3)")
        world.statements.append("SET SESSION sql_generate_invisible_primary_key = OFF")
        world.statements.append("INSERT INTO hidden_key (a, b) VALUES (1, 2), (1, 4)")
        world.table(
            "vectors",
            "(id INT PRIMARY KEY, v VECTOR(3))",
            "1, STRING_TO_VECTOR('[1.5,-2,3e-10]')",
            "2, NULL",
        )
        return
    version = tuple(int(one) for one in login.version.split("."))
    world.statements.append("CREATE TABLE hidden (a INT PRIMARY KEY, b INT INVISIBLE DEFAULT 3)")
    world.statements.append("INSERT INTO hidden (a, b) VALUES (1, 2), (2, 4)")
    world.statements.append("CREATE SEQUENCE tickets START 100 INCREMENT 10 CACHE 5")
    world.statements.append("SELECT NEXTVAL(tickets)")
    world.table(
        "numbered",
        "(id INT DEFAULT NEXTVAL(tickets) PRIMARY KEY, a6 INET6, z TEXT COMPRESSED)",
        "1, '2001:db8::ff', REPEAT('squeezed ', 100)",
        "2, '::', ''",
        "3, NULL, NULL",
    )
    if version >= (10, 10):
        world.table(
            "ids_new",
            "(id UUID PRIMARY KEY, a INET4)",
            "'123e4567-e89b-12d3-a456-426655440000', '192.168.0.1'",
            "'00000000-0000-0000-0000-00000000000a', NULL",
        )
    if version >= (11, 8):
        world.table(
            "vectors",
            "(id INT PRIMARY KEY, v VECTOR(3))",
            "1, VEC_FromText('[1.5,-2,3e-10]')",
            "2, NULL",
        )


def _make_objects(login: Login, database: str) -> None:
    with login.connect(database, charset="latin1") as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'")
        cursor.execute(
            """CREATE FUNCTION greet(x INT) RETURNS VARCHAR(20) DETERMINISTIC
            RETURN 'Grüße \\n "x"'""".encode("latin1")
        )
    definer = "DEFINER = `definer1`@`%`"
    login.run(
        database,
        "SET SESSION sql_mode = 'NO_ZERO_DATE'",
        f"CREATE {definer} PROCEDURE count_ids(OUT n INT) BEGIN /* why; */"
        " SELECT COUNT(*) INTO n FROM ids; END",
        f"CREATE {definer} SQL SECURITY DEFINER VIEW a_first AS SELECT id, v FROM ids",
        f"CREATE {definer} SQL SECURITY INVOKER VIEW z_base AS SELECT id, v + 1 AS w FROM ids",
        "DROP VIEW a_first",
        "CREATE VIEW a_first AS SELECT id, w, greet(1) AS g FROM z_base",
        "SET SESSION sql_mode = ''",
        f"CREATE {definer} TRIGGER ids_b BEFORE INSERT ON ids FOR EACH ROW SET NEW.v = NEW.v + 1",
        "CREATE TRIGGER ids_a BEFORE INSERT ON ids FOR EACH ROW SET NEW.v = NEW.v * 10",
        "SET SESSION time_zone = 'Europe/Berlin'",
        f"CREATE {definer} EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 03:00:00'"
        " ON COMPLETION NOT PRESERVE ENABLE COMMENT 'ENABLE' DO DELETE FROM keyless",
    )


class Exporter:
    """Writes a database into a bundle, all rows, all columns kept.

    Args:
        login: The server.
        database: The database.
    """

    def __init__(self, login: Login, database: str) -> None:
        self._login = login
        self._database = database

    def write(self, out: Path) -> Path:
        source = self._ask("SELECT VERSION(), @@character_set_database, @@collation_database")[0]
        manifest = Manifest(
            tool_version="0.0",
            created=dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
            source=SourceEntry(
                fingerprint="f00d",
                family=self._login.family,
                version=source[0],
                database=self._database,
                charset=source[1],
                collation=source[2],
            ),
        )
        with BundleWriter(out, self._database) as writer:
            for name, engine in self.tables("BASE TABLE"):
                self._add_table(writer, name, engine)
            for described in self.objects():
                writer.add_object(described, MaskedText(described.definition.encode()))
            writer.finish(manifest, Silent())
        return out

    def _add_table(self, writer: BundleWriter, name: str, engine: str) -> None:
        columns = self._columns(name)
        identity = self._identity(name, columns)
        rows = self._rows(name, columns, identity)
        names = tuple(column.name for column in columns)
        parts = [
            write_part(
                writer.part_path(name, number),
                [MaskedBatch(name, names, tuple(zip(*some, strict=True)))],
                ordered=bool(identity),
            )
            for number, some in enumerate(_split(rows), 1)
        ]
        keys = self._foreign_keys(name)
        writer.add_table(
            TableEntry(
                name=name,
                engine=engine,
                columns=[
                    ColumnEntry(
                        name=one.name,
                        kind=one.kind,
                        declared=one.declared,
                        charset=one.charset,
                        collation=one.collation,
                        nullable=one.nullable,
                        kept=True,
                    )
                    for one in columns
                ],
                identity=identity,
                ordered=bool(identity),
                foreign_keys=keys,
                expected_orphans={key.name: self._orphans(name, key) for key in keys},
            ),
            parts,
        )

    def _rows(self, name: str, columns: list[Column], identity: list[str]) -> list[Any]:
        expressions = ", ".join(read_expression(column) for column in columns)
        order = f" ORDER BY {', '.join(map(quoted, identity))}" if identity else ""
        # The raw connection: the one above it would decode what the server calls JSON.
        connection = _mysql.connect(
            host="127.0.0.1",
            port=self._login.port,
            user="root",
            password=self._login.password,
            database=self._database,
            conv={},
        )
        connection.set_character_set("utf8mb4")
        connection.query("SET SESSION time_zone = '+00:00'")
        connection.query("SET SESSION character_set_results = binary")
        connection.query(f"SELECT {expressions} FROM {quoted(name)}{order}")
        rows: list[Any] = list(connection.store_result().fetch_row(0))
        connection.close()
        return rows

    def _columns(self, table: str) -> list[Column]:
        rows = self._ask(
            "SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, CHARACTER_SET_NAME,"
            " COLLATION_NAME, EXTRA, GENERATION_EXPRESSION FROM information_schema.COLUMNS"
            f" WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = {_quote(table)}"
            " ORDER BY ORDINAL_POSITION"
        )
        return [
            Column(
                name=name,
                kind=kind.lower(),
                declared=declared,
                nullable=nullable == "YES",
                charset=charset or "",
                collation=collation or "",
            )
            for name, kind, declared, nullable, charset, collation, extra, expression in rows
            if not expression and "GENERATED" not in extra.replace("DEFAULT_GENERATED", "")
        ]

    def _identity(self, table: str, columns: list[Column]) -> list[str]:
        rows = self._ask(f"SHOW KEYS FROM {quoted(table)} WHERE Key_name = 'PRIMARY'")
        stored = {column.name for column in columns}
        return [row[4] for row in sorted(rows, key=lambda row: row[3]) if row[4] in stored]

    def _foreign_keys(self, table: str) -> list[ForeignKeyEntry]:
        rows = self._ask(
            "SELECT CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME"
            " FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = DATABASE() AND"
            f" TABLE_NAME = {_quote(table)} AND REFERENCED_TABLE_NAME IS NOT NULL"
        )
        return [
            ForeignKeyEntry(name=name, columns=[own], parent=parent, parent_columns=[other])
            for name, own, parent, other in rows
        ]

    def _orphans(self, table: str, key: ForeignKeyEntry) -> int:
        (own,), (other,) = key.columns, key.parent_columns
        rows = self._ask(
            f"SELECT COUNT(*) FROM {quoted(table)} c LEFT JOIN {quoted(key.parent)} p ON"
            f" c.{quoted(own)} = p.{quoted(other)} WHERE c.{quoted(own)} IS NOT NULL"
            f" AND p.{quoted(other)} IS NULL"
        )
        return int(rows[0][0])

    def objects(self) -> Iterator[SchemaObject]:
        for name, _ in self.tables("BASE TABLE"):
            yield SchemaObject(ObjectKind.TABLE, name, self._show("TABLE", name)[1])
        for name, _ in self.tables("SEQUENCE"):
            position = self._ask(f"SELECT next_not_cached_value FROM {quoted(name)}")[0][0]
            definition = self._show("SEQUENCE", name)[1]
            yield SchemaObject(ObjectKind.SEQUENCE, name, definition, position=position)
        for name, _ in self.tables("VIEW"):
            _, definition, charset, collation = self._show("VIEW", name)
            yield SchemaObject(ObjectKind.VIEW, name, definition, None, charset, collation)
        for kind in (ObjectKind.FUNCTION, ObjectKind.PROCEDURE):
            word = kind.value.upper()
            for row in self._ask(f"SHOW {word} STATUS WHERE Db = DATABASE()"):
                name, mode, definition, charset, collation, _ = self._show(word, row[1])
                yield SchemaObject(kind, name, definition, mode, charset, collation)
        for row in self._ask("SHOW TRIGGERS"):
            name, mode, definition, charset, collation, *_ = self._show("TRIGGER", row[0])
            yield SchemaObject(ObjectKind.TRIGGER, name, definition, mode, charset, collation)
        for row in self._ask("SHOW EVENTS"):
            name, mode, zone, definition, charset, collation, _ = self._show("EVENT", row[1])
            yield SchemaObject(ObjectKind.EVENT, name, definition, mode, charset, collation, zone)

    def tables(self, kind: str) -> list[tuple[Any, ...]]:
        return self._ask(
            "SELECT TABLE_NAME, ENGINE FROM information_schema.TABLES"
            f" WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = '{kind}' ORDER BY TABLE_NAME"
        )

    def _show(self, kind: str, name: str) -> tuple[Any, ...]:
        return self._ask(f"SHOW CREATE {kind} {quoted(name)}")[0]

    def _ask(self, statement: str) -> list[tuple[Any, ...]]:
        return self._login.ask(self._database, statement)


def definitions(login: Login, database: str) -> list[SchemaObject]:
    """Give every definition of a database, to compare."""
    return list(Exporter(login, database).objects())


def checksums(login: Login, database: str) -> dict[str, Any]:
    """Let the server sum up every table, and every column of it by itself."""
    exporter = Exporter(login, database)
    sums: dict[str, Any] = {}
    for name, _ in exporter.tables("BASE TABLE"):
        (_, checksum), *_ = login.ask(database, f"CHECKSUM TABLE {quoted(name)}")
        sums[name] = checksum
        columns = login.ask(
            database,
            "SELECT COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA ="
            f" DATABASE() AND TABLE_NAME = {_quote(name)}",
        )
        for column, kind in columns:
            sums[f"{name}.{column}"] = login.ask(
                database,
                f"SELECT COUNT(*), COUNT({quoted(column)}), SUM(CAST(CONV(LEFT(SHA2("
                f"{_as_hex(quoted(column), kind)}, 256), 12), 16, 10) AS UNSIGNED))"
                f" FROM {quoted(name)}",
            )
    return sums


def _quote(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _as_hex(column: str, kind: str) -> str:
    if kind in {"enum", "set", "bit"}:
        return f"HEX({column} + 0)"
    if kind in {"float", "double"}:
        return f"HEX(CAST({column} * 1e0 AS CHAR))"
    if kind in {"date", "datetime", "timestamp", "time", "year", "uuid", "inet6", "inet4", "json"}:
        return f"HEX(CAST({column} AS CHAR))"
    return f"HEX({column})"


def endpoint_of(login: Login, database: str) -> Endpoint:
    """Give what the product needs to log in there."""
    address = Address("root", "127.0.0.1", login.port, database)
    return Endpoint(address, Secret(login.password), Tls(required=False))


def _split(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(rows), PART_ROWS):
        yield rows[start : start + PART_ROWS]
