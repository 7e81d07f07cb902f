"""Compare two answers: status, headers that matter, the body as a typed tree or as lines of text.

A difference has a path and a kind. What also differs between two answers of the same side is noise,
and is told by its path. After Diffy, which measures noise rather than asking for a list of fields;
unlike there, one request is enough, as it is repeated.

Noise that is as coarse as a whole text, or as the members of a list, would hide everything: then at
least the size and title of a text are compared, and whether a list is empty.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

from sandbox.replica.exchange import Heard

_MOST_ITEMS = 2_000  # of a list or text that are aligned; longer ones are compared in order
_MOST_DIFFERENCES = 1_000
_SHOWN = 60  # characters of a value
_DEEPEST = 200  # levels of a document; a deeper one is compared as text
_NO_JSON = object()
_BODY, _LINES = "body", "lines"
COARSE = frozenset({_BODY, _LINES})  # keys of noise that hide what else differs in a text
_SIZE = 2  # times as large is another size
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_TITLE_WITHIN = 64 * 1024


class Kind(StrEnum):
    """In what way two answers differ at a place."""

    STATUS = "status"
    HEADER = "header"
    MISSING = "missing"
    EXTRA = "extra"
    TYPE = "type"
    NUMBER_AS_TEXT = "number as text"
    VALUE = "value"
    ORDER = "order"
    EMPTIED = "empty or not"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference.

    Attributes:
        path: Where: ``status``, ``header Location``, ``$.items[3].price``, ``line 12``.
        kind: In what way.
        before: What is there on the one side, shortened.
        after: What is there on the other.
        key: What tells it as noise: its path; for members of a list that come or go, the list.
    """

    path: str
    kind: Kind
    before: str = ""
    after: str = ""
    key: str = ""

    def __post_init__(self) -> None:
        if not self.key:
            object.__setattr__(self, "key", self.path)

    def __str__(self) -> str:
        match self.kind:
            case Kind.MISSING:
                return f"{self.path} is missing, was {self.before}"
            case Kind.EXTRA:
                return f"{self.path} is new: {self.after}"
            case Kind.ORDER:
                return f"{self.path} has another order"
            case Kind.TYPE | Kind.NUMBER_AS_TEXT:
                return f"{self.path} {self.before} → {self.after} ({self.kind})"
            case _:
                return f"{self.path} {self.before} → {self.after}"


def compare(before: Heard, after: Heard, noise: Collection[str] = ()) -> tuple[Difference, ...]:
    """Give in what an answer differs from another.

    Args:
        before: The one answer.
        after: The other one.
        noise: Keys of differences that do not count.
    """
    found = list(_heads(before, after))
    found += _bodies(before.body, after.body, frozenset(noise))
    if not COARSE.isdisjoint(noise):
        found += _rough(before.body, after.body)
    return tuple(
        one
        for one in found
        # That a list is empty is told by its members, unless they are noise.
        if one.key not in noise and (one.kind is not Kind.EMPTIED or f"{one.path}[]" in noise)
    )[:_MOST_DIFFERENCES]


def noise_of(answers: Collection[Heard]) -> frozenset[str]:
    """Give what differs between answers of the same side to the same request."""
    first, *others = answers
    found: set[str] = set()
    for other in others:
        found.update(one.key for one in _heads(first, other))
        found.update(one.key for one in _bodies(first.body, other.body, frozenset()))
    if not COARSE.isdisjoint(found):
        found.update(one.key for other in others for one in _rough(first.body, other.body))
    return frozenset(found)


def _heads(before: Heard, after: Heard) -> Iterator[Difference]:
    if before.status != after.status:
        yield Difference("status", Kind.STATUS, str(before.status), str(after.status))
    for name in ("Content-Type", "Location"):
        one, other = before.header(name), after.header(name)
        if one != other:
            yield Difference(f"header {name}", Kind.HEADER, _text(one), _text(other))
    one, other = _cookie_names(before), _cookie_names(after)
    if one != other:
        yield Difference("header Set-Cookie", Kind.HEADER, _text(one), _text(other))


def _cookie_names(heard: Heard) -> str:
    names = {
        value.partition("=")[0].strip()
        for name, value in heard.headers
        if name.lower() == "set-cookie"
    }
    return ", ".join(sorted(names))


