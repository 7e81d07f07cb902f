"""Requests that somebody described, and the server's settings: what comes of them in a bundle."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import zstandard

from captures import write_capture
from commands import Ended, option_file, sandbox
from database_servers import NOWHERE, DatabaseServer
from database_servers import ROOT as ROOT_PASSWORD
from sandbox.capture.database import startup_options
from sandbox.capture.given_requests import GIVEN, read_given_requests
from sandbox.database.connect import open_catalogue
from sandbox.export.source import read_settings
from servers import answers, eventually, port_of, running

pytestmark = pytest.mark.docker
ON_MARIADB = pytest.mark.parametrize(
    "database_server", [("mariadb", "10.11")], ids=["mariadb"], indirect=True
)
ROOT = Path(__file__).resolve().parent.parent.parent
GIVEN_BY_THE_DEMO = ROOT / "docker/demo/requests.jsonl"
RULES = ROOT / "docker/demo/masking_rules/shop.yaml"

SCHEMA = (ROOT / "docker/demo/database/schema.sql").read_text()
ROWS = (
    "SET SESSION foreign_key_checks = 0",
    "INSERT INTO countries (code) VALUES ('DE')",
    """INSERT INTO customers (id, number, email, login, phone) VALUES
      (9, 'K-0000009', 'strasser@kunden.example', NULL, NULL),
      (1207, 'K-0001207', 'petra.lindqvist@post.example', 'petra.lindqvist@post.example', NULL),
      (12345, 'K-0012345', 'st@kunden.example', 'Straßer@kunden.example', '+49 30 5550 1234'),
      (7, 'K-0000007', 'nobody@post.example', NULL, NULL)""",
    "INSERT INTO suppliers (id, name) VALUES (1, 'Krug')",
    "INSERT INTO products (id, sku, supplier_id) VALUES (16, 'A-16', 1), (17, 'A-17', 1)",
    """INSERT INTO baskets (id, customer_id, contents) VALUES
      (295, 1207, 'a:0:{}'), (296, 7, 'a:0:{}'), (1, 5, 'a:0:{}')""",
    "INSERT INTO newsletter_subscribers (email) VALUES ('nobody@post.example')",
)


@dataclass
class Shop:
    """A shop and what ops have to export it."""

    folder: Path
    source: str

    def export(self, *options: str | Path) -> Ended:
        return sandbox(
            "export", self.source, f"--defaults-file={self.folder / 'reader.cnf'}",
            f"--key-file={self.folder / 'key'}", f"--rules={RULES}",
            "--sample=none", f"--out={self.folder / 'bundle'}", *options, folder=self.folder,
        )  # fmt: skip

    def given(self) -> list[dict[str, Any]]:
        text = (self.folder / "bundle" / GIVEN).read_text()
        return [json.loads(line) for line in text.splitlines()]

    def rows(self, table: str) -> list[list[str]]:
        rows = []
        for part in sorted((self.folder / "bundle").glob(f"data/*/{table}/*.zst")):
            text = zstandard.ZstdDecompressor().decompressobj().decompress(part.read_bytes())
            rows += [line.split("\t") for line in text.decode().splitlines()]
        return rows

    def keys(self, table: str) -> set[int]:
        return {int(row[0]) for row in self.rows(table)}


@pytest.fixture
def shop(database_server: DatabaseServer, tmp_path: Path) -> Iterator[Shop]:
    database = database_server.make_database()
    statements = [one for one in re.split(r";\n", SCHEMA) if "CREATE" in one]
    database_server.run("SET SESSION sql_mode = ''", *statements, *ROWS, database=database)
    account = database_server.make_account(f"SELECT, SHOW VIEW ON {database}.*")
    option_file(tmp_path, f"{account}-secret")
    assert sandbox("keygen", "--out", tmp_path / "key").exit_code == 0
    (tmp_path / "sandbox.toml").write_text("[sample]\nsmall = 0\n")
    yield Shop(tmp_path, f"--source=mysql://{account}@127.0.0.1:{database_server.port}/{database}")
    database_server.run(f"DROP DATABASE {database}")


def column(table: str, name: str) -> int:
    """Give the place of a column in the demo's schema."""
    (body,) = re.findall(rf"CREATE TABLE {table} \((.*?)\n\)", SCHEMA, re.DOTALL)
    return re.findall(r"^  ([a-z]\w*) ", body, re.MULTILINE).index(name)


