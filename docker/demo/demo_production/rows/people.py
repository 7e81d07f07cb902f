"""Customers and the old ERP's file of them.

Gives customers in the order they came, ids rising with time. Mail addresses are unique also for a
collation that ignores case and accents, so that a login can be set to any of them.
"""

import random
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from .chance import happens
from .identifiers import draw_digits, draw_iban, draw_phone
from .passwords import hash_before_2016, hash_pool
from .php_serialize import PhpValue, serialize
from .pools import COUNTRY_WEIGHTS, Pool
from .records.people import Customer, LegacyCustomer
from .shop import PLANTED_CUSTOMERS, PLANTED_EMAILS, Shop
from .timeline import later, moments

MAIL_DOMAINS = (
    "kunden.example", "kunden.example", "post.example", "post.example", "mail.example",
    "netz.example", "familie.example", "uni.example", "buero.example", "firma.example",
)  # fmt: skip
FIRST_LEGACY_NUMBER = 10_001
_NICKNAMES = ("sakura", "kotori", "thalassa", "aurora", "hanami", "zephyros", "yuki", "ilios")
_GERMAN = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "\u0131": "i", "ł": "l", "ø": "o"}
)
_LEGACY_UNTIL = datetime.fromisoformat("2015-12-31")
_BCRYPT_SINCE = datetime.fromisoformat("2016-01-01")


def add_customers(shop: Shop) -> None:
    """Fill customers."""
    rng = shop.chance("customers")
    ids = shop.ids("customers")
    countries = rng.choices(
        list(COUNTRY_WEIGHTS), weights=list(COUNTRY_WEIGHTS.values()), k=len(ids)
    )
    newcomers = _Newcomers(rng, hash_pool(shop.seed), set(PLANTED_EMAILS))
    legacy_number = FIRST_LEGACY_NUMBER
    for one, country, since in zip(ids, countries, moments(rng, len(ids), growth=2.0), strict=True):
        customer = newcomers.draw(one, shop.pools[country], since)
        if since < _LEGACY_UNTIL and one not in PLANTED_CUSTOMERS:
            customer.legacy_no = legacy_number
            legacy_number += 1 + int(rng.random() * 2)
        if shop.customers and happens(rng, 0.05):
            customer.referred_by = ids[int(rng.random() * len(shop.customers))]
        shop.customers[one] = customer


def add_legacy_customers(shop: Shop) -> None:
    """Fill legacy_customers: those who moved to the shop, and many who never did."""
    rng = shop.chance("legacy")
    moved = {c.legacy_no: c for c in shop.customers.values() if c.legacy_no is not None}
    numbers = list(moved)
    missing = shop.size("legacy_customers") - len(numbers)
    numbers += range(max(numbers, default=FIRST_LEGACY_NUMBER) + 100, 10**9)[: max(0, missing)]
    for number in numbers:
        shop.legacy_customers[number] = _draw_legacy(rng, shop, number, moved.get(number))


def fold(text: str) -> str:
    """Write a text in plain lower-case ASCII letters, as far as it goes.

    >>> fold("Łukasz Weiß-Öztürk")
    'lukaszweissoeztuerk'
    """
    plain = unicodedata.normalize("NFKD", text.lower().translate(_GERMAN))
    return "".join(sign for sign in plain if sign.isascii() and sign.isalnum())


class _Newcomers:
    """Draws customers, each with a mail address nobody had before."""

    def __init__(self, rng: random.Random, hashes: Sequence[str], taken: set[str]) -> None:
        self._rng = rng
        self._hashes = hashes
        self._taken = taken

    def draw(self, one: int, pool: Pool, since: datetime) -> Customer:
        """Draw the customer with an id, from a country, who came at a moment."""
        salutation, first_name = _draw_first_name(self._rng, pool)
        last_name = self._rng.choice(pool.surnames)
        email = _draw_email(self._rng, first_name, last_name, since.year, self._taken)
        company = (
            pool.draw_company(self._rng)
            if salutation == "Firma" or happens(self._rng, 0.03)
            else None
        )
        return Customer(
            id=one,
            number=f"K-{one:07d}",
            email=email,
            login=email if happens(self._rng, 0.6) else None,
            password_hash=_draw_password_hash(self._rng, since, self._hashes),
            salutation=salutation,
            first_name=first_name,
            last_name=last_name,
            company=company,
            vat_id=f"{pool.country}{draw_digits(self._rng, 9)}"
            if company and happens(self._rng, 0.7)
            else None,
            birth_date=_draw_birth_date(self._rng) if happens(self._rng, 0.7) else None,
            phone=draw_phone(self._rng, pool.country) if happens(self._rng, 0.8) else None,
            iban=draw_iban(self._rng, pool.country) if happens(self._rng, 0.25) else None,
            country_code=pool.country,
            referred_by=None,
            legacy_no=None,
            preferences=serialize(_draw_preferences(self._rng))
            if happens(self._rng, 0.5)
            else None,
            newsletter=int(happens(self._rng, 0.3)),
            created_at=str(since),
            updated_at=str(later(self._rng, since, 900)),
            deleted_at=str(later(self._rng, since, 2000)) if happens(self._rng, 0.02) else None,
        )