def holds_no_rows(body: bytes) -> bool:
    """Tell whether an answer is JSON with lists that are all empty: it shows little of anything.

    >>> holds_no_rows(b'{"lines": []}'), holds_no_rows(b'{"a": [], "b": [1]}'), holds_no_rows(b"{}")
    (True, False, False)
    """
    tree = _parse(body)
    level, lists = [tree], 0
    while level:
        one = level.pop()
        if isinstance(one, list):
            if one:
                return False
            lists += 1
        elif isinstance(one, dict):
            level += one.values()
    return lists > 0


def _text(text: str) -> str:
    return _short(text) if text else "none"


def _bodies(before: bytes, after: bytes, noise: frozenset[str]) -> list[Difference]:
    if before == after:
        return []
    one, other = _parse(before), _parse(after)
    if one is _NO_JSON or other is _NO_JSON:
        return list(_lines(before, after))
    found = list(_trees("$", one, other, _Aligned(frozenset())))
    if not noise:
        return found
    # A list may be aligned by items that are equal but for their noise: the better of both counts.
    again = list(_trees("$", one, other, _Aligned(frozenset(map(_anywhere, noise)))))
    return min(
        ([one for one in which if one.key not in noise] for which in (found, again)), key=len
    )


def _parse(body: bytes) -> Any:  # noqa: ANN401 - JSON is anything
    try:
        tree = json.loads(body, parse_float=_decimal, parse_constant=_no_constant)
        return tree if _depth(tree) <= _DEEPEST else _NO_JSON
    except (ValueError, RecursionError):
        return _NO_JSON


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError("a number beyond all bounds") from None


def _no_constant(_name: str) -> None:
    raise ValueError("no JSON")


def _depth(tree: Any) -> int:  # noqa: ANN401 - JSON is anything
    """Count levels; without recursion, as the document may be built to break it."""
    level, depth = [tree], 0
    while level and depth <= _DEEPEST:
        depth += 1
        below: list[Any] = []
        for one in level:
            if isinstance(one, dict | list):
                below += one.values() if isinstance(one, dict) else one
        level = below
    return depth


@dataclass(frozen=True, slots=True)
class _Aligned:
    """How members of lists are told to be equal: without what is noise in them."""

    noise: frozenset[str]

    def key(self, path: str, value: Any) -> str:  # noqa: ANN401 - JSON is anything
        return json.dumps(self._blanked(path, value), sort_keys=True, default=_number)

    def _blanked(self, path: str, value: Any) -> Any:  # noqa: ANN401 - JSON is anything
        if path in self.noise:
            return None
        if isinstance(value, dict):
            return {name: self._blanked(_member(path, name), one) for name, one in value.items()}
        if isinstance(value, list):
            return [self._blanked(f"{path}[]", one) for one in value]
        return value


def _number(value: Decimal) -> str:
    return str(value.normalize())


def _anywhere(path: str) -> str:
    """Give a path in whichever members of its lists.

    >>> _anywhere("$.items[3].seen")
    '$.items[].seen'
    """
    head, *rest = path.split("[")
    return head + "".join(
        f"[]{tail}" if number.isdigit() else f"[{number}]{tail}"
        for number, _, tail in (part.partition("]") for part in rest)
    )


def _trees(path: str, before: Any, after: Any, aligned: _Aligned) -> Iterator[Difference]:  # noqa: ANN401 - JSON is anything
    kinds = _type(before), _type(after)
    if kinds == ("object", "object"):
        for name in before:
            if name in after:
                yield from _trees(_member(path, name), before[name], after[name], aligned)
            else:
                yield Difference(_member(path, name), Kind.MISSING, _short(before[name]))
        for name in after:
            if name not in before:
                yield Difference(_member(path, name), Kind.EXTRA, after=_short(after[name]))
    elif kinds == ("array", "array"):
        yield from _lists(path, before, after, aligned)
    elif before == after and kinds[0] == kinds[1]:
        return
    elif kinds[0] == kinds[1]:
        yield Difference(path, Kind.VALUE, _short(before), _short(after))
    else:
        same = {"number", "string"} == set(kinds) and _same_number(before, after)
        kind = Kind.NUMBER_AS_TEXT if same else Kind.TYPE
        yield Difference(path, kind, _short(before), _short(after))


