"""What people and scripts are shown of reproduce and try."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace

from rich.console import Console

from experiment_shops import Reply, Shops, Visit
from sandbox.capture.requests import Signature
from sandbox.experiment.failure import Failure, FieldState
from sandbox.experiment.reproduce import reproduce
from sandbox.experiment.requests import Replayable
from sandbox.experiment.trying import try_change
from sandbox.replica.exchange import Ask
from sandbox.report.experiment import ReproduceResult, TryResult
from servers import Silent

BOTH = ("web1", "web2")
ORDER = Replayable(
    "r1",
    Ask("GET", "/api/orders/4711"),
    failure=Failure(Signature(500, "Shop_Order_Exception", "library/Shop/Date.php:11")),
    failed_on=BOTH,
)
DAILY = Replayable(
    "r2", Ask("GET", "/api/daily"), failure=Failure(Signature(200), FieldState("$.lines", "empty")),
    failed_on=("web2",),
)  # fmt: skip
BASKET = Replayable(
    "r3", Ask("POST", "/api/baskets"), failure=Failure(Signature(500)), failed_on=("web1", "web3"),
    unsendable="the body of a POST is in no log", cure="write it into a file",
)  # fmt: skip
LIST = Replayable("h1", Ask("GET", "/api/list"))


def order_fixed(visit: Visit) -> Reply:
    if visit.url == "/api/orders/4711":
        return Reply(200, {"delivery": None})
    return web1(visit)


def web1(visit: Visit) -> Reply:
    if visit.url == "/api/orders/4711":
        return Reply(500, {}, logged="ERR Shop_Order_Exception: no in library/Shop/Date.php:11")
    return Reply(200, {"lines": [1]})


def web2(visit: Visit) -> Reply:
    return Reply(200, {"lines": []}) if visit.url == "/api/daily" else web1(visit)


def web2_fixed(visit: Visit) -> Reply:
    return Reply(200, {"lines": [1, 2]}) if visit.url == "/api/list" else order_fixed(visit)


def shown(result: ReproduceResult | TryResult) -> list[str]:
    console = Console(file=io.StringIO(), width=300, highlight=False)
    console.print(result.text())
    assert isinstance(console.file, io.StringIO)
    return [one.rstrip() for one in console.file.getvalue().splitlines()]


def test_reproduce_shows_production_beside_what_is_here(shops: Shops) -> None:
    side = shops.side("here", {"web1": web1, "web2": web2})
    done = reproduce((ORDER, DAILY, BASKET), BOTH, side, Silent())
    result = ReproduceResult(done, "shop", ("web1: PHP is 8.2.36 here, 8.2.12 in production",))
    assert [" | ".join(re.split("  +", one)) for one in shown(result)] == [
        " | request | production | here",
        "r1 | GET /api/orders/4711 | 500 Shop_Order_Exception Date.php:11 | same, 3 of 3",
        (
            "r2 | GET /api/daily | 200 $.lines empty | "
            "web1: works, as in production · web2: same, 3 of 3"
        ),
        "r3 | POST /api/baskets | 500 | not sent: the body of a POST is in no log",
        "",
        "r3 | write it into a file",
        "r3 | in production it also failed on web3: not in this sandbox",
        "",
        "2 of 3 reproduce. 1 could not be judged.",
        "But note: in 1 thing the sandbox is not as production:",
        " | web1: PHP is 8.2.36 here, 8.2.12 in production",
        "Next: | sandbox try CHANGE --name shop",
    ]
    data = json.loads(json.dumps(result.data()))
    assert [one["answer"] for one in data["requests"]] == [
        "reproduced", "reproduced", "unresolved",
    ]  # fmt: skip
    assert data["requests"][1]["servers"][1]["trials"][0]["status"] == 200


def test_reproduce_says_so_where_there_is_nothing_to_send(shops: Shops) -> None:
    done = reproduce((), BOTH, shops.side("here", web1), Silent())
    assert shown(ReproduceResult(done, "shop")) == [
        "No failing request came with the bundle, and none was given.",
        "Write one down: sandbox reproduce --requests FILE (docs/reproduce.md)",
    ]


def test_try_says_the_verdict_and_what_it_rests_on(shops: Shops) -> None:
    before = shops.side("A", {"web1": web1, "web2": web2})
    after = shops.side("B", {"web1": order_fixed, "web2": web2_fixed})
    done = try_change(
        "date.patch", (ORDER, replace(DAILY), BASKET), (LIST,), BOTH, (before, after),
        progress=Silent(),
    )  # fmt: skip
    assert shown(TryResult(done, "shop", notes=("web2 has it already",))) == [
        "verdict   FIXED r1, r2 (2 of 3), BUT OTHERS CHANGED: h1",
        "change    date.patch",
        "note      web2 has it already",
        (
            "fixed     r1 GET /api/orders/4711 on web1, web2: "
            "500 Shop_Order_Exception Date.php:11 → 200"
        ),
        '             answers now: {"delivery": null}',
        "fixed     r2 GET /api/daily on web2: 200 $.lines empty → 200",
        '             answers now: {"lines": [1]}',
        "changed   h1 GET /api/list on web2: $.lines[1] is new: 2",
        "same      1 of 2 answers to other requests",
        "not sent  r3 POST /api/baskets: the body of a POST is in no log",
        "This says what changed, not that the change is right: look at the answers.",
    ]
    data = json.loads(json.dumps(TryResult(done, "shop").data()))
    assert (data["verdict"], data["fixed"]) == ("FIXED, BUT OTHERS CHANGED", ["r1", "r2"])


def test_what_a_server_says_does_not_steer_the_terminal(shops: Shops) -> None:
    def hostile(visit: Visit) -> Reply:
        return Reply(200, {"x": "\x1b[2J"}) if visit.url != "/api/list" else Reply(200, {})

    sides = (shops.side("A", web1), shops.side("B", hostile))
    done = try_change("a.patch", (ORDER,), (LIST,), BOTH, sides, progress=Silent())
    assert "\x1b" not in "".join(shown(TryResult(done, "shop")))
