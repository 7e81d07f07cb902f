"""Production and QA as running containers, and how a build is rolled out on them.

    production   balancer ─▶ web1, web2 ─▶ db        QA   web ─▶ db
                                  └─▶ sink (mail, payment service), one for each

Every stack has networks, names and labels of its own, so that several demos stand side by side.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from demo_production import DEMO_FOLDER, LABEL
from demo_production.database import SETTINGS, Account, use_accounts, wait_for_database
from sandbox.replica.containers import (
    Container,
    ContainerSpec,
    File,
    create_network,
    find_container,
    start_container,
    wait_until,
)
from sandbox.replica.engine import Engine

_PHP = "/etc/php/current/fpm"


@dataclass(frozen=True, slots=True)
class Images:
    """The images that a stack runs on, by reference."""

    php: str
    gateway: str
    sink: str
    database: str


@dataclass(frozen=True, slots=True)
class Site:
    """What one environment looks like.

    Attributes:
        name: ``production`` or ``qa``; also the folder of its settings.
        servers: Names of its web servers.
        ports: Port on 127.0.0.1 for each of ``balancer``, the servers, ``db``, ``sink``; 0 or
            absent lets the engine choose.
    """

    name: str
    servers: tuple[str, ...]
    ports: dict[str, int]

    @property
    def balanced(self) -> bool:
        """Whether a balancer stands before the servers."""
        return len(self.servers) > 1


@dataclass(frozen=True, slots=True)
class Ground:
    """What all containers of an environment have in common.

    Attributes:
        site: What is built on it.
        images: The images that its containers run.
        network: Their network, and the beginning of their names.
        labels: What they belong to.
        passwords: Made anew for each environment, by the placeholder that stands for them.
    """

    site: Site
    images: Images
    network: str
    labels: dict[str, str]
    passwords: dict[str, str]


@dataclass(frozen=True, slots=True)
class Stack:
    """A running environment."""

    ground: Ground
    servers: dict[str, Container]
    sink: Container
    balancer: Container | None

    def address(self, server: str) -> str:
        """Give the address of a server, or of the ``balancer``, from this machine."""
        container = self.balancer if server == "balancer" else self.servers[server]
        if container is None:
            raise KeyError(server)
        return f"http://127.0.0.1:{container.port(80)}"


def start_stack(engine: Engine, demo: str, site: Site, images: Images) -> Stack:
    """Start an environment without a build: database, sink, servers, balancer."""
    ground = Ground(
        site=site,
        images=images,
        network=f"{demo}-{site.name}",
        labels={LABEL: demo, f"{LABEL}.site": site.name},
        passwords={name: secrets.token_hex(16) for name in ("DB_PASSWORD", "REPORTS_PASSWORD")},
    )
    create_network(engine, ground.network, ground.labels)
    replies = File("/etc/sink/replies.json", _read("payment-replies.json"))
    sink = _start(
        engine, ground, "sink", images.sink, 8025, (replies,), aliases=("mail", "payment")
    )
    servers = {
        server: _start(engine, ground, server, images.php, 80, _server_files(ground, server))
        for server in site.servers
    }
    renew_database(engine, ground)
    balancer = None
    if site.balanced:
        settings = File("/etc/nginx/nginx.conf", _read(f"{site.name}/balancer.conf"))
        balancer = _start(engine, ground, "balancer", images.gateway, 80, (settings,))
    return Stack(ground, servers, sink, balancer)


def renew_database(engine: Engine, ground: Ground) -> Container:
    """Replace the database with a fresh one, so that whatever comes next meets the same rows."""
    old = find_container(engine, f"{ground.network}-db")
    if old is not None:
        old.remove()
    settings = File(SETTINGS, _read(f"{ground.site.name}/database.cnf"))
    container = _start(engine, ground, "db", ground.images.database, 3306, (settings,))
    wait_for_database(container)
    use_accounts(
        container,
        (
            Account("shop", ground.passwords["DB_PASSWORD"], "ALL PRIVILEGES"),
            Account("shop_reports", ground.passwords["REPORTS_PASSWORD"], "SELECT"),
        ),
    )
    return container


def roll_out(stack: Stack, server: str, build: str, archive: bytes) -> None:
    """Put a build on a server, switch to it and reload PHP, as the shop's own roll-out does."""
    container = stack.servers[server]
    release = f"/srv/shop/releases/{build}"
    container.must_run(["rm", "-rf", release])
    container.must_run(["install", "-d", release])
    container.must_run(["install", "-d", "-o", "www-data", "/var/log/shop"])
    container.put_archive(release, archive)
    container.must_run(["ln", "-sfn", release, "/srv/shop/current"])
    # Production's opcache never looks at a file twice: without a reload the old build runs on.
    container.must_run(["sh", "-c", 'kill -USR2 "$(cat /run/php/*-fpm.pid)"'])
    wait_until(
        container,
        lambda: (
            container.run(
                [
                    "curl",
                    "--fail",
                    "--silent",
                    "--output",
                    "/dev/null",
                    "http://127.0.0.1/api/health",
                ]
            ).exit_code
            == 0
        ),
        what=f"build {build}",
        seconds=30,
    )


def _start(  # noqa: PLR0913, PLR0917 - what a container is made of, named one by one
    engine: Engine,
    ground: Ground,
    role: str,
    image: str,
    port: int,
    files: tuple[File, ...],
    *,
    aliases: tuple[str, ...] = (),
) -> Container:
    return start_container(
        engine,
        ContainerSpec(
            name=f"{ground.network}-{role}",
            image=image,
            network=ground.network,
            aliases=aliases or (role,),
            hostname=role,
            labels=ground.labels,
            ports={port: ground.site.ports.get(role, 0)},
            files=files,
        ),
    )


def _server_files(ground: Ground, server: str) -> tuple[File, ...]:
    """Give a web server its own settings, as operations keep them."""
    folder = f"{ground.site.name}/web"
    local_ini = _read(f"{folder}/local.ini").decode()
    for placeholder, value in {**ground.passwords, "SERVER_NAME": server}.items():
        local_ini = local_ini.replace(f"@{placeholder}@", value)
    return (
        File("/etc/nginx/sites-enabled/default", _read(f"{folder}/nginx-site.conf")),
        File(f"{_PHP}/pool.d/www.conf", _read(f"{folder}/fpm-pool.conf")),
        File(f"{_PHP}/conf.d/90-shop.ini", _read(f"{folder}/php.ini")),
        File("/etc/shop/local.ini", local_ini.encode()),
    )


def _read(path: str) -> bytes:
    return (DEMO_FOLDER / path).read_bytes()
