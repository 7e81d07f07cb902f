"""From a seed to a folder with the rows of the demo production: the table of contents.

Scars and planted rows come right after the stage they belong to, so that later stages copy them: a
garbled name is garbled on the parcel and in the log as well.
"""

from pathlib import Path, PurePosixPath

from .addresses import add_addresses
from .baskets import add_baskets, add_sessions
from .catalogue import add_catalogue
from .correspondence import add_correspondence
from .files import TableFile, write_table
from .fulfilment import add_fulfilment
from .loading import load_script
from .people import add_customers, add_legacy_customers
from .planted import plant_basket, plant_customers, plant_order, plant_product
from .reference import add_reference
from .scars import (
    ADDRESS_SCARS,
    BASKET_SCARS,
    CATALOGUE_SCARS,
    CUSTOMER_SCARS,
    LEGACY_SCARS,
    ORDER_SCARS,
    PAYMENT_SCARS,
    STOCK_SCARS,
    TRACE_SCARS,
    inflict_scars,
)
from .shop import Shop
from .stock import add_stock
from .tables import TABLES
from .traces import add_audit_log, add_login_attempts, add_settings
from .trade import add_orders

SERVER_FOLDER = PurePosixPath("/srv/rows")


def build_shop(*, seed: int = 2011, scale: float = 1.0) -> Shop:
    """Make all rows in memory.

    Args:
        seed: Decides every draw; equal seed and scale, equal rows.
        scale: 1.0 makes about 330,000 rows. The planted rows exist at every scale.
    """
    shop = Shop(seed, scale)
    add_reference(shop)
    add_customers(shop)
    add_legacy_customers(shop)
    plant_customers(shop)
    inflict_scars(shop, (*CUSTOMER_SCARS, *LEGACY_SCARS))
    add_addresses(shop)
    inflict_scars(shop, ADDRESS_SCARS)
    add_catalogue(shop)
    plant_product(shop)
    inflict_scars(shop, CATALOGUE_SCARS)
    add_stock(shop)
    inflict_scars(shop, STOCK_SCARS)
    add_orders(shop)
    plant_order(shop)
    inflict_scars(shop, ORDER_SCARS)
    add_fulfilment(shop)
    inflict_scars(shop, PAYMENT_SCARS)
    add_baskets(shop)
    plant_basket(shop)
    inflict_scars(shop, BASKET_SCARS)
    add_sessions(shop)
    add_settings(shop)
    add_audit_log(shop)
    add_login_attempts(shop)
    add_correspondence(shop)
    inflict_scars(shop, TRACE_SCARS)
    return shop


def generate(
    target: Path,
    *,
    seed: int = 2011,
    scale: float = 1.0,
    server_folder: PurePosixPath = SERVER_FOLDER,
) -> tuple[TableFile, ...]:
    """Write every table's rows and `load.sql` into a folder.

    Args:
        target: The folder; made where it is missing, files in it are overwritten.
        seed: Decides every draw; equal seed and scale, equal bytes.
        scale: 1.0 makes about 330,000 rows.
        server_folder: Where the server will find the folder's copy; stands in `load.sql`.

    Returns:
        The files, in the order in which they are loaded.
    """
    shop = build_shop(seed=seed, scale=scale)
    return write_shop(shop, target, server_folder=server_folder)


def write_shop(
    shop: Shop, target: Path, *, server_folder: PurePosixPath = SERVER_FOLDER
) -> tuple[TableFile, ...]:
    """Write the rows of a shop that was built before."""
    target.mkdir(parents=True, exist_ok=True)
    target.chmod(0o755)
    files = tuple(write_table(shop, table, target) for table in TABLES)
    script = target / "load.sql"
    script.write_text(load_script(files, server_folder), encoding="utf-8")
    script.chmod(0o644)
    return files
