"""Scars of what the shop sells and stocks."""

import itertools
import json
from collections.abc import Iterable
from decimal import Decimal

from demo_production.rows.records.catalogue import Product, StockMovement
from demo_production.rows.shop import GONE_PRODUCTS, PLANTED_PRODUCT, Key, Shop
from demo_production.rows.stock import LARGEST_PRICE

from .of_spelling import misread_as_latin1
from .scar import scar


def _draw_products(shop: Shop, purpose: str, count: int) -> list[Product]:
    able = [one for one in shop.products if one != PLANTED_PRODUCT]
    return [shop.products[one] for one in shop.draw_unmarked(purpose, "products", able, count)]


@scar("products.details")
def json_with_duplicate_keys(shop: Shop) -> Iterable[Key]:
    """The same key twice; the last one counts, except where the first does."""
    for product in _draw_products(shop, "json_with_duplicate_keys", 5):
        product.details = '{"ean":"9990000000017","ean":"9990000000024","eco":true, "eco" : false}'
        yield product.id


@scar("products.details")
def odd_number_spellings(shop: Shop) -> Iterable[Key]:
    """1.0, 1e2, -0 and more digits than a double has."""
    for product in _draw_products(shop, "odd_number_spellings", 5):
        product.details = '{"w":1.0,"h":1e2,"d":-0,"v":1E-7,"long":12345678901234567890.123456789}'
        yield product.id


@scar("products.details")
def deeply_nested_json(shop: Shop) -> Iterable[Key]:
    """Twenty-four levels, a few below what the server's parser endures."""
    for product in _draw_products(shop, "deeply_nested_json", 3):
        product.details = '{"part":[' * 12 + '"Schraube"' + "]}" * 12
        yield product.id


@scar("products.details")
def json_with_unicode_escapes(shop: Shop) -> Iterable[Key]:
    r"""\u00fc instead of ü, a surrogate pair, an escaped slash, \u0000."""
    for product in _draw_products(shop, "json_with_unicode_escapes", 5):
        product.details = (
            r'{"name":"B\u00fcrste \ud83e\uddf9","path":"\/img\/1.png","nul":"a\u0000b"}'
        )
        yield product.id


@scar("products.details")
def json_that_is_no_object(shop: Shop) -> Iterable[Key]:
    """An empty list, a bare string, a bare number, the word null, serialized JSON inside JSON."""
    spellings = ("[]", '"siehe Beschreibung"', "0", "null", json.dumps(json.dumps({"ean": 1})))
    drawn = _draw_products(shop, "json_that_is_no_object", len(spellings))
    for spelling, product in zip(spellings, drawn, strict=False):
        product.details = spelling
        yield product.id


@scar("products.tax_class")
def tax_class_index_zero(shop: Shop) -> Iterable[Key]:
    """A value the ENUM does not have, stored as index 0: it reads as an empty string."""
    for product in _draw_products(shop, "tax_class_index_zero", 4):
        product.tax_class = ""
        yield product.id


@scar("products.flags")
def every_flag_combination(shop: Shop) -> Iterable[Key]:
    """All sixteen combinations of the four bits."""
    for flags, product in enumerate(_draw_products(shop, "every_flag_combination", 16)):
        product.flags = flags
        yield product.id


@scar("products.channels")
def sold_nowhere(shop: Shop) -> Iterable[Key]:
    """An empty SET."""
    for product in _draw_products(shop, "sold_nowhere", 6):
        product.channels = ""
        yield product.id


@scar("products.replaced_by")
def long_chain_of_successors(shop: Shop) -> Iterable[Key]:
    """Six products, each replaced by the next."""
    chain = _draw_products(shop, "long_chain_of_successors", 6)
    for product, successor in itertools.pairwise(chain):
        product.replaced_by, product.active = successor.id, 0
    yield from (product.id for product in chain)


@scar("products.weight_kg")
def odd_weights(shop: Shop) -> Iterable[Key]:
    """Floats that print as something else: 0.1, 16777217, 1e-10, zero, below zero."""
    weights = (0.1, 16777217.0, 1e-10, 0.0, -1.0, 123456.789)
    drawn = _draw_products(shop, "odd_weights", len(weights))
    for weight, product in zip(weights, drawn, strict=False):
        product.weight_kg = weight
        yield product.id


@scar("products.price")
def odd_prices(shop: Shop) -> Iterable[Key]:
    """Free, below zero, and the largest number that fits; none of them is for sale."""
    prices = (Decimal("0.00"), Decimal("-5.00"), LARGEST_PRICE)
    drawn = _draw_products(shop, "odd_prices", len(prices))
    for price, product in zip(prices, drawn, strict=False):
        product.price, product.active = price, 0
        yield product.id


@scar("products.name")
def mojibake_products(shop: Shop) -> Iterable[Key]:
    """Names and descriptions of the first import; no longer sold."""
    for product in _draw_products(shop, "mojibake_products", 8):
        product.name = misread_as_latin1("Käsereibe für Linkshänder")
        product.description = misread_as_latin1(product.description or "Weiß")
        product.active = 0
        yield product.id


@scar("stock_movements.product_id")
def movements_of_gone_products(shop: Shop) -> Iterable[Key]:
    """Goods of products that were deleted; the relation was never declared."""
    drawn = shop.draw_unmarked(
        "gone products", "stock_movements", range(len(shop.stock_movements)), 15
    )
    for number, place in enumerate(drawn):
        movement = shop.stock_movements[place]
        movement.product_id = GONE_PRODUCTS[number % len(GONE_PRODUCTS)]
        yield movement.id


@scar("stock_movements.quantity")
def negative_stock(shop: Shop) -> Iterable[Key]:
    """More went out than ever came in, by one row at stock-taking."""
    for product in _draw_products(shop, "negative_stock", 5):
        number = len(shop.stock_movements) + 1
        shop.stock_movements.append(
            StockMovement(number, product.id, -50_000, "Inventur", "2026-01-02 00:00:00")
        )
        yield number


@scar("stock_movements.moved_at")
def movements_without_date(shop: Shop) -> Iterable[Key]:
    """Zero dates, and one on the 31st of April."""
    drawn = shop.draw_unmarked("no date", "stock_movements", range(len(shop.stock_movements)), 6)
    for number, place in enumerate(drawn):
        movement = shop.stock_movements[place]
        movement.moved_at = "0000-00-00 00:00:00" if number else "2014-04-31 12:00:00"
        yield movement.id


@scar("product_prices.changed_by")
def prices_changed_by_nobody(shop: Shop) -> Iterable[Key]:
    """Changed by people whose accounts were deleted, and once by number 0."""
    drawn = shop.draw_unmarked("changed by", "product_prices", range(len(shop.product_prices)), 12)
    for number, place in enumerate(drawn):
        price = shop.product_prices[place]
        price.changed_by = 40 + number if number else 0
        yield (price.product_id, price.valid_from)


CATALOGUE_SCARS = (
    json_with_duplicate_keys, odd_number_spellings, deeply_nested_json,
    json_with_unicode_escapes, json_that_is_no_object, tax_class_index_zero,
    every_flag_combination, sold_nowhere, long_chain_of_successors, odd_weights, odd_prices,
    mojibake_products,
)  # fmt: skip
STOCK_SCARS = (
    movements_of_gone_products, negative_stock, movements_without_date, prices_changed_by_nobody,
)  # fmt: skip
