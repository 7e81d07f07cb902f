"""Read the associations of Doctrine entities, from attributes and from annotations in comments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from sandbox.model import Origin, Schema, Table
from sandbox.subset.names import tables_by_name, words_of
from sandbox.subset.relations.classes import Classes
from sandbox.subset.relations.found import Proposal
from sandbox.subset.relations.php import Member, PhpClass
from sandbox.subset.relations.written import undeclared

_NAMES = frozenset({"Entity", "Table", "ManyToOne", "OneToOne", "JoinColumn", "MappedSuperclass"})
_TO_ONE = frozenset({"ManyToOne", "OneToOne"})
_ANNOTATION = re.compile(r"@(?:\w+\\)*(?P<name>\w+)(?P<open>\s*\()?")
_TEXT = re.compile(r'"((?:[^"]|"")*)"')
_CLASS = re.compile(r"([\w\\]+)::class")
_KEY = re.compile(r"(\w+)\s*=\s*$")

# One annotation or attribute: its short name, and its arguments that are texts.
Note = tuple[str, Mapping[str, str]]


def read_associations(schema: Schema, classes: Classes) -> tuple[list[Proposal], int]:
    """Give what the entities say, and how many associations name what the schema does not have."""
    proposals: list[Proposal] = []
    unmet = 0
    for one in classes:
        notes = notes_of(classes, one, one.comment, one.attributes)
        child = _table_of(schema, one, notes)
        if not any(name == "Entity" for name, _ in notes):
            continue
        for member in classes.members(one).values():
            of_member = notes_of(classes, one, member.comment, member.attributes)
            to_one = [given for name, given in of_member if name in _TO_ONE]
            if not to_one or "mappedBy" in to_one[0]:
                continue
            found = _relation(schema, classes, (one, child), member, of_member) if child else None
            if found is None:
                unmet += 1
            else:
                proposals.append(found)
    return proposals, unmet


def notes_of(
    classes: Classes,
    one: PhpClass,
    comment: str,
    attributes: Sequence[tuple[str, Mapping[str, object]]],
) -> list[Note]:
    """Give the attributes and annotations that speak of mapping, wherever they stand."""
    found: list[Note] = list(read_annotations(comment))
    for name, arguments in attributes:
        short = name.rpartition("\\")[2]
        if short in _NAMES:
            given = {
                key: text
                for key, value in arguments.items()
                if (text := classes.text(value, one))  # type: ignore[arg-type]
            }
            first = {"JoinColumn": "name", "Table": "name"}.get(short, "targetEntity")
            if "0" in given:
                given.setdefault(first, given["0"])
            found.append((short, given))
    return found


def read_annotations(comment: str) -> Iterator[Note]:
    """Read the annotations of a doc comment, those inside others as well.

    >>> list(read_annotations('@JoinColumns({@JoinColumn(name="a", unique=true)})'))
    [('JoinColumn', {'name': 'a'})]
    """
    for found in _ANNOTATION.finditer(comment):
        if found["name"] in _NAMES:
            yield found["name"], _given(comment, found.end()) if found["open"] else {}


def _given(comment: str, start: int) -> dict[str, str]:
    """Give the texts among an annotation's arguments, without those of annotations inside it."""
    given: dict[str, str] = {}
    depth, at = 1, start
    while at < len(comment) and depth:
        sign = comment[at]
        text, kind = _TEXT.match(comment, at), _CLASS.match(comment, at)
        depth += (sign in "({") - (sign in ")}")
        if text or kind:
            key = _KEY.search(comment[max(start, at - 80) : at])
            if depth == 1 and key:
                given[key[1]] = (text or kind)[1]  # type: ignore[index]
            at = (text or kind).end()  # type: ignore[union-attr]
            continue
        at += 1
    return given


def _relation(
    schema: Schema,
    classes: Classes,
    of: tuple[PhpClass, Table],
    member: Member,
    notes: Sequence[Note],
) -> Proposal | None:
    one, child = of
    target = next(
        (
            given["targetEntity"]
            for name, given in notes
            if name in _TO_ONE and "targetEntity" in given
        ),
        member.kind,
    )
    parent = _table_of_entity(schema, classes, one, target)
    joins = [given for name, given in notes if name == "JoinColumn"] or [{}]
    if parent is None:
        return None
    columns = tuple(_column(child, given.get("name", ""), member.name) for given in joins)
    others = tuple(given.get("referencedColumnName", "") or _default(parent) for given in joins)
    keys = [set(key.columns) for key in parent.keys]
    if not all(columns) or set(others) not in keys:
        return None
    cascades = any(given.get("onDelete", "").lower() == "cascade" for given in joins)
    key = undeclared(child.name, columns, parent.name, others, Origin.DOCTRINE, cascades=cascades)
    return Proposal(key, f"${member.name} of the entity {one.name}")


def _column(child: Table, name: str, member: str) -> str:
    """Give the joining column: the one that is named, else the one that Doctrine would name."""
    underscored = "_".join(words_of(member))
    wanted = [name] if name else [f"{member}_id", f"{underscored}_id", f"{member}Id"]
    own = {column.name.lower(): column.name for column in child.stored_columns}
    return next((own[one.lower()] for one in wanted if one.lower() in own), "")


def _default(parent: Table) -> str:
    """Give what Doctrine refers to unless told otherwise; else the key, where it has one column."""
    if any(column.name == "id" for column in parent.columns):
        return "id"
    first = parent.keys[0] if parent.keys else None
    return first.columns[0] if first and len(first.columns) == 1 else ""


def _table_of_entity(schema: Schema, classes: Classes, one: PhpClass, name: str) -> Table | None:
    if not name:
        return None
    found = classes.find(one.aliases.full(name)) or classes.find(name)
    if found is None:
        return None
    return _table_of(schema, found, notes_of(classes, found, found.comment, found.attributes))


def _table_of(schema: Schema, one: PhpClass, notes: Sequence[Note]) -> Table | None:
    """Give the table of an entity: the one that is named, else the one it is called like."""
    names = [given["name"] for name, given in notes if name == "Table" and "name" in given]
    wanted = names[0].strip("`").rpartition(".")[2] if names else one.name.rpartition("\\")[2]
    if wanted in schema.tables:
        return schema.tables[wanted]
    tables = tables_by_name(schema, wanted)
    return tables[0] if tables else None
