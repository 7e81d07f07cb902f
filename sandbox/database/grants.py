"""What an account may do, as SHOW GRANTS tells it in either family.

The text of SHOW GRANTS can hold the hash of the password: it is read, taken apart and dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.database.catalogue import Catalogue
from sandbox.database.expressions import quoted
from sandbox.database.heads import unquoted
from sandbox.errors import SourceError

_NAME = r"(?:`(?:[^`]|``)*`|\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'|[\w$%*.-]+?)"
_GRANT = re.compile(
    r"\A(?P<verb>GRANT|REVOKE) (?P<rights>.+?) ON "
    r"(?P<type>TABLE |FUNCTION |PROCEDURE |PACKAGE |PACKAGE BODY |LIBRARY )?"
    rf"(?P<database>\*|{_NAME})\.(?P<object>\*|{_NAME}) (?:TO|FROM) (?P<rest>.*)\Z",
    re.DOTALL,
)
_PROXY = re.compile(r"\AGRANT PROXY ON ", re.DOTALL)
_RIGHT = re.compile(r"\s*(?P<right>[A-Za-z_ ]+?)\s*(?:\((?P<columns>[^)]*)\))?\s*(?:,|\Z)")

_ROLE = re.compile(r"`(?:[^`]|``)*`@`(?:[^`]|``)*`")

# Rights that only look. Everything else can change or disturb something.
_READING = frozenset(
    {
        "USAGE",
        "SELECT",
        "SHOW VIEW",
        "SHOW DATABASES",
        "PROCESS",
        "REPLICATION CLIENT",
        "BINLOG MONITOR",
        "SLAVE MONITOR",
        "REPLICA MONITOR",
        "REPLICATION SLAVE",
        "REPLICATION REPLICA",
        "SHOW_ROUTINE",
        "SHOW CREATE ROUTINE",
        "SENSITIVE_VARIABLES_OBSERVER",
    }
)
# What ALL PRIVILEGES holds of those that are asked for here.
_ALL = frozenset({"ALL PRIVILEGES", "ALL"})


@dataclass(frozen=True, slots=True)
class Grant:
    """One right on one thing.

    Attributes:
        right: The right, in upper case.
        database: Where: ``*``, or a pattern in which ``_`` and ``%`` stand for others unless
            escaped.
        table: The table or routine; ``*`` for all.
        columns: The columns, for rights on some columns only.
        revoked: Whether it is taken back from a wider one (partial revokes of MySQL).
    """

    right: str
    database: str = "*"
    table: str = "*"
    columns: tuple[str, ...] = ()
    revoked: bool = False

    def __str__(self) -> str:
        return f"{self.right} on {self.database}.{self.table}"

    @property
    def only_reads(self) -> bool:
        """Whether it lets nobody change or disturb anything."""
        return self.right in _READING

    def covers(self, database: str, table: str) -> bool:
        """Whether it is about a table (or about all tables, ``*``) of a database."""
        if self.database != "*" and not _like(self.database, database, exact=self.table != "*"):
            return False
        return self.table in {"*", table}


@dataclass(frozen=True, slots=True)
class Grants:
    """Everything an account may do.

    Attributes:
        active: What the session may do.
        reachable: What it could besides, by roles that are granted but not active.
    """

    active: tuple[Grant, ...]
    reachable: tuple[Grant, ...] = ()

    def allows(self, right: str, database: str = "*", table: str = "*") -> bool:
        """Tell whether the session has a right on all of a database, or on a whole table."""
        wanted = {right, *_ALL}
        covering = [grant for grant in self.active if grant.covers(database, table)]
        if any(grant.revoked and grant.right in wanted for grant in covering):
            return False
        return any(grant.right in wanted and not grant.columns for grant in covering)

    def allows_some(self, right: str, database: str, table: str) -> bool:
        """Tell whether the session has a right on a table, be it on some of its columns only."""
        wanted = {right, *_ALL}
        return any(
            grant.right in wanted and not grant.revoked and grant.covers(database, table)
            for grant in self.active
        )

    @property
    def write_rights(self) -> tuple[Grant, ...]:
        """The rights that can change or disturb something, those of inactive roles included."""
        everything = (*self.active, *self.reachable)
        return tuple(
            dict.fromkeys(
                grant for grant in everything if not grant.only_reads and not grant.revoked
            )
        )


def read_grants(catalogue: Catalogue) -> Grants:
    """Ask what the account of a session may do, with and without roles that are not active.

    Raises:
        SourceError: The server does not say, or says what cannot be read.
    """
    lines = _lines(catalogue, "SHOW GRANTS")
    active = parse_grants(lines)
    if catalogue.server.is_mariadb:
        reachable = _by_turns(catalogue)
    else:
        # Accepts the roles that are granted directly; those bring the roles granted to them.
        roles = [role for line in lines if _is_role(line) for role in _ROLE.findall(line)[:-1]]
        using = f"SHOW GRANTS FOR CURRENT_USER() USING {', '.join(roles)}"
        reachable = parse_grants(_lines(catalogue, using)) if roles else ()
    known = set(active)
    return Grants(active, tuple(grant for grant in reachable if grant not in known))


def parse_grants(lines: Iterable[str]) -> tuple[Grant, ...]:
    """Read the lines of SHOW GRANTS.

    >>> [str(g) for g in parse_grants(["GRANT SELECT, SHOW VIEW ON `shop`.* TO `reader`@`%`"])]
    ['SELECT on shop.*', 'SHOW VIEW on shop.*']

    Raises:
        SourceError: A line is none; it is not quoted, since it can hold the hash of a password.
    """
    grants: list[Grant] = []
    for line in lines:
        if _PROXY.match(line):
            grants.append(Grant("PROXY"))
            continue
        found = _GRANT.match(line)
        if found is None:
            if _is_role(line):
                continue
            raise SourceError("The server describes the account's rights in a way we cannot read.")
        database, table = unquoted(found["database"]), unquoted(found["object"])
        for part in _RIGHT.finditer(found["rights"]):
            if part["right"]:
                columns = tuple(
                    unquoted(name.strip()) for name in (part["columns"] or "").split(",")
                )
                grants.append(
                    Grant(
                        right=part["right"].upper(),
                        database=database,
                        table=table,
                        columns=columns if part["columns"] else (),
                        revoked=found["verb"] == "REVOKE",
                    )
                )
        if found["rest"].rstrip().endswith("WITH GRANT OPTION"):
            grants.append(Grant("GRANT OPTION", database, table))
    return tuple(grants)


def _is_role(line: str) -> bool:
    """Tell whether a line grants a role or sets the default one: roles are resolved apart."""
    return line.startswith("SET DEFAULT ROLE ") or (
        line.startswith("GRANT ") and " ON " not in re.sub(r"`(?:[^`]|``)*`|'[^']*'", "", line)
    )


def _lines(catalogue: Catalogue, sql: str) -> list[str]:
    return [str(row[0]) for row in catalogue.rows(sql, "the account's rights")]


def _by_turns(catalogue: Catalogue) -> tuple[Grant, ...]:
    """Take on each role in turn, look, and take the first one back on.

    MariaDB has one active role at a time, and tells nobody what an inactive one may do.
    """
    roles = catalogue.rows(
        "SELECT DISTINCT ROLE_NAME FROM information_schema.APPLICABLE_ROLES ORDER BY 1"
    )
    if not roles:
        return ()
    before = catalogue.value("SELECT CURRENT_ROLE()")
    found: list[Grant] = []
    try:
        for (name,) in roles:
            try:
                catalogue.rows(f"SET ROLE {quoted(str(name))}")
            except SourceError:
                continue  # granted through another role, which is taken on as well
            found.extend(parse_grants(_lines(catalogue, "SHOW GRANTS")))
    finally:
        catalogue.rows(f"SET ROLE {quoted(str(before)) if before else 'NONE'}")
    return tuple(dict.fromkeys(found))


def _like(pattern: str, name: str, *, exact: bool) -> bool:
    """Match a database against the pattern of a grant; grants on one table have no wildcards."""
    if exact:
        return pattern == name or pattern.replace("\\", "") == name
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    wild = {"_": ".", "%": ".*"}
    expression = "".join(wild.get(part) or re.escape(part.removeprefix("\\")) for part in parts)
    return re.fullmatch(expression, name, re.DOTALL) is not None
