"""YAML as nodes that know their line, and the findings about what cannot be read."""

from __future__ import annotations

from collections.abc import Iterator

import yaml


class Findings:
    """What is wrong with the files read so far, each with its place."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def add(self, place: str, what: str) -> None:
        """Note something that is wrong at a place."""
        self.texts.append(f"{place}: {what}")


class Reader:
    """Reads one file's nodes.

    Args:
        name: How the file is called in findings.
        findings: Where to note what is wrong.
    """

    def __init__(self, name: str, findings: Findings) -> None:
        self._name = name
        self._findings = findings

    def compose(self, text: str) -> yaml.Node | None:
        """Read a document; None where it is empty or no YAML."""
        try:
            return yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else 1
            self._findings.add(f"{self._name}:{line}", f"no YAML: {error.problem}")
        except yaml.YAMLError:
            self._findings.add(f"{self._name}:1", "no YAML: a sign that YAML does not allow")
        return None

    def place(self, node: yaml.Node) -> str:
        """Give where a node stands: ``shop.yaml:12``."""
        return f"{self._name}:{node.start_mark.line + 1}"

    def complain(self, node: yaml.Node, what: str) -> None:
        """Note that something is wrong with a node."""
        self._findings.add(self.place(node), what)

    def pairs(self, node: yaml.Node, what: str) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
        """Give key, key's node and value's node of a mapping; each key once."""
        if is_empty(node):
            return
        if not isinstance(node, yaml.MappingNode):
            self.complain(node, f"{what} has to be a mapping")
            return
        seen: set[str] = set()
        for key_node, value_node in node.value:
            key = self.text(key_node, f"a key of {what}")
            if key is None:
                continue
            if key in seen:
                self.complain(key_node, f"{key} is there twice")
                continue
            seen.add(key)
            yield key, key_node, value_node

    def text(self, node: yaml.Node, what: str) -> str | None:
        """Give the text of a scalar, as it is written."""
        if isinstance(node, yaml.ScalarNode):
            return str(node.value)
        self.complain(node, f"{what} has to be a single value")
        return None

    def texts(self, node: yaml.Node, what: str) -> list[tuple[str, yaml.Node]]:
        """Give the texts of a list, or of a single value."""
        if isinstance(node, yaml.ScalarNode):
            return [(str(node.value), node)] if node.value else []
        if not isinstance(node, yaml.SequenceNode):
            self.complain(node, f"{what} has to be a list")
            return []
        found = ((self.text(item, f"an item of {what}"), item) for item in node.value)
        return [(text, item) for text, item in found if text is not None]


def is_empty(node: yaml.Node) -> bool:
    """Tell whether a node is nothing at all, as after a key without a value."""
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"
