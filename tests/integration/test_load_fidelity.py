"""A database with every trap in it comes back from its bundle, byte for byte, on every server."""

from __future__ import annotations

import dataclasses
import io
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard
from testcontainers.core.container import DockerContainer

from bundle_reader import ReadBundle
from bundle_samples import manifest_of
from database_servers import EVERY_SERVER
from load_world import Exporter, Login, checksums, definitions, endpoint_of, make_world
from sandbox.bundle.manifest import ColumnEntry, SourceEntry, TableEntry
from sandbox.bundle.parts import write_part
from sandbox.bundle.reader import open_bundle
from sandbox.bundle.writer import BundleWriter
from sandbox.database.connect import Endpoint, Tls
from sandbox.database.secret import Secret
from sandbox.errors import TargetRefused
from sandbox.model import Family, MaskedBatch, MaskedText, ObjectKind, SchemaObject
from sandbox.replica.load import Loaded, load_bundle, plan_load
from servers import ImageOf, Silent, answers, eventually, port_of, running

pytestmark = pytest.mark.docker

USED = (
    *("SELECT", "INSERT", "CREATE", "DROP", "ALTER"),
    *("CREATE VIEW", "CREATE ROUTINE", "TRIGGER", "EVENT"),
)
ROOT = "root of a test"


@pytest.fixture(params=EVERY_SERVER, scope="module")
def server(
    request: pytest.FixtureRequest, image_of: ImageOf
) -> Iterator[tuple[DockerContainer, Login]]:
    role, version = request.param
    image = image_of(role, version)
    with running(image, ports=(3306,), environment={"MYSQL_ROOT_PASSWORD": ROOT}) as container:
        eventually(lambda: answers(container))
        login = Login(Family(role), version, port_of(container, 3306), ROOT)
        login.run("", "SET GLOBAL local_infile = ON")
        make_world(login, "world")
        yield container, login


@pytest.fixture(scope="module")
def login(server: tuple[DockerContainer, Login]) -> Login:
    return server[1]


