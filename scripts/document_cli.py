"""Write docs/reference/cli.md from the commands' own help; with --check, fail if it is stale."""

from __future__ import annotations

import sys
from pathlib import Path

from typer.testing import CliRunner

from sandbox.cli.commands import app

REFERENCE = Path(__file__).resolve().parent.parent / "docs/reference/cli.md"
_PLAIN = {"COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1"}
_HEAD = """# Commands

Generated from the commands' own help by `make docs`; do not edit.
"""


def rendered() -> str:
    """Render the reference."""
    names = [command.name for command in app.registered_commands if command.name]
    sections: list[tuple[str, list[str]]] = [("sandbox", [])]
    sections += [(f"sandbox {name}", [name]) for name in names]
    parts = [_HEAD]
    for title, arguments in sections:
        shown = CliRunner().invoke(app, [*arguments, "--help"], prog_name="sandbox", env=_PLAIN)
        text = "\n".join(line.rstrip() for line in shown.output.strip().splitlines())
        parts.append(f"## `{title}`\n\n```\n{text}\n```\n")
    return "\n".join(parts)


def main() -> int:
    """Write or check the reference."""
    text = rendered()
    if "--check" not in sys.argv[1:]:
        REFERENCE.write_text(text)
        return 0
    if REFERENCE.exists() and REFERENCE.read_text() == text:
        return 0
    print(f"error: {REFERENCE.name} is stale. Run: make docs", file=sys.stderr)  # noqa: T201
    return 1


if __name__ == "__main__":
    sys.exit(main())
