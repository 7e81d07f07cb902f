"""The capture script on real web servers, whole and broken, as root and as anybody."""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from testcontainers.core.container import DockerContainer

import sandbox.capture
from sandbox.capture.archive import ServerCapture, read_archive
from sandbox.capture.configuration import mask_configuration
from sandbox.capture.requests import Signature, failing_requests
from sandbox.masking.segments import Allowed, fits
from sandbox.model import MaskedText
from servers import ImageOf, eventually, inside, running

SCRIPT = Path(sandbox.capture.__file__).with_name("capture.sh")

pytestmark = pytest.mark.docker

LOCAL = b"""; kept by ops
db.host = "db.example"
db.password = "kanarie"
"""
NGINX = b"""log_format own '$remote_addr [$time_local] "$request" $status $sent_http_x_request_id';
server {
    listen 80;
    root /srv/shop/current/public;
    access_log /var/log/nginx/shop.log own;
    include conf.d/more*.inc;
    location / { include fastcgi_params; fastcgi_pass unix:/run/php/php-fpm.sock;
        fastcgi_param SCRIPT_FILENAME /srv/shop/current/public/index.php; }
}
"""
INDEX = b"""<?php // secretcomment of Kanarie
$config = parse_ini_file('/etc/shop/local.ini');
header('X-Request-Id: 0123456789abcdef');
http_response_code(500);
$line = date('c') . " ERR [0123456789abcdef] GET /api/orders/4711 500 "
    . "Shop_Exception: no order in library/Late.php:3\\n";
file_put_contents('/var/log/shop/shop.log', $line, FILE_APPEND);
"""
LATE = b"""<?php class Shop_Late {}
define('DB_PASSWORD', 'kanarie');
$a = ['api_key' => "kanarie"];
$this->token = 'kanarie';
"""
APPLICATION = b"""[production]
resources.log.stream.writerParams.stream = APPLICATION_PATH "/../../../../../var/log/shop/shop.log"
resources.log.stream.formatterParams.format = "%timestamp% %priorityName% %message%" PHP_EOL
"""


def files(version: str) -> list[tuple[bytes, str, int]]:
    release = "/srv/shop/releases/7"
    return [
        (SCRIPT.read_bytes(), "/opt/capture.sh", 0o644),
        (LOCAL, "/etc/shop/local.ini", 0o644),
        (b"[hidden]\na = 1\n", "/etc/shop/hidden.ini", 0o600),
        (NGINX, "/etc/nginx/sites-enabled/default", 0o644),
        (b"gzip on;\n", "/etc/nginx/conf.d/more 1.inc", 0o644),
        (
            b"[x]\nerror_log = /var/log/php/own.log\n",
            f"/etc/php/{version}/fpm/conf.d/99-x.ini",
            0o644,
        ),
        (INDEX, f"{release}/public/index.php", 0o644),
        (LATE, f"{release}/library/Late.php", 0o644),
        (APPLICATION, f"{release}/application/configs/application.ini", 0o644),
        (b"7\n", f"{release}/VERSION", 0o644),
        (b"ref: refs/heads/main\n", f"{release}/.git/HEAD", 0o644),
        (b"a" * 40 + b" refs/heads/main\n", f"{release}/.git/packed-refs", 0o644),
        (b"picture", f"{release}/public/upload/Meier.png", 0o644),
    ]


@contextmanager
def server(image: str, version: str = "8.2", **options: Any) -> Iterator[DockerContainer]:
    with running(image, transferables=files(version), **options) as container:
        inside(
            container, "sh", "-c",
            "ln -s /srv/shop/releases/7 /srv/shop/current; chmod -R a+rX /srv /etc/shop; "
            "chmod 600 /etc/shop/hidden.ini; mkdir -p /var/log/shop /var/log/php; "
            "chown www-data /var/log/shop; install -m 600 /dev/null /var/log/php/own.log; "
            # It is still starting: what it makes then is no work of the script.
            "timeout 60 sh -c 'until [ -S /run/php/php-fpm.sock ]; do sleep 0.1; done'",
        )  # fmt: skip
        yield container


def run(
    container: DockerContainer,
    *options: str,
    user: str = "root",
    environment: dict[str, str] | None = None,
) -> tuple[int, bytes, str]:
    """Run the script with the archive on standard output; give exit code, archive, what it said."""
    code, output = container.get_wrapped_container().exec_run(
        ["sh", "/opt/capture.sh", "-o", "-", *options],
        user=user, demux=True, workdir="/", environment=environment or {},
    )  # fmt: skip
    assert isinstance(output, tuple)
    return int(code or 0), output[0] or b"", (output[1] or b"").decode()


