"""Which of production's settings a server of the replica gets, and what is told of the rest."""

from __future__ import annotations

import pytest

from sandbox.database.server import Server
from sandbox.model import Family
from sandbox.replica.golden_settings import (
    Wish,
    loading_file,
    settings_file,
    settings_statements,
    statement_for,
    what_differs,
    wish_for,
    zone_of,
)

MARIADB = Server(Family.MARIADB, "10.11.19-MariaDB", (10, 11, 19))
OLDER = Server(Family.MARIADB, "10.11.6-MariaDB", (10, 11, 6))
NEWER = Server(Family.MARIADB, "11.8.2-MariaDB", (11, 8, 2))
MYSQL = Server(Family.MYSQL, "9.7.4", (9, 7, 4))


def lines(file: bytes) -> list[str]:
    first, *rest = file.decode().splitlines()
    assert first == "[mysqld]"
    return rest


def test_settings_of_production_are_written_so_that_an_unknown_one_does_no_harm() -> None:
    wish = wish_for({"sql_mode": "", "wait_timeout": "600"}, OLDER, MARIADB)
    written = lines(settings_file(wish))
    assert 'loose_sql_mode = ""' in written
    assert 'loose_wait_timeout = "600"' in written
    assert wish.differs == ()


def test_time_zone_has_an_option_of_another_name() -> None:
    wish = wish_for({"time_zone": "Europe/Berlin"}, OLDER, MARIADB)
    assert 'default_time_zone = "Europe/Berlin"' in lines(settings_file(wish))


@pytest.mark.parametrize(("value", "line"), [("ON", "log_bin = mysql-bin"), ("0", "skip_log_bin")])
def test_binary_log_is_production_s(value: str, line: str) -> None:
    assert line in lines(settings_file(wish_for({"log_bin": value}, OLDER, MARIADB)))


def test_what_no_option_sets_is_a_statement_of_each_start() -> None:
    wish = wish_for({"sql_safe_updates": "ON", "sql_mode": ""}, OLDER, MARIADB)
    assert b"sql_safe_updates" not in settings_file(wish)
    assert (
        settings_statements(wish, {"sql_safe_updates"}) == b"SET GLOBAL sql_safe_updates = 'ON';\n"
    )


def test_events_never_run_by_themselves() -> None:
    wish = wish_for({"event_scheduler": "ON"}, OLDER, MARIADB)
    assert "event_scheduler = OFF" in lines(settings_file(wish))
    assert wish.differs == (
        "event_scheduler: ON in production, OFF here: events wait for you to run them",
    )


def test_sizes_that_need_production_s_memory_are_capped_and_told() -> None:
    wish = wish_for({"innodb_buffer_pool_size": str(2**36)}, OLDER, MARIADB)
    assert "innodb_buffer_pool_size = 128M" in lines(settings_file(wish))
    assert str(2**36).encode() not in settings_file(wish)
    assert wish.differs == ("innodb_buffer_pool_size: 65536 MiB in production, 128 MiB here",)


def test_query_cache_has_a_size_only_where_it_is_on() -> None:
    given = {"query_cache_size": str(2**30), "query_cache_type": "ON"}
    on = wish_for(given, OLDER, MARIADB)
    assert on.values == {"query_cache_size": str(2**24), "query_cache_type": "ON"}
    off = wish_for(given | {"query_cache_type": "OFF"}, OLDER, MARIADB)
    assert off.values == {"query_cache_type": "OFF"}


def test_name_or_value_that_no_export_lets_through_is_not_written() -> None:
    hostile = {
        "init_file": "/etc/passwd",
        "datadir": "/",
        "sql_mode": 'ANSI"\nplugin_load = "evil.so',
        "time_zone": "Europe/Berlin\nskip_grant_tables",
        "plugin_load\nx": "y",
    }
    wish = wish_for(hostile, OLDER, MARIADB)
    assert wish.values == {}
    assert settings_file(wish) == settings_file(Wish({}))


def test_switches_of_the_optimizer_are_taken_between_equal_versions_only() -> None:
    given = {"optimizer_switch": "index_merge=off"}
    assert wish_for(given, OLDER, MARIADB).values == given
    newer = wish_for(given, OLDER, NEWER)
    assert newer.values == {}
    assert newer.differs == ("optimizer_switch: this version's own, not production's",)


