"""Which rows came, went, changed and stayed: two streams of lines, in bounded memory.

Most rows are the same this week and last, and stand in about the same order. So both streams are
read side by side, and a line that is in both goes out at once; no order is relied on, for what
order a server gives text under a collation nobody can tell without it. Lines that have not met
their like wait in a window. When it is full, those of equal keys are rows that changed; the oldest
of the rest go to files without a name, sorted out by key, and are matched at the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice

from sandbox.diff.found import Fate
from sandbox.diff.lines import TAB, Lines
from sandbox.diff.spilled import Spilled

WINDOW = 24 << 20
"""Bytes of memory that the waiting lines of one bundle may take."""

_OVERHEAD = 140  # bytes that a line takes in a dictionary beside its own
Named = Callable[[Fate, Sequence[bytes], Sequence[int]], None]


@dataclass(slots=True)
class Tally:
    """What was found so far.

    Attributes:
        came, went, changed, stayed: As in `sandbox.diff.found.RowChanges`.
        fields: By field of a line, the changed rows in which it differs.
    """

    came: int = 0
    went: int = 0
    changed: int = 0
    stayed: int = 0
    fields: Counter[int] = field(default_factory=Counter)


@dataclass(slots=True)
class _Waiting:
    """Lines of one bundle that have not met their like, in the order they came.

    Attributes:
        stream: Where more come from; None once it has ended.
        lines: How often each waits.
        size: Bytes of memory that they take, about.
        run: How many came since the last one that met its like: how far this bundle is ahead.
    """

    stream: Iterator[Lines] | None
    lines: Counter[bytes] = field(default_factory=Counter)
    size: int = 0
    run: int = 0

    def add(self, lines: Lines) -> None:
        self.lines.update(lines)
        self.size += _size(lines)

    def take(self, line: bytes, count: int) -> None:
        self.size -= (len(line) + _OVERHEAD) * count
        _take(self.lines, line, count)


def compare_lines(  # noqa: PLR0913 - two sides, and how they are compared
    old: Iterable[Lines],
    new: Iterable[Lines],
    key: Sequence[int],
    *,
    expected: int,
    named: Named = lambda *_: None,
    window: int = WINDOW,
) -> Tally:
    """Compare two sets of rows.

    Where two rows of one side have one key, which an identity rules out, they are compared as
    far as they pair up; the numbers add up all the same.

    Args:
        old: The rows before, as lines.
        new: The rows now.
        key: Which fields tell a row from all others; empty to compare whole rows.
        expected: Bytes of text that both will give, about.
        named: Hears of each row that came, went or changed: its key, and which fields differ.
        window: Bytes of memory that waiting lines of one side may take.
    """
    with ExitStack() as undo:
        comparison = _Comparison(old, new, key, named, window)
        spilled = undo.enter_context(Spilled(key, expected))
        while (side := comparison.behind()) is not None:
            comparison.read(side)
            if comparison.is_full:
                comparison.settle()
                comparison.make_room(spilled)
        if spilled.used:
            comparison.move_all(spilled)
            for left, right in spilled.pairs():
                comparison.match(left, right)
        else:
            comparison.finish()
        return comparison.tally


class _Comparison:
    def __init__(
        self,
        old: Iterable[Lines],
        new: Iterable[Lines],
        key: Sequence[int],
        named: Named,
        window: int,
    ) -> None:
        self.tally = Tally()
        self._sides = _Waiting(iter(old)), _Waiting(iter(new))
        self._key = key
        self._named = named
        self._window = window

    @property
    def is_full(self) -> bool:
        return any(side.size > self._window for side in self._sides)

    def behind(self) -> int | None:
        """Give the side to read from: the one whose last lines met their like; None at the end."""
        open_ones = [place for place, side in enumerate(self._sides) if side.stream is not None]
        return min(open_ones, key=lambda place: self._sides[place].run, default=None)

    def read(self, place: int) -> None:
        """Read some lines of one side, and let those that the other has go out."""
        side, other = self._sides[place], self._sides[1 - place]
        lines = next(side.stream, None) if side.stream is not None else None
        if lines is None:
            side.stream = None
            return
        counts = Counter(lines)
        common = counts.keys() & other.lines.keys()
        if not common:
            side.add(lines)
            side.run += len(lines)
            return
        side.run, other.run = _run(counts, common), _run(other.lines, common)
        for line in common:
            met = min(counts[line], other.lines[line])
            self.tally.stayed += met
            other.take(line, met)
            counts[line] -= met
        side.add(list(counts.elements()))

    def settle(self) -> None:
        """Let waiting lines of equal keys go out: rows that changed."""
        if self._key:
            old, new = self._sides
            for before, now in self._changed(old.lines, new.lines):
                old.take(before, 1)
                new.take(now, 1)

    def make_room(self, spilled: Spilled) -> None:
        """Move the oldest lines away where more than half of the window waits."""
        for place, side in enumerate(self._sides):
            if side.size * 2 > self._window:
                oldest = list(islice(side.lines.items(), len(side.lines) // 2 + 1))
                spilled.add(place, oldest)
                for line, count in oldest:
                    side.take(line, count)
            side.run = min(side.run, len(side.lines))

    def move_all(self, spilled: Spilled) -> None:
        """Move everything away that waits."""
        for place, side in enumerate(self._sides):
            spilled.add(place, side.lines.items())
            side.lines.clear()

    def finish(self) -> None:
        """Settle what waits: nothing more comes, and nothing was moved away."""
        old, new = self._sides
        self.match(old.lines, new.lines)

    def match(self, old: Counter[bytes], new: Counter[bytes]) -> None:
        """Compare lines of which both sides are there whole."""
        for line in old.keys() & new.keys():
            met = min(old[line], new[line])
            self.tally.stayed += met
            _take(old, line, met)
            _take(new, line, met)
        if self._key:
            for before, now in self._changed(old, new):
                _take(old, before, 1)
                _take(new, now, 1)
        self.tally.went += self._alone(Fate.WENT, old)
        self.tally.came += self._alone(Fate.CAME, new)

    def _changed(self, old: Counter[bytes], new: Counter[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """Count rows that changed; give both lines of each."""
        before, now = self._by_key(old), self._by_key(new)
        for key in before.keys() & now.keys():
            pair = before[key], now[key]
            cells = zip(*(line.split(TAB) for line in pair), strict=True)
            differing = [place for place, (one, other) in enumerate(cells) if one != other]
            self.tally.changed += 1
            self.tally.fields.update(differing)
            self._named(Fate.CHANGED, key, differing)
            yield pair

    def _by_key(self, lines: Iterable[bytes]) -> Mapping[tuple[bytes, ...], bytes]:
        key = self._key
        found: dict[tuple[bytes, ...], bytes] = {}
        for line in lines:
            cells = line.split(TAB)
            found.setdefault(tuple([cells[place] for place in key]), line)
        return found

    def _alone(self, fate: Fate, lines: Counter[bytes]) -> int:
        if self._key:
            for line in lines:
                cells = line.split(TAB)
                self._named(fate, [cells[place] for place in self._key], ())
        return lines.total()


def _run(lines: Counter[bytes], met: Collection[bytes]) -> int:
    """Give how many lines came after the last that met its like."""
    run = 0
    for line in reversed(lines):
        if line in met:
            break
        run += 1
    return run


def _take(lines: Counter[bytes], line: bytes, count: int) -> None:
    if lines[line] > count:
        lines[line] -= count
    else:
        del lines[line]


def _size(lines: Lines) -> int:
    return sum(map(len, lines)) + _OVERHEAD * len(lines)
