"""What the rows of a part came for: as it is written, as it is read, and what is refused."""

from __future__ import annotations

import dataclasses
import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bundle_reader import ReadBundle
from reasoned_bundles import DRAWN, NAMED, Made, make_reasoned, number
from sandbox.bundle.manifest import parse_manifest
from sandbox.bundle.reader import open_bundle
from sandbox.bundle.reasons import ReasonEntry, Runs, describe_reason, read_runs
from sandbox.bundle.verify import check_digests, verify_bundle
from sandbox.errors import BundleInvalid
from sandbox.model import Reason, ReasonKind
from servers import Silent

ROWS = [((str(n),), 0 if n % 3 else 1) for n in range(1, 8)]
PART = "reasons/shop/orders/0002.tsv.zst"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return make_reasoned(
        tmp_path / "bundle",
        Made("orders", [number("id")], [DRAWN, NAMED], ROWS, at_once=3),
        Made("items", [number("id")], [DRAWN], [(("1",), 0)]),
    )


@given(st.lists(st.lists(st.integers(0, 3))), st.integers(1, 9))
def test_reasons_come_back_row_by_row_wherever_batches_and_blocks_end(
    batches: list[list[int]], size: int
) -> None:
    runs = Runs()
    for batch in batches:
        runs.add(batch)
    numbers = [one for batch in batches for one in batch]
    text = runs.text()
    blocks = [text[at : at + size] for at in range(0, len(text), size)]
    read = list(read_runs(blocks, 3))
    assert [number for rows, number in read for _ in range(rows)] == numbers
    assert runs.rows == len(numbers)
    assert all(one[1] != other[1] for one, other in pairwise(read))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"3\t1", "ends within a line"),
        (b"0\t1\n", "no run"),
        (b"3\t03\n", "no run"),
        (b"3 1\n", "no run"),
        (b"-3\t1\n", "no run"),
        (b"3\t4\n", "a reason that its table does not have"),
        (b"1" * 40, "no run"),
    ],
)
def test_text_that_tells_no_reasons_is_refused(text: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        list(read_runs([text], 3))


def test_reasons_of_rows_are_in_the_bundle_and_verified(bundle: Path) -> None:
    verify_bundle(bundle, Silent())
    opened = open_bundle(bundle)
    check_digests(opened, Silent())
    orders, items = opened.manifest.table("orders"), opened.manifest.table("items")
    read = [list(opened.read_reasons(orders, part)) for part in orders.parts]
    assert read == [[(2, 1), (1, 2)], [(2, 1), (1, 2)], [(1, 1)]]
    assert list(opened.read_reasons(items, items.parts[0])) == [(1, 1)]


def test_a_reader_that_shares_no_code_finds_the_reason_of_every_row(bundle: Path) -> None:
    told = ReadBundle(bundle).reasons()
    assert [one["kind"] for one in told["orders"] if one] == [
        "drawn", "drawn", "named", "drawn", "drawn", "named", "drawn",
    ]  # fmt: skip
    assert [one["kind"] for one in told["items"] if one] == ["drawn"]


def test_reasons_are_a_file_to_readers_that_do_not_know_them(bundle: Path) -> None:
    files = {one.path for one in open_bundle(bundle).manifest.files}
    assert {PART, "reasons/shop/orders/0001.tsv.zst"} < files


@pytest.mark.parametrize("path", [PART, "reasons/shop/orders/0001.tsv.zst"])
def test_reasons_that_were_damaged_or_lost_are_found(bundle: Path, path: str) -> None:
    content = (bundle / path).read_bytes()
    for at in range(len(content)):
        (bundle / path).write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(BundleInvalid) as failed:
            verify_bundle(bundle, Silent())
        assert any(path in finding for finding in failed.value.findings)
    (bundle / path).unlink()
    with pytest.raises(BundleInvalid):
        check_digests(open_bundle(bundle), Silent())


def test_reasons_of_fewer_rows_than_there_are_are_refused(tmp_path: Path) -> None:
    one = make_reasoned(tmp_path / "a", Made("t", [number("id")], [DRAWN, NAMED], ROWS[:2]))
    other = make_reasoned(tmp_path / "b", Made("t", [number("id")], [DRAWN, NAMED], ROWS[:1]))
    name = "reasons/shop/t/0001.tsv.zst"
    (one / name).write_bytes((other / name).read_bytes())
    manifests = [json.loads((where / "manifest.json").read_text()) for where in (one, other)]
    of_other = manifests[1]["tables"][0]["parts"][0]["reasons"]
    manifests[0]["tables"][0]["parts"][0]["reasons"] = of_other
    for entry in manifests[0]["files"]:
        if entry["path"] == name:
            entry |= {"bytes": of_other["stored_bytes"], "sha256": of_other["sha256"]}
    (one / "manifest.json").write_text(json.dumps(manifests[0]))
    with pytest.raises(BundleInvalid) as failed:
        verify_bundle(one, Silent())
    assert failed.value.findings == (f"{name} tells of more or fewer rows than there are.",)


@pytest.mark.parametrize("lost", ["reasons", "files"])
def test_parts_whose_table_calls_for_reasons_have_them(bundle: Path, lost: str) -> None:
    manifest = json.loads((bundle / "manifest.json").read_text())
    if lost == "files":
        manifest["files"] = [one for one in manifest["files"] if one["path"] != PART]
    else:
        del manifest["tables"][0]["parts"][0]["reasons"]
    with pytest.raises(BundleInvalid, match="cannot be understood"):
        parse_manifest(json.dumps(manifest).encode())


def test_reason_is_described_with_all_that_is_known_of_it() -> None:
    odd = Reason(ReasonKind.ODD, classes=(("born", "zero date"), ("", "reopened")))
    assert json.loads(describe_reason(odd).model_dump_json()) == {
        "kind": "odd", "words": "", "child": "", "relation": "",
        "classes": [{"column": "born", "name": "zero date"}, {"column": "", "name": "reopened"}],
    }  # fmt: skip
    parent = Reason(ReasonKind.PARENT, child="orders", relation="fk")
    assert describe_reason(parent) == ReasonEntry(kind="parent", child="orders", relation="fk")
    assert dataclasses.asdict(parent)["words"] == ""
