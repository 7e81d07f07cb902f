"""Records of what the shop sells."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(slots=True)
class Category:
    """A node of the category tree."""

    id: int
    parent_id: int | None
    slug: str
    name: str
    position: int


@dataclass(slots=True)
class Product:
    """An article; `flags` are the bits sale 1, bulky 2, age check 4, digital 8."""

    id: int
    sku: str
    supplier_id: int
    name: str
    description: str | None
    details: str | None
    price: Decimal
    tax_class: str
    weight_kg: float | None
    flags: int
    channels: str
    replaced_by: int | None
    available_on: str
    active: int


@dataclass(slots=True)
class ProductCategory:
    """A product's place in a category."""

    product_id: int
    category_id: int
    position: int


@dataclass(slots=True)
class Attribute:
    """Something that can be said of a product."""

    code: str
    label: str
    unit: str | None


@dataclass(slots=True)
class ProductAttributeValue:
    """What is said of one product."""

    product_id: int
    attribute_code: str
    value: str


@dataclass(slots=True)
class ProductPrice:
    """A price that held from a moment on."""

    product_id: int
    valid_from: str
    price: Decimal
    changed_by: int | None


@dataclass(slots=True)
class StockMovement:
    """Goods in or out."""

    id: int
    product_id: int
    quantity: int
    reason: str
    moved_at: str


@dataclass(slots=True)
class Coupon:
    """A discount code."""

    id: int
    code: str
    percent: Decimal
    valid_until: str | None
    max_uses: int | None


@dataclass(slots=True)
class Review:
    """What a customer, or nobody any more, said of a product."""

    id: int
    product_id: int
    customer_id: int | None
    stars: int
    title: str | None
    body: str | None
    created_at: str
