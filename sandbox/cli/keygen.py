"""`sandbox keygen`: make the masking key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.text import Text

from sandbox.errors import ExitCode
from sandbox.export.key import default_key_file, make_key


@dataclass(frozen=True, slots=True)
class KeyMade:
    """A new masking key."""

    file: Path

    @property
    def exit_code(self) -> ExitCode:
        """Yes: what could not be made would have been an error."""
        return ExitCode.YES

    def data(self) -> dict[str, Any]:
        """Give where it lies."""
        return {"file": str(self.file)}

    def text(self) -> RenderableType:
        """Say where it lies, and what it means."""
        return Text(
            f"key       {self.file}\n"
            "Keep it: the same key gives the same person the same pseudonym next week.\n"
            "Keep it to yourselves: with it a guess at a name can be checked."
        )


def keygen(
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="Where to put it.  [default: ~/.config/sandbox/masking.key]",
            show_default=False,
        ),
    ] = None,
) -> KeyMade:
    """Make the masking key that every export uses. It stays with ops.

    Exit codes: 0 made, 15 there is one already or the file cannot be written.

    Example: sandbox keygen
    """
    file = out or default_key_file()
    make_key(file)
    return KeyMade(file)
