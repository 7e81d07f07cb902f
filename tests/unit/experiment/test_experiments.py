"""Requests go over real HTTP to clones of a shop, and come back as verdicts."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from experiment_shops import Reply, Shops, Visit
from sandbox.capture.requests import Signature
from sandbox.errors import ExitCode, StackError
from sandbox.experiment.failure import Came, Failure, FieldState
from sandbox.experiment.judge import Effect, Verdict
from sandbox.experiment.reproduce import Answer, Reproduced, reproduce
from sandbox.experiment.requests import Replayable
from sandbox.experiment.side import Side
from sandbox.experiment.trying import Tried, try_change
from sandbox.replica.exchange import Ask, Clone
from servers import Silent

BOTH = ("web1", "web2")
DATE = Failure(Signature(500, "Shop_Order_Exception", "library/Shop/Date.php:11"))
ORDER = Replayable("r1", Ask("GET", "/api/orders/4711"), failure=DATE, failed_on=BOTH)
LOGIN = Ask("POST", "/api/session", (), b'{"email": "a@example.org"}')
BASKET = Replayable(
    "r2",
    Ask("POST", "/api/baskets", (), b'{"product_id": 17}'),
    (LOGIN,),
    Failure(Signature(500, "Shop_Basket_Exception", "library/Shop/Basket.php:55")),
    BOTH,
)
DAILY = Replayable(
    "r3", Ask("GET", "/api/daily"), failure=Failure(Signature(200), FieldState("$.lines", "empty")),
    failed_on=("web2",),
)  # fmt: skip
PRODUCTS = Replayable("h1", Ask("GET", "/api/products"))
ALL = (ORDER, BASKET, DAILY)


class Shop:
    """A shop with bugs, each of which can be fixed."""

    def __init__(self, *fixed: str, **answers: Any) -> None:
        self.fixed = fixed
        self.answers = answers
        self.asked = itertools.count()

    def __call__(self, visit: Visit) -> Reply:
        if visit.method != "GET":
            visit.written.append(visit.url)
        match visit.url:
            case "/api/orders/4711":
                return self.order()
            case "/api/session":
                assert visit.headers["Content-Type"] == "application/json"
                return Reply(201, {}, (("Set-Cookie", "SHOP=s1; Path=/; HttpOnly"),))
            case "/api/baskets":
                return self.basket(visit)
            case "/api/daily":
                return Reply(200, {"lines": [1] if "daily" in self.fixed else []})
            case _:
                return Reply(200, {"time": next(self.asked), **self.answers})

    def order(self) -> Reply:
        if "order" in self.fixed:
            return Reply(200, {"delivery": None})
        place = "Order.php:7" if "otherwise" in self.fixed else "Date.php:11"
        return Reply(500, {}, logged=f"ERR Shop_Order_Exception: no in library/Shop/{place}")

    def basket(self, visit: Visit) -> Reply:
        if visit.headers.get("Cookie") != "SHOP=s1":
            return Reply(401, {})
        # Only on a database that nobody wrote to does it fail as in production.
        if visit.written != ["/api/session", "/api/baskets"] or "basket" in self.fixed:
            return Reply(201, {})
        return Reply(500, {}, logged="ERR Shop_Basket_Exception: no in library/Shop/Basket.php:55")


def ran(side: Side, *requests: Replayable, repeats: int = 3) -> Reproduced:
    return reproduce(requests, BOTH, side, Silent(), repeats)


def tried(
    shops: Shops, before: Any, after: Any, *failing: Replayable, targets: tuple[str, ...] = ()
) -> Tried:
    sides = (shops.side("A", before), shops.side("B", after))
    return try_change(
        "a.patch", failing or ALL, (PRODUCTS,), BOTH, sides, progress=Silent(), targets=targets
    )


HALF = {"web1": Shop("daily"), "web2": Shop()}


def test_requests_that_fail_as_in_production_are_reproduced(shops: Shops) -> None:
    done = ran(shops.side("here", HALF), *ALL)
    assert [one.answer for one in done.requests] == [Answer.REPRODUCED] * 3
    assert done.exit_code is ExitCode.YES
    came = {one.server: (one.came, one.same) for one in done.requests[2].outcomes}
    assert came == {"web1": (Came.WORKS, 0), "web2": (Came.SAME, 3)}


def test_what_writes_meets_a_database_that_nobody_wrote_to(shops: Shops) -> None:
    done = ran(shops.side("here", Shop("daily")), BASKET, ORDER)
    assert done.count(Answer.REPRODUCED) == 2
    # What only reads comes first, and may have written all the same.
    assert [clone.renewals for clone in shops.clones] == [3, 3]
    ran(shops.side("here", Shop("daily")), BASKET)
    assert [clone.renewals for clone in shops.clones[2:]] == [2, 2]


def test_a_read_that_writes_all_the_same_is_not_seen_by_what_writes(shops: Shops) -> None:
    def counting(visit: Visit) -> Reply:
        if visit.method == "GET":
            visit.written.append("a visitor")
        return Shop()(visit)

    assert ran(shops.side("here", counting), ORDER, BASKET).count(Answer.REPRODUCED) == 2


def test_a_failure_where_production_works_counts_against_it(shops: Shops) -> None:
    done = ran(shops.side("here", Shop()), replace(ORDER, failed_on=("web1",)))
    assert (done.requests[0].answer, done.exit_code) == (Answer.NOT_REPRODUCED, ExitCode.NO)


def test_an_empty_field_may_be_the_sample_where_no_server_has_it_filled(shops: Shops) -> None:
    done = ran(shops.side("here", Shop()), DAILY)
    assert (done.requests[0].answer, done.exit_code) == (Answer.UNRESOLVED, ExitCode.NO_VERDICT)
    filled = ran(shops.side("here", {"web1": Shop("daily"), "web2": Shop()}), DAILY)
    assert filled.requests[0].answer is Answer.REPRODUCED


def test_another_failure_is_no_reproduction(shops: Shops) -> None:
    (judged,) = ran(shops.side("here", Shop("otherwise")), ORDER).requests
    assert judged.answer is Answer.NOT_REPRODUCED
    assert {str(one.example) for one in judged.outcomes} == {"500 Shop_Order_Exception Order.php:7"}


def test_a_failure_now_and_then_is_told_as_such(shops: Shops) -> None:
    def flaky() -> Callable[[Visit], Reply]:
        turns = itertools.cycle((Shop(), Shop("order")))

        def answer(visit: Visit) -> Reply:
            return next(turns)(visit)

        return answer

    done = ran(shops.side("here", {server: flaky() for server in BOTH}), ORDER, repeats=4)
    assert done.requests[0].answer is Answer.SOMETIMES
    assert [one.same for one in done.requests[0].outcomes] == [2, 2]
    assert done.exit_code is ExitCode.NO


def test_nothing_is_judged_where_nothing_could_be_sent(shops: Shops) -> None:
    unsendable = replace(BASKET, unsendable="its body is in no log")
    done = ran(shops.side("here", Shop()), unsendable)
    assert (done.exit_code, shops.clones) == (ExitCode.NO_VERDICT, [])
    assert ran(shops.side("here", Shop())).exit_code is ExitCode.NO_VERDICT
    both = ran(shops.side("here", Shop()), unsendable, ORDER)
    assert (both.count(Answer.REPRODUCED), both.exit_code) == (1, ExitCode.NO)


def test_a_login_that_fails_leaves_the_request_unresolved(shops: Shops) -> None:
    refused = replace(BASKET, before=(Ask("GET", "/api/orders/4711"),))
    (judged,) = ran(shops.side("here", Shop()), refused).requests
    assert judged.answer is Answer.UNRESOLVED
    assert judged.outcomes[0].example.why == (
        "step 1 before it, GET /api/orders/4711, answers 500 here"
    )
    assert judged.outcomes[0].example.cure == (
        "its login does not work here: take somebody who is in the bundle: sandbox sql "
        "\"SELECT …\"; the bundle's passwords are 'sandbox' where the rules set them"
    )


def test_a_clone_that_does_not_start_ends_the_others(shops: Shops) -> None:
    going = threading.Event()

    def asked(visit: Visit) -> Reply:
        going.set()
        return Shop()(visit)

    side = shops.side("here", asked)

    @contextmanager
    def clones(server: str) -> Iterator[Clone]:
        if server == "web2":
            assert going.wait(10)
            raise StackError("web2 does not start.")
        with side.clones(server) as clone:
            yield clone

    with pytest.raises(StackError, match="web2 does not start"):
        ran(Side("here", clones, side.judges), ORDER, repeats=100_000)


def test_a_fix_of_one_of_several_is_told_as_fixed(shops: Shops) -> None:
    done = tried(shops, HALF, {"web1": Shop("daily", "order"), "web2": Shop("order")})
    assert (done.verdict, done.exit_code) == (Verdict.FIXED, ExitCode.YES)
    assert (done.fixed, done.reproduced) == (("r1",), ("r1", "r2", "r3"))
    assert done.of(Effect.CHANGED) == ()
    # The time in each answer is noise, told by nobody.
    noise = {key for one in done.pairs if one.request is PRODUCTS for key in one.noise}
    assert noise == {"$.time"}


def test_a_change_without_effect_is_told_so(shops: Shops) -> None:
    assert tried(shops, Shop(), Shop(), ORDER, BASKET).verdict is Verdict.NO_EFFECT


def test_a_fix_of_another_request_than_the_target_is_no_effect(shops: Shops) -> None:
    for target, verdict in (("r1", Verdict.NO_EFFECT), ("r2", Verdict.FIXED)):
        done = tried(shops, Shop(), Shop("basket"), ORDER, BASKET, targets=(target,))
        assert done.verdict is verdict


def test_of_two_targets_both_are_to_be_fixed(shops: Shops) -> None:
    both = ("r1", "r2")
    part = tried(shops, Shop(), Shop("basket"), ORDER, BASKET, targets=both)
    assert (part.verdict, part.exit_code, part.fixed) == (
        Verdict.FIXED_IN_PART, ExitCode.NO, ("r2",),
    )  # fmt: skip
    whole = tried(shops, Shop(), Shop("basket", "order"), ORDER, BASKET, targets=both)
    assert whole.verdict is Verdict.FIXED
    unsent = replace(ORDER, unsendable="its body is in no log")
    unknown = tried(shops, Shop(), Shop("basket"), unsent, BASKET, targets=both)
    assert unknown.verdict is Verdict.INCONCLUSIVE


def test_a_fix_beside_which_another_request_fails_now_and_then_is_not_told_as_one(
    shops: Shops,
) -> None:
    turns = itertools.cycle((200, 500))

    def flaky(visit: Visit) -> Reply:
        if visit.url == "/api/products":
            return Reply(next(turns), {})
        return Shop("order")(visit)

    done = tried(shops, Shop(), flaky, ORDER)
    assert (done.verdict, done.exit_code) == (Verdict.INCONCLUSIVE, ExitCode.NO_VERDICT)
    assert done.fixed == ("r1",)


def test_a_failure_that_is_everywhere_is_claimed_by_nobody(shops: Shops) -> None:
    done = tried(shops, Shop(), Shop("order"), replace(ORDER, failed_on=("web1",)))
    assert (done.verdict, done.fixed, done.reproduced) == (Verdict.NOT_REPRODUCED, (), ())


def test_a_fix_that_changes_another_answer_is_told_so(shops: Shops) -> None:
    done = tried(shops, Shop(total=1), Shop("order", total=2), ORDER)
    assert (done.verdict, done.exit_code) == (Verdict.FIXED_OTHERS_CHANGED, ExitCode.NO)
    assert [str(one) for one in done.of(Effect.CHANGED)[0].differences] == ["$.total 1 → 2"]


def test_a_fix_that_breaks_another_request_makes_it_worse(shops: Shops) -> None:
    def broken(visit: Visit) -> Reply:
        return Reply(500, {}) if visit.url == "/api/products" else Shop("order")(visit)

    done = tried(shops, Shop(), broken, ORDER)
    assert (done.verdict, done.exit_code) == (Verdict.MADE_WORSE, ExitCode.NO)
    assert tried(shops, Shop(), Shop("otherwise"), ORDER).verdict is Verdict.MADE_WORSE


def test_nothing_is_claimed_where_production_s_failure_is_not_there(shops: Shops) -> None:
    done = tried(shops, Shop("order"), Shop("order"), ORDER)
    assert (done.verdict, done.exit_code) == (Verdict.NOT_REPRODUCED, ExitCode.NO_VERDICT)


def test_a_fix_on_one_server_only_is_no_fix(shops: Shops) -> None:
    done = tried(shops, Shop(), {"web1": Shop("order"), "web2": Shop()}, ORDER)
    assert (done.verdict, done.exit_code) == (Verdict.FIXED_IN_PART, ExitCode.NO)
    assert done.fixed == ()


def test_what_differs_from_clone_to_clone_is_no_change(shops: Shops) -> None:
    """Each clone has its own host name, say: constant on one, another one on the next."""
    numbers = itertools.count()

    def shop_of(*fixed: str) -> Any:
        hosts: dict[int, int] = {}

        def answer(visit: Visit) -> Reply:
            host = hosts.setdefault(id(visit.written), next(numbers))
            return Shop(*fixed, host=host)(visit)

        return answer

    done = tried(shops, shop_of(), shop_of("order"), ORDER)
    assert done.verdict is Verdict.FIXED
    assert {key for one in done.pairs for key in one.noise} == {"$.host"}
