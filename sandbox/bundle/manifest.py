"""The table of contents of a bundle: what is in it, where it came from and what was done to it.

Parsed from JSON that may come from anywhere: its size and depth are bounded, every field is
checked, and nothing of a broken one is repeated in a message. Fields that this version does not
know are passed over: the format's number rises only when an older reader would misunderstand.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    model_validator,
)

from sandbox.bundle.bounds import MAX_DEPTH, MAX_VALUES, depth_of, holds_too_much
from sandbox.bundle.fields import STRICT, Count, Digest, MaybeName, Name, Text, Word
from sandbox.bundle.names import is_safe_path
from sandbox.bundle.reasons import ReasonEntry
from sandbox.errors import BundleInvalid
from sandbox.model import Column, Family, ObjectKind, Origin

FORMAT = 1
MANIFEST = "manifest.json"
# Stands in the place of the manifest as long as a bundle is being written, and becomes it.
UNFINISHED = f"{MANIFEST}.partial"
MAX_BYTES = 64 * 1024 * 1024
NOT_RUN = "not run"

_MAX_FINDINGS = 20


class _Entry(BaseModel):
    model_config = STRICT


class _Filed(_Entry):
    """Something that is a file of the bundle; its path stays inside."""

    path: str

    @model_validator(mode="after")
    def _stay_inside(self) -> Self:
        if not is_safe_path(self.path) or self.path == MANIFEST:
            raise ValueError("a path that leads out of the bundle")
        return self


class ReasonsFile(_Filed):
    """A file that tells what each row of a part came for; one of the manifest's files, too."""

    bytes: Count
    stored_bytes: Count
    sha256: Digest


class PartEntry(_Filed):
    """A file with rows of a table; see `sandbox.bundle.parts.PartFacts`."""

    rows: Count
    bytes: Count
    stored_bytes: Count
    sha256: Digest
    text_sha256: Digest | None = None
    rows_sum: Annotated[int, Field(ge=0, lt=2**64)] | None = None
    reasons: ReasonsFile | None = None


class ColumnEntry(_Entry):
    """A column that holds data of its own, in the order of the fields of a line.

    Attributes:
        name: Its name.
        kind: The bare type, as `sandbox.model.Column` has it.
        declared: The type as declared. Members of an ENUM or SET stay, as rows stand for them by
            number; what is recognisably personal in them is masked.
        charset: Character set of a text column.
        collation: Its collation.
        nullable: Whether it may hold NULL.
        treatment: Name of the masker; empty where the column was kept.
        kept: Whether the values are those of the source.
        losses: What could not be kept as the rule promised, and for how many values.
    """

    name: Name
    kind: Name
    declared: Text
    charset: Word = ""
    collation: Word = ""
    nullable: bool = True
    treatment: Text = ""
    kept: bool = False
    losses: dict[Text, Count] = {}

    def column(self) -> Column:
        """Give the column as the stages know it."""
        return Column(
            name=self.name,
            kind=self.kind,
            declared=self.declared,
            nullable=self.nullable,
            charset=self.charset,
            collation=self.collation,
        )


class ForeignKeyEntry(_Entry):
    """A declared reference to a parent table of the same database."""

    name: Name
    columns: Annotated[list[Name], Field(min_length=1)]
    parent: Name
    parent_columns: Annotated[list[Name], Field(min_length=1)]

    @model_validator(mode="after")
    def _pair_columns(self) -> Self:
        if len(self.columns) != len(self.parent_columns):
            raise ValueError("more columns on one side than on the other")
        return self


class RelationEntry(ForeignKeyEntry):
    """A reference that no constraint declares. Rows were chosen along it; a load makes nothing.

    Attributes:
        origin: What says that it is one.
        confidence: How sure that is: high, medium or low.
        only: Column and value of the child's rows that refer to this parent; empty for all rows.
        orphans: Rows that refer to a parent which the source does not have.
    """

    origin: Origin
    confidence: Text = ""
    only: Annotated[list[Text], Field(max_length=2)] = []
    orphans: Count = 0

    @model_validator(mode="after")
    def _pair_only(self) -> Self:
        if len(self.only) == 1:
            raise ValueError("a column without the value that stands there, or the other way round")
        return self


