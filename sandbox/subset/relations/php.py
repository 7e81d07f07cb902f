"""Read classes out of an application's PHP source: parsed, never run.

Takes a folder, gives its classes with what they say in constants, properties, attributes and doc
comments, as far as that is literal. A file that is no valid PHP is skipped and counted.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import tree_sitter_php
from tree_sitter import Language, Node, Parser

from sandbox.subset.relations.php_values import Value, read_value, text_of

_GRAMMAR = Language(tree_sitter_php.language_php())
_ENDINGS = (".php", ".php5", ".inc")
_LEFT_OUT = frozenset({"vendor", "node_modules", "tests", "test", "cache", "tmp", "data"})
_MOST_FILES, _MOST_BYTES = 50_000, 2 << 20
_CLASSES = frozenset({"class_declaration", "trait_declaration", "interface_declaration"})
_BLOCKS = frozenset({"if_statement", "compound_statement", "else_clause"})
_DEEPEST = 60


@dataclass(frozen=True, slots=True)
class Member:
    """A property with all that stands before it.

    Attributes:
        name: Its name, without the dollar sign.
        value: What it begins with; None where that is not literal.
        kind: The class that its declared type names; empty where it names none.
        comment: Its doc comment.
        attributes: Its attributes: name, and arguments by name or number.
    """

    name: str
    value: Value = None
    kind: str = ""
    comment: str = ""
    attributes: tuple[tuple[str, Mapping[str, Value]], ...] = ()


@dataclass(slots=True)
class PhpClass:
    """A class, a trait or an interface.

    Attributes:
        name: Its full name.
        bases: The full names of what it takes members from: its parent, traits, interfaces.
        constants: Its constants, as far as they are literal.
        members: Its properties, promoted ones included, by name.
        assigned: What its methods assign to members of ``$this``, as far as that is literal.
        comment: Its doc comment.
        attributes: Its attributes.
        aliases: What its file calls other classes, by the name that it uses.
    """

    name: str
    bases: tuple[str, ...] = ()
    constants: dict[str, Value] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    assigned: dict[str, Value] = field(default_factory=dict)
    comment: str = ""
    attributes: tuple[tuple[str, Mapping[str, Value]], ...] = ()
    aliases: Names = field(default_factory=lambda: Names("", {}))


@dataclass(frozen=True, slots=True)
class Names:
    """How a file's names are meant: its namespace, and what it uses."""

    namespace: str
    used: Mapping[str, str]

    def full(self, name: str) -> str:
        r"""Give the full name of a class.

        >>> Names("App", {"orm": "Doctrine\\ORM"}).full("ORM\\Table"), Names("App", {}).full("User")
        ('Doctrine\\ORM\\Table', 'App\\User')
        """
        if name.startswith("\\"):
            return name[1:]
        first, separator, rest = name.partition("\\")
        if first.lower() in self.used:
            return self.used[first.lower()] + separator + rest
        return f"{self.namespace}\\{name}" if self.namespace else name


@dataclass(frozen=True, slots=True)
class Source:
    """The classes of an application.

    Attributes:
        classes: By full name in lower case.
        read: How many files were read.
        skipped: How many were not: no valid PHP, too large, or not to be read.
    """

    classes: Mapping[str, PhpClass]
    read: int = 0
    skipped: int = 0


def read_source(folder: Path) -> Source:
    """Read every class of an application; libraries, tests and caches are left out."""
    classes: dict[str, PhpClass] = {}
    read = skipped = 0
    for file in _files(folder):
        found = None
        try:
            # A device or a pipe has no size, and no end.
            if file.is_file() and file.stat().st_size <= _MOST_BYTES:
                found = read_classes(file.read_bytes())
        except OSError:
            found = None
        if found is None:
            skipped += 1
            continue
        read += 1
        for one in found:
            classes.setdefault(one.name.lower(), one)
    return Source(classes, read, skipped)


def read_classes(text: bytes) -> tuple[PhpClass, ...] | None:
    """Give the classes of a file; None where it is no valid PHP."""
    if b"class" not in text and b"trait" not in text:
        return ()
    root = Parser(_GRAMMAR).parse(text).root_node
    if root.has_error:
        return None
    return tuple(_classes_in(root, Names("", {})))


def _files(folder: Path) -> Iterator[Path]:
    count = 0
    for path, folders, files in os.walk(folder):
        folders[:] = sorted(
            one for one in folders if one.lower() not in _LEFT_OUT and not one.startswith(".")
        )
        for name in sorted(files):
            if name.lower().endswith(_ENDINGS):
                count += 1
                if count > _MOST_FILES:
                    return
                yield Path(path, name)


def _classes_in(node: Node, names: Names, depth: int = 0) -> Iterator[PhpClass]:
    """Give the classes of a file or block; a namespace counts until the next one."""
    used: dict[str, str] = dict(names.used)
    names = Names(names.namespace, used)
    comment = ""
    for child in node.named_children:
        if child.type == "comment":
            comment = text_of(child)
            continue
        if child.type == "namespace_definition":
            name, body = child.child_by_field_name("name"), child.child_by_field_name("body")
            inner = Names(text_of(name) if name else "", {})
            if body is not None:
                yield from _classes_in(body, inner, depth + 1)
            else:
                used = {}
                names = Names(inner.namespace, used)
        elif child.type == "namespace_use_declaration":
            used.update(_used(child))
        elif child.type in _CLASSES:
            yield _read_class(child, names, comment)
        elif child.type in _BLOCKS and depth < _DEEPEST:
            # if (!class_exists('X')) { class X … }
            yield from _classes_in(child, names, depth + 1)
        comment = ""


