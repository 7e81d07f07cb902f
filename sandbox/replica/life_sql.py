"""Ask a sandbox's database, through the client in its container.

Statements go in through the client's standard input, the password through its environment: neither
is in a process list. Rows come back as the client's XML, the one form in which NULL and the text
"NULL" differ.
"""

from __future__ import annotations

import dataclasses
import html
import re
from dataclasses import dataclass

from sandbox.errors import StackError
from sandbox.model import Family
from sandbox.replica.engine import Engine
from sandbox.replica.labels import DATABASE
from sandbox.replica.state import Found, Part, SandboxState, state_of
from sandbox.replica.terminal_exec import Command, run_here, run_with

_ROWS = re.compile(rb"<resultset\b[^>]*>(.*?)</resultset>", re.DOTALL)
_ROW = re.compile(rb"<row>(.*?)</row>", re.DOTALL)
_CELL = re.compile(
    rb'<field name="(?P<name>[^"]*)"(?: xsi:nil="true" />|>(?P<text>[^<]*)</field>)', re.DOTALL
)
_ERROR = re.compile(r"^ERROR .*", re.DOTALL | re.MULTILINE)
_TABLES = b"""SELECT COUNT(*) FROM information_schema.TABLES
WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE <> 'VIEW'"""
_QUICK = "10"  # seconds


@dataclass(frozen=True, slots=True)
class ResultSet:
    r"""Rows that a statement gave.

    Attributes:
        columns: Names of its columns; none where there is no row, as the client does not say then.
        rows: Its rows as text; None for NULL. Bytes that are no text are shown as ``\xff``.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """What the database said to one or more statements.

    Attributes:
        results: One for each statement that gives rows, in their order.
        error: What the server said against a statement, which ended it; else empty.
    """

    results: tuple[ResultSet, ...]
    error: str = ""


def ask_database(
    engine: Engine, found: Found, *, statements: str = "", source: int | None = None
) -> Answered:
    """Run statements in a sandbox's database.

    Args:
        engine: The engine.
        found: The sandbox.
        statements: What to run.
        source: Descriptor of more to run, read to its end.

    Raises:
        StackError: The database does not run, or its client could not be run.
    """
    database = running_part(found, DATABASE)
    command = _client(state_of(found), "--xml")
    ran = run_with(engine, database.container, command, given=statements.encode(), source=source)
    said = ran.errors.decode("utf-8", "backslashreplace")
    results = read_results(ran.output)
    if ran.exit_code == 0:
        return Answered(results)
    error = _ERROR.search(said)
    if error is None:
        raise StackError(
            f"{command.arguments[0]} in {database.container.name} ended with {ran.exit_code}.",
            hint="See whether the database answers: sandbox status",
            findings=tuple((said or ran.output.decode("utf-8", "replace")).splitlines()[-12:]),
        )
    return Answered(results, error.group().strip())


def open_client(engine: Engine, found: Found) -> int:
    """Let a person talk to a sandbox's database at this terminal; give the client's exit code.

    Raises:
        StackError: The database does not run, or its client could not be run.
    """
    database = running_part(found, DATABASE)
    return run_here(engine, database.container, _client(state_of(found)))


def count_tables(engine: Engine, found: Found) -> int:
    """Ask a sandbox's database how many tables it has.

    Raises:
        StackError: It does not answer, or not in time.
    """
    database = running_part(found, DATABASE)
    client = _client(state_of(found), "--batch", "--skip-column-names")
    command = dataclasses.replace(client, arguments=("timeout", _QUICK, *client.arguments))
    ran = run_with(engine, database.container, command, given=_TABLES)
    if ran.exit_code != 0:
        said = ran.errors.decode("utf-8", "replace").strip() or f"no answer within {_QUICK} s"
        raise StackError(f"the database does not answer: {said.splitlines()[-1]}")
    return int(ran.output)


def running_part(found: Found, name: str) -> Part:
    """Give a part of a sandbox that runs.

    Raises:
        StackError: It does not run.
    """
    part = found.part(name)
    if not part.running:
        raise StackError(
            f"{part.name} of the sandbox {found.name} does not run.",
            hint=f"Start it: docker start {part.container.name}",
            findings=part.container.log(12),
        )
    return part


def read_results(xml: bytes) -> tuple[ResultSet, ...]:
    r"""Read what the client printed; it need not be well-formed, values may be any bytes.

    >>> read_results(
    ...     b'<resultset statement="SELECT 1"><row>'
    ...     b'<field name="a">&lt;\xff</field><field name="b" xsi:nil="true" /></row></resultset>'
    ... )
    (ResultSet(columns=('a', 'b'), rows=(('<\\xff', None),)),)
    """
    return tuple(_result_set(found[1]) for found in _ROWS.finditer(xml))


def _result_set(xml: bytes) -> ResultSet:
    rows = [list(_CELL.finditer(row[1])) for row in _ROW.finditer(xml)]
    columns = tuple(_text(cell["name"]) for cell in rows[0]) if rows else ()
    return ResultSet(
        columns,
        tuple(
            tuple(None if cell["text"] is None else _text(cell["text"]) for cell in row)
            for row in rows
        ),
    )


def _text(escaped: bytes) -> str:
    return html.unescape(escaped.decode("utf-8", "backslashreplace"))


def _client(state: SandboxState, *options: str) -> Command:
    database = state.database
    name = "mariadb" if database.family is Family.MARIADB else "mysql"
    return Command(
        (name, f"--user={database.user}", "--default-character-set=utf8mb4", *options,
         database.name),
        environment={"MYSQL_PWD": database.password},
    )  # fmt: skip
