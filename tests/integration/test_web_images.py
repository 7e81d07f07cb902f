"""The php, gateway and sink images."""

from __future__ import annotations

import http.client
import json
import smtplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

import pytest
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from sandbox.replica.engine import Engine
from servers import ImageOf, eventually, inside, port_of, running

pytestmark = pytest.mark.docker

USUAL_EXTENSIONS = {
    "bcmath", "curl", "gd", "intl", "mbstring", "mysqli", "pdo_mysql", "soap", "xml", "zip",
    "zend opcache",
}  # fmt: skip


def fetch(
    port: int, path: str = "/", method: str = "GET", host: str = "localhost", body: str = ""
) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body or None, {"Host": host})
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    is_json = "json" in (answer.getheader("Content-Type") or "")
    return answer.status, json.loads(text) if is_json else text.decode()


def is_served(container: DockerContainer, port: int) -> bool:
    try:
        # nginx answers 502 while php-fpm, or the service behind a gateway, is still starting.
        return fetch(port_of(container, port))[0] != http.client.BAD_GATEWAY
    except (OSError, http.client.HTTPException):
        return False


@pytest.mark.parametrize("version", ["7.4", "8.2", "8.4"])
class TestPhp:
    def test_serves_php_of_its_version_with_zend_and_the_usual_extensions(
        self, image_of: ImageOf, version: str
    ) -> None:
        with running(image_of("php", version), ports=(80,)) as container:
            eventually(lambda: is_served(container, 80))
            status, said = fetch(port_of(container, 80))
        assert status == 200
        assert said["php"].startswith(f"{version}.")
        assert said["zend_framework"].startswith("1.23")
        assert set(said["extensions"]) >= USUAL_EXTENSIONS

    def test_zend_framework_is_complete(self, image_of: ImageOf, version: str) -> None:
        # These are the parts that reduced copies of ZF1 in other packages lack.
        classes = [
            "Zend_Application", "Zend_Rest_Route", "Zend_Auth_Adapter_DbTable", "Zend_Acl",
            "Zend_Navigation", "Zend_Queue", "Zend_Http_Client", "Zend_Soap_Client",
            "Zend_Session_SaveHandler_DbTable", "Zend_Mail_Transport_Smtp",
        ]  # fmt: skip
        code = (
            "error_reporting(E_ALL & ~E_DEPRECATED); require 'Zend/Loader/Autoloader.php';"
            "Zend_Loader_Autoloader::getInstance();"
            f"foreach ({classes!r} as $class) {{ if (!class_exists($class)) {{ echo $class; }} }}"
        )
        with running(image_of("php", version)) as container:
            assert inside(container, "php", "-r", code) == ""

    def test_ends_when_php_dies(self, image_of: ImageOf, version: str) -> None:
        with running(image_of("php", version), ports=(80,)) as container:
            eventually(lambda: is_served(container, 80))
            inside(container, "sh", "-c", 'kill -KILL "$(cat /run/php/*-fpm.pid)"')
            assert container.get_wrapped_container().wait(timeout=20)["StatusCode"] == 1

    def test_stops_in_good_order(self, image_of: ImageOf, version: str) -> None:
        with running(image_of("php", version), ports=(80,)) as container:
            eventually(lambda: is_served(container, 80))
            wrapped = container.get_wrapped_container()
            wrapped.stop(timeout=20)
            assert wrapped.wait()["StatusCode"] == 0


def test_gateway_forwards_to_services_that_come_and_go(image_of: ImageOf) -> None:
    php, gateway = image_of("php"), image_of("gateway")
    with (
        Network() as network,
        running(
            gateway, ports=(8081,), environment={"FORWARDS": "8081=web1:80"}, network=network
        ) as outer,
    ):
        for _ in range(2):  # the second web1 may well have another address
            with running(php, network=network, network_aliases=["web1"]):
                eventually(lambda: is_served(outer, 8081))
                status, said = fetch(port_of(outer, 8081))
                assert (status, said["php"][:3]) == (200, "8.2")


def test_sealed_gateway_answers_but_reaches_nothing_on_the_host(
    engine: Engine, image_of: ImageOf
) -> None:
    php, gateway = image_of("php"), image_of("gateway")
    environment = {"FORWARDS": "8081=web1:80", "SEAL": "1"}
    with (
        Network() as network,
        running(php, network=network, network_aliases=["web1"]),
        running(
            gateway, ports=(8081,), environment=environment, network=network, cap_add=["NET_ADMIN"]
        ) as outer,
        running(gateway, environment={"FORWARDS": "8081=web1:80"}, network=network) as unsealed,
    ):
        eventually(lambda: is_served(outer, 8081))
        assert fetch(port_of(outer, 8081))[0] == 200
        with listening_on(bridge_address(engine, network)) as (host, port):
            assert reaches(unsealed, host, port)  # or the next line would prove nothing
            assert not reaches(outer, host, port)


