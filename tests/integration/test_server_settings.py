"""Captured settings of several layouts, planned for the php image and run in it."""

from __future__ import annotations

import http.client
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from captured_servers import (
    DOCKER,
    DOCKER_EXTENSIONS,
    NGINX_OWN,
    RED_HAT,
    RED_HAT_EXTENSIONS,
    RED_HAT_FACTS,
    planned,
)
from sandbox.replica.containers import (
    Container,
    ContainerSpec,
    File,
    create_container,
    create_network,
    remove_labelled,
    start_container,
)
from sandbox.replica.engine import Engine
from sandbox.replica.fidelity import capture_server
from sandbox.replica.server_files import SETUP, pack_settings
from sandbox.replica.servers.image_contents import (
    NGINX_BROUGHT,
    NGINX_FILES,
    extension_files,
    is_built_in,
)
from sandbox.replica.servers.settings_files import check_commands
from sandbox.replica.servers.web_server import WebServer
from servers import ImageOf, eventually

pytestmark = pytest.mark.docker

INDEX = b"""<?php
$said = array('php' => PHP_VERSION, 'script' => __FILE__, 'https' => $_SERVER['HTTPS'] ?? '',
    'memory' => ini_get('memory_limit'), 'zone' => ini_get('date.timezone'),
    'loaded' => array_map('strtolower', get_loaded_extensions()),
    'host' => getenv('DB_HOST'), 'host_name' => $_SERVER['HTTP_HOST']);
error_log('it was asked');
echo json_encode($said);
"""
NGINX_RUNS = "grep -qx nginx /proc/[0-9]*/comm"


def layouts() -> dict[str, WebServer]:
    return {
        "demo": planned(),
        "red hat": planned(RED_HAT, facts=RED_HAT_FACTS, extensions=RED_HAT_EXTENSIONS),
        "docker": planned(
            DOCKER,
            facts={"php.fpm.version": "8.2.1", "release.path": "/var/www/html"},
            extensions=DOCKER_EXTENSIONS,
        ),
        "nothing captured": planned({}, facts={"release.path": "/srv/x/1"}),
    }


@contextmanager
def served(engine: Engine, image: str, server: WebServer) -> Iterator[Container]:
    """Run a server with a script that says what it sees, as an image of it would."""
    name = f"test-settings-{uuid.uuid4().hex[:8]}"
    steps = [
        *(f"rm -f {path}" for path in server.removed),
        *(f"mkdir -p $(dirname {path}) && ln -sfn {to} {path}" for path, to in server.links),
        *(f"install -d -o {server.user} {folder}" for folder in server.folders),
        "exec /usr/local/bin/start",
    ]
    script = File(f"{server.release}/public/index.php", INDEX)
    create_network(engine, name, {name: "1"})
    try:
        yield start_container(
            engine,
            ContainerSpec(
                name=name,
                image=image,
                network=name,
                labels={name: "1"},
                command=("sh", "-ec", "\n".join(steps)),
                ports={server.port: 0},
                files=(*server.files, script),
            ),
        )
    finally:
        remove_labelled(engine, f"{name}=1")


