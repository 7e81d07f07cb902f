"""Records of orders, of what was paid for them and of how they left the house."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(slots=True)
class Order:
    """An order."""

    id: int
    customer_id: int
    invoice_address_id: int
    delivery_address_id: int | None
    coupon_code: str | None
    status: str
    ordered_at: str
    delivery_date: str
    total: Decimal
    currency: str
    gift_note: str | None
    client_ip: str | None
    user_agent: str | None


@dataclass(slots=True)
class OrderItem:
    """A line of an order; the server computes `line_total` itself."""

    order_id: int
    line_no: int
    product_id: int
    quantity: int
    unit_price: Decimal
    options: str | None


@dataclass(slots=True)
class StatusChange:
    """A row of `order_status_history`."""

    order_id: int
    changed_at: str
    old_status: str
    new_status: str


@dataclass(slots=True)
class Payment:
    """A payment and the payment service's answer."""

    id: int
    order_id: int
    method: str
    amount: Decimal
    fee: float
    card_last4: str | None
    card_holder: str | None
    iban: str | None
    reference: str | None
    response: str | None
    paid_at: str | None


@dataclass(slots=True)
class Shipment:
    """A parcel."""

    id: int
    order_id: int
    carrier: str
    tracking: str | None
    shipped_at: str | None


@dataclass(slots=True)
class ShipmentItem:
    """Which line of which order is in a parcel."""

    shipment_id: int
    line_no: int
    order_id: int
    quantity: int


@dataclass(slots=True)
class Basket:
    """A basket, kept as PHP serialized it."""

    id: int
    customer_id: int
    contents: str
    updated_at: str