def captured(folder: Path, archive: bytes) -> ServerCapture:
    path = folder / "web.tar.gz"
    path.write_bytes(archive)
    return read_archive(path)


def state_of(container: DockerContainer) -> str:
    """List every file with its size and change time, and every folder.

    Times of folders are left out: the first file in a folder of an image changes those above it.
    """
    return inside(
        container, "sh", "-c",
        "find / -xdev \\( -path /proc -o -path /sys -o -path /dev \\) -prune -o"
        " -type d -printf '%p %m %u\\n' -o -printf '%p %s %T@ %m %u\\n' | sort",
    )  # fmt: skip


def serve_one_failure(container: DockerContainer) -> None:
    def served() -> bool:
        request = "GET /api/orders/4711 HTTP/1.0\\r\\n\\r\\n"
        asked = f"exec 3<>/dev/tcp/127.0.0.1/80; printf '{request}' >&3; cat <&3"
        code, said = container.get_wrapped_container().exec_run(["bash", "-c", asked])
        return code == 0 and b" 500 " in said

    eventually(served)


@pytest.mark.parametrize(
    "version",
    [
        pytest.param("7.4", marks=pytest.mark.heavy),
        "8.2",
        pytest.param("8.4", marks=pytest.mark.heavy),
    ],
)
def test_as_root_everything_is_seen_and_nothing_is_changed(
    image_of: ImageOf, tmp_path: Path, version: str
) -> None:
    with server(image_of("php", version), version) as container:
        serve_one_failure(container)
        before = state_of(container)
        code, archive, said = run(container, "--name", "web1")
        assert state_of(container) == before
    capture = captured(tmp_path, archive)
    assert (code, capture.name) == (0, "web1")
    assert capture.missing == (
        "php-fpm: its settings were read from files; the running process was not asked",
    )
    assert all(f"not seen: {one}\n" in said for one in capture.missing)
    facts = capture.facts
    assert facts["php.cli.version"].startswith(f"{version}.")
    assert facts["php.fpm.version"].startswith(f"{version}.")
    assert facts["nginx.version"][0].isdigit()
    assert (facts["release.path"], facts["release.VERSION"], facts["release.git"]) == (
        "/srv/shop/releases/7", "7", "a" * 40,
    )  # fmt: skip
    assert capture.extensions["Core"].startswith(f"{version}.")
    assert b"memory_limit = " in capture.php_settings
    assert {"PATH"} <= set(capture.environment)
    assert (facts["locale"], facts["locale.charset"]) == ("C.UTF-8", "UTF-8")
    assert set(capture.files) >= {
        "/etc/nginx/nginx.conf", "/etc/nginx/sites-enabled/default", "/etc/nginx/conf.d/more 1.inc",
        f"/etc/php/{version}/fpm/php.ini", f"/etc/php/{version}/fpm/pool.d/www.conf",
        f"/etc/php/{version}/fpm/conf.d/99-x.ini", "/etc/shop/local.ini",
        "/srv/shop/releases/7/application/configs/application.ini",
    }  # fmt: skip
    assert set(capture.release) == {
        "VERSION", "public/index.php", "library/Late.php", "application/configs/application.ini",
    }  # fmt: skip
    assert {"Shop_Late", "order", "orders", "resources"} <= capture.vocabulary
    assert capture.vocabulary.isdisjoint({"secretcomment", "Kanarie", "kanarie", "Meier"})
    # While php-fpm was starting nginx may have answered 502.
    (failing,) = (one for one in failing_requests([capture]) if one.signature.status == 500)
    assert failing.signature == Signature(500, "Shop_Exception", "library/Late.php:3")
    assert (failing.method, failing.url) == ("GET", "/api/orders/4711")


def test_as_anybody_it_says_what_it_could_not_see(image_of: ImageOf, tmp_path: Path) -> None:
    with server(image_of("php")) as container:
        serve_one_failure(container)
        code, archive, said = run(
            container,
            "--config",
            "/etc/shop/hidden.ini",
            "--config",
            "/etc/none.ini",
            user="nobody",
        )
    capture = captured(tmp_path, archive)
    assert code == 0
    assert set(capture.missing) == {
        "php-fpm: names in its environment, but for env[...] of its pools",
        "php-fpm: its settings were read from files; the running process was not asked",
        "/etc/shop/hidden.ini: no right to read it",
        "/etc/none.ini: this file is not there, or not visible",
        "/var/log/php/own.log: no right to read it",
    }
    assert all(f"not seen: {one}\n" in said for one in capture.missing)
    assert capture.files["/etc/shop/local.ini"] == LOCAL
    assert {one.url for one in failing_requests([capture])} == {"/api/orders/4711"}


