"""Scars of orders, payments and baskets."""

import json
from collections.abc import Iterable
from decimal import Decimal

from demo_production.rows.baskets import write_basket
from demo_production.rows.php_serialize import counted_in_characters
from demo_production.rows.records.trade import Basket, Order, OrderItem, Payment
from demo_production.rows.shop import (
    BIG_CUSTOMER,
    GONE_CUSTOMERS,
    ORDER_WITHOUT_DELIVERY_DATE,
    WITH_OTHER_BROKEN_BASKETS,
    Key,
    Shop,
)
from demo_production.rows.trade import total_of

from .scar import scar

LINES_OF_THE_LONGEST_ORDER = 120


def _draw_orders(shop: Shop, purpose: str, count: int) -> list[Order]:
    able = [one for one in shop.orders if one != ORDER_WITHOUT_DELIVERY_DATE]
    return [shop.orders[one] for one in shop.draw_unmarked(purpose, "orders", able, count)]


@scar("orders")
def orders_without_items(shop: Shop) -> Iterable[Key]:
    """The connection broke between the order and its items."""
    for order in _draw_orders(shop, "orders_without_items", 5):
        shop.items_of_order[order.id] = []
        order.total = Decimal("0.00")
        yield order.id


@scar("order_items")
def order_with_120_items(shop: Shop) -> Iterable[Key]:
    """A caretaker's yearly order."""
    for order in _draw_orders(shop, "order_with_120_items", 1):
        able = [product for product in shop.products.values() if product.active]
        rng = shop.chance("120 items")
        shop.items_of_order[order.id] = items = [
            OrderItem(order.id, line, product.id, rng.randrange(1, 9), product.price, None)
            for line, product in enumerate(rng.choices(able, k=LINES_OF_THE_LONGEST_ORDER), 1)
        ]
        order.total = total_of(items)
        yield order.id


@scar("orders.customer_id")
def customer_with_900_orders(_: Shop) -> Iterable[Key]:
    """A property management that has ordered since the beginning; made with the orders."""
    yield BIG_CUSTOMER


@scar("orders.total")
def totals_that_do_not_add_up(shop: Shop) -> Iterable[Key]:
    """A cent of rounding, or postage that was never an item."""
    for number, order in enumerate(_draw_orders(shop, "totals_that_do_not_add_up", 25)):
        order.total += Decimal("4.90") if number % 3 == 0 else Decimal("0.01")
        yield order.id


@scar("order_items.quantity")
def odd_quantities(shop: Shop) -> Iterable[Key]:
    """Zero pieces, and minus one where service took something back."""
    for number, order in enumerate(_draw_orders(shop, "odd_quantities", 12)):
        item = shop.items_of_order[order.id][0]
        item.quantity = -1 if number % 2 else 0
        order.total = total_of(shop.items_of_order[order.id])
        yield (order.id, item.line_no)


@scar("orders.gift_note")
def wild_gift_notes(shop: Shop) -> Iterable[Key]:
    """Tabs, line ends of three systems, backslashes, quotes, NUL, Ctrl-Z, emoji, nothing."""
    notes = (
        "Für\tMia\nalles Gute\r\nOma", "C:\\neu\\test\\0", "Er sagte: \"Ja\", sie: 'Nein'",
        "nul\x00mitten drin", "sub\x1aende", "\\", "\\N", "🎂🎉 Zum 80.!", "", " ",
        "letzte Zeile\n", "\rmac", "%s {name} $x", "<script>alert('x')</script>",
    )  # fmt: skip
    drawn = _draw_orders(shop, "wild_gift_notes", len(notes))
    for note, order in zip(notes, drawn, strict=False):
        order.gift_note = note
        yield order.id


@scar("orders.user_agent")
def longest_user_agent(shop: Shop) -> Iterable[Key]:
    """255 characters, cut off by the column."""
    for order in _draw_orders(shop, "longest_user_agent", 3):
        order.user_agent = ("Mozilla/5.0 (compatible; toolbar " + "x" * 255)[:255]
        yield order.id


@scar("orders.client_ip")
def addresses_of_proxies(shop: Shop) -> Iterable[Key]:
    """The whole X-Forwarded-For header, unknown, or an IPv4 address in IPv6 clothes."""
    spellings = ("192.0.2.7, 198.51.100.3", "unknown", "::ffff:203.0.113.9", "")
    drawn = _draw_orders(shop, "addresses_of_proxies", len(spellings))
    for spelling, order in zip(spellings, drawn, strict=False):
        order.client_ip = spelling
        yield order.id


