"""Write what is generated of the documentation; with --check, fail if any of it is stale.

That is docs/reference/cli.md, from the commands' own help, and the table of docs/odd-rows.md, from
the classes themselves.
"""

from __future__ import annotations

import sys
from pathlib import Path

from typer.testing import CliRunner

from sandbox.cli.commands import app
from sandbox.subset.odd.classes import OddClass, odd_classes

_DOCS = Path(__file__).resolve().parent.parent / "docs"
REFERENCE = _DOCS / "reference/cli.md"
ODD_ROWS = _DOCS / "odd-rows.md"
_BEGIN, _END = "<!-- classes -->\n", "<!-- end of classes -->\n"
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


def with_classes(page: str) -> str:
    """Put the table of classes into its page."""
    rows = [
        f"| {_starred(one)} | {one.meaning} | {', '.join(one.kinds)} |" for one in odd_classes()
    ]
    table = "\n".join(["| class | what it is | of |", "| --- | --- | --- |", *rows])
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}{table}\n{_END}{after}"


def _starred(one: OddClass) -> str:
    return one.name if one.outlives_masking else f"{one.name}*"


def main() -> int:
    """Write or check what is generated."""
    texts = {REFERENCE: rendered(), ODD_ROWS: with_classes(ODD_ROWS.read_text())}
    if "--check" not in sys.argv[1:]:
        for file, text in texts.items():
            file.write_text(text)
        return 0
    stale = [
        file.name for file, text in texts.items() if not file.exists() or file.read_text() != text
    ]
    for name in stale:
        print(f"error: {name} is stale. Run: make docs", file=sys.stderr)  # noqa: T201
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
