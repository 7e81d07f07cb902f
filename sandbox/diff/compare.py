"""From two bundles to what changed between them, as a table of contents.

Reads no more than it has to: parts whose digests are in both bundles hold the same rows. What is
read is checked on the way; `sandbox verify` checks all of a bundle.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from sandbox.bundle.manifest import Manifest, PartEntry, TableEntry
from sandbox.bundle.reader import Bundle, open_bundle
from sandbox.diff.comparable import Comparable, comparable
from sandbox.diff.found import (
    BundleChanges,
    Fate,
    RowChanges,
    Side,
    TableChanges,
    Volume,
    Way,
)
from sandbox.diff.lines import lines_of, parts_to_read
from sandbox.diff.names import FirstRows
from sandbox.diff.odd import looked_for_odd, odd_changes
from sandbox.diff.rows import compare_lines
from sandbox.diff.schema import schema_changes
from sandbox.diff.surroundings import file_changes, making_changes, setting_changes
from sandbox.errors import UsageError
from sandbox.model import Progress, Stage


@dataclass(frozen=True, slots=True)
class DiffRequest:
    """What to compare, and what to tell of it.

    Attributes:
        old, new: Folders of the bundles.
        tables: Tables whose rows are to be named by their keys.
        limit: How many rows of each kind to name.
    """

    old: Path
    new: Path
    tables: frozenset[str] = frozenset()
    limit: int = 20


@dataclass(frozen=True, slots=True)
class _Pair:
    """A table of both bundles, how it is compared, and what of it has to be read."""

    old: TableEntry
    new: TableEntry
    how: Comparable
    parts: tuple[list[PartEntry], list[PartEntry]]
    skipped: int

    @property
    def rows_to_read(self) -> int:
        """Rows of both sides that have to be read."""
        return sum(part.rows for side in self.parts for part in side)


def compare_bundles(request: DiffRequest, progress: Progress) -> BundleChanges:
    """Tell what changed from one bundle to another.

    Raises:
        BundleInvalid: One is no bundle, is damaged where it was read, or of a newer format.
        UsageError: Rows of a table are to be named that neither has.
        ScratchFailed: Rows that wait for their like could not be put aside.
    """
    old, new = open_bundle(request.old), open_bundle(request.new)
    _refuse_unknown_tables(request, old.manifest, new.manifest)
    schema = tuple(schema_changes(old, new))
    settings = tuple(setting_changes(old, new))
    tables = _compare_tables(request, old, new, progress)
    return BundleChanges(
        old=Side(request.old, old.manifest),
        new=Side(request.new, new.manifest),
        cautions=(*_cautions(old.manifest, new.manifest), *_unnamed(request, tables)),
        schema=schema,
        tables=tuple(tables),
        odd=tuple(odd_changes(old.manifest, new.manifest)),
        settings=settings,
        files=tuple(file_changes(old.manifest, new.manifest)),
        making=tuple(making_changes(old.manifest, new.manifest)),
    )


def _refuse_unknown_tables(request: DiffRequest, *manifests: Manifest) -> None:
    known = {table.name for manifest in manifests for table in manifest.tables}
    if missing := sorted(request.tables - known):
        raise UsageError(
            f"--rows {missing[0]}: neither bundle has a table of that name.",
            hint=f"See which there are: sandbox inspect {request.new}",
        )


def _cautions(old: Manifest, new: Manifest) -> Iterator[str]:
    """Say what makes the comparison less than it seems."""
    same_key = _same_key(old, new)
    if same_key and old.source.fingerprint != new.source.fingerprint:
        yield "the bundles are of different sources: rows may be others that have the same keys"
    if not same_key:
        yield (
            "the bundles were masked under different keys: masked columns are not compared, rows "
            "with masked keys are only counted, what was masked in definitions and settings "
            "differs, and nobody can tell whether they are of one source"
        )
    if old.source.family is not new.source.family:
        yield (
            f"the bundles are of {old.source.family.value} and {new.source.family.value}: "
            "definitions are not compared, and numbers may be written otherwise"
        )
    if same_key and (other := _masked_otherwise(old, new)):
        yield f"{other}: a masked value may be another although production's is not"
    if new.created < old.created:
        yield "the second bundle is the older one: what came went, and the other way round"
    for name, manifest in (("first", old), ("second", new)):
        if not looked_for_odd(manifest):
            yield f"nobody looked for odd rows when the {name} bundle was made: not compared"


def _unnamed(request: DiffRequest, tables: list[TableChanges]) -> Iterator[str]:
    """Say of which tables no row can be named, although that was asked for."""
    for table in tables:
        if table.name in request.tables and table.why:
            yield f"rows of {table.name} cannot be named: {table.why}"


def _same_key(old: Manifest, new: Manifest) -> bool:
    """Tell whether what is masked can be compared: one key, or nothing that is masked."""
    if old.key_id != new.key_id:
        return False
    tables = (*old.tables, *new.tables)
    return bool(old.key_id) or all(one.kept for table in tables for one in table.columns)


def _masked_otherwise(old: Manifest, new: Manifest) -> str:
    """Say why one value may be masked in two ways under one key; empty where it may not."""
    if old.rules_digest != new.rules_digest:
        return "the masking rules differ"
    if old.tool_version != new.tool_version:
        return "the bundles were made by two versions of sandbox"
    return ""


def _compare_tables(
    request: DiffRequest, old: Bundle, new: Bundle, progress: Progress
) -> list[TableChanges]:
    before, now = _tables(old.manifest), _tables(new.manifest)
    pairs = {name: _pair(before[name], now[name], old, new) for name in now if name in before}
    found = {name: _alone(table, Fate.WENT) for name, table in before.items() if name not in now}
    found |= {name: _alone(table, Fate.CAME) for name, table in now.items() if name not in before}
    total = sum(pair.rows_to_read for pair in pairs.values())
    with progress.stage("compare", total=total, unit="rows") as stage:
        for name, pair in pairs.items():
            limit = request.limit if name in request.tables else 0
            found[name] = _compare_table(pair, old, new, limit, stage)
        same = sum(pair.skipped for pair in pairs.values())
        stage.done(f"{total:,} rows read, {same:,} are the same by their digests")
    return [found[name] for name in sorted(found)]


def _tables(manifest: Manifest) -> Mapping[str, TableEntry]:
    return {table.name: table for table in manifest.tables}


def _pair(old: TableEntry, new: TableEntry, its: Bundle, other: Bundle) -> _Pair:
    how = comparable(old, new, same_key=_same_key(its.manifest, other.manifest))
    if how.counts_only:
        return _Pair(old, new, how, ([], []), 0)
    before, now, skipped = parts_to_read(old, new, how)
    return _Pair(old, new, how, (before, now), skipped)


def _compare_table(pair: _Pair, old: Bundle, new: Bundle, limit: int, stage: Stage) -> TableChanges:
    how, rows, way = pair.how, None, Way.COUNTS
    if not how.counts_only:
        rows = _compare_rows(pair, old, new, limit, stage)
        way = Way.KEY if how.key else Way.WHOLE_ROWS
        if not pair.rows_to_read:
            way = Way.DIGESTS
    return TableChanges(
        name=pair.new.name,
        fate=None,
        way=way,
        why=how.why or ("no column can be compared" if how.counts_only else ""),
        old_rows=pair.old.rows,
        new_rows=pair.new.rows,
        old_source=_volume(pair.old),
        new_source=_volume(pair.new),
        rows=rows,
        left_out=how.left_out,
    )


def _compare_rows(pair: _Pair, old: Bundle, new: Bundle, limit: int, stage: Stage) -> RowChanges:
    how = pair.how
    first = FirstRows(how.columns, how.key, limit)
    tally = compare_lines(
        lines_of(old, pair.old, pair.parts[0], how.old_fields, stage),
        lines_of(new, pair.new, pair.parts[1], how.new_fields, stage),
        how.key,
        expected=sum(part.bytes for part in chain(*pair.parts)),
        named=first.add,
    )
    return RowChanges(
        came=tally.came,
        went=tally.went,
        changed=tally.changed,
        stayed=tally.stayed + pair.skipped,
        columns={how.columns[place].name: count for place, count in tally.fields.most_common()},
        named=first.rows(),
    )


def _alone(table: TableEntry, fate: Fate) -> TableChanges:
    """Describe a table that only one bundle has."""
    came = fate is Fate.CAME
    volume = _volume(table)
    return TableChanges(
        name=table.name,
        fate=fate,
        way=Way.COUNTS,
        why=f"the table {fate.value}",
        old_rows=0 if came else table.rows,
        new_rows=table.rows if came else 0,
        old_source=Volume(None) if came else volume,
        new_source=volume if came else Volume(None),
        rows=RowChanges(came=table.rows) if came else RowChanges(went=table.rows),
    )


def _volume(table: TableEntry) -> Volume:
    return Volume(table.rows_in_source, table.rows_in_source_exact)