def test_secrets_of_the_environment_and_of_processes_stay_where_they_are(
    image_of: ImageOf, tmp_path: Path
) -> None:
    environment = {
        "DB_PASSWORD": "kanarie-env", "TWO": "a\nLINES=kanarie-env", "LC_ALL": "",
        "LANG": "de_DE.UTF-8",
    }  # fmt: skip
    with server(image_of("php"), environment=environment) as container:
        serve_one_failure(container)
        container.get_wrapped_container().exec_run(["sleep", "987654"], detach=True)
        _, archive, said = run(container, environment={"MY_TOKEN": "kanarie-env"})
    capture = captured(tmp_path, archive)
    assert {"DB_PASSWORD", "TWO"} <= set(capture.environment)
    assert "LINES" not in capture.environment
    # php-fpm was started under it, and it is not installed: programs fall back to C.
    locale = capture.facts["locale"], capture.facts["locale.charset"]
    assert locale == ("de_DE.UTF-8", "ANSI_X3.4-1968")
    unpacked = b"".join(contents(tmp_path / "web.tar.gz"))
    for secret in (b"kanarie-env", b"987654"):
        assert secret not in unpacked
        assert secret.decode() not in said

    def mask(_text: bytes, _kind: str) -> MaskedText:
        return MaskedText(b"")

    left = mask_configuration(capture, mask)
    assert left.left_out == ("/etc/nginx/conf.d/more 1.inc",)
    assert not fits(b"/etc/nginx/conf.d/more 1.inc", Allowed.PATH)
    assert not any(b"kanarie" in text.content for text in left.files.values())
    assert b'db.password = "@secret:db.password:password:1-8@"' in (
        left.files["/etc/shop/local.ini"].content
    )


def contents(path: Path) -> Iterator[bytes]:
    with tarfile.open(path) as archive:
        for member in archive:
            if opened := archive.extractfile(member):
                yield opened.read()


def test_logs_end_where_they_are_asked_to_and_rotated_ones_come_if_they_are_new(
    image_of: ImageOf, tmp_path: Path
) -> None:
    prepare = (
        "cd /var/log/nginx; yes line | head -c 3000000 > shop.log; echo last >> shop.log;"
        "echo one > shop.log.1; echo two | gzip > shop.log.2.gz;"
        "touch -d '3 days ago' shop.log.2.gz;"
        "echo three > 'odd name.log'"
    )
    with server(image_of("php")) as container:
        inside(container, "sh", "-c", prepare)
        _, archive, _ = run(container, "--max-log-mb", "1")
        logs = captured(tmp_path, archive).logs
        assert logs["/var/log/nginx/shop.log"].size == 1024**2
        assert list(logs["/var/log/nginx/shop.log"].lines())[-1] == b"last"
        assert list(logs["/var/log/nginx/shop.log.1"].lines()) == [b"one"]
        assert "/var/log/nginx/shop.log.2.gz" not in logs
        options = ("--since", "100", "--log", "/var/log/nginx/shop.log")
        _, archive, _ = run(container, *options, "--log", "/var/log/nginx/odd name.log")
        logs = captured(tmp_path, archive).logs
        assert list(logs["/var/log/nginx/shop.log.2.gz"].lines()) == [b"two"]
        assert set(logs) == {
            "/var/log/nginx/shop.log", "/var/log/nginx/shop.log.1", "/var/log/nginx/shop.log.2.gz",
            "/var/log/nginx/odd name.log",
        }  # fmt: skip


def test_a_broken_server_gives_a_partial_capture(image_of: ImageOf, tmp_path: Path) -> None:
    breaking = (
        "rm -f /usr/bin/php* /etc/alternatives/php; rm -rf /etc/nginx; chmod 700 /srv;"
        "chmod 600 /var/log/shop /var/log/nginx; rm -f /etc/os-release /etc/localtime"
    )
    with running(
        image_of("php"), transferables=files("8.2"), entrypoint="sleep 600", command=""
    ) as container:
        inside(container, "sh", "-c", breaking)
        for user in ("nobody", "root"):
            code, archive, _ = run(container, "--app", "/srv/shop/none", user=user)
            capture = captured(tmp_path, archive)
            assert code == 0
            assert set(capture.missing) >= {
                "nginx: its settings",
                "php: there is no php to ask, so no list of extensions and of settings in force",
                "php-fpm: no running master process; its settings are those of the usual places",
                "the release: which folder it is (give it with --app)",
            }, user
            assert "/etc/php/8.2/fpm/php.ini" in capture.files
            assert capture.facts["system.kernel"].startswith("Linux ")


