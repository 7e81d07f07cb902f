"""The rows the shop's requests rely on, and the relations the schema declares."""

import unicodedata
from collections import Counter
from decimal import Decimal

import bcrypt
import phpserialize
import pytest

from demo_production.rows import Shop
from demo_production.rows.identifiers import is_valid_iban

BROKEN = {1207, 15042, 15671, 16203, 16888, 17310, 18004, 18999, 19777}


def _unserialize(contents: str) -> object:
    return phpserialize.loads(contents.encode(), decode_strings=True)


def _as_the_server_compares(text: str) -> str:
    """Fold about as utf8mb4_unicode_ci does: no case, no accents, no blanks at the end."""
    plain = unicodedata.normalize("NFKD", text.casefold()).rstrip(" ")
    return "".join(sign for sign in plain if not unicodedata.combining(sign))


def test_two_strassers_are_equal_for_the_collation_only(shop: Shop) -> None:
    one, other = shop.customers[9], shop.customers[12345]
    assert (one.email, one.login, one.deleted_at) == ("strasser@kunden.example", None, None)
    assert (other.email, other.login) == ("straßer@kunden.example", "Straßer@kunden.example")
    assert bcrypt.checkpw(b"sommer2019", one.password_hash.encode())


def test_no_other_mail_or_login_is_equal_to_somebody_elses(shop: Shop) -> None:
    holders: dict[str, set[int]] = {}
    for customer in shop.customers.values():
        for text in (customer.email, customer.login):
            if text is not None:
                holders.setdefault(_as_the_server_compares(text), set()).add(customer.id)
    assert [ids for ids in holders.values() if len(ids) > 1] == [{9, 12345}]


def test_about_six_in_ten_log_in_with_their_mail(shop: Shop) -> None:
    own = sum(customer.login == customer.email for customer in shop.customers.values())
    assert 0.5 < own / len(shop.customers) < 0.7


def test_exactly_the_known_baskets_cannot_be_unserialized(shop: Shop) -> None:
    broken = set()
    for basket in shop.baskets:
        try:
            lines = _unserialize(basket.contents)
        except ValueError:
            broken.add(basket.customer_id)
        else:
            assert isinstance(lines, dict)
            assert all(line["product_id"] in shop.products for line in lines.values())
    assert broken == BROKEN


def test_petra_lindqvists_basket_has_one_wrong_length(shop: Shop) -> None:
    customer = shop.customers[1207]
    assert customer.email == "petra.lindqvist@post.example"
    assert bcrypt.checkpw(b"sommer2019", customer.password_hash.encode())
    contents = next(basket.contents for basket in shop.baskets if basket.customer_id == 1207)
    name = contents.rsplit('"', 2)[1]
    assert len(name.encode()) == len(name) + 1
    repaired = contents.replace(f's:{len(name)}:"{name}"', f's:{len(name) + 1}:"{name}"')
    assert repaired != contents
    _unserialize(repaired)


def test_order_4711_alone_was_shipped_on_no_day(shop: Shop) -> None:
    order = shop.orders[4711]
    assert (order.customer_id, order.status) == (9, "shipped")
    assert len(shop.items_of_order[4711]) == 3
    assert [p.amount for p in shop.payments if p.order_id == 4711] == [order.total]
    assert [o.id for o in shop.orders.values() if o.delivery_date.endswith("-00")] == [4711]


def test_product_17_is_for_sale(shop: Shop) -> None:
    product = shop.products[17]
    assert (product.active, product.price) == (1, Decimal("24.90"))
    assert any(row.product_id == 17 for row in shop.product_categories)
    assert any(row.product_id == 17 for row in shop.product_attribute_values)


def test_day_of_the_report_has_several_methods_of_payment(shop: Shop) -> None:
    methods = Counter(
        payment.method
        for payment in shop.payments
        if shop.orders[payment.order_id].ordered_at.startswith("2026-11-20")
        and (payment.paid_at or "").startswith("2026-11-20")
    )
    assert len(methods) >= 3


@pytest.mark.parametrize("customer", [9, 1207, 12345])
def test_planted_customers_have_both_kinds_of_address(shop: Shop, customer: int) -> None:
    kinds = {a.kind for a in shop.addresses.values() if a.customer_id == customer}
    assert kinds == {"invoice", "delivery"}


def test_declared_relations_hold(shop: Shop) -> None:
    coupons = {coupon.code for coupon in shop.coupons}
    addresses, products = shop.addresses, shop.products
    lines = {(item.order_id, item.line_no) for item in shop.order_items}
    shipments = {shipment.id for shipment in shop.shipments}
    assert len(lines) == len(shop.order_items)
    for order in shop.orders.values():
        assert order.customer_id == addresses[order.invoice_address_id].customer_id
        assert order.delivery_address_id is None or order.delivery_address_id in addresses
        assert order.coupon_code is None or order.coupon_code in coupons
    assert {item.product_id for item in shop.order_items} <= products.keys()
    assert {(item.order_id, item.line_no) for item in shop.shipment_items} <= lines
    assert {item.shipment_id for item in shop.shipment_items} <= shipments
    assert {payment.order_id for payment in shop.payments} <= shop.orders.keys()
    referrers = {customer.referred_by for customer in shop.customers.values()} - {None}
    assert referrers <= shop.customers.keys()
    assert {p.replaced_by for p in products.values()} - {None} <= products.keys()


def test_nobody_orders_before_the_account_exists(shop: Shop) -> None:
    early = [
        order.id
        for order in shop.orders.values()
        if order.ordered_at < shop.customers[order.customer_id].created_at and order.id != 4711
    ]
    assert early == []


def test_category_tree_has_four_levels_and_no_cycle(shop: Shop) -> None:
    depth: dict[int, int] = {}
    for category in shop.categories:
        depth[category.id] = depth[category.parent_id] + 1 if category.parent_id else 1
    assert Counter(depth.values()) == {1: 8, 2: 28, 3: 56, 4: 88}


def test_most_bank_numbers_are_well_formed(shop: Shop) -> None:
    ibans = [c.iban for c in shop.customers.values() if c.iban]
    assert sum(is_valid_iban(iban) for iban in ibans) > 0.9 * len(ibans)


def test_last_month_sells_enough_for_a_list_of_bestsellers(shop: Shop) -> None:
    recent = {o.id for o in shop.orders.values() if o.ordered_at >= "2026-10-23"}
    sold = {item.product_id for item in shop.order_items if item.order_id in recent}
    assert len(sold) >= 10
