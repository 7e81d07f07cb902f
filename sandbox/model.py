"""Values and protocols that cross the stages. No I/O, nothing mutable.

Each stage takes the previous one's value and gives the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

Cell = bytes | None  # exactly what the server holds, or NULL


class State(StrEnum):
    """How one thing that `sandbox doctor` looked at is."""

    OK = "ok"
    LACKS_COMFORT = "optional"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a command needs of this machine.

    Attributes:
        name: What was looked at, in two or three words.
        needed_for: The half that needs it: ``export``, ``up`` or ``both``.
        state: Whether it is there.
        found: What was found, with its version where it has one.
        cure: What to do about it; empty where nothing is to be done.
    """

    name: str
    needed_for: str
    state: State
    found: str
    cure: str = ""


class Stage(Protocol):
    """One stage of a pipeline while it runs."""

    def advance(self, steps: int = 1, doing: str = "") -> None:
        """Say that `steps` more units are done, and what is being worked on."""

    def done(self, summary: str) -> None:
        """Say what the stage found or made; shown as its one line."""


class Progress(Protocol):
    """Where pipelines say how far they are. `sandbox.report.progress` renders it."""

    def stage(
        self, name: str, *, total: int | None = None, unit: str = ""
    ) -> AbstractContextManager[Stage]:
        """Open a stage; `total` units of work are expected where that is known."""

    def warn(self, message: str) -> None:
        """Say something the user should know although the work goes on."""


class Family(StrEnum):
    """The engine family of a database server."""

    MYSQL = "mysql"
    MARIADB = "mariadb"


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the server describes it.

    Attributes:
        name: Its name.
        kind: The bare type in lower case: ``int``, ``varchar``, ``enum``, ``json``, ``geometry`` …
        declared: The type as declared: ``int(10) unsigned``, ``enum('a','b')``.
        nullable: Whether it may hold NULL.
        charset: Character set of a text column; empty for every other type.
        collation: Its collation; empty for every other type.
        generated: Whether the server computes it: never read, recomputed on load.
    """

    name: str
    kind: str
    declared: str
    nullable: bool = True
    charset: str = ""
    collation: str = ""
    generated: bool = False

    @property
    def is_integer(self) -> bool:
        """Whether its values are whole numbers."""
        return self.kind in {"tinyint", "smallint", "mediumint", "int", "bigint"}


@dataclass(frozen=True, slots=True)
class Key:
    """A unique key; the primary one is named ``PRIMARY``.

    Attributes:
        name: Its name.
        columns: Names of its columns, in its order.
        hidden: Whether queries may not use it (INVISIBLE, IGNORED): it only keeps rows unique.
        shortened: Whether it holds but the beginning of a column: it finds rows, in no order.
    """

    name: str
    columns: tuple[str, ...]
    hidden: bool = False
    shortened: bool = False


@dataclass(frozen=True, slots=True)
class Index:
    """An index that allows equal entries.

    Attributes:
        name: Its name.
        columns: Names of its columns, in its order.
        shortened: Whether it holds but the beginning of a column: it finds rows, in no order.
    """

    name: str
    columns: tuple[str, ...]
    shortened: bool = False


class Origin(StrEnum):
    """What says that a table refers to another."""

    DECLARED = "declared"
    SETTINGS = "settings"
    ZEND = "zend"
    DOCTRINE = "doctrine"
    NAME = "name"
    POLYMORPHIC = "polymorphic"


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A reference from a child table to its parent: a declared one, or one that code alone knows.

    Attributes:
        name: Name of the constraint; of an undeclared one, what it says.
        table: The child.
        columns: Its referring columns.
        parent: The referred table, of the same database.
        parent_columns: The referred columns, in the order of `columns`.
        cascades: Whether rows of the child go with their parent (ON DELETE CASCADE).
        origin: What says so.
        only: Column of the child and its value in those rows that refer to this parent; None where
            all rows do.
        optional: Whether rows are known to refer to nobody although no column is NULL: PHP writes 0
            or '' for it.
        indexed: Of an undeclared one, whether an index of the child finds the children of a row.
    """

    name: str
    table: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    cascades: bool = False
    origin: Origin = Origin.DECLARED
    only: tuple[str, str] | None = None
    optional: bool = False
    indexed: bool = False

    @property
    def declared(self) -> bool:
        """Whether the server holds rows to it."""
        return self.origin is Origin.DECLARED


