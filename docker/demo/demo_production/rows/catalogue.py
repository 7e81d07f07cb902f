"""What the shop sells: the category tree, products and what is said of them.

Products come in the order in which they became available, ids rising with time.
"""

import json
import random
from datetime import datetime
from decimal import Decimal

from .chance import happens
from .identifiers import draw_digits
from .people import fold
from .records.catalogue import (
    Attribute,
    Category,
    Product,
    ProductAttributeValue,
    ProductCategory,
)
from .shop import Shop
from .timeline import moments

_AREAS = ("Garten", "Küche", "Wohnen", "Büro", "Kinder", "Sport", "Bücher", "Tierbedarf")
_KINDS = ("Möbel", "Geräte", "Textilien", "Zubehör", "Ersatzteile", "Geschenke", "Pflege")
_SORTS = ("aus Holz", "aus Metall", "für draußen", "für drinnen", "klein & fein", "Großpackung")
_THINGS = (
    "Stuhl", "Gießkanne", "Bücherregal", "Teekessel", "Kochlöffel", "Hängematte", "Wäschekorb",
    "Schreibtischlampe", "Fußmatte", "Hundekörbchen", "Springseil", "Schlüsselbrett", "Pfanne",
    "Öllampe", "Kräutertopf", "Türstopper", "Zelt", "Käsereibe", "Kissenhülle", "Notizbuch",
    "Vogelhäuschen", "Messerblock", "Rührschüssel", "Kinderbücherset", "Gartenschere", "Regentonne",
)  # fmt: skip
_SERIES = (
    "Söderköping", "Alma", "Bjørn", "Café", "Dünenwind", "Elba", "Fjord", "Grünwald", "Håkon",
    "Île de Ré", "Jolanda", "Küstennebel", "Łódź", "Malmö", "Nürnberg", "Ösel", "Picknick",
)  # fmt: skip
_VARIANTS = (
    "",
    "",
    "weiß",
    "grün",
    "natur",
    "XL",
    "2er-Set",
    "für Linkshänder",
    "½ Liter",
    "Größe M",
)
_ATTRIBUTES = (
    ("colour", "Farbe", None), ("material", "Material", None), ("width", "Breite", "cm"),
    ("height", "Höhe", "cm"), ("depth", "Tiefe", "cm"), ("weight", "Gewicht", "kg"),
    ("volume", "Füllmenge", "ml"), ("power", "Leistung", "W"), ("voltage", "Spannung", "V"),
    ("temperature", "Hitzebeständig bis", "°C"), ("origin", "Herkunft", None),
    ("warranty", "Garantie", "Jahre"), ("isbn", "ISBN", None), ("pages", "Seiten", None),
    ("age", "Altersempfehlung", "Jahre"), ("washable", "Waschbar", "°C"),
    ("thickness", "Stärke", "µm"), ("area", "Fläche", "m²"), ("care", "Pflegehinweis", None),
    ("packaging", "Verpackung", None),
)  # fmt: skip
_VALUES = {
    "colour": ("weiß", "grün", "schwarz", "natur", "Café au Lait", "türkis"),
    "material": ("Buche", "Edelstahl", "Baumwolle", "Kunststoff", "Gußeisen"),
    "origin": ("Deutschland", "Türkei", "Česko", "Polen", "Côte d'Ivoire"),
    "care": ("feucht abwischen", "nicht für die Spülmaschine", "regelmäßig ölen"),
    "packaging": ("Karton", "ohne", "Geschenkbox 🎁"),
}


def add_catalogue(shop: Shop) -> None:
    """Fill categories, products, product_categories, attributes and their values."""
    _add_categories(shop)
    _add_products(shop)
    _put_products_in_categories(shop)
    _add_attributes(shop)
    _describe_products(shop)


