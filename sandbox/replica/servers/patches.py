"""Apply a patch to code, as `git apply` does, without a repository.

A file that the patch creates may be there already with just that content, on one server and not on
another: that is no conflict. What does not fit is told by file.
"""

from __future__ import annotations

import re
from pathlib import Path

from sandbox.errors import PatchRefused
from sandbox.replica.servers.code_archive import Code, listed, repack, shown, unpacked
from sandbox.replica.servers.code_sources import git

_APPLY = ("apply", "-p1", "--whitespace=nowarn")
_MESSAGES = (
    (re.compile(r"patch failed: (?P<file>.+):(?P<line>\d+)$"), "does not fit at line {line}"),
    (re.compile(r"(?P<file>.+): No such file or directory$"), "is not there"),
    (re.compile(r"(?P<file>.+): already exists in working directory$"), "is there already"),
    (re.compile(r"(?P<file>.+): (?:wrong type|beyond a symbolic link)"), "is a link or a folder"),
)
_MOST = 8


def apply_patch(code: Code, patch: Path) -> Code:
    """Give the code with a patch applied; the one given stays as it is.

    Raises:
        PatchRefused: It cannot be read, is no patch, or does not fit; carries the files.
        CodeRefused: There is no git.
    """
    place = patch.resolve()
    changed_files(place)
    with unpacked(code) as folder:
        told = [*code.told]
        failed, _, _ = git(folder, *_APPLY, str(place))
        if failed:
            told += _one_by_one(folder, place, code)
        return repack(folder, f"{code.described} with {place.name}", told)


def changed_files(patch: Path) -> tuple[str, ...]:
    """Give the files that a patch changes, creates or removes.

    Raises:
        PatchRefused: It cannot be read, or is no patch.
        CodeRefused: There is no git.
    """
    place = patch.resolve()
    if not place.is_file():
        raise PatchRefused(f"the patch {patch} is not there.", hint="Check the path.")
    failed, found, said = git(Path("/"), "apply", "-p1", "--numstat", "-z", str(place))
    if failed:
        why = said.strip().removeprefix("error: ").partition("\n")[0]
        raise PatchRefused(f"{place.name} is no patch that git can read: {shown(why)}.")
    return tuple(sorted({name for name in _names(found) if name}))


def _names(numstat: bytes) -> list[str]:
    names = re.findall(rb"(?:\d+|-)\t(?:\d+|-)\t([^\0]*)\0", numstat)
    return [name.decode("utf-8", "surrogateescape") for name in names]


def _one_by_one(folder: Path, patch: Path, code: Code) -> list[str]:
    """Apply what a patch does to each file, where that is not so already."""
    already: list[str] = []
    wrong: list[str] = []
    _, found, _ = git(Path("/"), "apply", "-p1", "--reverse", "--numstat", "-z", str(patch))
    before = set(_names(found))
    for path in changed_files(patch):
        only = f"--include={_literal(path)}"
        failed, _, said = git(folder, *_APPLY, only, str(patch))
        if not failed:
            continue
        # What had another name before is passed over in reverse, and that says nothing of it.
        undone = (
            path not in before or git(folder, *_APPLY, "--reverse", "--check", only, str(patch))[0]
        )
        if undone:
            wrong += _findings(said) or [f"{shown(path)} does not fit"]
        else:
            already.append(path)
    if wrong:
        raise PatchRefused(
            f"{patch.name} does not fit {code.described}.", findings=tuple(wrong[:_MOST])
        )
    return [f"{patch.name}: so already in {listed(already)}"]


def _literal(path: str) -> str:
    """Escape what would be a pattern."""
    return re.sub(r"([*?\[\]\\])", r"\\\1", path)


def _findings(said: str) -> list[str]:
    found: list[str] = []
    for line in said.splitlines():
        text = line.removeprefix("error: ")
        for pattern, words in _MESSAGES:
            if match := pattern.match(text):
                rest = match.groupdict()
                finding = f"{shown(rest.pop('file'))} {words.format(**rest)}"
                if finding not in found:
                    found.append(finding)
                break
    return found
