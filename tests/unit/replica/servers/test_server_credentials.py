"""Every placeholder gets a value that fits, the same for the same bundle and no other."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captured_servers import SEED, captured_server, filled_servers, planned, text_of
from sandbox.capture.placeholders import Placeholders
from sandbox.errors import BundleInvalid
from sandbox.replica.servers.captured import PlaceholderEntry
from sandbox.replica.servers.credentials import (
    DATABASE_HOST,
    PLACEHOLDER,
    fill_servers,
)
from sandbox.replica.servers.database_settings import is_database_group, name_parts

KINDS = ["password", "user", "host", "url", "mail", "path", "database", "number", "text"]


def local_ini(**settings: str) -> dict[str, bytes]:
    lines = "".join(f'{name.replace("__", ".")} = "{value}"\n' for name, value in settings.items())
    return {"/etc/shop/local.ini": lines.encode()}


def test_settings_of_one_connection_lead_to_the_database_of_the_replica_with_one_account() -> None:
    placeholders = Placeholders()
    server = captured_server(placeholders=placeholders)
    filled = filled_servers(server, placeholders=placeholders)
    text = filled.in_text(server.files["/etc/shop/local.ini"]).decode()
    accounts = {one.name: one for one in filled.accounts}
    assert set(accounts) == {"sandbox_db", "sandbox_reports"}
    assert accounts["sandbox_reports"].setting == "reports.username"
    for prefix, name in (("resources.db.params", "sandbox_db"), ("reports", "sandbox_reports")):
        assert f'{prefix}.host = "{DATABASE_HOST}"' in text
        assert f'{prefix}.dbname = "shop"' in text
        assert f'{prefix}.username = "{name}"' in text
        assert f'{prefix}.password = "{accounts[name].password}"' in text
    assert 'resources.mail.transport.host = "resources-mail-transport-host.sink.example"' in text
    assert 'shop.payment.url = "http://shop-payment-url.sink.example/"' in text
    assert accounts["sandbox_db"].password not in repr(filled) + repr(accounts)


def test_each_server_has_its_own_name_and_all_have_the_same_accounts() -> None:
    placeholders = Placeholders()
    servers = [captured_server(name, placeholders=placeholders) for name in ("web1", "web2")]
    filled = filled_servers(*servers, placeholders=placeholders)
    for server in servers:
        text = filled.in_text(server.files["/etc/shop/local.ini"]).decode()
        assert f'server.name = "{server.name}"' in text
    assert len(filled.accounts) == 2
    assert filled.differs == ()


def test_odd_password_of_one_server_is_a_wrong_one_and_told() -> None:
    placeholders = Placeholders()
    servers = [
        captured_server(
            name,
            local_ini(db__host="h", db__dbname="d", db__username="u", db__password=password),
            placeholders=placeholders,
        )
        for name, password in (("web1", "first-one"), ("web2", "second-one"), ("web3", "first-one"))
    ]
    filled = filled_servers(*servers, placeholders=placeholders)
    (account,) = filled.accounts
    texts = [filled.in_text(one.files["/etc/shop/local.ini"]).decode() for one in servers]
    assert [account.password in text for text in texts] == [True, False, True]
    (told,) = filled.differs
    assert told.startswith("web2: the password beside db.username is another one than elsewhere")


def test_account_without_a_password_has_none_here() -> None:
    files = local_ini(db__host="h", db__dbname="d", db__username="u", db__password="")
    filled = filled_servers(captured_server("web1", files))
    assert [one.password for one in filled.accounts] == [""]


def test_database_on_the_server_itself_is_the_replicas_too() -> None:
    files = {
        "/srv/app/.env": b"DB_HOST=127.0.0.1\nDB_PORT=3307\nDB_DATABASE=kanarie\n"
        b"DB_USERNAME=kanarie\nDB_PASSWORD='kanarie'\nREDIS_HOST=127.0.0.1\nREDIS_PORT=6379\n",
        "/srv/app/db.ini": b'[live]\ndb.unix_socket = "/var/run/mysqld/mysqld.sock"\n'
        b"db.dbname = kanarie\n[test : live]\ndb.host = localhost\n",
    }
    server = planned(files)
    env, ini = text_of(server, "/srv/app/.env"), text_of(server, "/srv/app/db.ini")
    assert "DB_HOST=database\nDB_PORT=3306\n" in env
    assert "REDIS_HOST=127.0.0.1\nREDIS_PORT=6379\n" in env
    assert "sock" not in ini
    assert ini.count("db.host = database") == 2


def test_url_of_the_database_carries_an_account_that_exists() -> None:
    url = "mysql://kanarie:kanarie@db.kanarie.example/kanarie"
    server = captured_server("web1", {"/srv/app/.env": f"DATABASE_URL={url}\n".encode()})
    filled = filled_servers(server)
    (account,) = filled.accounts
    text = filled.in_text(server.files["/srv/app/.env"]).decode()
    assert f"mysql://{account.name}:{account.password}@database:3306/shop" in text


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[A-Za-z0-9_.~-]{1,60}", fullmatch=True),
            st.sampled_from(KINDS),
            st.sampled_from(["1-8", "9-16", "17-32", "33-64", "65-256", "257+"]),
        ),
        max_size=12,
        unique=True,
    )
)
def test_every_placeholder_is_filled_alike_each_time_with_what_can_stand_in_any_settings(
    given_ones: list[tuple[str, str, str]],
) -> None:
    entries = [
        PlaceholderEntry(placeholder=f"@secret:{n}:{k}:{s}@", name=n, kind=k, length=s)
        for n, k, s in given_ones
    ]
    one = fill_servers((), entries, database="shop", seed=SEED)
    again = fill_servers((), reversed(entries), database="shop", seed=SEED)
    other = fill_servers((), entries, database="shop", seed=b"t" * 32)
    assert one == again
    for entry in entries:
        value = one.value_of(entry.placeholder.encode())
        assert not PLACEHOLDER.search(value)
        assert re.fullmatch(rb"[A-Za-z0-9_.:/@;=-]+", value)
        if entry.kind == "password" and name_parts(entry.name).member in {"", "password"}:
            assert value != other.value_of(entry.placeholder.encode())
    names = [account.name for account in one.accounts]
    assert len(set(names)) == len(names)
    assert all(len(name) <= 32 for name in names)


@pytest.mark.parametrize("database", ['a"b', "a\nb", "a;b", "${x}", ""])
def test_database_whose_name_would_break_settings_is_refused(database: str) -> None:
    with pytest.raises(BundleInvalid, match="cannot stand in settings"):
        fill_servers((), (), database=database, seed=SEED)


@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("resources.multidb.one.host", "host"),
        ("DB_USERNAME", "user"),
        ("env[DB_PASSWORD]", "password"),
        ("db.unix_socket", "socket"),
        ("dbHost", "host"),
        ("shop.timeout", ""),
    ],
)
def test_name_of_a_setting_tells_what_it_is(name: str, member: str) -> None:
    assert name_parts(name).member == member


def test_mail_and_caches_are_not_taken_for_the_database() -> None:
    assert not is_database_group("resources.mail.transport", {"host", "user", "password"})
    assert not is_database_group("REDIS", {"host", "database"})
