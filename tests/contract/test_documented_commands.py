"""Every command that a document tells people to type is one, and takes the options it is given."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from sandbox.cli.commands import app

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = sorted([ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("docker/**/*.md")])
# Documents say that these do not exist yet, so they may name them.
PLANNED = {"seal", "refresh"}
GROUP = cast("TyperGroup", get_command(app))


def _typed(text: str) -> Iterator[list[str]]:
    """Give what is typed after `sandbox` in blocks of code, and in code within a line."""
    blocks = re.findall(r"```[a-z]*\n(.*?)```", text, re.DOTALL)
    within = re.findall(r"`(sandbox [^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    for line in (*lines, *within):
        if found := re.match(r"(?:\$ )?sandbox ((?:-|[a-z]).*)", line.strip()):
            yield shlex.split(found.group(1), comments=True)


def _unknown(words: Sequence[str]) -> set[str]:
    """Give what is no command, or no option of it."""
    name = next((word for word in words if not word.startswith("-")), "")
    if name in PLANNED:
        return set()
    if name and name not in GROUP.commands:
        return {name}
    commands = (GROUP, GROUP.commands[name]) if name else (GROUP,)
    options = {option for one in commands for given in one.params for option in given.opts}
    before = words[: words.index("--")] if "--" in words else words
    used = {word.partition("=")[0] for word in before if re.match(r"--?[a-z]", word)}
    return used - options - {"--help", "-h"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_in_documents_exist_and_take_their_options(document: Path) -> None:
    typed = list(_typed(document.read_text()))
    assert {" ".join(words): unknown for words in typed if (unknown := _unknown(words))} == {}


def test_commands_and_options_that_do_not_exist_are_found() -> None:
    text = "```\n$ sandbox conjure\n$ sandbox up b --fast\n```\n`sandbox down --all`"
    assert [_unknown(words) for words in _typed(text)] == [{"conjure"}, {"--fast"}, set()]
