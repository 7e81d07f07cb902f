"""Which server answers: its family and version, and what follows from them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.model import Family

_NUMBERS = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")


@dataclass(frozen=True, slots=True)
class Server:
    """A server's family and version.

    Attributes:
        family: MySQL (and what is built on it) or MariaDB.
        version: The version as the server says it.
        numbers: Major, minor and patch.
    """

    family: Family
    version: str
    numbers: tuple[int, int, int]

    @property
    def is_mariadb(self) -> bool:
        """Whether it is of the MariaDB family."""
        return self.family is Family.MARIADB


def read_version(version: str) -> Server:
    """Tell family and numbers from what a server says of its version.

    >>> read_version("5.5.5-10.5.23-MariaDB-log").numbers
    (10, 5, 23)
    """
    family = Family.MARIADB if "mariadb" in version.lower() else Family.MYSQL
    # Old clients took a first digit above 5 for an error, so MariaDB may say 5.5.5- first.
    plain = version.removeprefix("5.5.5-") if family is Family.MARIADB else version
    found = _NUMBERS.match(plain)
    numbers = (int(found[1]), int(found[2]), int(found[3] or 0)) if found else (0, 0, 0)
    return Server(family, version, numbers)
