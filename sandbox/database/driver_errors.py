"""The one edge at which errors of the driver become ours.

Only the error's number crosses it, and the name of a column or table that stands in the statement.
What the driver says besides can quote rows, statements and accounts, so it is dropped, and the new
error is raised ``from None``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.database.client import describe_client
from sandbox.errors import (
    AccessDenied,
    RightMissing,
    SourceBusy,
    SourceChanged,
    SourceError,
    SourceLost,
    SourceUnreachable,
    StatementFailed,
    TlsFailed,
)

_UNREACHABLE = frozenset({2002, 2003, 2005, 1129})
_DENIED_PASSWORD = 1045
_DENIED_HINT = (
    f"{AccessDenied.default_hint} An account with REQUIRE SSL (or X509) is refused in the same "
    "words where the server offers no TLS (or wants the ssl-cert of an option file)."
)
_DENIED = frozenset({_DENIED_PASSWORD, 1130, 1698, 1820, 1862, 3118, 4151})
_DENIED_METHOD = frozenset({1156, 1251, 2012, 2054, 2058, 2059, 2061})
_TLS = frozenset({2026, 3159})
_MISSING_DATABASE = 1049
_DENIED_DATABASE = 1044
_RIGHT = frozenset({1044, 1142, 1143, 1227, 1370, 1345, 1410, 1419, 3879})
_GONE = frozenset({1051, 1146, 1412, 1615})
_WAITED = frozenset({1205, 1213, 3572})
_TOO_LONG = frozenset({1028, 1969, 3024})
_FULL = frozenset({1040, 1203, 1226})
_LOST = frozenset({1053, 1079, 1152, 1158, 1159, 1160, 1161, 1927, 2006, 2013, 2055, 3169, 4031})
_LOST |= {2000, 2014, 2026, 2027}  # 2026: encryption of an open connection that broke off
_STOPPED = 1317
# What the libraries say of TLS, MariaDB's and MySQL's. They look at the chain first.
_TLS_REASONS = (
    (
        re.compile(r"server does(?: not|n't) support", re.IGNORECASE),
        "the server offers no TLS",
    ),
    (
        re.compile(r"Validation of SSL server certificate|hostname|host name", re.IGNORECASE),
        "its certificate does not bear the host's name",
    ),
    (
        re.compile(r"expired|not yet valid", re.IGNORECASE),
        "its certificate is not valid at this time",
    ),
    (
        re.compile(r"self.signed|issuer|certificate verify failed|chain", re.IGNORECASE),
        "its certificate is not signed by an authority that we were told to trust",
    ),
)
_READ_ONLY = frozenset({1290, 1792, 1836})
# What is wrong with a statement as it is written, and the name that the server's words quote.
_WRITTEN_WRONG = {
    1052: "the name of a column may be that of several",
    1054: "there is no such column",
    1064: "that is no SQL",
    1109: "there is no such table",
    1111: "a sum or a count cannot stand there",
    1146: "there is no such table",
    1241: "one value stands where there should be several, or the other way round",
    1242: "a subquery gives more than one row",
    1267: "texts of two collations are compared",
    1305: "there is no such function",
    1525: "a date is none",
    1582: "a function was given too many or too few values",
}
_NAMING = frozenset({1052, 1054, 1109, 1146})
_QUOTED_NAME = re.compile(r"'(?:[^'\s]*\.)?([^'\s.]+)'")


@contextmanager
def translated(what: str, *, connecting: bool = False, sql: str = "") -> Iterator[None]:
    """Turn what the driver raises inside into ours.

    Args:
        what: Who or what was asked, for the message: an address, ``table orders``.
        connecting: Whether a connection is being opened.
        sql: The statement: a name that the driver quotes is told only if it stands in it.

    Raises:
        SourceError: What went wrong, as one of its classes, without another word of the driver.
    """
    number, reason = None, ""
    try:
        yield
    except SourceError:
        raise
    except Exception as error:
        number = _number(error)
        if number is None:
            raise
        if number in _TLS:
            reason = _tls_reason(error)
        elif number in _WRITTEN_WRONG:
            reason = f"{_WRITTEN_WRONG[number]}{_name_in(error, number, sql)} (error {number})"
    if number is not None and connecting:
        raise _of_connecting(number, what, reason) from None
    if number is not None:
        failed = _of_statement(number, what)
        failed.reason = reason
        raise failed from None


def _number(error: BaseException) -> int | None:
    """Give the number of a driver's error; None where it is no error of the driver."""
    original = getattr(error, "orig", None)  # SQLAlchemy wraps them
    if isinstance(original, BaseException):
        error = original
    modules = {kind.__module__ for kind in type(error).__mro__}
    if not any(name.split(".")[0] in {"MySQLdb", "sqlalchemy"} for name in modules):
        return None
    number = error.args[0] if error.args else 0
    return number if isinstance(number, int) else 0


