"""Which code each web server of a replica runs: what was given, as far as production has it."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sandbox.replica.containers import File
from sandbox.replica.servers.captured import CapturedServer
from sandbox.replica.servers.code import Code, Entry, entries_of, pack, read_code
from sandbox.replica.servers.release import as_on_server
from sandbox.replica.servers.release_settings import settle_settings
from sandbox.replica.servers.web_server import WebServer


@contextmanager
def code_of_servers(
    apps: Mapping[str, str], captured: Sequence[CapturedServer]
) -> Iterator[Mapping[str, Code]]:
    """Read the code of every server, for the block.

    Files that production's server has not, although it has others of their kind, are left out:
    where a roll-out broke off, the replica has to fail in the same way.

    Args:
        apps: Where code comes from, by server; under "" that of all others.
        captured: The servers of production.

    Raises:
        CodeRefused: There is no such code.
    """
    everywhere = apps.get("", "")
    folders = (Path(one).expanduser() for one in (everywhere, everywhere.rpartition("@")[0]))
    repository = next((one for one in folders if one.name and one.is_dir()), None)
    with ExitStack() as stack:
        read: dict[str, Code] = {}
        codes = {}
        for server in captured:
            source = apps.get(server.name, everywhere)
            if source not in read:
                read[source] = stack.enter_context(read_code(source, repository=repository))
            codes[server.name] = stack.enter_context(as_on_server(read[source], server))
        yield codes


def settle_code(
    server: WebServer, captured: CapturedServer, code: Code, before: Code | None = None
) -> Code:
    """Give the code with the settings in it that production has, filled with the sandbox's values.

    Args:
        server: The server as it was planned.
        captured: The server as production has it.
        code: The code.
        before: The code without a change, where `code` has one: what it changes in settings stays
            changed.
    """
    below = f"{server.release}/"
    settled = {
        file.path.removeprefix(below): file
        for file in settle_settings(server, captured, code, before)
        if file.path.startswith(below)
    }
    entries = [one for one in entries_of(code) if one.path not in settled]
    entries += [_entry(path, file) for path, file in settled.items()]
    return pack(entries, code.described, code.told)


def _entry(path: str, file: File) -> Entry:
    return Entry(
        path=path,
        executable=bool(file.mode & 0o100),
        link="",
        size=len(file.content),
        opened=lambda: io.BytesIO(file.content),
    )
