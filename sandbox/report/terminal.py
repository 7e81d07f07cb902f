"""Text for people: results to standard output, errors to standard error.

Colour only on a terminal; rich itself honours NO_COLOR and TERM=dumb. Nothing is ever wrapped or
cut where the output is no terminal, so that `grep` finds what it looks for.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sandbox.errors import ExitCode, SandboxError
from sandbox.model import Check, State

_UNLIMITED = 10_000  # columns
_MARK = {
    State.OK: Text("ok", style="green"),
    State.LACKS_COMFORT: Text("optional", style="yellow"),
    State.MISSING: Text("missing", style="bold red"),
}


class _Console(Console):
    """A console that leaves it to its caller what a closed pipe means."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def console_for(stream: str) -> Console:
    """Give a console on ``stdout`` or ``stderr``."""
    file = sys.stdout if stream == "stdout" else sys.stderr
    width = None if file.isatty() else _UNLIMITED
    return _Console(file=file, width=width, highlight=False, soft_wrap=not file.isatty())


def plain(text: str) -> str:
    r"""Keep what a stranger named something from steering the terminal.

    >>> plain("a\x1b[2Jb")
    'a\\x1b[2Jb'
    """
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def line(text: str, style: str = "") -> Text:
    """Give one line of a result as it can be shown, whatever names it holds."""
    return Text(plain(text), style=style)


def number_of(count: int, what: str) -> str:
    """Write how many there are of something.

    >>> number_of(1, "table"), number_of(1200, "row")
    ('1 table', '1,200 rows')
    """
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def print_error(console: Console, error: SandboxError) -> None:
    """Print an error once: what failed and where, each finding, what to do, the exit code."""
    console.print(Text.assemble(("error: ", "bold red"), line(error.message)))
    for finding in error.findings:
        console.print(line(f"  {finding}"))
    if error.hint:
        console.print(line(f"hint: {error.hint}"))
    console.print(Text(f"exit {int(error.exit_code)}", style="dim"))


def rows_table(heads: Sequence[str], rows: Sequence[Sequence[str | Text]]) -> Table:
    """Lay rows out in columns, as wide as they need; cells are shown as `line` shows them."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else line(cell) for cell in row))
    return table


def checks_table(checks: Sequence[Check]) -> Table:
    """Lay out what `sandbox doctor` found, each line with its cure."""
    return rows_table(
        ("state", "needed for", "what", "found", "cure"),
        [(_MARK[one.state], one.needed_for, one.name, one.found, one.cure) for one in checks],
    )


def verdict_line(exit_code: ExitCode, yes: str, no: str) -> Text:
    """Close a result with what it comes to."""
    good = exit_code == ExitCode.YES
    return Text(yes if good else no, style="green" if good else "red")
