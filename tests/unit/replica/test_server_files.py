"""The set-up script of a server, run by a real shell; its paths may be of a hostile bundle."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import tarfile
from pathlib import Path

import pytest

from sandbox.replica.containers import File
from sandbox.replica.server_files import SETUP, pack_settings
from sandbox.replica.servers.web_server import WebServer

NASTY = [
    "/etc/with space",
    "/etc/$(touch HACKED)",
    "/etc/`touch HACKED`",
    "/etc/;touch HACKED;",
    "/etc/'; touch HACKED; '",
    '/etc/"; touch HACKED; "',
    "/etc/\ntouch HACKED\n",
    "/etc/*",
    "/etc/-rf",
    "/etc/größe",
    "/etc/\\",
]
TOOLS = ("rm", "install", "ln", "nginx", "php-fpm", "start", "locale", "localedef")
_PLACES = {"/etc/default/locale": "locale.txt"}  # beside the command of that name
# What the script calls tells its arguments, with a byte of zero behind each.
TOLD = """#!/bin/sh
printf "%s\\0" "${0##*/}" "$@" >>"$TOLD"; printf "END\\0" >>"$TOLD"
[ "${0##*/}" != start ] || printf %s "${LC_ALL-}${LANG-}" >"$TOLD.lang"
"""


def server(**changed: object) -> WebServer:
    usual = {
        "name": "web1", "php": "8.2", "files": (), "removed": (), "release": "/srv/shop",
        "links": (), "folders": (), "logs": (), "user": "www-data", "time_zone": "", "locale": "",
        "port": 80,
    }  # fmt: skip
    return WebServer(**(usual | changed))  # type: ignore[arg-type]


def unpacked(packed: bytes) -> dict[str, tuple[bytes, int]]:
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        return {
            one.name: (file.read() if (file := archive.extractfile(one)) else b"", one.mode)
            for one in archive
        }


def run_setup(folder: Path, **changed: object) -> list[list[str]]:
    """Run a server's set-up script where it can do no harm; give the calls that it made."""
    script = unpacked(pack_settings(server(**changed)))[SETUP.lstrip("/")][0].decode()
    for path in ("/usr/local/bin/start", "/etc/timezone", "/etc/localtime", "/etc/default/locale"):
        script = script.replace(path, str(folder / _PLACES.get(path, Path(path).name)))
    for tool in TOOLS:
        (folder / tool).write_text(TOLD)
        (folder / tool).chmod(0o755)
    told = folder / "told"
    told.unlink(missing_ok=True)
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=folder,
        env={"LC_ALL": "", "LANG": "", "PATH": f"{folder}:{os.environ['PATH']}", "TOLD": str(told)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert not (folder / "HACKED").exists()
    calls = told.read_bytes().decode().split("\0END\0")
    return [one.split("\0") for one in calls if one]


@pytest.mark.parametrize("path", [path for path in NASTY if "\n" not in path])
def test_no_path_is_more_than_a_path(tmp_path: Path, path: str) -> None:
    calls = run_setup(
        tmp_path, removed=(path,), links=((f"{path}/link", path),), folders=(path,), user="www data"
    )
    assert calls[:4] == [
        ["rm", "-rf", path],
        ["install", "-d", path],
        ["ln", "-sfn", path, f"{path}/link"],
        ["install", "-d", "-o", "www data", path],
    ]
    assert calls[-1] == ["start"]


def test_a_line_end_in_a_path_begins_no_command(tmp_path: Path) -> None:
    calls = run_setup(tmp_path, removed=("/etc/\ntouch HACKED\n",))
    assert calls[0] == ["rm", "-rf", "/etc/\ntouch HACKED\n"]


def test_settings_are_checked_before_the_server_starts(tmp_path: Path) -> None:
    names = [one[0] for one in run_setup(tmp_path)]
    assert names[-1] == "start"
    assert set(names[:-1]) == {"nginx", "php-fpm"}


@pytest.mark.parametrize(("zone", "linked"), [("Europe/Berlin", True), ("No/Where'$(x)", False)])
def test_time_zone_is_linked_where_it_is_known(tmp_path: Path, zone: str, *, linked: bool) -> None:
    if linked and not Path("/usr/share/zoneinfo", zone).exists():
        pytest.skip("this machine knows no time zones")
    calls = run_setup(tmp_path, time_zone=zone)
    assert any(one[0] == "ln" for one in calls) is linked
    assert (tmp_path / "timezone").read_text() == f"{zone}\n"


@pytest.mark.parametrize(
    ("locale", "charset", "made"),
    [
        ("de_DE.UTF-8", "UTF-8", ["-i", "de_DE", "-f", "UTF-8"]),
        ("de_DE.utf8", "", ["-i", "de_DE", "-f", "UTF-8"]),
        ("de_DE@euro", "ISO-8859-15", ["-i", "de_DE@euro", "-f", "ISO-8859-15"]),
        ("sr_RS.UTF-8@latin", "UTF-8", ["-i", "sr_RS@latin", "-f", "UTF-8"]),
        ("de_DE.UTF-8", "ANSI_X3.4-1968", None),  # named in production, never installed there
        ("C", "ANSI_X3.4-1968", None),
        ("de_DE", "", None),
    ],
)
def test_locale_is_installed_and_everything_starts_in_it(
    tmp_path: Path, locale: str, charset: str, made: list[str] | None
) -> None:
    calls = run_setup(tmp_path, locale=locale, locale_charset=charset)
    assert [one[1:] for one in calls if one[0] == "localedef"] == (
        [["--no-archive", *made, locale]] if made else []
    )
    assert (tmp_path / "locale.txt").read_text() == f"LANG={locale}\n"
    assert (tmp_path / "told.lang").read_text() == locale


@pytest.mark.parametrize("locale", ["", *NASTY, "de_DE.UTF-8;touch HACKED", "$(touch HACKED)"])
def test_no_locale_is_more_than_a_name(tmp_path: Path, locale: str) -> None:
    calls = run_setup(tmp_path, locale=locale, locale_charset="'; touch HACKED; '")
    assert not [one for one in calls if one[0] == "localedef"]
    assert (tmp_path / "told.lang").read_text() == ""


def test_archive_holds_settings_but_for_those_of_the_release() -> None:
    files = (
        File("/etc/shop/local.ini", b"a = 1\n", 0o640),
        File("/srv/shop/application.ini", b"b = 2\n"),
        File("/srv/shop.ini", b""),
    )
    held = unpacked(pack_settings(server(files=files)))
    assert sorted(held) == ["etc/shop/local.ini", "srv/shop", "srv/shop.ini", SETUP.lstrip("/")]
    assert held["etc/shop/local.ini"] == (b"a = 1\n", 0o640)
    assert held[SETUP.lstrip("/")][1] & stat.S_IXUSR


@pytest.mark.parametrize("path", [*NASTY, f"/{'deep/' * 60}file.conf"])
def test_archive_keeps_names_as_they_are(path: str) -> None:
    held = unpacked(pack_settings(server(files=(File(path, b"x"),))))
    assert held[path.lstrip("/")][0] == b"x"
