"""The built package carries its recipes and rule packs, and finds them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.replica.recipes import everything, plan_images

ROOT = Path(__file__).resolve().parent.parent.parent
PLANNED = (
    "import json, sandbox; from sandbox.replica.recipes import *;"
    "print(json.dumps([sandbox.__file__, str(recipes_folder()),"
    " [image.reference for image in plan_images(everything())]]))"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and install it, without what it depends on, into a folder."""
    folder = tmp_path_factory.mktemp("wheel")
    build: list[str | Path] = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "--target",
        "wheel",
        "--directory",
        folder,
    ]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    install: list[str | Path] = [
        sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
        "--no-deps", "--no-index", "--target", folder / "site", wheel,
    ]  # fmt: skip
    subprocess.run(install, check=True, capture_output=True)
    return folder / "site"


def test_installed_package_plans_the_images_of_the_checkout(site: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(site)!r}); {PLANNED}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    module, folder, references = json.loads(done.stdout)
    assert module == str(site / "sandbox/__init__.py")
    assert folder == str(site / "sandbox/shipped/docker")
    # Equal names mean equal files, with equal rights to run them.
    assert references == [image.reference for image in plan_images(everything())]


def test_installed_package_carries_every_rule_pack(site: Path) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "masking_rules"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    shipped = site / "sandbox/shipped"
    assert tracked
    assert [name for name in tracked if not (shipped / name).is_file()] == []


def test_installed_package_carries_the_classes_of_odd_rows(site: Path) -> None:
    classes = "sandbox/subset/odd/classes.toml"
    assert (site / classes).read_bytes() == (ROOT / classes).read_bytes()


def test_installed_package_has_nothing_of_the_demo(site: Path) -> None:
    assert [str(file) for file in site.rglob("*demo*")] == []
