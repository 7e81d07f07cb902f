"""Masking rules: which columns become what. YAML in, rules out; pure.

See `docs/masking.md` for the syntax.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import IntEnum
from pathlib import PurePath

import yaml

from sandbox.errors import SettingsError
from sandbox.masking.maskers.catalogue import KEEP, KEY_OPTION, MASKERS
from sandbox.masking.patterns import is_exact
from sandbox.masking.yaml_nodes import Findings, Reader, is_empty


class Precision(IntEnum):
    """How closely a rule names its columns; the closest rule wins."""

    TYPE = 1
    COLUMN_PATTERN = 2
    TABLE_PATTERN = 3
    EXACT = 4


@dataclass(frozen=True, slots=True)
class Source:
    """A file of rules, read already.

    Attributes:
        name: Its name in messages; without its ending, the name by which others extend it.
        text: What is in it.
    """

    name: str
    text: str

    @property
    def pack(self) -> str:
        """Give the name by which others extend it."""
        return PurePath(self.name).stem


@dataclass(frozen=True, slots=True)
class Rule:
    """What becomes of the columns that a pattern fits.

    Attributes:
        precision: What the pattern speaks of.
        table: Pattern of tables; ``*`` in rules for columns of any table.
        column: Pattern of columns, or of types.
        types: Pattern of types that it is for; empty for all.
        masker: Name of the masker.
        domain: Its domain; empty for the masker's own.
        options: The masker's options.
        place: Where the rule stands.
        if_present: Whether it may speak of a table that is not there.
    """

    precision: Precision
    table: str
    column: str
    types: str
    masker: str
    domain: str
    options: Mapping[str, str]
    place: str
    if_present: bool


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules, those that win over others of equal precision later.

    Attributes:
        rules: Rules for columns.
        keys: Rules for keys in documents: pattern and name of the masker, the last one wins.
    """

    rules: tuple[Rule, ...] = ()
    keys: tuple[tuple[str, str], ...] = field(default=())


def parse_rules(sources: Sequence[Source]) -> Rules:
    """Read rules; later sources win over earlier ones of equal precision.

    Raises:
        SettingsError: Something in them is wrong; its findings tell all of it, with file and line.
    """
    findings = Findings()
    names = {source.pack for source in sources}
    files = [_File(source, names, findings) for source in sources]
    if findings.texts:
        count = len(findings.texts)
        raise SettingsError(
            f"The masking rules have {count} error{'s' if count > 1 else ''}.",
            hint="Correct the rules, then run again; docs/masking.md tells their syntax.",
            findings=tuple(findings.texts),
        )
    return Rules(
        tuple(rule for file in files for rule in file.rules),
        tuple(key for file in files for key in file.keys),
    )


def packs_extended_by(source: Source) -> tuple[str, ...]:
    """Give the names of the packs that a file extends; none where it cannot be read."""
    reader = Reader(source.name, Findings())
    root = reader.compose(source.text)
    if not isinstance(root, yaml.MappingNode):
        return ()
    return tuple(
        name
        for key, _, value in reader.pairs(root, "the file")
        if key == "extends"
        for name, _ in reader.texts(value, "extends")
    )