@pytest.fixture(scope="module")
def bundle(login: Login, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Exporter(login, "world").write(tmp_path_factory.mktemp("world") / "bundle")


@pytest.fixture(scope="module")
def loaded(login: Login, bundle: Path) -> Loaded:
    # The collation is another one than the source's: the load has to set it.
    login.run("", "CREATE DATABASE again CHARACTER SET latin1 COLLATE latin1_bin")
    return load_bundle(open_bundle(bundle), endpoint_of(login, "again"), Silent(), workers=3)


def as_created(one: SchemaObject) -> tuple[Any, ...]:
    """Give a definition without what is to differ: definer, own database, state of an event."""
    text = re.sub(r"DEFINER=\S+ ", "", one.definition)
    text = re.sub(r"nextval\(`\w+`\.", "nextval(", text)
    text = text.replace(" CHARACTER SET utf8mb4", "")  # MySQL shows it once it was said
    text = text.replace("PRESERVE ENABLE", "PRESERVE DISABLE")
    return text, one.sql_mode, one.charset, one.collation, one.time_zone, one.position


def test_every_column_of_every_table_has_the_checksum_of_the_source(
    login: Login, loaded: Loaded
) -> None:
    assert loaded.rows > 80
    expected = checksums(login, "world")
    assert len(expected) > 80
    assert checksums(login, "again") == expected


def test_every_definition_is_the_source_s_under_its_own_session(
    login: Login, bundle: Path, loaded: Loaded
) -> None:
    expected = {(one.kind, one.name): as_created(one) for one in open_bundle(bundle).objects()}
    found = {(one.kind, one.name): as_created(one) for one in definitions(login, "again")}
    assert len(found) == loaded.objects
    assert found == expected


def test_orphans_of_the_source_are_told_and_no_others_are_there(loaded: Loaded) -> None:
    assert loaded.orphans == {"people.boss": 1, "people.home": 1, "people.country": 1}
    assert loaded.losses == {}


def test_missing_definers_are_told(loaded: Loaded) -> None:
    (warning,) = loaded.warnings
    assert warning == (
        "4 objects of `definer1`@`%`, an account that is not there, now run with the rights of "
        "the account that loads"
    )


def test_nothing_of_the_load_itself_is_left(login: Login, loaded: Loaded) -> None:
    assert loaded.tables
    assert login.ask("again", "SHOW TABLES LIKE '%sandbox%'") == []
    ((collation,),) = login.ask("again", "SELECT @@collation_database")
    assert collation == "utf8mb4_bin"


def test_events_are_there_and_do_not_run(login: Login, loaded: Loaded) -> None:
    assert loaded.tables
    ((name, state),) = login.ask(
        "again",
        "SELECT EVENT_NAME, STATUS FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()",
    )
    assert (name, state) == ("nightly", "DISABLED")


def test_the_database_goes_on_where_the_source_would(login: Login, loaded: Loaded) -> None:
    assert loaded.tables
    outcomes = []
    login.run("", "CREATE USER definer1@`%`", "GRANT ALL ON world.* TO definer1@`%`")
    for database in ("world", "again"):
        with login.connect(database) as connection, connection.cursor() as cursor:
            cursor.execute("INSERT INTO ids (v) VALUES (1)")  # triggers, in their order
            cursor.execute("SELECT LAST_INSERT_ID(), v FROM ids WHERE id = LAST_INSERT_ID()")
            outcome = list(cursor.fetchall())
            cursor.execute("SELECT w, g FROM a_first WHERE id = LAST_INSERT_ID()")
            outcome += cursor.fetchall()
            cursor.execute("CALL count_ids(@n)")
            cursor.execute("SELECT @n")
            outcomes.append([*outcome, *cursor.fetchall()])
            cursor.execute("DELETE FROM ids WHERE id = LAST_INSERT_ID()")
    login.run("", "DROP USER definer1@`%`")
    assert outcomes[0] == outcomes[1]
    # Both started at the source's 4711; the first trigger adds, the second multiplies.
    assert outcomes[0][:2] == [(4711, 20), (21, 'Grüße \\n "x"')]


def test_a_sequence_goes_on_behind_the_numbers_that_the_source_had_in_store(
    login: Login, loaded: Loaded
) -> None:
    if login.family is Family.MYSQL:
        pytest.skip("MySQL has no sequences")
    assert loaded.tables
    ((position,),) = login.ask("world", "SELECT next_not_cached_value FROM tickets")
    assert login.ask("again", "SELECT NEXTVAL(tickets)") == [(position,)]


def test_a_reader_that_shares_no_code_finds_the_rows_that_the_server_has(
    login: Login, bundle: Path
) -> None:
    tables = ReadBundle(bundle).tables()
    for name, rows in tables.items():
        quoted = "`" + name.replace("`", "``") + "`"
        assert login.ask("world", f"SELECT COUNT(*) FROM {quoted}") == [(len(rows),)]
    raw = {row[0]: row[1:] for row in tables["raw"]}
    assert raw[b"1"] == (bytes(8), bytes(range(256)), bytes(range(256)), b"\\\t" * 100_000)
    assert raw[b"2"][1:] == (b"", b"", b"")
    assert raw[b"3"] == (None, None, None, None)
    choices = {row[0]: row[1] for row in tables["choices"]}
    assert (choices[b"2"], choices[b"9"]) == (b"3", b"0")  # the member '', and index 0
    moments = {row[0]: row[4] for row in tables["moments"]}
    assert moments[b"20"] == b"2025-10-26 00:30:00.250000"
    assert moments[b"21"] == b"2025-10-26 01:30:00.250000"
    with login.connect("world") as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION time_zone = 'Europe/Berlin'")
        cursor.execute("SELECT DISTINCT CAST(stamp AS CHAR) FROM moments WHERE id IN (20, 21)")
        assert cursor.fetchall() == (("2025-10-26 02:30:00.250000",),)


def test_the_script_loads_it_by_hand(server: tuple[DockerContainer, Login], bundle: Path) -> None:
    _, login = server
    code, said = load_by_hand(server, bundle)
    assert code == 0, said
    for table in open_bundle(bundle).manifest.tables:
        if table.rows:
            assert f"{table.rows}\t{table.rows}\n" in said
    assert checksums(login, "by_hand") == checksums(login, "world")
    expected = {(one.kind, one.name): as_created(one) for one in open_bundle(bundle).objects()}
    found = {(one.kind, one.name): as_created(one) for one in definitions(login, "by_hand")}
    assert found == expected


def test_the_script_ends_where_a_row_is_missing(
    server: tuple[DockerContainer, Login], bundle: Path
) -> None:
    _, login = server
    manifest = open_bundle(bundle).manifest
    (table,) = (one for one in manifest.tables if one.name == "choices")
    code, said = load_by_hand(server, bundle, short=table.parts[-1].path)
    assert code != 0
    assert f"choices\t{table.rows}\t{table.rows - 1}\n" in said
    assert "ERROR 1242" in said
    others = {one.kind for one in definitions(login, "by_hand")}
    assert others <= {ObjectKind.TABLE, ObjectKind.SEQUENCE}


def load_by_hand(
    server: tuple[DockerContainer, Login], bundle: Path, *, short: str = ""
) -> tuple[int, str]:
    """Do what load.sql says in a new database; one part may be short of its last line."""
    container, login = server
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path in bundle.rglob("*"):
            if path.is_file():
                content, name = path.read_bytes(), path.relative_to(bundle).as_posix()
                if name.endswith(".zst"):
                    content = zstandard.ZstdDecompressor().decompressobj().decompress(content)
                if name == short:
                    content = b"".join(content.splitlines(keepends=True)[:-1])
                facts = tarfile.TarInfo(f"bundle/{name.removesuffix('.zst')}")
                facts.size = len(content)
                archive.addfile(facts, io.BytesIO(content))
    wrapped = container.get_wrapped_container()
    wrapped.put_archive("/tmp", packed.getvalue())  # noqa: S108 - inside the container
    login.run(
        "",
        "DROP DATABASE IF EXISTS by_hand",
        "CREATE DATABASE by_hand CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    )
    client = (
        "$(command -v mariadb || command -v mysql) --user=root --local-infile=1 --binary-mode "
        "--comments by_hand < load.sql"
    )
    ran = wrapped.exec_run(
        ["sh", "-c", client],
        workdir="/tmp/bundle",  # noqa: S108
        environment={"MYSQL_PWD": ROOT},
    )
    assert isinstance(ran.output, bytes)
    return int(ran.exit_code or 0), ran.output.decode(errors="replace")


def test_an_account_with_the_rights_of_the_documentation_loads_and_with_fewer_is_told_first(
    login: Login, bundle: Path
) -> None:
    rights = [*USED, *(["REFERENCES"] if login.family is Family.MYSQL else [])]
    # The collation is another one than the source's: it takes ALTER to set it.
    login.run("", "CREATE DATABASE lent CHARACTER SET latin1 COLLATE latin1_bin")
    login.run("", "CREATE USER lodger IDENTIFIED BY 'lodger-secret'")
    login.run("", f"GRANT {', '.join(rights)} ON lent.* TO lodger")
    address = dataclasses.replace(endpoint_of(login, "lent").address, user="lodger")
    endpoint = Endpoint(address, Secret("lodger-secret"), Tls(required=False))
    trusting = login.ask("", "SELECT @@log_bin_trust_function_creators OR NOT @@log_bin")[0][0]
    try:
        if not trusting:
            (told,) = _refused(bundle, endpoint)
            assert "log_bin_trust_function_creators" in told
            login.run("", "SET GLOBAL log_bin_trust_function_creators = ON")
        for right in rights:
            login.run("", f"REVOKE {right} ON lent.* FROM lodger")
            assert _refused(bundle, endpoint) == (right,)
            assert login.ask("lent", "SHOW TABLES") == []
            login.run("", f"GRANT {right} ON lent.* TO lodger")
        assert load_bundle(open_bundle(bundle), endpoint, Silent()).rows > 80
    finally:
        if not trusting:
            login.run("", "SET GLOBAL log_bin_trust_function_creators = OFF")
        login.run("", "DROP USER lodger", "DROP DATABASE lent")


def test_rights_of_an_active_role_count(login: Login, bundle: Path) -> None:
    login.run("", "CREATE DATABASE lent CHARACTER SET latin1 COLLATE latin1_bin")
    login.run("", "CREATE USER lodger IDENTIFIED BY 'lodger-secret'", "CREATE ROLE landlord")
    login.run("", "GRANT ALL PRIVILEGES ON lent.* TO landlord", "GRANT landlord TO lodger")
    to = "TO" if login.family is Family.MYSQL else "FOR"
    login.run("", f"SET DEFAULT ROLE landlord {to} lodger")
    address = dataclasses.replace(endpoint_of(login, "lent").address, user="lodger")
    endpoint = Endpoint(address, Secret("lodger-secret"), Tls(required=False))
    try:
        lacking = _refused(bundle, endpoint) if login.family is Family.MYSQL else ()
        assert all("log_bin_trust_function_creators" in one for one in lacking)
        if not lacking:
            assert load_bundle(open_bundle(bundle), endpoint, Silent()).rows > 80
    finally:
        login.run("", "DROP USER lodger", "DROP ROLE landlord", "DROP DATABASE lent")


def _refused(bundle: Path, endpoint: Endpoint) -> tuple[str, ...]:
    """Try a load that is refused for rights, dry or not, and give those that it names."""
    found = set()
    for attempt in (plan_load, load_bundle):
        with pytest.raises(TargetRefused, match="nothing was made") as caught:
            attempt(open_bundle(bundle), endpoint, Silent())
        found.add(caught.value.findings)
    (findings,) = found
    return findings


INVALID = [
    b"ab\xffcd",
    b"a\xc3",
    b"\xf0\x9f\x98",
    b"x\xc3\x28y",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x98\x80",
    b"\xe2\x82",
    b"\xc0\xafz",
    b"\xf8\x88\x80\x80\x80",
    "é名".encode(),
    b"",
]


@pytest.mark.parametrize("ordered", [True, False])
def test_invalid_bytes_of_utf8_columns_are_a_loss_that_is_counted_and_nothing_more(
    login: Login,
    tmp_path: Path,
    ordered: bool,  # noqa: FBT001 - pytest's way
) -> None:
    columns = [
        ColumnEntry(name="id", kind="int", declared="int", nullable=False, kept=True),
        ColumnEntry(name="m4", kind="text", declared="text", charset="utf8mb4", kept=True),
        ColumnEntry(name="m3", kind="text", declared="text", charset="utf8mb3", kept=True),
        ColumnEntry(name="l1", kind="text", declared="text", charset="latin1", kept=True),
        ColumnEntry(name="raw", kind="blob", declared="blob", kept=True),
    ]
    numbers = [b"%d" % number for number in range(len(INVALID))]
    rows = MaskedBatch(
        "t", ("id", "m4", "m3", "l1", "raw"), (numbers, INVALID, INVALID, INVALID, INVALID)
    )
    definition = (
        "CREATE TABLE t (id INT PRIMARY KEY, m4 TEXT CHARACTER SET utf8mb4,"
        " m3 TEXT CHARACTER SET utf8mb3, l1 TEXT CHARACTER SET latin1, raw BLOB)"
    )
    with BundleWriter(tmp_path / "bundle", "shop") as writer:
        part = write_part(writer.part_path("t", 1), [rows], ordered=ordered)
        table = TableEntry(
            name="t", engine="InnoDB", columns=columns, identity=["id"], ordered=ordered
        )
        writer.add_table(table, [part])
        writer.add_object(SchemaObject(ObjectKind.TABLE, "t", ""), MaskedText(definition.encode()))
        manifest = manifest_of()
        source = SourceEntry.model_validate({**dict(manifest.source), "family": login.family})
        writer.finish(manifest.model_copy(update={"source": source}), Silent())
    login.run("", "DROP DATABASE IF EXISTS lossy", "CREATE DATABASE lossy")
    loaded = load_bundle(open_bundle(tmp_path / "bundle"), endpoint_of(login, "lossy"), Silent())
    # MariaDB takes a surrogate in UTF-8 for text, MySQL does not.
    lenient = login.family is Family.MARIADB
    assert loaded.losses == {"t.m4": 7 if lenient else 8, "t.m3": 8 if lenient else 9}
    found = login.ask("lossy", "SELECT HEX(m4), HEX(m3), HEX(l1), HEX(raw) FROM t ORDER BY id")
    surrogate = b"\xed\xa0\x80" if lenient else b"???"
    m4 = [b"ab?cd", b"a?", b"???", b"x?(y", surrogate, INVALID[5], b"??", b"??z", b"?????"]
    m3 = [*m4[:5], b"????", *m4[6:]]
    expected = zip([*m4, *INVALID[9:]], [*m3, *INVALID[9:]], INVALID, INVALID, strict=True)
    assert [tuple(map(bytes.fromhex, row)) for row in found] == list(expected)
