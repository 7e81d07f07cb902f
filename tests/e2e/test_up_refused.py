"""What goes wrong at `sandbox up` is one clear error, and leaves nothing behind."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from docker.errors import APIError, NotFound

from commands import Ended, private, sandbox
from sandbox.replica.engine import Engine
from sandbox.replica.labels import object_name
from sandboxes import Sandbox, parts_of, remove, up_arguments
from servers import eventually
from small_shop import SmallShop

pytestmark = pytest.mark.docker

_NUMBERS = count(1)


@pytest.fixture
def name(engine: Engine, shop: Sandbox) -> Iterator[str]:
    """Name a sandbox, beside one of the same bundle, that is not to come to be."""
    assert shop.said.exit_code == 0
    chosen = f"test-{os.getpid()}-refused-{next(_NUMBERS)}"
    yield chosen
    assert parts_of(engine, chosen) == []
    remove(engine, chosen)


def refused(ended: Ended, exit_code: int, *said: str) -> None:
    assert ended.exit_code == exit_code, ended.said
    assert ended.stdout == ""
    assert ended.stderr.count("error: ") == 1
    assert "Traceback" not in ended.stderr
    for text in said:
        assert text in ended.stderr


def test_a_damaged_bundle_is_refused(small: SmallShop, name: str, tmp_path: Path) -> None:
    bundle = tmp_path / "damaged.bundle"
    shutil.copytree(small.bundle, bundle)
    part = next(bundle.rglob("orders/0001.tsv.zst"))
    part.write_bytes(part.read_bytes()[:-1] + b"\0")
    refused(sandbox(*up_arguments(small, name, bundle=bundle)), 13, "orders/0001.tsv.zst")


def test_a_folder_that_is_no_bundle_is_refused(small: SmallShop, name: str, tmp_path: Path) -> None:
    refused(sandbox(*up_arguments(small, name, bundle=tmp_path)), 13, str(tmp_path))


@pytest.mark.parametrize("which", [0, 1])
def test_a_port_that_is_taken_is_named(small: SmallShop, name: str, which: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        ended = sandbox(*up_arguments(small, name, f"--port={port - which}"))
    refused(ended, 14, f"127.0.0.1:{port} is taken", "--port")


def test_a_port_of_another_sandbox_is_named(small: SmallShop, name: str, shop: Sandbox) -> None:
    port = shop.data["ports"]["web2"]
    refused(sandbox(*up_arguments(small, name, f"--port={port}")), 14, f"127.0.0.1:{port} is taken")


def test_code_for_a_server_that_is_not_there_is_refused(small: SmallShop, name: str) -> None:
    ended = sandbox(*up_arguments(small, name, f"--app=web9={small.code}"))
    refused(ended, 2, "no server web9", "web1, web2")


def test_code_that_is_not_given_is_asked_for(small: SmallShop, name: str) -> None:
    refused(sandbox("up", small.bundle, "--name", name), 2, "web1, web2", "--app")
    some = sandbox("up", small.bundle, "--name", name, f"--app=web1={small.code}")
    refused(some, 2, "the code of web2", "--app")


def test_code_that_is_not_there_is_named(small: SmallShop, name: str) -> None:
    ended = sandbox("up", small.bundle, "--name", name, "--app", small.folder / "nowhere")
    refused(ended, 2, "nowhere")


def test_an_image_that_cannot_be_had_is_named(small: SmallShop, name: str, tmp_path: Path) -> None:
    settings = private(tmp_path / "sandbox.toml", '[images]\nphp = "localhost:1/nobody/php:1"\n')
    ended = sandbox("--config", settings, *up_arguments(small, name))
    refused(ended, 14, "localhost:1/nobody/php:1", "sandbox.toml")


def test_an_image_that_cannot_be_built_is_named_and_the_next_up_works(
    engine: Engine, small: SmallShop, name: str, tmp_path: Path
) -> None:
    """A copy of the tool, its recipe of the gateway broken, stands for a broken mirror."""
    tool = Path(__file__).parents[2]
    for part in ("sandbox", "docker"):
        shutil.copytree(tool / part, tmp_path / part)
    with (tmp_path / "docker/gateway/Dockerfile").open("a") as recipe:
        recipe.write("RUN echo a package is not to be had >&2; exit 3\n")
    ended = sandbox(*up_arguments(small, name), folder=tmp_path)
    refused(ended, 14, "gateway", "a package is not to be had")
    assert parts_of(engine, name) == []
    assert sandbox(*up_arguments(small, name)).exit_code == 0
    remove(engine, name)


def test_replies_that_the_sink_cannot_read_are_named(
    small: SmallShop, name: str, tmp_path: Path
) -> None:
    replies = tmp_path / "replies.json"
    replies.write_text('{"status": 201}')
    refused(sandbox(*up_arguments(small, name, f"--replies={replies}")), 2, str(replies))


def test_what_nginx_says_against_settings_is_said(
    small: SmallShop, name: str, tmp_path: Path
) -> None:
    """As settings of the bundle are checked against its digests, the digest is made to fit."""
    bundle = tmp_path / "odd.bundle"
    shutil.copytree(small.bundle, bundle)
    site = "config/servers/web2/files/etc/nginx/sites-enabled/shop"
    text = (bundle / site).read_text().replace("expires 7d;", "expires sometimes;")
    change_text(bundle, site, text)
    refused(
        sandbox(*up_arguments(small, name, bundle=bundle)), 14,
        f"{object_name(name, 'web2')}", "[emerg]", "expires",
    )  # fmt: skip


def test_a_network_that_was_opened_is_not_called_sealed(
    engine: Engine, small: SmallShop, name: str
) -> None:
    opened = threading.Event()
    opening = threading.Thread(target=_open, args=(engine, object_name(name, "web2"), opened))
    opening.start()
    try:
        ended = sandbox(*up_arguments(small, name))
    finally:
        opening.join(timeout=60)
    assert opened.is_set()
    refused(ended, 14, object_name(name, "web2"), "docs/isolation.md")


def _open(engine: Engine, container: str, opened: threading.Event) -> None:
    """Connect a container to the engine's ordinary network as soon as it runs."""

    def connected() -> bool:
        try:
            if engine.client.containers.get(container).status != "running":
                return False
            engine.client.networks.get("bridge").connect(container)
        except (NotFound, APIError):
            return False
        opened.set()
        return True

    eventually(connected)


def change_text(bundle: Path, path: str, text: str) -> None:
    """Change a text of a bundle, and what the manifest says of it."""
    (bundle / path).write_text(text)
    manifest = json.loads((bundle / "manifest.json").read_text())
    (entry,) = [one for one in manifest["files"] if one["path"] == path]
    entry["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    entry["bytes"] = len(text.encode())
    (bundle / "manifest.json").write_text(json.dumps(manifest))
