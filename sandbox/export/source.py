"""Look at the source before anything is read from it: may we, and what is there."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from sandbox.capture.database import DatabaseSettings, choose_settings
from sandbox.database.connect import Catalogue, Endpoint
from sandbox.database.definitions import replace_definers
from sandbox.database.dump_file import merge_objects, read_dump
from sandbox.database.schema import read_schema
from sandbox.errors import UsageError
from sandbox.export.plan_file.relations import planned_relations
from sandbox.export.preflight import Preflight, check_source
from sandbox.export.request import ExportRequest
from sandbox.model import Progress, Schema
from sandbox.subset.relations.application import read_application
from sandbox.subset.relations.find import find_relations, with_relations
from sandbox.subset.relations.found import Relations, WrittenRelations
from sandbox.subset.relations.stated import Stated

_NO_RELATIONS = Relations()


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """A source that may be read.

    Attributes:
        preflight: What its server is, and what the account may do.
        schema: Its schema, with those relations among its references that are used undeclared.
        settings: Settings of its server that change how an application behaves.
        relations: Every relation that no key declares, used or not.
        not_as_planned: What of a plan's relations the source lacks, each with its line.
    """

    preflight: Preflight
    schema: Schema
    settings: DatabaseSettings
    relations: Relations = _NO_RELATIONS
    not_as_planned: tuple[str, ...] = ()

    @property
    def unknown(self) -> tuple[str, ...]:
        """What could not be seen."""
        seen = [*self.schema.unknown, *self.relations.unknown]
        if self.preflight.is_replica is None:
            seen.append("source: whether it is a replica")
        if not self.preflight.sees_history:
            seen.append("source: how long its history list is")
        return tuple(seen)

    @property
    def rights_that_show_more(self) -> tuple[str, ...]:
        """Rights that would make less unknown, those to write only if nothing else told it."""
        unseen = " ".join(self.schema.unknown)
        return tuple(
            missing.right
            for missing in self.preflight.missing
            if not missing.writes or f"no {missing.right} right" in unseen
        )


def look_at_source(request: ExportRequest, catalogue: Catalogue, progress: Progress) -> SourceFacts:
    """Check that the source may be read, and read its schema.

    Raises:
        SourceError: It cannot be read, or the account lacks a right that nothing goes without.
        PolicyError: The account could write.
        SettingsError: Settings name relations of what is not there.
    """
    with progress.stage("source") as stage:
        preflight = check_source(
            catalogue, request.endpoint, allow_write_grants=request.allow_write_grants
        )
        schema = look_at_schema(request.endpoint, request.ddl, catalogue)
        count = len(schema.tables)
        settings = read_settings(catalogue)
        stage.done(f"{preflight} · {count} table{'s' if count != 1 else ''}")
    lacking: tuple[str, ...] = ()
    if request.plan is None:
        relations = look_at_relations(
            schema, catalogue, progress, settings=request.relations, app=request.app
        )
    else:
        relations, lacking = planned_relations(schema, request.plan)
    return SourceFacts(preflight, with_relations(schema, relations), settings, relations, lacking)


def look_at_schema(endpoint: Endpoint, ddl: Path | None, catalogue: Catalogue) -> Schema:
    """Read the schema of a source, and what a dump tells beside it.

    Raises:
        SourceError: It cannot be read, or the account lacks a right that nothing goes without.
    """
    dumped = read_dump(read_text(ddl)) if ddl is not None else ()
    schema = read_schema(catalogue, endpoint.address.database, dumped=dumped)
    if dumped:
        schema = merge_objects(schema, dumped)
    # After both have been read: one account has one name, wherever it was named.
    return replace_definers(schema)


def look_at_relations(
    schema: Schema,
    catalogue: Catalogue,
    progress: Progress,
    *,
    settings: WrittenRelations,
    app: Path | None = None,
) -> Relations:
    """Find the relations that no key declares, and look whether the data bears them out.

    Raises:
        SettingsError: Settings name what is not there.
        SourceError: The source cannot be read any more.
    """
    with progress.stage("relations") as stage:
        stated = read_application(schema, app) if app is not None else Stated()
        relations = find_relations(schema, catalogue, settings=settings, stated=stated)
        used = sum(1 for _ in relations.used)
        stage.done(f"{len(relations.found)} that no key declares, {used} of them used")
    return relations


def fingerprint_of(request: ExportRequest) -> str:
    """Tell what comes of one source apart from that of another, without saying where it is."""
    hashed = blake2b(key=request.key, person=b"sandbox-source", digest_size=16)
    hashed.update(str(request.endpoint.address).encode())
    return hashed.hexdigest()


def read_settings(catalogue: Catalogue) -> DatabaseSettings:
    """Read the server's settings, those that its sessions begin with; that needs no right.

    Raises:
        SourceError: The server refuses to tell them.
    """
    rows = catalogue.rows("SHOW GLOBAL VARIABLES")
    return choose_settings(catalogue.server.version, {str(row[0]): str(row[1]) for row in rows})


def read_text(file: Path) -> str:
    """Read a file that the command line named.

    Raises:
        UsageError: It cannot be read.
    """
    try:
        return file.read_text("utf-8", errors="surrogateescape")
    except OSError as error:
        raise UsageError(
            f"{file} cannot be read ({type(error).__name__}).",
            hint="Check the name and its rights.",
        ) from None
