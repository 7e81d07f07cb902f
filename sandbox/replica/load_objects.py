"""Create the objects of a bundle in the target, each under the session it was created under."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Sequence

from sandbox.bundle.definitions import (
    creates,
    creation,
    disabled,
    engine_of,
    in_order,
    quote_text,
    without_definer,
)
from sandbox.bundle.load_sql import position_statement
from sandbox.database.expressions import quoted
from sandbox.database.heads import account_of, definer_of
from sandbox.database.writer import Writer
from sandbox.errors import BundleInvalid, SourceError, TargetRefused
from sandbox.model import ObjectKind, SchemaObject
from sandbox.replica.load_undo import Made

BEFORE_DATA = (ObjectKind.SEQUENCE, ObjectKind.TABLE)


def create_before_data(
    writer: Writer, objects: Iterable[SchemaObject], made: Made, *, source: str, target: str
) -> None:
    """Create sequences and tables.

    Args:
        writer: A session of the load.
        objects: All objects of the bundle.
        made: Takes note of each.
        source: Name of the source database.
        target: Name of the target database.

    Raises:
        BundleInvalid: A definition does something else.
        TargetRefused: The server lacks the storage engine of a table.
        SourceError: The server refused a definition for another reason.
    """
    waiting = in_order([one for one in objects if one.kind in BEFORE_DATA])
    for described in waiting:
        check_definition(described)
        definition = described.definition
        if source != target:
            definition = without_database(definition, source)
        try:
            with made.creating(described):
                writer.execute(definition, _where(described))
        except SourceError:
            with contextlib.suppress(SourceError):
                _explain_engines(writer, waiting)
            raise


def create_after_data(
    writer: Writer, session: Writer, objects: Iterable[SchemaObject], made: Made
) -> tuple[str, ...]:
    """Create everything else, events disabled, and set the sequences' positions.

    Args:
        writer: A session of the load.
        session: Another one, whose settings become those of each object in turn.
        objects: All objects of the bundle.
        made: Takes note of each.

    Returns:
        What people should know about it.

    Raises:
        SourceError: The server refused a definition.
    """
    every = tuple(objects)
    for described in every:
        if described.kind is ObjectKind.SEQUENCE and described.position is not None:
            writer.execute(position_statement(described), _where(described))
    waiting = list(in_order([one for one in every if one.kind not in BEFORE_DATA]))
    known: dict[str, bool] = {}
    lost: dict[str, int] = {}
    while waiting:
        # A view may stand on one whose name it does not show, behind a synonym of its own.
        left: list[SchemaObject] = []
        failure: SourceError | None = None
        for described in waiting:
            check_definition(described)
            definer = definer_of(described.definition)
            if definer not in known:
                known[definer] = not definer or _exists(writer, definer)
            try:
                with made.creating(described):
                    _create(writer, session, described, keep_definer=known[definer])
            except SourceError as error:
                failure = failure or error
                left.append(described)
                continue
            if not known[definer]:
                lost[definer] = lost.get(definer, 0) + 1
        if failure is not None and len(left) == len(waiting):
            raise failure
        waiting = left
    return tuple(_told(lost))


def check_definition(described: SchemaObject) -> None:
    """Refuse a definition that would do something else than create its object.

    Raises:
        BundleInvalid: It is none of its kind.
    """
    if not creates(described):
        raise BundleInvalid(
            f"The definition of {_where(described)} does not create it and nothing else."
        )


def without_database(definition: str, database: str) -> str:
    """Let a table's defaults take their numbers from the sequences beside it.

    >>> without_database("CREATE TABLE `t` (`a` int DEFAULT nextval(`shop`.`s`))", "shop")
    'CREATE TABLE `t` (`a` int DEFAULT nextval(`s`))'
    """
    name = re.escape(quoted(database))
    return re.sub(rf"\b((?:next|last)val\(){name}\.(`(?:[^`]|``)*`\))", r"\1\2", definition)


def _explain_engines(writer: Writer, objects: Iterable[SchemaObject]) -> None:
    """Say so if what the server refused is the storage engine, and of which tables.

    Raises:
        TargetRefused: The server lacks the engines of some tables.
    """
    rows = writer.fetch(
        "SELECT ENGINE FROM information_schema.ENGINES WHERE SUPPORT IN ('YES', 'DEFAULT')"
    )
    there = {(name or b"").decode().casefold() for (name,) in rows} | {""}
    engines = {_where(one): engine_of(one.definition) for one in objects}
    lacking = {where: one for where, one in engines.items() if one.casefold() not in there}
    if lacking:
        names = ", ".join(sorted(set(lacking.values())))
        raise TargetRefused(
            f"The server lacks storage engines of the source: {names}.",
            findings=tuple(f"{where} is {engine}" for where, engine in lacking.items()),
            hint="Install them there (SHOW ENGINES lists what it has), or name another server: "
            "in another engine the tables would not behave as production's.",
        ) from None


def _create(
    writer: Writer, session: Writer, described: SchemaObject, *, keep_definer: bool
) -> None:
    definition = described.definition
    if not keep_definer:
        definition = without_definer(definition)
    if described.kind is ObjectKind.EVENT:
        definition = disabled(definition)
    settings, sent = creation(described, definition)
    for statement in settings:
        session.execute(statement, _where(described))
    session.execute(sent, _where(described))
    if described.kind is ObjectKind.EVENT and _is_there(writer, described):
        writer.execute(f"ALTER EVENT {quoted(described.name)} DISABLE", _where(described))


def _is_there(writer: Writer, event: SchemaObject) -> bool:
    """Tell whether an event was kept: one whose only time has passed is not."""
    name = quote_text(event.name)
    where = f"EVENT_SCHEMA = DATABASE() AND EVENT_NAME = {name}"
    return bool(writer.fetch(f"SELECT 1 FROM information_schema.EVENTS WHERE {where}"))  # noqa: S608 - quoted


def _exists(writer: Writer, definer: str) -> bool:
    """Tell whether an account is there; not if that cannot be told."""
    account = account_of(definer)
    if account is None:
        return False
    user, host = (quote_text(name) for name in account)
    sql = f"SELECT 1 FROM mysql.user WHERE User = {user} AND Host = {host}"  # noqa: S608 - quoted
    try:
        return bool(writer.fetch(sql))
    except SourceError:
        return False


def _told(lost: dict[str, int]) -> Sequence[str]:
    return [
        f"{count} object{'' if count == 1 else 's'} of {definer}, an account that is not there, "
        "now run with the rights of the account that loads"
        for definer, count in lost.items()
    ]


def _where(described: SchemaObject) -> str:
    return f"{described.kind.value} {described.name}"
