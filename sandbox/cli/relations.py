"""`sandbox relations`: what refers to what although no foreign key says so."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sandbox.cli.access import (
    AllowWriteGrants,
    DefaultsFile,
    InsecureSource,
    PasswordFile,
    endpoint_of,
)
from sandbox.cli.invocation import invocation_of
from sandbox.cli.sampling import folder_of_source, written_relations
from sandbox.errors import SettingsError
from sandbox.export.relations import RelationsRequest, find_source_relations
from sandbox.model import Origin
from sandbox.report.relations import RelationsResult
from sandbox.settings import DEFAULT_FILE
from sandbox.subset.relations.found import Relations
from sandbox.subset.relations.written import written
from sandbox.toml_lines import find_lines, text_in_quotes

_SECTION = "relations"


def relations(  # noqa: PLR0913 - one parameter for each option
    context: typer.Context,
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="mysql://USER@HOST:PORT/DATABASE")
    ],
    defaults_file: DefaultsFile = None,
    password_file: PasswordFile = None,
    *,
    app: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The application's source: parsed, never run."),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Add those that are used to the settings file.")
    ] = False,
    insecure_source: InsecureSource = False,
    allow_write_grants: AllowWriteGrants = False,
) -> RelationsResult:
    """List relations that no foreign key declares, with what speaks for them.

    Proposed by names and types, by pairs such as owner_type and owner_id, and by Zend_Db_Table and
    Doctrine in the source; each is tried on a small sample of values, which stay on the server.
    Exports use what the settings confirm and what is of high confidence.

    Exit codes: 0 listed, 2 wrong usage, 10 settings, 11 the source cannot be read, 15 a policy
    forbids it.

    Example: sandbox relations mysql://readonly@replica/shop --app ~/src/shop
    """
    invocation = invocation_of(context)
    settings = invocation.settings
    request = RelationsRequest(
        endpoint_of(source, defaults_file, password_file, insecure=insecure_source),
        written_relations(settings.relations),
        folder_of_source(app),
        allow_write_grants,
    )
    found = find_source_relations(request, invocation.progress)
    lines = _lines(found)
    file = invocation.config or DEFAULT_FILE
    has_section = _has_section(file)
    if write and lines and not has_section:
        _append(file, lines)
        return RelationsResult(found, lines, written_to=str(file))
    return RelationsResult(found, lines, left_alone=str(file) if has_section else "")


def _lines(found: Relations) -> tuple[str, ...]:
    return tuple(
        text_in_quotes(written(one.key))
        for one in found.used
        if one.key.origin is not Origin.SETTINGS
    )


def _has_section(file: Path) -> bool:
    """Tell whether a settings file speaks of relations; what is no TOML was refused before."""
    try:
        return (_SECTION,) in find_lines(file.read_bytes())
    except OSError:
        return False


def _append(file: Path, lines: tuple[str, ...]) -> None:
    """Add a section to the end of a settings file: all else in it stays, to the last comment."""
    section = "\n".join(
        [f"[{_SECTION}]", "confirmed = [", *(f"  {one}," for one in lines), "]", ""]
    )
    try:
        before = file.read_text("utf-8") if file.exists() else ""
        gap = "" if not before else "\n" if before.endswith("\n") else "\n\n"
        with file.open("a", encoding="utf-8") as opened:
            opened.write(gap + section)
    except OSError as error:
        raise SettingsError(
            f"{file} cannot be written: {error.strerror}.",
            hint="Without --write the lines are printed.",
        ) from None
