"""What a server logs of a request is heard with that request, and not with the next one."""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

import sandbox.replica
from sandbox.replica.containers import Container, ContainerSpec, File, start_container
from sandbox.replica.engine import Engine
from servers import ImageOf, eventually

pytestmark = pytest.mark.docker

ASK = Path(sandbox.replica.__file__).parent / "ask.php"
# Writes its access line when it has answered, and to its error log a moment later yet.
SERVER = """<?php
$server = stream_socket_server('tcp://127.0.0.1:8080');
touch('/srv/ready');
while ($socket = stream_socket_accept($server, -1)) {
    list(, $url) = explode(' ', fgets($socket));
    while (trim(fgets($socket)) !== '');
    fwrite($socket, "HTTP/1.1 200 OK\\r\\n\\r\\n");
    fclose($socket);
    file_put_contents('/srv/access.log', "asked $url\\n", FILE_APPEND);
    usleep(12000);
    file_put_contents('/srv/error.log', "failed $url\\n", FILE_APPEND);
}
"""


@pytest.fixture
def container(engine: Engine, image_of: ImageOf) -> Iterator[Container]:
    """Run a server that logs late."""
    name = f"test-ask-{uuid.uuid4().hex[:8]}"
    spec = ContainerSpec(
        name=name,
        image=image_of("php"),
        network="bridge",
        command=(
            "sh",
            "-c",
            "until [ -e /srv/server.php ]; do sleep 0.1; done; php -n /srv/server.php",
        ),
    )
    started = start_container(engine, spec)
    try:
        yield started
    finally:
        started.remove()


def test_what_is_logged_a_moment_after_the_answer_belongs_to_its_request(
    container: Container,
) -> None:
    requests = (f"GET /{name} HTTP/1.1\r\n\r\n" for name in ("one", "two", "three"))
    asked = "".join(f"10 {base64.b64encode(one.encode()).decode()}\n" for one in requests)
    container.put(
        [
            File("/srv/ask.php", ASK.read_bytes()),
            File("/srv/asked", asked.encode()),
            File("/srv/server.php", SERVER.encode()),
        ]
    )
    eventually(lambda: container.run(["test", "-e", "/srv/ready"]).exit_code == 0)
    logs = "/srv/access.log /srv/error.log"
    printed = container.must_run(["sh", "-c", f"php -n /srv/ask.php 8080 {logs} < /srv/asked"])
    found = re.findall(r"(asked|failed) /(\w+)|(end) 0", printed)
    assert ["".join(one) for one in found] == [
        "askedone", "failedone", "end", "askedtwo", "failedtwo", "end", "askedthree", "failedthree",
        "end",
    ]  # fmt: skip
