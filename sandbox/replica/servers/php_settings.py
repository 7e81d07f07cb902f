"""PHP's ini files as the image can read them, and which extensions it loads. Pure.

Production decides what is loaded: where the captured files are those of a Debian package they say
it all; elsewhere much is built into PHP, and the list of extensions that PHP gave is taken as well.
An extension that both have is loaded by the image's own file unless the captured one has its place.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sandbox.capture.ini import Kind, Statement, split_ini
from sandbox.replica.servers.credentials import PLACEHOLDER, Filled
from sandbox.replica.servers.database_settings import bare_value
from sandbox.replica.servers.image_contents import (
    extension_files,
    extension_name,
    fpm_folder,
    is_built_in,
)
from sandbox.replica.servers.ini_edit import commented, in_folder, whole, with_value
from sandbox.replica.servers.notes import Notes
from sandbox.replica.servers.php_values import change_php_value

_LOADS = frozenset({"extension", "zend_extension"})
_DEBIAN = re.compile(r"/etc/php/[0-9.]+/fpm(?:/|$)")
# What the command line has and php-fpm has not, or what is no extension of its own.
_NOT_MISSED = frozenset({"pcntl", "wddx", "mhash", "ereg", "mysql", "user-space"})


@dataclass(slots=True)
class PhpSettings:
    """PHP's settings of a server.

    Attributes:
        files: By the path that the image has them at.
        removed: Files of the image that production has no counterpart of.
    """

    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    removed: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Work:
    filled: Filled
    php: str
    release: tuple[str, ...]
    notes: Notes
    kept: dict[str, str]  # by extension, the captured file that keeps loading it


def plan_php(  # noqa: PLR0913, PLR0917 - all of it decides
    files: Mapping[str, bytes],
    extensions: Mapping[str, str],
    filled: Filled,
    php: str,
    release: tuple[str, ...],
    notes: Notes,
) -> PhpSettings:
    """Give PHP's settings for the image.

    Args:
        files: Captured ini files by path: php.ini and those beside it.
        extensions: The extensions that PHP of the server has, as far as it said.
        filled: Values for placeholders.
        php: Version of PHP in the image.
        release: Folders that the release is found at.
        notes: Hears of logs, folders and what is left out.
    """
    planned = PhpSettings()
    if not files:
        return planned
    places = _places(files, php)
    own = extension_files(php)
    loaded = _loaded(files)
    listed = {extension_name(one) for one in extensions}
    wanted = set(loaded)
    if not all(_DEBIAN.search(path) for path in files) or not loaded:
        wanted |= listed or set(own)
        if not listed:
            notes.differs("the capture has no list of PHP's extensions: the image's are loaded")
    taken = set(places.values())
    kept = {name: path for name, at in own.items() for path in loaded.get(name, ()) if at in taken}
    planned.removed = [at for name, at in own.items() if at not in taken and name not in wanted]
    work = _Work(filled, php, release, notes, kept)
    for path, text in files.items():
        planned.files[places[path]] = _one_file(path, text, work)
    _tell_missing(wanted, listed, php, notes)
    return planned


def _places(files: Mapping[str, bytes], php: str) -> dict[str, str]:
    folder = fpm_folder(php)
    places: dict[str, str] = {}
    for path in sorted(files):
        whole_place = f"{folder}/php.ini"
        if re.fullmatch(r"php(?:-fpm)?[0-9.]*\.ini", posixpath.basename(path)) and (
            whole_place not in places.values()
        ):
            places[path] = whole_place
        else:
            places[path] = in_folder(f"{folder}/conf.d", path, set(places.values()))
    return places


def _loaded(files: Mapping[str, bytes]) -> dict[str, list[str]]:
    """Give the extensions that ini files load, each with the files that do."""
    found: dict[str, list[str]] = {}
    for path, text in files.items():
        for statement, value in _loading(text):
            del statement
            if not PLACEHOLDER.search(value):
                name = extension_name(value.decode("latin-1"))
                found.setdefault(name, []).append(path)
    return found


def _loading(text: bytes) -> Iterator[tuple[Statement, bytes]]:
    for statement in split_ini(text):
        if statement.kind is Kind.SETTING and statement.name.lower().decode("latin-1") in _LOADS:
            yield statement, bare_value(statement)


def _one_file(path: str, text: bytes, work: _Work) -> bytes:
    made: list[bytes] = []
    for statement in split_ini(text):
        name = statement.name.decode("latin-1")
        if statement.kind is not Kind.SETTING:
            made.append(work.filled.in_text(whole(statement)))
        elif PLACEHOLDER.search(statement.section.encode("latin-1")):
            # A section for one host or folder; without its name it would hold for all of them.
            work.notes.differs(f"{path}: {name} is left out: it is for a host or folder unknown")
            made.append(commented(statement))
        elif name.lower() in _LOADS:
            made.append(_load(statement, path, work))
        else:
            made.append(
                change_php_value(name, statement, path, work.filled, work.release, work.notes)
            )
    return b"".join(made)


def _load(statement: Statement, path: str, work: _Work) -> bytes:
    value = bare_value(statement)
    if PLACEHOLDER.search(value):
        work.notes.differs(f"{path}: an extension is left out: its name stayed in production")
        return commented(statement)
    name = extension_name(value.decode("latin-1"))
    if work.kept.get(name) != path:
        return commented(statement)
    return with_value(statement, f"{name}.so".encode())


def _tell_missing(wanted: set[str], listed: set[str], php: str, notes: Notes) -> None:
    known = extension_files(php)
    for name in sorted(wanted | listed):
        if name not in known and not is_built_in(name, php) and name not in _NOT_MISSED:
            shown = name if re.fullmatch(r"[a-z0-9_.-]{1,40}", name) else "of another name"
            notes.differs(f"PHP's extension {shown} is not in the image")
