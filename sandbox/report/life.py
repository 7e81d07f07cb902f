"""Show how sandboxes are, what a database answered, what logs say, what was removed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from sandbox.replica.labels import GATEWAY
from sandbox.replica.life import Overview, PartStatus, Status
from sandbox.replica.life_down import Belongings
from sandbox.replica.life_logs import LogLine
from sandbox.replica.life_sql import Answered, ResultSet
from sandbox.replica.state import Difference, SandboxState
from sandbox.report.terminal import line, number_of, plain, rows_table

_COLOURS = ("cyan", "yellow", "green", "magenta", "blue", "bright_cyan", "bright_yellow")
_HOW_STYLES = {"running": "green", "partly": "yellow", "being made": "yellow"}
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_NULL = Text("NULL", style="dim")


def age(since: datetime, now: datetime) -> str:
    """Write how long ago something was, in its largest unit.

    >>> from datetime import timedelta, UTC
    >>> now = datetime(2026, 1, 2, 12, tzinfo=UTC)
    >>> age(now - timedelta(hours=26), now), age(now - timedelta(seconds=90), now), age(now, now)
    ('1 day', '1 minute', '0 seconds')
    """
    seconds = max(0, int((now - since).total_seconds()))
    size, unit = next((one for one in _UNITS if seconds >= one[0]), _UNITS[-1])
    return number_of(seconds // size, unit)


def overview_table(sandboxes: Sequence[Overview], now: datetime) -> RenderableType:
    """Lay out every sandbox in a line of its own."""
    if not sandboxes:
        return Group(line("There is no sandbox."), line("Start one:  sandbox up BUNDLE --app PATH"))
    rows = [
        (
            one.name,
            Text(_how(one), style=_HOW_STYLES.get(one.how, "red")),
            age(one.created, now) if one.created else "",
            one.bundle,
            "  ".join(f"{name} {url}" for name, url in one.urls),
        )
        for one in sandboxes
    ]
    return rows_table(("sandbox", "state", "age", "bundle", "where"), rows)


def _how(one: Overview) -> str:
    return f"partly: {', '.join(one.down)} down" if one.how == "partly" else one.how


def status_text(status: Status, now: datetime) -> RenderableType:
    """Say how a sandbox is, part by part, and what to do next."""
    state, lines = status.state, []
    rows = [
        (
            Text("up", style="green") if one.is_up else Text("down", style="bold red"),
            one.name,
            one.state,
            one.said,
            one.where,
        )
        for one in status.parts
    ]
    for one in status.down:
        lines += [f"{one.name}: {text}" for text in one.last]
    if lines:
        lines.insert(0, "")
    database = state.database
    rows_there = number_of(database.rows, "row")
    tables_there = number_of(database.tables, "table")
    facts = [
        "",
        f"login     {database.user}, password {database.password}, to {database.name}",
        f"loaded    {rows_there} in {tables_there}, {database.family.value} {database.version}",
        *(f"code      {one.name}: {one.code}" for one in state.servers if one.code),
    ]
    if state.differences:
        count = number_of(len(state.differences), "thing")
        facts.append(
            f"differs   {count} from production: sandbox status --fidelity --name {state.name}"
        )
    if status.clones:
        facts.append(f"clones    {', '.join(status.clones)}: in use, or left over by a kill -9")
    return Group(
        line(f"{state.name}, {age(state.created, now)} old, of {state.bundle}"),
        rows_table(("", "part", "state", "answers", "where"), rows),
        *map(line, [*lines, *facts]),
        Text(),
        *_status_ending(status),
    )


def _status_ending(status: Status) -> list[Text]:
    name = status.state.name
    if not status.down:
        return [
            Text("All of it is up.", style="green"),
            line(f"Next:  sandbox logs -f --name {name}    sandbox sql --name {name}"),
        ]
    stopped = [one.container for one in status.down if one.container and one.state != "running"]
    advice = [f"Start what has stopped:  docker start {' '.join(stopped)}"] if stopped else []
    if len(stopped) < len(status.down):
        advice.append(f"See why:  sandbox logs {_first_running(status.down)} --name {name}")
    advice.append(f"Make it anew:  sandbox up {status.state.bundle} --name {name} --replace …")
    count = number_of(len(status.down), "part")
    verb = "is" if len(status.down) == 1 else "are"
    return [Text(f"{count} {verb} down.", style="red"), *map(line, advice)]


def _first_running(down: Sequence[PartStatus]) -> str:
    return next((one.name for one in down if one.state == "running"), GATEWAY)


def fidelity_table(state: SandboxState) -> RenderableType:
    """Lay out in what a sandbox is not as production."""
    if not state.differences:
        return line("Nothing that was captured differs from production here.")
    return Group(
        rows_table(
            ("where", "what", "production", "here", "why"),
            [_difference(one) for one in state.differences],
        ),
        Text(),
        line(f"{number_of(len(state.differences), 'thing')} not as in production."),
    )


def _difference(one: Difference) -> tuple[str, ...]:
    # Some are a sentence, with nothing to set against each other.
    here = one.here or ("not reproduced" if one.production else "")
    return one.where, one.what, one.production, here, one.why


def answer_tables(answered: Answered) -> RenderableType:
    """Lay out what a database answered, one table for each statement that gives rows."""
    shown: list[RenderableType] = []
    for number, result in enumerate(answered.results):
        shown += [Text()] if number else []
        shown += [_result_table(result), line(number_of(len(result.rows), "row"), style="dim")]
    if answered.error:
        shown.append(line(answered.error, style="red"))
    elif not shown:
        shown.append(line("Done; nothing came back.", style="dim"))
    return Group(*shown)


def _result_table(result: ResultSet) -> RenderableType:
    rows = [[_NULL if cell is None else line(cell) for cell in row] for row in result.rows]
    return rows_table([plain(one) for one in result.columns], rows)


def log_prefixes(lines: Sequence[LogLine]) -> int:
    """Give how wide the widest prefix of some lines is."""
    return max((len(_source(one)) for one in lines), default=0)


def log_text(one: LogLine, width: int) -> Text:
    """Show a line of a log behind who wrote it."""
    colour = _COLOURS[sum(map(ord, one.part)) % len(_COLOURS)]
    return Text.assemble((f"{_source(one):<{width}} | ", colour), line(one.text))


def _source(one: LogLine) -> str:
    return plain(f"{one.part} {one.file}".strip())


def belongings_text(found: Sequence[Belongings], *, removed: bool) -> RenderableType:
    """Say what is there of sandboxes and would go, or what went."""
    lines: list[Text] = []
    for one in found:
        verb = "removed" if removed else "has"
        lines.append(line(f"{one.name} {verb} {_counts(one)}"))
        lines += [
            line(f"  {what:<11}{name}")
            for what, names in (
                ("container", one.containers),
                ("network", one.networks),
                ("image", one.images),
            )
            for name in names
        ]
        lines += [
            line(f"  {'image':<11}{name}: its name alone, another sandbox uses it")
            for name in one.shared
        ]
    return Group(*lines)


def _counts(one: Belongings) -> str:
    return (
        f"{number_of(len(one.containers), 'container')}, "
        f"{number_of(len(one.networks), 'network')}, {number_of(len(one.images), 'image')}"
    )
