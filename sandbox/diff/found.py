"""What `sandbox diff` finds, as values: whoever asks what changed since last week gets these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sandbox.bundle.manifest import Manifest


class Fate(StrEnum):
    """What became of something between the old bundle and the new one."""

    CAME = "came"
    WENT = "went"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not as it was.

    Attributes:
        fate: What became of it.
        what: What kind of thing it is: ``column``, ``setting``, ``file`` …
        name: Which one: ``orders.note``, ``sql_mode``.
        aspect: What of it changed, where it has several: ``type``, ``default``.
        old, new: How it was and is; empty where it was not there, or is not shown.
    """

    fate: Fate
    what: str
    name: str
    aspect: str = ""
    old: str = ""
    new: str = ""


class Way(StrEnum):
    """How the rows of a table were compared."""

    DIGESTS = "digests"
    KEY = "key"
    WHOLE_ROWS = "whole rows"
    COUNTS = "counts"


@dataclass(frozen=True, slots=True)
class NamedRow:
    """A row that came, went or changed, by its key.

    Attributes:
        fate: What became of it.
        key: The cells of its identity as the bundle holds them, as text.
        columns: Those that changed.
    """

    fate: Fate
    key: tuple[str, ...]
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowChanges:
    """What became of the rows of a table.

    Attributes:
        came: Rows of the new bundle only.
        went: Rows of the old bundle only.
        changed: Rows of both whose compared columns differ; none where no key tells rows apart.
        stayed: Rows of both whose compared columns are equal.
        columns: By column, the changed rows in which it differs.
        named: The first of them by key, where they were asked for.
    """

    came: int = 0
    went: int = 0
    changed: int = 0
    stayed: int = 0
    columns: Mapping[str, int] | None = None
    named: tuple[NamedRow, ...] = ()

    @property
    def differ(self) -> bool:
        """Whether a row came, went or changed."""
        return bool(self.came or self.went or self.changed)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A column that was not compared, and why."""

    column: str
    why: str


@dataclass(frozen=True, slots=True)
class Volume:
    """Rows that the source has.

    Attributes:
        rows: How many; None where nobody knows.
        exact: Whether they were counted.
    """

    rows: int | None
    exact: bool = False


@dataclass(frozen=True, slots=True)
class TableChanges:
    """What became of a table.

    Attributes:
        name: Its name.
        fate: Whether the table itself came or went; None where both bundles have it.
        way: How its rows were compared.
        why: Why not by key, where that is so.
        old_rows, new_rows: Its rows in each bundle.
        old_source, new_source: Its rows in production.
        rows: What became of them; None where they could only be counted.
        left_out: Columns that were not compared.
    """

    name: str
    fate: Fate | None
    way: Way
    why: str
    old_rows: int
    new_rows: int
    old_source: Volume
    new_source: Volume
    rows: RowChanges | None
    left_out: tuple[LeftOut, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether its rows are known to differ."""
        if self.rows is None:
            return self.old_rows != self.new_rows
        return self.fate is not None or self.rows.differ


@dataclass(frozen=True, slots=True)
class OddChange:
    """A class of odd rows that is new in production, gone, or of another size.

    Attributes:
        fate: What became of it.
        table: Its table.
        column: Its column or relation; empty for a class of the project's own.
        name: The class.
        old, new: Rows in production as the manifests have them; empty where it is not there.
        doubt: Why it may be there all the same, or have been: nobody looked, or not everywhere.
    """

    fate: Fate
    table: str
    column: str
    name: str
    old: str = ""
    new: str = ""
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two bundles.

    Attributes:
        path: Its folder.
        manifest: Its table of contents.
    """

    path: Path
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class BundleChanges:
    """Everything that changed from one bundle to another.

    Attributes:
        old, new: The bundles.
        cautions: What makes the comparison less than it seems; to be read first.
        schema: Tables, columns, keys, relations, views, routines, triggers, events.
        tables: Every table of either bundle, by name.
        odd: Classes of odd rows.
        settings: Settings of the database server.
        files: What was captured of servers.
        making: How the bundles were made: plan, rules, key, versions, what nobody could see.
    """

    old: Side
    new: Side
    cautions: tuple[str, ...]
    schema: tuple[Change, ...]
    tables: tuple[TableChanges, ...]
    odd: tuple[OddChange, ...]
    settings: tuple[Change, ...]
    files: tuple[Change, ...]
    making: tuple[Change, ...]

    @property
    def differ(self) -> bool:
        """Whether anything is known to differ. Moments, sizes and estimates do not count."""
        others = (self.schema, self.odd, self.settings, self.files, self.making)
        return any(others) or any(table.differs for table in self.tables)
