"""The masking key: one secret that decides every pseudonym. It stays with ops.

Whoever has it and guesses a name can check the guess, so it never enters a bundle; its id does.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from sandbox.errors import PolicyError

_BYTES = 32
_NEW_KEY = "another key gives everybody other pseudonyms than earlier bundles have"
_FORM = re.compile(rf"[0-9a-f]{{{2 * _BYTES}}}\n?")


def default_key_file() -> Path:
    """Give where the key lies unless the settings say otherwise."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "sandbox" / "masking.key"


def read_key(file: Path) -> bytes:
    """Read the masking key.

    Raises:
        PolicyError: There is none, it is no key, or others than its owner may read it.
    """
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
        text = file.read_text("ascii")
    except FileNotFoundError:
        raise PolicyError(
            f"there is no masking key at {file}.",
            hint="Check the path. If there never was a key, make one: sandbox keygen "
            f"(--out says where; {_NEW_KEY}).",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(
            f"the masking key at {file} cannot be read ({type(error).__name__}).",
            hint="Check the path and its rights.",
        ) from None
    if mode & 0o077:
        raise PolicyError(
            f"others than its owner may read the masking key at {file}.",
            hint=f"Run: chmod 600 {file}",
        )
    if not _FORM.fullmatch(text):
        raise PolicyError(
            f"{file} holds no masking key.",
            hint=f"Check the path, or take the key from a backup: {_NEW_KEY}.",
        )
    return bytes.fromhex(text.strip())


def make_key(file: Path) -> None:
    """Make a new masking key, readable by its owner only.

    Raises:
        PolicyError: There is one already, which is never replaced, or the file cannot be written.
    """
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise PolicyError(
            f"{file} exists already, and a key is never replaced.",
            hint=f"Name another file with --out if you want a second one: {_NEW_KEY}.",
        ) from None
    except OSError as error:
        raise PolicyError(
            f"{file} cannot be written ({type(error).__name__}).", hint="Name another with --out."
        ) from None
    try:
        with os.fdopen(handle, "w") as out:
            out.write(f"{secrets.token_hex(_BYTES)}\n")
            out.flush()
            os.fsync(out.fileno())
    except BaseException:
        with suppress(OSError):
            file.unlink()
        raise
