"""Connecting: one clear error for everything that can go wrong, and TLS that means it."""

from __future__ import annotations

import dataclasses
import io
import pickle
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import MySQLdb
import pytest

from database_servers import NOWHERE, ROOT, DatabaseServer
from sandbox.database.address import Address
from sandbox.database.connect import (
    Catalogue,
    Endpoint,
    Tls,
    choose_tls,
    open_catalogue,
    open_reader,
    open_writer,
)
from sandbox.database.credentials import Credentials, Secret
from sandbox.database.schema import read_schema
from sandbox.database.statements import StatementLog
from sandbox.errors import (
    AccessDenied,
    RightMissing,
    SourceError,
    SourceLost,
    SourceUnreachable,
    StatementFailed,
    TlsFailed,
)
from servers import ImageOf, answers, eventually, inside, port_of, running

pytestmark = pytest.mark.docker

WITH_OWN_CERTIFICATE = {"11.8", "9.7"}
PLANTED = "planted-4711@example.org"


def refused(endpoint: Endpoint) -> SourceError:
    """Open every kind of session, none of which may open, and give the error they agree on."""
    errors: list[SourceError] = []
    for attempt in (
        lambda: open_catalogue(endpoint, NOWHERE),
        lambda: open_reader(endpoint, NOWHERE, snapshot=True),
        lambda: open_writer(endpoint, NOWHERE),
    ):
        with pytest.raises(SourceError) as caught:
            attempt()
        errors.append(caught.value)
    assert len({(type(error), error.message) for error in errors}) == 1
    error = errors[0]
    told = f"{error!r} {error.message} {error.hint} {error.__cause__!r}"
    assert endpoint.password.reveal() not in told
    assert error.__suppress_context__ or error.__context__ is None
    return error


def test_wrong_password_is_refused(database_server: DatabaseServer) -> None:
    database = database_server.make_database()
    error = refused(database_server.endpoint(database, password="wrong-secret"))  # noqa: S106
    assert type(error) is AccessDenied
    assert "1045" in error.message
    assert f"mysql://root@127.0.0.1:{database_server.port}/{database}" in error.message


def test_unknown_account_is_refused(database_server: DatabaseServer) -> None:
    database = database_server.make_database()
    error = refused(database_server.endpoint(database, user="nobody", password="any-secret"))  # noqa: S106
    assert type(error) is AccessDenied


def test_missing_database_is_told(database_server: DatabaseServer) -> None:
    error = refused(database_server.endpoint("not_there"))
    assert "1049" in error.message
    assert "no such database" in error.message
    assert "CREATE DATABASE" in error.hint


def test_database_without_any_right_is_told(database_server: DatabaseServer) -> None:
    database = database_server.make_database()
    user = database_server.make_account("USAGE ON *.*")
    assert type(refused(database_server.endpoint(database, user))) is RightMissing


