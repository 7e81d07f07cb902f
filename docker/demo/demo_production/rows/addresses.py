"""Addresses: nearly every customer has one for invoices, some have others for parcels."""

import random

from .chance import happens
from .pools import Pool
from .records.people import Address, Customer
from .shop import PLANTED_CUSTOMERS, Shop


def add_addresses(shop: Shop) -> None:
    """Fill addresses, invoice addresses first."""
    rng = shop.chance("addresses")
    for customer in shop.customers.values():
        if customer.id in PLANTED_CUSTOMERS or happens(rng, 0.98):
            _add_address(rng, shop, customer, "invoice")
    settled = [address.customer_id for address in shop.addresses.values()]
    for one in (*sorted(PLANTED_CUSTOMERS), *rng.choices(settled, k=shop.size("second_addresses"))):
        _add_address(rng, shop, shop.customers[one], "delivery")


def addresses_of_customers(shop: Shop) -> dict[int, list[Address]]:
    """Give every customer's addresses, the one for invoices first."""
    found: dict[int, list[Address]] = {}
    for address in shop.addresses.values():
        found.setdefault(address.customer_id, []).append(address)
    return found


def _add_address(rng: random.Random, shop: Shop, customer: Customer, kind: str) -> None:
    number = len(shop.addresses) + 1
    pool = shop.pools[customer.country_code]
    shop.addresses[number] = _draw_address(rng, number, customer, kind, pool)


def _draw_address(
    rng: random.Random, number: int, customer: Customer, kind: str, pool: Pool
) -> Address:
    place = rng.choice(pool.places)
    located = happens(rng, 0.4)
    name = customer.full_name
    if kind == "delivery" and happens(rng, 0.3):
        name = f"{rng.choice(pool.women + pool.men)} {customer.last_name}"
    street = rng.choice(pool.streets)
    house = f"{1 + int(rng.random() * 160)}{rng.choice(('', '', '', 'a', ' B', '/2'))}"
    return Address(
        number,
        customer.id,
        kind,
        name[:120],
        f"{house} {street}" if pool.country in ("FR", "GB") else f"{street} {house}",
        place.postcode,
        place.city,
        customer.country_code,
        place.latitude if located else None,
        place.longitude if located else None,
    )
