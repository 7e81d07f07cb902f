"""Which settings of production's database server the replica takes over, and which it cannot.

Takes the variables that a bundle holds, gives a server's option file and, once a server runs on
it, what is still not as in production. Pure: asks nobody. Only what changes how statements behave
is taken; what only costs memory, or would act by itself, is not, and is told.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sandbox.bundle.reader import Bundle
from sandbox.capture.database import ALLOWED, DATABASE, DatabaseSettings, global_settings
from sandbox.database.server import Server
from sandbox.errors import BundleInvalid
from sandbox.masking.dictionary import word_set

# Read when the server starts: no statement can try them out.
_AT_START = word_set(
    """enforce_gtid_consistency ft_max_word_len ft_min_word_len gtid_mode innodb_autoinc_lock_mode
    innodb_ft_max_token_size innodb_ft_min_token_size innodb_rollback_on_timeout log_bin
    lower_case_table_names ngram_token_size"""
)
# Decides how tables are made and found: in force before the first is.
_FROM_THE_FIRST = word_set(
    """ft_max_word_len ft_min_word_len innodb_ft_max_token_size innodb_ft_min_token_size
    lower_case_table_names ngram_token_size"""
)
# Sticks to what is created, or decides whether it can be; a statement sets it.
_STICKS = word_set(
    """character_set_collations character_set_server collation_server default_storage_engine
    default_collation_for_utf8mb4 innodb_default_row_format innodb_file_per_table
    innodb_strict_mode old_mode time_zone"""
)
# How a server is rather than how it behaves; what is told in words of its own; and what would
# keep the accounts of a sandbox out, which have passwords of today and no encryption.
_NOT_TAKEN = word_set(
    """authentication_policy character_set_client character_set_connection character_set_database
    character_set_results character_set_system collation_connection collation_database
    default_authentication_plugin default_password_lifetime disconnect_on_expired_password
    event_scheduler have_openssl have_query_cache have_ssl innodb_buffer_pool_size
    innodb_large_prefix innodb_page_size innodb_read_only lower_case_file_system old_passwords
    partial_revokes performance_schema read_only require_secure_transport
    secure_auth skip_name_resolve storage_engine strict_password_validation super_read_only
    system_time_zone thread_stack version_compile_machine"""
)
_NEW_NAMES = {"tx_isolation": "transaction_isolation", "tx_read_only": "transaction_read_only"}
SETS = frozenset({"sql_mode", "optimizer_switch", "old_mode"})
_SWITCHES = {"OFF": "0", "ON": "1", "NO": "0", "YES": "1"}
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")

# What the server may use, whatever production has: a sandbox shares a laptop with others.
_MOST = {"innodb_buffer_pool_size": 128 * 2**20, "query_cache_size": 16 * 2**20}
STATEMENTS = "/etc/mysql/sandbox-start.sql"
# A start on a copy opens, and so copies, the redo log and the system tablespace, which would grow
# by 64 MB at a time; and nobody needs a copy to survive a crash.
_OWN = """\
datadir = /srv/database
init_file = /etc/mysql/sandbox-start.sql
event_scheduler = OFF
server_id = 1
innodb_buffer_pool_size = 128M
loose_innodb_log_file_size = 8M
loose_innodb_redo_log_capacity = 8M
loose_innodb_autoextend_increment = 4
loose_innodb_flush_log_at_trx_commit = 2
loose_sync_binlog = 0
"""

_ZONES = {
    "UTC": "Etc/UTC",
    "GMT": "Europe/London",
    "BST": "Europe/London",
    "CET": "Europe/Berlin",
    "CEST": "Europe/Berlin",
    "EET": "Europe/Athens",
    "EEST": "Europe/Athens",
    "WET": "Europe/Lisbon",
    "WEST": "Europe/Lisbon",
    "MSK": "Europe/Moscow",
    "EST": "America/New_York",
    "EDT": "America/New_York",
    "CST": "America/Chicago",
    "CDT": "America/Chicago",
    "MST": "America/Denver",
    "MDT": "America/Denver",
    "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles",
    "JST": "Asia/Tokyo",
}
_NO_SUMMER = frozenset({"UTC", "MSK", "JST"})


@dataclass(frozen=True, slots=True)
class Wish:
    """Settings of production as a server of the replica shall have them.

    Attributes:
        values: Value by variable, under the names that servers use today.
        differs: What is not taken over, in words for people.
    """

    values: Mapping[str, str]
    differs: tuple[str, ...] = ()

    def at_start(self) -> dict[str, str]:
        """Give what only a start can set."""
        return {name: one for name, one in self.values.items() if name in _AT_START}

    def sticking(self) -> dict[str, str]:
        """Give what has to be in force before anything is created, and a statement can set."""
        return {name: one for name, one in self.values.items() if name in _STICKS}

    def later(self) -> dict[str, str]:
        """Give what a statement can set once everything is there."""
        return {n: one for n, one in self.values.items() if n not in _AT_START | _STICKS}

    def without(self, names: Collection[str]) -> Wish:
        """Leave out what a server refuses."""
        kept = {name: one for name, one in self.values.items() if name not in names}
        return Wish(kept, self.differs)


def read_settings(bundle: Bundle) -> DatabaseSettings | None:
    """Read production's settings from a bundle; None where it holds none, as older ones do.

    Raises:
        BundleInvalid: They are not what a bundle has there.
    """
    entries = [one for one in bundle.manifest.files if one.path == DATABASE]
    if not entries:
        return None
    try:
        found = json.loads(bundle.read_text(entries[0]))
        variables = {str(name): str(value) for name, value in found.get("variables", {}).items()}
        missing = tuple(str(one) for one in found.get("not_captured", ()))
        version = str(found.get("version", ""))
    except (ValueError, AttributeError, TypeError, RecursionError):
        raise BundleInvalid(f"{DATABASE} cannot be understood.") from None
    return DatabaseSettings(version, variables, missing) if variables else None


def wish_for(variables: Mapping[str, str], source: Server, server: Server) -> Wish:
    """Choose what of production's variables a server shall have.

    Args:
        variables: Production's, by name.
        source: Production's server.
        server: The server of the replica.
    """
    found = {_NEW_NAMES.get(name, name): value for name, value in variables.items()}
    values = {
        name: value
        for name, value in found.items()
        if name not in _NOT_TAKEN and name in ALLOWED and ALLOWED[name].fullmatch(value)
    }
    differs = []
    if "query_cache_size" in values:
        size = min(int(values.pop("query_cache_size")), _MOST["query_cache_size"])
        # A server that is given a size turns its cache on, whatever the type says.
        if _plain("query_cache_type", values.get("query_cache_type", "OFF")) != 0:
            values["query_cache_size"] = str(size)
    if "optimizer_switch" in values and source.numbers[:2] != server.numbers[:2]:
        # Each version has other switches, and other defaults for good reason.
        del values["optimizer_switch"]
        differs.append("optimizer_switch: this version's own, not production's")
    if not server.is_mariadb and values.get("lower_case_table_names", "0") != "0":
        # MySQL fixes it when it makes its data directory, which the image does by itself.
        given = values.pop("lower_case_table_names")
        differs.append(_unlike("lower_case_table_names", "0", given))
    return Wish(values, (*differs, *_told(found)))


def _told(variables: Mapping[str, str]) -> list[str]:
    told = []
    if _is_on(variables.get("event_scheduler", "OFF")):
        told.append("event_scheduler: ON in production, OFF here: events wait for you to run them")
    told += [
        f"{name}: {_megabytes(int(given))} in production, {_megabytes(most)} here"
        for name, most in _MOST.items()
        if (given := variables.get(name, "")).isdigit() and int(given) > most
    ]
    for name in ("read_only", "super_read_only"):
        if _is_on(variables.get(name, "OFF")):
            told.append(f"{name}: ON where the export read, OFF here: the application writes")
    if variables.get("innodb_page_size", "16384") != "16384":
        told.append(_unlike("innodb_page_size", "16384", variables["innodb_page_size"]))
    return told


def loading_file(wish: Wish) -> bytes:
    """Write the option file for a server that is being loaded: no log of it, rows from clients."""
    early = sorted(_FROM_THE_FIRST & wish.values.keys())
    lines = [_line(name, wish.values[name]) for name in early]
    return _file([*lines, "skip_log_bin", "local_infile = ON"])


def settings_file(wish: Wish) -> bytes:
    """Write the option file that makes a server behave as production's."""
    by_statement = global_settings(wish.values)
    given = sorted(wish.values.items())
    return _file([_line(name, value) for name, value in given if name not in by_statement])


