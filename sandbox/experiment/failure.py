"""What failing means: a failure of production, what came of a request here, and whether they agree.

Never compared are counts, sums and texts of messages: a sample has other ones. What production's
logs do not say is not compared either.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.capture.given_requests import parse_path
from sandbox.capture.requests import Signature

_GONE = object()


@dataclass(frozen=True, slots=True)
class FieldState:
    """What a field of a JSON answer is.

    Attributes:
        path: Where it stands: ``$.lines``, ``$.items[0].price``.
        state: ``empty``, ``missing``, ``null``, ``string``, ``number``, ``boolean``, ``array`` or
            ``object``.
    """

    path: str
    state: str

    def __str__(self) -> str:
        return f"{self.path} {self.state}"

    def holds(self, body: bytes) -> bool | None:
        """Tell whether an answer has the field in this state; None where it has no such field."""
        try:
            tree = json.loads(body)
        except (ValueError, RecursionError):
            return None
        states = _states(_field(tree, self.path))
        if self.state != "missing" and "missing" in states:
            return None
        return self.state in states

    def is_filled(self, body: bytes) -> bool:
        """Tell whether the field is there and holds something."""
        try:
            states = _states(_field(json.loads(body), self.path))
        except (ValueError, RecursionError):
            return False
        return states.isdisjoint({"empty", "missing", "null"})


@dataclass(frozen=True, slots=True)
class Failure:
    """How a request failed in production.

    Attributes:
        signature: What was answered and logged; what is empty in it, nobody knows.
        field: What a field of the answer was.
    """

    signature: Signature
    field: FieldState | None = None

    @property
    def is_status_only(self) -> bool:
        """Whether nothing is known of it but the status: a weak reason to call two the same."""
        one = self.signature
        return not (one.exception or one.place or one.sql_error or self.field)

    def __str__(self) -> str:
        return describe(self.signature, self.field)


def describe(signature: Signature, field: FieldState | None = None) -> str:
    """Write a failure for people: ``500 Shop_Order_Exception Date.php:11``."""
    error = f"SQL error {signature.sql_error}" if signature.sql_error else ""
    # The file of a framework tells less than the number of the error that went through it.
    place = "" if error else signature.place.rpartition("/")[2]
    parts = (str(signature.status or ""), signature.exception, error, place, str(field or ""))
    return " ".join(part for part in parts if part)


class Came(StrEnum):
    """What came of a request on a server here."""

    SAME = "same"
    OTHER = "other failure"
    WORKS = "works"
    UNRESOLVED = "unresolved"


def matches(production: Signature, here: Signature, shifting: Collection[str] = ()) -> bool:
    """Tell whether two failures are the same.

    Args:
        production: What production gave.
        here: What is given here.
        shifting: Files of the release that a change touches: the number of a line in them may
            have become another one.
    """
    return (
        production.status in {0, here.status}
        and production.exception in {"", here.exception}
        and production.sql_error in {0, here.sql_error}
        and _same_place(production.place, here.place, shifting)
    )


def _same_place(production: str, here: str, shifting: Collection[str]) -> bool:
    if production in {"", here}:
        return True
    file, other = production.rpartition(":")[0], here.rpartition(":")[0]
    return file == other and file in shifting


def _field(tree: Any, path: str) -> Any:  # noqa: ANN401 - JSON is anything
    """Follow a path into a tree; gives a mark of its own where it leads nowhere."""
    found = tree
    for step in parse_path(path):
        if isinstance(step, str):
            found = found.get(step, _GONE) if isinstance(found, dict) else _GONE
        else:
            there = isinstance(found, list) and step < len(found)
            found = found[step] if there else _GONE
    return found


def _states(value: Any) -> frozenset[str]:  # noqa: ANN401 - JSON is anything
    if value is _GONE:
        return frozenset({"missing"})
    if value is None:
        return frozenset({"null"})
    if isinstance(value, bool):
        return frozenset({"boolean"})
    if isinstance(value, int | float):
        return frozenset({"number"})
    name = "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"
    return frozenset({name}) if value else frozenset({name, "empty"})
