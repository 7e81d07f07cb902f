"""Baskets and PHP sessions: what people have not ordered yet."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from .chance import happens
from .identifiers import draw_hex, draw_ip
from .php_serialize import PhpValue, serialize, session
from .records.catalogue import Product
from .records.traces import Session
from .records.trade import Basket
from .shop import LINDQVIST, STRASSER, WITH_OTHER_BROKEN_BASKETS, Shop
from .timeline import LAST_MOMENT, later

REMEMBERED = 30 * 86_400


def add_baskets(shop: Shop) -> None:
    """Fill baskets, at most one for a customer."""
    rng = shop.chance("baskets")
    certain = {STRASSER, LINDQVIST, *WITH_OTHER_BROKEN_BASKETS}
    others = [one for one in shop.customers if one not in certain]
    drawn = rng.sample(others, min(len(others), shop.size("baskets") - len(certain)))
    products = [product for product in shop.products.values() if product.active]
    for number, one in enumerate(sorted({*drawn, *certain}), start=1):
        since = datetime.fromisoformat(shop.customers[one].updated_at)
        contents = write_basket(rng, rng.sample(products, rng.choice((0, 1, 1, 2, 3, 5))))
        shop.baskets.append(Basket(number, one, contents, str(later(rng, since, 2500))))


def write_basket(rng: random.Random, products: Sequence[Product]) -> str:
    """Serialize a basket with these products, as PHP would."""
    lines: list[PhpValue] = [
        {"product_id": product.id, "quantity": rng.choice((1, 1, 1, 2, 5)), "name": product.name}
        for product in products
    ]
    return serialize(lines)


def add_sessions(shop: Shop) -> None:
    """Fill sessions, of guests and of people who are logged in."""
    rng = shop.chance("sessions")
    customers = list(shop.customers.values())
    for _ in range(shop.size("sessions")):
        moment = LAST_MOMENT - timedelta(seconds=int(rng.random() ** 3 * 20 * 86_400))
        variables = {
            "__ZF": serialize({"Zend_Auth": {"ENT": int(moment.replace(tzinfo=UTC).timestamp())}}),
            "locale": serialize(rng.choice(("de_DE", "de_DE", "fr_FR", "pl_PL"))),
        }
        if happens(rng, 0.6):
            customer = rng.choice(customers)
            variables["Zend_Auth"] = serialize(
                {
                    "storage": {
                        "id": customer.id,
                        "email": customer.email,
                        "name": customer.full_name,
                        "ip": draw_ip(rng),
                    }
                }
            )
        if happens(rng, 0.3):
            seen = [rng.choice(list(shop.products)) for _ in range(3)]
            variables["seen"] = serialize(seen)
        shop.sessions.append(
            Session(
                draw_hex(rng, 32),
                int(moment.replace(tzinfo=UTC).timestamp()),
                rng.choice((1440, REMEMBERED, REMEMBERED)),
                session(variables),
            )
        )