@ON_MARIADB
def test_given_requests_bring_their_rows_and_log_in_with_pseudonyms(shop: Shop) -> None:
    capture = write_capture(
        shop.folder / "web.tar.gz", {"vocabulary.txt": "quantity\nreports\ndaily\n"}
    )
    done = shop.export(
        f"--requests={GIVEN_BY_THE_DEMO}", f"--server=web1={capture}", f"--server=web2={capture}"
    )
    assert done.exit_code == 0, done.said
    assert shop.keys("products") == {17}
    assert shop.keys("baskets") == {295}
    # 12345 has the login that the mail address is equal to, as the server compares.
    assert shop.keys("customers") == {9, 1207, 12345}
    mails = {int(row[0]): row[column("customers", "email")] for row in shop.rows("customers")}
    basket, login, report = shop.given()
    assert basket["before"][0]["body"] == {"email": mails[1207], "password": "sandbox"}
    assert login["before"][0]["body"] == {"email": mails[9], "password": "sandbox"}
    assert "petra" not in mails[1207]
    assert "strasser" not in mails[9]
    # A telephone that is in a table is the same there.
    phones = {row[column("customers", "phone")] for row in shop.rows("customers")}
    assert login["body"]["phone"] in phones
    assert (basket["method"], basket["url"]) == ("POST", "/api/baskets")
    assert basket["body"] == {"product_id": 17, "quantity": 1}
    assert report["url"] == "/api/reports/daily?date=2026-11-20"
    assert report["failed"] == {"status": 200, "field": "$.rows", "is": "empty"}
    assert report["servers"] == ["web2"]
    written = (shop.folder / "bundle" / GIVEN).read_bytes()
    assert len(read_given_requests(written, GIVEN)) == 3
    assert "no row" not in done.stdout.replace("no row    the query of a URL", "")


@ON_MARIADB
def test_a_mail_address_that_nobody_has_is_told_without_it(shop: Shop) -> None:
    file = shop.folder / "given.jsonl"
    file.write_text(
        '{"method": "POST", "url": "/api/baskets", "body": {"email": "kanarie@post.example"}}\n'
    )
    done = shop.export("--requests", file)
    assert done.exit_code == 0, done.said
    assert "has a mail address of given request 1" in done.stdout
    assert "kanarie" not in done.said
    assert shop.keys("customers") == set()


@ON_MARIADB
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"method": "POST", "url": "/x", "kanarie": 1}\n', ":1: …: there is no such field"),
        ('{"method": "GET", "url": "/x", "servers": ["web9"]}\n', "name a server that no"),
        (None, "cannot be read (FileNotFoundError)"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_list_of_requests_stops_the_export(
    shop: Shop, text: str | None, said: str
) -> None:
    file = shop.folder / "given.jsonl"
    if text is not None:
        file.write_text(text)
    done = shop.export("--requests", file)
    assert done.exit_code == 2
    assert said in done.said
    assert "kanarie" not in done.said
    assert not (shop.folder / "bundle").exists()


def test_settings_of_the_server_that_may_leave_are_read(database_server: DatabaseServer) -> None:
    database_server.run("SET GLOBAL init_connect = 'SET @kanarie = 1'")
    database = database_server.make_database()
    try:
        with open_catalogue(database_server.endpoint(database), NOWHERE) as catalogue:
            settings = read_settings(catalogue)
    finally:
        database_server.run("SET GLOBAL init_connect = ''", f"DROP DATABASE {database}")
    assert database_server.version in settings.version
    variables = settings.variables
    assert variables["event_scheduler"] == "OFF"
    assert variables["log_bin"] == "ON"
    assert "STRICT_TRANS_TABLES" in variables["sql_mode"]
    assert {"character_set_server", "time_zone", "max_allowed_packet"} <= set(variables)
    assert "tx_isolation" in variables or "transaction_isolation" in variables
    assert not {"hostname", "datadir", "socket", "server_uuid", "server_uid"} & set(variables)
    assert not any("/" in value for value in variables.values())
    assert len(settings.not_captured) == 2, settings.not_captured
    assert "kanarie" not in str(settings)


def test_a_server_starts_with_the_options_of_another(
    database_server: DatabaseServer, image_of: Callable[[str, str], str]
) -> None:
    database = database_server.make_database()
    with open_catalogue(database_server.endpoint(database), NOWHERE) as catalogue:
        before = read_settings(catalogue).variables
    changed = {"time_zone": "+03:00", "max_connections": "77", "sql_mode": "ANSI_QUOTES"}
    options = startup_options({**before, **changed})
    with running(
        image_of(database_server.family, database_server.version),
        ports=(3306,),
        environment={"MYSQL_ROOT_PASSWORD": ROOT_PASSWORD},
        command=[f"--{name}={value}" for name, value in options.items()],
    ) as container:
        eventually(lambda: answers(container))
        other = DatabaseServer(
            database_server.family, database_server.version, container, port_of(container, 3306)
        )
        with open_catalogue(other.endpoint(other.make_database()), NOWHERE) as catalogue:
            after = read_settings(catalogue).variables
    database_server.run(f"DROP DATABASE {database}")
    assert {name: after[name] for name in changed} == changed
    unlike = {name for name in before if after.get(name) != before[name]} - {*changed, "log_bin"}
    assert unlike == set()
