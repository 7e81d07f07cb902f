"""The table that the demo ends with: request by environment, from real answers and logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from demo_production.requests import Answer, Request
from sandbox.report.terminal import rows_table


@dataclass(frozen=True, slots=True)
class Column:
    """What one build on one server of one environment answered.

    Attributes:
        title: Environment, build and server.
        answers: The answer to each request.
    """

    title: str
    answers: Mapping[Request, Answer]


def lay_out(requests: Sequence[Request], columns: Sequence[Column]) -> Table:
    """Lay the answers out; what differs from the first column stands out."""
    usual = columns[0].answers
    rows: list[list[str | Text]] = [
        [str(request), *(_cell(column.answers[request], usual[request]) for column in columns)]
        for request in requests
    ]
    return rows_table(("request", *(column.title for column in columns)), rows)


def broken(requests: Sequence[Request], usual: Column, other: Column) -> tuple[Request, ...]:
    """Give the requests that another column answers otherwise than usual."""
    return tuple(r for r in requests if str(other.answers[r]) != str(usual.answers[r]))


def _cell(answer: Answer, usual: Answer) -> Text:
    return Text(str(answer), style="" if str(answer) == str(usual) else "bold red")
