"""Which images there are, what each stands on, what they are called."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sandbox.errors import UsageError
from sandbox.replica import recipes
from sandbox.replica.recipes import (
    PlannedImage,
    Wanted,
    archives_of,
    default_version,
    everything,
    plan_images,
    recipes_folder,
)


def names(plan: tuple[PlannedImage, ...]) -> list[str]:
    return [str(image) for image in plan]


def test_what_an_image_is_built_from_stands_before_it() -> None:
    plan = plan_images([Wanted("php", "7.4")])
    assert names(plan) == ["base bullseye", "base trixie", "zf1 debian", "php 7.4"]
    before: set[str] = set()
    for image in plan_images(everything()):
        assert {needed for _, needed in image.needs} <= before
        before.add(image.reference)


def test_shared_ground_is_planned_once() -> None:
    plan = plan_images([Wanted("gateway"), Wanted("sink"), Wanted("mariadb")])
    assert names(plan) == ["base bookworm", "gateway 1", "sink 1", "mariadb 10.11"]


def test_everything_is_every_role_and_version_but_the_one_that_needs_composers_registry() -> None:
    assert [str(one) for one in everything()] == [
        "base bullseye", "base bookworm", "base trixie", "base sid", "zf1 debian",
        "mariadb 10.5", "mariadb 10.11", "mariadb 11.8", "mysql 9.7",
        "php 7.4", "php 8.2", "php 8.4", "gateway 1", "sink 1",
    ]  # fmt: skip


def test_a_setting_names_an_image_that_is_then_not_built() -> None:
    (image,) = plan_images([Wanted("php")], {"php": "php:5.6-fpm"})
    assert (image.reference, image.built, image.needs) == ("php:5.6-fpm", False, ())


def test_a_setting_may_be_a_version() -> None:
    assert names(plan_images([Wanted("mariadb")], {"mariadb": "11.8"}))[-1] == "mariadb 11.8"
    assert (
        names(plan_images([Wanted("mariadb", "10.5")], {"mariadb": "11.8"}))[-1] == "mariadb 10.5"
    )


def test_zend_framework_may_come_from_composer() -> None:
    zf1 = plan_images([Wanted("php")], {"zf1": "composer"})[1]
    assert (str(zf1), zf1.dockerfile, zf1.suite) == (
        "zf1 composer",
        "Dockerfile.composer",
        "bookworm",
    )


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [
        (Wanted("fpm"), "Choose one of: base, zf1, mariadb, mysql, php, gateway, sink."),
        (Wanted("mysql", "5.7"), "Choose one of: 9.7."),
    ],
)
def test_what_nothing_packages_is_refused_with_what_there_is(wanted: Wanted, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        plan_images([wanted])
    assert caught.value.hint.startswith(hint)


def test_a_name_changes_with_anything_the_image_is_made_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "docker"
    for role in ("base", "zf1", "php"):
        shutil.copytree(recipes_folder() / role, copy / role)
    monkeypatch.setattr(recipes, "recipes_folder", lambda: copy)

    def references() -> dict[str, str]:
        return {str(image): image.reference for image in plan_images([Wanted("php")])}

    original = references()
    assert references() == original
    (copy / "php/pool.conf").write_text("; changed\n")
    changed = references()
    assert {name for name in original if original[name] != changed[name]} == {"php 8.2"}
    (copy / "base/Dockerfile").write_text("FROM scratch\n")
    assert all(original[name] != reference for name, reference in references().items())


def test_an_unmarked_executable_has_another_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(recipes_folder() / "base", tmp_path / "base")
    shutil.copytree(recipes_folder() / "gateway", tmp_path / "gateway")
    monkeypatch.setattr(recipes, "recipes_folder", lambda: tmp_path)
    executable = plan_images([Wanted("gateway")])[-1].reference
    (tmp_path / "gateway/start").chmod(0o644)
    assert plan_images([Wanted("gateway")])[-1].reference != executable


def test_every_role_has_a_default_version_and_a_recipe() -> None:
    for role in recipes.ROLES:
        assert default_version(role) in recipes.versions_of(role)
        assert (recipes_folder() / role / "Dockerfile").is_file()


def test_a_suite_out_of_support_is_installed_without_its_security_archive() -> None:
    assert archives_of("bullseye") == ("", "-updates")
    assert archives_of("bookworm") == ("", "-updates", "-security")


def test_no_recipe_declares_a_volume_or_uses_what_only_one_builder_knows() -> None:
    # A VOLUME would keep the data out of a commit; the rest works on one of the two builders only.
    for file in recipes_folder().glob("*/Dockerfile*"):
        text = file.read_text()
        for word in ("\nVOLUME", "--mount=", "--chmod=", "--link", "<<", "# syntax="):
            assert word not in text, file
