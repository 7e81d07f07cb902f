"""Every column gets exactly one treatment, or nothing is exported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal, NamedTuple

from sandbox.errors import MaskingRefused
from sandbox.masking.maskers import catalogue
from sandbox.masking.maskers.catalogue import KEEP, MASKERS, SHAPE, family_of
from sandbox.masking.maskers.held import constant_of
from sandbox.masking.maskers.numbers import is_unit
from sandbox.masking.patterns import compile_pattern
from sandbox.masking.rules import Precision, Rule, Rules
from sandbox.masking.words import WORDS
from sandbox.model import Column, Schema, Table

_DOMAINS: Mapping[str, str] = {
    KEEP: "", "iban": "iban", "card": "card", "ip": "ip", "token": "token", "session_id": "token",
    "password": "password", "date": "date", "binary": "binary", "generalise": "",
    "coordinate": "", "constant": "",
}  # fmt: skip
_SHAPES: Mapping[str, str] = {
    catalogue.TEXT: SHAPE, catalogue.BINARY: "binary", catalogue.INTEGER: "digits",
    catalogue.NUMBER: "digits", catalogue.DATE: "date", catalogue.JSON: "json",
}  # fmt: skip
_COMPANIONS = ("person", "key")
_ADD_RULE = "Add the missing rules."
_NAMED_WRONG = (
    "An account sees only tables and columns that it may read: correct the name, ask for the "
    "right, or let the rule's file say if_present: true."
)
_OTHER_MASKER = "Give the column a masker that fits."
_ALIKE = "Give both sides of a reference the same masker and domain."
_ALIKE_OR_NONE = (
    f"{_ALIKE} One that is not declared and is none goes into sandbox.toml: "
    '[relations] rejected = ["…"], as sandbox relations writes it.'
)
_LEGIBLE = (
    "Keep a column that says which table another one refers to, or reject its relations in "
    "sandbox.toml: [relations] rejected."
)


class _Finding(NamedTuple):
    """What is wrong, and what is to be done about all findings of its kind."""

    text: str
    advice: str


@dataclass(frozen=True, slots=True)
class Treatment:
    """What becomes of a column.

    Attributes:
        masker: Name of the masker.
        domain: Equal values of one domain become equal values.
        rule: Where that is said: file and line, or what decided instead of a rule.
        options: The masker's options.
    """

    masker: str
    domain: str
    rule: str
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def kept(self) -> bool:
        """Whether the column stays as it is."""
        return self.masker == KEEP


@dataclass(frozen=True, slots=True)
class Treatments:
    """The treatment of every stored column.

    Attributes:
        by_column: Treatments by table and column.
        keys: Rules for keys in documents, whichever column they are in; the last that fits counts.
    """

    by_column: Mapping[tuple[str, str], Treatment]
    keys: tuple[tuple[str, str], ...] = ()

    def of(self, table: str, column: str) -> Treatment:
        """Give a column's treatment.

        Raises:
            KeyError: The schema had no such column.
        """
        return self.by_column[table, column]


def assign_treatments(
    schema: Schema, rules: Rules, *, unclassified: Literal["refuse", "shape"]
) -> Treatments:
    """Give every stored column its treatment.

    Args:
        schema: The source's schema.
        rules: All rules.
        unclassified: What becomes of a column without a rule.

    Raises:
        MaskingRefused: A column has no rule, a rule speaks of what is not there, or it cannot
            apply; the findings tell all of it.
    """
    findings = [*_unmet_rules(schema, rules)]
    by_column: dict[tuple[str, str], Treatment] = {}
    for table in schema.tables.values():
        key_columns = _key_columns(schema, table)
        for column in table.stored_columns:
            treatment = (
                _by_rule(table, column, rules)
                or _as_parent(schema, table, column, rules)
                or _by_default(column, key_columns, unclassified)
            )
            problem = _problem(table, column, treatment)
            if treatment is None:
                findings.append(_finding(table.name, column, "no rule", _ADD_RULE))
            elif problem:
                findings.append(_finding(table.name, column, problem, _OTHER_MASKER))
            else:
                by_column[table.name, column.name] = treatment
    findings += _broken_keys(schema, by_column)
    findings += _broken_references(schema, by_column)
    if findings:
        count = len(findings)
        raise MaskingRefused(
            f"{count} finding{'s' if count > 1 else ''} in the masking of {schema.database}; "
            "nothing was exported.",
            hint=" ".join([*dict.fromkeys(one.advice for one in findings), "Then run again."]),
            findings=tuple(one.text for one in findings),
        )
    return Treatments(by_column, rules.keys)


def _by_rule(table: Table, column: Column, rules: Rules) -> Treatment | None:
    rule = _find_rule(table.name, column, rules)
    if rule is None:
        return None
    domain = rule.domain or _DOMAINS.get(rule.masker, WORDS)
    return Treatment(rule.masker, domain, rule.place, rule.options)


def _as_parent(schema: Schema, table: Table, column: Column, rules: Rules) -> Treatment | None:
    """Treat a column without a rule like the masked column that it refers to, undeclared.

    Never as one that is kept: what refers to it may hold something else as well.
    """
    for key in table.foreign_keys:
        if key.declared or column.name not in key.columns:
            continue
        parent = schema.tables[key.parent]
        other = parent.column(key.parent_columns[key.columns.index(column.name)])
        found = _by_rule(parent, other, rules)
        if found is None or found.kept or any(one in found.options for one in _COMPANIONS):
            continue
        if family_of(column) in MASKERS[found.masker].applies_to:
            rule = f"as {parent.name}.{other.name}, {found.rule}"
            return Treatment(found.masker, found.domain, rule, found.options)
    return None


def _by_default(
    column: Column, key_columns: frozenset[str], unclassified: Literal["refuse", "shape"]
) -> Treatment | None:
    if column.name in key_columns and column.is_integer:
        # Surrogate keys stay, so that URLs, logs and rows match.
        return Treatment(KEEP, "", "surrogate key")
    if unclassified == "refuse":
        return None
    if column.kind in {"enum", "set", "bit"}:
        return Treatment(KEEP, "", "unclassified: closed list of values")
    masker = _SHAPES.get(family_of(column))
    if masker is None:
        return None
    return Treatment(masker, _DOMAINS.get(masker, WORDS), "unclassified: by shape")


def _find_rule(table: str, column: Column, rules: Rules) -> Rule | None:
    best: Rule | None = None
    for rule in rules.rules:
        if (best is None or rule.precision >= best.precision) and _fits(rule, table, column):
            best = rule
    return best


def _fits(rule: Rule, table: str, column: Column) -> bool:
    pattern = compile_pattern(rule.column)
    if rule.precision is Precision.TYPE:
        return _is_of_type(column, rule.column)
    if rule.types and not _is_of_type(column, rule.types):
        return False
    if not pattern.fullmatch(column.name.casefold()):
        return False
    return bool(compile_pattern(rule.table).fullmatch(table.casefold()))


def _is_of_type(column: Column, types: str) -> bool:
    pattern = compile_pattern(types)
    return any(pattern.fullmatch(one.casefold()) for one in (column.kind, column.declared))


def _key_columns(schema: Schema, table: Table) -> frozenset[str]:
    """Give the columns that identify rows or refer to them.

    What no key declares says so of what refers to a row's identity only: two columns that hold the
    same numbers may hold those of cards as well.
    """
    own = {column.name for column in table.identity}
    own.update(
        name
        for key in table.foreign_keys
        if key.declared or _is_identity(schema.tables.get(key.parent), key.parent_columns)
        for name in key.columns
    )
    own.update(
        name
        for other in schema.tables.values()
        for key in other.foreign_keys
        if key.declared and key.parent == table.name
        for name in key.parent_columns
    )
    return frozenset(own)


def _is_identity(table: Table | None, columns: Iterable[str]) -> bool:
    return table is not None and {column.name for column in table.identity} == set(columns)


def _problem(table: Table, column: Column, treatment: Treatment | None) -> str:
    """Say why a treatment cannot apply to a column; nothing where it can."""
    if treatment is None:
        return ""
    if family_of(column) not in MASKERS[treatment.masker].applies_to:
        return f"{treatment.masker} cannot mask this type; {_fitting(column)} ({treatment.rule})"
    if treatment.masker == "generalise":
        unit, of_dates = treatment.options["unit"], family_of(column) == catalogue.DATE
        if not is_unit(unit, of_dates=of_dates):
            expected = "year" if of_dates else "a number above zero"
            return f"unit: {unit} should be {expected} ({treatment.rule})"
    if treatment.masker == "constant":
        try:
            constant_of(column, treatment.options["value"])
        except ValueError:
            return f"value: the column cannot hold it ({treatment.rule})"
    names = {one.name for one in table.columns}
    for option in _COMPANIONS:
        other = treatment.options.get(option)
        if other is not None and other not in names:
            return (
                f"{option}: there is no column {other}{_nearest(other, names)} ({treatment.rule})"
            )
    return ""


def _fitting(column: Column, *, one_to_one: bool = False) -> str:
    """Say which maskers fit a column."""
    family = family_of(column)
    names = [
        name
        for name, facts in MASKERS.items()
        if family in facts.applies_to and (facts.one_to_one or not one_to_one)
    ]
    return f"there {'are' if len(names) > 1 else 'is'} {', '.join(names)}"


def _nearest(name: str, known: Iterable[str]) -> str:
    """Ask whether something was meant that is there."""
    by_folded = {one.casefold(): one for one in known}
    near = get_close_matches(name.casefold(), by_folded, n=1)
    return f"; did you mean {by_folded[near[0]]}?" if near else ""


def _unmet_rules(schema: Schema, rules: Rules) -> Iterator[_Finding]:
    """Find exact rules that speak of a table or column which is not there."""
    tables = {table.name.casefold(): table for table in schema.tables.values()}
    for rule in rules.rules:
        if rule.precision is not Precision.EXACT or rule.if_present:
            continue
        table = tables.get(rule.table.casefold())
        if table is None:
            what = f"no such table{_nearest(rule.table, schema.tables)}"
        elif rule.column.casefold() in {column.name.casefold() for column in table.columns}:
            continue
        else:
            names = (column.name for column in table.columns)
            what = f"no such column{_nearest(rule.column, names)}"
        yield _Finding(f"{rule.table}.{rule.column}   {what} ({rule.place})", _NAMED_WRONG)


def _broken_keys(
    schema: Schema, by_column: Mapping[tuple[str, str], Treatment]
) -> Iterator[_Finding]:
    """Find unique keys whose columns would not stay unique."""
    for table in schema.tables.values():
        seen: set[str] = set()
        for key in table.keys:
            for name in key.columns:
                treatment = by_column.get((table.name, name))
                if (
                    treatment is None
                    or name in seen
                    or _stays_unique(table.column(name), treatment)
                ):
                    continue
                seen.add(name)
                column = table.column(name)
                yield _finding(
                    table.name,
                    column,
                    f"{treatment.masker} is not one-to-one, and the key {key.name} is unique; "
                    f"{_fitting(column, one_to_one=True)} ({treatment.rule})",
                    _OTHER_MASKER,
                )


def _stays_unique(column: Column, treatment: Treatment) -> bool:
    if treatment.masker == "date":
        # All dates of a column move alike, unless everybody's move apart, or some are no dates.
        return "person" not in treatment.options and family_of(column) == catalogue.DATE
    return MASKERS[treatment.masker].one_to_one


def _broken_references(
    schema: Schema, by_column: Mapping[tuple[str, str], Treatment]
) -> Iterator[_Finding]:
    """Find references whose two sides would no longer match."""
    for table in schema.tables.values():
        for key in table.foreign_keys:
            kind = by_column.get((table.name, key.only[0])) if key.only else None
            if key.only and kind is not None and not kind.kept:
                yield _finding(
                    table.name,
                    table.column(key.only[0]),
                    f"says which table {', '.join(key.columns)} refers to, and is masked: "
                    f"{kind.masker} ({kind.rule})",
                    _LEGIBLE,
                )
            for name, parent_name in zip(key.columns, key.parent_columns, strict=True):
                child = by_column.get((table.name, name))
                parent = by_column.get((key.parent, parent_name))
                if child is None or parent is None:
                    continue
                if (child.masker, child.domain) != (parent.masker, parent.domain):
                    yield _finding(
                        table.name,
                        table.column(name),
                        f"refers to {key.parent}.{parent_name}"
                        f"{'' if key.declared else ', undeclared'}, and they are masked "
                        f"differently: {child.masker} ({child.rule}), {parent.masker} "
                        f"({parent.rule})",
                        _ALIKE if key.declared else _ALIKE_OR_NONE,
                    )


def _finding(table: str, column: Column, what: str, advice: str) -> _Finding:
    declared = column.kind if column.kind in {"enum", "set"} else column.declared
    return _Finding(f"{table}.{column.name}   {declared}   {what}", advice)