def ask(container: Container, port: int) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", container.port(port), timeout=10)
    try:
        connection.request("GET", "/api/anything", headers={"Host": "whatever.example"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def is_up(container: Container, port: int) -> bool:
    assert container.is_running(), container.log(40)
    try:
        return ask(container, port)[0] != http.client.BAD_GATEWAY
    except (OSError, http.client.HTTPException):
        return False


@pytest.mark.parametrize("layout", ["demo", "red hat", "docker", "nothing captured"])
def test_settings_pass_their_own_checks_and_serve_the_release(
    engine: Engine, image_of: ImageOf, layout: str
) -> None:
    server = layouts()[layout]
    with served(engine, image_of("php", server.php), server) as container:
        eventually(lambda: is_up(container, server.port))
        for command in check_commands(server):
            assert container.run(command).exit_code == 0, container.run(command).output
        status, body = ask(container, server.port)
        assert status == 200, body
        said = json.loads(body)
        assert said["script"] == f"{server.release}/public/index.php"
        assert said["host_name"] == "whatever.example"
        assert said["php"].startswith(server.php)
        assert not [line for line in container.log(60) if "Warning" in line]
        if layout == "demo":
            assert (said["memory"], said["zone"]) == ("256M", "Europe/Berlin")
            assert "pdo_mysql" in said["loaded"]
            assert "intl" not in said["loaded"]  # production does not load it
            assert b"it was asked" in container.read("/var/log/php/fpm.log")
            assert b"GET /api/anything" in container.read("/var/log/nginx/access.log")
        if layout == "red hat":
            assert (said["https"], said["memory"], said["host"]) == ("on", "512M", "database")
            assert {"pdo_mysql", "curl", "ctype"} <= set(said["loaded"])
            assert "redis" not in said["loaded"]
            assert b"it was asked" in container.read("/var/log/php-fpm/www-error.log")


def test_what_the_image_is_said_to_have_is_what_it_has(engine: Engine, image_of: ImageOf) -> None:
    server = replace(planned({}, facts={"release.path": "/srv/x/1"}), files=(), removed=())
    with served(engine, image_of("php", "8.2"), server) as container:
        found = container.must_run(["sh", "-c", "ls /etc/php/8.2/fpm/conf.d/*.ini"]).split()
        modules = container.must_run(["php-fpm", "-m"])
        nginx = (*NGINX_FILES, *NGINX_BROUGHT)
        missing = [path for path in nginx if container.run(["test", "-s", path]).exit_code]
    assert sorted(found) == sorted(extension_files("8.2").values())
    loaded = {line.lower() for line in modules.splitlines() if line and not line.startswith("[")}
    own = set(extension_files("8.2"))
    assert {one for one in loaded - own if not is_built_in(one, "8.2")} == {"zend opcache"}
    assert missing == []
    assert set(NGINX_OWN) <= NGINX_FILES


@contextmanager
def set_up(engine: Engine, image: str, server: WebServer) -> Iterator[Container]:
    """Run a server as a sandbox does: its own set-up script first."""
    name = f"test-settings-{uuid.uuid4().hex[:8]}"
    create_network(engine, name, {name: "1"})
    try:
        spec = ContainerSpec(
            name=name, image=image, network=name, labels={name: "1"}, command=("sh", SETUP)
        )
        container = create_container(engine, spec)
        container.put_archive("/", pack_settings(server))
        container.start()
        eventually(lambda: container.run(["sh", "-c", NGINX_RUNS]).exit_code == 0)
        yield container
    finally:
        remove_labelled(engine, f"{name}=1")


def locale_facts(container: Container, server: WebServer) -> tuple[str | None, str | None]:
    facts = capture_server(container, server).facts
    return facts.get("locale"), facts.get("locale.charset")


def test_locale_of_production_is_that_of_the_replica(engine: Engine, image_of: ImageOf) -> None:
    server = replace(planned(), locale="de_DE@euro", locale_charset="ISO-8859-15")
    with set_up(engine, image_of("php", server.php), server) as container:
        assert locale_facts(container, server) == ("de_DE@euro", "ISO-8859-15")
        environment = container.must_run(["cat", "/proc/1/environ"]).split("\0")
        assert "LANG=de_DE@euro" in environment
        script = 'setlocale(LC_ALL, ""); echo localeconv()["decimal_point"];'
        of_shell = ["env", "LC_ALL=", "LANG=de_DE@euro"]
        assert container.must_run([*of_shell, "php", "-r", script]) == ","
        container.stop()
        container.start()  # as the engine does after its own restart
        eventually(lambda: container.run(["sh", "-c", NGINX_RUNS]).exit_code == 0)
        assert locale_facts(container, server) == ("de_DE@euro", "ISO-8859-15")


def test_locale_that_production_never_installed_is_not_here_either(
    engine: Engine, image_of: ImageOf
) -> None:
    server = replace(planned(), locale="de_DE.UTF-8", locale_charset="ANSI_X3.4-1968")
    with set_up(engine, image_of("php", server.php), server) as container:
        assert locale_facts(container, server) == ("de_DE.UTF-8", "ANSI_X3.4-1968")
