"""The requests of the demo's table, and how one is asked and understood.

What a request did is read from what the server really said: the HTTP answer, and the line that it
wrote to its own log for this request.
"""

from __future__ import annotations

import http.client
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sandbox.errors import StackError
from sandbox.replica.containers import Container

SHOP_LOG = "/var/log/shop/shop.log"
_PASSWORD = "sommer2019"  # noqa: S105 - of invented customers, in generated rows
_TIMEOUT = 30
_LOGGED_ERROR = re.compile(
    r" ERR \[\w+\] \w+ \S+ \d{3} (?P<exception>\w+): (?P<message>.*)"
    r" in (?P<file>\S+):(?P<line>\d+)$"
)
_SQL_ERROR = re.compile(r"SQLSTATE\[\w+\].*?: (?P<code>\d{4}) ")


@dataclass(frozen=True, slots=True)
class Request:
    """A request of the table.

    Attributes:
        method: HTTP method.
        path: Path and query.
        body: What is sent as JSON; nothing where None.
        customer: E-mail of the customer who logs in before; nobody where empty.
    """

    method: str
    path: str
    body: dict[str, Any] | None = field(default=None, hash=False)
    customer: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer as it came: status, headers, and the body if it is JSON."""

    status: int
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and what the server logged about it.

    Attributes:
        status: HTTP status.
        said: What matters of the body, in a few words.
        signature: The failure's signature as the log has it; empty for a request that went well.
    """

    status: int
    said: str
    signature: str = ""

    def __str__(self) -> str:
        return f"{self.status} {self.signature or self.said}".rstrip()


STRASSER = "strasser@kunden.example"
LINDQVIST = "petra.lindqvist@post.example"

FAILING = (
    Request("GET", "/api/orders/4711"),
    Request("POST", "/api/baskets", {"product_id": 17, "quantity": 1}, LINDQVIST),
    Request("PUT", "/api/customers/9", {"phone": "+49 30 5550 1234"}, STRASSER),
    Request("GET", "/api/bestsellers"),
    Request("GET", "/api/reports/customers"),
    Request("GET", "/api/reports/daily?date=2026-11-20"),
)
HEALTHY = (
    Request("GET", "/api/products/17"),
    Request("GET", "/api/account", customer=STRASSER),
    Request(
        "POST",
        "/api/orders",
        {"items": [{"product_id": 17, "quantity": 2}], "payment_method": "invoice"},
        STRASSER,
    ),
    Request("GET", "/api/orders/99999999"),
)
TABLE = FAILING + HEALTHY


def ask(address: str, request: Request, server: Container) -> Answer:
    """Ask a server one request, logged in as it wants, and understand the answer."""
    reply = send(address, request)
    logged = _logged(server, reply.headers.get("X-Request-Id", ""))
    return Answer(reply.status, _gist(reply.body), signature=_signature(logged) if logged else "")


def send(address: str, request: Request) -> Reply:
    """Send a request, logged in as it wants."""
    cookie = _log_in(address, request.customer) if request.customer else ""
    return _exchange(address, request, cookie)


def _log_in(address: str, email: str) -> str:
    credentials = {"email": email, "password": _PASSWORD}
    reply = _exchange(address, Request("POST", "/api/session", credentials))
    if reply.status != http.client.CREATED:
        raise StackError(f"logging in at {address} answered {reply.status}.")
    return reply.headers["Set-Cookie"].partition(";")[0]


def _exchange(address: str, request: Request, cookie: str = "") -> Reply:
    headers = {"Accept": "application/json", "Content-Type": "application/json", "Cookie": cookie}
    body = None if request.body is None else json.dumps(request.body)
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=_TIMEOUT)
    try:
        connection.request(request.method, request.path, body, headers)
        answer = connection.getresponse()
        return Reply(answer.status, dict(answer.getheaders()), _parsed(answer.read()))
    finally:
        connection.close()


def _parsed(text: bytes) -> Any:  # noqa: ANN401 - JSON is anything
    try:
        return json.loads(text)
    except ValueError:
        return None


def _logged(server: Container, request_id: str) -> str:
    """Give the error that the server logged for a request; empty where it logged none."""
    if not request_id:
        return ""
    found = server.run(["grep", "--fixed-strings", request_id, SHOP_LOG])
    return next((line for line in found.output.splitlines() if " ERR" in line), "")


def _signature(logged: str) -> str:
    """Shorten a line of the shop's log to what stays the same from one failure to the next.

    >>> _signature("2026-11-24T05:10:00+01:00 ERR [5d] GET /x 500 Shop_Exception: no in a/B.php:3")
    'Shop_Exception B.php:3'
    """
    found = _LOGGED_ERROR.search(logged)
    if found is None:
        return "logged, but not understood"
    sql = _SQL_ERROR.search(found["message"])
    if sql is not None:
        return f"{found['exception']} SQL {sql['code']}"
    return f"{found['exception']} {found['file'].rpartition('/')[2]}:{found['line']}"


def _gist(body: Any) -> str:  # noqa: ANN401 - JSON is anything
    """Say whether the list in an answer has anything in it, where it has one."""
    lists = [value for value in body.values() if isinstance(value, list)] if body else []
    return "list empty" if any(not one for one in lists) else ""
