"""What people and scripts are shown of reproduce and try."""

from __future__ import annotations

import io
import itertools
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

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


def tried_lines(shops: Shops, before: Any, after: Any, *failing: Replayable, **more: Any) -> str:
    sides = (shops.side("A", before), shops.side("B", after))
    done = try_change("a.patch", failing, (LIST,), BOTH, sides, progress=Silent(), **more)
    return "\n".join(shown(TryResult(done, "shop")))


def answering(**answers: Callable[[], Reply]) -> Callable[[Visit], Reply]:
    return lambda visit: answers.get(visit.url.split("/")[2], lambda: web1(visit))()


def test_an_empty_field_that_may_be_the_sample_is_told_so(shops: Shops) -> None:
    empty = answering(daily=lambda: Reply(200, {"lines": []}))
    done = reproduce((DAILY,), BOTH, shops.side("here", empty), Silent())
    assert "may be the sample: no server here has it filled" in "".join(
        shown(ReproduceResult(done, "shop"))
    )
    assert ReproduceResult(done, "shop").data()["requests"][0]["may_be_the_sample"] is True
    told = tried_lines(shops, empty, web1, DAILY)
    assert told.startswith("verdict   NOT REPRODUCED: nothing is claimed of the change")
    assert (
        "no claim  r2 GET /api/daily on web1, web2: may be the sample: no server here has it filled"
    ) in told


def test_what_comes_out_otherwise_each_time_is_named_beside_the_verdict(shops: Shops) -> None:
    turns = itertools.cycle((200, 500))
    flaky = answering(list=lambda: Reply(next(turns), {}), orders=lambda: Reply(200, {}))
    told = tried_lines(shops, web1, flaky, ORDER)
    assert told.startswith(
        "verdict   INCONCLUSIVE: with the change works r1; not the same each time: h1"
    )
    assert (
        "unstable  h1 GET /api/list on web1, web2: without it works 2 of 2, with it works" in told
    )


def test_a_request_that_cannot_be_judged_with_the_change_is_told_with_its_cure(
    shops: Shops,
) -> None:
    locked = answering(orders=lambda: Reply(403, {}))
    told = tried_lines(shops, web1, locked, ORDER)
    assert told.startswith("verdict   INCONCLUSIVE: cannot be judged with the change: r1")
    assert "→ 403 here: it needs a session" in told
    assert 'write its login as "before" into a file' in told
    # Where a login was sent, it is not missing: it is the wrong one.
    logged_in = replace(ORDER, before=(Ask("POST", "/api/session"),))
    told = tried_lines(shops, web1, locked, logged_in)
    assert "its login does not work here: take somebody who is in the bundle" in told
    assert 'as "before"' not in told


def test_what_is_not_as_in_production_on_both_sides_is_not_counted_as_same(shops: Shops) -> None:
    gone = answering(list=lambda: Reply(404, {}))
    fixed = answering(list=lambda: Reply(404, {}), orders=lambda: Reply(200, {}))
    told = tried_lines(shops, gone, fixed, ORDER)
    assert told.startswith("verdict   FIXED r1 (1 of 1), nothing else that was asked changed")
    assert "same      0 of 2 answers to other requests" in told
    assert (
        "no claim  h1 GET /api/list: 2 answers not as in production, "
        "with or without the change: 404" in told
    )


def test_many_requests_without_a_claim_are_shown_by_the_first_of_them(shops: Shops) -> None:
    gone, fixed = (
        answering(list=lambda: Reply(404, {})),
        answering(list=lambda: Reply(404, {}), orders=lambda: Reply(200, {})),
    )
    sides = (shops.side("A", gone), shops.side("B", fixed))
    healthy = [Replayable(f"h{one}", Ask("GET", f"/api/list/{one}")) for one in range(1, 6)]
    done = try_change("a.patch", (ORDER,), healthy, BOTH, sides, progress=Silent())
    assert (
        "no claim  h1 GET /api/list/1, h2 GET /api/list/2, h3 GET /api/list/3, and 2 more: "
        "10 answers not as in production"
    ) in "\n".join(shown(TryResult(done, "shop")))


