"""Find settings that belong together and lead to the database: host, name, account, password.

Pure. Reads ini files and .env files by their names alone, so that it does not matter which of the
values are placeholders. ``resources.db.params.host`` and ``resources.db.params.dbname`` are of one
group, as are ``DB_HOST`` and ``DB_PASSWORD``; a group is the database's if it names a database, or
is called like one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sandbox.capture.ini import Kind, Statement, split_ini
from sandbox.masking.dictionary import word_set

_PARTS = re.compile(
    r"(?:(?P<before>.*)(?:[._-]|(?<=[a-z])(?=[A-Z])|\[))?(?P<last>[A-Za-z]+)\]?", re.DOTALL
)
_MEMBERS = {
    "host": word_set("host hostname server addr address slave master"),
    "port": word_set("port"),
    "socket": word_set("socket unixsocket sock"),
    "database": word_set("dbname database schema db dbschema"),
    "user": word_set("user username login account dbuser uid"),
    "password": word_set("password passwd pass pwd passphrase pw dbpass dbpassword"),
    "url": word_set("url uri dsn"),
}
_MEMBER = {word: member for member, words in _MEMBERS.items() for word in words}
_JOINED = (
    ("unix_socket", "socket"),
    ("unixsocket", "socket"),
    ("db_name", "database"),
    ("dbname", "database"),
    ("user_name", "user"),
    ("username", "user"),
    ("hostname", "host"),
)
_WRAPPED = re.compile(r"^(?:env|php_(?:admin_)?value)\[(.*)\]$")  # as pools of php-fpm have it
_DATABASES = re.compile(
    r"(?<![a-z])(?:multi)?(?:db|dbs|database|databases|mysql|mysqli|mariadb|pdo|sql|doctrine|dbal)"
    r"(?![a-z])"
)
_OTHERS = re.compile(r"(?<![a-z])(?:redis|memcached?|mail|smtp|ldap|mongo|amqp|rabbit|ftp|elastic)")


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting by the parts of its name.

    Attributes:
        name: Its name as it stands in the file.
        group: What it has in common with those that belong to it.
        member: What it is in its group: ``host``, ``port``, ``socket``, ``database``, ``user``,
            ``password`` or ``url``; empty where its name does not tell.
    """

    name: str
    group: str
    member: str


@dataclass(frozen=True, slots=True)
class DatabaseGroup:
    """Settings of one file and section that together lead to the database.

    Attributes:
        section: Section of the file.
        group: What their names begin with.
        values: What stands in the file for each member, without quotes.
        names: The name of each member's setting.
    """

    section: str
    group: str
    values: dict[str, bytes] = field(default_factory=dict, repr=False)
    names: dict[str, str] = field(default_factory=dict)


def name_parts(name: str) -> Setting:
    """Split the name of a setting into its group and what it is in it.

    >>> name_parts("resources.db.params.dbname")
    Setting(name='resources.db.params.dbname', group='resources.db.params', member='database')
    >>> name_parts("DB_HOST").member, name_parts("DATABASE_URL").group, name_parts("limit").member
    ('host', 'DATABASE', '')
    """
    name = _WRAPPED.sub(r"\1", name)
    lower = name.lower()
    for joined, member in _JOINED:
        if lower.endswith(joined):
            return Setting(name, name[: -len(joined)].rstrip("._-["), member)
    found = _PARTS.fullmatch(name)
    if found is None:
        return Setting(name, name, "")
    return Setting(
        name, (found["before"] or "").rstrip("._-["), _MEMBER.get(found["last"].lower(), "")
    )


def is_database_group(group: str, members: Iterable[str]) -> bool:
    """Tell whether settings of a group lead to the database.

    >>> is_database_group("reports", ["host", "database"]), is_database_group("DB", ["host"])
    (True, True)
    >>> is_database_group("resources.mail.transport", ["host", "user", "password"])
    False
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", group).lower().replace("_", " ")
    if _OTHERS.search(spaced):
        return False
    known = {member for member in members if member}
    return bool(known) and ("database" in known or _DATABASES.search(spaced) is not None)


def database_groups(content: bytes) -> Iterator[DatabaseGroup]:
    """Give the groups of an ini or .env file that lead to the database."""
    groups: dict[tuple[str, str], DatabaseGroup] = {}
    for statement in split_ini(content):
        if statement.kind is Kind.SETTING:
            parts = name_parts(statement.name.decode("latin-1"))
            if parts.member:
                key = (statement.section, parts.group)
                group = groups.setdefault(key, DatabaseGroup(*key))
                group.values[parts.member] = bare_value(statement)
                group.names[parts.member] = parts.name
    names = _leading(groups.values())
    return (one for one in groups.values() if one.group in names)


def database_group_names(content: bytes) -> frozenset[str]:
    """Give the names of the groups of an ini or .env file that lead to the database."""
    return frozenset(one.group for one in database_groups(content))


def _leading(groups: Iterable[DatabaseGroup]) -> frozenset[str]:
    """Give the groups that lead to the database, whichever section they do in.

    A section takes over the settings of another: it need not name the database again.
    """
    members: dict[str, set[str]] = {}
    for one in groups:
        members.setdefault(one.group, set()).update(one.values)
    return frozenset(name for name, known in members.items() if is_database_group(name, known))


def bare_value(statement: Statement) -> bytes:
    """Give the value of a setting without its quotes."""
    value = statement.value.strip()
    if len(value) > 1 and value[:1] == value[-1:] and value[:1] in b"\"'":
        return value[1:-1]
    return value
