"""Keep what the profiles of large tables remember: on the host that exports, for its owner only.

One small file for each table, beside nothing else: days, ranges of whole numbers and whole numbers.
None is worth an export: what cannot be read, or does not fit the table any more, is as if it were
not there, and what cannot be written is told once.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.model import Table
from sandbox.subset.odd.remembered import Remembered

_FORMAT = 1
_MAX_BYTES = 4 << 20

Number = Annotated[int, Field(ge=-(2**63), le=2**64)]


class _File(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)

    format: Annotated[int, Field(ge=_FORMAT, le=_FORMAT)]
    of: str
    odd: list[Number]
    read: list[tuple[Number, Number, Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]]]


def default_folder() -> Path:
    """Give where profiles are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "sandbox" / "profiles"


class ProfileFolder:
    """Remembers profiles as files of a folder.

    Args:
        folder: The folder of one source; made when something is kept.
        may_keep: Tells whether the numbers of a table's key may lie on this host: a masking rule
            may say that they are somebody's.
        today: The day.
        warn: Hears that something cannot be kept.
    """

    def __init__(
        self,
        folder: Path,
        may_keep: Callable[[Table], bool],
        *,
        today: date,
        warn: Callable[[str], None],
    ) -> None:
        self.today = today
        self._folder = folder
        self._may_keep = may_keep
        self._warn: Callable[[str], None] | None = warn

    def recall(self, table: Table, where: str) -> Remembered | None:
        """Give what is remembered of those rows of a table that meet a condition."""
        if not self._may_keep(table):
            return None
        try:
            with self._file_of(table).open("rb") as file:
                found = _File.model_validate_json(file.read(_MAX_BYTES))
            read = tuple(
                ((low, high), min(date.fromisoformat(day), self.today))
                for low, high, day in found.read
            )
        except (OSError, ValidationError, ValueError):
            return None
        return Remembered(tuple(found.odd), read) if found.of == _of(table, where) else None

    def keep(self, table: Table, where: str, remembered: Remembered) -> None:
        """Remember something of those rows until the next time."""
        if not self._may_keep(table):
            return
        read = [(low, high, day.isoformat()) for (low, high), day in remembered.read]
        of = _of(table, where)
        kept = _File(format=_FORMAT, of=of, odd=list(remembered.odd), read=read)
        try:
            _write(self._file_of(table), kept.model_dump_json())
        except OSError as error:
            if self._warn is not None:
                self._warn(
                    f"{self._folder} cannot be written ({type(error).__name__}): the next export "
                    "reads large tables for odd rows as if it were the first."
                )
                self._warn = None

    def _file_of(self, table: Table) -> Path:
        return self._folder / f"{sha256(table.name.encode()).hexdigest()[:32]}.json"


def _of(table: Table, where: str) -> str:
    """Give a digest of all that what is remembered depends on."""
    classes = files("sandbox.subset.odd").joinpath("classes.toml").read_bytes()
    hashed = sha256()
    for part in (classes, repr((table.columns, table.keys)).encode(), where.encode()):
        hashed.update(sha256(part).digest())
    return hashed.hexdigest()


def _write(file: Path, text: str) -> None:
    """Write a file aside and move it into place; nobody but its owner may read it."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".", suffix=".partial")
    try:
        with os.fdopen(handle, "w") as out:
            out.write(text)
        Path(name).replace(file)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
