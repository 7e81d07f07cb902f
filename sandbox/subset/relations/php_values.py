"""Literal values of PHP source, as far as they can be told without running it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tree_sitter import Node

_DEEPEST = 12
_ESCAPE = re.compile(r"\\(['\\])")


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant of a class: ``self::COLUMNS``; of which one, says `scope`."""

    scope: str
    name: str


@dataclass(frozen=True, slots=True)
class Joined:
    """Two values put together with a dot."""

    left: Value
    right: Value


@dataclass(frozen=True, slots=True)
class Listed:
    """An array: keys (None where there is none) and values, in order."""

    items: tuple[tuple[Value, Value], ...]


Value = str | Constant | Joined | Listed | None

_RELATIVE = frozenset({"self", "static", "parent"})


def text_of(node: Node) -> str:
    """Give the source of a node."""
    return (node.text or b"").decode("utf-8", "replace")


def read_value(  # noqa: PLR0911 - one for each kind of expression
    node: Node, full: Callable[[str], str], depth: int = 0
) -> Value:
    """Give the value of an expression; None where it is not literal.

    Args:
        node: The expression.
        full: Gives the full name of a class.
        depth: How deep it stands in others.
    """
    if depth > _DEEPEST:
        return None
    match node.type:
        case "string" | "encapsed_string":
            return _text(node)
        case "integer":
            return text_of(node)
        case "class_constant_access_expression":
            return _constant(node, full)
        case "binary_expression" if text_of(node.children[1]) == ".":
            left, right = node.named_children[0], node.named_children[-1]
            return Joined(read_value(left, full, depth + 1), read_value(right, full, depth + 1))
        case "parenthesized_expression" if node.named_children:
            return read_value(node.named_children[0], full, depth + 1)
        case "array_creation_expression":
            return Listed(
                tuple(
                    _item(one, full, depth + 1)
                    for one in node.named_children
                    if one.type == "array_element_initializer"
                )
            )
        case _:
            return None


def _text(node: Node) -> str | None:
    parts = node.named_children
    if any(part.type not in {"string_content", "escape_sequence"} for part in parts):
        return None  # a variable stands in it
    return _ESCAPE.sub(r"\1", "".join(text_of(part) for part in parts))


def _constant(node: Node, full: Callable[[str], str]) -> Value:
    scope, name = node.named_children[0], text_of(node.named_children[-1])
    called = text_of(scope)
    if called.lower() not in _RELATIVE:
        called = full(called)
        if name.lower() == "class":
            return called
    return Constant(called, name)


def _item(node: Node, full: Callable[[str], str], depth: int) -> tuple[Value, Value]:
    parts = [read_value(one, full, depth) for one in node.named_children if one.type != "comment"]
    if len(parts) > 1:
        return parts[0], parts[1]
    return None, parts[0] if parts else None