@dataclass(frozen=True, slots=True)
class Table:
    """A base table.

    Attributes:
        name: Its name.
        engine: Storage engine, as the server spells it.
        columns: Every column, in the table's order, generated and invisible ones included.
        keys: Unique keys, the primary one first where there is one.
        foreign_keys: What it refers to.
        rows: The server's estimate of its rows.
        size: Bytes of data, by the server's estimate.
        comment: Its comment.
        indexes: Indexes that are not unique.
    """

    name: str
    engine: str
    columns: tuple[Column, ...]
    keys: tuple[Key, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    rows: int = 0
    size: int = 0
    comment: str = ""
    indexes: tuple[Index, ...] = ()

    @property
    def stored_columns(self) -> tuple[Column, ...]:
        """The columns that hold data of their own, in order: what is read and loaded."""
        return tuple(column for column in self.columns if not column.generated)

    @property
    def identity(self) -> tuple[Column, ...]:
        """The columns that tell a row from all others; empty where no key does.

        The primary key, else the first unique key without a nullable or generated column.
        """
        by_name = {column.name: column for column in self.columns}
        for key in self.keys:
            columns = tuple(by_name[name] for name in key.columns)
            if not any(column.nullable or column.generated for column in columns):
                return columns
        return ()

    @property
    def transactional(self) -> bool:
        """Whether a consistent snapshot covers it."""
        return self.engine.lower() in {"innodb", "rocksdb", "tokudb"}

    def index_on(self, columns: tuple[str, ...], *, in_order: bool = False) -> str:
        """Give the name of an index that begins with these columns, in any order; empty for none.

        With it the rows of given values are found without reading the table; and rows in the
        columns' own order, where `in_order` asks for it.
        """
        wanted = frozenset(columns)
        usable: list[Key | Index] = [key for key in self.keys if not key.hidden]
        for index in (*usable, *self.indexes):
            begins = frozenset(index.columns[: len(columns)]) == wanted
            if begins and not (in_order and index.shortened):
                return index.name
        return ""

    def column(self, name: str) -> Column:
        """Give a column by name.

        Raises:
            KeyError: There is none of that name.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


class ObjectKind(StrEnum):
    """The kind of a schema object, in the order in which they are created on load."""

    SEQUENCE = "sequence"
    TABLE = "table"
    FUNCTION = "function"
    PROCEDURE = "procedure"
    VIEW = "view"
    TRIGGER = "trigger"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class SchemaObject:
    """The definition of one object, and the session it has to be created under.

    Attributes:
        kind: What it is.
        name: Its name.
        definition: One CREATE statement, without a delimiter.
        sql_mode: Session's ``sql_mode``; None where the server keeps none for this kind.
        charset: ``character_set_client`` of its creation; empty where none is kept.
        collation: ``collation_connection`` of its creation; empty where none is kept.
        time_zone: Session's time zone, for events.
        position: Next value of a sequence.
    """

    kind: ObjectKind
    name: str
    definition: str
    sql_mode: str | None = None
    charset: str = ""
    collation: str = ""
    time_zone: str = ""
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Schema:
    """A database as its server tells it.

    Attributes:
        database: Its name.
        family: Engine family of the server.
        version: The server's version, as it says it.
        charset: The database's default character set.
        collation: The database's default collation.
        tables: Base tables by name.
        objects: Definitions of everything that could be seen, tables included.
        unknown: What could not be seen, in words for people: ``triggers: no TRIGGER right``.
    """

    database: str
    family: Family
    version: str
    charset: str
    collation: str
    tables: Mapping[str, Table]
    objects: tuple[SchemaObject, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def table_definitions(self) -> Mapping[str, str]:
        """The definition of each table that has one, by the table's name."""
        return {one.name: one.definition for one in self.objects if one.kind is ObjectKind.TABLE}


class ReasonKind(StrEnum):
    """What made a row come to a sample."""

    WHOLE = "whole"
    DRAWN = "drawn"
    NAMED = "named"
    ODD = "odd"
    CHILD = "child"
    FAMILY = "family"
    PARENT = "parent"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a row came to a sample, without any value of it.

    Attributes:
        kind: What made it come.
        words: More of it, for people: which share, or where the row was named.
        child: Of a row that came along a reference, the table that refers.
        relation: The name of that reference.
        classes: Of an odd row, column (or relation) and name of each class that it was taken for.
    """

    kind: ReasonKind
    words: str = ""
    child: str = ""
    relation: str = ""
    classes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a table as columns of exact bytes. Never leaves the ops half unmasked.

    Attributes:
        table: The table's name.
        columns: Names of the columns.
        cells: One sequence for each column, all of the same length.
    """

    table: str
    columns: tuple[str, ...]
    cells: tuple[Sequence[Cell], ...] = field(repr=False)

    def __len__(self) -> int:
        return len(self.cells[0]) if self.cells else 0


@dataclass(frozen=True, slots=True)
class MaskedBatch:
    """A batch after masking: what a bundle takes. Only `sandbox.masking` makes one.

    Attributes:
        table: The table's name.
        columns: Names of the columns.
        cells: One sequence for each column, all of the same length.
        losses: By column, how many of its values could not be kept as the rule promised, and why.
    """

    table: str
    columns: tuple[str, ...]
    cells: tuple[Sequence[Cell], ...] = field(repr=False)
    losses: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.cells[0]) if self.cells else 0


@dataclass(frozen=True, slots=True)
class MaskedText:
    """A text (log, configuration, definition) after masking. Only `sandbox.masking` makes one."""

    content: bytes = field(repr=False)
