"""How much of a table is read for its odd rows, and what is learned of relations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import pytest

from sandbox.model import Batch, Cell, Column, Key, Table
from sandbox.subset.keys import RowKey
from sandbox.subset.odd.reading import Speed, read_within
from sandbox.subset.odd.relations import relations_of
from sandbox.subset.odd.tables import TableProfile
from schemas import schema, table

ORDERS = replace(table("orders"), rows=1000, size=1 << 20)
WORDS = Table(
    "words", "InnoDB", (Column("word", "varchar", "varchar(9)", nullable=False),),
    (Key("PRIMARY", ("word",)),), rows=1000,
)  # fmt: skip


@dataclass
class Server:
    """Answers as a server whose every batch takes a second."""

    seconds: float = 0.0  # that only reading takes
    asked: list[str] = field(default_factory=list)
    rows_at_once: int = 1
    bounds: tuple[bytes, bytes] = (b"1", b"1280")

    def rows(
        self, sql: str, *, columns: int, at_once: bool = False
    ) -> Iterator[tuple[Sequence[Cell], ...]]:
        del columns, at_once
        self.asked.append(sql)
        if "MIN(" in sql:
            low, high = self.bounds
            yield ((low,), (high,))
            return
        yield ([b"a"] * 1000,)

    def batches(self, table: Table, where: str = "") -> Iterator[Batch]:
        self.asked.append(where)
        self.seconds += 1
        yield Batch(table.name, ("id",), ([b"7"] * 10,))

    def now(self) -> float:
        return self.seconds

    def batches_by_keys(self, table: Table, keys: Iterable[RowKey]) -> Iterator[Batch]:
        raise NotImplementedError


@pytest.fixture
def server() -> Server:
    return Server()


def same(block: int) -> int:
    return -block


def test_table_that_fits_is_read_at_once(server: Server) -> None:
    reading, batches = read_within(ORDERS, server, 60, expected=1, order=same)
    assert sum(map(len, batches)) == 10
    assert (server.asked, reading.share, reading.words, reading.rows) == ([""], 1.0, "", 10)


def test_table_that_takes_too_long_is_left_after_a_block(server: Server) -> None:
    reading, batches = read_within(ORDERS, server, 15.5, expected=90, order=same)
    assert sum(map(len, batches)) == 160
    assert (reading.share, reading.words) == (16 / 128, "read were 16 of 128 blocks of its key")
    # The last ones were drawn first.
    assert server.asked[1] == "`id` >= 1271 AND `id` < 1281"


def test_table_that_proves_quick_is_read_to_its_end(server: Server) -> None:
    reading, batches = read_within(ORDERS, server, 200, expected=90, order=same, where="a = 1")
    assert sum(map(len, batches)) == 1280
    assert (reading.share, reading.words) == (1.0, "")
    assert server.asked[1].endswith(" AND (a = 1\n)")


def test_blocks_end_where_the_greatest_of_all_numbers_does(server: Server) -> None:
    server.bounds = (b"0", b"%d" % (2**64 - 1))
    reading, batches = read_within(ORDERS, server, 2000, expected=90, order=same)
    assert sum(map(len, batches)) == 1280
    blocks = sorted(reading.blocks)
    assert [low for low, _ in blocks] == [0, *(high for _, high in blocks[:-1])]
    assert blocks[-1][1] == 2**64


def test_first_rows_are_read_where_the_key_is_no_number(server: Server) -> None:
    larger = replace(WORDS, rows=10_000)
    reading, batches = read_within(larger, server, 6, expected=60, order=same, where="a = 1")
    assert sum(map(len, batches)) == 1000
    assert reading.words == "read were the first 1,000 rows"
    assert reading.share == 0.1
    assert server.asked == ["SELECT `word` FROM `words` WHERE (a = 1\n) ORDER BY `word` LIMIT 1000"]


def test_speed_is_that_which_was_measured() -> None:
    speed = Speed()
    guessed = speed.seconds_for(ORDERS)
    speed.add(50_000, 0.5)
    assert guessed == 1 / 20
    assert speed.seconds_for(replace(ORDERS, rows=1_000_000)) == 10


def learned(*batches: tuple[Table, dict[str, list[int | None]]], of: Table) -> dict[str, int]:
    """Learn the relations of a table from batches, and give the classes that need no asking."""
    tables = {one.name: one for one, _ in batches}
    (relation,), others = relations_of(schema(*tables.values()), [of.name])
    assert not others
    for one, cells in batches:
        made = {
            name: [None if n is None else b"%d" % n for n in some] for name, some in cells.items()
        }
        relation.learn(one, Batch(one.name, tuple(made), tuple(made.values())))
    found = relation.tallies(Nobody(), 3, lambda _: hash, ())
    return {tally.name: tally.rows for tally, _ in found}


class Nobody(Server):
    """A server that has no rows to give."""

    def rows(
        self, sql: str, *, columns: int, at_once: bool = False
    ) -> Iterator[tuple[Sequence[Cell], ...]]:
        del sql, columns, at_once
        return iter(())


def test_loops_and_cycles_of_a_self_reference_are_found() -> None:
    nodes = table("nodes", "parent>nodes", optional=("parent",))
    nodes = replace(nodes, keys=(*nodes.keys, Key("nodes_parent", ("parent",))))
    # 1 alone, 2 itself, 3 and 4 each other, 5 to 7 round, 8 leads into them, 9 to nobody there.
    parents = [None, 2, 4, 3, 6, 7, 5, 5, 99]
    ids: list[int | None] = list(range(1, 10))
    assert learned((nodes, {"id": ids, "parent": parents}), of=nodes) == {
        "self loop": 1, "cycle": 5, "childless": 3, "orphan": 1,
    }  # fmt: skip


def test_families_are_told_over_several_batches() -> None:
    shops = table("shops")
    visits = table("visits", "shop>shops", optional=("shop",))
    visits = replace(visits, keys=(*visits.keys, Key("visits_shop", ("shop",))))
    ids: list[int | None] = list(range(1, 101))
    more: list[int | None] = [1, None]
    assert learned(
        (shops, {"id": ids[:50]}),
        (visits, {"id": ids[:90], "shop": ids[:90]}),
        (shops, {"id": ids[50:]}),
        (visits, {"id": [200, 201], "shop": more}),
        of=visits,
    ) == {"childless": 10, "second child": 1}


def test_profile_of_a_table_counts_what_was_taken_by_class() -> None:
    column = Column("note", "varchar", "varchar(9)", charset="utf8mb4", collation="utf8mb4_bin")
    notes = replace(table("notes"), columns=(*table("notes").columns, column))
    profile = TableProfile(notes, 3, hash)
    cells: list[Cell] = [b"a", b"", None, b"0", b" a", b"aaaa", b"a"]
    keys: list[Cell] = [b"%d" % n for n in range(1, 8)]
    batch = Batch("notes", ("id", "note"), (keys, cells))
    profile.learn(batch)
    profile.count([Batch("notes", ("id", "note"), (keys[:4], cells[:4]))])
    told = {(tally.column, tally.name): (tally.rows, tally.taken) for tally, _ in profile.tallies()}
    assert told == {
        ("note", "missing"): (1, 1), ("note", "empty"): (1, 1), ("note", "text zero"): (1, 1),
        ("note", "space at an end"): (1, 0), ("note", "longest"): (1, 0),
        ("note", "shortest"): (3, 2),
    }  # fmt: skip


def test_numbers_below_zero_are_left_to_the_server() -> None:
    nodes = table("nodes", "parent>nodes", optional=("parent",))
    (relation,), _ = relations_of(schema(nodes), ["nodes"])
    cells: tuple[list[Cell], ...] = ([b"1", b"2"], [b"-1", b"-2"])
    relation.learn(nodes, Batch("nodes", ("id", "parent"), cells))
    relation.learn(nodes, Batch("nodes", ("id", "parent"), ([b"-3"], [b"-3"])))
    assert relation.is_out
