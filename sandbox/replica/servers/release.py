"""Compare code with what a server of production runs, and make it be as there.

capture.sh lists the SHA-256 of a release's source files. A file that the code has and the server
lacks is left out: a roll-out that broke off half way must fail here as it does there. What differs
in content cannot be had from a digest, and is told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.masking.segments import Allowed, fits
from sandbox.replica.servers.captured import RELEASE_LIMIT, CapturedServer
from sandbox.replica.servers.code_archive import Code, Entry, entries_of, listed, pack

# As in capture.sh: the kinds of files that it lists, and the largest (find rounds up to blocks).
_LISTED = re.compile(
    r".*\.(?:php|phtml|inc|ini|xml|json|lock|ya?ml|sql|tpl|twig|html|js|css)"
    r"|(?:.*/)?(?:VERSION|REVISION)",
    re.DOTALL,
)
_LARGEST = 2047 * 512
_PRUNED = frozenset({".git", ".svn"})
_UNREAD = ": no right to read it"


ANOTHER = "this seems to be another application"
AS_THERE = "left out here too"  # says of a difference between code and server that it is none here


@dataclass(frozen=True, slots=True)
class Comparison:
    """How code and the release of a server differ, among the kinds of files that are listed.

    Attributes:
        missing_on_server: Files that the code has and the server lacks.
        changed: Files that both have, with another content.
        unknown: Files that the server has and the code lacks.
        same: How many are equal.
    """

    missing_on_server: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    same: int = 0


def compare_with_release(code: Code, release: Mapping[str, str]) -> Comparison:
    """Compare code with the files that a server lists of its release."""
    missing: list[str] = []
    changed: list[str] = []
    same = 0
    found: set[str] = set()
    for entry in entries_of(code):
        found.add(entry.path)
        if not _is_listed(entry):
            continue
        digest = release.get(entry.path)
        if digest is None:
            missing.append(entry.path)
            continue
        equal = entry.sha256() == digest
        same += equal
        if not equal:
            changed.append(entry.path)
    unknown = sorted(set(release) - found)
    return Comparison(tuple(missing), tuple(changed), tuple(unknown), same)


def as_on_server(code: Code, server: CapturedServer) -> Code:
    """Give the code without the files that a server of production lacks.

    A copy; the one given stays as it is. Its `told` says what was left out, and what differs.
    """
    told = list(code.told)
    name, release = server.name, server.release
    if not release:
        told.append(f"{name}: its capture lists no files, so that nobody knows what it lacks")
        return pack(entries_of(code), code.described, told)
    compared = compare_with_release(code, release)
    if compared.changed:
        told.append(
            f"{name} runs {_files(len(compared.changed))} with another content: "
            f"{listed(compared.changed)}"
        )
    if compared.unknown:
        told.append(
            f"{name} has {_files(len(compared.unknown))} that the code lacks: "
            f"{listed(compared.unknown)}"
        )
    lacking = frozenset(compared.missing_on_server) - _unread(server)
    common = len(compared.changed) + compared.same
    if len(release) >= RELEASE_LIMIT:
        told.append(f"{name}: its list of files is cut, so that nobody knows what it lacks")
        lacking = frozenset()
    elif len(lacking) > common:
        told.append(
            f"{name} lacks {_files(len(lacking))} of the code and has {common}: "
            f"{ANOTHER}, and nothing was left out"
        )
        lacking = frozenset()
    elif lacking:
        told.append(f"{name} lacks {_files(len(lacking))}, {AS_THERE}: {listed(lacking)}")
    kept = (entry for entry in entries_of(code) if entry.path not in lacking)
    return pack(kept, code.described, told)


def _is_listed(entry: Entry) -> bool:
    """Tell whether capture.sh would list a file, and the list would leave a server."""
    return (
        not entry.link
        and entry.size <= _LARGEST
        and _LISTED.fullmatch(entry.path) is not None
        and _PRUNED.isdisjoint(entry.path.split("/"))
        and fits(entry.path.encode("utf-8", "surrogateescape"), Allowed.PATH)
    )


def _unread(server: CapturedServer) -> frozenset[str]:
    """Give the files that are on the server, but could not be read there."""
    below = f"{server.release_path}/"
    return frozenset(
        path.removeprefix(below)
        for one in server.missing
        if one.endswith(_UNREAD) and (path := one.removesuffix(_UNREAD)).startswith(below)
    )


def _files(count: int) -> str:
    return f"{count:,} file" if count == 1 else f"{count:,} files"
