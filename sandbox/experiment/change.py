"""Read a change: a patch on the code that each server runs, or whole code in its place.

Takes what the developer named; gives the code of each server with the change, and which files of
the release it touches. Everything is temporary and ends with the block.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox.bundle.reader import Bundle
from sandbox.replica.engine import Engine
from sandbox.replica.kept import code_of
from sandbox.replica.server_code import settle_code
from sandbox.replica.servers.code import Code, entries_of, read_code
from sandbox.replica.servers.patches import apply_patch
from sandbox.replica.state import SandboxState
from sandbox.replica.up_plan import plan_servers

_BLOCK = 1024 * 1024
_BEGINS = (b"diff ", b"--- ", b"From ", b"Index: ", b"index ")


@dataclass(frozen=True, slots=True)
class Change:
    """A change, ready to be tried.

    Attributes:
        described: What it is, for people.
        code: The code with it and production's settings, by server; servers that it does nothing
            to are left out.
        touched: Files of the release that differ because of it.
        told: What is worth knowing of it, for people.
    """

    described: str
    code: Mapping[str, Code]
    touched: frozenset[str]
    told: tuple[str, ...] = ()


def is_patch(path: Path) -> bool:
    """Tell whether a file is a patch, by its name or how it begins."""
    if not path.is_file():
        return False
    if path.suffix in {".patch", ".diff"}:
        return True
    if tarfile.is_tarfile(path):
        return False
    with path.open("rb") as file:
        head = file.read(64 * 1024)
    return any(line.startswith(_BEGINS) for line in head.splitlines()[:20])


@contextmanager
def read_change(
    engine: Engine,
    state: SandboxState,
    bundle: Bundle,
    source: str,
    repository: Path | None = None,
) -> Iterator[Change]:
    """Read a change to what a sandbox runs, for the block.

    Args:
        engine: The engine that the sandbox runs on.
        state: The sandbox.
        bundle: What it was made of.
        source: A patch, a folder, a tar archive, ``FOLDER@REF``, or a ref of the repository.
        repository: The git repository that a ref alone is of; the working directory where None.

    Raises:
        CodeRefused: It is not there, or cannot be used.
        PatchRefused: It is a patch that does not fit what a server runs.
        StackError: What the servers run cannot be read.
    """
    path = Path(source).expanduser()
    with ExitStack() as stack:
        before = {
            one.name: replace(
                stack.enter_context(code_of(engine, state, one.name)),
                described=f"the code of {one.name}",
            )
            for one in state.servers
        }
        if is_patch(path):
            described, told = path.name, tuple[str, ...]()
            after = {
                name: stack.enter_context(apply_patch(code, path)) for name, code in before.items()
            }
        else:
            whole = stack.enter_context(read_code(source, repository=repository or Path()))
            described, told = whole.described, whole.told
            after = dict.fromkeys(before, whole)
        touched = {name: changed_between(code, after[name]) for name, code in before.items()}
        unchanged = (
            f"{name} runs the same code with the change: it has it already"
            for name in before
            if not touched[name]
        )
        planned = plan_servers(bundle)
        settled = {
            server.name: stack.enter_context(
                settle_code(server, captured, after[server.name], before[server.name])
            )
            for server, captured in zip(planned.servers, planned.captured, strict=True)
            if touched[server.name]
        }
        yield Change(
            described,
            settled,
            frozenset().union(*touched.values()),
            (*told, *unchanged),
        )


def changed_between(before: Code, after: Code) -> frozenset[str]:
    """Give the files that are not the same in two codes, or only in one of them."""
    one, other = _digests(before), _digests(after)
    return frozenset(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))


def _digests(code: Code) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in entries_of(code):
        with entry.opened() as file:
            digest = hashlib.sha256()
            while block := file.read(_BLOCK):
                digest.update(block)
        found[entry.path] = f"{entry.executable} {entry.link} {digest.hexdigest()}"
    return found
