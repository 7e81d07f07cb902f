"""The classes of odd rows, from `classes.toml`: data that everybody who speaks of them shares."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import accumulate
from typing import Any

from sandbox.charsets import CODECS, WIDE_CODECS
from sandbox.model import Column
from sandbox.subset.odd.checks import CHECKS

_MOST = 0.8  # of a column's values that pass a format's check, for it to be one of that format
SEPARATOR = b"\x1f"  # between values that are looked at together
_TEXTS = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext"})
_BINARIES = frozenset({"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"})
_FAMILIES = {
    **dict.fromkeys(_TEXTS, "text"),
    **dict.fromkeys(_BINARIES, "binary"),
    **dict.fromkeys(("tinyint", "smallint", "mediumint", "int", "bigint"), "integer"),
    **dict.fromkeys(("decimal", "float", "double"), "number"),
    **dict.fromkeys(("date", "datetime", "timestamp", "year"), "date"),
    "time": "time",
    "enum": "enum",
    "set": "set",
}
# Signs that no class is about, whatever stands beside them; those of ASCII, which hints find; and
# none of those that doubly encoded text is made of.
_ORDINARY = re.compile("[\x00-\x7e\xc0-\u0151\u0154-\u015f\u0162-\u0177\u0179-\u017c]*")
# Bytes that MySQL's latin1 has and Windows' code page has not: control characters.
_LATIN1 = {0xDC00 + byte: byte for byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}


@dataclass(frozen=True, slots=True)
class OddClass:
    """A class of odd rows; see `classes.toml` for the fields."""

    name: str
    meaning: str
    kinds: tuple[str, ...]
    values: frozenset[bytes] = frozenset()
    pattern: re.Pattern[str] | None = field(default=None, repr=False)
    hints: tuple[re.Pattern[bytes], ...] = field(default=(), repr=False)
    beyond: bool = False
    check: str = ""
    measure: str = ""
    examples: tuple[str, ...] = ()
    outlives_masking: bool = True

    def holds(self, text: str) -> bool:
        """Tell whether a value is of the class, by its signs."""
        return self.pattern is not None and self.pattern.search(text) is not None


@cache
def odd_classes() -> tuple[OddClass, ...]:
    """Give every class there is, in the order in which people read them.

    >>> [one.name for one in odd_classes()][:3]
    ['missing', 'empty', 'text zero']
    """
    text = files("sandbox.subset.odd").joinpath("classes.toml").read_text(encoding="utf-8")
    return tuple(_class(one) for one in tomllib.loads(text)["class"])


def class_measured(measure: str) -> OddClass:
    """Give the class that a measure finds."""
    return next(one for one in odd_classes() if one.measure == measure)


def _class(given: Mapping[str, Any]) -> OddClass:
    known = {"name", "meaning", "kinds", "values", "pattern", "hints", "beyond"}
    known |= {"check", "measure", "examples", "outlives_masking"}
    if unknown := set(given) - known:
        raise ValueError(f"classes.toml: {', '.join(sorted(unknown))}")
    return OddClass(
        name=given["name"],
        meaning=given["meaning"],
        kinds=tuple(given["kinds"]),
        values=frozenset(value.encode() for value in given.get("values", ())),
        pattern=re.compile(given["pattern"]) if "pattern" in given else None,
        hints=tuple(re.compile(_bounded(hint).encode()) for hint in given.get("hints", ())),
        beyond=given.get("beyond", False),
        check=given.get("check", ""),
        measure=given.get("measure", ""),
        examples=tuple(given.get("examples", ())),
        outlives_masking=given.get("outlives_masking", True),
    )


def _bounded(hint: str) -> str:
    """Let the ends of a value be those that stand between separators."""
    start = r"\x1f" if hint.startswith("^") else ""
    # Not taken in: the next value begins with it.
    end = r"(?=\x1f)" if hint.endswith("$") else ""
    return start + hint.removeprefix("^").removesuffix("$") + end


# What most values are made of, and the hints at anything else: one look spares them all.
_PLAIN = bytes([*range(0x20, 0x7F), *range(0x80, 0x100), *SEPARATOR])
_RARE = frozenset(
    hint
    for one in odd_classes()
    for hint in one.hints
    if re.fullmatch(rb"\[[^]]*\]", hint.pattern) and not hint.search(_PLAIN)
)


def family_of(column: Column) -> str:
    """Give the family of kinds that a column belongs to; empty where no class applies to it.

    >>> family_of(Column("a", "varchar", "varchar(9)")), family_of(Column("a", "json", "json"))
    ('text', '')
    """
    return _FAMILIES.get(column.kind, "")


def decoder_of(column: Column) -> Callable[[bytes], str]:
    """Give what turns a cell into signs; bytes that mean nothing become lone surrogates."""
    if column.charset in WIDE_CODECS:
        wide = WIDE_CODECS[column.charset]
        # Of a broken wide text nothing but that it is broken is told.
        return lambda cell: _decoded_wide(cell, wide)
    codec = CODECS.get(column.charset, "utf-8")
    if column.charset == "latin1":
        return _decoded_latin1
    return lambda cell: cell.decode(codec, "surrogateescape")


def _decoded_latin1(cell: bytes) -> str:
    try:
        return cell.decode("cp1252")
    except UnicodeDecodeError:
        return cell.decode("cp1252", "surrogateescape").translate(_LATIN1)


def _decoded_wide(cell: bytes, codec: str) -> str:
    try:
        return cell.decode(codec)
    except UnicodeDecodeError:
        return "\udcff"


class ColumnClasses:
    """The classes that apply to a column, and what of its values is of them.

    Args:
        column: The column.
        holds: The formats that the column holds, by the names of their checks.
    """

    def __init__(self, column: Column, holds: Collection[str] = ()) -> None:
        family = family_of(column)
        self._classes = tuple(one for one in odd_classes() if family in one.kinds)
        self._exact = {
            value: one.name for one in self._classes for value in one.values if not one.pattern
        }
        self._patterns = tuple(one for one in self._classes if one.pattern)
        self._checks = tuple(one for one in self._classes if one.check in holds)
        self._decode = decoder_of(column)
        self._wide = column.charset in WIDE_CODECS
        self.measures = frozenset(one.measure for one in self._classes if one.measure)

    def odd_among(self, values: Collection[bytes]) -> dict[bytes, tuple[str, ...]]:
        """Give those of some values that are odd, with the names of their classes.

        The same as asking `classes_of` of each; clean columns cost next to nothing.
        """
        found: dict[bytes, list[str]] = {}
        for value, name in self._exact.items():
            if value in values:
                found.setdefault(value, []).append(name)
        filled = [value for value in values if value]
        if self._patterns and filled:
            for name, value in self._matching(filled):
                found.setdefault(value, []).append(name)
        for one in self._checks:
            check = CHECKS[one.check]
            for value in filled:
                if not value.isspace() and not check(value):
                    found.setdefault(value, []).append(one.name)
        return {value: tuple(names) for value, names in found.items()}

    def classes_of(self, value: bytes) -> tuple[str, ...]:
        """Give the names of the classes that one value is of."""
        names = [self._exact[value]] if value in self._exact else []
        if value:
            text = self._decode(value)
            names += [one.name for one in self._patterns if one.holds(text)]
            names += [
                one.name
                for one in self._checks
                if not value.isspace() and not CHECKS[one.check](value)
            ]
        return tuple(names)

    def _matching(self, values: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
        """Give each class with a pattern, and each value that is of it."""
        texts: dict[bytes, str] = {}
        joined = SEPARATOR.join((b"", *values, b""))
        if self._wide or joined.count(SEPARATOR) != len(values) + 1:
            candidates: Iterable[tuple[OddClass, Iterable[bytes]]] = (
                (one, values) for one in self._patterns
            )
        else:
            candidates = self._candidates(values, joined, texts)
        for one, some in candidates:
            for value in some:
                text = texts.get(value)
                if text is None:
                    text = texts[value] = self._decode(value)
                if one.holds(text):
                    yield one.name, value

    def _candidates(
        self, values: Sequence[bytes], joined: bytes, texts: dict[bytes, str]
    ) -> Iterator[tuple[OddClass, Iterable[bytes]]]:
        """Give, for each class with a pattern, those values that may be of it."""
        plain = not joined.translate(None, _PLAIN)
        beyond = [] if joined.isascii() else list(self._extraordinary(values, texts))
        starts: list[int] = []
        for one in self._patterns:
            hits = [
                found.start()
                for hint in one.hints
                if not (plain and hint in _RARE)
                for found in hint.finditer(joined)
            ]
            if hits and not starts:
                starts = list(accumulate((len(value) + 1 for value in values), initial=0))
            candidates = dict.fromkeys(values[bisect_right(starts, hit) - 1] for hit in hits)
            if one.beyond:
                candidates.update(dict.fromkeys(beyond))
            if candidates:
                yield one, candidates

    def _extraordinary(self, values: Iterable[bytes], texts: dict[bytes, str]) -> Iterator[bytes]:
        """Give the values with signs beyond ASCII that are more than letters of Latin scripts."""
        for value in values:
            if not value.isascii():
                text = texts[value] = self._decode(value)
                if not _ORDINARY.fullmatch(text):
                    yield value


def formats_of(column: Column, values: Mapping[bytes, int]) -> frozenset[str]:
    """Tell which formats a column holds, by some of its values and how many rows have each.

    It does where at least four of five rows that are not blank pass the format's check.
    """
    family = family_of(column)
    filled = {value: rows for value, rows in values.items() if value and not value.isspace()}
    if not filled or column.charset in WIDE_CODECS:
        return frozenset()
    least = _MOST * sum(filled.values())
    return frozenset(
        one.check
        for one in odd_classes()
        if one.check
        and family in one.kinds
        and sum(rows for value, rows in filled.items() if CHECKS[one.check](value)) >= least
    )