def test_names_of_tables_are_fixed_from_the_first_on_mariadb_and_told_on_mysql() -> None:
    given = {"lower_case_table_names": "1"}
    assert 'loose_lower_case_table_names = "1"' in lines(
        loading_file(wish_for(given, OLDER, MARIADB))
    )
    wish = wish_for(given, MYSQL, MYSQL)
    assert wish.values == {}
    assert wish.differs == ("lower_case_table_names: 0 here, 1 in production",)


def test_server_that_is_loaded_keeps_no_log_of_it_whatever_production_does() -> None:
    wish = wish_for({"log_bin": "ON", "local_infile": "OFF", "ft_min_word_len": "2"}, MYSQL, MYSQL)
    written = lines(loading_file(wish))
    assert "skip_log_bin" in written
    assert "local_infile = ON" in written
    assert 'loose_ft_min_word_len = "2"' in written
    assert not any("mysql-bin" in line for line in written)


def test_settings_are_told_apart_by_when_they_have_to_be_there() -> None:
    given = {"log_bin": "ON", "innodb_strict_mode": "OFF", "wait_timeout": "1"}
    wish = wish_for(given, OLDER, MARIADB)
    assert wish.sticking() == {"innodb_strict_mode": "OFF"}
    assert wish.later() == {"wait_timeout": "1"}


def test_old_name_of_a_variable_is_asked_for_where_the_server_has_no_other() -> None:
    wish = wish_for({"tx_isolation": "SERIALIZABLE"}, OLDER, MARIADB)
    assert wish.values == {"transaction_isolation": "SERIALIZABLE"}
    (item,) = wish.values.items()
    assert statement_for(*item, {"tx_isolation"}) == "SET GLOBAL tx_isolation = 'SERIALIZABLE'"
    assert statement_for(*item, {"transaction_isolation"}) == (
        "SET GLOBAL transaction_isolation = 'SERIALIZABLE'"
    )
    assert what_differs(wish, {"tx_isolation": "SERIALIZABLE"}) == ()


@pytest.mark.parametrize(
    ("name", "production", "here"),
    [
        ("autocommit", "ON", "1"),
        ("autocommit", "OFF", "NO"),
        ("max_statement_time", "0", "0.000000"),
        ("sql_mode", "ANSI_QUOTES,NO_ZERO_DATE", "NO_ZERO_DATE,ANSI_QUOTES"),
        ("character_set_server", "UTF8MB4", "utf8mb4"),
    ],
)
def test_spellings_of_one_value_do_not_differ(name: str, production: str, here: str) -> None:
    assert what_differs(Wish({name: production}), {name: here}) == ()


@pytest.mark.parametrize(
    ("name", "production", "here", "told"),
    [
        ("autocommit", "OFF", "ON", "autocommit: ON here, OFF in production"),
        ("wait_timeout", "600", "60", "wait_timeout: 60 here, 600 in production"),
        (
            "sql_mode",
            "ANSI_QUOTES,NO_AUTO_CREATE_USER",
            "ANSI_QUOTES,NO_ZERO_DATE",
            "sql_mode: unlike production's by +NO_ZERO_DATE -NO_AUTO_CREATE_USER",
        ),
    ],
)
def test_other_value_is_told(name: str, production: str, here: str, told: str) -> None:
    assert what_differs(Wish({name: production}, ("first",)), {name: here}) == ("first", told)


def test_variable_that_the_server_does_not_know_is_told() -> None:
    assert what_differs(Wish({"query_cache_type": "ON"}), {}) == (
        "query_cache_type: this version has no such variable",
    )


@pytest.mark.parametrize(
    ("variables", "zone", "told"),
    [
        ({}, "", 0),
        ({"system_time_zone": "UTC"}, "Etc/UTC", 0),
        ({"system_time_zone": "CEST"}, "Europe/Berlin", 1),
        ({"system_time_zone": "CEST", "time_zone": "Europe/Berlin"}, "Europe/Berlin", 0),
        ({"system_time_zone": "XYZT"}, "", 1),
    ],
)
def test_system_time_zone_is_told_from_its_abbreviation_and_doubt_is_said(
    variables: dict[str, str], zone: str, told: int
) -> None:
    found, doubts = zone_of(variables)
    assert (found, len(doubts)) == (zone, told)
