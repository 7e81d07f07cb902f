"""`scripts/setup.sh` on machines that lack things: one list, or one installation, whoever runs it.

The machine is a folder of stand-ins that is the whole PATH; nothing outside it is touched.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
ORDINARY = (
    "bash", "basename", "cat", "cut", "dirname", "env", "grep", "head", "mktemp", "readlink", "rm",
    "seq", "sha256sum", "sleep", "tail",
)  # fmt: skip
WORKS = "exit 0"
# Which Python it is can be asked; modules and headers it has none.
BARE_PYTHON = 'case "$*" in *version_info*) exit 0 ;; *) exit 1 ;; esac'
on_debian = pytest.mark.skipif(
    not Path("/etc/debian_version").exists(), reason="installs on Debian only"
)


@dataclass(frozen=True)
class Machine:
    """A machine made of stand-ins.

    Attributes:
        repository: A copy of what the script needs of the repository.
        programs: Its PATH.
        calls: What its apt-get, setsid and systemctl were called with.
    """

    repository: Path
    programs: Path
    calls: Path

    def have(self, **programs: str) -> None:
        for name, script in programs.items():
            file = self.programs / name.replace("_", "-")
            file.write_text(f"#!/bin/sh\n{script}\n")
            file.chmod(0o755)

    def have_fresh_environment(self, script: str = WORKS) -> None:
        """Have a virtual environment that is as the lock file says; its Python is a stand-in."""
        python = self.repository / ".venv/bin/python"
        python.parent.mkdir(parents=True)
        python.write_text(f"#!/bin/sh\n{script}\n")
        python.chmod(0o755)
        wanted = (self.repository / "requirements.lock").read_bytes()
        wanted += (self.repository / "pyproject.toml").read_bytes()
        (self.repository / ".venv/.installed-from").write_text(hashlib.sha256(wanted).hexdigest())

    def set_up(
        self, *arguments: str, more: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": str(self.programs),
            "SYSTEM_PATH": "",
            "DOCKER_SOCKET": str(self.repository / "no.sock"),
            "DOCKERD_LOG": str(self.repository / "dockerd.log"),
            "HOME": str(self.repository),
            **(more or {}),
        }
        return subprocess.run(
            [self.programs / "bash", "scripts/setup.sh", *arguments],
            cwd=self.repository,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def called(self) -> list[str]:
        return self.calls.read_text().splitlines() if self.calls.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    repository, programs = tmp_path / "repository", tmp_path / "programs"
    (repository / "scripts").mkdir(parents=True)
    programs.mkdir()
    shutil.copy(ROOT / "scripts/setup.sh", repository / "scripts/setup.sh")
    (repository / "requirements.lock").write_text("a\n")
    (repository / "pyproject.toml").write_text("b\n")
    for name in ORDINARY:
        found = shutil.which(name)
        assert found is not None, name
        (programs / name).symlink_to(found)
    made = Machine(repository, programs, tmp_path / "calls")
    log = f'echo "${{0##*/}} $*" >> {made.calls}'
    made.have(
        apt_get=f'case "$1" in indextargets) echo there; exit 0 ;; esac; {log}',
        setsid=log,
        systemctl=log,
    )
    return made


def as_root(machine: Machine) -> None:
    machine.have(id="echo 0")


def as_somebody(machine: Machine) -> None:
    machine.have(id="echo 1000")


def have_everything(machine: Machine) -> None:
    machine.have(
        python3=WORKS, pkg_config=WORKS, gcc=WORKS, git=WORKS, dockerd=WORKS, mmdebstrap=WORKS
    )


ALL_OF_IT = [
    "  python3 (Python 3.11 or newer)",
    "  python3-venv (virtual environments)",
    "  pkg-config libmariadb-dev (building mysqlclient)",
    "  gcc libc6-dev (building mysqlclient)",
    "  python3-dev (building mysqlclient)",
    "  git (the demo's builds are git commits)",
    "  docker.io iptables (a Docker engine)",
    "  mmdebstrap (base images where no registry answers)",
]


def without_apparmor(lines: list[str]) -> list[str]:
    """Leave out what depends on the kernel that the test runs on."""
    return [line for line in lines if "apparmor" not in line]


@on_debian
def test_without_root_everything_missing_is_one_list(machine: Machine) -> None:
    as_somebody(machine)
    done = machine.set_up()
    assert done.returncode == 1
    first, *listed, hint = done.stderr.splitlines()
    assert first.startswith("error: this machine lacks the following")
    assert without_apparmor(listed) == ALL_OF_IT
    assert hint.startswith("hint: install these")
    assert machine.called() == []


@on_debian
def test_root_installs_everything_missing_in_one_go(machine: Machine) -> None:
    as_root(machine)
    done = machine.set_up()
    update, install = machine.called()
    assert update == "apt-get update -qq"
    packages = " ".join(line.partition(" (")[0].strip() for line in ALL_OF_IT)
    assert install.replace(" apparmor", "").endswith(f"--no-install-recommends {packages}")
    # This apt-get installs nothing: that there is no Python afterwards is the next thing said.
    assert (done.returncode, "no Python 3.11 or newer" in done.stderr) == (1, True)


@on_debian
def test_an_installation_that_fails_shows_its_last_lines(machine: Machine) -> None:
    as_root(machine)
    machine.have(apt_get='case "$1" in update) ;; *) echo "E: mirror gone" >&2; exit 100 ;; esac')
    done = machine.set_up()
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "E: mirror gone"
    assert "hint: run apt-get update" in done.stderr


def test_a_python_without_venv_and_headers_is_named_with_its_packages(machine: Machine) -> None:
    as_somebody(machine)
    have_everything(machine)
    machine.have(python3=BARE_PYTHON)
    done = machine.set_up("python")
    assert done.returncode == 1
    assert done.stderr.splitlines()[1:-1] == [
        "  python3-venv (virtual environments)",
        "  python3-dev (building mysqlclient)",
    ]


def test_without_docker_only_docker_is_named(machine: Machine) -> None:
    as_somebody(machine)
    have_everything(machine)
    (machine.programs / "dockerd").unlink()
    done = machine.set_up()
    assert done.returncode == 1
    assert without_apparmor(done.stderr.splitlines()[1:-1]) == [
        "  docker.io iptables (a Docker engine)"
    ]


@pytest.mark.parametrize(
    "elsewhere", [{"DOCKER_HOST": "tcp://127.0.0.1:1"}, {"DOCKER_CONTEXT": "desktop"}]
)
def test_an_engine_that_is_elsewhere_is_not_installed(
    machine: Machine, elsewhere: dict[str, str]
) -> None:
    as_somebody(machine)
    have_everything(machine)
    (machine.programs / "dockerd").unlink()
    machine.have_fresh_environment()
    assert machine.set_up(more=elsewhere).returncode == 0


@on_debian
def test_what_is_needed_in_some_places_only_stops_nobody(machine: Machine) -> None:
    as_somebody(machine)
    have_everything(machine)
    (machine.programs / "mmdebstrap").unlink()
    machine.have_fresh_environment()
    done = machine.set_up()
    assert (done.returncode, done.stderr) == (0, "")
    assert "not installed: mmdebstrap" in done.stdout


def test_what_is_there_is_left_alone(machine: Machine) -> None:
    as_root(machine)
    have_everything(machine)
    machine.have_fresh_environment()
    done = machine.set_up()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert machine.called() == []


@on_debian
@pytest.mark.skipif(Path("/run/systemd/system").exists(), reason="systemd starts it then")
def test_root_starts_an_engine_in_a_session_of_its_own(machine: Machine) -> None:
    as_root(machine)
    have_everything(machine)
    # The engine answers once something was started.
    machine.have_fresh_environment(f"test -e {machine.calls}")
    done = machine.set_up()
    assert (done.returncode, done.stderr) == (0, "")
    assert machine.called() == ["setsid dockerd"]


def test_without_root_a_stopped_engine_is_only_named(machine: Machine) -> None:
    as_somebody(machine)
    have_everything(machine)
    machine.have_fresh_environment("exit 1")
    done = machine.set_up()
    assert done.returncode == 1
    assert "only root can start one from here" in done.stderr
    assert machine.called() == []


def test_an_engine_that_may_not_be_used_is_not_started_again(machine: Machine) -> None:
    as_root(machine)
    have_everything(machine)
    machine.have_fresh_environment(
        'case "$*" in *--quiet*) ;; *) echo "error: why" >&2 ;; esac; exit 3'
    )
    done = machine.set_up()
    assert (done.returncode, done.stderr) == (1, "error: why\n")
    assert machine.called() == []


@on_debian
def test_root_fills_package_lists_that_are_empty(machine: Machine) -> None:
    as_root(machine)
    have_everything(machine)
    machine.have_fresh_environment()
    machine.have(apt_get=f'test "$1" = indextargets || echo "$*" >> {machine.calls}')
    assert machine.set_up().returncode == 0
    assert machine.called() == ["update -qq"]


def test_an_engine_is_asked_the_way_the_command_asks_it(tmp_path: Path) -> None:
    """The script and the command agree on where the engine is."""
    (tmp_path / "sandbox.toml").write_text('[engine]\nhost = "unix:///nonexistent/named.sock"\n')
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/ask_engine.py"],
        cwd=tmp_path,
        env={**os.environ, "DOCKER_HOST": "unix:///nonexistent/environment.sock"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "no Docker engine answers at unix:///nonexistent/named.sock." in done.stderr
