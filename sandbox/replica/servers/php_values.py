"""Settings of PHP that the image cannot take as they are. Pure.

They stand in php.ini and the files beside it, in pools (``php_admin_value[…]``) and in .user.ini.
"""

from __future__ import annotations

import re

from sandbox.capture.ini import Statement
from sandbox.masking.dictionary import word_set
from sandbox.replica.servers.credentials import PLACEHOLDER, Filled
from sandbox.replica.servers.database_settings import bare_value
from sandbox.replica.servers.ini_edit import commented, whole, with_value
from sandbox.replica.servers.notes import Notes

_INNER = re.compile(r"php_(?:admin_)?(?:value|flag)\[([^\]]+)\]")
_FOLDERS = word_set(
    "session.save_path upload_tmp_dir sys_temp_dir opcache.file_cache soap.wsdl_cache_dir"
)
# Files that PHP opens as it starts or before each script: without them nothing runs.
_NEEDED_FILES = word_set(
    "auto_prepend_file auto_append_file opcache.preload browscap openssl.cafile openssl.capath "
    "curl.cainfo opcache.blacklist_filename tidy.default_config error_append_string"
)
_HANDLERS = frozenset({b"files", b"user"})
_FILLED_KINDS = frozenset({b"host", b"mail", b"url", b"user", b"password", b"database"})
_DROPPED_WHEN_UNKNOWN = word_set(
    "session.cookie_domain sendmail_path include_path open_basedir user_agent"
)


def inner_name(name: str) -> str:
    """Give the setting of PHP that a setting of a pool is about.

    >>> inner_name("php_admin_value[memory_limit]"), inner_name("memory_limit")
    ('memory_limit', 'memory_limit')
    """
    found = _INNER.fullmatch(name)
    return found[1] if found else name


def change_php_value(  # noqa: PLR0911, PLR0913, PLR0917 - one answer for each kind of setting
    name: str,
    statement: Statement,
    path: str,
    filled: Filled,
    release: tuple[str, ...],
    notes: Notes,
) -> bytes:
    """Give a setting of PHP as the image can take it; noting what that changes.

    Args:
        name: The setting of PHP.
        statement: Where it stands.
        path: The file it stands in.
        filled: Values for placeholders.
        release: Folders that the release is found at.
        notes: Hears of logs, folders and what is left out.
    """
    lower = name.lower()
    value = bare_value(statement)
    secret = PLACEHOLDER.search(value)
    if lower == "extension_dir":
        return commented(statement)
    if lower == "error_log" and value and value != b"syslog":
        place = filled.in_text(value)
        notes.log(place.decode("latin-1"), "php")
        return with_value(statement, place)
    if lower == "error_log" and value:
        notes.differs(f"{path}: error_log goes to php-fpm, not to syslog")
        return commented(statement)
    if lower == "session.save_handler" and value and value not in _HANDLERS:
        notes.differs(f"{path}: sessions are kept in files, not in {_shown(value)}")
        return with_value(statement, b"files")
    if lower in _FOLDERS and value:
        return _folder(statement, filled.in_text(value), path, notes)
    if lower in _NEEDED_FILES and value:
        below = any(value.startswith(f"{one}/".encode()) for one in release if one)
        if not secret and (below or value in {b"none", b"0"}):
            return whole(statement)
        notes.differs(f"{path}: {name} is left out: the replica has no such file")
        return commented(statement)
    if lower == "opcache.preload_user":
        return with_value(statement, b"www-data")
    if secret and (lower in _DROPPED_WHEN_UNKNOWN or secret["kind"] not in _FILLED_KINDS):
        notes.differs(f"{path}: {name} is left out: its value stayed in production")
        return commented(statement)
    return filled.in_text(whole(statement))


def _folder(statement: Statement, value: bytes, path: str, notes: Notes) -> bytes:
    """Take a folder over; sessions may have a depth before it, or be kept on another machine."""
    folder = value.rpartition(b";")[2]
    if not folder.startswith(b"/"):
        notes.differs(f"{path}: {statement.name.decode('latin-1')} is left out: it is no folder")
        return commented(statement)
    notes.folder(folder.decode("latin-1"))
    return with_value(statement, value)


def _shown(value: bytes) -> str:
    return value.decode() if re.fullmatch(rb"[a-z]{1,20}", value) else "what production uses"