def test_sealed_gateway_without_the_capability_does_not_run_unsealed(image_of: ImageOf) -> None:
    environment = {"FORWARDS": "8081=web1:80", "SEAL": "1"}
    with running(image_of("gateway"), environment=environment) as container:
        assert container.get_wrapped_container().wait(timeout=20)["StatusCode"] != 0


class TestSink:
    def test_keeps_mail_and_shows_it(self, image_of: ImageOf) -> None:
        message = EmailMessage()
        message["Subject"] = "Ihre Bestellung für <Müller>"
        message["From"] = "shop@shop.example"
        message["To"] = "kunde@kunden.example"
        message.set_content("Grüße")
        with running(image_of("sink"), ports=(25, 80, 8025)) as container:
            eventually(lambda: is_served(container, 8025))
            with smtplib.SMTP("127.0.0.1", port_of(container, 25), timeout=10) as smtp:
                smtp.send_message(message)
            viewer = port_of(container, 8025)
            _, (mail,) = fetch(viewer, "/api/mail")
            _, page = fetch(viewer, "/")
            _, one = fetch(viewer, f"/mail/{mail['number']}")
            log = container.get_wrapped_container().logs().decode()
        assert mail["subject"] == "Ihre Bestellung für <Müller>"
        assert mail["recipients"] == ["kunde@kunden.example"]
        assert mail["text"].strip() == "Grüße"
        assert "Ihre Bestellung für &lt;Müller&gt;" in page
        assert "Grüße" in one
        assert "kunde@" not in log

    def test_records_calls_of_any_method_and_never_makes_up_a_success(
        self, image_of: ImageOf
    ) -> None:
        with running(image_of("sink"), ports=(80, 8025)) as container:
            eventually(lambda: is_served(container, 8025))
            status, _ = fetch(port_of(container, 80), "/v2/x?a=1", "PATCH", "api.example", "{}")
            _, (call,) = fetch(port_of(container, 8025), "/api/calls")
        assert status == 503
        assert (call["method"], call["host"], call["path"]) == ("PATCH", "api.example", "/v2/x?a=1")
        assert (call["body"], call["status"]) == ("{}", 503)

    def test_records_a_body_in_chunks_and_the_next_call_on_the_same_connection(
        self, image_of: ImageOf
    ) -> None:
        with running(image_of("sink"), ports=(80, 8025)) as container:
            eventually(lambda: is_served(container, 8025))
            connection = http.client.HTTPConnection("127.0.0.1", port_of(container, 80), timeout=10)
            for body in ((b"first,", b"second"), (b"third",)):
                connection.request("POST", "/chunks", iter(body), encode_chunked=True)
                assert connection.getresponse().read()
            connection.close()
            _, calls = fetch(port_of(container, 8025), "/api/calls")
        assert [call["body"] for call in calls] == ["third", "first,second"]

    def test_answers_as_its_replies_say(self, image_of: ImageOf) -> None:
        replies = [
            {"host": "payment", "path": "/v1/*", "status": 201, "body": '{"id": "ch_$serial"}',
             "headers": {"Content-Type": "application/json"}},
        ]  # fmt: skip
        put = (json.dumps(replies).encode(), "/etc/sink/replies.json", 0o644)
        with running(image_of("sink"), ports=(80, 8025), transferables=[put]) as container:
            eventually(lambda: is_served(container, 8025))
            port = port_of(container, 80)
            first = fetch(port, "/v1/charges", "POST", "payment", "{}")
            second = fetch(port, "/v1/charges", "POST", "payment", "{}")
            other = fetch(port, "/v2/charges", "POST", "payment", "{}")
        assert (first[0], second[0], other[0]) == (201, 201, 503)
        assert first[1]["id"] != second[1]["id"]

    def test_forgets_on_demand(self, image_of: ImageOf) -> None:
        with running(image_of("sink"), ports=(80, 8025)) as container:
            eventually(lambda: is_served(container, 8025))
            fetch(port_of(container, 80), "/x")
            viewer = port_of(container, 8025)
            assert fetch(viewer, "/api/arrivals", "DELETE")[0] == 204
            assert fetch(viewer, "/api/calls") == (200, [])


def bridge_address(engine: Engine, network: Network) -> str:
    attributes = engine.client.networks.get(network.name).attrs
    return str(attributes["IPAM"]["Config"][0]["Gateway"])


@contextmanager
def listening_on(host: str) -> Iterator[tuple[str, int]]:
    """Listen on this machine as it appears in one test network."""
    with socket.create_server((host, 0)) as listener:
        yield host, int(listener.getsockname()[1])


def reaches(container: DockerContainer, host: str, port: int) -> bool:
    connect = ["timeout", "3", "bash", "-c", f"exec 3<>/dev/tcp/{host}/{port}"]
    return bool(container.get_wrapped_container().exec_run(connect).exit_code == 0)
