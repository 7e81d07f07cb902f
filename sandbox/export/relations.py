"""Find a source's undeclared relations for people to look at, without exporting anything."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sandbox.database.connect import Endpoint, open_catalogue
from sandbox.database.statements import StatementLog
from sandbox.export.preflight import check_source
from sandbox.export.source import look_at_relations, look_at_schema
from sandbox.model import Progress
from sandbox.subset.relations.found import Relations, WrittenRelations


@dataclass(frozen=True, slots=True)
class RelationsRequest:
    """What is to be looked at.

    Attributes:
        endpoint: The source, with the account that reads it.
        settings: What settings say of relations.
        app: Folder with the application's source; None where it is not looked at.
        allow_write_grants: Whether an account that could write is accepted.
    """

    endpoint: Endpoint
    settings: WrittenRelations
    app: Path | None = None
    allow_write_grants: bool = False


def find_source_relations(request: RelationsRequest, progress: Progress) -> Relations:
    """Find the relations of a source that no key declares.

    Raises:
        SettingsError: Settings name what is not there.
        SourceError: The source cannot be read.
        PolicyError: The account could write.
    """
    with open_catalogue(request.endpoint, StatementLog()) as catalogue:
        check_source(catalogue, request.endpoint, allow_write_grants=request.allow_write_grants)
        schema = look_at_schema(request.endpoint, None, catalogue)
        return look_at_relations(
            schema, catalogue, progress, settings=request.settings, app=request.app
        )
