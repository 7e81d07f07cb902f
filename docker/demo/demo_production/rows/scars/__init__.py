"""The defects real data has, listed by the stage that inflicts them.

Each scar has a name, a place and a story; which rows carry it depends on seed and scale alone and
stands in `Shop.scars` afterwards.
"""

from collections.abc import Iterable

from demo_production.rows.shop import Shop

from .of_people import PEOPLE_SCARS
from .of_spelling import SPELLING_SCARS
from .of_the_catalogue import CATALOGUE_SCARS, STOCK_SCARS
from .of_traces import ADDRESS_SCARS, LEGACY_SCARS, TRACE_SCARS
from .of_trade import BASKET_SCARS, ORDER_SCARS, PAYMENT_SCARS
from .scar import Scar

CUSTOMER_SCARS = (*PEOPLE_SCARS, *SPELLING_SCARS)
ALL_SCARS = (
    *CUSTOMER_SCARS,
    *ADDRESS_SCARS,
    *LEGACY_SCARS,
    *CATALOGUE_SCARS,
    *STOCK_SCARS,
    *ORDER_SCARS,
    *PAYMENT_SCARS,
    *BASKET_SCARS,
    *TRACE_SCARS,
)

__all__ = [
    "ADDRESS_SCARS",
    "ALL_SCARS",
    "BASKET_SCARS",
    "CATALOGUE_SCARS",
    "CUSTOMER_SCARS",
    "LEGACY_SCARS",
    "ORDER_SCARS",
    "PAYMENT_SCARS",
    "STOCK_SCARS",
    "TRACE_SCARS",
    "Scar",
    "inflict_scars",
]


def inflict_scars(shop: Shop, scars: Iterable[Scar]) -> None:
    """Inflict scars one after the other and note whom they met."""
    for scar in scars:
        shop.scars[scar.name] = tuple(scar.inflict(shop))
