"""Settings that lie in the release: what production's file says, and what the code's says.

A captured file knows what production has, but not its secrets; the code's file may be the very same
and know more, or be another one; and a patch may change it. So: where the code's file is the one
that production has, it stays but for what must not leave the sandbox or lead to production. Where
production has another one, that one is taken, and what a patch changes is changed in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from sandbox.capture.ini import Kind, Statement, split_ini
from sandbox.replica.containers import File
from sandbox.replica.servers.captured import CapturedServer
from sandbox.replica.servers.code_archive import Code
from sandbox.replica.servers.credentials import PLACEHOLDER
from sandbox.replica.servers.database_settings import bare_value
from sandbox.replica.servers.ini_edit import commented, whole
from sandbox.replica.servers.web_server import WebServer

# Values of these kinds lead somewhere or open something: they are never those of production.
_OURS = frozenset({b"host", b"url", b"user", b"password", b"database"})
_Key = tuple[str, bytes, int]  # section, name, and which of several of that name


def settle_settings(
    server: WebServer, captured: CapturedServer, code: Code, before: Code | None = None
) -> tuple[File, ...]:
    """Give all files of a server, those in the release brought together with the code's.

    They go onto the server after the code.

    Args:
        server: The server as it was planned.
        captured: The server as production has it.
        code: The code as it goes onto the server.
        before: The code without a patch, where `code` has one.
    """
    below = f"{server.release}/"
    return tuple(
        _settled(file, below, captured, code, before) if file.path.startswith(below) else file
        for file in server.files
    )


def _settled(
    file: File, below: str, captured: CapturedServer, code: Code, before: Code | None
) -> File:
    path = file.path.removeprefix(below)
    own = code.read(path) if path in code.files else None
    raw = captured.files.get(file.path)
    if own is None or raw is None:
        return file
    plain = before.read(path) if before is not None and path in before.files else None
    first = own if before is None else plain
    same = first is not None and captured.release.get(path) == hashlib.sha256(first).hexdigest()
    if same:
        return File(file.path, _keep_own(own, first or own, raw, file.content), file.mode)
    changed = file.content if before is None else _take_changes(file.content, plain or b"", own)
    return File(file.path, changed, file.mode)


def _keep_own(own: bytes, first: bytes, raw: bytes, planned: bytes) -> bytes:
    """Give the code's own file, with the replica's values where they must stand.

    Args:
        own: The code's file, patched or not.
        first: The code's file without a patch.
        raw: The captured file with its placeholders.
        planned: The captured file as it was planned.
    """
    captured, ours = _settings(raw), _settings(planned)
    unpatched = _settings(first)
    made: list[bytes] = []
    for key, statement in _keyed(own):
        if key is None or key not in captured:
            made.append(whole(statement))
        elif key in unpatched and unpatched[key].value != statement.value:
            made.append(whole(statement))  # a patch sets it
        elif key not in ours:
            made.append(commented(statement))
        else:
            made.append(_with(statement, captured[key], ours[key]))
    return b"".join(made)


def _with(statement: Statement, raw: Statement, planned: Statement) -> bytes:
    found = PLACEHOLDER.search(raw.value)
    if (found and found["kind"] not in _OURS) or bare_value(raw) == bare_value(planned):
        return whole(statement)
    return statement.before + statement.name + statement.equals + planned.value + _end(statement)


def _take_changes(planned: bytes, first: bytes, own: bytes) -> bytes:
    """Change in production's file what a patch changes in the code's."""
    old, new = _settings(first), _settings(own)
    changed = {
        key: statement
        for key, statement in new.items()
        if key not in old or old[key].value != statement.value
    }
    gone = set(old) - set(new)
    made: list[bytes] = []
    place: dict[str, int] = {}  # behind the last setting of each section
    for key, statement in _keyed(planned):
        if key in gone:
            made.append(commented(statement))
        elif key in changed:
            made.append(_line(changed.pop(key)))
        else:
            made.append(whole(statement))
        section = statement.name.decode("latin-1") if key is None else key[0]
        if key is not None or statement.kind is Kind.SECTION:
            place[section] = len(made)
    added: dict[str, bytes] = {}
    for (section, _, _), statement in changed.items():
        added[section] = added.get(section, b"") + _line(statement)
    for section in sorted(added.keys() & place.keys(), key=lambda one: -place[one]):
        made.insert(place[section], added.pop(section))
    for section, lines in added.items():
        made.append(f"\n[{section}]\n".encode("latin-1") + lines if section else lines)
    return b"".join(made)


def _line(statement: Statement) -> bytes:
    return statement.name + statement.equals + statement.value + _end(statement)


def _end(statement: Statement) -> bytes:
    return statement.after if statement.after.endswith(b"\n") else statement.after + b"\n"


def _settings(text: bytes) -> dict[_Key, Statement]:
    return {key: statement for key, statement in _keyed(text) if key is not None}


def _keyed(text: bytes) -> Iterator[tuple[_Key | None, Statement]]:
    """Give the statements of a file, settings with what tells them apart."""
    counted: dict[tuple[str, bytes], int] = {}
    for statement in split_ini(text):
        if statement.kind is not Kind.SETTING:
            yield None, statement
            continue
        plain = (statement.section, statement.name)
        counted[plain] = counted.get(plain, 0) + 1
        yield (*plain, counted[plain]), statement
