"""Choose ports on 127.0.0.1 that nobody has, the same ones as last time where they are free."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Collection, Sequence

from sandbox.errors import PortTaken

_LOOPBACK = "127.0.0.1"
_TRIED = 500


def choose_ports(names: Sequence[str], first: int, taken: Collection[int] = ()) -> dict[str, int]:
    """Give each name a port of its own, counting up from the first one.

    Args:
        names: What needs a port.
        first: Where to begin.
        taken: Ports that belong to somebody although nobody may be listening now.

    Raises:
        PortTaken: None is free.
    """
    chosen: dict[str, int] = {}
    port = first
    for name in names:
        while port in taken or not is_free(port):
            port += 1
            if port >= first + _TRIED:
                raise PortTaken(f"no port on {_LOOPBACK} from {first} on is free.")
        chosen[name] = port
        port += 1
    return chosen


def is_free(port: int) -> bool:
    """Tell whether nobody listens on a port of 127.0.0.1, or of all addresses."""
    for address in (_LOOPBACK, "0.0.0.0"):  # noqa: S104 - only looked at
        with contextlib.closing(socket.socket()) as trying:
            # As the engine does it: a connection that has just ended does not count.
            trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trying.bind((address, port))
            except OSError:
                return False
    return True
