"""What came, went and changed in the schema: from the manifests and the masked definitions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from sandbox.bundle.manifest import ColumnEntry, Manifest, RelationEntry, TableEntry
from sandbox.bundle.reader import Bundle
from sandbox.diff.found import Change, Fate
from sandbox.diff.table_text import TableText, comment_of, default_of, rest_of, table_text
from sandbox.model import ObjectKind, SchemaObject

_T = TypeVar("_T")
Objects = Mapping[tuple[ObjectKind, str], SchemaObject]


def schema_changes(old: Bundle, new: Bundle) -> Iterator[Change]:
    """Compare two schemas: tables, then what is in them, then all other objects.

    Servers of two families write one definition in two ways: then only what the manifests say of
    columns is compared, and which objects there are.

    Raises:
        BundleInvalid: A definition is not what the manifest says.
    """
    same_family = old.manifest.source.family is new.manifest.source.family
    before, now = _objects(old), _objects(new)
    tables = _tables(old.manifest), _tables(new.manifest)
    yield from _came_and_went("table", *tables)
    for name in _both(*tables):
        texts = (
            [table_text(objects[ObjectKind.TABLE, name].definition) for objects in (before, now)]
            if same_family
            else [TableText(), TableText()]
        )
        yield from table_changes(tables[0][name], tables[1][name], *texts)
    yield from _object_changes(before, now, with_definitions=same_family)


def table_changes(
    old: TableEntry, new: TableEntry, old_text: TableText, new_text: TableText
) -> Iterator[Change]:
    """Compare two states of a table; without definitions as far as the manifests go."""
    name = new.name
    if old.engine.lower() != new.engine.lower():
        yield Change(Fate.CHANGED, "table", name, "engine", old.engine, new.engine)
    yield from _column_changes(old, new, old_text, new_text)
    yield from _key_changes(name, old_text, new_text)
    yield from _relation_changes(old, new)
    was = _without_engine(old_text.options, old)
    is_now = _without_engine(new_text.options, new)
    if was != is_now:
        yield Change(Fate.CHANGED, "table", name, "options", was, is_now)


def _without_engine(options: str, table: TableEntry) -> str:
    return options.replace(f"ENGINE={table.engine}", "").strip()


def _column_changes(
    old: TableEntry, new: TableEntry, old_text: TableText, new_text: TableText
) -> Iterator[Change]:
    before, now = _columns(old, old_text), _columns(new, new_text)
    for name in now:
        if name not in before:
            yield Change(Fate.CAME, "column", f"{new.name}.{name}", new=_said(name, new, new_text))
    for name in before:
        if name not in now:
            yield Change(Fate.WENT, "column", f"{new.name}.{name}", old=_said(name, old, old_text))
    entries = _by_name(old.columns), _by_name(new.columns)
    for name in _both(before, now):
        one, other = entries[0].get(name), entries[1].get(name)
        texts = old_text.columns.get(name, ""), new_text.columns.get(name, "")
        for aspect, was, is_now in _aspects(one, other, *texts):
            yield Change(Fate.CHANGED, "column", f"{new.name}.{name}", aspect, was, is_now)
    if [one for one in before if one in now] != [one for one in now if one in before]:
        yield Change(Fate.CHANGED, "table", new.name, "order of columns")


def _aspects(
    old: ColumnEntry | None, new: ColumnEntry | None, old_text: str, new_text: str
) -> Iterator[tuple[str, str, str]]:
    """Give what of a column changed, with what is shown of it."""
    if old and new:
        for aspect, was, is_now in (
            ("type", old.declared, new.declared),
            ("character set", old.charset or "none", new.charset or "none"),
            ("collation", old.collation or "none", new.collation or "none"),
            ("nullable", _null(old), _null(new)),
        ):
            if was != is_now:
                yield aspect, was, is_now
    if not old_text or not new_text:
        return
    if bool(old) != bool(new):
        yield "generated", "no" if old else "yes", "no" if new else "yes"
    was, is_now = default_of(old_text), default_of(new_text)
    # DEFAULT NULL is what a column without a default has anyway.
    if was != is_now and {was, is_now} != {"", "NULL"}:
        yield "default", was or "none", is_now or "none"
    if comment_of(old_text) != comment_of(new_text):
        yield "comment", "", ""
    was = rest_of(old_text, old.declared if old else "")
    is_now = rest_of(new_text, new.declared if new else "")
    if was != is_now:
        yield "definition", was, is_now


def _null(column: ColumnEntry) -> str:
    return "NULL" if column.nullable else "NOT NULL"


def _columns(table: TableEntry, text: TableText) -> dict[str, None]:
    """Give all names of columns, generated ones too where the definition tells them."""
    stored = dict.fromkeys(column.name for column in table.columns)
    told = dict.fromkeys(text.columns)
    return told if stored.keys() <= told.keys() else stored


def _said(name: str, table: TableEntry, text: TableText) -> str:
    if said := text.columns.get(name):
        return said
    column = _by_name(table.columns)[name]
    return f"{column.declared} {_null(column)}"


def _key_changes(table: str, old: TableText, new: TableText) -> Iterator[Change]:
    for what, name in {**old.keys, **new.keys}:
        was, is_now = old.keys.get((what, name), ""), new.keys.get((what, name), "")
        if was != is_now:
            fate = _fate(was, is_now)
            yield Change(fate, what, f"{table}.{name}" if name else table, "", was, is_now)


def _relation_changes(old: TableEntry, new: TableEntry) -> Iterator[Change]:
    before = {one.name: _relation(one) for one in old.relations}
    now = {one.name: _relation(one) for one in new.relations}
    for name in {**before, **now}:
        was, is_now = before.get(name, ""), now.get(name, "")
        if was != is_now:
            yield Change(_fate(was, is_now), "relation", f"{new.name}.{name}", "", was, is_now)


def _relation(one: RelationEntry) -> str:
    columns, others = ", ".join(one.columns), ", ".join(one.parent_columns)
    sure = f", {one.confidence} confidence" if one.confidence else ""
    return f"({columns}) -> {one.parent} ({others}), {one.origin.value}{sure}"


def _object_changes(old: Objects, new: Objects, *, with_definitions: bool) -> Iterator[Change]:
    for kind in ObjectKind:
        if kind is ObjectKind.TABLE:
            continue
        before = {name: one for (its, name), one in old.items() if its is kind}
        now = {name: one for (its, name), one in new.items() if its is kind}
        yield from _came_and_went(kind.value, before, now)
        for name in _both(before, now) if with_definitions else ():
            for aspect, was, is_now in _object_aspects(before[name], now[name]):
                yield Change(Fate.CHANGED, kind.value, name, aspect, was, is_now)


def _object_aspects(old: SchemaObject, new: SchemaObject) -> Iterator[tuple[str, str, str]]:
    if old.definition != new.definition:
        yield "definition", *_lines_beside(old.definition, new.definition)
    for aspect, was, is_now in (
        ("sql_mode", old.sql_mode or "", new.sql_mode or ""),
        ("character set", old.charset, new.charset),
        ("collation", old.collation, new.collation),
        ("time zone", old.time_zone, new.time_zone),
    ):
        if was != is_now:
            yield aspect, was, is_now


def _lines_beside(old: str, new: str) -> tuple[str, str]:
    """Give the lines of each definition that the other does not have."""
    before, now = old.splitlines(), new.splitlines()
    its, other = set(before), set(now)
    return (
        "\n".join(one for one in before if one not in other),
        "\n".join(one for one in now if one not in its),
    )


def _objects(bundle: Bundle) -> Objects:
    return {(one.kind, one.name): one for one in bundle.objects()}


def _tables(manifest: Manifest) -> Mapping[str, TableEntry]:
    return {table.name: table for table in sorted(manifest.tables, key=lambda one: one.name)}


def _by_name(columns: Iterable[ColumnEntry]) -> Mapping[str, ColumnEntry]:
    return {column.name: column for column in columns}


def _came_and_went(
    what: str, old: Mapping[str, object], new: Mapping[str, object]
) -> Iterator[Change]:
    for name in sorted({*old, *new}):
        if name not in old or name not in new:
            yield Change(Fate.CAME if name in new else Fate.WENT, what, name)


def _both(old: Mapping[str, _T], new: Mapping[str, _T]) -> list[str]:
    return [name for name in new if name in old]


def _fate(old: object, new: object) -> Fate:
    if not old:
        return Fate.CAME
    return Fate.CHANGED if new else Fate.WENT
