"""What people read of a sandbox."""

from __future__ import annotations

import dataclasses
import io
import re
from datetime import UTC, datetime, timedelta

from rich.console import Console, RenderableType

from sandbox.model import Family
from sandbox.replica.life import Overview, PartStatus, Status
from sandbox.replica.life_down import Belongings
from sandbox.replica.life_logs import LogLine
from sandbox.replica.life_sql import Answered, ResultSet
from sandbox.replica.state import DatabaseState, Difference, SandboxState, ServerState
from sandbox.report.life import (
    answer_tables,
    belongings_text,
    fidelity_table,
    log_text,
    overview_table,
    status_text,
)

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
STATE = SandboxState(
    name="shop",
    created=NOW - timedelta(hours=3),
    tool="1",
    bundle="/b/shop.bundle",
    manifest_sha256="0",
    servers=(ServerState(name="web1", image="i", release="/srv", code="main at 1a2b"),),
    database=DatabaseState(
        image="g", name="shop", family=Family.MARIADB, version="10.11.6", rows=38412, tables=27,
        user="developer", password="opens-only-this",  # noqa: S106 - of no sandbox
    ),
    sink_image="s",
    gateway_image="g",
    ports={"web1": 8081, "database": 33061, "sink": 8025},
    differences=(
        Difference(where="web1", what="extension gd", production="2.3", why="no package"),
    ),
)  # fmt: skip
UP = PartStatus("web1", "sandbox-shop-web1", "running", is_up=True, said="200, 12 ms", where="u")
DOWN = PartStatus(
    "database", "sandbox-shop-database", "exited (137)", is_up=False, said="", where="m",
    last=("\x1b[2Jkilled",),
)  # fmt: skip


def shown(text: RenderableType) -> str:
    written = io.StringIO()
    Console(file=written, width=400, highlight=False, soft_wrap=True).print(text)
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines())


def test_status_tells_how_to_log_in_and_what_to_do_next() -> None:
    text = shown(status_text(Status(STATE, (UP,), ()), NOW))
    assert text.startswith("shop, 3 hours old, of /b/shop.bundle")
    assert "login     developer, password opens-only-this, to shop" in text
    assert "loaded    38,412 rows in 27 tables, mariadb 10.11.6" in text
    assert "code      web1: main at 1a2b" in text
    assert "differs   1 thing from production: sandbox status --fidelity --name" in text
    assert text.endswith("Next:  sandbox logs -f --name shop    sandbox sql --name shop")


def test_status_tells_what_is_down_its_last_lines_and_the_way_out() -> None:
    text = shown(status_text(Status(STATE, (UP, DOWN), ("c1",)), NOW))
    assert "down  database  exited (137)" in text
    assert "database: \\x1b[2Jkilled" in text
    assert "clones    c1" in text
    assert "1 part is down.\nStart what has stopped:  docker start sandbox-shop-database" in text


def test_status_of_a_part_that_runs_and_does_not_answer_leads_to_its_logs() -> None:
    stuck = dataclasses.replace(DOWN, state="running", said="no answer")
    text = shown(status_text(Status(STATE, (stuck,), ()), NOW))
    assert "See why:  sandbox logs database --name shop" in text
    assert "docker start" not in text


def test_fidelity_names_what_is_not_reproduced() -> None:
    assert re.split(" {2,}", shown(fidelity_table(STATE)).splitlines()[1]) == [
        "web1", "extension gd", "2.3", "not reproduced", "no package",
    ]  # fmt: skip
    none = STATE.model_copy(update={"differences": ()})
    assert shown(fidelity_table(none)) == (
        "Nothing that was captured differs from production here."
    )


def test_list_names_what_is_down() -> None:
    one = Overview(
        "shop", "partly", ("web2",), ("web1", "web2"), "/b", NOW - timedelta(days=2),
        (("web1", "http://127.0.0.1:8081"),), (),
    )  # fmt: skip
    text = shown(overview_table([one], NOW))
    assert "shop     partly: web2 down  2 days  /b      web1 http://127.0.0.1:8081" in text
    assert "sandbox up BUNDLE --app PATH" in shown(overview_table([], NOW))


def test_null_is_not_the_text_null_and_nothing_steers_the_terminal() -> None:
    answered = Answered((ResultSet(("a",), (("\x1b[2J",), (None,))),), "ERROR 1064")
    assert shown(answer_tables(answered)).splitlines() == [
        "a", "\\x1b[2J", "NULL", "2 rows", "ERROR 1064",
    ]  # fmt: skip
    assert shown(answer_tables(Answered(()))) == "Done; nothing came back."


def test_log_lines_stand_behind_who_wrote_them() -> None:
    line = LogLine("web1", "app.log", "a\x1b[2Jb", NOW)
    assert shown(log_text(line, 14)) == "web1 app.log   | a\\x1b[2Jb"


def test_down_names_what_it_keeps() -> None:
    found = Belongings("shop", ("c",), ("n1", "n2"), (), ("prod-sandbox/of-shop:golden-1",))
    assert shown(belongings_text([found], removed=True)) == (
        "shop removed 1 container, 2 networks, 0 images\n"
        "  container  c\n  network    n1\n  network    n2\n"
        "  image      prod-sandbox/of-shop:golden-1: its name alone, another sandbox uses it"
    )
