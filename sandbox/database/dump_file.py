"""Read definitions from a dump without rows that ops made with an account of their own.

Takes what ``mysqldump`` or ``mariadb-dump`` write with ``--no-data --routines --triggers
--events``, gives each object with the session it was created under. Anything else is refused.
"""

from __future__ import annotations

import codecs
import dataclasses
import re
from dataclasses import dataclass, field

from sandbox.charsets import CODECS
from sandbox.database.definitions import merged, without_connection
from sandbox.database.heads import kind_and_name, unquoted
from sandbox.database.sql_text import Splitter, Statement, TextBroken, unwrap
from sandbox.errors import DumpFileInvalid
from sandbox.model import ObjectKind, Schema, SchemaObject

_SETTING = re.compile(
    r"SET\s+(?:SESSION\s+|@@SESSION\.|@@)?"
    r"(sql_mode|character_set_client|collation_connection|time_zone)\s*=\s*"
    r"(?:'((?:[^'])*)'|(@\S+)|([\w+:-]+))\s*\Z",
    re.IGNORECASE,
)
_POSITION = re.compile(
    r"(?:DO|SELECT)\s+SETVAL\s*\(\s*(`(?:[^`]|``)*`|\w+)\s*,\s*(-?\d+)", re.IGNORECASE
)
_IGNORED = re.compile(
    r"(?:SET|DROP|LOCK|UNLOCK|DO|FLUSH|COMMIT|START|BEGIN|CHANGE|STOP)\b"
    r"|CREATE\s+(?:DATABASE|SCHEMA|PACKAGE|OR\s+REPLACE\s+DATABASE)\b"
    r"|ALTER\s+(?:DATABASE|SCHEMA|TABLE)\b|SELECT\s+SETVAL\b",
    re.IGNORECASE,
)
_ROWS = re.compile(r"(?:INSERT|REPLACE|LOAD)\b", re.IGNORECASE)
_USE = re.compile(r"USE\s+(\S.*)\Z", re.IGNORECASE | re.DOTALL)
_HEAD = re.compile(r"^-- (?:MySQL|MariaDB) dump ", re.MULTILINE)
_FOOT = re.compile(r"^-- Dump completed", re.MULTILINE)
_KEEPS_SESSION = frozenset(
    {ObjectKind.FUNCTION, ObjectKind.PROCEDURE, ObjectKind.TRIGGER, ObjectKind.EVENT}
)
_KEEPS_CHARSET = _KEEPS_SESSION | {ObjectKind.VIEW}
_KINDS = {kind.value: kind for kind in ObjectKind}


@dataclass
class _Session:
    """What the dump said so far; a setting that was restored is not there."""

    content: str
    settings: dict[str, str] = field(default_factory=dict)
    objects: dict[tuple[ObjectKind, str], SchemaObject] = field(default_factory=dict)
    databases: set[str] = field(default_factory=set)

    def apply(self, text: str) -> bool:
        """Take a SET statement; tell whether it was one of ours."""
        found = _SETTING.match(text)
        if found is None:
            return False
        name = found[1].lower()
        if found[3] is not None:
            self.settings.pop(name, None)
        else:
            self.settings[name] = found[4] if found[2] is None else found[2]
        return True

    @property
    def backslash_escapes(self) -> bool:
        return "NO_BACKSLASH_ESCAPES" not in self.settings.get("sql_mode", "").upper()


def read_dump(text: str | bytes) -> tuple[SchemaObject, ...]:
    """Read the objects of a dump without rows.

    Args:
        text: The dump; best as bytes, since each routine stands in it in its own character set.

    Raises:
        DumpFileInvalid: It is no such dump, holds rows or several databases, or is cut off.
    """
    content = text.decode(errors="surrogateescape") if isinstance(text, bytes) else text
    splitter, session = Splitter(content), _Session(content)
    objects = session.objects
    try:
        for statement in splitter.statements():
            plain = _plain(statement, session)
            if session.apply(plain):
                splitter.backslash_escapes = session.backslash_escapes
                continue
            _take(statement, plain, session)
    except TextBroken as broken:
        raise _invalid(content, broken.position, f"{broken.what} does not end") from None
    if _HEAD.search(content) and not _FOOT.search(content):
        raise _invalid(content, len(content), "the dump is cut off")
    if not objects:
        raise DumpFileInvalid("The file of definitions defines nothing.")
    views = {name for kind, name in objects if kind is ObjectKind.VIEW}
    return tuple(
        thing
        for thing in objects.values()
        # Older programs hold a view's place with a table.
        if not (thing.kind is ObjectKind.TABLE and thing.name in views)
    )