def _add_categories(shop: Shop) -> None:
    """Grow a tree of 180: 8 areas, 28 kinds, 56 sorts and 88 shelves."""
    levels: list[list[Category]] = [[]]
    for area in _AREAS:
        levels[0].append(_add_category(shop, None, area))
    for names, size in ((_KINDS, 28), (_SORTS, 56), (_SERIES, 88)):
        parents = levels[-1]
        levels.append(
            [
                _add_category(
                    shop, parents[n % len(parents)], names[n // len(parents) % len(names)]
                )
                for n in range(size)
            ]
        )


def _add_category(shop: Shop, parent: Category | None, name: str) -> Category:
    number = len(shop.categories) + 1
    slug = f"{fold(parent.name)}-{fold(name)}-{number}" if parent else fold(name)
    category = Category(number, parent.id if parent else None, slug, name, number % 10)
    shop.categories.append(category)
    return category


def _add_products(shop: Shop) -> None:
    rng = shop.chance("products")
    ids = shop.ids("products")
    for one, since in zip(ids, moments(rng, len(ids), growth=1.5), strict=True):
        product = _draw_product(rng, shop, one, since)
        shop.products[one] = product


def _draw_product(rng: random.Random, shop: Shop, one: int, since: datetime) -> Product:
    thing, series, variant = rng.choice(_THINGS), rng.choice(_SERIES), rng.choice(_VARIANTS)
    name = f"{thing} {series} {variant}".rstrip()
    price = Decimal(f"{rng.lognormvariate(3.1, 0.9):.0f}") + rng.choice(
        (Decimal("0.90"), Decimal("0.95"), Decimal("0.99"), Decimal("0.50"))
    )
    return Product(
        one,
        f"{fold(thing)[:3].upper()}-{one:05d}-{draw_digits(rng, 2)}",
        rng.choice(shop.suppliers).id,
        name,
        _describe(rng, thing, series) if happens(rng, 0.9) else None,
        _draw_details(rng) if happens(rng, 0.6) else None,
        price,
        "reduced" if thing.endswith("bücherset") else "standard",
        round(rng.lognormvariate(0.2, 1.1), 3) if happens(rng, 0.85) else None,
        rng.choice((0, 0, 0, 0, 1, 1, 2, 3, 4, 8)),
        rng.choice(("web", "web", "web,shop", "web,shop,marketplace", "web,marketplace", "shop")),
        None,
        str(since.date()) if happens(rng, 0.95) else "0000-00-00",
        int(happens(rng, 0.88)),
    )


def _describe(rng: random.Random, thing: str, series: str) -> str:
    praise = rng.choice(("Unverwüstlich", "Handgefertigt", "Platzsparend", "Preisgekrönt", "Schön"))
    place = rng.choice(
        ("Haus und Garten", "Küche & Keller", "die ganze Familie", "jede Jahreszeit")
    )
    return (
        f"<p>{praise}: {thing} aus der Serie <em>{series}</em>, für {place}.</p>\n"
        f"<ul><li>{rng.choice(_VALUES['material'])}</li><li>{rng.choice(_VALUES['care'])}</li></ul>"
    )


def _draw_details(rng: random.Random) -> str:
    details = {
        "ean": f"999{draw_digits(rng, 10)}",
        "dimensions": {"w": rng.randrange(2, 200), "h": rng.randrange(2, 200), "unit": "cm"},
        "materials": rng.sample(_VALUES["material"], 2),
        "eco": happens(rng, 0.3),
        "rating": round(rng.uniform(2, 5), 2),
        "manual": None if happens(rng, 0.5) else f"/manuals/{draw_digits(rng, 6)}.pdf",
    }
    if happens(rng, 0.1):
        return json.dumps(details, indent=2)
    return json.dumps(details, ensure_ascii=False, separators=(",", ":"))


def _put_products_in_categories(shop: Shop) -> None:
    rng = shop.chance("product categories")
    shelves = [category.id for category in shop.categories if category.parent_id]
    for product in shop.products:
        for place, category in enumerate(rng.sample(shelves, rng.choice((1, 2, 2, 3)))):
            shop.product_categories.append(ProductCategory(product, category, place))


def _add_attributes(shop: Shop) -> None:
    for code, label, unit in _ATTRIBUTES:
        shop.attributes.append(Attribute(code, label, unit))
    for code, label, unit in _ATTRIBUTES:
        shop.attributes.append(Attribute(f"old_{code}", f"{label} (alt)", unit))


def _describe_products(shop: Shop) -> None:
    rng = shop.chance("attribute values")
    codes = [attribute.code for attribute in shop.attributes]
    for product in shop.products:
        for code in rng.sample(codes, rng.choice((4, 5, 6, 7, 8))):
            base = code.removeprefix("old_")
            value = rng.choice(_VALUES[base]) if base in _VALUES else str(rng.randrange(1, 500))
            shop.product_attribute_values.append(ProductAttributeValue(product, code, value))
