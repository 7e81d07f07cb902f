"""What follows an order: its history, its payments, its parcels."""

import itertools
import json
import random
from datetime import datetime, timedelta
from decimal import Decimal

from .chance import happens
from .identifiers import draw_digits, draw_hex, draw_iban
from .records.people import Customer
from .records.trade import Order, Payment, Shipment, ShipmentItem, StatusChange
from .shop import ORDER_WITHOUT_DELIVERY_DATE, Shop
from .timeline import REPORT_DAY, later

_JSON_SINCE = datetime.fromisoformat("2016-01-01")
_UNICODE_SINCE = datetime.fromisoformat("2020-01-01")
_SPLIT_FROM = 50
METHODS = ("card", "paypal", "sepa", "invoice")
_PATHS = {
    "new": ("new",),
    "paid": ("new", "paid"),
    "packed": ("new", "paid", "packed"),
    "shipped": ("new", "paid", "packed", "shipped"),
    "delivered": ("new", "paid", "packed", "shipped", "delivered"),
    "returned": ("new", "paid", "packed", "shipped", "delivered", "returned"),
    "cancelled": ("new", "cancelled"),
}
_CARRIERS = ("DHL", "DHL", "DHL", "Hermes", "DPD", "Post", "Abholung")


def add_fulfilment(shop: Shop) -> None:
    """Fill order_status_history, payments, shipments and shipment_items."""
    _add_history(shop)
    _add_payments(shop)
    _add_shipments(shop)


def _add_history(shop: Shop) -> None:
    """Write down the steps of the latest orders; older history was thrown away."""
    rng = shop.chance("history")
    planted = shop.orders[ORDER_WITHOUT_DELIVERY_DATE]
    others = [order for order in shop.orders.values() if order is not planted]
    for order in (planted, *others[-shop.size("orders_with_history") :]):
        moment = datetime.fromisoformat(order.ordered_at)
        path = _PATHS[order.status]
        for old, new in itertools.pairwise(path):
            moment = later(rng, moment, 1.5)
            shop.order_status_history.append(StatusChange(order.id, str(moment), old, new))


def _add_payments(shop: Shop) -> None:
    """Pay nearly every order once; the methods of the report's day take turns."""
    rng = shop.chance("payments")
    on_report_day = 0
    for order in shop.orders.values():
        reported = order.ordered_at.startswith(str(REPORT_DAY))
        planted = order.id == ORDER_WITHOUT_DELIVERY_DATE
        if not (reported or planted or order.status != "cancelled" or happens(rng, 0.2)):
            continue
        if order.status == "new" and not reported:
            continue
        method = rng.choices(METHODS, weights=(40, 30, 12, 18))[0]
        if reported:
            method = METHODS[on_report_day % len(METHODS)]
            on_report_day += 1
        moment = datetime.fromisoformat(order.ordered_at)
        paid = moment + timedelta(seconds=1 + int(rng.random() * 90))
        if method == "invoice" and not reported:
            paid = later(rng, moment, 20)
        _pay(shop, rng, order, method, paid)


def _parts(rng: random.Random, total: Decimal) -> list[Decimal]:
    """Split a total in two payments now and then."""
    if total < _SPLIT_FROM or not happens(rng, 0.02):
        return [total]
    first = (total / 3).quantize(Decimal("0.01"))
    return [first, total - first]


def _pay(shop: Shop, rng: random.Random, order: Order, method: str, paid: datetime) -> None:
    customer = shop.customers[order.customer_id]
    for amount in _parts(rng, order.total):
        last4 = draw_digits(rng, 4) if method == "card" else None
        reference = f"pay_{draw_hex(rng, 24)}" if method != "invoice" else None
        payment = Payment(
            len(shop.payments) + 1,
            order.id,
            method,
            amount,
            0.25 + float(amount) * 0.014 if reference else 0.0,
            last4,
            customer.full_name[:80] if last4 else None,
            (customer.iban or draw_iban(rng, customer.country_code)) if method == "sepa" else None,
            reference,
            None,
            str(paid) if order.status != "cancelled" else None,
        )
        if reference:
            payment.response = _answer(payment, customer, paid)
        shop.payments.append(payment)


def _answer(payment: Payment, customer: Customer, paid: datetime) -> str:
    """Write what the payment service answered: XML until 2016, JSON since."""
    if paid < _JSON_SINCE:
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<payment id="{payment.reference}">'
            f'<amount currency="EUR">{payment.amount}</amount>'
            f"<payer>{customer.email}</payer><status>OK</status></payment>"
        )
    answer = {
        "id": payment.reference,
        "status": "captured",
        "amount": f"{payment.amount}",
        "payer": {"name": customer.full_name, "email": customer.email},
        "card": {"last4": payment.card_last4} if payment.card_last4 else None,
        "created": f"{paid:%Y-%m-%dT%H:%M:%S}+00:00",
    }
    return json.dumps(answer, ensure_ascii=paid < _UNICODE_SINCE)


def _add_shipments(shop: Shop) -> None:
    """Send the latest orders that left the house, one parcel each; earlier ones were purged."""
    rng = shop.chance("shipments")
    sent = [o for o in shop.orders.values() if o.status in ("shipped", "delivered", "returned")]
    planted = shop.orders[ORDER_WITHOUT_DELIVERY_DATE]
    kept = [order for order in sent if order is not planted][-shop.size("shipments") :]
    for number, order in enumerate((planted, *kept), start=1):
        carrier = rng.choice(_CARRIERS)
        left = later(rng, datetime.fromisoformat(order.ordered_at), 3)
        tracking = f"TEST{draw_digits(rng, 14)}" if carrier != "Abholung" else None
        shop.shipments.append(Shipment(number, order.id, carrier, tracking, str(left)))
        for item in shop.items_of_order[order.id]:
            if order is planted or item.line_no == 1 or happens(rng, 0.26):
                shop.shipment_items.append(
                    ShipmentItem(number, item.line_no, order.id, item.quantity)
                )
