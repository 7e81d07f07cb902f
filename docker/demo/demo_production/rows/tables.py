"""The tables in the order they are loaded, parents first, and how their text becomes values.

Binary columns travel as hexadecimal digits and BIT columns as numbers: both are exact in any
character set. Everything else is the text itself.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Any

from .records import catalogue, people, traces, trade
from .shop import Shop


@dataclass(frozen=True, slots=True)
class Table:
    """How one table is written and loaded.

    Attributes:
        name: Its name on the server.
        record: The class of its records; the fields are its columns.
        rows: Gives its records.
        charset: The character set of its file, as the server calls it.
        hexadecimal: Columns written as hexadecimal digits.
        numeric: BIT columns, written as numbers.
        zero_when_empty: An ENUM column without the label ''; loading it warns and stores index 0.
    """

    name: str
    record: type[Any]
    rows: Callable[[Shop], Iterable[Any]]
    charset: str = "utf8mb4"
    hexadecimal: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    zero_when_empty: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Name the columns that are loaded."""
        return tuple(field.name for field in fields(self.record))

    @property
    def counts_itself(self) -> bool:
        """Say whether the server would number the rows if we did not."""
        first = fields(self.record)[0]
        return first.name == "id" and first.type is int


TABLES = (
    Table("countries", people.Country, lambda shop: shop.countries),
    Table("tax_rates", people.TaxRate, lambda shop: shop.tax_rates),
    Table(
        "admin_users",
        people.AdminUser,
        lambda shop: shop.admin_users,
        hexadecimal=("last_login_ip",),
    ),
    Table("customers", people.Customer, lambda shop: shop.customers.values()),
    Table("addresses", people.Address, lambda shop: shop.addresses.values()),
    Table(
        "legacy_customers",
        people.LegacyCustomer,
        lambda shop: shop.legacy_customers.values(),
        charset="latin1",
    ),
    Table("suppliers", people.Supplier, lambda shop: shop.suppliers),
    Table("categories", catalogue.Category, lambda shop: shop.categories),
    Table(
        "products",
        catalogue.Product,
        lambda shop: shop.products.values(),
        numeric=("flags",),
        zero_when_empty="tax_class",
    ),
    Table("product_categories", catalogue.ProductCategory, lambda shop: shop.product_categories),
    Table("attributes", catalogue.Attribute, lambda shop: shop.attributes),
    Table(
        "product_attribute_values",
        catalogue.ProductAttributeValue,
        lambda shop: shop.product_attribute_values,
    ),
    Table("product_prices", catalogue.ProductPrice, lambda shop: shop.product_prices),
    Table("stock_movements", catalogue.StockMovement, lambda shop: shop.stock_movements),
    Table("coupons", catalogue.Coupon, lambda shop: shop.coupons),
    Table("orders", trade.Order, lambda shop: shop.orders.values()),
    Table("order_items", trade.OrderItem, lambda shop: shop.order_items),
    Table("order_status_history", trade.StatusChange, lambda shop: shop.order_status_history),
    Table("payments", trade.Payment, lambda shop: shop.payments),
    Table("shipments", trade.Shipment, lambda shop: shop.shipments),
    Table("shipment_items", trade.ShipmentItem, lambda shop: shop.shipment_items),
    Table("baskets", trade.Basket, lambda shop: shop.baskets),
    Table("sessions", traces.Session, lambda shop: shop.sessions, hexadecimal=("data",)),
    Table("settings", traces.Setting, lambda shop: shop.settings),
    Table("audit_log", traces.AuditEntry, lambda shop: shop.audit_log),
    Table(
        "attachments",
        traces.Attachment,
        lambda shop: shop.attachments,
        hexadecimal=("content", "sha1"),
    ),
    Table("reviews", catalogue.Review, lambda shop: shop.reviews),
    Table("newsletter_subscribers", traces.Subscriber, lambda shop: shop.newsletter_subscribers),
    Table("login_attempts", traces.LoginAttempt, lambda shop: shop.login_attempts),
    Table("mail_queue", traces.Mail, lambda shop: shop.mail_queue),
)
TABLE_NAMED = {table.name: table for table in TABLES}
