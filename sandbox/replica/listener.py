"""A service of this machine, for as long as a probe lasts: it listens on every address of it.

What can reach it can reach every other service here that listens on every address.
"""

from __future__ import annotations

import contextlib
import ipaddress
import selectors
import socket
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from sandbox.errors import StackError

_EVERYWHERE = ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"))  # noqa: S104 - its purpose
_KINDS = (socket.SOCK_STREAM, socket.SOCK_DGRAM)
_ATTEMPTS = 20
_SECONDS = 1.0
_AT_ONCE = 16
_LONGEST = 512  # bytes of a datagram
_LOOPBACK = "127.0.0.1"
_LOCAL_IPV4 = Path("/proc/net/fib_trie")
_LOCAL_IPV6 = Path("/proc/net/if_inet6")


@dataclass(frozen=True, slots=True)
class Listener:
    """The open service.

    Attributes:
        port: Where it listens, TCP and UDP.
        addresses: The addresses of this machine at which it was heard to answer.
        arrived: Where datagrams came from since then, and what was in them: what arrives has got
            out, even if no answer finds the way back.
    """

    port: int
    addresses: tuple[str, ...]
    arrived: list[tuple[str, bytes]]


def own_addresses(ipv4: Path = _LOCAL_IPV4, ipv6: Path = _LOCAL_IPV6) -> tuple[str, ...]:
    """Give every address of this machine but loopback, link-local ones with their interface.

    Only Linux can be asked like this; where the engine's machine is another, nobody asks.
    """
    found: list[str] = []
    with contextlib.suppress(OSError):
        for before, line in pairwise(ipv4.read_text().splitlines()):
            if "/32 host LOCAL" in line:
                found.append(before.split()[-1])
    with contextlib.suppress(OSError):
        for line in ipv6.read_text().splitlines():
            digits, _, _, _, _, interface = line.split()
            address = ipaddress.IPv6Address(bytes.fromhex(digits))
            found.append(f"{address}%{interface}" if address.is_link_local else str(address))
    return tuple(one for one in dict.fromkeys(found) if not ipaddress.ip_address(one).is_loopback)


@contextlib.contextmanager
def listening(addresses: Iterable[str]) -> Iterator[Listener]:
    """Listen on every address of this machine, and hear at which of these it answers.

    Raises:
        StackError: It answers at none: a probe with it would prove nothing.
    """
    with contextlib.ExitStack() as opened:
        port, sockets = _open(opened)
        arrived: list[tuple[str, bytes]] = []
        ended = threading.Event()
        thread = threading.Thread(target=_answer, args=(sockets, arrived, ended), daemon=True)
        thread.start()
        try:
            wanted = tuple(addresses)
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                let_in = list(pool.map(lambda one: _lets_in(one, port), wanted))
            answering = tuple(one for one, does in zip(wanted, let_in, strict=True) if does)
            if not answering or not _sends_back(port):
                raise StackError(
                    "the probe's own listener answers at no address of this machine.",
                    hint="See whether a firewall of this machine blocks it from itself.",
                )
            arrived.clear()
            yield Listener(port, answering, arrived)
        finally:
            ended.set()
            thread.join()


def _open(opened: contextlib.ExitStack) -> tuple[int, list[socket.socket]]:
    """Open one free port for both protocols, in every version of IP that this machine has."""
    for _ in range(_ATTEMPTS):
        with contextlib.ExitStack() as trying:
            port, sockets = 0, []
            try:
                for family, address in _EVERYWHERE:
                    if family == socket.AF_INET6 and not _LOCAL_IPV6.exists():
                        continue
                    for kind in _KINDS:
                        one = trying.enter_context(socket.socket(family, kind))
                        if family == socket.AF_INET6:
                            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                        one.bind((address, port))
                        port = one.getsockname()[1]
                        if kind == socket.SOCK_STREAM:
                            one.listen()
                        one.settimeout(0)
                        sockets.append(one)
            except OSError:  # the port that one protocol got is taken in another
                continue
            opened.enter_context(trying.pop_all())
            return port, sockets
    raise StackError(
        f"no port of this machine was free in {_ATTEMPTS} attempts.", hint="Run again."
    )


def _answer(
    sockets: list[socket.socket], arrived: list[tuple[str, bytes]], ended: threading.Event
) -> None:
    """Let in and close, or send back what came, until told to end."""
    with selectors.DefaultSelector() as waiting:
        for each in sockets:
            waiting.register(each, selectors.EVENT_READ, each)
        while not ended.is_set():
            for key, _ in waiting.select(timeout=0.05):
                one: socket.socket = key.data
                with contextlib.suppress(OSError):  # whoever asked may be gone
                    if one.type == socket.SOCK_STREAM:
                        one.accept()[0].close()
                    else:
                        sent, sender = one.recvfrom(_LONGEST)
                        arrived.append((str(sender[0]), sent))
                        one.sendto(sent, sender)


def _lets_in(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=_SECONDS):
            return True
    except OSError:
        return False


def _sends_back(port: int) -> bool:
    # Over loopback: elsewhere the engine's masquerading can give the answer another sender.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(_SECONDS)
        try:
            asking.sendto(b"?", (_LOOPBACK, port))
            return asking.recv(_LONGEST) == b"?"
        except OSError:
            return False