def settings_statements(wish: Wish, known: Collection[str]) -> bytes:
    """Write the statements that a server runs when it starts, for what no option sets.

    Args:
        wish: What is wished for.
        known: The variables that the server has.
    """
    given = sorted(global_settings(wish.values).items())
    return "".join(f"{statement_for(name, value, known)};\n" for name, value in given).encode()


def statement_for(name: str, value: str, known: Collection[str]) -> str:
    """Write the statement that sets a variable.

    Args:
        name: Its name.
        value: Its value.
        known: The variables that the server has.
    """
    old = {new: old for old, new in _NEW_NAMES.items()}.get(name, name)
    asked = name if name in known else old
    given = value if _NUMBER.fullmatch(value) else f"'{value.replace(chr(39), chr(39) * 2)}'"
    return f"SET GLOBAL {asked} = {given}"


def what_differs(wish: Wish, running: Mapping[str, str]) -> tuple[str, ...]:
    """Say which variables of a running server are not as in production.

    Args:
        wish: Everything that was wished for, also what the server refused.
        running: The server's own variables.
    """
    has = {_NEW_NAMES.get(name, name): value for name, value in running.items()}
    found = []
    for name, value in sorted(wish.values.items()):
        if name not in has:
            found.append(f"{name}: this version has no such variable")
        elif _plain(name, has[name]) != _plain(name, value):
            found.append(_unlike(name, has[name], value))
    return (*wish.differs, *found)


