"""Which code each web server of a replica runs: what was given, as far as production has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sandbox.replica.servers.captured import CapturedServer
from sandbox.replica.servers.code import Code, read_code
from sandbox.replica.servers.release import as_on_server


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
    folder = Path(everywhere.partition("@")[0]).expanduser()
    repository = folder if folder.is_dir() else None
    with ExitStack() as stack:
        read: dict[str, Code] = {}
        codes = {}
        for server in captured:
            source = apps.get(server.name, everywhere)
            if source not in read:
                read[source] = stack.enter_context(read_code(source, repository=repository))
            codes[server.name] = stack.enter_context(as_on_server(read[source], server))
        yield codes