def merge_objects(schema: Schema, objects: tuple[SchemaObject, ...]) -> Schema:
    """Fill what the account could not see with definitions from a dump, but for tables.

    What the server itself told wins. What stays unknown is still said: a dump without any trigger
    does not prove that there is none. Tables are for `schema.read_schema`: what is unknown of them
    is about their rows.
    """
    fitting = tuple(thing for thing in objects if thing.kind is not ObjectKind.TABLE)
    together = merged(schema.objects, fitting)
    kinds = {thing.kind.value for thing in fitting}
    names = {f"{thing.kind.value} {thing.name}" for thing in fitting}
    unknown = []
    for text in schema.unknown:
        subject = text.partition(":")[0]
        if subject in names or subject.removesuffix("s") in kinds:
            continue
        if subject == "routines" and kinds & {"function", "procedure"}:
            continue
        if subject in {"triggers", "events", "routines"}:
            unknown.append(f"{text}; the file of definitions holds none")
        else:
            unknown.append(text)
    return dataclasses.replace(schema, objects=together, unknown=tuple(unknown))


def _plain(statement: Statement, session: _Session) -> str:
    if not statement.text.startswith("/*"):
        return statement.text
    return unwrap(statement.text, backslash_escapes=session.backslash_escapes)


def _take(statement: Statement, plain: str, session: _Session) -> None:
    """Take one statement: an object, a position, or something a dump says besides."""
    found = kind_and_name(plain)
    kind = _KINDS.get(found[0]) if found else None
    if found and kind:
        thing = _object(kind, found[1], plain, session, statement.position)
        # The last one counts: a stand-in of a view comes before the view.
        session.objects.pop((kind, thing.name), None)
        session.objects[kind, thing.name] = thing
        return
    position = _POSITION.match(plain)
    if position:
        key = (ObjectKind.SEQUENCE, unquoted(position[1]))
        known = session.objects.get(key)
        if known:
            session.objects[key] = dataclasses.replace(known, position=int(position[2]))
        return
    used = _USE.match(plain)
    if used:
        session.databases.add(used[1])
        if len(session.databases) > 1:
            raise _invalid(session.content, statement.position, "a second database begins")
    elif _ROWS.match(plain):
        raise _invalid(session.content, statement.position, "it holds rows")
    elif plain and not _IGNORED.match(plain):
        raise _invalid(session.content, statement.position, "no statement of such a dump")


def _object(
    kind: ObjectKind, name: str, plain: str, session: _Session, position: int
) -> SchemaObject:
    settings = session.settings
    charset = settings.get("character_set_client", "") if kind in _KEEPS_CHARSET else ""
    try:
        codec = _codec(charset)
        definition = plain.encode(errors="surrogateescape").decode(codec)
        name = name.encode(errors="surrogateescape").decode(codec)
    except (UnicodeError, LookupError):
        raise _invalid(
            session.content, position, f"a {kind.value} is not in its own character set"
        ) from None
    return SchemaObject(
        kind=kind,
        name=name,
        definition=without_connection(definition) if kind is ObjectKind.TABLE else definition,
        sql_mode=settings.get("sql_mode") if kind in _KEEPS_SESSION else None,
        charset=charset,
        collation=settings.get("collation_connection", "") if kind in _KEEPS_CHARSET else "",
        time_zone=settings.get("time_zone", "") if kind is ObjectKind.EVENT else "",
    )


def _codec(charset: str) -> str:
    return codecs.lookup(CODECS.get(charset, charset) or "utf-8").name


def _invalid(content: str, position: int, what: str) -> DumpFileInvalid:
    line = content.count("\n", 0, position) + 1
    return DumpFileInvalid(f"The file of definitions cannot be used: line {line}: {what}.")