class TableEntry(_Entry):
    """A table with its rows.

    Attributes:
        name: Its name.
        engine: Storage engine, as the source spells it.
        columns: What a line of its parts holds.
        identity: The columns that tell a row from all others; empty where none do.
        ordered: Whether rows come in the order of `identity`, all of which is kept.
        rows: Its rows in the bundle; filled in by the writer.
        bytes: Size of their text; filled in by the writer.
        parts: Its files; filled in by the writer.
        rows_in_source: Rows that the source has.
        rows_in_source_exact: Whether those were counted, not estimated.
        why: Why its rows are here, for people.
        in_snapshot: Whether it was read in the same snapshot as the other tables.
        foreign_keys: What it refers to.
        expected_orphans: By foreign key, the rows whose parent is missing in the bundle because it
            is missing in the source. Keys without orphans may be left out.
        relations: What it refers to without declaring it.
        reasons: What its rows came for; where there is more than one, each part has a file that
            tells which rows came for which. None are known of a bundle of an older version.
    """

    name: Name
    engine: str
    columns: Annotated[list[ColumnEntry], Field(min_length=1)]
    identity: list[Name] = []
    ordered: bool = False
    rows: Count = 0
    bytes: Count = 0
    parts: list[PartEntry] = []
    rows_in_source: Count | None = None
    rows_in_source_exact: bool = False
    why: Text = ""
    in_snapshot: bool = True
    foreign_keys: list[ForeignKeyEntry] = []
    expected_orphans: dict[Name, Count] = {}
    relations: list[RelationEntry] = []
    reasons: list[ReasonEntry] = []

    @property
    def stored_bytes(self) -> int:
        """Size of its files."""
        return sum(part.stored_bytes for part in self.parts)

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        names = {column.name for column in self.columns}
        kept = {column.name for column in self.columns if column.kept}
        if not names.issuperset(self.identity):
            raise ValueError("an identity of columns that are not there")
        if self.ordered and (not self.identity or not kept.issuperset(self.identity)):
            raise ValueError("rows in the order of an identity that is not there or not kept")
        for part in self.parts:
            if (part.text_sha256 is not None) != self.ordered:
                raise ValueError("a part without the digest that its table calls for")
            if (part.rows_sum is not None) == self.ordered:
                raise ValueError("a part without the checksum that its table calls for")
            if (part.reasons is not None) != (len(self.reasons) > 1):
                raise ValueError("a part without the reasons that its table calls for")
        if self.rows != sum(part.rows for part in self.parts):
            raise ValueError("rows that differ from those of the parts")
        if self.bytes != sum(part.bytes for part in self.parts):
            raise ValueError("bytes that differ from those of the parts")
        if len(names) < len(self.columns):
            raise ValueError("a column twice")
        return self


class _TextFile(_Filed):
    """A file that is stored as it is."""

    bytes: Count
    sha256: Digest


class ObjectEntry(_TextFile):
    """The definition of an object and the session it is created under."""

    kind: ObjectKind
    name: Name
    sql_mode: str | None = None
    charset: Word = ""
    collation: Word = ""
    time_zone: str = ""
    position: int | None = None


class FileEntry(_TextFile):
    """Any other file: configuration, a log, requests, the load script."""

    what: Text


class SourceEntry(_Entry):
    """Where the rows came from, without a way to get there."""

    fingerprint: Name
    family: Family
    version: Name
    database: Name
    charset: Word
    collation: Word


class OddEntry(_Entry):
    """A class of odd rows that the source has.

    Attributes:
        table: The table.
        column: The column, or the foreign key; empty for a class of the project's own.
        name: The class, see `docs/odd-rows.md`.
        rows, taken: Rows of it in source and bundle: a number, ``about`` one, or ``<10``.
    """

    table: Name
    column: MaybeName = ""
    name: Name
    rows: Name
    taken: Name


class LeakCheck(_Entry):
    """What the search for originals in the finished bundle came to."""

    status: Name = NOT_RUN
    words: Text = "nobody has searched this bundle for values of the source yet"


