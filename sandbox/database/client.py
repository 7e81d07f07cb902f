"""The client library that talks to MySQL and MariaDB: which, and what it can do."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass

from sandbox.errors import SourceError


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """What the installed client library says of itself."""

    wrapper_version: str
    library_version: str


def describe_client() -> ClientFacts:
    """Ask the client library for its version.

    Raises:
        SourceError: mysqlclient is not installed, or its C library is missing.
    """
    try:
        # Imported here: everything but the database works without the C library.
        import MySQLdb  # noqa: PLC0415
    except ImportError as error:
        raise SourceError(
            f"mysqlclient cannot be loaded ({type(error).__name__}).",
            hint="On Debian: apt-get install libmariadb3, then pip install mysqlclient",
        ) from None
    return ClientFacts(
        wrapper_version=importlib.metadata.version("mysqlclient"),
        library_version=str(MySQLdb.get_client_info()),
    )