def test_refused_port_unknown_host_and_missing_socket_are_told(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    plain = Tls(required=False)
    for address in (
        Address("reader", "127.0.0.1", port, "shop"),
        Address("reader", "no-such-host.invalid", 3306, "shop"),
        Address("reader", "", 3306, "shop", socket=str(tmp_path / "none.sock")),
    ):
        error = refused(Endpoint(address, Secret("any-secret"), plain))
        assert type(error) is SourceUnreachable
        assert str(address) in error.message


def test_something_that_is_no_database_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = Address("reader", "127.0.0.1", server.getsockname()[1], "shop")
        endpoint = Endpoint(address, Secret("any-secret"), Tls(required=False))
        with pytest.raises(SourceUnreachable):
            _talk_nonsense(server, endpoint)


def _talk_nonsense(server: socket.socket, endpoint: Endpoint) -> None:
    process = subprocess.Popen(
        [
            "python3",
            "-c",
            "import socket,sys; s=socket.socket(fileno=0); c,_=s.accept(); c.close()",
        ],
        stdin=server.fileno(),
    )
    try:
        open_reader(endpoint, NOWHERE, snapshot=True)
    finally:
        process.kill()
        process.wait()


def test_missing_right_on_one_table_names_the_table(database_server: DatabaseServer) -> None:
    database = database_server.make_database()
    database_server.run(
        "CREATE TABLE open_one (id INT PRIMARY KEY)",
        "CREATE TABLE secret_one (id INT PRIMARY KEY, mail VARCHAR(50))",
        f"INSERT INTO secret_one VALUES (1, '{PLANTED}')",
        database=database,
    )
    user = database_server.make_account(f"SELECT ON {database}.open_one")
    with open_catalogue(database_server.endpoint(database), NOWHERE) as catalogue:
        table = read_schema(catalogue, database).tables["secret_one"]
    with (
        open_reader(database_server.endpoint(database, user), NOWHERE, snapshot=True) as reader,
        pytest.raises(RightMissing, match="table secret_one") as caught,
    ):
        list(reader.batches(table, f"mail = '{PLANTED}'"))
    assert PLANTED not in f"{caught.value.message} {caught.value.hint}"


def test_error_of_the_server_that_quotes_a_value_is_told_without_it(
    database_server: DatabaseServer,
) -> None:
    database = database_server.make_database()
    database_server.run(
        "CREATE TABLE t (id INT PRIMARY KEY, mail VARCHAR(50) UNIQUE)",
        f"INSERT INTO t VALUES (1, '{PLANTED}')",
        database=database,
    )
    with open_writer(database_server.endpoint(database), NOWHERE) as writer:
        with pytest.raises(StatementFailed, match="1062") as caught:
            writer.execute(f"INSERT INTO t VALUES (2, '{PLANTED}')", "table t")
        assert PLANTED not in repr(caught.value)
        assert caught.value.__suppress_context__
    with (
        open_catalogue(database_server.endpoint(database), NOWHERE) as catalogue,
        pytest.raises(StatementFailed) as caught,
    ):
        catalogue.rows("SELECT no_column FROM t WHERE mail = :mail", mail=PLANTED)
    assert PLANTED not in repr(caught.value)


def test_session_that_is_ended_is_told(database_server: DatabaseServer) -> None:
    database = database_server.make_database()
    catalogue: Catalogue = open_catalogue(database_server.endpoint(database), NOWHERE)
    database_server.run(f"KILL {catalogue.value('SELECT CONNECTION_ID()')}")
    with pytest.raises(SourceLost):
        catalogue.rows("SELECT 1")


def test_every_statement_is_recorded_as_the_server_saw_it(
    database_server: DatabaseServer,
) -> None:
    database = database_server.make_database()
    database_server.run("CREATE TABLE t (id INT PRIMARY KEY)", database=database)
    user = database_server.make_account(f"SELECT ON {database}.*")
    file = io.StringIO()
    log = StatementLog(file)
    endpoint = database_server.endpoint(database, user)
    database_server.run(
        "SET GLOBAL log_output = 'TABLE'",
        "TRUNCATE TABLE mysql.general_log",
        "SET GLOBAL general_log = ON",
    )
    try:
        with open_catalogue(endpoint, log) as catalogue:
            table = read_schema(catalogue, database).tables["t"]
        with open_reader(endpoint, log, snapshot=True) as reader:
            list(reader.batches(table))
            list(reader.batches_by_keys(table, [4711]))
    finally:
        database_server.run("SET GLOBAL general_log = OFF")
    seen = [
        bytes(row[0]).decode().strip()
        for row in database_server.ask(
            "SELECT argument FROM mysql.general_log "
            f"WHERE user_host LIKE '{user}[%' AND command_type = 'Query' ORDER BY event_time"
        )
    ]
    recorded = [text.strip() for text in file.getvalue().split(";\n") if text.strip()]
    assert sorted(map(normal, recorded)) == sorted(map(normal, seen))
    assert "4711" in file.getvalue()
    assert f"{user}-secret" not in file.getvalue()


def normal(statement: str) -> str:
    """Take out how the C library spells what it sends on its own."""
    plain = statement.replace(" ", "").replace("'", "").lower()
    return {"setnamesutf8mb4": "names", "setautocommit=1": "autocommit"}.get(plain, plain)


def test_endpoint_survives_the_way_to_another_process_and_shows_no_secret() -> None:
    endpoint = Endpoint(
        Address("reader", "db.example", 3306, "shop"), Secret(ROOT), Tls(required=True)
    )
    assert pickle.loads(pickle.dumps(endpoint)) == endpoint  # noqa: S301 - our own
    assert ROOT not in f"{endpoint} {endpoint!r} {endpoint.password}"


@dataclass(frozen=True)
class TlsServer:
    port: int
    folder: Path

    def endpoint(self, tls: Tls, host: str = "127.0.0.1") -> Endpoint:
        return Endpoint(Address("root", host, self.port, "mysql"), Secret(ROOT), tls)


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make two authorities, and a certificate by the first for this machine."""
    folder = tmp_path_factory.mktemp("tls")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    for name in ("right", "wrong"):
        openssl(
            *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name} authority"),
        )
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl(
        *("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr"),
        *("-subj", "/CN=db.example"),
    )
    openssl(
        *("x509", "-req", "-in", "server.csr", "-CA", "right.pem", "-CAkey", "right.key"),
        *("-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "server.pem"),
    )
    return folder


@pytest.fixture(scope="module", params=[("mariadb", "10.11"), ("mysql", "9.7")], ids=" ".join)
def tls_server(
    request: pytest.FixtureRequest, image_of: ImageOf, authorities: Path
) -> Iterator[TlsServer]:
    """Run a server that encrypts, without a binary log."""
    family, version = request.param
    files = [
        ((authorities / name).read_bytes(), f"/tls/{name}", 0o644)
        for name in ("right.pem", "server.pem", "server.key")
    ]
    options = ["--ssl-ca=/tls/right.pem", "--ssl-cert=/tls/server.pem"]
    options += ["--ssl-key=/tls/server.key", "--skip-log-bin"]
    with running(
        image_of(family, version),
        ports=(3306,),
        environment={"MYSQL_ROOT_PASSWORD": ROOT},
        command=options,
        transferables=files,
    ) as container:
        eventually(lambda: answers(container))
        yield TlsServer(port_of(container, 3306), authorities)


def test_verified_server_is_connected_to_encrypted(tls_server: TlsServer) -> None:
    endpoint = tls_server.endpoint(Tls(required=True, ca=tls_server.folder / "right.pem"))
    with open_catalogue(endpoint, NOWHERE) as catalogue:
        ((_, cipher),) = catalogue.rows("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
        assert cipher
    with open_reader(endpoint, NOWHERE, snapshot=True) as reader:
        found = list(reader.rows("SHOW SESSION STATUS LIKE 'Ssl_cipher'", columns=2))
        assert found[0][1][0]


def test_server_of_another_authority_is_not_connected_to(tls_server: TlsServer) -> None:
    for ca in (tls_server.folder / "wrong.pem", None):
        error = refused(tls_server.endpoint(Tls(required=True, ca=ca)))
        assert type(error) is TlsFailed
        assert error.message.endswith("signed by an authority that we were told to trust.")
        assert "client library" in error.hint


def test_certificate_that_a_server_made_for_itself_names_no_host(
    database_server: DatabaseServer, tmp_path: Path
) -> None:
    if database_server.version not in WITH_OWN_CERTIFICATE:
        pytest.skip("makes no certificate")
    ca = tmp_path / "ca.pem"
    ca.write_text(own_authority(database_server))
    plain = database_server.endpoint("mysql")
    error = refused(Endpoint(plain.address, plain.password, Tls(required=True, ca=ca)))
    assert type(error) is TlsFailed
    assert error.message.endswith("its certificate does not bear the host's name.")
    assert "name no host" in error.hint


def own_authority(server: DatabaseServer) -> str:
    """Give the certificate that a server's own one is signed by: on MariaDB, it is the same."""
    if not server.is_mariadb:
        (((_, folder),)) = server.ask("SHOW VARIABLES LIKE 'datadir'")
        return inside(server.container, "cat", f"{folder.decode()}ca.pem")
    told = subprocess.run(
        ["openssl", "s_client", "-starttls", "mysql", "-connect", f"127.0.0.1:{server.port}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    ).stdout.decode()
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    return f"{begin}{told.partition(begin)[2].partition(end)[0]}{end}\n"


def test_account_that_requires_tls_is_let_in_on_this_machine(
    database_server: DatabaseServer,
) -> None:
    user = database_server.make_account("SELECT ON *.*")
    database_server.run(f"ALTER USER {user} REQUIRE SSL")
    endpoint = database_server.endpoint("mysql", user)
    if database_server.version in WITH_OWN_CERTIFICATE:
        open_each(endpoint)
    else:
        error = refused(endpoint)
        assert type(error) is AccessDenied
        assert "REQUIRE SSL" in error.hint


def test_account_that_requires_tls_is_let_in_where_the_server_has_a_certificate(
    tls_server: TlsServer,
) -> None:
    root = tls_server.endpoint(Tls(required=False))
    with open_writer(root, NOWHERE) as writer:
        writer.execute("CREATE USER strict_one IDENTIFIED BY 'strict-secret' REQUIRE SSL")
    address = dataclasses.replace(root.address, user="strict_one", database="")
    open_each(Endpoint(address, Secret("strict-secret"), root.tls))


def open_each(endpoint: Endpoint) -> None:
    """Open every kind of session, each of which has to be encrypted."""
    with open_catalogue(endpoint, NOWHERE) as catalogue:
        assert catalogue.rows("SHOW SESSION STATUS LIKE 'Ssl_cipher'")[0][1]
    with open_reader(endpoint, NOWHERE, snapshot=True) as reader:
        assert next(reader.rows("SHOW SESSION STATUS LIKE 'Ssl_cipher'", columns=2))[1][0]
    with open_writer(endpoint, NOWHERE) as writer:
        assert writer.fetch("SHOW SESSION STATUS LIKE 'Ssl_cipher'")[0][1]


def test_library_that_insists_on_encryption_goes_on_without_on_this_machine_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def insists(*, ssl_mode: str, **_: object) -> object:
        asked.append(ssl_mode)
        number = 2026 if ssl_mode == "REQUIRED" else 2003
        raise MySQLdb.OperationalError(
            number, "SSL connection error: SSL is required but the server doesn't support it"
        )

    monkeypatch.setattr("MySQLdb._mysql.connect", insists)
    local = Endpoint(Address("r", "127.0.0.1", 3306, "shop"), Secret("x"), Tls(required=False))
    with pytest.raises(SourceUnreachable):
        open_reader(local, NOWHERE, snapshot=True)
    assert asked == ["REQUIRED", "DISABLED"]
    remote = Endpoint(Address("r", "db.example", 3306, "shop"), Secret("x"), Tls(required=False))
    with pytest.raises(TlsFailed, match="the server offers no TLS"):
        open_reader(remote, NOWHERE, snapshot=True)
    assert asked == ["REQUIRED", "DISABLED", "REQUIRED"]


def test_missing_file_of_the_authority_is_named(tls_server: TlsServer) -> None:
    error = refused(tls_server.endpoint(Tls(required=True, ca=tls_server.folder / "none.pem")))
    assert type(error) is TlsFailed
    assert "none.pem" in error.message


def test_without_verification_it_is_encrypted_all_the_same(tls_server: TlsServer) -> None:
    address = Address("root", "127.0.0.1", tls_server.port, "mysql")
    remote = Address("root", "db.example", tls_server.port, "mysql")
    assert choose_tls(Credentials(address, Secret(ROOT))) == Tls(required=False)
    assert choose_tls(Credentials(remote, Secret(ROOT))) == Tls(required=True)
    assert choose_tls(Credentials(remote, Secret(ROOT)), insecure=True) == Tls(required=False)
    with_ca = Credentials(address, Secret(ROOT), ca=tls_server.folder / "right.pem")
    assert choose_tls(with_ca).required


def test_account_that_only_reads_frees_locks_where_there_is_no_binary_log(
    tls_server: TlsServer,
) -> None:
    endpoint = tls_server.endpoint(Tls(required=False))
    with open_writer(endpoint, NOWHERE) as writer:
        writer.execute("CREATE DATABASE IF NOT EXISTS locks")
        writer.execute("CREATE TABLE IF NOT EXISTS locks.t (id INT PRIMARY KEY)")
        writer.execute("CREATE USER IF NOT EXISTS onlooker IDENTIFIED BY 'onlooker-secret'")
        writer.execute("GRANT SELECT ON locks.* TO onlooker")
    onlooker = Endpoint(
        Address("onlooker", "127.0.0.1", tls_server.port, "locks"),
        Secret("onlooker-secret"),
        Tls(required=True, ca=tls_server.folder / "right.pem"),
    )
    with open_catalogue(onlooker, NOWHERE) as catalogue:
        table = read_schema(catalogue, "locks").tables["t"]
    with open_reader(onlooker, NOWHERE, snapshot=True) as reader:
        list(reader.batches(table))
        assert reader.frees_locks
        with open_writer(endpoint, NOWHERE) as writer:
            writer.execute("SET SESSION lock_wait_timeout = 2")
            writer.execute("ALTER TABLE locks.t ADD COLUMN x INT")


def test_server_that_cannot_encrypt_is_not_connected_to(
    database_server: DatabaseServer, authorities: Path
) -> None:
    if database_server.version in WITH_OWN_CERTIFICATE:
        pytest.skip("makes a certificate of its own")
    plain = database_server.endpoint("mysql")
    endpoint = Endpoint(
        plain.address, plain.password, Tls(required=True, ca=authorities / "right.pem")
    )
    error = refused(endpoint)
    assert type(error) is TlsFailed
    assert error.message.endswith("the server offers no TLS.")
    assert "client library" in error.hint