def _lists(path: str, before: list[Any], after: list[Any], how: _Aligned) -> Iterator[Difference]:
    keys = [[how.key(f"{_anywhere(path)}[]", item) for item in one] for one in (before, after)]
    if keys[0] != keys[1] and Counter(keys[0]) == Counter(keys[1]):
        yield Difference(path, Kind.ORDER)
        return
    if bool(before) != bool(after):
        was, now = (f"{len(one):,} of them" if one else "empty" for one in (before, after))
        yield Difference(path, Kind.EMPTIED, was, now, key=f"{path} {Kind.EMPTIED}")
    for number, other in _pairs(keys[0], keys[1]):
        if other is None and number is not None:
            yield Difference(
                f"{path}[{number}]", Kind.MISSING, _short(before[number]), key=f"{path}[]"
            )
        elif number is None and other is not None:
            yield Difference(
                f"{path}[{other}]", Kind.EXTRA, after=_short(after[other]), key=f"{path}[]"
            )
        elif number is not None and other is not None:
            yield from _trees(f"{path}[{number}]", before[number], after[other], how)


def _pairs(before: list[str], after: list[str]) -> Iterator[tuple[int | None, int | None]]:
    """Pair the members of two lists: the equal ones, and in order what lies between them."""
    if len(before) == len(after) or max(len(before), len(after)) > _MOST_ITEMS:
        blocks = [(0, len(before), 0, len(after))]
    else:
        matcher = SequenceMatcher(None, before, after, autojunk=False)
        blocks = [block[1:] for block in matcher.get_opcodes()]
    for one, one_end, other, other_end in blocks:
        for step in range(max(one_end - one, other_end - other)):
            yield (
                one + step if one + step < one_end else None,
                other + step if other + step < other_end else None,
            )


def _lines(before: bytes, after: bytes) -> Iterator[Difference]:
    one, other = (text.decode("utf-8", "backslashreplace").splitlines() for text in (before, after))
    alike, end = _same_ends(one, other)
    left, right = one[alike : len(one) - end], other[alike : len(other) - end]
    if len(left) != len(right) and max(len(left), len(right)) > _MOST_ITEMS:
        sizes = (f"{len(text):,} bytes" for text in (before, after))
        yield Difference(_BODY, Kind.TEXT, *sizes)
        return
    if not left and not right:
        yield Difference(_BODY, Kind.TEXT, "", "other line ends")
    for number, place in _pairs(left, right):
        was = left[number] if number is not None else None
        now = right[place] if place is not None else None
        if was == now:
            continue
        where = f"line {alike + ((place if number is None else number) or 0):d}"
        if was is None:
            yield Difference(where, Kind.EXTRA, after=_short(now), key=_LINES)
        elif now is None:
            yield Difference(where, Kind.MISSING, _short(was), key=_LINES)
        else:
            yield Difference(where, Kind.TEXT, _short(was), _short(now))


def _same_ends(one: list[str], other: list[str]) -> tuple[int, int]:
    """Count the lines that two texts begin and end with alike: only the rest is laid together."""
    shorter = min(len(one), len(other))
    begin = next((number for number in range(shorter) if one[number] != other[number]), shorter)
    rest = shorter - begin
    end = next((number for number in range(rest) if one[-1 - number] != other[-1 - number]), rest)
    return begin, end


def _rough(before: bytes, after: bytes) -> Iterator[Difference]:
    """Compare two texts as far as that can be done when their lines are noise."""
    sizes = sorted((len(before), len(after)))
    if sizes[1] > _SIZE * sizes[0]:
        yield Difference("size", Kind.TEXT, *(f"{len(text):,} bytes" for text in (before, after)))
    one, other = _title(before), _title(after)
    if one != other:
        yield Difference("title", Kind.TEXT, _text(one), _text(other))


def _title(body: bytes) -> str:
    found = _TITLE.search(body[:_TITLE_WITHIN].decode("utf-8", "backslashreplace"))
    return " ".join(found[1].split()) if found else ""


def _type(value: Any) -> str:  # noqa: ANN401 - JSON is anything
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | Decimal):
        return "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def _same_number(one: Any, other: Any) -> bool:  # noqa: ANN401 - a number and a text
    try:
        return bool(Decimal(str(one)) == Decimal(str(other)))
    except InvalidOperation:
        return False


def _member(path: str, name: str) -> str:
    plain = name.isidentifier() and name.isascii()
    return f"{path}.{name}" if plain else f"{path}[{json.dumps(name)}]"


def _short(value: Any) -> str:  # noqa: ANN401 - JSON is anything
    if isinstance(value, Decimal):
        return str(value)
    text = json.dumps(value, ensure_ascii=False, default=str) if value is not None else "null"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
