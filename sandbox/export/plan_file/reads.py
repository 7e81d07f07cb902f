"""How each table will be read: the questions that an export asks, and what EXPLAIN says to them.

The statements are those of the export itself. Where they name keys, some rows are asked for their
keys first, a bounded number of the table's own; those are used in nothing but EXPLAIN.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sandbox.database.explain import Access, explain
from sandbox.database.reader import Reader, select_by_keys, select_chunk, select_rows
from sandbox.model import Column, ForeignKey, Schema, Table
from sandbox.subset.keys import RowKey, keys_of
from sandbox.subset.lookups import ask_for_children, ask_for_keys, ask_for_parents
from sandbox.subset.plan import Role, SubsetPlan, TablePlan
from sandbox.subset.steps import blaming

_KEYS = 1000  # in one statement, as an export names them


@dataclass(frozen=True, slots=True)
class Read:
    """One kind of question to a table.

    Attributes:
        what: What is asked, in words.
        how: How the server gets at the rows, by table.
    """

    what: str
    how: tuple[Access, ...]


Reads = Mapping[str, tuple[Read, ...]]


@dataclass(frozen=True, slots=True)
class _Statement:
    """A statement that will run.

    Attributes:
        what: What it asks, in words.
        sql: The statement.
        names: Tables by their aliases.
        option: Option that somebody wrote a condition of it in; empty for none.
    """

    what: str
    sql: str = field(repr=False)
    names: Mapping[str, str] = field(default_factory=dict)
    option: str = ""


def tell_reads(schema: Schema, plan: SubsetPlan, reader: Reader) -> Reads:
    """Tell for every table how it will be read.

    Raises:
        ConditionRefused: The server cannot run a condition of the plan.
        SourceError: The source cannot be read.
    """
    samples = _Samples(reader)
    return {
        name: tuple(
            _told(reader, table, statement)
            for statement in _statements(schema, plan, table, samples)
        )
        for name, table in sorted(schema.tables.items())
    }


def _told(reader: Reader, table: Table, statement: _Statement) -> Read:
    with blaming(statement.option, table.name):
        found = explain(reader, statement.sql, table.name)
    named = (replace(one, table=statement.names.get(one.table, one.table)) for one in found)
    return Read(statement.what, tuple(named))


class _Samples:
    """Keys of a few rows of each table, asked for once."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._keys: dict[str, list[RowKey]] = {}

    def of(self, table: Table) -> list[RowKey]:
        """Give the keys of some rows; none where the table is empty, or no key tells them apart."""
        if table.name not in self._keys:
            self._keys[table.name] = self._ask(table) if table.identity else []
        return self._keys[table.name]

    def _ask(self, table: Table) -> list[RowKey]:
        question = ask_for_keys(table, "")
        answer = self._reader.rows(
            f"{question.sql} LIMIT {_KEYS}",
            columns=question.width,
            where=f"table {table.name}",
            at_once=not table.transactional,
        )
        return [key for columns in answer for key in keys_of(table, columns)]


def _statements(
    schema: Schema, plan: SubsetPlan, table: Table, samples: _Samples
) -> Iterator[_Statement]:
    one = plan.tables[table.name]
    if one.role is Role.TARGET:
        by = [table.column(name) for name in (one.strata.by if one.strata else ())]
        yield _Statement("keys to draw from", _keys(table, one.where, by), option=_option(one))
    included = [rows for rows in plan.request.includes if rows.table == table.name]
    for number, rows in enumerate(included, 1):
        what = "keys of --include" + (f" {number}" if len(included) > 1 else "")
        yield _Statement(what, _keys(table, rows.sql), option="--include")
    for owner in one.owners:
        if keys := samples.of(schema.tables[owner.parent]):
            yield _of_children(schema, plan, owner, keys)
    yield from _of_parents(schema, plan, table, samples)
    yield from _of_rows(plan, table, samples)


def _of_children(
    schema: Schema, plan: SubsetPlan, owner: ForeignKey, keys: Sequence[RowKey]
) -> _Statement:
    newest_by = plan.request.limit_of(owner.table).newest_by
    ages = [schema.tables[owner.table].column(newest_by)] if newest_by else []
    return _Statement(
        f"children of {owner.parent} by {', '.join(owner.columns)}",
        ask_for_children(schema, owner, keys, ages).sql,
        {"c": owner.table, "p": owner.parent},
    )


def _option(plan: TablePlan) -> str:
    """Name the option that errors in a table's condition are blamed on, as a closure does."""
    return plan.limits[0] if plan.limits else ""


def _of_parents(
    schema: Schema, plan: SubsetPlan, table: Table, samples: _Samples
) -> Iterator[_Statement]:
    """Ask for the parents of rows by key, or of all rows where that is how they are taken."""
    whole = plan.role(table.name) is Role.WHOLE
    sampled = [key for key in table.foreign_keys if plan.role(key.parent) is not Role.WHOLE]
    keys = None if whole or not table.identity else samples.of(table)
    if not table.foreign_keys or (whole and not sampled) or keys == []:
        return
    aliases = {f"p{number}": key.parent for number, key in enumerate(table.foreign_keys)}
    for number, question in enumerate(ask_for_parents(schema, table, keys), 1):
        what = "parents" + (f" {number}" if number > 1 else "")
        yield _Statement(what, question.sql, {"c": table.name, **aliases})


def _of_rows(plan: SubsetPlan, table: Table, samples: _Samples) -> Iterator[_Statement]:
    """Read what is taken, and what is looked through for odd rows."""
    whole = plan.role(table.name) is Role.WHOLE
    if whole or not table.identity:
        yield _Statement("rows", _rows(table))
    elif keys := samples.of(table):
        yield _Statement("rows by key", select_by_keys(table, keys))
    looked_through = plan.is_sampled(table.name) and not plan.limited_by(table.name)
    if not whole and looked_through and plan.request.cover.profiles:
        one = plan.tables[table.name]
        yield _Statement("odd rows", _rows(table, one.where), option=_option(one))


def _keys(table: Table, where: str, beside: Sequence[Column] = ()) -> str:
    return ask_for_keys(table, where, beside).sql if table.transactional else _rows(table, where)


def _rows(table: Table, where: str = "") -> str:
    """Tables that lock their writers out are read in chunks, whatever is read of them."""
    return select_rows(table, where) if table.transactional else select_chunk(table, where)