def _draw_first_name(rng: random.Random, pool: Pool) -> tuple[str, str]:
    salutation = rng.choices(("Frau", "Herr", "", "Firma"), weights=(46, 42, 7, 5))[0]
    names = {"Frau": pool.women, "Herr": pool.men}.get(salutation, pool.women + pool.men)
    return salutation, rng.choice(names)


def _draw_email(rng: random.Random, first: str, last: str, year: int, taken: set[str]) -> str:
    given, family = fold(first), fold(last)
    if not given or not family:
        given, family = rng.choice(_NICKNAMES), draw_digits(rng, 3)
    local = rng.choice(
        (f"{given}.{family}", f"{given}.{family}", f"{given[0]}.{family}", f"{family}{year % 100}")
    )
    domain = rng.choice(MAIL_DOMAINS)
    email = f"{local}@{domain}"
    while email in taken:
        email = f"{local}{int(rng.random() * 9999)}@{domain}"
    taken.add(email)
    return email


def _draw_password_hash(rng: random.Random, since: datetime, hashes: Sequence[str]) -> str:
    if happens(rng, 0.08):
        return ""
    if since < _BCRYPT_SINCE and happens(rng, 0.45):
        return hash_before_2016(draw_digits(rng, 6), f"kunde{int(rng.random() * 400)}")
    return rng.choice(hashes)


def _draw_birth_date(rng: random.Random) -> str:
    return str(date(1938, 1, 1) + timedelta(days=int(rng.triangular(0, 25_500, 16_000))))


def _draw_preferences(rng: random.Random) -> PhpValue:
    return {
        "language": rng.choice(("de", "de", "de", "en", "fr", "pl")),
        "per_page": rng.choice((12, 24, 48)),
        "theme": rng.choice(("hell", "dunkel", "groß")),
        "vat_shown": happens(rng, 0.8),
        "last_category": rng.choice((None, "Küche", "Garten", "Bücher")),
        "threshold": rng.choice((0.5, 0.75, 1.5)),
    }


def _draw_legacy(
    rng: random.Random, shop: Shop, number: int, customer: Customer | None
) -> LegacyCustomer:
    pool = shop.pools[rng.choice(("DE", "DE", "DE", "AT"))]
    first, last = rng.choice(pool.women + pool.men), rng.choice(pool.surnames)
    if customer:
        first, last = customer.first_name, customer.last_name
    place = rng.choice(pool.places)
    remark = rng.choice(
        (
            None,
            None,
            "",
            "zahlt pünktlich",
            f"Rückruf erbeten: {draw_phone(rng, 'DE')}",
            f"{first} {last} möchte Katalog 2014, Ware über Frau {rng.choice(pool.surnames)}",
            "Mahnstufe 2\r\nkein Versand auf Rechnung!",
        )
    )
    street = f"{rng.choice(pool.streets)} {1 + int(rng.random() * 140)}"
    return LegacyCustomer(
        number,
        _as_latin1(f"{last}, {first}")[:40],
        _as_latin1(customer.company or "" if customer else "")[:40],
        _as_latin1(street.replace("straße", "str."))[:40],
        _as_latin1(f"{place.postcode} {place.city}")[:50],
        round(rng.paretovariate(1.1) * 40, 2),
        None if remark is None else _as_latin1(remark),
    )


def _as_latin1(text: str) -> str:
    return text.encode("cp1252", "replace").decode("cp1252")
