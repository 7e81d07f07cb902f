"""How long does `sandbox diff` take, and how much memory, by rows of a table?

Makes pairs of bundles with one table of so many rows, runs the comparison in a process of its own,
and prints seconds of the processor and of the clock, what verifying one of the two bundles took for
comparison, and the process's peak of memory. ``python benchmarks/diff.py [MILLIONS]``.
"""

from __future__ import annotations

import datetime as dt
import multiprocessing
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing.queues import SimpleQueue
from pathlib import Path

from sandbox.bundle.manifest import ColumnEntry, Manifest, SourceEntry, TableEntry
from sandbox.bundle.parts import PartFacts, write_part
from sandbox.bundle.verify import verify_bundle
from sandbox.bundle.writer import BundleWriter
from sandbox.diff.compare import DiffRequest, compare_bundles
from sandbox.model import Family, MaskedBatch, MaskedText, ObjectKind, SchemaObject
from sandbox.report.progress import TerminalProgress
from sandbox.report.terminal import console_for

_MILLIONS = 2.0
_BATCH, _PART = 1000, 50_000
_COLUMNS = ("id", "name", "mail", "moment", "amount", "state")
_QUIET = TerminalProgress(console_for("stderr"), quiet=True)
_KILOBYTES = 1024

Row = tuple[bytes, ...]
Figures = tuple[float, float, float, str]


def main() -> None:
    """Make the bundles and print a line for each way in which they differ."""
    rows = int(float(sys.argv[1] if len(sys.argv) > 1 else _MILLIONS) * 1_000_000)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        first = _bundle(folder / "first", _rows(rows, changed=0, moved=0))
        pairs = {
            "1 % came, went, changed": _rows(rows, changed=0.01, moved=0.01),
            "every row changed": _rows(rows, changed=1, moved=0),
            "in another order": _shuffled(rows),
        }
        print(f"{rows:,} rows in each bundle")
        _print("the same bundle", _measured(_diff, first, first))
        for what, others in pairs.items():
            _print(what, _measured(_diff, first, _bundle(folder / what, others)))
        _print("verifying one bundle", _measured(_verify, first, first))


def _print(what: str, figures: Figures) -> None:
    cpu, clock, megabytes, said = figures
    print(f"{what:<24} {cpu:7.1f} s cpu {clock:7.1f} s clock {megabytes:7.0f} MB peak  {said}")


def _measured(way: Callable[[Path, Path], str], old: Path, new: Path) -> Figures:
    context = multiprocessing.get_context("spawn")
    answers: SimpleQueue[Figures] = context.SimpleQueue()
    process = context.Process(target=_run, args=(way, old, new, answers))
    process.start()
    figures = answers.get()
    process.join()
    return figures


def _run(
    way: Callable[[Path, Path], str], old: Path, new: Path, answers: SimpleQueue[Figures]
) -> None:
    cpu, clock = time.process_time(), time.monotonic()
    said = way(old, new)
    answers.put((time.process_time() - cpu, time.monotonic() - clock, _peak(), said))


def _peak() -> float:
    """Give the most memory that this process ever had, in MB; `getrusage` counts its parent's."""
    status = Path("/proc/self/status").read_text()
    (kilobytes,) = re.findall(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(kilobytes) / _KILOBYTES


def _diff(old: Path, new: Path) -> str:
    (table,) = compare_bundles(DiffRequest(old, new), _QUIET).tables
    found = table.rows
    if found is None:
        return "only counted"
    return f"{found.came:,} came, {found.went:,} went, {found.changed:,} changed"


def _verify(old: Path, _new: Path) -> str:
    return f"{verify_bundle(old, _QUIET).files} files"


def _rows(count: int, *, changed: float, moved: float) -> Iterator[Row]:
    """Give rows; some changed, some gone and as many come in between."""
    draw = random.Random(1)  # noqa: S311 - the same rows each time
    for number in range(count):
        drawn = draw.random()
        # Every other number is free for rows that come.
        key = 2 * number + (1 - moved <= drawn)
        word = b"%016x" % (number * 0x9E3779B97F4A7C15 % 2**64)
        yield (
            b"%d" % key,
            b"Name of " + word,
            word + b"@post.example",
            b"2026-01-01 12:00:00",
            b"%d.00" % (number % 997),
            b"2" if drawn < changed else b"1",
        )


def _shuffled(count: int) -> Iterator[Row]:
    rows = list(_rows(count, changed=0, moved=0))
    random.Random(2).shuffle(rows)  # noqa: S311 - likewise
    return iter(rows)


def _bundle(out: Path, rows: Iterator[Row]) -> Path:
    columns = [ColumnEntry(name=one, kind="text", declared="text", kept=True) for one in _COLUMNS]
    table = TableEntry(name="orders", engine="InnoDB", columns=columns, identity=["id"])
    with BundleWriter(out, "shop") as writer:
        parts: list[PartFacts] = []
        waiting = _batches(rows)
        while some := [one for _, one in zip(range(_PART // _BATCH), waiting, strict=False)]:
            path = writer.part_path("orders", len(parts) + 1)
            parts.append(write_part(path, some, ordered=True))
        writer.add_table(table.model_copy(update={"ordered": True}), parts)
        text = "CREATE TABLE `orders` (\n  `id` text\n)"
        described = SchemaObject(ObjectKind.TABLE, "orders", text)
        writer.add_object(described, MaskedText(text.encode()))
        source = SourceEntry(
            fingerprint="f00d",
            family=Family.MARIADB,
            version="10.11",
            database="shop",
            charset="utf8mb4",
            collation="utf8mb4_general_ci",
        )
        created = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        manifest = Manifest(tool_version="0", created=created, source=source)
        writer.finish(manifest, _QUIET)
    return out


def _batches(rows: Iterator[Row]) -> Iterator[MaskedBatch]:
    while some := [row for _, row in zip(range(_BATCH), rows, strict=False)]:
        yield MaskedBatch("orders", _COLUMNS, tuple(map(list, zip(*some, strict=True))))


if __name__ == "__main__":
    main()
