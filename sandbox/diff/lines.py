"""The rows of one table of a bundle as lines of the columns that are compared, streaming."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter

from sandbox.bundle.manifest import PartEntry, TableEntry
from sandbox.bundle.reader import Bundle
from sandbox.diff.comparable import Comparable
from sandbox.model import Stage

Lines = list[bytes]
TAB = b"\t"


def parts_to_read(
    old: TableEntry, new: TableEntry, how: Comparable
) -> tuple[list[PartEntry], list[PartEntry], int]:
    """Leave out the parts that both bundles have, by the digests of their rows.

    Returns:
        The parts of each that have to be read, and how many rows those hold that have not.
    """
    if not how.same_lines:
        return old.parts, new.parts, 0
    if _sums_up(old) is not None and _sums_up(old) == _sums_up(new):
        return [], [], new.rows
    # Rows of a table differ from each other, or are counted: it is all one which of two equal
    # parts is the other's, and where it stands.
    shared = Counter(map(_digest, old.parts)) & Counter(map(_digest, new.parts))
    skipped = sum(digest[1] * count for digest, count in shared.items())
    return _without(old.parts, shared), _without(new.parts, shared), skipped


def _sums_up(table: TableEntry) -> tuple[int, int] | None:
    """Give the checksum over all rows of a table, however they were cut; None where it has none."""
    sums = [part.rows_sum for part in table.parts if part.rows_sum is not None]
    return (sum(sums) % 2**64, table.rows) if len(sums) == len(table.parts) and sums else None


def _digest(part: PartEntry) -> tuple[str | int | None, int, int]:
    return part.text_sha256 or part.rows_sum, part.rows, part.bytes


def _without(
    parts: Sequence[PartEntry], shared: Counter[tuple[str | int | None, int, int]]
) -> list[PartEntry]:
    left, kept = Counter(shared), []
    for part in parts:
        if left[_digest(part)] > 0:
            left[_digest(part)] -= 1
        else:
            kept.append(part)
    return kept


def lines_of(
    bundle: Bundle,
    table: TableEntry,
    parts: Sequence[PartEntry],
    fields: Sequence[int],
    stage: Stage,
) -> Iterator[Lines]:
    """Give rows as lines of some of their fields, a block of a part at a time.

    Args:
        bundle: Where they are.
        table: Their table.
        parts: The parts to read.
        fields: Which fields, in which order.
        stage: Hears of the rows.

    Raises:
        BundleInvalid: A part is not what the manifest says.
    """
    pick = _picker(fields, len(table.columns))
    for part in parts:
        begun: list[bytes] = []  # pieces of a line that is longer than a block
        for block in bundle.read_part(table, part):
            first, *others = block.split(b"\n")
            begun.append(first)
            if not others:
                continue
            others.insert(0, b"".join(begun))
            begun = [others.pop()]
            stage.advance(len(others), table.name)
            yield pick(others)


def _picker(fields: Sequence[int], width: int) -> Callable[[Lines], Lines]:
    if list(fields) == list(range(width)):
        return lambda lines: lines
    if len(fields) == 1:
        (only,) = fields
        return lambda lines: [line.split(TAB)[only] for line in lines]
    some = itemgetter(*fields)
    return lambda lines: [TAB.join(some(line.split(TAB))) for line in lines]
