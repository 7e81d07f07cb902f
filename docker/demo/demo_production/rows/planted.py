"""The rows the shop's requests rely on, exact at every seed and scale."""

from dataclasses import replace
from decimal import Decimal

from .baskets import write_basket
from .passwords import hash_password
from .php_serialize import counted_in_characters
from .records.trade import Basket, OrderItem
from .shop import (
    BIG_CUSTOMER,
    LINDQVIST,
    LINDQVIST_EMAIL,
    ORDER_WITHOUT_DELIVERY_DATE,
    PLANTED_PRODUCT,
    STRASSER,
    STRASSER_EMAIL,
    STRASSER_WITH_SHARP_S,
    Shop,
)
from .trade import total_of

KNOWN_PASSWORD = "sommer2019"  # noqa: S105 - invented, for logging in to the demo


def plant_customers(shop: Shop) -> None:
    """Plant the two Strassers, equal to the server and not to a programmer, and Petra Lindqvist."""
    shop.customers[STRASSER] = replace(
        shop.customers[STRASSER],
        email=STRASSER_EMAIL,
        login=None,
        password_hash=hash_password(shop.seed, KNOWN_PASSWORD, "strasser"),
        salutation="Herr",
        first_name="Georg",
        last_name="Strasser",
        country_code="DE",
        deleted_at=None,
    )
    shop.customers[STRASSER_WITH_SHARP_S] = replace(
        shop.customers[STRASSER_WITH_SHARP_S],
        email="straßer@kunden.example",
        login="Straßer@kunden.example",
        first_name="Gundula",
        last_name="Straßer",
        country_code="DE",
        deleted_at=None,
    )
    shop.customers[LINDQVIST] = replace(
        shop.customers[LINDQVIST],
        email=LINDQVIST_EMAIL,
        login=LINDQVIST_EMAIL,
        password_hash=hash_password(shop.seed, KNOWN_PASSWORD, "lindqvist"),
        salutation="Frau",
        first_name="Petra",
        last_name="Lindqvist",
        country_code="DE",
        deleted_at=None,
    )
    shop.customers[BIG_CUSTOMER] = replace(
        shop.customers[BIG_CUSTOMER],
        salutation="Firma",
        company="Hausverwaltung Übermaß GmbH",
        country_code="DE",
        deleted_at=None,
    )


def plant_product(shop: Shop) -> None:
    """Plant a watering can that has been for sale since the first year."""
    shop.products[PLANTED_PRODUCT] = replace(
        shop.products[PLANTED_PRODUCT],
        sku="GIE-00017-05",
        name="Gießkanne Grünwald 5 l",
        description="<p>Verzinkt, mit Messingbrause.</p>",
        price=Decimal("24.90"),
        tax_class="standard",
        weight_kg=1.2,
        flags=0,
        channels="web,shop",
        available_on="2011-05-27",
        active=1,
    )


def plant_order(shop: Shop) -> None:
    """Plant the order that was shipped on a day nobody wrote down, with three items."""
    order = shop.orders[ORDER_WITHOUT_DELIVERY_DATE]
    order.status, order.delivery_date, order.coupon_code = "shipped", "0000-00-00", None
    bought = [
        product
        for product in shop.products.values()
        if product.active and product.id != PLANTED_PRODUCT
    ][:2]
    bought.insert(0, shop.products[PLANTED_PRODUCT])
    items = [
        OrderItem(order.id, line, product.id, line, product.price, None)
        for line, product in enumerate(bought, start=1)
    ]
    shop.items_of_order[order.id] = items
    order.total = total_of(items)


def plant_basket(shop: Shop) -> None:
    """Plant Petra Lindqvist's basket: one umlaut was counted as one byte, years ago."""
    with_umlaut = next(
        product
        for product in shop.products.values()
        if product.active and len(product.name.encode()) == len(product.name) + 1
    )
    bought = [shop.products[PLANTED_PRODUCT], with_umlaut]
    contents = write_basket(shop.chance("planted basket"), bought)
    basket = _basket_of(shop, LINDQVIST)
    basket.contents = counted_in_characters(contents, with_umlaut.name)


def _basket_of(shop: Shop, customer: int) -> Basket:
    return next(basket for basket in shop.baskets if basket.customer_id == customer)
