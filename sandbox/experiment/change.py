"""Read a change: a patch on the code that each server runs, or whole code in its place.

Takes what the developer named; gives the code of each server with the change, and which files of
the release it touches. Everything is temporary and ends with the block.
"""

from __future__ import annotations

import hashlib
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sandbox.errors import StackError
from sandbox.replica.engine import Engine
from sandbox.replica.server_images import read_folder
from sandbox.replica.servers.code import Code, entries_of, read_code, repack
from sandbox.replica.servers.patches import apply_patch
from sandbox.replica.state import SandboxState, ServerState

_BLOCK = 1024 * 1024
_BEGINS = (b"diff ", b"--- ", b"From ", b"Index: ", b"index ")


@dataclass(frozen=True, slots=True)
class Change:
    """A change, ready to be tried.

    Attributes:
        described: What it is, for people.
        code: The code with it, by server; servers that it does nothing to are left out.
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
    engine: Engine, state: SandboxState, source: str, repository: Path | None = None
) -> Iterator[Change]:
    """Read a change to what a sandbox runs, for the block.

    Args:
        engine: The engine that the sandbox runs on.
        state: The sandbox.
        source: A patch, a folder, a tar archive, ``FOLDER@REF``, or a ref of the repository.
        repository: The git repository that a ref alone is of; the working directory where None.

    Raises:
        CodeRefused: It is not there, or cannot be used.
        PatchRefused: It is a patch that does not fit what a server runs.
        StackError: What the servers run cannot be read.
    """
    path = Path(source).expanduser()
    patch = path if is_patch(path) else None
    with ExitStack() as stack:
        whole = (
            stack.enter_context(read_code(source, repository=repository or Path()))
            if patch is None
            else None
        )
        running = {one.image: one for one in state.servers}
        before = {
            image: stack.enter_context(read_running(engine, one)) for image, one in running.items()
        }
        after: dict[str, Code] = {}
        for image, code in before.items():
            made = whole or stack.enter_context(apply_patch(code, path))
            after[image] = made
        touched = {image: changed_between(before[image], after[image]) for image in before}
        told: dict[str, None] = dict.fromkeys(whole.told if whole is not None else ())
        for one in state.servers:
            if not touched[one.image]:
                told[f"{one.name} has it already: it runs the same code with the change"] = None
        yield Change(
            path.name if patch is not None else (whole.described if whole else source),
            {one.name: after[one.image] for one in state.servers if touched[one.image]},
            frozenset().union(*touched.values()),
            tuple(told),
        )


def read_running(engine: Engine, server: ServerState) -> Code:
    """Read the code that a server of a sandbox runs.

    Raises:
        StackError: It cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="sandbox-running-") as folder:
        archive, place = Path(folder) / "release.tar", Path(folder) / "release"
        read_folder(engine, server.image, server.release, archive)
        try:
            with tarfile.open(archive) as packed:
                packed.extractall(place, filter=_inside)  # noqa: S202 - the filter keeps it inside
        except (tarfile.TarError, OSError):
            raise StackError(
                f"the code of {server.name} cannot be read out of its image.",
                hint="Make the sandbox anew: sandbox up BUNDLE --app PATH --replace",
            ) from None
        top = PurePosixPath(server.release).name
        return repack(place / top, f"the code of {server.name}")


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


def _inside(member: tarfile.TarInfo, place: str) -> tarfile.TarInfo | None:
    """Leave out of a release what leads out of its folder: it is the image's, not the code's."""
    try:
        return tarfile.data_filter(member, place)
    except tarfile.FilterError:
        return None
