from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from bundle_samples import manifest_of
from sandbox.bundle.reader import open_bundle
from sandbox.bundle.writer import BundleWriter
from sandbox.errors import BundleInvalid, UsageError
from sandbox.model import MaskedText
from sandbox.replica import up_plan
from sandbox.replica.engine import Engine
from sandbox.replica.recipes import PlannedImage
from sandbox.replica.up_plan import UpRequest, plan_servers, plan_up
from servers import Silent

ENGINE = cast("Engine", None)


@pytest.fixture(autouse=True)
def engine_without_images(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_engine: Engine, images: tuple[PlannedImage, ...]) -> tuple[PlannedImage, ...]:
        return images

    monkeypatch.setattr(up_plan, "missing_images", missing)


def make_bundle(folder: Path, *servers: str) -> Path:
    """Write a bundle without tables, of servers of which little is known."""
    path = folder / "small.bundle"
    with BundleWriter(path, "shop") as writer:
        for name in servers:
            facts = MaskedText(b'{"facts": {"php.fpm.version": "8.2.1"}}')
            writer.add_text(f"config/servers/{name}/facts.json", facts, f"facts of {name}")
        writer.finish(manifest_of(), Silent())
    return path


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return make_bundle(tmp_path, "web1", "web2")


def request(bundle: Path, **changed: object) -> UpRequest:
    return UpRequest(bundle=bundle, name="shop", **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize("apps", [{"": "a"}, {"web1": "a", "web2": "b"}, {"": "a", "web2": "b"}])
def test_code_for_every_server_is_enough(bundle: Path, apps: dict[str, str]) -> None:
    plan = plan_up(ENGINE, request(bundle, apps=apps), Silent())
    assert [one.name for one in plan.servers] == ["web1", "web2"]
    assert {one.role for one in plan.images} >= {"gateway", "sink", "mariadb", "php"}
    assert plan.image("php", "8.2").version == "8.2"
    assert plan.missing == {one.reference for one in plan.images}


def test_servers_without_code_are_named_at_once(bundle: Path) -> None:
    with pytest.raises(UsageError, match="web1, web2") as caught:
        plan_up(ENGINE, request(bundle), Silent())
    assert "--app" in caught.value.hint
    with pytest.raises(UsageError, match="the code of web2 is"):
        plan_up(ENGINE, request(bundle, apps={"web1": "a"}), Silent())


def test_servers_that_are_not_there_are_named_with_those_that_are(bundle: Path) -> None:
    apps = {"": "a", "web9": "b", "web8": "b"}
    with pytest.raises(UsageError, match="no server web8, web9") as caught:
        plan_up(ENGINE, request(bundle, apps=apps), Silent())
    assert "web1, web2" in caught.value.hint


def test_a_bundle_without_servers_needs_no_code(tmp_path: Path) -> None:
    plan = plan_up(ENGINE, request(make_bundle(tmp_path)), Silent())
    assert plan.servers == ()
    assert "php" not in {one.role for one in plan.images}


def test_an_image_of_the_settings_takes_the_place_of_ours(bundle: Path) -> None:
    asked = request(bundle, apps={"": "a"}, roles={"php": "registry.example/php:8.2-fpm"})
    plan = plan_up(ENGINE, asked, Silent())
    assert plan.image("php", "8.2").reference == "registry.example/php:8.2-fpm"


def test_the_same_bundle_gives_the_same_accounts(bundle: Path) -> None:
    asked = request(bundle, apps={"": "a"})
    one, other = (plan_up(ENGINE, asked, Silent()).accounts for _ in range(2))
    assert [(each.name, each.password) for each in one] == [
        (each.name, each.password) for each in other
    ]
    assert one[-1].name == "developer"
    assert len(one[-1].password) >= 16


@pytest.mark.parametrize("name", ["database", "Sink", "gateway", "inside"])
def test_a_server_called_as_a_part_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BundleInvalid, match=name.lower()):
        plan_servers(open_bundle(make_bundle(tmp_path, name)))


def test_a_damaged_bundle_is_refused_before_anything_else(bundle: Path) -> None:
    (bundle / "config/servers/web1/facts.json").write_bytes(b"{}")
    with pytest.raises(BundleInvalid):
        plan_up(ENGINE, request(bundle), Silent())
