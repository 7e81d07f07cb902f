"""The shop's two builds, as a git repository: 1.4, and on top of it the commits of the push.

Equal files make equal commit ids on every machine, so that documentation can name them.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

from demo_production import DEMO_FOLDER

OLD, NEW = "1.4", "1.5"
_RELEASED_AT = "2026-10-05T09:00:00+0200"


class DemoBroken(Exception):
    """The demo's own files do not fit together."""


def make_repository(folder: Path) -> Path:
    """Make the shop's repository with the tags 1.4 and 1.5; replace one that is there."""
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(DEMO_FOLDER / "shop", partial)
    _git(partial, "init", "--quiet", "--initial-branch=main")
    _git(partial, "add", "--all")
    _git(partial, "commit", "--quiet", f"--message=Release {OLD}")
    _git(partial, "tag", OLD)
    push = sorted((DEMO_FOLDER / f"push-{NEW}").glob("*.patch"))
    _git(partial, "am", "--quiet", "--committer-date-is-author-date", *map(str, push))
    _git(partial, "tag", NEW)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    return folder


def branch_with(repository: Path, build: str, patch: Path) -> str:
    """Make a branch that has a patch on top of a build, and give its name."""
    branch = f"{build}-{patch.stem}"
    _git(repository, "checkout", "--quiet", "--force", "-B", branch, build)
    _git(repository, "apply", "--index", str(patch))
    _git(repository, "commit", "--quiet", f"--message={patch.stem}")
    _git(repository, "checkout", "--quiet", "main")
    return branch


def pack_build(repository: Path, build: str, *, without: tuple[str, ...] = ()) -> bytes:
    """Pack a build as the tar archive that is rolled out.

    Args:
        repository: From `make_repository`.
        build: A tag, branch or commit.
        without: Files that do not arrive, as when a roll-out breaks off.
    """
    whole = _git(repository, "archive", "--format=tar", build)
    if not without:
        return whole
    cut = io.BytesIO()
    left = set(without)
    with (
        tarfile.open(fileobj=io.BytesIO(whole)) as source,
        tarfile.open(fileobj=cut, mode="w") as to,
    ):
        for member in source:
            if member.name in left:
                left.remove(member.name)
            else:
                to.addfile(member, source.extractfile(member) if member.isfile() else None)
    if left:
        raise DemoBroken(f"build {build} has no {', '.join(sorted(left))}")
    return cut.getvalue()


def _git(folder: Path, *arguments: str) -> bytes:
    nobody = {
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_SYSTEM": "/dev/null",
        "GIT_AUTHOR_NAME": "Release",
        "GIT_AUTHOR_EMAIL": "release@shop.example",
        "GIT_COMMITTER_NAME": "Release",
        "GIT_COMMITTER_EMAIL": "release@shop.example",
        "GIT_AUTHOR_DATE": _RELEASED_AT,
        "GIT_COMMITTER_DATE": _RELEASED_AT,
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], env=kept | nobody, capture_output=True, check=False
    )
    if done.returncode != 0:
        raise DemoBroken(f"git {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout
