"""Show what changed between two bundles: as text, what matters first; and as JSON holds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from sandbox.diff.found import (
    BundleChanges,
    Change,
    Fate,
    OddChange,
    Side,
    TableChanges,
    Volume,
    Way,
)
from sandbox.diff.odd import moved_much
from sandbox.diff.surroundings import MADE
from sandbox.report.terminal import line, number_of, rows_table

_SHOWN = 160  # characters of a definition; --json has all
_NAMES = 8  # of things that are only listed
_STYLES = {Fate.CAME: "green", Fate.WENT: "red", Fate.CHANGED: "yellow"}


def changes_text(found: BundleChanges) -> RenderableType:
    """Lay everything out that changed, and say in short what did not."""
    parts: list[RenderableType] = [
        _side("old", found.old),
        _side("new", found.new),
        *(line(f"beware    {one}", style="yellow") for one in found.cautions),
        Text(),
    ]
    if not found.differ:
        parts.append(line("Nothing differs that could be compared."))
    parts += _changes(found.schema, "the schema")
    parts += _rows(found.tables)
    parts += _odd(found)
    parts += _changes(found.settings, "settings of the database server")
    parts += _files(found.files)
    parts += _changes(found.making, "how the bundles were made")
    parts += map(line, _unchanged(found))
    return Group(*parts)


def changes_data(found: BundleChanges) -> dict[str, Any]:
    """Give everything that changed."""
    return {
        "differ": found.differ,
        "old": _side_data(found.old),
        "new": _side_data(found.new),
        "cautions": list(found.cautions),
        "schema": [_change_data(one) for one in found.schema],
        "tables": [_table_data(one) for one in found.tables],
        "odd": [
            {
                "fate": one.fate.value,
                "table": one.table,
                "column": one.column,
                "class": one.name,
                "old": one.old,
                "new": one.new,
                "doubt": one.doubt,
            }
            for one in found.odd
        ],
        "settings": [_change_data(one) for one in found.settings],
        "files": [_change_data(one) for one in found.files],
        "making": [_change_data(one) for one in found.making],
    }


def _side(word: str, side: Side) -> Text:
    one = side.manifest
    return line(
        f"{word:<10}{side.path}  {one.created:%Y-%m-%d %H:%M} UTC, "
        f"{number_of(one.rows, 'row')} of {one.source.database}, "
        f"{one.source.family.value} {one.source.version}"
    )


def _changes(changes: Sequence[Change], what: str) -> Iterator[RenderableType]:
    if not changes:
        return
    yield line(f"{number_of(len(changes), 'change')} of {what}:")
    for one in changes:
        yield Text("  ").append(line(_words(one), style=_STYLES[one.fate]))


def _words(one: Change) -> str:
    """Write a change in one line.

    >>> _words(Change(Fate.CHANGED, "column", "orders.total", "type", "int", "bigint"))
    'changed  column orders.total, type: int → bigint'
    """
    aspect = f", {one.aspect}" if one.aspect else ""
    old, new = _short(one.old), _short(one.new)
    if one.fate is Fate.CHANGED and (old or new):
        said = f": {old or 'none'} → {new or 'none'}"
    else:
        said = f": {old or new}" if old or new else ""
    what = "" if one.what == MADE else f"{one.what} "
    return f"{one.fate.value:<7}  {what}{one.name}{aspect}{said}"


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _SHOWN else f"{flat[:_SHOWN]}…"


def _rows(tables: Sequence[TableChanges]) -> Iterator[RenderableType]:
    shown = [table for table in tables if table.differs or _grew(table)]
    if shown:
        yield line(f"rows of {number_of(len(shown), 'table')}:")
        yield rows_table(
            (
                "  table",
                "in production",
                "in the bundle",
                "came",
                "went",
                "changed",
                "stayed",
                "how",
            ),
            [_row_of(table) for table in sorted(shown, key=_weight)],
        )
    for table in tables:
        for one in table.left_out:
            # The schema tells of those that came and went.
            if one.why not in {Fate.CAME, Fate.WENT}:
                yield line(f"left out  {table.name}.{one.column}: {one.why}")
        if table.rows is not None:
            yield from _named(table)


def _weight(table: TableChanges) -> tuple[bool, int, str]:
    """Order tables: those whose rows changed most first."""
    rows = table.rows
    moved = rows.came + rows.went + rows.changed if rows else 0
    return (not table.differs, -moved, table.name)


def _row_of(table: TableChanges) -> tuple[str | Text, ...]:
    rows = table.rows
    name = f"  {table.name}"
    volumes = _grown(table)
    held = _arrow(f"{table.old_rows:,}", f"{table.new_rows:,}")
    if rows is None:
        return name, volumes, held, "", "", "", "", _how(table)
    changed = "" if table.why else f"{rows.changed:,}"
    return (
        name,
        volumes,
        held,
        f"{rows.came:,}",
        f"{rows.went:,}",
        changed,
        f"{rows.stayed:,}",
        _how(table),
    )


def _how(table: TableChanges) -> str:
    if table.fate is not None:
        return f"the table {table.fate.value}"
    if table.way is Way.COUNTS:
        return f"only counted: {table.why}"
    if table.why:
        return f"whole rows: {table.why}"
    columns = table.rows.columns if table.rows else None
    if not columns:
        return ""
    first = [f"{name} {count:,}" for name, count in list(columns.items())[:_NAMES]]
    more = f", and {len(columns) - _NAMES} more" if len(columns) > _NAMES else ""
    return f"in {', '.join(first)}{more}"


def _grew(table: TableChanges) -> bool:
    """Tell whether production is known to have another number of rows; estimates always move."""
    old, new = table.old_source, table.new_source
    return old.exact and new.exact and old.rows != new.rows


def _grown(table: TableChanges) -> str:
    old, new = table.old_source, table.new_source
    said = _arrow(_volume(old), _volume(new))
    if not old.rows or new.rows is None or old.rows == new.rows:
        return said
    return f"{said} ({(new.rows - old.rows) / old.rows:+.1%})"


def _arrow(old: str, new: str) -> str:
    """Write how something was and is.

    >>> _arrow("3", "3"), _arrow("3", "4"), _arrow("", "4")
    ('3', '3 → 4', '4')
    """
    return new if old == new or not old else old if not new else f"{old} → {new}"


def _volume(one: Volume) -> str:
    if one.rows is None:
        return ""
    return f"{one.rows:,}" if one.exact else f"about {one.rows:,}"


def _named(table: TableChanges) -> Iterator[RenderableType]:
    rows = table.rows
    if rows is None or not rows.named:
        return
    counts = {Fate.CAME: rows.came, Fate.WENT: rows.went, Fate.CHANGED: rows.changed}
    shown = Counter(one.fate for one in rows.named)
    for one in rows.named:
        columns = f"  {', '.join(one.columns)}" if one.columns else ""
        said = f"  {one.fate.value:<7}  {table.name}:{','.join(one.key)}{columns}"
        yield line(said, style=_STYLES[one.fate])
    for fate, count in counts.items():
        if count > shown[fate] > 0:
            yield line(f"  {fate.value:<7}  {count - shown[fate]:,} more of {table.name}: --limit")


def _odd(found: BundleChanges) -> Iterator[RenderableType]:
    if not found.odd:
        return
    yield line(f"{number_of(len(found.odd), 'change')} of odd rows in production:")
    order = list(Fate)
    # Counts of common classes move each week, and would hide what is new.
    shown = [one for one in found.odd if one.fate is not Fate.CHANGED or _moved(one)]
    for one in sorted(shown, key=lambda one: order.index(one.fate)):
        yield Text("  ").append(line(_odd_words(one), style=_STYLES[one.fate]))
    if few := len(found.odd) - len(shown):
        kinds = "1 kind" if few == 1 else f"{few:,} kinds"
        yield line(
            f"  changed  {kinds} by up to a tenth (--json has {'it' if few == 1 else 'them'})"
        )


def _moved(one: OddChange) -> bool:
    return moved_much(one.old, one.new)


def _odd_words(one: OddChange) -> str:
    """Write a change of a class of odd rows.

    >>> _odd_words(OddChange(Fate.CAME, "payments", "fk_order", "orphan", "", "<10"))
    'new      orphan in payments.fk_order: <10 rows'
    """
    word = {Fate.CAME: "new", Fate.WENT: "gone", Fate.CHANGED: "changed"}[one.fate]
    where = f"{one.table}.{one.column}" if one.column else one.table
    doubt = f" ({one.doubt})" if one.doubt else ""
    return f"{word:<7}  {one.name} in {where}: {_arrow(one.old, one.new)} rows{doubt}"


def _files(files: Sequence[Change]) -> Iterator[RenderableType]:
    logs = [one for one in files if one.name.startswith("logs/")]
    yield from _changes([one for one in files if one not in logs], "files of servers")
    if logs:
        yield line(f"logs      {number_of(len(logs), 'file')} not as before, as logs are")


def _unchanged(found: BundleChanges) -> Iterator[str]:
    same = [one.name for one in found.tables if not one.differs and not _grew(one) and one.rows]
    if same:
        yield f"the same  rows of {number_of(len(same), 'table')}: {_some(same)}"
    uncounted = [one.name for one in found.tables if one.rows is None and not one.differs]
    if uncounted:
        yield f"unknown   as many rows, not compared: {_some(uncounted)}"
    parts = {
        "schema": found.schema,
        "odd rows": found.odd,
        "settings": found.settings,
        "files": found.files,
        "plan, rules and versions": found.making,
    }
    if names := [name for name, changes in parts.items() if not changes]:
        yield f"the same  {', '.join(names)}"


def _some(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - _NAMES} more" if len(every) > _NAMES else ""
    return ", ".join(every[:_NAMES]) + more


def _side_data(side: Side) -> dict[str, Any]:
    one = side.manifest
    return {
        "bundle": str(side.path),
        "created": one.created.isoformat(),
        "tool_version": one.tool_version,
        "source": one.source.model_dump(mode="json"),
        "key_id": one.key_id,
        "rules_digest": one.rules_digest,
        "rows": one.rows,
    }


def _change_data(one: Change) -> dict[str, Any]:
    return {
        "fate": one.fate.value,
        "what": one.what,
        "name": one.name,
        "aspect": one.aspect,
        "old": one.old,
        "new": one.new,
    }


def _table_data(table: TableChanges) -> dict[str, Any]:
    rows = table.rows
    return {
        "name": table.name,
        "fate": table.fate.value if table.fate else None,
        "differs": table.differs,
        "way": table.way.value,
        "why": table.why,
        "rows_old": table.old_rows,
        "rows_new": table.new_rows,
        "source_rows_old": table.old_source.rows,
        "source_rows_old_exact": table.old_source.exact,
        "source_rows_new": table.new_source.rows,
        "source_rows_new_exact": table.new_source.exact,
        "came": rows.came if rows else None,
        "went": rows.went if rows else None,
        "changed": rows.changed if rows else None,
        "stayed": rows.stayed if rows else None,
        "columns": dict(rows.columns or {}) if rows else {},
        "named": [
            {"fate": one.fate.value, "key": list(one.key), "columns": list(one.columns)}
            for one in (rows.named if rows else ())
        ],
        "left_out": [{"column": one.column, "why": one.why} for one in table.left_out],
    }
