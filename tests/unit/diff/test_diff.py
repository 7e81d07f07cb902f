"""What `sandbox diff` finds between two bundles, and what it says it cannot find."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.console import Console

from diff_bundles import MadeTable, Row, column, make_bundle
from sandbox.bundle.manifest import OddEntry, RelationEntry
from sandbox.cli.diff import diff
from sandbox.diff.compare import DiffRequest, compare_bundles
from sandbox.diff.found import BundleChanges, Change, Fate, TableChanges, Way
from sandbox.errors import BundleInvalid, ExitCode, UsageError
from sandbox.model import Family, ObjectKind, Origin, SchemaObject
from servers import Silent

ID, NOTE = column("id", "int(11)", nullable=False), column("note")


def rows_of(*notes: bytes | None) -> list[Row]:
    return [(b"%d" % number, note) for number, note in enumerate(notes, 1)]


def orders(rows: Sequence[Row], *columns: Any, **others: Any) -> MadeTable:
    return MadeTable("orders", columns or (ID, NOTE), rows, **others)


def compare(old: Path, new: Path, *tables: str, limit: int = 20) -> BundleChanges:
    return compare_bundles(DiffRequest(old, new, frozenset(tables), limit), Silent())


def only_table(found: BundleChanges) -> TableChanges:
    (table,) = found.tables
    return table


def figures(table: TableChanges) -> tuple[int, int, int, int]:
    assert table.rows is not None
    return table.rows.came, table.rows.went, table.rows.changed, table.rows.stayed


def run(*arguments: str | Path) -> Any:
    app = typer.Typer()
    app.command()(diff)
    return app(args=[str(one) for one in arguments], standalone_mode=False)


def shown(result: Any) -> str:
    console = Console(width=10_000, record=True, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    with console.file:
        console.print(result.text())
    return console.export_text()


def test_rows_are_told_apart_by_their_key_and_changed_ones_counted_by_column(
    tmp_path: Path,
) -> None:
    old = make_bundle(tmp_path / "old", orders(rows_of(b"a", None, b"", rb"\N")))
    new = make_bundle(tmp_path / "new", orders([*rows_of(b"a", b"", b"", None)[1:], (b"9", b"x")]))
    found = compare(old, new, "orders")
    table = only_table(found)
    assert figures(table) == (1, 1, 2, 1)
    assert table.way is Way.KEY
    assert table.rows is not None
    assert table.rows.columns == {"note": 2}
    assert [(one.fate, one.key, one.columns) for one in table.rows.named] == [
        (Fate.CAME, ("9",), ()),
        (Fate.WENT, ("1",), ()),
        (Fate.CHANGED, ("2",), ("note",)),
        (Fate.CHANGED, ("4",), ("note",)),
    ]  # fmt: skip
    assert found.schema == ()


def test_named_rows_are_the_first_by_number_and_no_more_than_asked_for(tmp_path: Path) -> None:
    old = make_bundle(tmp_path / "old", orders([]))
    new = make_bundle(tmp_path / "new", orders([(b"%d" % n, b"") for n in range(300, 0, -1)]))
    table = only_table(compare(old, new, "orders", limit=3))
    assert table.rows is not None
    assert [one.key for one in table.rows.named] == [("1",), ("2",), ("3",)]
    text = shown(run(old, new, "--rows", "orders", "--limit", "3"))
    assert "came     orders:3\n" in text
    assert "297 more of orders: --limit" in text


def test_parts_that_both_bundles_have_are_not_read(tmp_path: Path) -> None:
    rows = rows_of(b"a", b"b", b"c", b"d")
    old = make_bundle(tmp_path / "old", orders(rows, part=2))
    new = make_bundle(tmp_path / "new", orders([*rows[:3], (b"4", b"z")], part=2))
    break_part(new, 1)
    assert figures(only_table(compare(old, new))) == (0, 0, 1, 3)
    break_part(new, 2)
    with pytest.raises(BundleInvalid, match=r"0002\.tsv\.zst"):
        compare(old, new)


def test_rows_in_no_order_are_the_same_however_they_were_cut(tmp_path: Path) -> None:
    rows: list[Row] = [(b"x",), (b"x",), (None,), (b"y",)]
    tables = [
        MadeTable("log", [column("line")], some, identity=(), part=part)
        for some, part in ((rows, 2), (rows[::-1], 3))
    ]
    old = make_bundle(tmp_path / "old", tables[0])
    table = only_table(compare(old, make_bundle(tmp_path / "new", tables[1])))
    assert (table.way, figures(table)) == (Way.DIGESTS, (0, 0, 0, 4))
    fewer = MadeTable("log", [column("line")], [rows[0], rows[2], (b"z",)], identity=())
    found = compare(old, make_bundle(tmp_path / "fewer", fewer), "log")
    table = only_table(found)
    assert (table.way, figures(table)) == (Way.WHOLE_ROWS, (1, 2, 0, 2))
    assert "rows of log cannot be named: no key tells its rows apart" in found.cautions


def test_columns_of_one_bundle_only_make_no_row_another(tmp_path: Path) -> None:
    old = make_bundle(
        tmp_path / "old", orders([(b"1", b"gone", b"a"), (b"2", b"gone", b"b")],
                                 ID, column("old"), NOTE),
    )  # fmt: skip
    new = make_bundle(
        tmp_path / "new", orders([(b"a", b"1", b"new"), (b"c", b"2", b"new")],
                                 NOTE, ID, column("new")),
    )  # fmt: skip
    found = compare(old, new)
    table = only_table(found)
    assert figures(table) == (0, 0, 1, 1)
    assert [(one.column, one.why) for one in table.left_out] == [("new", "came"), ("old", "went")]
    assert [(one.fate, one.name, one.aspect) for one in found.schema] == [
        (Fate.CAME, "orders.new", ""),
        (Fate.WENT, "orders.old", ""),
        (Fate.CHANGED, "orders", "order of columns"),
    ]


def test_masked_columns_are_compared_under_one_key_and_masker_only(tmp_path: Path) -> None:
    def masked(name: str, masker: str) -> Any:
        return column(name, kept=False, treatment=masker)

    old = make_bundle(
        tmp_path / "old",
        orders(rows_of(b"a", b"b"), ID, masked("note", "name")),
        MadeTable("people", [masked("id", "token")], [(b"a",), (b"b",)]),
        key_id="k1",
    )
    again = make_bundle(
        tmp_path / "again",
        orders(rows_of(b"a", b"x"), ID, masked("note", "name")),
        MadeTable("people", [masked("id", "token")], [(b"b",), (b"c",)]),
        key_id="k1",
    )
    assert [figures(one) for one in compare(old, again).tables] == [(0, 0, 1, 1), (1, 1, 0, 1)]
    other = make_bundle(
        tmp_path / "other",
        orders(rows_of(b"q", b"r"), ID, masked("note", "email")),
        MadeTable("people", [masked("id", "token")], [(b"v",), (b"w",)]),
        key_id="k2",
    )
    found = compare(old, other)
    assert figures(found.tables[0]) == (0, 0, 0, 2)
    assert found.tables[0].left_out[0].why == "masked by name before, masked by email now"
    assert found.tables[1].rows is None
    assert found.tables[1].why == "key column id: masked under another key"
    assert "under different keys" in found.cautions[0]
    text = shown(run(old, other))
    assert "unknown   as many rows, not compared: people" in text


def test_everything_in_a_schema_that_came_went_and_changed_is_told(tmp_path: Path) -> None:
    relation = RelationEntry(
        name="r", columns=["id"], parent="orders", parent_columns=["id"], origin=Origin.NAME
    )
    old = make_bundle(
        tmp_path / "old",
        orders([], definition=(
            "CREATE TABLE `orders` (\n  `id` int(11) NOT NULL,\n"
            "  `note` varchar(20) DEFAULT 'a,)(''b',\n"
            "  `twice` int(11) GENERATED ALWAYS AS (`id` * 2),\n"
            "  PRIMARY KEY (`id`),\n  KEY `by_note` (`note`)\n"
            ") ENGINE=InnoDB AUTO_INCREMENT=7 COMMENT='x'"
        )),
        MadeTable("gone", [ID], []),
        objects=[view("v", "1"), view("old_view", "1")],
    )  # fmt: skip
    new = make_bundle(
        tmp_path / "new",
        orders([], ID, column("note", "varchar(30)", nullable=False), definition=(
            "CREATE TABLE `orders` (\n  `id` int(11) NOT NULL,\n"
            "  `note` varchar(30) NOT NULL DEFAULT 'c' COMMENT 'd',\n"
            "  `twice` int(11) GENERATED ALWAYS AS (`id` * 3),\n"
            "  PRIMARY KEY (`id`),\n  KEY `by_note` (`note`(5)),\n"
            "  CONSTRAINT `fk` FOREIGN KEY (`id`) REFERENCES `t` (`id`)\n"
            ") ENGINE=InnoDB AUTO_INCREMENT=900 COMMENT='x'"
        ), others={"relations": [relation]}),
        MadeTable("come", [ID], rows_of()[:0]),
        objects=[view("v", "2")],
    )  # fmt: skip
    assert compare(old, new).schema == (
        Change(Fate.CAME, "table", "come"),
        Change(Fate.WENT, "table", "gone"),
        Change(Fate.CHANGED, "column", "orders.note", "type", "varchar(20)", "varchar(30)"),
        Change(Fate.CHANGED, "column", "orders.note", "nullable", "NULL", "NOT NULL"),
        Change(Fate.CHANGED, "column", "orders.note", "default", "'a,)(''b'", "'c'"),
        Change(Fate.CHANGED, "column", "orders.note", "comment"),
        Change(
            Fate.CHANGED, "column", "orders.twice", "definition",
            "int(11) GENERATED ALWAYS AS (`id` * 2)", "int(11) GENERATED ALWAYS AS (`id` * 3)",
        ),
        Change(
            Fate.CHANGED, "key", "orders.by_note", "",
            "KEY `by_note` (`note`)", "KEY `by_note` (`note`(5))",
        ),
        Change(
            Fate.CAME, "foreign key", "orders.fk", "", "",
            "CONSTRAINT `fk` FOREIGN KEY (`id`) REFERENCES `t` (`id`)",
        ),
        Change(Fate.CAME, "relation", "orders.r", "", "", "(id) -> orders (id), name"),
        Change(Fate.WENT, "view", "old_view"),
        Change(
            Fate.CHANGED, "view", "v", "definition",
            "CREATE VIEW `v` AS SELECT 1", "CREATE VIEW `v` AS SELECT 2",
        ),
    )  # fmt: skip


def view(name: str, value: str) -> SchemaObject:
    return SchemaObject(ObjectKind.VIEW, name, f"CREATE VIEW `{name}` AS SELECT {value}")


def test_odd_rows_are_new_gone_or_of_another_size_and_doubt_is_said(tmp_path: Path) -> None:
    def odd(table: str, name: str, rows: str) -> OddEntry:
        return OddEntry(table=table, column="c", name=name, rows=rows, taken="3")

    old = make_bundle(
        tmp_path / "old",
        odd=[
            odd("a", "blank", "<10"), odd("a", "empty", "34"), odd("a", "least", "about 1,000"),
            odd("b", "doubly encoded", "<10"), odd("c", "orphan", "12"),
        ],
        plan={"cover": 3},
    )  # fmt: skip
    new = make_bundle(
        tmp_path / "new",
        odd=[odd("a", "empty", "35"), odd("a", "least", "about 1,050"), odd("a", "orphan", "<10")],
        plan={"cover": 3, "roles": {"c": "whole"}},
        unknown=[
            "odd rows of table b: read were 32 of 128 blocks of its key",
            "odd rows of table a: not looked at along other: families (b was not read)",
        ],
    )
    found = compare(old, new)
    assert [(one.fate, one.table, one.name, one.old, one.new) for one in found.odd] == [
        (Fate.WENT, "a", "blank", "<10", ""),
        (Fate.CHANGED, "a", "empty", "34", "35"),
        (Fate.CAME, "a", "orphan", "", "<10"),
        (Fate.WENT, "b", "doubly encoded", "<10", ""),
        (Fate.WENT, "c", "orphan", "12", ""),
    ]
    assert [one.doubt.partition(":")[0] for one in found.odd] == [
        "", "", "", "not all was looked at now", "nobody looked now",
    ]  # fmt: skip
    text = shown(run(old, new))
    assert "new      orphan in a.c: <10 rows" in text
    assert "gone     blank in a.c: <10 rows" in text
    assert "changed  1 kind by up to a tenth (--json has it)" in text


def test_a_count_of_odd_rows_is_doubted_where_other_rows_were_read(tmp_path: Path) -> None:
    def made(name: str, rows: str, *unknown: str) -> Path:
        odd = OddEntry(table="a", column="c", name="empty", rows=rows, taken="3")
        told = [f"odd rows of table a: {one}" for one in unknown]
        return make_bundle(tmp_path / name, odd=[odd], unknown=told)

    some = made("some", "34", "read were the rows that --where names")
    all_ = made("all", "95", "not looked at along other: families (b was not read)")
    more = made("more", "48", "read were the rows that --where names")
    doubts = [compare(*pair).odd[0].doubt for pair in ((some, all_), (all_, some), (some, more))]
    assert doubts == [
        "not all was looked at before: read were the rows that --where names",
        "not all was looked at now: read were the rows that --where names",
        "",
    ]


def test_odd_rows_are_not_compared_where_nobody_looked(tmp_path: Path) -> None:
    one = OddEntry(table="a", name="blank", rows="<10", taken="3")
    old = make_bundle(tmp_path / "old", odd=[one])
    new = make_bundle(tmp_path / "new", plan={"cover": 0})
    found = compare(old, new)
    assert found.odd == ()
    assert any("nobody looked for odd rows" in caution for caution in found.cautions)


def test_settings_files_plan_and_versions_are_told_by_name(tmp_path: Path) -> None:
    old = make_bundle(
        tmp_path / "old",
        settings={"sql_mode": "A", "old": "1", "same": "x"},
        files={"config/servers/web1/php.ini": "a", "logs/web1/error.log": "a"},
        plan={"share": "1%", "roles": {"a": "target"}, "cover": 3},
        rules_digest="r1",
    )
    new = make_bundle(
        tmp_path / "new",
        settings={"sql_mode": "B", "new": "1", "same": "x"},
        files={"config/servers/web2/php.ini": "a", "logs/web1/error.log": "b"},
        plan={"share": "2%", "roles": {"a": "target", "b": "parent"}, "cover": 3},
        rules_digest="r2",
        servers=["web1", "web2"],
    )
    found = compare(old, new)
    assert [(one.fate, one.name, one.old, one.new) for one in found.settings] == [
        (Fate.CAME, "new", "", "1"), (Fate.WENT, "old", "1", ""),
        (Fate.CHANGED, "sql_mode", "A", "B"),
    ]  # fmt: skip
    assert [(one.fate, one.name) for one in found.files] == [
        (Fate.WENT, "config/servers/web1/php.ini"),
        (Fate.CAME, "config/servers/web2/php.ini"),
        (Fate.CHANGED, "logs/web1/error.log"),
    ]
    assert [(one.what, one.name, one.old, one.new) for one in found.making] == [
        ("made", "masking rules", "r1", "r2"),
        ("plan", "share", "1%", "2%"),
        ("server captured", "web2", "", ""),
    ]
    text = shown(run(old, new))
    assert "changed  setting sql_mode: A → B" in text
    assert "logs      1 file not as before" in text


def test_a_bundle_does_not_differ_from_itself(tmp_path: Path) -> None:
    old = make_bundle(tmp_path / "old", orders(rows_of(b"a"), others={"rows_in_source": 5}))
    result = run(old, old, "--exit-code")
    assert result.exit_code is ExitCode.YES
    assert not result.data()["differ"]
    assert "Nothing differs that could be compared." in shown(result)
    assert "the same  rows of 1 table: orders" in shown(result)


def test_the_exit_code_tells_of_a_difference_only_where_it_is_to(tmp_path: Path) -> None:
    old = make_bundle(tmp_path / "old", orders(rows_of(b"a")))
    new = make_bundle(tmp_path / "new", orders(rows_of(b"b")))
    assert run(old, new).exit_code is ExitCode.YES
    result = run(old, new, "--exit-code")
    assert result.exit_code is ExitCode.NO
    assert json.loads(json.dumps(result.data()))["tables"][0]["columns"] == {"note": 1}


def test_no_value_of_a_row_is_shown_but_keys(tmp_path: Path) -> None:
    old = make_bundle(tmp_path / "old", orders(rows_of(b"secret-a")))
    new = make_bundle(tmp_path / "new", orders(rows_of(b"secret-b", b"secret-c")))
    result = run(old, new, "--rows", "orders")
    assert "changed  orders:1  note" in shown(result)
    assert "secret" not in shown(result) + json.dumps(result.data())


def test_sources_families_and_order_that_do_not_fit_are_said_first(tmp_path: Path) -> None:
    old = make_bundle(tmp_path / "old", orders(rows_of(b"a")))
    source = compare(old, old).new.manifest.source
    other = source.model_copy(update={"fingerprint": "beef", "family": Family.MYSQL})
    earlier = compare(old, old).new.manifest.created.replace(year=2025)
    definition = "CREATE TABLE `orders` (\n  `id` int NOT NULL,\n  `note` varchar(20)\n)"
    new = make_bundle(
        tmp_path / "new", orders(rows_of(b"a"), definition=definition),
        source=other, created=earlier,
    )  # fmt: skip
    found = compare(old, new)
    said = " ".join(found.cautions)
    assert "different sources" in said
    assert "of mariadb and mysql" in said
    assert "the second bundle is the older one" in said
    assert found.schema == ()
    assert shown(run(old, new)).splitlines()[2].startswith("beware    the bundles are of diff")


def test_what_was_masked_by_nobody_knows_which_key_is_not_compared(tmp_path: Path) -> None:
    masked = column("note", kept=False, treatment="name")
    old = make_bundle(tmp_path / "old", orders(rows_of(b"a"), ID, masked))
    new = make_bundle(tmp_path / "new", orders(rows_of(b"b"), ID, masked))
    found = compare(old, new)
    assert figures(only_table(found)) == (0, 0, 0, 1)
    assert "under different keys" in found.cautions[0]


def test_two_versions_of_the_tool_may_mask_otherwise_and_that_is_said(tmp_path: Path) -> None:
    old = make_bundle(tmp_path / "old", orders(rows_of(b"a")), key_id="k")
    new = make_bundle(tmp_path / "new", orders(rows_of(b"a")), key_id="k", tool_version="9")
    assert "made by two versions of sandbox" in compare(old, new).cautions[0]


def test_volumes_of_production_grow_by_a_share(tmp_path: Path) -> None:
    def volume(rows: int) -> dict[str, Any]:
        return {"rows_in_source": rows, "rows_in_source_exact": True}

    old = make_bundle(tmp_path / "old", orders(rows_of(b"a"), others=volume(1000)))
    new = make_bundle(tmp_path / "new", orders(rows_of(b"a"), others=volume(1250)))
    assert "1,000 → 1,250 (+25.0%)" in shown(run(old, new))


def test_what_is_no_bundle_or_not_in_it_is_refused(tmp_path: Path) -> None:
    old = make_bundle(tmp_path / "old", orders(rows_of(b"a")))
    with pytest.raises(BundleInvalid, match="is not there"):
        run(old, tmp_path / "nothing")
    with pytest.raises(UsageError, match="neither bundle has a table"):
        run(old, old, "--rows", "invoices")
    manifest = old / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"format": 1', '"format": 2'))
    with pytest.raises(BundleInvalid, match="made by a newer sandbox"):
        run(old, old)


def break_part(bundle: Path, number: int) -> None:
    """Turn a byte of a part's file over; its size stays."""
    file = bundle / f"data/shop/orders/{number:04}.tsv.zst"
    content = bytearray(file.read_bytes())
    content[-1] ^= 0xFF
    file.write_bytes(content)