def zone_of(variables: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Choose the system's time zone, for which servers give an abbreviation only.

    Returns:
        Its name, empty where nothing is known of it; and what is uncertain about it.
    """
    short = variables.get("system_time_zone", "")
    zone = _ZONES.get(short, "")
    if short and not zone:
        return "", ("system_time_zone: production's cannot be told from its abbreviation",)
    if zone and short not in _NO_SUMMER and variables.get("time_zone", "SYSTEM") == "SYSTEM":
        return zone, (f"system_time_zone: taken to be {zone}, as production only says {short}",)
    return zone, ()


def _line(name: str, value: str) -> str:
    if name == "log_bin":
        return "log_bin = mysql-bin" if _is_on(value) else "skip_log_bin"
    option = "default_time_zone" if name == "time_zone" else f"loose_{name}"
    return f'{option} = "{value}"'


def _file(lines: list[str]) -> bytes:
    return "\n".join(["[mysqld]", *_OWN.splitlines(), *lines, ""]).encode()


def _plain(name: str, value: str) -> object:
    """Bring the spellings of one value together."""
    if name in SETS:
        return frozenset(filter(None, value.casefold().split(",")))
    text = _SWITCHES.get(value.upper(), value.casefold())
    return float(text) if _NUMBER.fullmatch(text) else text


def _is_on(value: str) -> bool:
    return _plain("", value) == 1


def _unlike(name: str, here: str, production: str) -> str:
    if name in SETS:
        ours, theirs = (frozenset(one.split(",")) - {""} for one in (here, production))
        changes = [f"+{one}" for one in sorted(ours - theirs)]
        changes += [f"-{one}" for one in sorted(theirs - ours)]
        return f"{name}: unlike production's by {' '.join(changes)}"
    return f"{name}: {here} here, {production} in production"


def _megabytes(size: int) -> str:
    return f"{size / 2**20:.0f} MiB"
