"""What the values of a request are, by the names that they stand under: all of them, not the last.

A secret and a person's are what anything within them is as well, whether that is spelled as objects
of JSON or with brackets: ``birth[date]``. A day that is asked for is one only where nothing around
it speaks of somebody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from sandbox.capture.person_names import is_id_like, names_person, names_somebody, words_in
from sandbox.masking.dictionary import split_camel, word_set
from sandbox.masking.secret_names import is_secret_name

AsksOfName = Callable[[str, str], bool]
"""Tells something of the name of a member or parameter, given the path that it stands under."""

_PASSWORD = re.compile(
    r"(?:\w*(?:passwor[dt]|kennwort|passwd)|pass|pwd|pw)s?(?:confirm|repeat|again|new|old)?\w*"
)
# A day that is asked for has to stay the one that rows have: dates of no person are kept there.
_MOMENTS = word_set("date datum day tag at on from to since until start end von bis time")
_BOUNDS = word_set("gt gte lt lte eq min max after before")
_PART = re.compile(r"[^\W\d]\w*")
# Beside it, a value may be that of what it names: {"name": "password", "value": …}.
_NAMES_ANOTHER = word_set(
    "name key field param parameter id type kind event attribute attr property prop column label"
)
_OF_ANOTHER = word_set("value values val wert werte content data text answer input v")
_LONGEST_NAME, _MOST_PARTS = 64, 40


class Kind(IntEnum):
    """What a value is; the highest of several counts."""

    TEXT = 0
    MOMENT = 1
    PERSON = 2
    SECRET = 3
    PASSWORD = 4


@dataclass(frozen=True, slots=True)
class Under:
    """What a value stands under.

    Attributes:
        kind: What it is by that.
        names: All names around it, the outermost first.
        is_key: Whether it may be the key of a row, by the innermost name.
    """

    kind: Kind = Kind.TEXT
    names: tuple[str, ...] = ()
    is_key: bool = False


class NameReader:
    """Reads the names of one request.

    Args:
        path: Its path.
        names_persons: Whether values of such a name are masked in their table as a whole.
        names_keys: Whether such a name is one of a kept column that rows are told apart by.
    """

    def __init__(self, path: str, names_persons: AsksOfName, names_keys: AsksOfName) -> None:
        self._path = path
        self._names_persons = names_persons
        self._names_keys = names_keys
        words = [part for part in path.split("/") if _PART.match(part)]
        # "/customers/9/orders?date=…" asks for a day of orders, "/customers/9" for anything.
        about = any(map(names_person, words)) or any(map(names_somebody, words[-1:]))
        self._of_somebody = about

    def under(self, name: str, outer: Under) -> Under:
        """Give what the values of a name stand under: ``user[birth][date]`` is three.

        Args:
            name: The name, decoded.
            outer: What it stands under itself.
        """
        found = outer
        parts = _PART.findall(name) or [name]
        if len(parts) > _MOST_PARTS:  # no program's name: a text that stands in front of a "="
            return Under(max(outer.kind, Kind.SECRET), outer.names)
        for part in parts:
            found = self._within(part, found)
        if is_password_name(name):
            return Under(Kind.PASSWORD, found.names)
        if is_secret_name(name):
            return Under(max(found.kind, Kind.SECRET), found.names)
        return found

    def leads_to_row(self, words: Sequence[str]) -> bool:
        """Tell whether words of a path lead to a row, so that a number behind them is its key."""
        return any(
            (is_id_like(one) and not names_person(one)) or self._names_keys(self._path, one)
            for one in words
        )

    def _within(self, part: str, outer: Under) -> Under:
        names = (*outer.names, part)
        above = "/".join((self._path, *outer.names))
        own = self._kind_of(part, above, outer)
        is_key = is_id_like(part) or self._names_keys(above, part)
        if outer.kind < Kind.PERSON:
            return Under(own, names, is_key=is_key and own < Kind.PERSON)
        # The key of a row stays, even of a person's address; a long number within it is none.
        of_row = outer.kind is Kind.PERSON and own < Kind.PERSON and is_id_like(part)
        if of_row and self._names_keys(above, part):
            return Under(Kind.TEXT, names)
        return Under(max(own, outer.kind), names)

    def _kind_of(self, part: str, above: str, outer: Under) -> Kind:
        if is_password_name(part):
            return Kind.PASSWORD
        if is_secret_name(part):
            return Kind.SECRET
        if names_person(part) or self._names_persons(above, part):
            return Kind.PERSON
        last = words_in(part)[-1]
        asks = last in _MOMENTS or (last in _BOUNDS and outer.kind is Kind.MOMENT)
        of_somebody = self._of_somebody or any(map(names_somebody, (*outer.names, part)))
        return Kind.MOMENT if asks and not of_somebody else Kind.TEXT

    def beside(self, found: Under, name: str, another: Under | None) -> Under:
        """Give what a value is if another one beside it says what it is called.

        Args:
            found: What it is by its own name.
            name: That name's innermost part.
            another: What it were under the name that the other one says.
        """
        if another is None or another.kind <= found.kind:
            return found
        # A secret may be any of those beside its name; of a person's the key of a row is none.
        meant = words_in(name)[-1] in _OF_ANOTHER or found.kind is Kind.MOMENT
        if another.kind is Kind.PERSON and not meant:
            return found
        return Under(another.kind, found.names)

    def named_by(self, name: str, value: object, outer: Under) -> Under | None:
        """Give what a value beside is, if this one says its name, and the name of something."""
        if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_NAME:
            return None
        if words_in(name)[-1] not in _NAMES_ANOTHER:
            return None
        found = self.under(value, Under(names=outer.names))
        return found if found.kind >= Kind.PERSON else None


def is_password_name(name: str) -> bool:
    """Tell whether a name is one of a password that somebody logs in with.

    >>> [is_password_name(one) for one in ("password", "user[pwd]", "newPassword", "api_key")]
    [True, True, True, False]
    """
    words = [word.casefold() for word in split_camel(name)]
    return is_secret_name(name) and any(_PASSWORD.fullmatch(word) for word in words)
