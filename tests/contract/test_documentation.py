"""Documents say what is so: generated parts are fresh, links lead somewhere, examples run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from demo_production.requests import FAILING
from sandbox.errors import ExitCode
from sandbox.replica.recipes import ROLES, versions_of
from sandbox.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("docker/**/*.md")])


def test_command_reference_is_what_the_commands_say() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/document_cli.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
        assert (document.parent / target).exists(), target


def test_every_make_target_that_documents_name_exists() -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in DOCUMENTS:
        named = set(re.findall(r"`make ([a-z0-9-]+)`", document.read_text()))
        assert named <= targets, document


def test_exit_codes_are_documented_as_they_are() -> None:
    text = (ROOT / "docs/reference/output.md").read_text()
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}
    assert documented == {int(code) for code in ExitCode}


def test_images_are_documented_with_their_versions() -> None:
    text = (ROOT / "docs/images.md").read_text()
    for role in ROLES:
        (row,) = re.findall(rf"^\| `{role}` \| ([^|]*) \|", text, re.MULTILINE)
        assert all(version in row for version in versions_of(role)), role


def test_the_settings_example_is_valid_and_complete(tmp_path: Path) -> None:
    text = (ROOT / "docs/settings.md").read_text()
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    file = tmp_path / "sandbox.toml"
    file.write_text(example)
    load_settings(file)
    # Of a list of tables, what its first one shows.
    shown = {
        f"{table}.{key}"
        for table, keys in tomllib.loads(example).items()
        for key in (keys[0] if isinstance(keys, list) else keys)
    }
    known = {
        f"{table}.{key}"
        for table, field in Settings.model_fields.items()
        for section in [*get_args(field.annotation), field.annotation][:1]
        for key in getattr(section, "model_fields", ())
    }
    assert shown == known - {"images.gateway", "images.sink"}


@pytest.mark.parametrize("document", ["docs/images.md"])
def test_examples_of_settings_load(document: str, tmp_path: Path) -> None:
    for number, example in enumerate(
        re.findall(r"```toml\n(.*?)```", (ROOT / document).read_text(), re.DOTALL)
    ):
        file = tmp_path / f"{number}.toml"
        file.write_text(example)
        load_settings(file)


def test_readme_shows_the_requests_that_the_demo_asks() -> None:
    text = (ROOT / "README.md").read_text()
    shown = re.findall(r"^((?:GET|POST|PUT) \S+)", text, re.MULTILINE)
    # Once where it broke, and once beside what the sandbox says.
    assert shown == 2 * [str(request) for request in FAILING]


def test_no_document_or_source_names_a_mirror_of_this_machine() -> None:
    hosts = set()
    for file in Path("/etc/apt").glob("sources.list*/**/*"):
        if file.is_file() and os.access(file, os.R_OK):
            text = file.read_text(errors="replace")
            hosts |= set(re.findall(r"https?://(?:[^/\s@]*@)?([^/\s:]+)", text))
    # A name without a dot, such as localhost or mirror, is a word like any other.
    telling = {host.encode() for host in hosts if "." in host}
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    for name in tracked:
        file = ROOT / name
        if file.is_file():  # or it was removed and that is not committed yet
            content = file.read_bytes()
            assert not any(host in content for host in telling), name
