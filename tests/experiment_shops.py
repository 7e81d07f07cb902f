"""A shop behind real HTTP that logs as the demo's servers do, and a clone of it for experiments."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sandbox.capture.archive import CapturedLog, ServerCapture
from sandbox.experiment.side import Side
from sandbox.experiment.signature import Judge
from sandbox.replica.exchange import Ask, Clone, Heard

ACCESS, SHOP = "/var/log/nginx/access.log", "/var/log/shop/shop.log"
RELEASE = "/srv/shop/releases/1.5"
SITE = (
    b'log_format shop \'$remote_addr - $remote_user [$time_local] "$request" $status '
    b'$body_bytes_sent "$http_referer" "$http_user_agent" $request_time $sent_http_x_request_id\';'
    b"server { access_log /var/log/nginx/access.log shop; }"
)
SETTINGS = (
    b"resources.log.stream.formatterParams.format = "
    b'"%timestamp% %priorityName% %message%" PHP_EOL\n'
)


@dataclass
class Reply:
    """What a shop answers, and what it logs of it."""

    status: int = 200
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()
    logged: str = ""


@dataclass
class Visit:
    """A request as it arrived."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    written: list[str]  # what was written since the database was renewed


Shop = Callable[[Visit], Reply]


@dataclass
class ShopClone:
    """A `Clone` that is a real HTTP server; its database is a list of what was written."""

    port: int
    names: tuple[str, ...]
    logs: dict[str, bytes]
    written: list[str]
    renewals: int = 0
    asked: list[Ask] = field(default_factory=list)

    @property
    def servers(self) -> tuple[str, ...]:
        return self.names

    def ask(self, server: str, request: Ask) -> Heard:
        assert server in self.names
        self.asked.append(request)
        before = {path: len(content) for path, content in self.logs.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(request.method, request.url, request.body, dict(request.headers))
            answer = connection.getresponse()
            body = answer.read()
            added = {path: content[before[path] :] for path, content in self.logs.items()}
            return Heard(answer.status, tuple(answer.getheaders()), body, 0.01, added)
        finally:
            connection.close()

    def renew_database(self) -> None:
        self.renewals += 1
        self.written.clear()


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        visit = Visit(
            self.command, self.path, dict(self.headers), self.rfile.read(length),
            self.server.written,
        )  # fmt: skip
        reply = self.server.shop(visit)
        self.server.number += 1
        request_id = f"{self.server.number:016x}"
        body = b"" if reply.body is None else json.dumps(reply.body).encode()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
        if reply.logged:
            level, _, text = reply.logged.partition(" ")
            whole = f"{self.command} {self.path.partition('?')[0]} {reply.status} {text}"
            self.server.logs[SHOP] += f"{stamp} {level} [{request_id}] {whole}\n".encode()
        local = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())
        self.server.logs[ACCESS] += (
            f'10.0.0.1 - - [{local}] "{self.command} {self.path} HTTP/1.1" {reply.status} '
            f'{len(body)} "-" "-" 0.010 {request_id}\n'
        ).encode()
        self.send_response(reply.status)
        self.send_header("X-Request-Id", request_id)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in reply.headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    def __init__(self, shop: Shop) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.shop = shop
        self.logs = {ACCESS: b"", SHOP: b""}
        self.written: list[str] = []
        self.number = 0


@contextmanager
def serving(shop: Shop, *names: str) -> Iterator[ShopClone]:
    """Serve a shop over HTTP for the block."""
    server = _Server(shop)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield ShopClone(server.server_address[1], names, server.logs, server.written)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def captured(name: str) -> ServerCapture:
    """Give a server as the demo's capture has it."""
    return ServerCapture(
        name,
        facts={"release.path": RELEASE},
        files={"/etc/nginx/site": SITE, "/srv/shop/application.ini": SETTINGS},
        roles={"/etc/nginx/site": "nginx", "/srv/shop/application.ini": "application"},
        logs={
            ACCESS: CapturedLog.of(b"", "nginx-access"),
            SHOP: CapturedLog.of(b"", "application"),
        },
        release={"library/Shop/Date.php": "0" * 64, "library/Shop/Basket.php": "0" * 64},
    )


@dataclass
class Shops:
    """Makes sides of shops, and remembers their clones."""

    clones: list[ShopClone] = field(default_factory=list)

    def side(
        self, name: str, shops: Mapping[str, Shop] | Shop, shifting: tuple[str, ...] = ()
    ) -> Side:
        """Give a side on which each server is a shop."""

        @contextmanager
        def made(server: str) -> Iterator[Clone]:
            shop = shops[server] if isinstance(shops, Mapping) else shops
            with serving(shop, server) as clone:
                self.clones.append(clone)
                yield clone

        judges = {one: Judge(captured(one), None, shifting) for one in ("web1", "web2")}
        return Side(name, made, judges)
