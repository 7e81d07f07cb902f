from __future__ import annotations

import stat
from pathlib import Path

import pytest

from sandbox.errors import PolicyError
from sandbox.export.key import make_key, read_key


def test_a_new_key_is_for_its_owner_only_and_reads_back(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "masking.key"
    make_key(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(read_key(file)) == 32
    assert file.read_text().strip() == read_key(file).hex()


def test_two_keys_differ(tmp_path: Path) -> None:
    make_key(tmp_path / "one")
    make_key(tmp_path / "other")
    assert read_key(tmp_path / "one") != read_key(tmp_path / "other")


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    make_key(tmp_path / "key")
    before = read_key(tmp_path / "key")
    with pytest.raises(PolicyError, match="never replaced"):
        make_key(tmp_path / "key")
    assert read_key(tmp_path / "key") == before


def test_a_missing_key_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        read_key(tmp_path / "key")
    assert "sandbox keygen" in caught.value.hint


def test_no_hint_leads_to_another_key_by_mistake(tmp_path: Path) -> None:
    file = tmp_path / "key"
    with pytest.raises(PolicyError) as missing:
        read_key(file)
    file.write_text("damaged")
    file.chmod(0o600)
    with pytest.raises(PolicyError) as damaged:
        read_key(file)
    with pytest.raises(PolicyError) as taken:
        make_key(file)
    for caught in (missing, damaged, taken):
        assert "another key gives everybody other pseudonyms" in caught.value.hint
        assert str(file) not in caught.value.hint
    for caught in (missing, damaged):
        assert caught.value.hint.startswith("Check the path")


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    make_key(tmp_path / "key")
    (tmp_path / "key").chmod(0o640)
    with pytest.raises(PolicyError) as caught:
        read_key(tmp_path / "key")
    assert "chmod 600" in caught.value.hint


@pytest.mark.parametrize("text", ["", "short", "g" * 64, "a" * 63])
def test_what_is_no_key_is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_text(text)
    (tmp_path / "key").chmod(0o600)
    with pytest.raises(PolicyError) as caught:
        read_key(tmp_path / "key")
    assert not text or text not in caught.value.message