class Manifest(_Entry):
    """See `docs/bundle-format.md` for each field."""

    format: Annotated[int, Field(ge=1, le=FORMAT)] = FORMAT
    tool_version: Name
    created: AwareDatetime
    expires: AwareDatetime | None = None
    source: SourceEntry
    tables: list[TableEntry] = []
    objects: list[ObjectEntry] = []
    files: list[FileEntry] = []
    plan: dict[str, JsonValue] = {}
    rules_digest: str = ""
    key_id: str = ""
    leak_check: LeakCheck = LeakCheck()
    fidelity: list[Text] = []
    unknown: list[Text] = []
    timings: dict[Name, Annotated[float, Field(ge=0)]] = {}
    servers: list[Name] = []
    odd: list[OddEntry] = []

    @property
    def rows(self) -> int:
        """Rows in all tables."""
        return sum(table.rows for table in self.tables)

    @property
    def paths(self) -> dict[str, tuple[int, str]]:
        """Every file but the manifest, with its size and SHA-256."""
        parts = {p.path: (p.stored_bytes, p.sha256) for t in self.tables for p in t.parts}
        texts: tuple[_TextFile, ...] = (*self.objects, *self.files)
        return parts | {one.path: (one.bytes, one.sha256) for one in texts}

    def table(self, name: str) -> TableEntry:
        """Give a table by name.

        Raises:
            KeyError: There is none of that name.
        """
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(name)

    @model_validator(mode="after")
    def _name_each_once(self) -> Self:
        listed = sum(len(t.parts) for t in self.tables) + len(self.objects) + len(self.files)
        if len({path.casefold() for path in self.paths}) < listed:
            raise ValueError("a file twice")
        if len({table.name for table in self.tables}) < len(self.tables):
            raise ValueError("a table twice")
        if len({(one.kind, one.name) for one in self.objects}) < len(self.objects):
            raise ValueError("an object twice")
        return self

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        tables = {table.name for table in self.tables}
        if tables != {one.name for one in self.objects if one.kind is ObjectKind.TABLE}:
            raise ValueError("a table without a definition, or a definition without its table")
        files, parts = self.paths, [part for table in self.tables for part in table.parts]
        reasons = [part.reasons for part in parts if part.reasons is not None]
        if any(files.get(one.path) != (one.stored_bytes, one.sha256) for one in reasons):
            raise ValueError("reasons of rows that are no file of the bundle")
        keys = [key for table in self.tables for key in (*table.foreign_keys, *table.relations)]
        if any(key.parent not in tables for key in keys):
            raise ValueError("a foreign key to a table that is not there")
        return self

    def to_json(self) -> bytes:
        """Give it as the file holds it."""
        return self.model_dump_json(indent=1).encode() + b"\n"


class _Head(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, hide_input_in_errors=True)

    format: int


def parse_manifest(text: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        BundleInvalid: It is no manifest, or one of a newer format.
    """
    if len(text) > MAX_BYTES:
        raise BundleInvalid(f"{MANIFEST} is larger than {MAX_BYTES // 2**20} MiB.")
    if holds_too_much(text):
        raise BundleInvalid(f"{MANIFEST} holds more than {MAX_VALUES:,} values.")
    if depth_of(text) > MAX_DEPTH:
        raise BundleInvalid(f"{MANIFEST} is nested deeper than {MAX_DEPTH} levels.")
    try:
        found = _Head.model_validate_json(text).format
        if found > FORMAT:
            raise BundleInvalid(
                f"the bundle has format {found} and was made by a newer sandbox; "
                f"this one reads formats up to {FORMAT}.",
                hint="Install the sandbox that made it, or a newer one.",
            )
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        raise BundleInvalid(
            f"{MANIFEST} cannot be understood.", findings=_findings(error)
        ) from None


def _findings(error: ValidationError) -> tuple[str, ...]:
    """Say where a manifest is wrong, without what stands there."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    lines = [f"{_place(one['loc'])}: {one['msg']}" for one in found[:_MAX_FINDINGS]]
    if len(found) > _MAX_FINDINGS:
        lines.append(f"and {len(found) - _MAX_FINDINGS} more")
    return tuple(lines)


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(one) for one in location if not str(one).startswith("function-")) or "it"