def _draw_payments(shop: Shop, purpose: str, count: int) -> list[Payment]:
    able = [
        place
        for place, payment in enumerate(shop.payments)
        if payment.response and payment.order_id != ORDER_WITHOUT_DELIVERY_DATE
    ]
    return [shop.payments[place] for place in shop.draw_unmarked(purpose, "payments", able, count)]


@scar("payments.response")
def one_of_each_answer(shop: Shop) -> Iterable[Key]:
    """JSON in pretty print, XML with CDATA and an entity, JSON cut off by a timeout."""
    pretty, markup, cut = _draw_payments(shop, "one_of_each_answer", 3)
    pretty.response = json.dumps({"id": pretty.reference, "payer": {"name": "Jörg"}}, indent=4)
    markup.response = (
        f'<?xml version="1.0"?><r id="{markup.reference}"><payer><![CDATA[Müller & Söhne]]></payer>'
        "<city>K&#246;ln</city></r>"
    )
    cut.response = f'{{"id":"{cut.reference}","status":"capt'
    yield from (pretty.id, markup.id, cut.id)


@scar("payments.response")
def empty_answers(shop: Shop) -> Iterable[Key]:
    """The service answered with nothing, with a page of HTML, with PHP's own warning."""
    answers = ("", "<html><body>502 Bad Gateway</body></html>", "Warning: fopen(): timed out")
    drawn = _draw_payments(shop, "empty_answers", len(answers))
    for answer, payment in zip(answers, drawn, strict=False):
        payment.response = answer
        yield payment.id


@scar("payments.fee")
def odd_doubles(shop: Shop) -> Iterable[Key]:
    """Doubles that need seventeen digits, and the smallest and largest ones."""
    fees = (
        0.1 + 0.2,
        1 / 3,
        2.2250738585072014e-308,
        1.7976931348623157e308,
        1e22,
        123456789.123456789,
    )
    for fee, payment in zip(fees, _draw_payments(shop, "odd_doubles", len(fees)), strict=False):
        payment.fee = fee
        yield payment.id


@scar("payments.paid_at")
def paid_on_no_day(shop: Shop) -> Iterable[Key]:
    """0000-00-00 00:00:00 instead of NULL, and the 31st of November."""
    for number, payment in enumerate(_draw_payments(shop, "paid_on_no_day", 6)):
        payment.paid_at = "0000-00-00 00:00:00" if number else "2016-11-31 10:00:00"
        yield payment.id


@scar("payments.reference")
def references_used_twice(shop: Shop) -> Iterable[Key]:
    """The customer clicked twice and the service gave the same id."""
    drawn = _draw_payments(shop, "references_used_twice", 8)
    for first, second in zip(drawn[::2], drawn[1::2], strict=False):
        second.reference = first.reference
        yield from (first.id, second.id)


@scar("baskets.contents")
def broken_baskets(shop: Shop) -> Iterable[Key]:
    """An umlaut counted as one byte, like the planted one, of other customers."""
    spelled_wrong = [p for p in shop.products.values() if p.active and not p.name.isascii()]
    for number, basket in enumerate(
        basket for basket in shop.baskets if basket.customer_id in WITH_OTHER_BROKEN_BASKETS
    ):
        product = spelled_wrong[number]
        written = write_basket(shop.chance(f"broken basket {number}"), [product])
        basket.contents = counted_in_characters(written, product.name)
        yield basket.id


@scar("baskets.customer_id")
def baskets_of_gone_customers(shop: Shop) -> Iterable[Key]:
    """The customer was deleted, the basket was forgotten."""
    able = list(shop.products.values())
    for customer in GONE_CUSTOMERS:
        number = len(shop.baskets) + 1
        contents = write_basket(shop.chance(f"gone {customer}"), able[number % 9 : number % 9 + 2])
        shop.baskets.append(Basket(number, customer, contents, "2017-05-24 23:59:59"))
        yield number


ORDER_SCARS = (
    orders_without_items, order_with_120_items, customer_with_900_orders, totals_that_do_not_add_up,
    odd_quantities, wild_gift_notes, longest_user_agent, addresses_of_proxies,
)  # fmt: skip
PAYMENT_SCARS = (
    one_of_each_answer, empty_answers, odd_doubles, paid_on_no_day, references_used_twice,
)  # fmt: skip
BASKET_SCARS = (broken_baskets, baskets_of_gone_customers)
