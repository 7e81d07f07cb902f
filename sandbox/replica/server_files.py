"""What a web server of the replica gets before it starts: its settings, and how to set itself up.

Nothing of it becomes an image: a server is the image of its PHP version, and files that are put
into its container. A trial with other code puts other files into another container.
"""

from __future__ import annotations

import io
import shlex
import tarfile
from collections.abc import Iterable
from pathlib import Path

from sandbox.replica.containers import File
from sandbox.replica.servers.settings_files import check_commands
from sandbox.replica.servers.web_server import WebServer

SETUP = "/usr/local/lib/sandbox/setup"


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