def test_settings_that_lead_outside_do_not_let_the_script_write_there(
    image_of: ImageOf, tmp_path: Path
) -> None:
    hostile = (
        b"include ../../../../../../../../etc/hostname;\ninclude $(touch /home/owned);\n"
        b"include `touch /home/owned`;\nerror_log ../../../home/owned; access_log '/tmp/a b;c';\n"
    )
    with server(image_of("php")) as container:
        container.get_wrapped_container()
        inside(
            container,
            "sh",
            "-c",
            f"cat > /etc/nginx/sites-enabled/default <<'X'\n{hostile.decode()}X",
        )
        before = state_of(container)
        code, archive, _ = run(container)
        assert state_of(container) == before
    capture = captured(tmp_path, archive)
    assert code == 0
    assert "/etc/hostname" in capture.files


@pytest.fixture(scope="module")
def container(image_of: ImageOf) -> Iterator[DockerContainer]:
    """Give one server for the tests that only look at what the script writes."""
    with server(image_of("php")) as running_server:
        yield running_server


class TestOutput:
    def test_is_one_file_for_its_owner_only(self, container: DockerContainer) -> None:
        inside(
            container,
            "sh",
            "-c",
            "umask 000; mkdir /home/o; cd /home/o; sh /opt/capture.sh -o a.tgz",
        )
        assert inside(container, "stat", "-c", "%a %n", "/home/o/a.tgz") == "600 /home/o/a.tgz\n"
        assert inside(container, "ls", "-A", "/home/o") == "a.tgz\n"

    def test_comes_through_a_pipe_as_over_ssh(
        self, container: DockerContainer, tmp_path: Path
    ) -> None:
        result = container.get_wrapped_container().exec_run(
            ["sh", "-c", "sh -s -- -o - --name piped < /opt/capture.sh"], demux=True
        )
        assert isinstance(result.output, tuple)
        capture = captured(tmp_path, result.output[0])
        assert (capture.name, capture.facts["release.VERSION"]) == ("piped", "7")

    def test_never_replaces_a_file(self, container: DockerContainer) -> None:
        inside(
            container,
            "sh",
            "-c",
            "mkdir /home/p; echo kept > /home/p/a; ln -s /home/none /home/p/b",
        )
        for name in ("a", "b"):
            code, said = container.get_wrapped_container().exec_run(
                ["sh", "/opt/capture.sh", "-o", f"/home/p/{name}"]
            )
            assert (code, b"OUT is there already" in said) == (2, True)
        assert inside(container, "cat", "/home/p/a") == "kept\n"

    def test_leaves_nothing_when_it_is_interrupted(self, container: DockerContainer) -> None:
        # Reading a pipe that nobody writes to keeps it busy.
        inside(
            container, "sh", "-c",
            "mkdir /home/q; cd /home/q; mkdir bin; printf '#!/bin/sh\\nsleep 30\\n' > bin/hostname;"
            "chmod +x bin/hostname; cp bin/hostname bin/nginx; PATH=/home/q/bin:$PATH;"
            "timeout -s INT 2 sh /opt/capture.sh -o a.tgz --name x || true",
        )  # fmt: skip
        assert inside(container, "ls", "-A", "/home/q") == "bin\n"

    @pytest.mark.parametrize(
        "options",
        [["--what", "1"], ["--log"], ["--since", "x"], ["--since", "08"], ["--max-log-mb", ""]],
    )
    def test_refuses_options_that_it_does_not_know(
        self, container: DockerContainer, options: list[str]
    ) -> None:
        code, archive, said = run(container, *options)
        assert (code, archive) == (2, b"")
        assert said.startswith("capture: ")

    def test_fails_where_it_cannot_write(self, container: DockerContainer) -> None:
        code, said = container.get_wrapped_container().exec_run(
            ["sh", "/opt/capture.sh", "-o", "/root/a.tgz"], user="nobody"
        )
        assert code == 1
        assert b"Permission denied" in said


def test_the_script_can_be_read_in_five_minutes() -> None:
    text = SCRIPT.read_text()
    assert len(text.splitlines()) < 250
    assert "\t" not in text  # the command line prints it, and terminals make spaces of tabs
    for word in ("READS", "NEVER", "RUNS", "WRITES", "COSTS", "RIGHTS"):
        assert f"\n# {word} " in text
    subprocess.run(["sh", "-n", SCRIPT], check=True)
