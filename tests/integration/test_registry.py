"""Where a registry answers: base images are pulled, and a setting may name any image.

The registry is a real one, from Debian's package, in a container on loopback.
"""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from testcontainers.core.container import DockerContainer

from sandbox.errors import ImageUnavailable
from sandbox.replica.base import BaseSource, make_base
from sandbox.replica.engine import Engine
from sandbox.replica.images import ensure_images
from sandbox.replica.recipes import PlannedImage, Wanted, plan_images, recipes_folder
from servers import ImageOf, Silent, eventually, inside, port_of, running

pytestmark = pytest.mark.docker

PULLED_BASE = PlannedImage(
    "base", "bookworm", "prod-sandbox/test-base:pulled", suite="bookworm", dockerfile="Dockerfile"
)


@dataclass(frozen=True)
class Registry:
    """A running registry.

    Attributes:
        address: What names of its images begin with.
        container: Where it runs.
    """

    address: str
    container: DockerContainer


@pytest.fixture(scope="module")
def running_registry(
    engine: Engine, image_of: ImageOf, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Registry]:
    """Give an empty registry."""
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
        yield Registry(f"127.0.0.1:{port}", container)


@pytest.fixture
def registry(running_registry: Registry) -> str:
    return running_registry.address


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


def test_an_image_that_the_registry_has_half_is_an_error(
    engine: Engine, image_of: ImageOf, running_registry: Registry, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {image_of('sink')}\nRUN echo {tmp_path} > /mark\n")
    image = engine.build(tmp_path, tags=("prod-sandbox/test-half:1",), arguments={})
    named = f"{running_registry.address}/team/half:1"
    put(engine, image, named)
    engine.remove_image(image)
    # The answer begins well, and what goes wrong then is an event in its stream.
    digest = image.removeprefix("sha256:")
    lose = f"rm $(find / -xdev -path '*/blobs/sha256/{digest[:2]}/{digest}/data')"
    inside(running_registry.container, "sh", "-c", lose)
    with pytest.raises(ImageUnavailable, match="cannot be pulled"):
        engine.pull(named)
    assert engine.image_id(named) is None


def base_from(engine: Engine, rootfs: str, source: BaseSource) -> str:
    """Make a base as if `rootfs` had just been pulled."""
    suite = rootfs.partition("base:")[2].partition("-")[0]
    planned = PlannedImage(
        "base", suite, f"prod-sandbox/test-base:{suite}", suite=suite, dockerfile="Dockerfile"
    )
    kept = engine.image_id(planned.moving_reference)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sandbox.replica.base._pulled", lambda *_: rootfs)
            return make_base(engine, planned, source, recipes_folder() / "base", lambda _line: None)
    finally:
        if kept is not None:
            engine.tag(kept, planned.moving_reference)


def sources_of(image: str) -> str:
    with running(image, command="sleep 60") as container:
        every_file = "find /etc/apt -path '*sources.list*' -type f -exec cat {} +"
        return inside(container, "sh", "-c", every_file)


@pytest.mark.heavy
def test_a_pulled_suite_out_of_support_loses_its_security_archive(
    engine: Engine, image_of: ImageOf, tmp_path: Path
) -> None:
    official = (
        "deb http://mirror.example/debian bullseye main\n"
        "deb http://mirror.example/debian-security bullseye-security main\n"
        "deb http://mirror.example/debian bullseye-updates main\n"
    )
    (tmp_path / "sources.list").write_text(official)
    (tmp_path / "Dockerfile").write_text(
        f"FROM {image_of('base', 'bullseye')}\nCOPY sources.list /etc/apt/sources.list\n"
    )
    rootfs = "prod-sandbox/test-base:bullseye-official"
    engine.build(tmp_path, tags=(rootfs,), arguments={})
    try:
        base_from(engine, rootfs, BaseSource())
        assert sources_of("prod-sandbox/test-base:bullseye") == "".join(
            line for line in official.splitlines(keepends=True) if "-security" not in line
        )
    finally:
        engine.remove_image("prod-sandbox/test-base:bullseye")
        engine.remove_image(rootfs)


@pytest.mark.heavy
def test_a_pulled_base_gets_certificates_before_a_mirror_that_needs_them(
    engine: Engine, image_of: ImageOf
) -> None:
    rootfs = image_of("base", "bookworm")
    missing = "test ! -e /etc/ssl/certs/ca-certificates.crt"
    with running(rootfs, command="sleep 60") as container:
        inside(container, "sh", "-c", missing)  # or the rest would prove nothing
    try:
        base_from(engine, rootfs, BaseSource(mirror="https://mirror.example/debian"))
        made = "prod-sandbox/test-base:bookworm"
        with running(made, command="sleep 60") as container:
            inside(container, "test", "-s", "/etc/ssl/certs/ca-certificates.crt")
        assert sources_of(made).splitlines()[0] == (
            "deb https://mirror.example/debian bookworm main"
        )
    finally:
        engine.remove_image("prod-sandbox/test-base:bookworm")
