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
from sandbox.errors import CodeRefused, PatchRefused
from sandbox.replica.engine import Engine
from sandbox.replica.kept import code_of
from sandbox.replica.server_code import settle_code
from sandbox.replica.servers.code import Code, entries_of, read_code
from sandbox.replica.servers.code_archive import listed
from sandbox.replica.servers.patches import apply_patch
from sandbox.replica.state import SandboxState
from sandbox.replica.up_plan import plan_servers

_BLOCK = 1024 * 1024
_PATCHES = frozenset({".patch", ".diff"})
_PLACES = ("/", "./", "../", "~")
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
    if path.suffix in _PATCHES:
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
        PatchRefused: It is a patch that fits what no server runs.
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
            described = path.name
            patched, told = patch_each(before, path, stack)
            after = {**before, **patched}
        else:
            whole = stack.enter_context(whole_code(source, repository or Path()))
            described = whole.described
            after = dict.fromkeys(before, whole)
            patched, told = after, (*whole.told, *told_of_whole(before, whole))
        touched = {name: changed_between(code, after[name]) for name, code in before.items()}
        unchanged = (
            f"{name} runs the same code with the change: it has it already"
            for name in patched
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


def patch_each(
    before: Mapping[str, Code], patch: Path, stack: ExitStack
) -> tuple[dict[str, Code], tuple[str, ...]]:
    """Give the code of each server with a patch, and what is to be told of the others.

    Args:
        before: The code of each server.
        patch: The patch; a server that it does not fit is left out.
        stack: Ends the codes.

    Raises:
        PatchRefused: It fits none, or is no patch.
    """
    fitting: dict[str, Code] = {}
    refused: dict[str, PatchRefused] = {}
    for name, code in before.items():
        try:
            fitting[name] = stack.enter_context(apply_patch(code, patch))
        except PatchRefused as error:
            refused[name] = error
    if not fitting and refused:
        raise next(iter(refused.values()))
    return fitting, tuple(
        f"{name} stays as it is, as the patch does not fit what it runs: "
        f"{', '.join(error.findings) or error.message}"
        for name, error in refused.items()
    )


def told_of_whole(before: Mapping[str, Code], whole: Code) -> tuple[str, ...]:
    """Say which files whole code brings that servers lack: it ends a roll-out that broke off."""
    lacking = {
        name: frozenset(whole.files) - frozenset(code.files) for name, code in before.items()
    }
    nowhere = frozenset.intersection(*lacking.values()) if lacking else frozenset()
    told = [
        f"{name} gets {listed(files - nowhere)} with the code, which other servers have and it "
        "lacks: what fails there for want of that works now, whatever else was changed"
        for name, files in lacking.items()
        if files - nowhere
    ]
    if nowhere:
        told.append(f"no server has {listed(nowhere)} without the change: new, or lacking there")
    return tuple(told)


def whole_code(source: str, repository: Path) -> Code:
    """Read whole code: what looks like a path and is none is not taken for a ref.

    Raises:
        CodeRefused: It is not there, or cannot be used.
    """
    path = Path(source).expanduser()
    folder, at, _ = source.rpartition("@")
    named = path.exists() or (at and folder and Path(folder).expanduser().is_dir())
    if not named and path.suffix in _PATCHES:
        raise PatchRefused(f"the patch {path} is not there.", hint="Check the path.")
    if not named and source.startswith(_PLACES):
        raise CodeRefused(f"{path} is not there.", hint="Check the path.")
    try:
        return read_code(source, repository=repository)
    except CodeRefused as error:
        # A branch may be called like a path; if there is no such branch, it was one.
        if named or "/" not in source:
            raise
        raise CodeRefused(
            f"{path} is not there, neither as a file or folder nor as a ref: {error.message}",
            hint=error.hint,
        ) from None


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
