"""Where each key of a TOML file stands, so that a finding can name its line.

`tomllib` gives values without positions; tree-sitter's grammar gives positions without values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

KeyPath = tuple[str, ...]

_GRAMMAR = Language(tree_sitter_toml.language())
_TABLES = ("table", "table_array_element")
_KEYS = ("bare_key", "quoted_key", "dotted_key")


def find_lines(text: bytes) -> Mapping[KeyPath, int]:
    r"""Give the line, counted from 1, on which each key of a valid TOML file stands first.

    >>> lines = find_lines(b"[images]\nphp = '8.2'\n")
    >>> lines[("images",)], lines[("images", "php")]
    (1, 2)
    """
    lines: dict[KeyPath, int] = {}
    for path, line in _walk(Parser(_GRAMMAR).parse(text).root_node, ()):
        lines.setdefault(path, line)
    return lines


def text_in_quotes(text: str) -> str:
    r"""Write a text as TOML holds it.

    >>> text_in_quotes('a "b"')
    '"a \\"b\\""'
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    shown = (one if one.isprintable() else f"\\U{ord(one):08X}" for one in escaped)
    return f'"{"".join(shown)}"'


def _walk(node: Node, prefix: KeyPath) -> Iterator[tuple[KeyPath, int]]:
    inner = prefix
    if node.type in ("pair", *_TABLES):
        key = next((child for child in node.named_children if child.type in _KEYS), None)
        if key is not None:
            for name in _names(key):
                inner = (*inner, name)
                yield inner, key.start_point[0] + 1
    for child in node.named_children:
        yield from _walk(child, inner)


def _names(key: Node) -> list[str]:
    if key.type == "dotted_key":
        return [name for part in key.named_children for name in _names(part)]
    text = (key.text or b"").decode()
    return [text[1:-1] if key.type == "quoted_key" else text]
