"""Countries, taxes, staff and suppliers: the small tables everything else refers to."""

import ipaddress

from .chance import happens
from .identifiers import draw_iban, draw_ip
from .passwords import hash_pool
from .records.people import AdminUser, Country, Supplier, TaxRate
from .shop import Shop
from .timeline import LAST_MOMENT, OPENED, between

# code, name, in the EU, standard and reduced rate of VAT in per mille
_COUNTRIES = (
    ("AT", "Österreich", 1, 200, 100), ("BE", "Belgien", 1, 210, 60),
    ("BG", "Bulgarien", 1, 200, 90), ("CH", "Schweiz", 0, 81, 26),
    ("CY", "Zypern", 1, 190, 50), ("CZ", "Tschechien", 1, 210, 120),
    ("DE", "Deutschland", 1, 190, 70), ("DK", "Dänemark", 1, 250, 250),
    ("EE", "Estland", 1, 240, 90), ("ES", "Spanien", 1, 210, 100),
    ("FI", "Finnland", 1, 255, 135), ("FR", "Frankreich", 1, 200, 55),
    ("GB", "Vereinigtes Königreich", 0, 200, 50), ("GR", "Griechenland", 1, 240, 130),
    ("HR", "Kroatien", 1, 250, 130), ("HU", "Ungarn", 1, 270, 180),
    ("IE", "Irland", 1, 230, 135), ("IS", "Island", 0, 240, 110),
    ("IT", "Italien", 1, 220, 100), ("JP", "Japan", 0, 100, 80),
    ("LI", "Liechtenstein", 0, 81, 26), ("LT", "Litauen", 1, 210, 90),
    ("LU", "Luxemburg", 1, 170, 80), ("LV", "Lettland", 1, 210, 120),
    ("MC", "Monaco", 0, 200, 55), ("MT", "Malta", 1, 180, 50),
    ("NL", "Niederlande", 1, 210, 90), ("NO", "Norwegen", 0, 250, 150),
    ("PL", "Polen", 1, 230, 80), ("PT", "Portugal", 1, 230, 60),
    ("RO", "Rumänien", 1, 210, 110), ("RS", "Serbien", 0, 200, 100),
    ("SE", "Schweden", 1, 250, 120), ("SI", "Slowenien", 1, 220, 95),
    ("SK", "Slowakei", 1, 230, 190), ("TR", "Türkei", 0, 200, 100),
    ("UA", "Ukraine", 0, 200, 70), ("US", "Vereinigte Staaten", 0, 0, 0),
    ("XI", "Nordirland", 1, 200, 50), ("ZA", "Südafrika", 0, 150, 0),
)  # fmt: skip
_STAFF = (
    (0, "system", "System", None),
    (1, "boss", "Wilhelmine Ötting-Brahms", 1),
    (2, "lager", "Jörg Sandmöller", 1),
    (3, "buchhaltung", "Çiğdem Y\u0131ld\u0131z", 1),
    (4, "service1", "Anna-Lena Groß", 2),
    (5, "service2", "Paweł Żółkowski", 4),
    (6, "einkauf", "Renée D'Aubigné", 1),
    (7, "marketing", "Tobias van der Veen", 1),
    (8, "seo", "Lukáš Dvořáček", 7),
    (9, "azubi", "Mia Kühn", 4),
    (10, "root", "Bernd (extern)", None),
    (11, "root_alt", "", 10),
)


def add_reference(shop: Shop) -> None:
    """Fill countries, tax_rates, admin_users and suppliers."""
    for code, name, in_eu, standard, reduced in _COUNTRIES:
        shop.countries.append(Country(code, name, in_eu))
        rates = {"standard": standard, "reduced": reduced, "zero": 0}
        shop.tax_rates += [
            TaxRate(code, tax_class, f"{rate / 1000:.4f}", "2011-03-01" if rate else "0000-00-00")
            for tax_class, rate in rates.items()
        ]
    _add_staff(shop)
    _add_suppliers(shop)


def _add_staff(shop: Shop) -> None:
    rng = shop.chance("staff")
    hashes = hash_pool(shop.seed)
    for number, username, full_name, manager in _STAFF:
        seen = between(rng, OPENED, LAST_MOMENT) if number else None
        shop.admin_users.append(
            AdminUser(
                number,
                username,
                full_name,
                f"{username}@shop.example",
                rng.choice(hashes) if number else "!",
                manager,
                str(seen) if seen else None,
                ipaddress.ip_address(draw_ip(rng)).packed if seen else None,
            )
        )


def _add_suppliers(shop: Shop) -> None:
    rng = shop.chance("suppliers")
    for number in range(1, shop.size("suppliers") + 1):
        country = rng.choice(("DE", "DE", "DE", "AT", "FR", "PL", "CZ", "TR", "GB"))
        pool = shop.pools[country]
        contact = f"{rng.choice(pool.women + pool.men)} {rng.choice(pool.surnames)}"
        shop.suppliers.append(
            Supplier(
                number,
                pool.draw_company(rng),
                f"vertrieb@lieferant{number:02d}.example",
                contact if happens(rng, 0.8) else None,
                draw_iban(rng, country) if happens(rng, 0.9) else None,
            )
        )
