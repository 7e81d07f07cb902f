"""Orders and their items.

Ids rise with time; who orders and what is ordered follows popularity, and nobody orders before the
account or the product exists. A total is the sum of its items.
"""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from .addresses import addresses_of_customers
from .chance import Popularity, happens
from .identifiers import USER_AGENTS, draw_ip
from .records.people import Address
from .records.trade import Order, OrderItem
from .shop import BIG_CUSTOMER, ORDER_WITHOUT_DELIVERY_DATE, STRASSER, Shop
from .timeline import LAST_MOMENT, REPORT_DAY, at_shopping_hour, moments

ORDERS_ON_REPORT_DAY_AT_LEAST = 8
_CENT = Decimal("0.01")
_LINES = (1, 1, 1, 1, 2, 2, 2, 3, 3, 6)
_QUANTITIES = (1, 1, 1, 1, 1, 1, 2, 2, 3, 4)
_NOTES = (
    "Alles Liebe zum Geburtstag!",
    "Frohe Weihnachten, Oma Käthe",
    "Bitte als Geschenk verpacken.",
    "Herzlichen Glückwunsch, Eure Kollegen",
    "Bon anniversaire !",
)
_STATUSES_BY_AGE = (
    (2, ("new", "paid", "paid")),
    (5, ("packed", "shipped")),
    (12, ("shipped",)),
)
_ADDRESSES_KEPT_SINCE = "2013"
_OPTIONS = ('{"gift_wrap":true}', '{"engraving":"Für Mia"}', '{"colour":"grün","size":"M"}', "{}")


def add_orders(shop: Shop) -> None:
    """Fill orders and order_items."""
    rng = shop.chance("orders")
    ids = shop.ids("orders")
    when = _order_moments(rng, len(ids))
    buyers = _Buyers(shop, rng)
    for one, moment in zip(ids, when, strict=True):
        customer = STRASSER if one == ORDER_WITHOUT_DELIVERY_DATE else buyers.draw(moment)
        shop.orders[one] = _draw_order(rng, one, moment, buyers.addresses[customer])
    _give_orders_to_the_big_customer(shop, rng, buyers.addresses[BIG_CUSTOMER])
    _use_coupons(shop, rng)
    _add_items(shop, rng)


def total_of(items: Sequence[OrderItem]) -> Decimal:
    """Add up the lines of an order."""
    return sum((item.quantity * item.unit_price for item in items), Decimal("0.00"))


def _order_moments(rng: random.Random, count: int) -> list[datetime]:
    """Spread the orders; the day of the report has some even in a small shop."""
    when = moments(rng, count, growth=4.2)
    missing = ORDERS_ON_REPORT_DAY_AT_LEAST - sum(one.date() == REPORT_DAY for one in when)
    midnight = datetime.fromisoformat(str(REPORT_DAY))
    for place in range(1, missing + 1):
        when[-place * 2] = at_shopping_hour(rng, midnight)
    return sorted(when)


class _Buyers:
    """Draws who orders: somebody with an address, whose account exists by then."""

    def __init__(self, shop: Shop, rng: random.Random) -> None:
        self.addresses = addresses_of_customers(shop)
        able = [c for c in shop.customers.values() if c.id in self.addresses]
        self._favourites = Popularity(rng, [c.id for c in able], 0.6)
        self._since = [c.created_at for c in able]
        self._known = 0

    def draw(self, moment: datetime) -> int:
        """Draw a customer; the moments of successive draws must rise."""
        while self._known < len(self._since) and self._since[self._known] <= str(moment):
            self._known += 1
        return self._favourites.draw(self._known)


def _draw_order(
    rng: random.Random, one: int, moment: datetime, addresses: Sequence[Address]
) -> Order:
    invoice = addresses[0]
    delivery = addresses[int(rng.random() * len(addresses))]
    return Order(
        one,
        invoice.customer_id,
        invoice.id,
        delivery.id if delivery is not invoice or happens(rng, 0.3) else None,
        None,
        _draw_status(rng, (LAST_MOMENT - moment).days),
        str(moment),
        str(moment.date() + timedelta(days=2 + int(rng.random() * 7))),
        Decimal("0.00"),
        "CHF" if invoice.country_code == "CH" else "EUR",
        rng.choice(_NOTES) if happens(rng, 0.06) else None,
        draw_ip(rng) if str(moment) >= _ADDRESSES_KEPT_SINCE else None,
        USER_AGENTS[int(rng.random() ** 2 * len(USER_AGENTS))] if happens(rng, 0.9) else None,
    )


def _draw_status(rng: random.Random, age_in_days: int) -> str:
    if happens(rng, 0.05):
        return "cancelled"
    for days, statuses in _STATUSES_BY_AGE:
        if age_in_days < days:
            return rng.choice(statuses)
    return "returned" if happens(rng, 0.05) else "delivered"


def _give_orders_to_the_big_customer(
    shop: Shop, rng: random.Random, addresses: Sequence[Address]
) -> None:
    """Let one company have exactly as many orders as the sizes say."""
    wanted = shop.size("orders_of_the_big_customer")
    own = [order for order in shop.orders.values() if order.customer_id == BIG_CUSTOMER]
    since = shop.customers[BIG_CUSTOMER].created_at
    others = [
        order
        for order in shop.orders.values()
        if order.customer_id not in (BIG_CUSTOMER, STRASSER) and order.ordered_at > since
    ]
    for order in rng.sample(others, max(0, wanted - len(own))):
        address = rng.choice(addresses)
        order.customer_id = BIG_CUSTOMER
        order.invoice_address_id, order.delivery_address_id = addresses[0].id, address.id
        order.currency = "EUR"


def _use_coupons(shop: Shop, rng: random.Random) -> None:
    codes = [coupon.code for coupon in shop.coupons]
    for order in shop.orders.values():
        if happens(rng, 0.06):
            order.coupon_code = rng.choice(codes)


def _add_items(shop: Shop, rng: random.Random) -> None:
    """Fill the orders; what is no longer active is not bought any more."""
    products = list(shop.products.values())
    ever = Popularity(rng, products, 0.8)
    today = Popularity(rng, [product for product in products if product.active], 0.8)
    percents = {coupon.code: coupon.percent for coupon in shop.coupons}
    orders = len(shop.orders)
    for number, order in enumerate(shop.orders.values()):
        recent = order.ordered_at >= "2025"
        percent = percents.get(order.coupon_code or "", Decimal(0))
        items = []
        for line in range(1, _LINES[int(rng.random() * len(_LINES))] + 1):
            product = today.draw() if recent else ever.draw(5 + len(products) * number // orders)
            price = (product.price * (100 - percent) / 100).quantize(_CENT)
            quantity = _QUANTITIES[int(rng.random() * len(_QUANTITIES))]
            options = rng.choice(_OPTIONS) if happens(rng, 0.08) else None
            items.append(OrderItem(order.id, line, product.id, quantity, price, options))
        shop.items_of_order[order.id] = items
        order.total = total_of(items)
