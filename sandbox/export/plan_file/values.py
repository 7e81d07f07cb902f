"""Values of the program as a plan file holds them: plain mappings, lists and words, and back.

What a file may hold follows from the dataclasses themselves. So a field that is added to one has a
place in the file at once, is checked like all others, and comes with the words of its docstring.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from types import GenericAlias, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, create_model

from sandbox.errors import UsageError
from sandbox.subset.budget import FORMS, Budget, parse_budget
from sandbox.subset.request import Share, parse_share

STRICT = ConfigDict(strict=True, frozen=True, extra="forbid", hide_input_in_errors=True)
MOST_ITEMS = 100_000
_TEXT = Annotated[str, Field(max_length=64 * 1024)]
_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_ATTRIBUTE = re.compile(r"^\s{4}(\w+): (.*(?:\n\s{8}.*)*)", re.MULTILINE)


def shown(value: object) -> Any:  # noqa: ANN401 - whatever YAML holds
    """Give a value as the file holds it.

    >>> shown({"orders": Share(0.05), "items": Share(rows=200)}), shown((timedelta(days=30),))
    ({'orders': '5%', 'items': 200}, ['30d'])

    Raises:
        TypeError: It is of a kind that has no form in the file yet.
    """
    for kind, show in _SHOWN.items():
        if isinstance(value, kind):
            return show(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: shown(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, float) and value.is_integer():
        return int(value)  # 60.0 and 60 are one number of seconds
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"a plan file has no form for {type(value).__name__}")


def beyond_defaults(value: object) -> Any:  # noqa: ANN401 - whatever YAML holds
    """Give a value as the file holds it, without the fields that have their defaults.

    >>> from sandbox.subset.request import CoverRequest
    >>> beyond_defaults(CoverRequest(rows=5))
    {'rows': 5}

    Raises:
        TypeError: It is of a kind that has no form in the file yet.
    """
    if not dataclasses.is_dataclass(value) or isinstance(value, (type, *_SHOWN)):
        return shown(value)
    told = {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
    defaults = {one.name: _default(one) for one in dataclasses.fields(value)}
    return {name: beyond_defaults(one) for name, one in told.items() if one != defaults[name]}


def form_of(kind: Any) -> Any:  # noqa: ANN401 - types have no type of their own
    """Give the form that pydantic checks for a type of the program.

    Raises:
        TypeError: There is none yet.
    """
    if kind in _FORMS:
        return _FORMS[kind]
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _form_of_dataclass(kind)
    origin, inner = get_origin(kind), get_args(kind)
    if origin is tuple and inner[1:] == (Ellipsis,):
        items = GenericAlias(tuple, (form_of(inner[0]), ...))
        return Annotated[items, Field(max_length=MOST_ITEMS)]
    if isinstance(origin, type) and issubclass(origin, Mapping) and inner[0] is str:
        pairs = GenericAlias(dict, (_TEXT, form_of(inner[1])))
        return Annotated[pairs, Field(max_length=MOST_ITEMS)]
    if origin in {Union, UnionType}:
        return Union[tuple(form_of(one) for one in inner)]  # noqa: UP007 - made while running
    if kind in _PLAIN or (isinstance(kind, type) and issubclass(kind, (Enum, date))):
        return kind
    raise TypeError(f"a plan file has no form for {kind}")


@cache
def words_of(kind: type) -> Mapping[str, str]:
    """Give what the docstring of a dataclass says of its fields, each in one line."""
    found = _ATTRIBUTE.findall(inspect.cleandoc(kind.__doc__ or ""))
    return {name: re.sub(r"\s+", " ", text).strip() for name, text in found}


def types_of(kind: type) -> Mapping[str, Any]:
    """Give the types of a dataclass's fields, in order."""
    hints = get_type_hints(kind)
    return {one.name: hints[one.name] for one in dataclasses.fields(kind)}


@cache
def _form_of_dataclass(kind: type) -> Any:  # noqa: ANN401 - a type
    fields: dict[str, Any] = {}
    for one in dataclasses.fields(kind):
        default: Any = ...
        if one.default is not dataclasses.MISSING:
            default = one.default
        elif one.default_factory is not dataclasses.MISSING:
            default = Field(default_factory=one.default_factory)
        fields[one.name] = (form_of(types_of(kind)[one.name]), default)
    model = create_model(kind.__name__, __config__=STRICT, **fields)

    def made(read: BaseModel) -> object:
        return kind(**{name: getattr(read, name) for name in fields})

    return Annotated[model, AfterValidator(made)]


def _default(one: dataclasses.Field[Any]) -> object:
    """Give the default of a field; MISSING where it has none."""
    if one.default_factory is not dataclasses.MISSING:
        return one.default_factory()
    return one.default


def _share_text(share: Share) -> str | int:
    if share.rows is not None:
        return share.rows
    for word in ("all", "none"):
        if parse_share(word) == share:
            return word
    for digits in range(1, 18):
        percent = Decimal(f"{share.fraction * 100:.{digits}g}")
        text = f"{percent:f}%"
        if parse_share(text) == share:
            return text
    return f"{Decimal(share.fraction) * 100:f}%"


def _read_share(value: object) -> Share:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ValueError("a share is a percentage, a number of rows, all or none")  # noqa: TRY004
    try:
        return parse_share(str(value))
    except UsageError as error:
        raise ValueError(error.message) from None


def _read_budget(value: object) -> Budget:
    if not isinstance(value, str):
        raise ValueError(f"a budget is {FORMS}")  # noqa: TRY004 - as for a share
    try:
        return parse_budget(value)
    except UsageError as error:
        raise ValueError(error.message) from None


def _duration_text(length: timedelta) -> str:
    seconds = round(length.total_seconds())
    unit = next(unit for unit, size in _UNITS.items() if not seconds % size)
    return f"{seconds // _UNITS[unit]}{unit}"


def _read_duration(value: object) -> timedelta:
    found = re.fullmatch(r"(-?\d{1,12})([dhms])", value) if isinstance(value, str) else None
    if not found:
        raise ValueError("a length of time is a number with d, h, m or s")
    try:
        return timedelta(seconds=int(found[1]) * _UNITS[found[2]])
    except OverflowError:
        raise ValueError("a length of time is shorter than that") from None


_SHOWN: Mapping[type, Callable[[Any], Any]] = {
    Share: _share_text,
    Budget: lambda value: value.written,
    timedelta: _duration_text,
    Enum: lambda value: value.value,
    date: lambda value: value.isoformat(),  # a moment is one as well
    Mapping: lambda value: {str(name): shown(one) for name, one in value.items()},
    tuple: lambda value: [shown(one) for one in value],
}
_PLAIN = frozenset({bool, type(None)})
_FORMS: Mapping[Any, Any] = {
    str: _TEXT,
    # What is asked for is counted or measured: nothing of it is below zero.
    int: Annotated[int, Field(ge=0, lt=2**63)],
    float: Annotated[float, Field(ge=0, allow_inf_nan=False)],
    Share: Annotated[Any, BeforeValidator(_read_share)],
    Budget: Annotated[Any, BeforeValidator(_read_budget)],
    timedelta: Annotated[Any, BeforeValidator(_read_duration)],
}
