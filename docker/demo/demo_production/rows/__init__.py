"""The rows of the demo production: fifteen years of a shop, with its scars, from one seed.

Takes a seed and a scale, gives a folder of LOAD DATA text with its `load.sql`. There is no clock
and no unseeded chance in it: equal seed and scale, equal bytes. All persons are invented; mail
domains, telephone numbers, banks and network addresses are ones that can belong to nobody.
"""

from .files import TableFile
from .loading import load_script, load_statement
from .pipeline import build_shop, generate, write_shop
from .scars import ALL_SCARS, Scar
from .shop import Shop

__all__ = [
    "ALL_SCARS",
    "Scar",
    "Shop",
    "TableFile",
    "build_shop",
    "generate",
    "load_script",
    "load_statement",
    "write_shop",
]
