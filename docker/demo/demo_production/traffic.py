"""A working day's traffic through the balancer, so that production's logs look like logs."""

from __future__ import annotations

import random
from collections.abc import Iterator

from demo_production.requests import FAILING, LINDQVIST, STRASSER, Request, send

_LOGIN_SHARE = 0.1


def drive(address: str, count: int, *, seed: int, failing: bool = False) -> dict[int, int]:
    """Ask `count` requests of a usual day.

    Args:
        address: The balancer's.
        count: How many requests.
        seed: Decides which.
        failing: Mix in the requests that the push broke, as customers would.

    Returns:
        How often each status came.
    """
    statuses: dict[int, int] = {}
    for request in _usual_day(random.Random(seed), count, failing=failing):
        status = send(address, request).status
        statuses[status] = statuses.get(status, 0) + 1
    return statuses


def _usual_day(rng: random.Random, count: int, *, failing: bool) -> Iterator[Request]:
    for _ in range(count):
        if failing and rng.random() < _LOGIN_SHARE:
            yield rng.choice(FAILING)
        elif rng.random() < _LOGIN_SHARE:
            yield Request("GET", "/api/account", customer=rng.choice((STRASSER, LINDQVIST)))
        else:
            yield Request("GET", _usual_path(rng))


def _usual_path(rng: random.Random) -> str:
    return rng.choice(
        (
            "/api/health",
            f"/api/products?page={rng.randint(1, 40)}",
            f"/api/products/{rng.randint(1, 2500)}",
            f"/api/orders/{rng.randint(5000, 40000)}",
            f"/api/orders?customer={rng.randint(1, 20000)}",
            f"/api/customers/{rng.randint(1, 20000)}",
            f"/api/orders/{rng.randint(90000, 99999)}",
        )
    )
