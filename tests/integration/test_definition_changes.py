"""A table that is changed between the look at it and the reading of it stops the export."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
import zstandard

from database_servers import NOWHERE, DatabaseServer
from sandbox.database.connect import Endpoint, open_catalogue, open_reader
from sandbox.database.schema import read_schema
from sandbox.database.statements import StatementLog
from sandbox.errors import SandboxError, SourceChanged
from sandbox.export.choice import choose
from sandbox.export.reading import Assignment, Work, read_part
from sandbox.export.request import ExportRequest
from sandbox.export.tasks import Task
from sandbox.model import Batch, MaskedBatch, Schema
from sandbox.subset.request import SampleRequest, Share
from servers import Silent

pytestmark = pytest.mark.docker


class Unmasked:
    """Gives batches as they are."""

    def mask_batch(self, batch: Batch) -> MaskedBatch:
        return MaskedBatch(batch.table, batch.columns, batch.cells)


def work_on(schema: Schema) -> Work:
    return Work(schema, cast("Any", Unmasked()), frozenset())


@pytest.fixture
def shop(database_server: DatabaseServer) -> str:
    database = database_server.make_database("CHARACTER SET latin1")
    database_server.run(
        "CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, "
        "state ENUM('new','paid','gone') NOT NULL)",
        "INSERT INTO orders (state) VALUES ('new'), ('paid')",
        "CREATE TABLE old (id INT PRIMARY KEY, state ENUM('new','paid') NOT NULL) ENGINE=MyISAM",
        "INSERT INTO old VALUES (1, 'new')",
        database=database,
    )
    return database


def looked_at(endpoint: Endpoint) -> Schema:
    with open_catalogue(endpoint, NOWHERE) as catalogue:
        return read_schema(catalogue, endpoint.address.database)


def request_of(endpoint: Endpoint) -> ExportRequest:
    return ExportRequest(endpoint, Path("nowhere"), SampleRequest(Share(1.0)), b"k" * 32)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE orders MODIFY state ENUM('paid','new','gone') NOT NULL",
        "ALTER TABLE orders ADD COLUMN secret VARCHAR(20)",
        "DROP TABLE orders",
    ],
)
def test_change_before_the_snapshot_is_noticed(
    database_server: DatabaseServer, shop: str, change: str
) -> None:
    account = database_server.make_account(f"SELECT ON {shop}.*")
    endpoint = database_server.endpoint(shop, account)
    schema = looked_at(endpoint)
    database_server.run(change, database=shop)
    with (
        open_reader(endpoint, NOWHERE, snapshot=True) as reader,
        pytest.raises(SourceChanged, match="table orders"),
    ):
        choose(request_of(endpoint), schema, reader, Silent())


def test_table_that_is_as_it_was_is_confirmed_with_one_statement(
    database_server: DatabaseServer, shop: str
) -> None:
    database_server.run(
        "CREATE TABLE `o``dd` (`名` INT PRIMARY KEY COMMENT 'AUTO_INCREMENT=7 ; 😀', "
        "l VARCHAR(9) CHARACTER SET latin1 DEFAULT 'ä', e ENUM('é','ö') CHARACTER SET latin1, "
        "u ENUM('名','😀') CHARACTER SET utf8mb4 DEFAULT '😀', oid INT, "
        "CONSTRAINT `f``k` FOREIGN KEY (oid) REFERENCES orders (id)) COMMENT 'ä 名 😀'",
        "CREATE TABLE parts (n INT PRIMARY KEY) PARTITION BY LIST (n) (PARTITION p VALUES IN (1))",
        *([] if database_server.is_mariadb else ["SET sql_generate_invisible_primary_key = ON"]),
        "CREATE TABLE plain (n INT)",
        database=shop,
    )
    account = database_server.make_account(f"SELECT ON {shop}.*")
    endpoint = database_server.endpoint(shop, account)
    schema = looked_at(endpoint)
    database_server.run("INSERT INTO orders (state) VALUES ('gone')", database=shop)
    statements: list[str] = []
    log = StatementLog(call=statements.append)
    with open_reader(endpoint, log, snapshot=True) as reader:
        choose(request_of(endpoint), schema, reader, Silent())
    shown = [sql for sql in statements if sql.startswith("SHOW CREATE")]
    assert len(shown) == len(schema.tables) == 5


def test_change_of_a_table_without_snapshot_is_noticed_when_it_is_read(
    database_server: DatabaseServer, shop: str, tmp_path: Path
) -> None:
    endpoint = database_server.endpoint(shop)
    schema = looked_at(endpoint)
    with open_reader(endpoint, NOWHERE, snapshot=True) as reader:
        choose(request_of(endpoint), schema, reader, Silent())
        assignment = Assignment(Task("old", 1), tmp_path / "part")
        stage = Silent().stage()
        with stage as watching:
            assert read_part(work_on(schema), assignment, reader, watching).facts.rows == 1
            database_server.run(
                "ALTER TABLE old MODIFY state ENUM('paid','new') NOT NULL", database=shop
            )
            again = Assignment(Task("old", 2), tmp_path / "again")
            with pytest.raises(SourceChanged, match="table old"):
                read_part(work_on(schema), again, reader, watching)


def test_key_without_its_row_is_no_silent_loss(
    database_server: DatabaseServer, shop: str, tmp_path: Path
) -> None:
    endpoint = database_server.endpoint(shop)
    schema = looked_at(endpoint)
    assignment = Assignment(Task("orders", 1, keys=(1, 2, 4711)), tmp_path / "part")
    with (
        open_reader(endpoint, NOWHERE, snapshot=True) as reader,
        Silent().stage() as stage,
        pytest.raises(SandboxError, match="2 rows came for 3 keys") as caught,
    ):
        read_part(work_on(schema), assignment, reader, stage)
    assert "4711" not in str(caught.value)


def test_reasons_stay_with_their_rows_where_others_went_or_took_their_place(
    database_server: DatabaseServer, shop: str, tmp_path: Path
) -> None:
    database_server.run(
        "CREATE TABLE moving (code VARCHAR(9) PRIMARY KEY) ENGINE=MyISAM",
        "INSERT INTO moving VALUES ('a'), ('B'), ('d'), ('e')",
        database=shop,
    )
    endpoint = database_server.endpoint(shop)
    schema = looked_at(endpoint)
    # 'c' has gone since it was chosen, and 'b' is spelled otherwise.
    task = Task("moving", 1, keys=(b"a", b"b", b"c", b"d", b"e"), reasons=(0, 1, 1, 0, 1))
    reasons = tmp_path / "reasons"
    assignment = Assignment(task, tmp_path / "part", reasons=reasons)
    with (
        open_reader(endpoint, NOWHERE, snapshot=True) as reader,
        Silent().stage() as stage,
    ):
        read_part(work_on(schema), assignment, reader, stage)
    rows, runs = (
        zstandard.ZstdDecompressor().decompressobj().decompress(file.read_bytes()).splitlines()
        for file in (tmp_path / "part", reasons)
    )
    numbers = [run.split(b"\t")[1] for run in runs for _ in range(int(run.split(b"\t")[0]))]
    told = dict(zip(rows, numbers, strict=True))
    assert told == {b"a": b"1", b"B": b"0", b"d": b"1", b"e": b"2"}


def test_default_that_is_no_text_is_shown_in_digits(
    database_server: DatabaseServer, shop: str
) -> None:
    database_server.run(
        "CREATE TABLE flags (id INT PRIMARY KEY, mark BINARY(6) NOT NULL DEFAULT 0xFF0027FE5C0A,"
        " plain VARBINARY(9) DEFAULT 'it''s', note VARCHAR(20) DEFAULT 'é')",
        "INSERT INTO flags (id) VALUES (1)",
        database=shop,
    )
    endpoint = database_server.endpoint(shop, database_server.make_account(f"SELECT ON {shop}.*"))
    schema = looked_at(endpoint)
    definition = schema.table_definitions["flags"]
    assert definition.encode()  # nothing is left in it that is no text
    with open_reader(endpoint, NOWHERE, snapshot=True) as reader:
        reader.confirm("flags", definition)
    copy = definition.replace("`flags`", "`copied`", 1)
    database_server.run(copy, "INSERT INTO copied (id) VALUES (1)", database=shop)
    assert database_server.ask("SELECT * FROM copied", shop) == (
        database_server.ask("SELECT * FROM flags", shop)
    )
