"""The mirror is apt's own answer, never a name that we wrote down."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.errors import MirrorUnusable
from sandbox.replica.mirror import Mirror, find_mirror, mirror_at, options_in_containers

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


def target(address: str, suite: str, origin: str = "Debian") -> str:
    """Give a line of apt's answer: origin and code name as its index says, then the address."""
    return f"{origin}\t{suite}\t{address}\n"


MAIN = target("http://mirror.example/debian/", "bookworm")
TARGETS = (
    target("http://vendor.example/apt/", "bookworm", origin="Vendor")
    + MAIN
    + target("http://mirror.example/debian/", "bookworm-updates")
    + target("http://security.example/debian-security/", "bookworm-security")
)
SECRET = "hunter2geheim"  # noqa: S105 - what must never be echoed


def test_mirror_is_the_one_of_this_machines_own_suite(machine: Machine) -> None:
    machine(TARGETS)
    assert find_mirror() == Mirror(
        main="http://mirror.example/debian", security="http://security.example/debian-security"
    )


def test_security_archive_stands_beside_the_main_one_where_none_is_configured(
    machine: Machine,
) -> None:
    machine(MAIN)
    found = find_mirror()
    assert found is not None
    assert found.security == "http://mirror.example/debian-security"


def test_what_a_frozen_mirror_needs_of_apt_is_carried_over(machine: Machine) -> None:
    machine(TARGETS, options='Acquire::Check-Valid-Until "false";\n')
    found = find_mirror()
    assert found is not None
    assert found.apt_options == ('Acquire::Check-Valid-Until "false";',)


PROXIES = (
    'Acquire::http::Proxy "http://proxy.example:3128";',
    'Acquire::http::Proxy::mirror.example "DIRECT";',
    'Acquire::https::Proxy "http://127.0.0.1:3142";',
)


def test_the_proxy_that_apt_uses_is_carried_over(machine: Machine) -> None:
    script = 'Acquire::http::Proxy-Auto-Detect "/usr/bin/find-proxy";'
    machine(TARGETS, options="\n".join((*PROXIES, script, 'Acquire::http::Proxy "";')) + "\n")
    found = find_mirror()
    assert found is not None
    assert found.apt_options == PROXIES
    assert mirror_at("http://named.example/debian").apt_options == PROXIES


def test_a_proxy_on_this_machines_loopback_is_none_in_a_container() -> None:
    assert options_in_containers(PROXIES) == PROXIES[:2]
    assert options_in_containers(('Acquire::http::Proxy "http://localhost:3142/";',)) == ()
    frozen = ('Acquire::Check-Date "false";',)
    assert options_in_containers(frozen) == frozen


def test_another_distribution_has_no_debian_mirror(machine: Machine) -> None:
    machine(TARGETS, distribution="ubuntu")
    assert find_mirror() is None


def test_empty_package_lists_name_the_command_that_fills_them(machine: Machine) -> None:
    machine("")
    with pytest.raises(MirrorUnusable, match="no package lists") as caught:
        find_mirror()
    assert caught.value.hint == "Run as root: apt-get update"


@pytest.mark.parametrize(
    "targets",
    [
        target("http://mirror.example/debian/", "sid"),
        target("http://vendor.example/apt/", "bookworm", origin="Vendor"),
    ],
    ids=["another suite", "a vendor's suite of that name"],
)
def test_sources_without_this_machines_suite_from_debian_are_refused(
    machine: Machine, targets: str
) -> None:
    machine(targets)
    with pytest.raises(MirrorUnusable, match="no Debian archive of bookworm"):
        find_mirror()


def test_a_list_of_mirrors_gives_its_first_address(machine: Machine, tmp_path: Path) -> None:
    listed = tmp_path / "mirrors/debian.list"
    listed.parent.mkdir()
    listed.write_text("# ours\n\nhttps://one.example/debian/\tpriority:1\nhttp://two.example/d\n")
    security = tmp_path / "mirrors/security.list"
    security.write_text("http://one.example/debian-security\n")
    machine(
        target(f"mirror+file:{listed}/", "bookworm")
        + target(f"mirror+file:{security}/", "bookworm-security")
    )
    assert find_mirror() == Mirror(
        "https://one.example/debian", "http://one.example/debian-security"
    )
    listed.write_text("# nothing\n")
    with pytest.raises(MirrorUnusable, match="names none"):
        find_mirror()


@pytest.mark.parametrize(
    "address", ["mirror://mirror.example/list", "cdrom://disc", "file:/srv/debian"]
)
def test_what_a_container_cannot_read_is_refused(machine: Machine, address: str) -> None:
    machine(target(address, "bookworm"))
    with pytest.raises(MirrorUnusable, match="cannot use") as caught:
        find_mirror()
    assert "[images] mirror" in caught.value.hint


def test_a_password_in_the_sources_is_refused_and_not_echoed(
    machine: Machine, tmp_path: Path
) -> None:
    address = f"https://user:{SECRET}@mirror.example/debian"
    listed = tmp_path / "mirrors.list"
    listed.write_text(f"{address}\n")
    for targets in (
        target(address, "bookworm"),
        MAIN + target(address, "bookworm-security"),
        target(f"mirror+file:{listed}", "bookworm"),
    ):
        machine(targets)
        with pytest.raises(MirrorUnusable, match="user and password") as caught:
            find_mirror()
        assert SECRET not in caught.value.message + caught.value.hint


def test_a_password_of_the_proxy_is_refused_and_not_echoed(machine: Machine) -> None:
    machine(TARGETS, options=f'Acquire::http::Proxy "http://user:{SECRET}@proxy.example:3128";\n')
    for find in (find_mirror, lambda: mirror_at("http://named.example/debian")):
        with pytest.raises(MirrorUnusable, match="proxy") as caught:
            find()
        assert SECRET not in caught.value.message + caught.value.hint


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
