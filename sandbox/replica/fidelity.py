"""Say in what a sandbox is not as production: its running servers are captured, and compared.

The same script that ran on production runs in the replica, and the same code reads what it gives.
So the statement is about what runs, not about what was planned. What neither side tells is no
difference, and is not claimed to be the same either.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path

from sandbox.bundle.manifest import Manifest
from sandbox.capture.archive import ServerCapture, read_archive
from sandbox.errors import StackError
from sandbox.replica.containers import Container, File
from sandbox.replica.scratch import scratch_folder
from sandbox.replica.servers.captured import CapturedServer
from sandbox.replica.servers.web_server import WebServer
from sandbox.replica.state import Difference

_SCRIPT = "/run/capture.sh"
_ARCHIVE = "/run/capture.tar.gz"
_PLACEHOLDER = "@secret:"
# Facts that say what a server runs on; the others say when and by whom it was captured.
_FACTS = {
    "php.fpm.version": "php-fpm",
    "php.cli.version": "php (command line)",
    "nginx.version": "nginx",
    "time.zone": "time zone",
    "locale": "locale",
    "locale.charset": "character set of the locale",
    "release.VERSION": "release",
}
_SETTING = re.compile(r'^([A-Za-z0-9_.]+) = "(.*)"$', re.MULTILINE)
# Whatever they say, it is the script's own doing, or the path of this one run.
_OWN_SETTINGS = frozenset({"cli.pager", "cli.prompt"})
_SHOWN_FILES = 5


def capture_server(container: Container, server: WebServer) -> ServerCapture:
    """Capture a web server of the replica, as production's was.

    Raises:
        StackError: The script did not do its work.
        CaptureInvalid: What it wrote is no capture.
    """
    script = files("sandbox.capture").joinpath("capture.sh").read_bytes()
    container.put([File(_SCRIPT, script, 0o755)])
    container.must_run(
        ["sh", _SCRIPT, "-o", _ARCHIVE, "--name", server.name, "--app", server.release]
    )
    archive = container.read(_ARCHIVE)
    container.must_run(["rm", "-f", _SCRIPT, _ARCHIVE])
    if not archive:
        raise StackError(f"the capture of {container.name} came to nothing.")
    with tempfile.TemporaryDirectory(dir=scratch_folder()) as folder:
        place = Path(folder) / "capture.tar.gz"
        place.write_bytes(archive)
        return read_archive(place)


def compare_server(production: CapturedServer, here: ServerCapture) -> tuple[Difference, ...]:
    """Give every difference between a server of production and what stands for it here."""
    where = production.name
    return tuple(
        Difference(where=where, what=what, production=there, here=mine, why=why)
        for what, there, mine, why in (
            *_system(production.facts, here.facts),
            *_facts(production.facts, here.facts),
            *_extensions(production.extensions, here.extensions),
            *_settings(production.php_settings, here.php_settings),
            *_release(production, here),
        )
    )


def compare_data(manifest: Manifest) -> Iterator[Difference]:
    """Say what of the data is not as in production: what a sample and its masking took away."""
    sampled = [
        table
        for table in manifest.tables
        if table.rows_in_source is not None and table.rows_in_source > table.rows
    ]
    if sampled:
        total = sum(table.rows_in_source or 0 for table in manifest.tables)
        yield Difference(
            where="data",
            what="rows",
            production=f"about {total:,}",
            here=f"{manifest.rows:,}",
            why=f"a sample: {len(sampled)} of {len(manifest.tables)} tables are not whole",
        )
    masked = sum(not column.kept for table in manifest.tables for column in table.columns)
    if masked:
        yield Difference(
            where="data",
            what="personal data",
            production="as it is",
            here=f"{masked} columns masked",
            why="well-formed values became others, malformed ones stayed malformed",
        )


_Told = tuple[str, str, str, str]


def _system(there: Mapping[str, str], here: Mapping[str, str]) -> Iterator[_Told]:
    production, mine = (
        " ".join(one.get(name, "") for name in ("system.ID", "system.VERSION_ID")).strip()
        for one in (there, here)
    )
    if production and production != mine:
        yield "operating system", production, mine, ""


def _facts(there: Mapping[str, str], here: Mapping[str, str]) -> Iterator[_Told]:
    for name, shown in _FACTS.items():
        production, mine = there.get(name, ""), here.get(name, "")
        if production and production != mine:
            yield shown, production, mine, ""


def _extensions(there: Mapping[str, str], here: Mapping[str, str]) -> Iterator[_Told]:
    if not there:
        return
    for name in sorted({*there, *here}, key=str.lower):
        production, mine = there.get(name), here.get(name)
        if mine is None:
            yield f"extension {name}", production or "loaded", "", "it is not in the image"
        elif production is None:
            yield f"extension {name}", "", mine or "loaded", "production does not load it"
        elif production != mine:
            yield f"extension {name}", production, mine, ""


def _settings(there: bytes, here: bytes) -> Iterator[_Told]:
    """Compare what the command line php says of its settings, but for values that did not leave."""
    production, mine = (
        dict(_SETTING.findall(text.decode("utf-8", "replace"))) for text in (there, here)
    )
    for name in sorted(production.keys() & mine.keys() - _OWN_SETTINGS):
        if production[name] != mine[name] and _PLACEHOLDER not in production[name]:
            yield f"php {name}", production[name], mine[name], "of the command line php"


def _release(production: CapturedServer, here: ServerCapture) -> Iterator[_Told]:
    """Compare the source files of both releases by their checksums."""
    there, mine = production.release, here.release
    if not there:
        return
    for what, paths in (
        ("not here", sorted(there.keys() - mine.keys())),
        ("only here", sorted(mine.keys() - there.keys())),
        ("not the same", sorted(path for path in there.keys() & mine if there[path] != mine[path])),
    ):
        if paths:
            more = f" and {len(paths) - _SHOWN_FILES} more" if len(paths) > _SHOWN_FILES else ""
            named = ", ".join(paths[:_SHOWN_FILES])
            yield f"code {what}", f"{len(there)} files", f"{len(mine)} files", f"{named}{more}"
