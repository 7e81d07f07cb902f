"""Where a registry answers: base images are pulled, and a setting may name any image.

The registry is a real one, from Debian's package, in a container on loopback.
"""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.replica.base import BaseSource, make_base
from sandbox.replica.engine import Engine
from sandbox.replica.images import ensure_images
from sandbox.replica.recipes import PlannedImage, Wanted, plan_images, recipes_folder
from servers import ImageOf, Silent, eventually, port_of, running

pytestmark = pytest.mark.docker

PULLED_BASE = PlannedImage(
    "base", "bookworm", "prod-sandbox/test-base:pulled", suite="bookworm", dockerfile="Dockerfile"
)


@pytest.fixture(scope="module")
def registry(
    engine: Engine, image_of: ImageOf, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Give the address of an empty registry."""
    context = tmp_path_factory.mktemp("registry")
    (context / "Dockerfile").write_text(
        f"FROM {image_of('base', 'bookworm')}\n"
        'CMD ["docker-registry", "serve", "/etc/docker/registry/config.yml"]\n'
        "RUN apt-get update && apt-get install -y docker-registry && rm -rf /var/lib/apt/lists/*"
        " && sed -i '/^auth:/,$d' /etc/docker/registry/config.yml\n"
    )
    image = engine.build(context, tags=("prod-sandbox/test-registry:1",), arguments={})
    with running(image, ports=(5000,)) as container:
        port = port_of(container, 5000)
        eventually(lambda: _answers(port))
        yield f"127.0.0.1:{port}"


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/v2/")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


def put(engine: Engine, image: str, reference: str) -> None:
    """Push an image under a name, and keep no local copy of that name."""
    engine.tag(image, reference)
    log = engine.client.images.push(reference)
    assert '"error"' not in str(log)
    engine.client.images.remove(reference)
    assert engine.image_id(reference) is None


def test_base_is_pulled_where_a_registry_answers(
    engine: Engine,
    image_of: ImageOf,
    registry: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(engine, image_of("base", "bookworm"), f"{registry}/debian:bookworm-slim")
    monkeypatch.setenv("PATH", str(tmp_path))  # so that nothing could be bootstrapped
    heard: list[str] = []
    source = BaseSource(registry="auto", repository=f"{registry}/debian")
    try:
        image = make_base(engine, PULLED_BASE, source, recipes_folder() / "base", heard.append)
        assert engine.image_id(PULLED_BASE.reference) == image
        assert heard[0] == f"asking the registry for {registry}/debian:bookworm-slim"
        assert not any("bootstrapping" in line for line in heard)
    finally:
        engine.remove_image(PULLED_BASE.reference)
        engine.tag(image_of("base", "bookworm"), PULLED_BASE.moving_reference)


def test_an_image_that_a_setting_names_is_pulled_once(
    engine: Engine, image_of: ImageOf, registry: str
) -> None:
    named = f"{registry}/team/sink:9"
    put(engine, image_of("sink"), named)
    plan = plan_images([Wanted("sink")], {"sink": named})
    try:
        (first,) = ensure_images(engine, plan, BaseSource(), Silent())
        (again,) = ensure_images(engine, plan, BaseSource(), Silent())
        assert (first.how, again.how) == ("pulled", "present")
        assert first.image_id == engine.image_id(image_of("sink"))
    finally:
        engine.client.images.remove(named)
