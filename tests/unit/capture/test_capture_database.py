"""Settings of a database server leave by name and form, and never what somebody wrote into one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.capture.database import (
    ALLOWED,
    DatabaseSettings,
    choose_settings,
    global_settings,
    mask_database,
    startup_options,
)
from sandbox.model import MaskedText

MARIADB = "10.11.19-MariaDB-0+deb12u1-log"
GRANTS = "the grants of the application's accounts"


def mask(text: bytes, _kind: str) -> MaskedText:
    return MaskedText(b"x" * len(text))


def written(settings: DatabaseSettings) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(mask_database(settings, mask).content)
    return found


def test_settings_leave_as_they_are() -> None:
    variables = {
        "sql_mode": "ONLY_FULL_GROUP_BY,NO_ENGINE_SUBSTITUTION",
        "character_set_server": "latin1",
        "time_zone": "Europe/Berlin",
        "max_statement_time": "0.000000",
        "old_mode": "",
        "optimizer_switch": ",".join(f"index_merge_{n}=on" for n in range(60)),
    }
    assert written(choose_settings(MARIADB, variables)) == {
        "version": MARIADB,
        "variables": variables,
        "not_captured": [GRANTS],
    }


def test_what_names_a_machine_a_path_or_an_account_is_not_looked_at() -> None:
    variables = {
        "hostname": "db7", "datadir": "/srv/meier", "report_password": "geheim", "port": "3306",
        "socket": "/run/a.sock", "server_uid": "x", "wsrep_sst_auth": "a:b", "init_file": "/a.sql",
        "init_connect": "SET @who = 'meier'", "secure_file_priv": "/srv", "log_bin_basename": "/m",
    }  # fmt: skip
    settings = choose_settings(MARIADB, variables)
    assert settings.variables == {}
    assert settings.not_captured == (
        GRANTS,
        "init_connect: it is set; what it runs for every session is not captured",
    )
    assert choose_settings(MARIADB, {"init_connect": ""}).not_captured == (GRANTS,)


def test_a_value_without_the_form_of_its_variable_stays_behind() -> None:
    settings = choose_settings(MARIADB, {"sql_mode": "call meier", "max_connections": "3x"})
    assert settings.variables == {}
    assert settings.not_captured[1:] == (
        "max_connections: its value has a form that is not known",
        "sql_mode: its value has a form that is not known",
    )


@pytest.mark.parametrize("canary", ["/srv/kanarie", "kanarie@post.example", "10.1.2.3", "db 7"])
def test_no_form_takes_paths_addresses_or_words_with_blanks(canary: str) -> None:
    assert [name for name, form in ALLOWED.items() if form.fullmatch(canary)] == []


def test_names_of_other_families_and_versions_are_taken() -> None:
    settings = choose_settings(
        "9.7.0", {"transaction_isolation": "READ-COMMITTED", "authentication_policy": "*,,",
                  "max_execution_time": "0", "sql_require_primary_key": "OFF"},
    )  # fmt: skip
    assert len(settings.variables) == 4


def test_a_server_is_started_with_what_options_set() -> None:
    variables = {
        "tx_isolation": "READ-COMMITTED", "time_zone": "SYSTEM", "sql_mode": "", "log_bin": "ON",
        "character_set_client": "latin1", "read_only": "ON", "sql_safe_updates": "ON",
        "hostname": "db7", "max_connections": "; rm",
    }  # fmt: skip
    assert startup_options(variables) == {
        "transaction-isolation": "READ-COMMITTED", "default-time-zone": "SYSTEM", "sql-mode": "",
    }  # fmt: skip
    assert global_settings(variables) == {"sql_safe_updates": "ON"}


@given(st.sampled_from([*sorted(ALLOWED), "hostname", "init_connect"]), st.text(max_size=60))
def test_whatever_a_value_is_it_leaves_by_its_form_or_not_at_all(name: str, value: str) -> None:
    found = written(choose_settings(MARIADB, {name: value}))
    form = ALLOWED.get(name)
    expected = {name: value} if form is not None and form.fullmatch(value) else {}
    assert found["variables"] == expected


@pytest.mark.parametrize("version", [MARIADB, "9.7.0", "11.8.9-MariaDB-0+deb13u1 from Debian-log"])
def test_a_version_stays(version: str) -> None:
    assert written(DatabaseSettings(version, {}))["version"] == version


def test_a_version_that_looks_like_none_is_masked() -> None:
    assert written(DatabaseSettings("kanarie", {}))["version"] == "xxxxxxx"
