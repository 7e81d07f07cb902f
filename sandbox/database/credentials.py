"""Find the password of an account, from where passwords may be; never from a flag or a variable."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sandbox.database.address import Address
from sandbox.database.option_file import (
    OptionFile,
    read_option_file,
    read_private_text,
    refuse_if_open,
)
from sandbox.database.secret import Secret
from sandbox.errors import SettingsError, UsageError

__all__ = ["Credentials", "Secret", "find_credentials", "find_password"]

_WAYS = (
    "Give it with --password-file FILE, or in the [client] group of --defaults-file FILE or "
    "~/.my.cnf, or run the command in a terminal and be asked."
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """An address that is complete, its password, and the TLS files that the option file names."""

    address: Address
    password: Secret
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None


def find_credentials(
    address: Address,
    *,
    defaults_file: Path | None = None,
    password_file: Path | None = None,
    ask: Callable[[str], str] | None = None,
    home: Path | None = None,
) -> Credentials:
    """Find what is missing to log in.

    The password comes from the first of: password file, named option file, ``~/.my.cnf``, a
    prompt. What the address says wins over what an option file says. ``~/.my.cnf`` counts only if
    it speaks of the same user and host, or of none.

    Args:
        address: Where to, as whom.
        defaults_file: An option file that the user named.
        password_file: A file whose first line is the password.
        ask: Asks for a password; None where nobody is there to answer.
        home: The home directory; the user's own where None.

    Raises:
        SettingsError: A file cannot be used, or no password was found.
        UsageError: Neither the address nor the option file names a user.
    """
    options = _options(address, defaults_file, home or Path.home())
    complete = _completed(address, options)
    password = _password(complete, options, password_file, ask)
    if options is None:
        return Credentials(complete, password)
    return Credentials(complete, password, options.ssl_ca, options.ssl_cert, options.ssl_key)


def find_password(
    address: Address,
    *,
    defaults_file: Path | None = None,
    password_file: Path | None = None,
    ask: Callable[[str], str] | None = None,
    home: Path | None = None,
) -> Secret:
    """Find the password alone; see `find_credentials`."""
    return find_credentials(
        address,
        defaults_file=defaults_file,
        password_file=password_file,
        ask=ask,
        home=home,
    ).password


def _options(address: Address, defaults_file: Path | None, home: Path) -> OptionFile | None:
    if defaults_file is not None:
        return read_option_file(defaults_file)
    own = home / ".my.cnf"
    if not own.exists():
        return None
    options = read_option_file(own)
    same_user = not address.user or options.user in {None, address.user}
    same_host = address.socket or options.host in {None, address.host}
    return options if same_user and same_host else None


def _completed(address: Address, options: OptionFile | None) -> Address:
    user = address.user or (options.user if options else None) or ""
    if not user:
        raise UsageError(
            "The address names no user.",
            hint="Write mysql://USER@HOST/DATABASE, or say user in the option file.",
        )
    port = address.port
    if options and options.port and not address.port_named and not address.socket:
        port = options.port
    return dataclasses.replace(address, user=user, port=port)


def _password(
    address: Address,
    options: OptionFile | None,
    password_file: Path | None,
    ask: Callable[[str], str] | None,
) -> Secret:
    if password_file is not None:
        lines = read_private_text(password_file).splitlines()
        if len(lines) > 1:
            raise SettingsError(f"{password_file} holds more than one line.")
        return Secret(lines[0] if lines else "")
    if options and options.password is not None:
        refuse_if_open(options.path)
        return options.password
    if ask is not None:
        return Secret(ask(f"Password of {address.user} at {address.host or address.socket}: "))
    raise SettingsError(f"No password for {address} was found.", hint=_WAYS)
