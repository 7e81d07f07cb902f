"""Commands in containers with a terminal, with pipes, with bytes at their ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from sandbox.replica.containers import Container, ContainerSpec, start_container
from sandbox.replica.engine import Engine
from sandbox.replica.terminal_exec import Captured, Command, run_with
from servers import ImageOf, eventually

pytestmark = pytest.mark.docker

PROGRAM = """
import fcntl, os, signal, sys, termios
if os.isatty(0):  # without it for its own nobody tells of a change of the window's size
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from sandbox.cli.app import Terminated
def end(*_):
    raise Terminated
signal.signal(signal.SIGTERM, end)
from sandbox.replica.containers import find_container
from sandbox.replica.engine import connect_engine
from sandbox.replica.terminal_exec import Command, run_here
with connect_engine() as engine:
    container = find_container(engine, sys.argv[1])
    sys.exit(run_here(engine, container, Command(tuple(sys.argv[2:]), folder="/srv")))
"""


@pytest.fixture(scope="module")
def container(engine: Engine, image_of: ImageOf) -> Iterator[Container]:
    """Run a container in which nothing happens."""
    spec = ContainerSpec(
        name=f"test-exec-{uuid.uuid4().hex[:8]}",
        image=image_of("php"),
        network="bridge",
        command=("sleep", "600"),
    )
    started = start_container(engine, spec)
    try:
        yield started
    finally:
        started.remove()


@dataclass
class AtTerminal:
    """A process of ours that has a terminal, seen from its other end."""

    process: subprocess.Popen[bytes]
    master: int
    slave: int
    seen: bytes = b""

    def type(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def sees(self, text: bytes) -> bool:
        while select.select([self.master], [], [], 0.05)[0]:
            self.seen += os.read(self.master, 65536)
        return text in self.seen

    def settings(self) -> list[int]:
        return [one for one in termios.tcgetattr(self.slave) if isinstance(one, int)]


@contextlib.contextmanager
def at_terminal(container: Container, *command: str) -> Iterator[AtTerminal]:
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 101, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, container.name, *command],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    try:
        yield AtTerminal(process, master, slave)
    finally:
        process.kill()
        process.wait()
        os.close(master)
        os.close(slave)


def test_output_errors_and_exit_code_come_apart(engine: Engine, container: Container) -> None:
    command = Command(("sh", "-c", "echo yes; echo no >&2; exit 7"))
    # What a quick command prints may come with the engine's answer: it was lost now and then.
    for _ in range(20):
        assert run_with(engine, container, command) == Captured(7, b"yes\n", b"no\n")


def test_bytes_go_through_in_both_directions_at_once(engine: Engine, container: Container) -> None:
    given = os.urandom(3_000_000)
    assert run_with(engine, container, Command(("cat",)), given=given) == Captured(0, given, b"")


def test_command_that_does_not_read_its_input_ends_all_the_same(
    engine: Engine, container: Container
) -> None:
    given = os.urandom(3_000_000)
    assert run_with(engine, container, Command(("true",)), given=given) == Captured(0, b"", b"")


def test_user_folder_and_variables_are_the_commands(engine: Engine, container: Container) -> None:
    command = Command(
        ("sh", "-c", 'echo "$(id -un) $(pwd) $ONE"'), "www-data", "/srv", {"ONE": "1"}
    )
    assert run_with(engine, container, command).output == b"www-data /srv 1\n"


def test_pipes_are_passed_through(container: Container) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, container.name, "sh", "-c", "cat; pwd; pwd >&2; exit 5"],
        input=b"given\n",
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (5, b"given\n/srv\n", b"/srv\n")


def test_terminal_has_our_size_and_takes_keys_as_they_come(container: Container) -> None:
    with at_terminal(container, "bash", "--norc") as terminal:
        before = terminal.settings()
        eventually(lambda: terminal.sees(b"# "))
        terminal.type(b"stty size\r")
        eventually(lambda: terminal.sees(b"33 101"))
        fcntl.ioctl(terminal.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 44, 122, 0, 0))
        time.sleep(0.5)
        terminal.type(b"stty size\r")
        eventually(lambda: terminal.sees(b"44 122"))
        # Ctrl-C is the command's, not ours; Ctrl-P, of which the engine makes much, too.
        terminal.type(b"sleep 100\r")
        eventually(lambda: terminal.sees(b"sleep 100"))
        time.sleep(0.3)
        terminal.type(b"\x03")
        terminal.type(b"echo a$((6*7))b\r")
        eventually(lambda: terminal.sees(b"a42b"))
        terminal.seen = b""
        terminal.type(b"\x10\r")
        eventually(lambda: terminal.sees(b"a42b"))
        terminal.type(b"exit 9\r")
        assert terminal.process.wait(30) == 9
        assert terminal.settings() == before


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_terminal_is_given_back_when_the_process_is_ended(
    container: Container, ending: signal.Signals
) -> None:
    with at_terminal(container, "bash", "--norc") as terminal:
        before = terminal.settings()
        eventually(lambda: terminal.sees(b"# "))
        assert terminal.settings() != before
        terminal.process.send_signal(ending)
        assert terminal.process.wait(30) != 0
        assert terminal.settings() == before


def test_terminal_is_given_back_when_the_container_goes(
    engine: Engine, container: Container
) -> None:
    spec = ContainerSpec(
        name=f"{container.name}-gone",
        image=engine.client.containers.get(container.name).attrs["Config"]["Image"],
        network="bridge",
        command=("sleep", "600"),
    )
    going = start_container(engine, spec)
    try:
        with at_terminal(going, "bash", "--norc") as terminal:
            before = terminal.settings()
            eventually(lambda: terminal.sees(b"# "))
            going.remove()
            assert terminal.process.wait(60) != 0
            assert terminal.settings() == before
    finally:
        going.remove()