def _tls_reason(error: BaseException) -> str:
    """Say in our words what was wrong with TLS; nothing where the library does not tell."""
    said = str(error)
    return next((f": {ours}" for pattern, ours in _TLS_REASONS if pattern.search(said)), "")


def _name_in(error: BaseException, number: int, sql: str) -> str:
    found = _QUOTED_NAME.search(str(error)) if number in _NAMING else None
    return f": {found[1]}" if found and found[1] in sql else ""


def _of_connecting(number: int, what: str, reason: str = "") -> SourceError:
    if number in _TLS:
        return TlsFailed(
            f"No TLS connection to a server that could be verified: {what} (error {number})"
            f"{reason}.",
            hint=_tls_hint(),
        )
    known: tuple[tuple[frozenset[int], type[SourceError], str], ...] = (
        (_UNREACHABLE, SourceUnreachable, f"No database server answers at {what}"),
        (_DENIED, AccessDenied, f"The server refuses the account or its password: {what}"),
        (_FULL, SourceBusy, f"The server takes no more connections: {what}"),
        (_LOST, SourceUnreachable, f"The server broke the connection off: {what}"),
    )
    for numbers, kind, text in known:
        if number in numbers:
            hint = _DENIED_HINT if number == _DENIED_PASSWORD else None
            return kind(f"{text} (error {number}).", hint=hint)
    if number in _DENIED_METHOD:
        return AccessDenied(
            f"The account logs in by a method that the client cannot use: {what} (error {number}).",
            hint="Give the account another authentication plugin, or use verified TLS.",
        )
    if number == _MISSING_DATABASE:
        return SourceError(
            f"There is no such database: {what} (error {number}).",
            hint="Check the database's name in the address; upper and lower case count. One to "
            "load into has to be made first: CREATE DATABASE NAME.",
        )
    if number == _DENIED_DATABASE:
        return RightMissing(
            f"The account may see no such database: {what} (error {number}).",
            hint="Check the name, and grant SELECT on it.",
        )
    return SourceError(f"The server does not let us connect: {what} (error {number}).")


def _of_statement(number: int, what: str) -> SourceError:
    known: tuple[tuple[frozenset[int], type[SourceError], str], ...] = (
        (_RIGHT, RightMissing, "The account lacks a right for this"),
        (_GONE, SourceChanged, "The definition changed or is gone"),
        (_WAITED, SourceBusy, "Somebody else holds a lock for longer than we wait"),
        (_TOO_LONG, SourceBusy, "A statement ran longer than it may"),
        (_LOST, SourceLost, "The connection to the server was lost"),
    )
    for numbers, kind, text in known:
        if number in numbers:
            return kind(f"{text}: {what} (error {number}).")
    if number == _STOPPED:
        return SourceLost(f"Somebody ended a statement of ours on the server: {what} (error 1317).")
    if number in _READ_ONLY:
        return StatementFailed(
            f"The server is or the session was made read-only: {what} (error {number})."
        )
    return StatementFailed(f"The server refused a statement: {what} (error {number}).")


def _tls_hint() -> str:
    """Say what can be done, and what the installed library can do."""
    version = describe_client().library_version
    # MySQL's own library counts as the server does, from 5.6 on.
    checks = "checks chain and host name together" if version.startswith("3.") else "checks both"
    return (
        "Name the authority of the server's certificate as ssl-ca in the option file; its name "
        f"must be the host of the address. The client library here ({version}) {checks}; "
        "certificates that servers make for themselves name no host, so none of them passes. "
        "Without it: run on the server over its socket, use an SSH tunnel, or accept the risk "
        "with --insecure-source."
    )
