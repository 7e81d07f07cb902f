"""Why the rows of a bundle are in it: a table's reasons, and which rows of a part came for which.

A part's rows are told in runs, in the order in which they stand in it: no key is repeated, so that
rows of any key, and of none, are told alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from pydantic import BaseModel

from sandbox.bundle.fields import STRICT, MaybeName, Name, Text
from sandbox.bundle.packing import Packer
from sandbox.model import Reason

_RUN = re.compile(rb"([1-9][0-9]{0,17})\t(0|[1-9][0-9]{0,8})")
_LONGEST_RUN = 32  # bytes of a line, at most


class _Entry(BaseModel):
    model_config = STRICT


class ClassEntry(_Entry):
    """A class of odd rows that a row was taken for: a column (or reference), and its name."""

    column: MaybeName = ""
    name: Name


class ReasonEntry(_Entry):
    """What rows came for; see `sandbox.model.Reason`. Readers pass over kinds they do not know."""

    kind: Name
    words: Text = ""
    child: MaybeName = ""
    relation: MaybeName = ""
    classes: list[ClassEntry] = []


@dataclass(frozen=True, slots=True)
class ReasonsFacts:
    """What is known of such a file once it is written.

    Attributes:
        path: The file.
        bytes: Size of its text, in bytes.
        stored_bytes: Size of the file, in bytes.
        sha256: Digest of the file.
    """

    path: Path
    bytes: int
    stored_bytes: int
    sha256: str


class Runs:
    """The numbers of reasons of rows, as runs of equal ones.

    Attributes:
        rows: How many rows there are.
    """

    def __init__(self) -> None:
        self.rows = 0
        self._runs: list[tuple[int, int]] = []  # rows, number

    def add(self, numbers: Iterable[int]) -> None:
        """Add the numbers of the rows that come next; 0 where nobody knows."""
        for number, some in groupby(numbers):
            rows = sum(1 for _ in some)
            self.rows += rows
            if self._runs and self._runs[-1][1] == number:
                rows += self._runs.pop()[0]
            self._runs.append((rows, number))

    def text(self) -> bytes:
        """Give the text of the file: a line for each run."""
        return b"".join(b"%d\t%d\n" % run for run in self._runs)


def write_reasons(path: Path, runs: Runs) -> ReasonsFacts:
    """Write what the rows of a part came for to a new file.

    Raises:
        BundleNotWritten: The disk is full, or writing failed in another way.
    """
    text = runs.text()
    with Packer(path) as packer:
        packer.put(text)
        stored, sha256 = packer.close()
    return ReasonsFacts(path, len(text), stored, sha256)


def read_runs(blocks: Iterable[bytes], reasons: int) -> Iterator[tuple[int, int]]:
    """Read runs from text that comes in blocks: how many rows, and the number of their reason.

    Args:
        blocks: The text; blocks end anywhere.
        reasons: How many reasons there are.

    Raises:
        ValueError: It is wrong, and says how.
    """
    begun = b""
    for block in blocks:
        *lines, begun = (begun + block).split(b"\n")
        if len(begun) > _LONGEST_RUN:
            raise ValueError("has a line that is no run of rows")
        for line in lines:
            found = _RUN.fullmatch(line)
            if found is None:
                raise ValueError("has a line that is no run of rows")
            rows, number = int(found[1]), int(found[2])
            if number > reasons:
                raise ValueError("names a reason that its table does not have")
            yield rows, number
    if begun:
        raise ValueError("ends within a line")


def describe_reason(reason: Reason) -> ReasonEntry:
    """Give a reason as the manifest holds it."""
    return ReasonEntry(
        kind=reason.kind.value,
        words=reason.words,
        child=reason.child,
        relation=reason.relation,
        classes=[ClassEntry(column=column, name=name) for column, name in reason.classes],
    )
