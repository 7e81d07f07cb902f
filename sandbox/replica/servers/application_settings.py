"""The application's own settings, as the replica has them. Pure.

Placeholders get their values. What leads to the database by a value that was no secret, as
``localhost`` and a socket are none, leads to the replica's.
"""

from __future__ import annotations

import posixpath
import re

from sandbox.capture.ini import Kind, Statement, split_ini
from sandbox.replica.servers.credentials import DATABASE_HOST, DATABASE_PORT, PLACEHOLDER, Filled
from sandbox.replica.servers.database_settings import (
    bare_value,
    database_group_names,
    name_parts,
)
from sandbox.replica.servers.ini_edit import commented, whole, with_value
from sandbox.replica.servers.notes import Notes
from sandbox.replica.servers.php_values import change_php_value

_FOLDER = re.compile(
    r"(?:cache|tmp|temp|temporary|session|upload|log|compile|data|public)s?[_.]?"
    r"(?:dir|directory|path|folder)$|save_?path$",
    re.IGNORECASE,
)
_LOG = re.compile(r"(?:stream|log_?file|error_?log)$", re.IGNORECASE)
_PATH = re.compile(rb"\s*(?:([A-Z_]{4,20})\s*\.?\s*)?[\"']?(/[A-Za-z0-9_./+@=,~-]*)?[\"']?\s*")


def fill_application(text: bytes, filled: Filled) -> bytes:
    """Give a settings file of the application with the replica's values."""
    groups = database_group_names(text)
    hosts = {
        (one.section, parts.group)
        for one in split_ini(text)
        if one.kind is Kind.SETTING
        and (parts := name_parts(one.name.decode("latin-1"))).member == "host"
    }
    made: list[bytes] = []
    for statement in split_ini(text):
        changed = whole(statement)
        if statement.kind is Kind.SETTING:
            parts = name_parts(statement.name.decode("latin-1"))
            if parts.group in groups and bare_value(statement):
                has_host = (statement.section, parts.group) in hosts
                changed = _to_database(statement, parts.member, has_host=has_host)
        made.append(filled.in_text(changed))
    return b"".join(made)


def _to_database(statement: Statement, member: str, *, has_host: bool) -> bytes:
    if member == "host" and not PLACEHOLDER.search(statement.value):
        return with_value(statement, DATABASE_HOST.encode())
    if member == "port":
        return with_value(statement, str(DATABASE_PORT).encode())
    if member == "socket" and has_host:
        return commented(statement)
    if member == "socket":
        host = re.sub(rb"(?i)(?:unix_?)?sock(?:et)?(\]?)$", rb"host\1", statement.name)
        end = b"\n" if statement.after.endswith(b"\n") else b""
        return statement.before + host + statement.equals + DATABASE_HOST.encode() + end
    return whole(statement)


def fill_user_ini(
    text: bytes, path: str, filled: Filled, release: tuple[str, ...], notes: Notes
) -> bytes:
    """Give a .user.ini with the replica's values."""
    made = []
    for statement in split_ini(text):
        if statement.kind is Kind.SETTING:
            name = statement.name.decode("latin-1")
            made.append(change_php_value(name, statement, path, filled, release, notes))
        else:
            made.append(filled.in_text(whole(statement)))
    return b"".join(made)


def note_folders(text: bytes, release: str, notes: Notes) -> None:
    """Note the logs and folders that settings of the application name."""
    for statement in split_ini(text):
        if statement.kind is not Kind.SETTING:
            continue
        name = statement.name.decode("latin-1")
        is_log = _LOG.search(name) is not None
        if not is_log and not _FOLDER.search(name):
            continue
        place = _whole_path(statement.value, release)
        if is_log and posixpath.splitext(place)[1]:
            notes.log(place, "application")
        elif place and not is_log:
            notes.folder(place)


def _whole_path(value: bytes, release: str) -> str:
    """Give the path that a value comes to: ``APPLICATION_PATH "/../data/cache"``."""
    found = _PATH.fullmatch(value)
    if found is None or not found[2]:
        return ""
    constants = {b"APPLICATION_PATH": f"{release}/application"}
    constants |= dict.fromkeys((b"BASE_PATH", b"ROOT_PATH", b"RELEASE_PATH"), release)
    if found[1] and found[1] not in constants:
        return ""
    return posixpath.normpath(constants.get(found[1], "") + found[2].decode())
