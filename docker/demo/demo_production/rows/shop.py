"""The shop while it is being made: its tables, its sizes, and the rows that must exist.

Stages fill the tables in order and look up what earlier ones made. Sizes follow the scale; the
anchors exist at every scale, so that a small shop has the same planted rows as the full one.
"""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from .chance import stream
from .pools import Pool, build_pools
from .records import catalogue, people, traces, trade

Key = int | str | tuple[int | str, ...]
AnyKey = TypeVar("AnyKey", int, str)

SIZES: Mapping[str, int] = {
    "customers": 20_000,
    "second_addresses": 8_400,
    "legacy_customers": 6_000,
    "suppliers": 60,
    "products": 2_500,
    "stock_movements": 12_000,
    "coupons": 300,
    "orders": 40_000,
    "orders_of_the_big_customer": 900,
    "orders_with_history": 4_000,
    "shipments": 9_000,
    "baskets": 5_000,
    "sessions": 2_000,
    "audit_log": 12_000,
    "attachments": 2_000,
    "reviews": 4_000,
    "customers_with_newsletter": 4_200,
    "subscribers_without_account": 800,
    "login_attempts": 3_000,
    "mail_queue": 500,
}

STRASSER = 9
LINDQVIST = 1207
STRASSER_WITH_SHARP_S = 12345
BIG_CUSTOMER = 88
PLANTED_CUSTOMERS = frozenset({STRASSER, LINDQVIST, STRASSER_WITH_SHARP_S, BIG_CUSTOMER})
WITH_OTHER_BROKEN_BASKETS = (15042, 15671, 16203, 16888, 17310, 18004, 18999, 19777)
GONE_CUSTOMERS = (61, 142, 377, 913, 2048, 4404, 7007, 9120, 11011, 13579, 16161, 19002)

STRASSER_EMAIL = "strasser@kunden.example"
LINDQVIST_EMAIL = "petra.lindqvist@post.example"
PLANTED_EMAILS = (STRASSER_EMAIL, LINDQVIST_EMAIL)

ORDER_WITHOUT_DELIVERY_DATE = 4711

PLANTED_PRODUCT = 17
GONE_PRODUCTS = (23, 66, 1212, 1900, 2222)

ANCHORS: Mapping[str, Iterable[int]] = {
    "customers": (*PLANTED_CUSTOMERS, *WITH_OTHER_BROKEN_BASKETS),
    "products": (PLANTED_PRODUCT,),
    "orders": (ORDER_WITHOUT_DELIVERY_DATE,),
}
GONE: Mapping[str, Iterable[int]] = {"customers": GONE_CUSTOMERS, "products": GONE_PRODUCTS}


@dataclass
class Shop:
    """Everything the generator has made so far.

    Attributes:
        seed: Decides every draw.
        scale: 1.0 makes the sizes above.
        scars: For every scar that was inflicted the keys of its rows.
    """

    seed: int
    scale: float
    countries: list[people.Country] = field(default_factory=list)
    tax_rates: list[people.TaxRate] = field(default_factory=list)
    admin_users: list[people.AdminUser] = field(default_factory=list)
    customers: dict[int, people.Customer] = field(default_factory=dict)
    addresses: dict[int, people.Address] = field(default_factory=dict)
    legacy_customers: dict[int, people.LegacyCustomer] = field(default_factory=dict)
    suppliers: list[people.Supplier] = field(default_factory=list)
    categories: list[catalogue.Category] = field(default_factory=list)
    products: dict[int, catalogue.Product] = field(default_factory=dict)
    product_categories: list[catalogue.ProductCategory] = field(default_factory=list)
    attributes: list[catalogue.Attribute] = field(default_factory=list)
    product_attribute_values: list[catalogue.ProductAttributeValue] = field(default_factory=list)
    product_prices: list[catalogue.ProductPrice] = field(default_factory=list)
    stock_movements: list[catalogue.StockMovement] = field(default_factory=list)
    coupons: list[catalogue.Coupon] = field(default_factory=list)
    orders: dict[int, trade.Order] = field(default_factory=dict)
    items_of_order: dict[int, list[trade.OrderItem]] = field(default_factory=dict)
    order_status_history: list[trade.StatusChange] = field(default_factory=list)
    payments: list[trade.Payment] = field(default_factory=list)
    shipments: list[trade.Shipment] = field(default_factory=list)
    shipment_items: list[trade.ShipmentItem] = field(default_factory=list)
    baskets: list[trade.Basket] = field(default_factory=list)
    sessions: list[traces.Session] = field(default_factory=list)
    settings: list[traces.Setting] = field(default_factory=list)
    audit_log: list[traces.AuditEntry] = field(default_factory=list)
    attachments: list[traces.Attachment] = field(default_factory=list)
    reviews: list[catalogue.Review] = field(default_factory=list)
    newsletter_subscribers: list[traces.Subscriber] = field(default_factory=list)
    login_attempts: list[traces.LoginAttempt] = field(default_factory=list)
    mail_queue: list[traces.Mail] = field(default_factory=list)
    scars: dict[str, tuple[Key, ...]] = field(default_factory=dict)
    _marked: dict[str, set[int | str]] = field(default_factory=dict)

    @property
    def order_items(self) -> list[trade.OrderItem]:
        """List the items of all orders."""
        return [item for items in self.items_of_order.values() for item in items]

    @property
    def pools(self) -> Mapping[str, Pool]:
        """Give the names and places of this seed."""
        return build_pools(self.seed)

    def chance(self, purpose: str) -> random.Random:
        """Open the stream of draws for one purpose."""
        return stream(self.seed, purpose)

    def size(self, what: str) -> int:
        """Say how many of something this shop has."""
        return max(1, round(SIZES[what] * self.scale))

    def ids(self, table: str) -> list[int]:
        """List the ids of a table: one after the other, without the gone, with every anchor."""
        anchors, gone = frozenset(ANCHORS.get(table, ())), frozenset(GONE.get(table, ()))
        counted = (one for one in range(1, self.size(table) + len(gone) + 1) if one not in gone)
        ids = sorted({*counted} | anchors)
        surplus = len(ids) - self.size(table)
        spare = [one for one in reversed(ids) if one not in anchors][: max(0, surplus)]
        return [one for one in ids if one not in frozenset(spare)]

    def draw_unmarked(
        self, purpose: str, table: str, rows: Iterable[AnyKey], count: int
    ) -> list[AnyKey]:
        """Draw rows that carry no scar yet, and mark them.

        Args:
            purpose: The scar; decides the draw.
            table: Whose rows they are.
            rows: The keys to draw from, in a fixed order.
            count: How many; fewer where there are not enough.
        """
        marked = self._marked.setdefault(table, set())
        free = [key for key in rows if key not in marked]
        drawn = sorted(self.chance(f"scar/{purpose}").sample(free, min(count, len(free))))
        marked.update(drawn)
        return drawn
