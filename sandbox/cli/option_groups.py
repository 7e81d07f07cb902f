"""Options that several commands share: a dataclass whose fields are the options.

A command takes such a group as one parameter; the command line shows its fields in that place. So
an option is written once, and no command that has the group can lack it.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, TypeVar, get_type_hints

_Answer = TypeVar("_Answer")


def spread_groups(command: Callable[..., _Answer]) -> Callable[..., _Answer]:
    """Let a command be called with the fields of its groups instead of the groups."""
    signature = inspect.signature(command)
    hints = get_type_hints(command, include_extras=True)
    groups = {
        name: hint
        for name, hint in hints.items()
        if name in signature.parameters and isinstance(hint, type) and is_dataclass(hint)
    }

    @functools.wraps(command)
    def spread(**given: Any) -> _Answer:  # noqa: ANN401 - whatever its options hold
        for name, group in groups.items():
            given[name] = group(**{one.name: given.pop(one.name) for one in fields(group)})
        return command(**given)

    parameters: list[inspect.Parameter] = []
    for name, one in signature.parameters.items():
        if group := groups.get(name):
            parameters += _parameters(group)
        else:
            keyword = inspect.Parameter.KEYWORD_ONLY
            parameters.append(one.replace(kind=keyword, annotation=hints[name]))
    spread.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return spread


def _parameters(group: type) -> Iterator[inspect.Parameter]:
    """Give the fields of a group as parameters."""
    types = get_type_hints(group, include_extras=True)
    for field in fields(group):
        yield inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=_default(field),
            annotation=types[field.name],
        )


def _default(field: Field[Any]) -> Any:  # noqa: ANN401 - whatever an option holds
    return inspect.Parameter.empty if field.default is MISSING else field.default
