"""The allow-list of a database server's settings: those that change how an application behaves.

Takes all variables of a server; gives those that may leave. A name that is not on the list stays
behind, and so does a value without the form that its variable has: nothing that names a machine, a
path or a person, and no SQL that somebody wrote. Also says which of them a server can be started
with, so that both halves read the names alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sandbox.masking.dictionary import word_set
from sandbox.masking.segments import (
    Allowed,
    JsonString,
    MaskText,
    Segment,
    ToMask,
    Verbatim,
    assemble,
    fits,
)
from sandbox.model import MaskedText

DATABASE = "config/database.json"
"""Where a bundle has them."""

_SWITCH = r"(?i:ON|OFF|YES|NO|TRUE|FALSE|DISABLED|[0-2])"
_NUMBER = r"-?[0-9]{1,20}(?:\.[0-9]{1,9})?"
_WORD = r"[A-Za-z0-9_-]{1,40}"
_CAPITALS = r"[A-Z0-9_,]{0,1000}"
_CHARSET = r"[a-z0-9_]{1,64}"
_ZONE = r"SYSTEM|[+-][0-9]{2}:[0-9]{2}|[A-Za-z_]{2,20}(?:/[A-Za-z_+-]{2,30}){0,2}[0-9+-]{0,3}"
_PLUGIN = r"(?:mysql_native_password|caching_sha2_password|sha256_password|ed25519|unix_socket)"

# Names by the form of their values. The server checks most of these values itself.
_GIVEN: Mapping[str, str] = {
    # How text is compared and converted, and what stands for a value that does not fit.
    "sql_mode old_mode": _CAPITALS,
    "character_set_server character_set_client character_set_connection character_set_database "
    "character_set_results character_set_system character_set_filesystem "
    "collation_server collation_connection collation_database default_collation_for_utf8mb4 "
    "innodb_default_row_format binlog_format default_storage_engine default_tmp_storage_engine "
    "storage_engine enforce_storage_engine internal_tmp_mem_storage_engine lc_time_names "
    "lc_messages binlog_row_image tx_isolation transaction_isolation completion_type "
    "concurrent_insert block_encryption_mode use_stat_tables binlog_row_metadata "
    "gtid_mode enforce_gtid_consistency": _WORD,
    "explicit_defaults_for_timestamp innodb_strict_mode sql_auto_is_null sql_big_selects "
    "sql_safe_updates sql_require_primary_key sql_generate_invisible_primary_key sql_notes "
    "sql_warnings sql_buffer_result big_tables autocommit foreign_key_checks unique_checks "
    "check_constraint_checks low_priority_updates updatable_views_with_limit "
    "innodb_file_per_table innodb_large_prefix innodb_rollback_on_timeout "
    "innodb_deadlock_detect innodb_snapshot_isolation innodb_table_locks "
    "innodb_force_primary_key innodb_ft_enable_stopword innodb_read_only local_infile "
    "log_bin_trust_function_creators log_bin read_only super_read_only skip_name_resolve "
    "secure_auth old automatic_sp_privileges show_create_table_verbosity mysql56_temporal_format "
    "show_gipk_in_create_table_and_information_schema windowing_use_high_precision "
    "end_markers_in_json print_identified_with_as_hex standard_compliant_cte tx_read_only "
    "transaction_read_only disconnect_on_expired_password partial_revokes "
    "column_compression_zlib_wrap lower_case_file_system performance_schema have_ssl have_openssl "
    "have_query_cache require_secure_transport strict_password_validation": _SWITCH,
    "query_cache_type": r"ON|OFF|DEMAND|[0-2]",
    "event_scheduler": r"ON|OFF|DISABLED",
    "old_passwords": _SWITCH,
    "lower_case_table_names innodb_autoinc_lock_mode auto_increment_increment "
    "auto_increment_offset div_precision_increment max_sort_length sql_select_limit max_join_size "
    "group_concat_max_len max_allowed_packet max_connections max_user_connections wait_timeout "
    "interactive_timeout idle_transaction_timeout idle_write_transaction_timeout "
    "idle_readonly_transaction_timeout net_read_timeout net_write_timeout connect_timeout "
    "lock_wait_timeout innodb_lock_wait_timeout max_statement_time max_execution_time "
    "optimizer_search_depth optimizer_prune_level optimizer_use_condition_selectivity "
    "default_week_format ft_min_word_len ft_max_word_len innodb_ft_min_token_size "
    "innodb_ft_max_token_size ngram_token_size innodb_buffer_pool_size innodb_page_size "
    "tmp_table_size max_heap_table_size tmp_memory_table_size max_error_count "
    "max_sp_recursion_depth cte_max_recursion_depth max_recursive_iterations "
    "max_length_for_sort_data max_prepared_stmt_count max_session_mem_used query_cache_size "
    "thread_stack regexp_stack_limit regexp_time_limit max_points_in_geometry "
    "range_optimizer_max_mem_size eq_range_index_dive_limit default_password_lifetime": _NUMBER,
    "character_set_collations": r"(?:[a-z0-9]{1,20}=[a-z0-9_]{1,64},?){0,40}",
    "time_zone": _ZONE,
    "system_time_zone": r"[A-Z]{1,6}|[+-][0-9]{2}(?:[0-9]{2})?",
    "optimizer_switch": r"(?:[a-z0-9_]{1,60}=(?:on|off|default),?){0,80}",
    "default_regex_flags": r"[A-Z_,]{0,200}",
    "session_track_transaction_info alter_algorithm old_alter_table": _WORD,
    "default_authentication_plugin": _PLUGIN,
    "authentication_policy": rf"(?:\*:?(?:{_PLUGIN})?|{_PLUGIN})?(?:,(?:{_PLUGIN})?)*",
    "version_compile_machine": _WORD,
}  # fmt: skip
ALLOWED: Mapping[str, re.Pattern[str]] = {
    name: re.compile(form) for names, form in _GIVEN.items() for name in names.split()
}
"""What may leave: names of variables, and the form that a value must have."""

_VERSION = re.compile(
    r"[0-9]{1,3}(?:\.[0-9]{1,3}){1,2}[A-Za-z0-9.+~_-]{0,80}(?: from Debian[a-z-]{0,20})?"
)
_GRANTS = "the grants of the application's accounts"
_INIT_CONNECT = "init_connect: it is set; what it runs for every session is not captured"
# They say how the server is, or are told again by others; no server is started with them.
_NO_OPTIONS = word_set(
    "character_set_client character_set_connection character_set_database character_set_results "
    "character_set_system collation_connection collation_database storage_engine system_time_zone "
    "lower_case_file_system have_ssl have_openssl have_query_cache version_compile_machine "
    "log_bin tx_read_only innodb_page_size read_only super_read_only innodb_read_only "
    "require_secure_transport gtid_mode enforce_gtid_consistency performance_schema "
    "query_cache_type query_cache_size"
)
# What every session begins with, and no option sets: SET GLOBAL does.
_NO_OPTION_BUT_GLOBAL = word_set(
    "sql_big_selects sql_auto_is_null sql_select_limit sql_safe_updates sql_warnings sql_notes "
    "sql_buffer_result foreign_key_checks unique_checks check_constraint_checks "
    "default_regex_flags max_error_count default_collation_for_utf8mb4"
)
_OPTION_OF = {"time_zone": "default-time-zone", "tx_isolation": "transaction-isolation"}


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """Settings of a database server, those that may leave.

    Attributes:
        version: The server's version, as it says it.
        variables: Values by name.
        not_captured: What also bears on an application, and is not here; in words for people.
    """

    version: str
    variables: Mapping[str, str]
    not_captured: tuple[str, ...] = ()


def choose_settings(version: str, variables: Mapping[str, str]) -> DatabaseSettings:
    """Choose the settings that may leave.

    Args:
        version: The server's version.
        variables: All of its variables, those of the server as a whole.
    """
    kept: dict[str, str] = {}
    odd: list[str] = []
    for name, form in sorted(ALLOWED.items()):
        value = variables.get(name)
        if value is not None and form.fullmatch(value):
            kept[name] = value
        elif value:
            odd.append(f"{name}: its value has a form that is not known")
    missing = [_GRANTS, *odd]
    if variables.get("init_connect"):
        missing.append(_INIT_CONNECT)
    return DatabaseSettings(version, kept, tuple(missing))


def mask_database(settings: DatabaseSettings, mask_text: MaskText) -> MaskedText:
    """Write settings as JSON; each is held against the allow-list once more.

    Raises:
        MaskingRefused: A piece was to stay that does not fit the allow-list: a fault of ours.
    """
    version = settings.version.encode()
    known = _VERSION.fullmatch(settings.version) and fits(version, Allowed.CHOICE)
    segments: list[Segment] = [
        _ours('{"version": '),
        JsonString((Verbatim(version, Allowed.CHOICE) if known else ToMask(version, "log"),)),
        _ours(',\n"variables": {'),
    ]
    for number, (name, value) in enumerate(settings.variables.items()):
        segments.append(_ours(",\n " if number else "\n "))
        segments.append(JsonString((Verbatim(name.encode(), Allowed.NAME),)))
        segments.append(_ours(": "))
        segments.append(JsonString(tuple(_pieces(name, value))))
    segments.append(_ours('},\n"not_captured": ['))
    for number, words in enumerate(settings.not_captured):
        segments.append(_ours(", " if number else ""))
        segments.append(JsonString((Verbatim(words.encode(), Allowed.FORMAT),)))
    return assemble([*segments, _ours("]}\n")], mask_text)


def startup_options(variables: Mapping[str, str]) -> Mapping[str, str]:
    """Give the options to start a server with, so that it behaves as the captured one.

    What only tells how a server is is left out; so is ``log_bin``, whose option takes the name of a
    file and not ON. A server of another family or version does not know all of them.

    >>> startup_options({"time_zone": "+01:00", "log_bin": "ON", "sql_mode": ""})
    {'default-time-zone': '+01:00', 'sql-mode': ''}
    """
    return {
        _OPTION_OF.get(name, name.replace("_", "-")): value
        for name, value in variables.items()
        if name not in _NO_OPTIONS | _NO_OPTION_BUT_GLOBAL and _has_its_form(name, value)
    }


def global_settings(variables: Mapping[str, str]) -> Mapping[str, str]:
    """Give what no option sets, and SET GLOBAL does once the server has started.

    >>> global_settings({"sql_safe_updates": "ON", "sql_mode": ""})
    {'sql_safe_updates': 'ON'}
    """
    return {
        name: value
        for name, value in variables.items()
        if name in _NO_OPTION_BUT_GLOBAL and _has_its_form(name, value)
    }


def _has_its_form(name: str, value: str) -> bool:
    return name in ALLOWED and ALLOWED[name].fullmatch(value) is not None


def _pieces(name: str, value: str) -> Iterator[Verbatim | ToMask]:
    """Cut a value at its commas: lists are longer than a piece may be."""
    if not _has_its_form(name, value):
        yield ToMask(value.encode(), "plain")
        return
    for piece in re.findall(r"[^,]*,|[^,]+", value):
        yield Verbatim(piece.encode(), Allowed.CHOICE)


def _ours(text: str) -> Verbatim:
    return Verbatim(text.encode(), Allowed.FORMAT)
