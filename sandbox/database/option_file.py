"""MySQL option files: the way in which people already keep accounts and passwords.

Read as the MySQL programs read them: groups, quotes, escapes, comments, ``-`` and ``_`` alike.
Groups ``client`` and ``sandbox`` count, the later value wins. ``!include`` is not followed.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.database.secret import Secret
from sandbox.errors import SettingsError

_GROUPS = frozenset({"client", "sandbox"})
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "r": "\r", "\\": "\\", "s": " "}
_ESCAPES |= {"'": "'", '"': '"'}


@dataclass(frozen=True, slots=True)
class OptionFile:
    """What an option file says of a connection; None where it says nothing."""

    path: Path
    user: str | None = None
    password: Secret | None = field(default=None, repr=False)
    host: str | None = None
    port: int | None = None
    socket: str | None = None
    ssl_ca: Path | None = None
    ssl_cert: Path | None = None
    ssl_key: Path | None = None


def read_option_file(path: Path) -> OptionFile:
    """Read an option file.

    Who takes the password out of it has to `refuse_if_open`.

    Raises:
        SettingsError: It cannot be read, or a port is no number.
    """
    text = _read(path)
    values: dict[str, str] = {}
    group = ""
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line[0] in "#;!":
            continue
        if line[0] == "[" and "]" in line:
            group = line[1 : line.index("]")].strip()
        elif group in _GROUPS:
            name, _, value = line.partition("=")
            name = name.split("#", 1)[0].strip().replace("_", "-")
            values[name.removeprefix("loose-")] = unquote_option(value)
    port = values.get("port")
    if port is not None and not (port.isascii() and port.isdigit()):
        raise SettingsError(f"{path}: port is no number.")
    password = values.get("password")
    return OptionFile(
        path=path,
        user=values.get("user"),
        password=Secret(password) if password else None,
        host=values.get("host"),
        port=int(port) if port else None,
        socket=values.get("socket"),
        ssl_ca=_path(values.get("ssl-ca")),
        ssl_cert=_path(values.get("ssl-cert")),
        ssl_key=_path(values.get("ssl-key")),
    )


def read_private_text(path: Path) -> str:
    """Read a file that holds a secret and that only its owner may read.

    Raises:
        SettingsError: It cannot be read, is no UTF-8 text, or others may read it.
    """
    text = _read(path)
    refuse_if_open(path)
    return text


def refuse_if_open(path: Path) -> None:
    """Refuse a file that holds a password and that others may use.

    Raises:
        SettingsError: They may.
    """
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingsError(
            f"{path} holds a password and others may use it (mode {mode:04o}).",
            hint=f"Run: chmod 600 {path}",
        )


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read: {error.strerror}.",
            hint="Name an existing file that you may read.",
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is not UTF-8 text.") from None


def unquote_option(text: str) -> str:
    """Take quotes, escapes and a trailing comment off the value of an option.

    >>> unquote_option(' "a#b" # a comment')
    'a#b'
    """
    text = text.strip()
    end = _end_of_value(text)
    value = text[:end].rstrip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        value = value[1:-1]
    result: list[str] = []
    position = 0
    while position < len(value):
        character = value[position]
        following = value[position + 1 : position + 2]
        if character == "\\" and following in _ESCAPES:
            result.append(_ESCAPES[following])
            position += 2
        else:
            result.append(character)
            position += 1
    return "".join(result)


def _end_of_value(text: str) -> int:
    """Give where a comment begins: a ``#`` outside quotes."""
    quote = ""
    escaped = False
    for position, character in enumerate(text):
        if escaped:
            escaped = False
        elif character == "\\" and quote:
            escaped = True
        elif quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == "#":
            return position
    return len(text)


def _path(value: str | None) -> Path | None:
    return Path(value).expanduser() if value else None
