"""Prices over time, goods in and out, and coupons."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from .chance import Popularity, happens
from .records.catalogue import Coupon, ProductPrice, StockMovement
from .shop import Shop
from .timeline import LAST_MOMENT, OPENED, TODAY, between, fraction, moments

LARGEST_PRICE = Decimal("99999999.99")
_CENT = Decimal("0.01")
_REASONS = (
    "Lieferung",
    "Verkauf",
    "Verkauf",
    "Verkauf",
    "Retoure",
    "Inventur",
    "Bruch",
    "Umlagerung",
)


def add_stock(shop: Shop) -> None:
    """Fill product_prices, stock_movements and coupons."""
    _add_prices(shop)
    _add_movements(shop)
    _add_coupons(shop)


def _add_prices(shop: Shop) -> None:
    """Give every product its past prices; the latest is the one it has now."""
    rng = shop.chance("prices")
    changers = [admin.id for admin in shop.admin_users if admin.id > 0]
    for product in shop.products.values():
        since = OPENED
        if product.available_on != "0000-00-00":
            since = datetime.fromisoformat(product.available_on)
        changes = {since} | {
            between(rng, since, LAST_MOMENT) for _ in range(rng.choice((0, 1, 1, 2, 3)))
        }
        for moment in sorted(changes):
            price = (product.price * rng.randrange(80, 115) / 100).quantize(_CENT)
            changed_by = rng.choice(changers) if happens(rng, 0.8) else None
            shop.product_prices.append(
                ProductPrice(
                    product.id,
                    f"{moment}{fraction(rng, 3)}",
                    min(price, LARGEST_PRICE),
                    changed_by,
                )
            )
        shop.product_prices[-1].price = product.price


def _add_movements(shop: Shop) -> None:
    rng = shop.chance("movements")
    favourites = Popularity(rng, list(shop.products), 0.7)
    size = shop.size("stock_movements")
    for number, moment in enumerate(moments(rng, size, growth=3.0), start=1):
        reason = rng.choice(_REASONS)
        product = favourites.draw(1 + len(shop.products) * number // size)
        quantity = rng.randrange(20, 200) if reason == "Lieferung" else rng.randrange(-4, 2)
        shop.stock_movements.append(StockMovement(number, product, quantity, reason, str(moment)))


def _add_coupons(shop: Shop) -> None:
    rng = shop.chance("coupons")
    occasions = ("OSTERN", "ADVENT", "SOMMER", "DANKE", "NEU", "TREUE", "GEBURTSTAG", "MÄRZ")
    for number in range(1, shop.size("coupons") + 1):
        until = date(2012, 1, 1) + timedelta(days=rng.randrange((TODAY - date(2011, 6, 1)).days))
        shop.coupons.append(
            Coupon(
                number,
                f"{rng.choice(occasions)}-{number:03d}",
                rng.choice((Decimal("5.0"), Decimal("10.0"), Decimal("12.5"), Decimal("20.0"))),
                str(until) if happens(rng, 0.9) else None,
                rng.choice((None, 1, 100, 500)),
            )
        )
