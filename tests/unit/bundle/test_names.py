from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.bundle.names import decode_name, encode_name, is_safe_path


@given(st.text(min_size=1, max_size=64))
def test_every_name_becomes_one_harmless_segment(name: str) -> None:
    segment = encode_name(name)
    assert len(segment) < 220
    assert "/" not in segment
    assert "." not in segment
    assert segment.isascii()
    assert segment.isprintable()
    assert is_safe_path(f"data/shop/{segment}/0001.tsv.zst")


@given(st.text(min_size=1, max_size=16))
def test_a_name_comes_back(name: str) -> None:
    assert decode_name(encode_name(name)) == name


def test_long_names_that_differ_at_their_end_get_different_segments() -> None:
    one, other = "名" * 63 + "一", "名" * 63 + "二"
    assert encode_name(one) != encode_name(other)
    with pytest.raises(ValueError, match="not an encoded name"):
        decode_name(encode_name(one))


@pytest.mark.parametrize("segment", ["", "a b", "%2", "%2e", "%41", "..", "a/b", "%FF~"])
def test_what_no_name_encodes_to_is_refused(segment: str) -> None:
    with pytest.raises(ValueError, match=r"not an encoded name|invalid start byte"):
        decode_name(segment)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../x",
        "a/../b",
        "a//b",
        "./a",
        "a/.",
        "a/",
        ".hidden",
        "a\\b",
        "C:/x",
        "a\nb",
        "a/b\0",
        "a/b.",
        "é",
        "x" * 2000,
    ],
)
def test_paths_that_lead_out_or_cannot_be_everywhere_are_unsafe(path: str) -> None:
    assert not is_safe_path(path)


def test_an_empty_name_has_no_path() -> None:
    with pytest.raises(ValueError, match="empty"):
        encode_name("")
