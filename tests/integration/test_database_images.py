"""The mariadb and mysql images: their contract, which is that of the official images, and more."""

from __future__ import annotations

import MySQLdb
import pytest
from testcontainers.core.container import DockerContainer

from database_servers import EVERY_SERVER
from sandbox.replica.containers import Container
from sandbox.replica.engine import Engine
from servers import ImageOf, answers, eventually, inside, port_of, running

pytestmark = pytest.mark.docker

# A password that breaks whoever forgets to quote.
ROOT = "r'o\"o\\t $1"
ACCOUNT = {
    "MYSQL_ROOT_PASSWORD": ROOT,
    "MYSQL_DATABASE": "shop",
    "MYSQL_USER": "app",
    "MYSQL_PASSWORD": "app'secret",
}


@pytest.fixture(params=EVERY_SERVER, scope="module")
def server(request: pytest.FixtureRequest) -> tuple[str, str]:
    role, version = request.param
    return str(role), str(version)


@pytest.fixture(scope="module")
def image(server: tuple[str, str], image_of: ImageOf) -> str:
    return image_of(*server)


def ask(
    container: DockerContainer, user: str, password: str, statement: str
) -> list[tuple[object]]:
    connection = MySQLdb.connect(
        host="127.0.0.1",
        port=port_of(container, 3306),
        user=user,
        passwd=password,
        charset="utf8mb4",
        connect_timeout=10,
    )
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
        rows = list(cursor.fetchall())
        connection.commit()
    return rows


def test_server_starts_with_the_accounts_and_database_of_the_official_contract(
    server: tuple[str, str], image: str
) -> None:
    with running(image, ports=(3306,), environment=ACCOUNT) as container:
        eventually(lambda: answers(container))
        ((version,),) = ask(container, "root", ROOT, "SELECT VERSION()")
        assert str(version).startswith(f"{server[1]}.")
        assert ask(container, "app", "app'secret", "SHOW DATABASES LIKE 'shop'") == [("shop",)]
        ask(container, "app", "app'secret", "CREATE TABLE shop.t (id INT PRIMARY KEY)")
        assert ask(container, "app", "app'secret", "SHOW TABLES FROM shop") == [("t",)]
        accounts = ask(container, "root", ROOT, "SELECT user FROM mysql.user WHERE user = ''")
        assert accounts == []


def test_wrong_password_is_refused_from_inside_and_outside(image: str) -> None:
    with running(image, ports=(3306,), environment=ACCOUNT) as container:
        eventually(lambda: answers(container))
        with pytest.raises(MySQLdb.OperationalError, match="Access denied"):
            ask(container, "root", "", "SELECT 1")
        client = inside(container, "sh", "-c", "command -v mariadb || command -v mysql").strip()
        ran = container.get_wrapped_container().exec_run(
            [client, "--user=root", "--execute=SELECT 1"]
        )
        assert ran.exit_code != 0


def test_time_zones_are_loaded(image: str) -> None:
    with running(image, ports=(3306,), environment=ACCOUNT) as container:
        eventually(lambda: answers(container))
        statement = "SELECT CAST(CONVERT_TZ('2026-07-01 10:00','UTC','Europe/Berlin') AS CHAR)"
        assert ask(container, "root", ROOT, statement) == [("2026-07-01 12:00:00",)]


def test_server_is_the_first_process_and_keeps_no_password(image: str) -> None:
    with running(image, environment=ACCOUNT) as container:
        eventually(lambda: answers(container))
        assert inside(container, "cat", "/proc/1/comm").strip() in {"mariadbd", "mysqld"}
        # Only the server's own user may read its variables; a health check must not fill its log.
        wrapped = container.get_wrapped_container()
        user_id = inside(container, "stat", "-c", "%u", "/proc/1").strip()
        variables = wrapped.exec_run(["cat", "/proc/1/environ"], user=user_id).output
        assert b"PASSWORD" not in variables
        assert b"Access denied" not in wrapped.logs()


def test_password_comes_from_a_file(image: str) -> None:
    environment = {"MYSQL_ROOT_PASSWORD_FILE": "/run/secret"}
    secret = ((b"from a file"), "/run/secret", 0o400)
    with running(
        image, ports=(3306,), environment=environment, transferables=[secret]
    ) as container:
        eventually(lambda: answers(container))
        assert ask(container, "root", "from a file", "SELECT 1") == [(1,)]


def test_start_without_a_root_password_says_which_variable_is_missing(image: str) -> None:
    with running(image) as container:
        wrapped = container.get_wrapped_container()
        assert wrapped.wait(timeout=30)["StatusCode"] == 1
        assert b"ROOT_PASSWORD" in wrapped.logs()


@pytest.mark.heavy
def test_data_survives_a_commit_as_a_golden_image(image: str, engine: Engine) -> None:
    reference = "prod-sandbox/test-golden:1"
    with running(image, ports=(3306,), environment=ACCOUNT) as container:
        eventually(lambda: answers(container))
        ask(container, "root", ROOT, "CREATE TABLE shop.kept AS SELECT 42 AS answer")
        first = Container(container.get_wrapped_container())
        first.stop()
        first.commit(reference, {"prod-sandbox.test": "golden"})
    try:
        with running(reference, ports=(3306,)) as again:
            eventually(lambda: answers(again))
            assert ask(again, "root", ROOT, "SELECT answer FROM shop.kept") == [(42,)]
        kept = engine.client.images.get(reference).attrs["Config"]
        variables = dict(one.split("=", 1) for one in kept["Env"])
        assert {variables[name] for name in ACCOUNT} == {""}
        assert variables["LC_ALL"] == "C.UTF-8"  # the image's own stay
    finally:
        engine.remove_image(reference)


def test_initialisation_that_was_killed_is_started_afresh(image: str) -> None:
    with running(image, ports=(3306,), environment=ACCOUNT) as container:
        wrapped = container.get_wrapped_container()
        eventually(
            lambda: wrapped.exec_run(["test", "-d", "/srv/database/.partial"]).exit_code == 0
        )
        wrapped.kill()
        wrapped.start()
        eventually(lambda: answers(container))
        assert ask(container, "root", ROOT, "SHOW DATABASES LIKE 'shop'") == [("shop",)]


def test_settings_beside_the_image_defaults_win(image: str) -> None:
    settings = (b"[mysqld]\nsql_mode = ONLY_FULL_GROUP_BY\n", "/etc/mysql/conf.d/50-own.cnf", 0o644)
    with running(image, ports=(3306,), environment=ACCOUNT, transferables=[settings]) as container:
        eventually(lambda: answers(container))
        assert ask(container, "root", ROOT, "SELECT @@GLOBAL.sql_mode") == [("ONLY_FULL_GROUP_BY",)]