class _File:
    """One file of rules."""

    def __init__(self, source: Source, packs: set[str], findings: Findings) -> None:
        self.rules: list[Rule] = []
        self.keys: list[tuple[str, str]] = []
        self._reader = Reader(source.name, findings)
        self._packs = packs
        self._if_present = False
        sections: Mapping[str, Callable[[yaml.Node], None]] = {
            "extends": self._read_extends,
            "if_present": self._read_if_present,
            "tables": self._read_tables,
            "columns": self._read_columns,
            "types": self._read_types,
            "keys": self._read_keys,
        }
        root = self._reader.compose(source.text)
        if root is None:
            return
        found = list(self._reader.pairs(root, "the file"))
        # What it says of the whole file counts for rules above it as well.
        for name, key_node, value in sorted(found, key=lambda one: one[0] != "if_present"):
            read = sections.get(name)
            if read is None:
                known = ", ".join(sections)
                self._reader.complain(key_node, f"{name} is no section; there are {known}")
            else:
                read(value)

    def _read_extends(self, node: yaml.Node) -> None:
        for name, item in self._reader.texts(node, "extends"):
            if name not in self._packs:
                self._reader.complain(item, f"extends {name}, which is not there")

    def _read_if_present(self, node: yaml.Node) -> None:
        text = self._reader.text(node, "if_present")
        if text not in {"true", "false"}:
            self._reader.complain(node, "if_present is true or false")
        self._if_present = text == "true"

    def _read_tables(self, node: yaml.Node) -> None:
        for table, _, columns in self._reader.pairs(node, "tables"):
            for column, key_node, value in self._reader.pairs(columns, f"table {table}"):
                exact = is_exact(table) and is_exact(column)
                precision = Precision.EXACT if exact else Precision.TABLE_PATTERN
                self._add(precision, table, column, key_node, value)

    def _read_columns(self, node: yaml.Node) -> None:
        for pattern, key_node, value in self._reader.pairs(node, "columns"):
            table, dot, column = pattern.rpartition(".")
            if not dot:
                self._add(Precision.COLUMN_PATTERN, "*", pattern, key_node, value)
                continue
            exact = is_exact(pattern)
            any_table = table == "*"
            precision = (
                Precision.EXACT
                if exact
                else Precision.COLUMN_PATTERN if any_table else Precision.TABLE_PATTERN
            )  # fmt: skip
            self._add(precision, table, column, key_node, value)

    def _read_types(self, node: yaml.Node) -> None:
        for pattern, key_node, value in self._reader.pairs(node, "types"):
            self._add(Precision.TYPE, "*", pattern, key_node, value)

    def _read_keys(self, node: yaml.Node) -> None:
        for pattern, _, value in self._reader.pairs(node, "keys"):
            masker = self._masker_for_key(pattern, value)
            if masker:
                self.keys.append((pattern, masker))

    def _masker_for_key(self, key: str, node: yaml.Node) -> str | None:
        name = self._reader.text(node, "the masker of a key")
        if name is None:
            return None
        facts = MASKERS.get(name)
        if facts is None:
            self._reader.complain(node, f"key {key}: {_no_masker(name)}")
            return None
        if not facts.in_documents:
            self._reader.complain(node, f"{name} masks whole columns only, not what a key holds")
            return None
        return name

    def _add(
        self, precision: Precision, table: str, column: str, key_node: yaml.Node, node: yaml.Node
    ) -> None:
        read = self._read_masker(column if table == "*" else f"{table}.{column}", node)
        if read is not None:
            masker, domain, types, options = read
            place = self._reader.place(key_node)
            self.rules.append(
                Rule(
                    precision,
                    table,
                    column,
                    types,
                    masker,
                    domain,
                    options,
                    place,
                    self._if_present,
                )
            )

    def _read_masker(
        self, columns: str, node: yaml.Node
    ) -> tuple[str, str, str, Mapping[str, str]] | None:
        if isinstance(node, yaml.ScalarNode) and not is_empty(node):
            options: dict[str, str] = {}
            masker = str(node.value)
        else:
            options = self._read_options(node)
            masker = options.pop("masker", "")
            if not masker:
                self._reader.complain(node, "names no masker")
                return None
        facts = MASKERS.get(masker)
        if facts is None:
            self._reader.complain(node, f"{columns}: {_no_masker(masker)}")
            return None
        domain, types = options.pop("domain", ""), options.pop("types", "")
        for option in options:
            if option not in facts.options and not (facts.nested and option.startswith(KEY_OPTION)):
                self._reader.complain(node, f"{masker} has no option {option}")
        for option in sorted(facts.required - set(options)):
            self._reader.complain(node, f"{masker} needs the option {option}")
        if domain and masker == KEEP:
            self._reader.complain(node, "keep has no domain")
        return masker, domain, types, options

    def _read_options(self, node: yaml.Node) -> dict[str, str]:
        options: dict[str, str] = {}
        for name, _, value in self._reader.pairs(node, "a rule"):
            if name == "keys":
                for key, _, masker_node in self._reader.pairs(value, "keys"):
                    masker = self._masker_for_key(key, masker_node)
                    if masker:
                        options[f"{KEY_OPTION}{key}"] = masker
                continue
            text = self._reader.text(value, f"option {name}")
            if text is not None:
                options[name] = text
        return options


def _no_masker(name: str) -> str:
    near = get_close_matches(name, MASKERS, n=1)
    instead = f"did you mean {near[0]}?" if near else f"there are {', '.join(MASKERS)}"
    return f"there is no masker {name}; {instead}"
