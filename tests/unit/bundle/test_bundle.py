"""What a bundle is, and every way in which a folder is none."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
import zstandard

from bundle_reader import ReadBundle
from bundle_samples import NASTY, ODD_TABLE, Make, fill, manifest_of
from sandbox.bundle.definitions import creates
from sandbox.bundle.manifest import PartEntry, TableEntry, parse_manifest
from sandbox.bundle.reader import open_bundle
from sandbox.bundle.verify import check_digests, verify_bundle
from sandbox.bundle.writer import BundleWriter
from sandbox.errors import BundleInvalid, UsageError
from sandbox.model import MaskedText, ObjectKind, SchemaObject
from servers import Silent

ORDERS = "data/shop/orders/0001.tsv.zst"


def edit_manifest(bundle: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    place = bundle / "manifest.json"
    manifest = json.loads(place.read_bytes())
    edit(manifest)
    place.write_text(json.dumps(manifest))


def findings_of(bundle: Path) -> tuple[str, ...]:
    with pytest.raises(BundleInvalid) as caught:
        verify_bundle(bundle, Silent())
    assert caught.value.exit_code == 13
    return caught.value.findings or (caught.value.message,)


def test_a_reader_that_shares_no_code_finds_every_row_and_definition(bundle: Path) -> None:
    read = ReadBundle(bundle)
    assert read.tables() == {
        "orders": [(b"1", None), (b"2", b"a\tb\\\n"), (b"3", b"")],
        NASTY: [(b"x",), (b"x",), (None,)],
    }
    assert read.definitions() == {
        ("table", "orders"): "CREATE TABLE orders (id INT)",
        ("table", NASTY): ODD_TABLE,
    }


def test_a_bundle_verifies_and_gives_back_what_went_in(bundle: Path) -> None:
    verified = verify_bundle(bundle, Silent())
    assert (verified.tables, verified.rows) == (2, 6)
    opened = open_bundle(bundle)
    check_digests(opened, Silent())
    assert opened.manifest.table("orders").expected_orphans == {"fk": 3}
    assert opened.manifest.created == manifest_of().created
    described, _ = opened.objects()
    assert (described.kind, described.definition) == (
        ObjectKind.TABLE,
        "CREATE TABLE orders (id INT)",
    )
    orders = opened.manifest.table("orders")
    text = b"".join(opened.read_part(orders, orders.parts[0]))
    assert text == b"1\t\\N\n2\ta\\tb\\\\\\n\n"


def test_only_the_owner_may_read_a_bundle(bundle: Path) -> None:
    modes = {path.stat().st_mode & 0o077 for path in (bundle, *bundle.rglob("*"))}
    assert modes == {0}


def test_a_place_that_is_taken_is_refused_and_left_alone(bundle: Path) -> None:
    before = sorted(bundle.rglob("*"))
    with pytest.raises(UsageError, match="is there already"), BundleWriter(bundle, "shop"):
        pass
    assert sorted(bundle.rglob("*")) == before


def test_an_empty_folder_is_a_place_for_a_bundle(tmp_path: Path, make: Make) -> None:
    (tmp_path / "out").mkdir()
    verify_bundle(make(tmp_path / "out"), Silent())


def test_tables_that_differ_in_case_alone_get_folders_that_differ_in_more(tmp_path: Path) -> None:
    with BundleWriter(tmp_path / "out", "shop") as writer:
        paths = {str(writer.part_path(name, 1)) for name in ("Orders", "orders", "ORDERS")}
        assert len({path.casefold() for path in paths}) == 3
        assert str(writer.part_path("Orders", 1)) in paths


def test_an_exception_leaves_nothing(tmp_path: Path) -> None:
    def make() -> None:
        with BundleWriter(tmp_path / "out", "shop") as writer:
            fill(writer)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        make()
    assert list(tmp_path.iterdir()) == []


def test_text_that_no_masker_made_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(TypeError, match="only masked texts"),
        BundleWriter(tmp_path / "out", "shop") as writer,
    ):
        writer.add_text("logs/a", cast("MaskedText", b"secret"), "a log")


@pytest.mark.parametrize("path", ["../x", "/x", "manifest.json", "data/x", "load.sql", "a/../b"])
def test_texts_go_nowhere_else(tmp_path: Path, path: str) -> None:
    with (
        pytest.raises(ValueError, match="not a path"),
        BundleWriter(tmp_path / "out", "shop") as writer,
    ):
        writer.add_text(path, MaskedText(b""), "x")


def test_a_bundle_that_would_not_verify_is_not_put_in_its_place(tmp_path: Path) -> None:
    def make() -> None:
        with BundleWriter(tmp_path / "out", "shop") as writer:
            fill(writer)
            (writer.root / "logs/web1/error.log").write_bytes(b"changed.")
            writer.finish(manifest_of(), Silent())

    with pytest.raises(BundleInvalid, match="damaged"):
        make()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "text", "right"),
    [
        (ObjectKind.TABLE, "CREATE TABLE `o` (`a` int)", True),
        (ObjectKind.TABLE, "create table o(a int)", True),
        (ObjectKind.TABLE, "CREATE OR REPLACE TABLE `o` (`a` int)", False),
        (ObjectKind.TABLE, "CREATE TABLE IF NOT EXISTS `o` (`a` int)", False),
        (ObjectKind.TABLE, "CREATE TABLE `prod`.`o` (`a` int)", False),
        (ObjectKind.TABLE, "CREATE TABLE o.x (a int)", False),
        (ObjectKind.TABLE, "CREATE TABLE o . x (a int)", False),
        (ObjectKind.TABLE, "CREATE TABLE o/**/.x (a int)", False),
        (ObjectKind.TABLE, "CREATE TABLE `o`/*!.x*/ (a int)", False),
        (ObjectKind.TABLE, "CREATE TABLE `o```(a int)", False),
        (ObjectKind.TABLE, "CREATE TABLE `other` (`a` int)", False),
        (ObjectKind.TABLE, "CREATE TEMPORARY TABLE `o` (`a` int)", False),
        (ObjectKind.TABLE, "CREATE USER o IDENTIFIED BY 'x' /* TABLE */", False),
        (ObjectKind.TABLE, "CREATE VIEW `o` AS SELECT 1", False),
        (ObjectKind.VIEW, "CREATE ALGORITHM=MERGE DEFINER=`a`@`%` VIEW `o` AS SELECT 1", True),
        (ObjectKind.VIEW, "CREATE VIEW `o` (`a`) AS SELECT 1", True),
        (ObjectKind.FUNCTION, "CREATE AGGREGATE FUNCTION `o`(x INT) RETURNS INT", True),
        (ObjectKind.PROCEDURE, 'CREATE PROCEDURE "o"() SELECT 1', True),
        (ObjectKind.SEQUENCE, "CREATE SEQUENCE `o` start with 1", True),
        (ObjectKind.TRIGGER, "CREATE TRIGGER o BEFORE INSERT ON t FOR EACH ROW SET @a=1", True),
        (ObjectKind.EVENT, "CREATE EVENT `o` ON SCHEDULE EVERY 1 DAY DO SELECT 1", True),
        (ObjectKind.EVENT, "CREATE EVENT `O` ON SCHEDULE EVERY 1 DAY DO SELECT 1", False),
    ],
)
def test_a_definition_creates_its_object_or_is_refused(
    kind: ObjectKind,
    text: str,
    right: bool,  # noqa: FBT001 - pytest's way
) -> None:
    assert creates(SchemaObject(kind, "o", text)) is right


def test_a_definition_of_something_else_is_found(bundle: Path) -> None:
    evil = b"CREATE TABLE mysql.orders (id INT)"
    (bundle / "schema/shop/table-orders.sql").write_bytes(evil)
    facts = {"bytes": len(evil), "sha256": hashlib.sha256(evil).hexdigest()}
    edit_manifest(bundle, lambda manifest: manifest["objects"][0].update(facts))
    assert findings_of(bundle) == (
        "schema/shop/table-orders.sql does not create table orders and nothing else.",
    )
    with pytest.raises(BundleInvalid, match="damaged"):
        check_digests(open_bundle(bundle), Silent())


# What can happen to a bundle on its way.


def test_truncated_part(bundle: Path) -> None:
    part = bundle / ORDERS
    part.write_bytes(part.read_bytes()[:-3])
    (finding,) = findings_of(bundle)
    assert finding.startswith(f"{ORDERS} has ")


@pytest.mark.parametrize("path", [ORDERS, "logs/web1/error.log", "schema/shop/table-orders.sql"])
def test_every_flipped_bit_is_found(bundle: Path, path: str) -> None:
    whole = (bundle / path).read_bytes()
    for position in range(len(whole)):
        flipped = bytearray(whole)
        flipped[position] ^= 1 << position % 8
        (bundle / path).write_bytes(flipped)
        (finding,) = findings_of(bundle)
        assert finding.startswith(path)
        with pytest.raises(BundleInvalid):
            check_digests(open_bundle(bundle), Silent())


def test_everything_that_is_wrong_comes_at_once(bundle: Path) -> None:
    (bundle / ORDERS).unlink()
    (bundle / "logs/web1/error.log").write_bytes(b"it brake")
    (bundle / "extra").write_bytes(b"")
    (bundle / "logs/link").symlink_to("/etc/passwd")
    (bundle / "data/nothing/in it").mkdir(parents=True)
    (bundle / "data/shop/orders/0002.tsv.zst").unlink()
    assert set(findings_of(bundle)) == {
        f"{ORDERS} is missing.",
        "data/shop/orders/0002.tsv.zst is missing.",
        "logs/web1/error.log does not match its digest.",
        "'extra' is a file that the manifest does not name.",
        "'logs/link' is a symbolic link that the manifest does not name.",
        "'data/nothing/in it' is an empty folder that the manifest does not name.",
    }


@pytest.mark.parametrize(
    "check", [verify_bundle, lambda root, p: check_digests(open_bundle(root), p)]
)
def test_a_bundle_that_was_unpacked_is_told_as_that_in_one_line(
    bundle: Path, check: Callable[..., object]
) -> None:
    for part in bundle.glob("data/**/*.zst"):
        unpacked = zstandard.ZstdDecompressor().decompressobj().decompress(part.read_bytes())
        part.with_suffix("").write_bytes(unpacked)
    with pytest.raises(BundleInvalid) as caught:
        check(bundle, Silent())
    assert caught.value.message == f"{bundle} is whole, but was unpacked to be loaded by hand."
    (finding,) = caught.value.findings
    assert finding.endswith(
        "0001.tsv and 2 more: the rows of parts, unpacked beside them for load.sql."
    )
    (bundle / ORDERS).unlink()
    (bundle / "extra.tsv").write_bytes(b"")
    assert len(findings_of(bundle)) == 3
    for part in bundle.glob("data/**/*.tsv"):
        part.unlink()
    assert set(findings_of(bundle)) == {
        f"{ORDERS} is missing.",
        "'extra.tsv' is a file that the manifest does not name.",
    }


def test_what_marks_a_bundle_as_unfinished_has_no_place_in_one(bundle: Path) -> None:
    (bundle / "manifest.json.partial").touch()
    assert findings_of(bundle) == (
        "'manifest.json.partial' is a file that the manifest does not name.",
    )


def test_a_link_in_the_place_of_a_file_is_not_followed(bundle: Path, tmp_path: Path) -> None:
    shutil.move(bundle / ORDERS, tmp_path / "elsewhere")
    (bundle / ORDERS).symlink_to(tmp_path / "elsewhere")
    assert findings_of(bundle) == (f"{ORDERS} is or lies behind a symbolic link.",)


def test_a_link_in_the_place_of_a_folder_is_not_followed(bundle: Path, tmp_path: Path) -> None:
    shutil.move(bundle / "logs", tmp_path / "elsewhere")
    (bundle / "logs").symlink_to(tmp_path / "elsewhere")
    assert "logs/web1/error.log is or lies behind a symbolic link." in findings_of(bundle)


def test_a_path_that_no_file_can_have_is_damage(bundle: Path) -> None:
    path = f"logs/web1/{'x' * 300}.log"
    edit_manifest(bundle, lambda manifest: manifest["files"][0].update(path=path))
    assert any(path in one and "cannot be read" in one for one in findings_of(bundle))


def test_a_pipe_in_the_place_of_a_file_does_not_make_us_wait(bundle: Path) -> None:
    (bundle / ORDERS).unlink()
    os.mkfifo(bundle / ORDERS)
    assert findings_of(bundle) == (f"{ORDERS} is no plain file.",)


def test_a_link_in_the_place_of_the_manifest_is_not_followed(bundle: Path, tmp_path: Path) -> None:
    shutil.move(bundle / "manifest.json", tmp_path / "elsewhere")
    (bundle / "manifest.json").symlink_to(tmp_path / "elsewhere")
    assert findings_of(bundle) == ("manifest.json is or lies behind a symbolic link.",)


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "a/../../b", "manifest.json"])
def test_a_path_that_leads_out_of_the_bundle(bundle: Path, path: str) -> None:
    edit_manifest(bundle, lambda manifest: manifest["files"][0].update(path=path))
    (finding,) = findings_of(bundle)
    assert finding == "files.0: Value error, a path that leads out of the bundle"


def test_a_part_that_unpacks_to_more_than_declared_is_stopped(bundle: Path) -> None:
    bomb = zstandard.ZstdCompressor().compress(b"\n" * 2**28)
    assert len(bomb) < 2**16
    (bundle / ORDERS).write_bytes(bomb)
    edit_manifest(bundle, lambda one: one["tables"][0]["parts"][0].update(stored_bytes=len(bomb)))
    assert findings_of(bundle) == (f"{ORDERS} unpacks to more than the manifest declares.",)
    opened = open_bundle(bundle)
    orders = opened.manifest.table("orders")
    blocks = opened.read_part(orders, orders.parts[0])
    with pytest.raises(BundleInvalid):
        next(blocks)  # not one block of it is given


def test_a_part_that_wants_more_memory_than_ours_do_is_refused(bundle: Path) -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27)
    greedy = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    stored = greedy.compress(b"1\t\\N\n") + greedy.flush()
    (bundle / ORDERS).write_bytes(stored)
    edit_manifest(bundle, lambda one: one["tables"][0]["parts"][0].update(stored_bytes=len(stored)))
    assert findings_of(bundle) == (f"{ORDERS} is damaged: it cannot be unpacked.",)


def test_a_newer_format_names_itself_and_the_cure(bundle: Path) -> None:
    edit_manifest(bundle, lambda manifest: manifest.update(format=2, source="another shape"))
    with pytest.raises(BundleInvalid, match="format 2 and was made by a newer sandbox") as caught:
        open_bundle(bundle)
    assert caught.value.hint == "Install the sandbox that made it, or a newer one."


def test_a_field_that_this_version_does_not_know_is_passed_over(bundle: Path) -> None:
    edit_manifest(bundle, lambda manifest: manifest.update(sealed_by="a later version"))
    verify_bundle(bundle, Silent())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "cannot be understood"),
        (b"{", "cannot be understood"),
        (b"\xff\xfe", "cannot be understood"),
        (b'{"format": 1}', "cannot be understood"),
        (b'{"format": "1"}', "cannot be understood"),
        (b'{"format": 0}', "cannot be understood"),
        (b"[" * 100_000, "nested deeper"),
        (b'{"plan":' * 50 + b"1" + b"}" * 50, "nested deeper"),
        (b" " * (64 * 2**20 + 1), "larger than 64 MiB"),
        (b'{"plan":{"a":[' + b"[]," * 1_600_000 + b"1]}}", "more than 3,000,000 values"),
        (b'""' * 6_500_000, "more than 3,000,000 values"),
    ],
)
def test_a_manifest_that_is_none(bundle: Path, text: bytes, said: str) -> None:
    (bundle / "manifest.json").write_bytes(text)
    with pytest.raises(BundleInvalid, match=said):
        open_bundle(bundle)


@pytest.mark.parametrize("text", [b"a", b"\\n", b'\\"', b"\\\\"])
@pytest.mark.parametrize("end", [b'"]}', b""])
def test_a_hostile_manifest_takes_little_memory(text: bytes, end: bytes) -> None:
    manifest = b'{"format": 1, "fidelity": ["' + text * (2**21 // len(text)) + end
    tracemalloc.start()
    try:
        with pytest.raises(BundleInvalid):
            parse_manifest(manifest)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 * 2**20


def test_brackets_in_strings_are_not_counted_as_levels(bundle: Path) -> None:
    text = '"' + "[{\\" * 100
    edit_manifest(bundle, lambda manifest: manifest["plan"].update(sample=text))
    assert open_bundle(bundle).manifest.plan["sample"] == text


def test_what_stands_in_a_broken_manifest_is_not_repeated(bundle: Path) -> None:
    edit_manifest(bundle, lambda manifest: manifest["source"].update(family="canary-7f"))
    with pytest.raises(BundleInvalid) as caught:
        open_bundle(bundle)
    assert caught.value.findings
    assert "canary" not in str((caught.value.findings, caught.value.message, caught.value.hint))
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "edit",
    [
        lambda table: table.update(rows=99),
        lambda table: table.update(bytes=1),
        lambda table: table.update(ordered=False),
        lambda table: table.update(identity=[]),
        lambda table: table.update(identity=["id", "nowhere"]),
        lambda table: table.update(
            relations=[{**table["foreign_keys"][0], "origin": "name", "only": ["c"]}]
        ),
        lambda table: table["columns"][0].update(kept=False),
        lambda table: table["columns"][1].update(name="id"),
        lambda table: table["parts"][0].update(text_sha256=None),
        lambda table: table["parts"][1].update(path=ORDERS),
        lambda table: table["parts"][0].update(sha256="AB" * 32),
        lambda table: table["parts"][0].update(rows=-1),
        lambda table: table.update(columns=[]),
        lambda table: table["foreign_keys"][0].update(parent_columns=["c", "c"]),
        lambda table: table["foreign_keys"][0].update(parent="nowhere"),
        lambda table: table.update(name="renamed"),
    ],
)
def test_a_table_that_contradicts_itself(
    bundle: Path, edit: Callable[[dict[str, Any]], None]
) -> None:
    edit_manifest(bundle, lambda manifest: edit(manifest["tables"][0]))
    with pytest.raises(BundleInvalid, match="cannot be understood"):
        open_bundle(bundle)


@pytest.mark.parametrize(
    "edit",
    [
        lambda objects: objects.append({**objects[0], "path": "schema/shop/again.sql"}),
        lambda objects: objects.pop(),
        lambda objects: objects[0].update(kind="view"),
        lambda objects: objects[0].update(name="renamed"),
    ],
)
def test_tables_and_definitions_that_do_not_belong_together(
    bundle: Path, edit: Callable[[list[dict[str, Any]]], None]
) -> None:
    edit_manifest(bundle, lambda manifest: edit(manifest["objects"]))
    with pytest.raises(BundleInvalid, match="cannot be understood"):
        open_bundle(bundle)


def rewrite_part(bundle: Path, table: int, text: bytes, **facts: Any) -> None:
    """Put another text into a part, with digests that fit, as a hand with intent would."""
    manifest = parse_manifest((bundle / "manifest.json").read_bytes())
    entry = manifest.tables[table]
    path = bundle / entry.parts[0].path
    stored = zstandard.ZstdCompressor().compress(text)
    path.write_bytes(stored)

    def edit(manifest: dict[str, Any]) -> None:
        part = manifest["tables"][table]["parts"][0]
        digest = hashlib.sha256
        part.update(
            bytes=len(text),
            stored_bytes=len(stored),
            sha256=digest(stored).hexdigest(),
            **facts,
        )
        if part["text_sha256"]:
            part["text_sha256"] = digest(text).hexdigest()
        manifest["tables"][table]["bytes"] = sum(
            one["bytes"] for one in manifest["tables"][table]["parts"]
        )

    edit_manifest(bundle, edit)


def test_a_text_that_does_not_match_its_digest(bundle: Path) -> None:
    edit_manifest(bundle, lambda one: one["tables"][0]["parts"][0].update(text_sha256="0" * 64))
    assert findings_of(bundle) == (f"{ORDERS}: its text does not match its digest.",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"1\t2\t3\n4\t5\n", "has rows with more or fewer fields than columns"),
        (b"1\t2\t3\n4\n", "has rows with more or fewer fields than columns"),
        (b"1\n2\t3\t4\n", "has rows with more or fewer fields than columns"),
        (b"1\t2\n3\t\\q\n", "has an escape that means nothing"),
        (b"1\t2\n3\t\\Nx\n", "has an escape that means nothing"),
        (b"1\t2\n3\\\t4\n", "has an escape that means nothing"),
        (b"1\t2\n3\t4\r\n", "has bytes that have to be escaped"),
    ],
)
def test_rows_that_are_none_of_the_table(bundle: Path, text: bytes, said: str) -> None:
    rewrite_part(bundle, 0, text)
    assert findings_of(bundle) == (f"{ORDERS} {said}.",)


def test_a_part_that_ends_within_a_row(bundle: Path) -> None:
    rewrite_part(bundle, 0, b"1\t2\n3\t4\n5")
    assert findings_of(bundle) == (f"{ORDERS} ends within a row.",)


def test_a_part_with_fewer_rows_than_declared(bundle: Path) -> None:
    rewrite_part(bundle, 0, b"1\t2\n")
    (finding,) = findings_of(bundle)
    assert finding == f"{ORDERS} does not hold the rows that the manifest declares."


def test_rows_that_do_not_match_their_sum(bundle: Path) -> None:
    rewrite_part(bundle, 1, b"x\ny\n\\N\n")
    (finding,) = findings_of(bundle)
    assert finding.endswith("its rows do not match their checksum.")


def test_a_folder_without_manifest_is_no_bundle(bundle: Path) -> None:
    (bundle / "manifest.json").unlink()
    with pytest.raises(BundleInvalid, match="holds no manifest") as caught:
        open_bundle(bundle)
    assert "export again" in caught.value.hint


def test_a_place_where_nothing_is(tmp_path: Path) -> None:
    with pytest.raises(BundleInvalid, match="is not there"):
        open_bundle(tmp_path / "nothing")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BundleInvalid, match="is a file"):
        open_bundle(tmp_path / "file")


def test_a_table_says_whether_its_rows_have_an_order_that_can_be_repeated() -> None:
    part = PartEntry(path="data/a", rows=0, bytes=0, stored_bytes=0, sha256="0" * 64, rows_sum=0)
    with pytest.raises(ValueError, match="digest that its table calls for"):
        TableEntry.model_validate(
            {
                "name": "t",
                "engine": "InnoDB",
                "columns": [{"name": "a", "kind": "int", "declared": "int", "kept": True}],
                "identity": ["a"],
                "ordered": True,
                "parts": [part],
            }
        )
