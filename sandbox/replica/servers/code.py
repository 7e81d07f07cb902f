"""The application's code, from where it comes to what goes onto a web server.

A table of contents: read it (`code_sources`), leave out what a server of production lacks
(`release`), apply a patch (`patches`). Each gives a `Code` of its own (`code_archive`), a temporary
archive that ends with the `with` that it is opened in.
"""

from __future__ import annotations

from sandbox.replica.servers.code_archive import Code, Entry, entries_of, pack, repack, unpacked
from sandbox.replica.servers.code_sources import read_code
from sandbox.replica.servers.patches import apply_patch, changed_files
from sandbox.replica.servers.release import Comparison, as_on_server, compare_with_release

__all__ = [
    "Code",
    "Comparison",
    "Entry",
    "apply_patch",
    "as_on_server",
    "changed_files",
    "compare_with_release",
    "entries_of",
    "pack",
    "read_code",
    "repack",
    "unpacked",
]
