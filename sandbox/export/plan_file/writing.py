"""Write a plan file: aside, complete, then renamed; for its owner alone."""

from __future__ import annotations

import os
import shlex
from contextlib import suppress
from pathlib import Path

from sandbox.errors import UsageError


def refuse_taken_file(out: Path, *, force: bool) -> None:
    """Refuse a place for a plan where something is already, or that is in no folder.

    Args:
        out: Where it should be.
        force: Whether a file that is there is written over.

    Raises:
        UsageError: It cannot go there.
    """
    if not out.parent.is_dir():
        raise UsageError(
            f"there is no folder {out.parent} for the plan.",
            hint=f"Check the path, or make it first: mkdir -p {shlex.quote(str(out.parent))}",
        )
    if out.is_dir():
        raise UsageError(f"{out} is a folder.", hint="Name a file with --out.")
    if not force and (out.exists() or out.is_symlink()):
        raise UsageError(
            f"{out} is there already.",
            hint="Name another file with --out and compare the two, or write over it with --force.",
        )


def write_plan(out: Path, text: str, *, force: bool) -> None:
    """Write a plan.

    Raises:
        UsageError: It cannot be written, or something came there meanwhile.
    """
    aside = out.with_name(f".{out.name}.partial-{os.getpid()}")
    try:
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        refuse_taken_file(out, force=force)
        aside.replace(out)
    except OSError as error:
        raise UsageError(
            f"{out} cannot be written ({type(error).__name__}).", hint="Name another with --out."
        ) from None
    finally:
        with suppress(OSError):
            aside.unlink()