def _used(node: Node) -> Iterator[tuple[str, str]]:
    r"""Give what a ``use`` calls things: ``use A\B as C``, ``use A\{B, C}``."""
    prefix = "".join(
        text_of(child) + "\\" for child in node.named_children if child.type == "namespace_name"
    )
    stack = list(node.named_children)
    while stack:
        child = stack.pop()
        if child.type == "namespace_use_group":
            stack += child.named_children
            continue
        if child.type != "namespace_use_clause":
            continue
        parts = [one for one in child.named_children if one.type in {"name", "qualified_name"}]
        if parts:
            name = prefix + text_of(parts[0]).lstrip("\\")
            alias = text_of(parts[1]) if len(parts) > 1 else name.rpartition("\\")[2]
            yield alias.lower(), name


def _read_class(node: Node, names: Names, comment: str) -> PhpClass:
    name = node.child_by_field_name("name")
    bases = [
        names.full(text_of(one))
        for child in node.named_children
        if child.type in {"base_clause", "class_interface_clause"}
        for one in child.named_children
    ]
    found = PhpClass(
        name=f"{names.namespace}\\{text_of(name)}".lstrip("\\") if name else "",
        comment=comment,
        attributes=_attributes(node, names),
        aliases=names,
    )
    body = node.child_by_field_name("body")
    if body is not None:
        _read_body(body, names, found, bases)
    found.bases = tuple(bases)
    return found


def _read_body(body: Node, names: Names, found: PhpClass, bases: list[str]) -> None:
    comment = ""
    for child in body.named_children:
        if child.type == "comment":
            comment = text_of(child)
            continue
        if child.type == "use_declaration":
            bases += [
                names.full(text_of(one))
                for one in child.named_children
                if one.type in {"name", "qualified_name"}
            ]
        elif child.type == "const_declaration":
            found.constants.update(_constants(child, names))
        elif child.type == "property_declaration":
            found.members.update((one.name, one) for one in _members(child, names, comment))
        elif child.type == "method_declaration":
            found.members.update((one.name, one) for one in _promoted(child, names))
            found.assigned.update(_assigned(child, names))
        comment = ""


def _constants(node: Node, names: Names) -> Iterator[tuple[str, Value]]:
    for one in node.named_children:
        if one.type == "const_element":
            key, *_, value = one.named_children
            yield text_of(key), read_value(value, names.full)


def _members(node: Node, names: Names, comment: str) -> Iterator[Member]:
    kind = node.child_by_field_name("type")
    for one in node.named_children:
        if one.type == "property_element":
            variable, *rest = one.named_children
            yield Member(
                text_of(variable).lstrip("$"),
                read_value(rest[0], names.full) if rest else None,
                _class_of(kind, names),
                comment,
                _attributes(node, names),
            )


def _promoted(method: Node, names: Names) -> Iterator[Member]:
    parameters = method.child_by_field_name("parameters")
    comment = ""
    for one in parameters.named_children if parameters else ():
        if one.type == "comment":
            comment = text_of(one)
        elif one.type == "property_promotion_parameter":
            name, kind = one.child_by_field_name("name"), one.child_by_field_name("type")
            if name is not None:
                yield Member(
                    text_of(name).lstrip("$"),
                    None,
                    _class_of(kind, names),
                    comment,
                    _attributes(one, names),
                )
            comment = ""


def _assigned(method: Node, names: Names) -> Iterator[tuple[str, Value]]:
    """Give what a method assigns to members of its object: ``$this->_name = 'orders'``."""
    stack = [(method, 0)]
    while stack:
        node, depth = stack.pop()
        if node.type == "assignment_expression":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if left is not None and right is not None and left.type == "member_access_expression":
                whose, name = left.named_children[0], left.named_children[-1]
                if text_of(whose) == "$this" and name.type == "name":
                    yield text_of(name), read_value(right, names.full)
        if depth < _DEEPEST:
            stack += [(child, depth + 1) for child in node.named_children]


def _attributes(node: Node, names: Names) -> tuple[tuple[str, Mapping[str, Value]], ...]:
    found: list[tuple[str, Mapping[str, Value]]] = []
    for group in node.named_children:
        if group.type != "attribute_list":
            continue
        found += [
            (names.full(text_of(one.named_children[0])), _arguments(one, names))
            for part in group.named_children
            for one in part.named_children
            if one.type == "attribute" and one.named_children
        ]
    return tuple(found)


def _arguments(attribute: Node, names: Names) -> dict[str, Value]:
    """Give the arguments of an attribute, by name, or by number from 0."""
    given: dict[str, Value] = {}
    for part in attribute.named_children:
        if part.type != "arguments":
            continue
        arguments = [one for one in part.named_children if one.type == "argument"]
        for number, one in enumerate(arguments):
            label = one.child_by_field_name("name")
            value = read_value(one.named_children[-1], names.full)
            given[text_of(label) if label else str(number)] = value
    return given


def _class_of(kind: Node | None, names: Names) -> str:
    """Give the class that a type names, nullable or not; empty for any other type."""
    while kind is not None and kind.type in {"optional_type", "union_type", "named_type"}:
        inner = [one for one in kind.named_children if one.type != "primitive_type"]
        kind = inner[0] if inner else None
    if kind is None or kind.type not in {"name", "qualified_name"}:
        return ""
    return names.full(text_of(kind))
