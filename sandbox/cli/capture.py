"""`sandbox capture`: the script that ops run on a server, and what it brought back."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from sandbox.capture.archive import ServerCapture, read_archive
from sandbox.capture.requests import FailingRequest, failing_requests
from sandbox.errors import ExitCode, UsageError
from sandbox.report.terminal import rows_table

_SHOWN = 10  # ways of failing


@dataclass(frozen=True, slots=True)
class Script:
    """The script, as it is to be run."""

    content: str

    @property
    def exit_code(self) -> ExitCode:
        """Yes."""
        return ExitCode.YES

    def data(self) -> dict[str, Any]:
        """Give the script."""
        return {"script": self.content}

    def text(self) -> RenderableType:
        """Give the script, line by line."""
        return Text(self.content.removesuffix("\n"))


@dataclass(frozen=True, slots=True)
class Captured:
    """What an archive holds, without any value of it."""

    capture: ServerCapture
    failing: tuple[FailingRequest, ...]

    @property
    def exit_code(self) -> ExitCode:
        """Yes: an archive that cannot be used would have been an error."""
        return ExitCode.YES

    def data(self) -> dict[str, Any]:
        """Give what is there, and what is missing."""
        capture = self.capture
        return {
            "name": capture.name,
            "facts": dict(capture.facts),
            "settings": dict(sorted(capture.roles.items())),
            "logs": [
                {"path": path, "kind": log.kind, "bytes": log.size}
                for path, log in sorted(capture.logs.items())
            ],
            "extensions": dict(capture.extensions),
            "release_files": len(capture.release),
            "words": len(capture.vocabulary),
            "failing": [
                {
                    "signature": str(one.signature),
                    "count": one.count,
                    "replayable": one.replayable,
                    "why": one.why,
                }
                for one in self.failing
            ],
            "missing": list(capture.missing),
        }

    def text(self) -> RenderableType:
        """Lay out what is there, and what is missing."""
        capture = self.capture
        roles = Counter(role or "other" for role in capture.roles.values())
        facts = [(name, value) for name, value in capture.facts.items() if value]
        facts += [
            ("settings", ", ".join(f"{count} {role}" for role, count in sorted(roles.items()))),
            ("extensions", str(len(capture.extensions))),
            ("release", f"{len(capture.release):,} files, {len(capture.vocabulary):,} words"),
        ]
        parts: list[RenderableType] = [rows_table(("fact", "value"), facts)]
        if capture.logs:
            logs = [(path, log.kind, f"{log.size:,}") for path, log in sorted(capture.logs.items())]
            parts += [Text(), rows_table(("log", "kind", "bytes"), logs)]
        if self.failing:
            ways = [(f"{one.count:,}", str(one.signature), one.why) for one in self.failing]
            parts += [Text(), rows_table(("times", "requests failed with", ""), ways[:_SHOWN])]
            if len(ways) > _SHOWN:
                parts.append(Text(f"and {len(ways) - _SHOWN} more ways"))
        if capture.missing:
            parts += [Text(), Text("Not seen:"), *(Text(f"  {one}") for one in capture.missing)]
        parts += [Text(), Text("This archive holds secrets. Delete it once the export has it.")]
        return Group(*parts)


def capture(
    archive: Annotated[
        Path | None,
        typer.Argument(metavar="ARCHIVE", help="What the script wrote on a server."),
    ] = None,
    *,
    script: Annotated[
        bool, typer.Option("--script", help="Print the script to run on each web server.")
    ] = False,
) -> Script | Captured:
    """Print the script that ops run on each web server, or show what its archive holds.

    The script needs a POSIX shell, reads only, and runs as any user; its first lines say what it
    reads and costs. Its archive holds secrets and goes to `sandbox export`.

    Exit codes: 0 done, 13 the archive is damaged or none of ours.

    Example: sandbox capture --script > capture.sh
    """
    if script == (archive is not None):
        raise UsageError(
            "either --script or an ARCHIVE is needed.",
            hint="Run: sandbox capture --script > capture.sh, or: sandbox capture web1.tar.gz",
        )
    if archive is None:
        content = files("sandbox.capture").joinpath("capture.sh").read_text("utf-8")
        return Script(content)
    read = read_archive(archive)
    return Captured(read, failing_requests([read]))
