"""Every type of column under every masker that fits it: what is exported loads, at 100 %."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands import option_file, sandbox
from database_servers import ROOT, DatabaseServer
from sandbox.bundle.reader import open_bundle
from sandbox.masking.maskers.catalogue import MASKERS, family_of
from sandbox.model import Column

pytestmark = pytest.mark.docker

NUMBERS = (
    "0", "1", "-1", "7", "-0.7", "1.37", "999.99", "-53.55", "89879211", "123456.789",
    "99999999.995", "3.4e38", "-1e15", "1e-15", "0.000001", "12345678901.25", "1e300",
)  # fmt: skip
WORDS = (
    "Petra Lindqvist", "x ", " Ünal", "petra@post.example", "2016-05-08", "+49 30 23125123", "Weiß",
    "https://shop.example/a?b=c", "4111111111111111", "DE02120300000000202051", "127.0.0.1",
    "84.17.46.212", "0123456789abcdef", '{"name": "Petra", "at": "2016-05-08"}', "a:0:{}", "<a/>",
    "12.03.1980", "$2y$10$abcdefghijklmnopqrstuv", "0", "",
)  # fmt: skip
MOMENTS = (
    "0000-00-00", "2020-02-29", "2016-05-08 10:27:33.256", "1970-01-01 00:00:01", "9999-12-31",
    "2038-01-19 03:14:07", "2023-02-30", "2023-00-00", "0001-01-01",
)  # fmt: skip
BYTES = ("", "30", "616263", "00ff20", "ffd8ffe0000102", "5411", "5411002a", "20", "00")
TYPES = {
    **dict.fromkeys(
        ("tinyint", "tinyint unsigned", "smallint", "mediumint unsigned", "int", "bigint",
         "bigint unsigned", "int(5) zerofill", "decimal(7,2)", "decimal(7,2) zerofill",
         "decimal(5,0)", "decimal(65,30)", "decimal(12,4) unsigned", "float", "float unsigned",
         "float(7,2)", "float(10,2)", "double", "double zerofill", "double(9,3)", "double(20,10)"),
        NUMBERS,
    ),
    **dict.fromkeys(
        ("char(60)", "char(60) character set latin1", "char(60) character set utf16",
         "varchar(60)", "varchar(60) character set latin1", "tinytext", "text", "longtext"),
        WORDS,
    ),
    **dict.fromkeys(("date", "datetime", "datetime(3)", "timestamp null", "timestamp(6) null"),
                    MOMENTS),
}  # fmt: skip
BINARIES = ("binary(7)", "varbinary(60)", "blob")
OF_MYSQL = {
    "json": (
        '{"lindqvist": 1, "petra": {"b": 1.50, "at": "2016-05-08"}, "ab": [1e3, 12345678901.5]}',
        '{"andersson": 1, "lindqvist": 2, "muellerin": 3, "gustafson": {"xu": 4, "ab": 5}}',
        '"petra@post.example"',
        "[]",
    )
}
CONSTANTS = {"uuid": "0123ABCD-89ab-4def-8123-456789abcdef", "inet6": "::1"}
OF_MARIADB = {
    "uuid": ("0123abcd-89ab-4def-8123-456789abcdef", "00000000-0000-0000-0000-000000000000"),
    "inet6": ("2001:db8::1", "::1", "fe80::12:0:34", "::ffff:84.17.46.212", "2001:db8:1:2:3:4:5:6"),
}
BEFORE = "SET sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00'"


def rules_of(declared: str) -> dict[str, str]:
    """Give a rule for each masker that fits a type, by the masker's name."""
    kind = declared.partition("(")[0].partition(" ")[0]
    family = family_of(Column("c", kind, declared))
    is_date = family == "date"
    options = {
        "generalise": f", unit: {'year' if is_date else '0.3'}",
        "by_key": ", key: setting",
        "constant": f", value: '{CONSTANTS.get(kind, '2016-05-08' if is_date else '7')}'",
        "date": ", person: id",
    }
    return {
        name: f"{{masker: {name}{options.get(name, '')}}}"
        for name, facts in MASKERS.items()
        if family in facts.applies_to and name != "keep"
    }


def fill(server: DatabaseServer, database: str) -> str:
    """Make a table for each type, with a column for each masker; give the rules."""
    values = {
        **{one: [f"'{value}'" for value in values] for one, values in TYPES.items()},
        **{one: [f"X'{value}'" for value in BYTES] for one in BINARIES},
    }
    if server.is_mariadb:
        known = OF_MARIADB if server.version == "11.8" else {"inet6": OF_MARIADB["inet6"]}
        values |= {one: [f"'{value}'" for value in values] for one, values in known.items()}
    else:
        values |= {one: [f"'{value}'" for value in values] for one, values in OF_MYSQL.items()}
    rules = ["tables:"]
    statements = [BEFORE]
    for number, (declared, listed) in enumerate(values.items()):
        named = rules_of(declared)
        columns = ", ".join(f"`{name}` {declared}" for name in named)
        rows = ", ".join(
            f"({place}, 'mail.smtp.host', {', '.join([value] * len(named))})"
            for place, value in enumerate(["NULL", *listed], start=1)
        )
        statements += [
            f"CREATE TABLE t{number} (id INT PRIMARY KEY, setting VARCHAR(60), {columns})",
            f"INSERT IGNORE INTO t{number} VALUES {rows}",
        ]
        rules += [f"  t{number}:", "    setting: keep"]
        rules += [f"    {name}: {rule}" for name, rule in named.items()]
    server.run(*statements, database=database)
    return "\n".join(rules)


def test_every_type_under_every_masker_that_fits_it_loads(
    database_server: DatabaseServer, tmp_path: Path
) -> None:
    source, target = database_server.make_database(), database_server.make_database()
    (tmp_path / "rules.yaml").write_text(fill(database_server, source))
    option_file(tmp_path, ROOT)
    assert sandbox("keygen", "--out", tmp_path / "key").exit_code == 0
    address = f"mysql://root@127.0.0.1:{database_server.port}"
    bundle = tmp_path / "bundle"
    exported = sandbox(
        "export",
        f"--source={address}/{source}",
        f"--defaults-file={tmp_path / 'reader.cnf'}",
        f"--key-file={tmp_path / 'key'}",
        f"--rules={tmp_path / 'rules.yaml'}",
        "--allow-write-grants",
        "--sample=100%",
        f"--out={bundle}",
        folder=tmp_path,
    )
    assert exported.exit_code == 0, exported.said
    loaded = sandbox(
        "load",
        bundle,
        f"--into={address}/{target}",
        f"--defaults-file={tmp_path / 'reader.cnf'}",
        folder=tmp_path,
    )
    assert loaded.exit_code == 0, loaded.said
    manifest = open_bundle(bundle).manifest
    assert len(manifest.tables) >= len(TYPES) + len(BINARIES)
    assert sum(table.rows for table in manifest.tables) > 500
