"""What a web server of the replica gets before it starts: its settings, and how to set itself up.

Nothing of it becomes an image: a server is the image of its PHP version, and files that are put
into its container. A trial with other code puts other files into another container.
"""

from __future__ import annotations

import io
import re
import shlex
import tarfile
from collections.abc import Iterable
from pathlib import Path

from sandbox.replica.containers import File
from sandbox.replica.servers.settings_files import check_commands
from sandbox.replica.servers.web_server import WebServer

SETUP = "/usr/local/lib/sandbox/setup"
# language, character set and variant of a locale: sr_RS.UTF-8@latin.
_LOCALE = re.compile(r"([A-Za-z_]{1,20})(?:\.([A-Za-z0-9-]{1,20}))?(@[a-z]{1,20})?")
# What `locale charmap` says of C, and so of every locale that is not installed.
_CHARSET_OF_C = "ANSI_X3.4-1968"


def pack_settings(server: WebServer) -> bytes:
    """Pack a server's settings, its release's folder and its set-up script, to unpack at /.

    Settings in the release come with the code.
    """
    packed = io.BytesIO()
    outside = (one for one in server.files if not one.path.startswith(f"{server.release}/"))
    files = (*outside, File(SETUP, _setup(server).encode(), 0o755))
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for file in files:
            entry = tarfile.TarInfo(file.path.lstrip("/"))
            entry.size, entry.mode = len(file.content), file.mode
            archive.addfile(entry, io.BytesIO(file.content))
        release = tarfile.TarInfo(server.release.lstrip("/"))
        release.type, release.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(release)
    return packed.getvalue()


def _setup(server: WebServer) -> str:
    """Write the script that a server runs first; it may run again after a restart of the engine."""
    steps = [
        "set -eu",
        *(f"rm -rf {shlex.quote(path)}" for path in server.removed),
        *_links(server.links),
        *(
            f"install -d -o {shlex.quote(server.user)} {shlex.quote(folder)}"
            for folder in server.folders
        ),
        *_time_zone(server.time_zone),
        *_locale(server.locale, server.locale_charset),
        # What nginx or php-fpm has to say against the settings is the last that the log holds.
        *(shlex.join(command) for command in check_commands(server)),
        "exec /usr/local/bin/start",
    ]
    return "#!/bin/sh\n" + "\n".join(steps) + "\n"


def _links(links: Iterable[tuple[str, str]]) -> Iterable[str]:
    for path, target in links:
        yield f"install -d {shlex.quote(str(Path(path).parent))}"
        yield f"ln -sfn {shlex.quote(target)} {shlex.quote(path)}"


def _time_zone(name: str) -> Iterable[str]:
    if name:
        zone = shlex.quote(f"/usr/share/zoneinfo/{name}")
        yield f"if [ -e {zone} ]; then ln -sfn {zone} /etc/localtime; fi"
        yield f"echo {shlex.quote(name)} > /etc/timezone"


def _locale(name: str, charset: str) -> Iterable[str]:
    """Install the locale that production has, and start under it.

    A locale that production names but never installed stays uninstalled: programs fall back to C
    there, and so they do here. That one could not be made is for the fidelity statement to tell.
    """
    parts = _LOCALE.fullmatch(name)
    if not parts:
        return
    language, named, variant = (part or "" for part in parts.groups())
    charset = charset or ("UTF-8" if named.lower() in ("utf8", "utf-8") else named)
    if charset not in ("", _CHARSET_OF_C):
        source, made_in = shlex.quote(language + variant), shlex.quote(charset)
        yield (
            f'if [ "$(LC_ALL={name} locale charmap 2>/dev/null)" != {made_in} ]; then '
            f"localedef --no-archive -i {source} -f {made_in} {name} >&2 || true; fi"
        )
    yield f"echo LANG={name} > /etc/default/locale"
    yield "unset LC_ALL"  # the image has one, and it would count for more
    yield f"export LANG={name}"
