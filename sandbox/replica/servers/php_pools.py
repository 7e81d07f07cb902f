"""php-fpm's own settings and its pools, as the image can run them. Pure.

Takes the captured files of php-fpm; gives them at the places that the image reads, its pools with
where they listen, and what could not be taken over.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.capture.ini import Kind, Statement, split_ini
from sandbox.masking.dictionary import word_set
from sandbox.replica.servers.credentials import PLACEHOLDER, Filled
from sandbox.replica.servers.database_settings import bare_value
from sandbox.replica.servers.image_contents import fpm_folder
from sandbox.replica.servers.ini_edit import commented, in_folder, whole, with_value
from sandbox.replica.servers.notes import Notes
from sandbox.replica.servers.php_values import change_php_value, inner_name

ACCOUNT = "www-data"
_ACCOUNT_SETTINGS = word_set("user group listen.owner listen.group")
_LEFT_OUT = {
    "daemonize": "", "systemd_interval": "", "syslog.facility": "", "syslog.ident": "",
    "listen.acl_users": "", "listen.acl_groups": "", "listen.setfib": "", "apparmor_hat": "",
    "process.priority": "a container may not raise priorities",
    "chroot": "the replica has no such folder", "prefix": "the replica has no such folder",
}  # fmt: skip
_PID = b"pid = /run/php/php%s-fpm.pid\n"
_OWN = re.compile(r"(?:php_(?:admin_)?(?:value|flag)|env)\[")


@dataclass(slots=True)
class Pools:
    """What php-fpm of a server comes to.

    Attributes:
        files: Its settings by the path that the image has them at.
        listen: Where each pool listens, by its name, in the order of the files.
        unknown: Pools whose place to listen at did not leave production.
    """

    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    listen: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)


def plan_pools(
    files: Mapping[str, bytes], filled: Filled, php: str, release: tuple[str, ...], notes: Notes
) -> Pools:
    """Give php-fpm's settings for the image.

    Args:
        files: Captured files of php-fpm, by path.
        filled: Values for placeholders.
        php: Version of PHP in the image.
        release: Folders that the release is found at.
        notes: Hears of logs, folders and what is left out.
    """
    pools = Pools()
    folder = fpm_folder(php)
    main = f"{folder}/php-fpm.conf"
    for path, text in sorted(files.items(), key=lambda one: (not _is_main(one[0]), one[0])):
        place = main
        if not _is_main(path) or place in pools.files:
            place = in_folder(f"{folder}/pool.d", path, pools.files)
        pools.files[place] = _one_file(path, text, _Work(filled, php, release, notes, pools))
    if main in pools.files and not re.search(rb"(?m)^\s*pid\s*=", pools.files[main]):
        pools.files[main] += b"\n[global]\n%s" % _PID % php.encode()
    return pools


@dataclass(slots=True)
class _Work:
    filled: Filled
    php: str
    release: tuple[str, ...]
    notes: Notes
    pools: Pools


def _is_main(path: str) -> bool:
    return re.fullmatch(r"php-fpm[0-9.]*\.conf", posixpath.basename(path)) is not None


def _one_file(path: str, text: bytes, work: _Work) -> bytes:
    made: list[bytes] = []
    included = False
    for statement in split_ini(text):
        if statement.kind is not Kind.SETTING:
            made.append(work.filled.in_text(whole(statement)))
            continue
        name = statement.name.decode("latin-1").lower()
        if name == "include":
            here = b"%s/pool.d/*.conf" % fpm_folder(work.php).encode()
            made.append(commented(statement) if included else with_value(statement, here))
            included = True
        elif statement.section in {"", "global"}:
            made.append(_global(name, statement, path, work))
        else:
            made.append(_of_pool(name, statement, path, work))
    return b"".join(made)


def _global(name: str, statement: Statement, path: str, work: _Work) -> bytes:
    value = bare_value(statement)
    if name == "pid":
        return with_value(statement, (_PID % work.php.encode()).split()[-1])
    if name == "error_log":
        if value == b"syslog" or PLACEHOLDER.search(value) or not value.startswith(b"/"):
            return with_value(statement, b"/proc/self/fd/2")
        work.notes.log(value.decode("latin-1"), "php")
        return whole(statement)
    return _left_out(name, statement, path, work) or work.filled.in_text(whole(statement))


def _left_out(name: str, statement: Statement, path: str, work: _Work) -> bytes:
    """Give a setting as a comment where the image cannot run with it; nothing where it can."""
    if name in _LEFT_OUT:
        if why := _LEFT_OUT[name]:
            work.notes.differs(f"{path}: {name} is left out: {why}")
        return commented(statement)
    if PLACEHOLDER.search(statement.value) and not _OWN.match(name):
        work.notes.differs(f"{path}: {name} is left out: its value stayed in production")
        return commented(statement)
    return b""


def _of_pool(  # noqa: PLR0911 - one answer for each kind of setting
    name: str, statement: Statement, path: str, work: _Work
) -> bytes:
    value = bare_value(statement)
    text = value.decode("latin-1")
    if name in _ACCOUNT_SETTINGS:
        if value != ACCOUNT.encode() and name == "user":
            work.notes.differs(f"{path}: PHP runs as {ACCOUNT}, the account that the image has")
        return with_value(statement, ACCOUNT.encode())
    if name == "listen":
        return _listen(statement, text, work)
    if name in {"slowlog", "access.log"}:
        # Its name may hold the pool's; a log that did not leave production is written elsewhere.
        place = work.filled.in_text(value).decode("latin-1")
        log = place.replace("$pool", statement.section)
        work.notes.log(log, "php" if name == "slowlog" else "given")
        return with_value(statement, place.encode("latin-1"))
    if name == "chdir" and text != "/" and not _is_below(text, work.release):
        work.notes.differs(f"{path}: chdir is left out: the replica has no such folder")
        return commented(statement)
    if _OWN.match(name):
        if name.startswith("env["):
            return work.filled.in_text(whole(statement))
        inner = inner_name(statement.name.decode("latin-1"))
        return change_php_value(inner, statement, path, work.filled, work.release, work.notes)
    return _left_out(name, statement, path, work) or whole(statement)


def _listen(statement: Statement, text: str, work: _Work) -> bytes:
    pool = statement.section
    if PLACEHOLDER.search(statement.value):
        place = f"/run/php/{len(work.pools.listen) + 1}.sock"
        work.pools.unknown.append(pool)
    elif text.startswith("/"):
        place = text.replace("$pool", pool)
        work.notes.folder(posixpath.dirname(place))
    else:
        place = text
    work.pools.listen.pop(pool, None)
    work.pools.listen[pool] = place
    line = with_value(statement, place.encode("latin-1"))
    if place.startswith("/"):
        # Whoever was let in by other means, as lists of access, is the one account here.
        line += b"listen.owner = %s\nlisten.group = %s\n" % (ACCOUNT.encode(), ACCOUNT.encode())
    return line


def _is_below(path: str, folders: tuple[str, ...]) -> bool:
    return any(path == one or path.startswith(f"{one}/") for one in folders if one)