def test_answers_without_rows_are_counted_among_the_same(shops: Shops) -> None:
    empty = answering(list=lambda: Reply(200, {"items": [], "page": {"of": []}}))
    fixed = answering(
        list=lambda: Reply(200, {"items": [], "page": {"of": []}}), orders=lambda: Reply(200, {})
    )
    told = tried_lines(shops, {"web1": empty, "web2": web1}, {"web1": fixed, "web2": order_fixed},
                       ORDER)  # fmt: skip
    assert "same      2 of 2 answers to other requests; 1 of them holds no rows" in told
    told = tried_lines(shops, empty, fixed, ORDER)
    assert "same      2 of 2 answers to other requests; 2 of them hold no rows" in told
    assert "no rows" not in tried_lines(shops, web1, order_fixed, ORDER)


def test_a_script_gets_the_whole_answers_to_what_a_change_is_to_fix(shops: Shops) -> None:
    long = answering(orders=lambda: Reply(200, {"delivery": "ü" * 30_000}))
    sides = (shops.side("A", web1), shops.side("B", long))
    named = replace(ORDER, name="order")
    other = replace(DAILY, failed_on=("web1", "web2"))
    done = try_change(
        "a.patch", (named, other), (LIST,), BOTH, sides, progress=Silent(), targets=("r1",)
    )
    result = TryResult(done, "shop")
    first, *_ = pairs = result.data()["pairs"]
    assert (first["name"], first["whole_answer_before"]) == ("order", "{}")
    assert first["whole_answer_after"].startswith('{"delivery": "')
    assert len(first["whole_answer_after"]) == 20_000
    assert {one["whole_answer_after"] for one in pairs if one["request"] != "r1"} == {None}
    # On a terminal it is wrapped.
    told = "".join(shown(result)).replace(" ", "")
    assert len(first["answer_now"]) == 401
    assert f"answersnow:{first['answer_now']}".replace(" ", "") in told
    assert any(
        one.startswith("fixed     r1 order: GET /api/orders/4711 on") for one in shown(result)
    )


def test_a_fix_of_some_of_the_named_says_which_not(shops: Shops) -> None:
    before = {"web1": web1, "web2": web2}
    told = tried_lines(shops, before, web1, ORDER, DAILY, targets=("r1", "r2"))
    assert told.startswith("verdict   FIXED IN PART: r2, not r1")
    other = replace(BASKET, unsendable="it has no body")
    told = tried_lines(shops, before, web1, DAILY, other, targets=("r2", "r3"))
    assert told.startswith("verdict   INCONCLUSIVE: with the change works r2; not reproduced: r3")
    half = {"web1": order_fixed, "web2": web2}
    told = tried_lines(shops, before, half, ORDER, targets=("r1",))
    assert told.startswith("verdict   FIXED IN PART: r1 on web1 only")


def test_that_only_a_status_was_compared_is_told_by_try_as_well(shops: Shops) -> None:
    bare = replace(ORDER, failure=Failure(Signature(500)))
    told = tried_lines(shops, web1, order_fixed, bare)
    assert "weak      r1: only the status could be compared" in told
    assert "weak" not in tried_lines(shops, web1, order_fixed, ORDER)


def test_that_a_web_server_keeps_its_caches_is_told_where_answers_are_not_the_same(
    shops: Shops,
) -> None:
    turns = itertools.cycle((500, 200))
    flaky = {"web1": answering(orders=lambda: Reply(next(turns), {})), "web2": web1}
    bare = replace(ORDER, failure=Failure(Signature(500)))
    kept = "caches and sessions in files of a web server stay from one time to the next"
    for shop, told in ((flaky, True), (web1, False)):
        done = reproduce((bare,), BOTH, shops.side("here", shop), Silent())
        assert (kept in " ".join(shown(ReproduceResult(done, "shop")))) is told


def test_what_a_server_says_does_not_steer_the_terminal(shops: Shops) -> None:
    def hostile(visit: Visit) -> Reply:
        return Reply(200, {"x": "\x1b[2J"}) if visit.url != "/api/list" else Reply(200, {})

    sides = (shops.side("A", web1), shops.side("B", hostile))
    done = try_change("a.patch", (ORDER,), (LIST,), BOTH, sides, progress=Silent())
    assert "\x1b" not in "".join(shown(TryResult(done, "shop")))
