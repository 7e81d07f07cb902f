from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.database.conditions import RowKey
from sandbox.errors import KeysNotKept
from sandbox.subset import spilled
from sandbox.subset.keys import OtherKeys
from sandbox.subset.packing import Packing
from sandbox.subset.spilled import SpilledKeys

NUMBERS = st.integers(-(2**63), 2**64 - 1)
TEXTS = st.binary(max_size=4) | st.text("\0a\uffff", max_size=3).map(str.encode)
FORMS = [NUMBERS, TEXTS, st.tuples(NUMBERS, TEXTS), st.tuples(TEXTS, TEXTS, NUMBERS)]
KEYS = st.one_of([st.lists(form) for form in FORMS])


@given(st.one_of([st.lists(form, min_size=1) for form in FORMS]))
def test_packed_keys_are_in_order_and_come_back(keys: list[RowKey]) -> None:
    packing = Packing.of(keys[0])
    packed = sorted(map(packing.pack, keys))
    assert [packing.unpack(one) for one in packed] == sorted(keys)


@given(KEYS)
def test_spilled_keys_are_the_set_that_they_are_in_memory(keys: list[RowKey]) -> None:
    kept, held = OtherKeys(most=2), OtherKeys()
    for at in range(0, len(keys), 3):
        some = keys[at : at + 3]
        assert kept.add_new(some) == held.add_new(some)
    assert list(kept) == list(held)
    assert len(kept) == len(held)
    assert all(key in kept for key in keys)


def test_more_keys_than_one_statement_names_are_found_and_marked() -> None:
    keys = SpilledKeys()
    some: list[RowKey] = [b"%d" % number for number in range(1234)]
    assert keys.add_new(some) == some
    assert keys.add_new([*some, b"more", b"more"]) == [b"more"]
    keys.mark(some[:700], 2)
    assert keys.marks_of([*some, b"more"]) == [2] * 700 + [0] * 535
    assert b"none" not in keys


def test_keys_may_come_while_others_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spilled, "_READ", 10)
    keys = SpilledKeys()
    keys.add_new(range(1, 101))
    for key in keys:
        keys.add_new([-int(key)] if isinstance(key, int) else [])
    assert len(keys) == 200


@pytest.mark.skipif(
    not Path("/proc/self/fd").is_dir(), reason="files of a process are seen on Linux"
)
def test_the_file_is_for_its_owner_only_and_has_no_name() -> None:
    before = _nameless_files()
    keys = SpilledKeys()
    keys.add_new([b"%0200d" % number for number in range(60_000)])  # more than its cache holds
    (ours,) = _nameless_files() - before
    assert stat.S_IMODE(ours.stat().st_mode) == 0o600
    assert ours.stat().st_size > 1_000_000
    del keys
    assert _nameless_files() == before


def _nameless_files() -> set[Path]:
    """Give what this process has open and nobody else could open."""
    return set(filter(_has_no_name, Path("/proc/self/fd").iterdir()))


def _has_no_name(descriptor: Path) -> bool:
    try:
        return str(descriptor.readlink()).endswith("(deleted)")
    except OSError:  # the one that listed them
        return False


def test_a_full_disk_is_told_without_a_key() -> None:
    keys = SpilledKeys()
    keys._file.execute("PRAGMA max_page_count = 20")  # noqa: SLF001 - as a full disk answers
    with pytest.raises(KeysNotKept) as refused:
        keys.add_new([b"Petra Lindqvist %0100d" % number for number in range(5000)])
    assert "Petra" not in f"{refused.value} {refused.value.hint}"
    assert refused.value.__cause__ is None
    assert isinstance(refused.value.__context__, sqlite3.Error)
