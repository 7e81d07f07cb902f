"""The mirror is apt's own answer, never a name that we wrote down."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.replica.mirror import Mirror, find_mirror, mirror_at

Machine = Callable[..., None]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Give what makes this machine another one, by its apt and its os-release."""

    def become(targets: str, *, options: str = "", distribution: str = "debian") -> None:
        for name, said in (("apt-get", targets), ("apt-config", options)):
            program = tmp_path / name
            program.write_text(f"#!/bin/sh\ncat <<'END'\n{said}END\n")
            program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        release = {"ID": distribution, "VERSION_CODENAME": "bookworm"}
        monkeypatch.setattr(platform, "freedesktop_os_release", lambda: release)

    return become


OTHER_SUITE = "http://mirror.example/debian/ sid\n"
TARGETS = """\
http://vendor.example/apt/ bookworm-vendor
http://mirror.example/debian/ bookworm
http://mirror.example/debian/ bookworm-updates
http://security.example/debian-security/ bookworm-security
"""


def test_mirror_is_the_one_of_this_machines_own_suite(machine: Machine) -> None:
    machine(TARGETS)
    assert find_mirror() == Mirror(
        main="http://mirror.example/debian", security="http://security.example/debian-security"
    )


def test_security_archive_stands_beside_the_main_one_where_none_is_configured(
    machine: Machine,
) -> None:
    machine("http://mirror.example/debian/ bookworm\n")
    found = find_mirror()
    assert found is not None
    assert found.security == "http://mirror.example/debian-security"


def test_what_a_frozen_mirror_needs_of_apt_is_carried_over(machine: Machine) -> None:
    machine(TARGETS, options='Acquire::Check-Valid-Until "false";\n')
    found = find_mirror()
    assert found is not None
    assert found.apt_options == ('Acquire::Check-Valid-Until "false";',)


@pytest.mark.parametrize(
    ("targets", "distribution"),
    [(TARGETS, "ubuntu"), (OTHER_SUITE, "debian")],
)
def test_no_mirror_is_found_where_there_is_none(
    machine: Machine, targets: str, distribution: str
) -> None:
    machine(targets, distribution=distribution)
    assert find_mirror() is None


def test_no_mirror_is_found_without_apt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_mirror() is None


def test_sources_name_every_archive_of_a_suite() -> None:
    named = mirror_at("http://mirror.example/debian/")
    assert named.sources("trixie") == (
        "deb http://mirror.example/debian trixie main",
        "deb http://mirror.example/debian trixie-updates main",
        "deb http://mirror.example/debian-security trixie-security main",
    )
    assert named.sources("sid") == ("deb http://mirror.example/debian sid main",)
