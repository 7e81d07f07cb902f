from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bundle_reader import read_rows
from sandbox.bundle.tsv import (
    NULL,
    Lines,
    LinesSum,
    decode_cell,
    encode_cell,
    encode_rows,
    sum_of_lines,
)
from sandbox.model import Cell, MaskedBatch

SEAM = b"\x01\x02\x03\x04\x05\x06\x07\x08"
EVERY_BYTE = [bytes([byte]) for byte in range(256)]
cells = st.one_of(
    st.none(),
    st.binary(max_size=20),
    # Dense in what is escaped, and in pieces of what columns are joined with.
    st.lists(
        st.sampled_from([b"\\", b"\t", b"\n", b"\r", b"\0", b"N", b"t", SEAM, SEAM[:4], SEAM[4:]]),
        max_size=8,
    ).map(b"".join),
)


@st.composite
def batches(draw: st.DrawFn) -> MaskedBatch:
    width = draw(st.integers(1, 4))
    rows = draw(st.integers(0, 6))
    columns = tuple(draw(st.lists(cells, min_size=rows, max_size=rows)) for _ in range(width))
    return MaskedBatch("t", tuple(f"c{number}" for number in range(width)), columns)


@given(batches())
def test_every_cell_comes_back_through_a_reader_that_shares_no_code(batch: MaskedBatch) -> None:
    text, rows = encode_rows(batch)
    assert rows == len(batch)
    assert list(read_rows(text)) == list(zip(*batch.cells, strict=True))


@given(batches())
def test_columns_are_encoded_like_their_single_cells(batch: MaskedBatch) -> None:
    text, _ = encode_rows(batch)
    lines = [b"\t".join(map(encode_cell, row)) for row in zip(*batch.cells, strict=True)]
    assert text.split(b"\n")[:-1] == lines


def test_every_byte_alone_and_in_company_comes_back() -> None:
    column = [*EVERY_BYTE, b"".join(EVERY_BYTE), None, b"", b"\\N", b"NULL", SEAM]
    batch = MaskedBatch("t", ("a", "b"), (column, column[::-1]))
    text, _ = encode_rows(batch)
    assert list(read_rows(text)) == list(zip(column, column[::-1], strict=True))


def test_text_holds_nothing_raw_that_a_reader_might_take_for_its_own() -> None:
    text, _ = encode_rows(MaskedBatch("t", ("a",), ([b"\r\n", b"\0", b"\t"],)))
    assert text == b"\\r\\n\n\\0\n\\t\n"


@given(cells)
def test_a_field_gives_its_cell_back(cell: Cell) -> None:
    assert decode_cell(encode_cell(cell)) == cell


def test_null_and_the_text_that_looks_like_it_differ() -> None:
    assert encode_cell(None) == NULL
    assert encode_cell(b"\\N") == b"\\\\N"


def test_an_unknown_escape_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown escape"):
        decode_cell(b"a\\x")


PIECES = [b"\\", b"\\\\", b"\\N", b"\\t", b"N", b"t", b"q", b"\t", b"\n", b"\r", b"\0", b"a\tb\n"]
texts = st.lists(st.sampled_from(PIECES), max_size=10).map(b"".join)
cuts = st.lists(st.integers(1, 4), max_size=12)


def blocks_of(text: bytes, sizes: list[int]) -> list[bytes]:
    blocks = []
    for size in sizes:
        blocks.append(text[:size])
        text = text[size:]
    return [*blocks, text]


def rows_found(text: bytes, fields: int, sizes: list[int]) -> int | None:
    lines = Lines(fields)
    try:
        for block in blocks_of(text, sizes):
            lines.take(block)
        lines.end()
    except ValueError:
        return None
    return lines.rows


def rows_read(text: bytes, fields: int) -> int | None:
    try:
        rows = list(read_rows(text))
    except (AssertionError, KeyError, IndexError):
        return None
    return len(rows) if all(len(row) == fields for row in rows) else None


@given(texts, st.integers(1, 3), cuts)
def test_lines_are_right_if_a_reader_that_shares_no_code_reads_them(
    text: bytes, fields: int, sizes: list[int]
) -> None:
    assert rows_found(text, fields, sizes) == rows_read(text, fields)


@given(batches(), cuts)
def test_what_is_written_is_right_however_it_is_cut(batch: MaskedBatch, sizes: list[int]) -> None:
    text, rows = encode_rows(batch)
    assert rows_found(text, len(batch.cells), sizes) == rows


@given(texts, cuts)
def test_the_sum_of_lines_is_the_same_however_they_are_cut(text: bytes, sizes: list[int]) -> None:
    total = LinesSum()
    for block in blocks_of(text + b"\n", sizes):
        total.take(block)
    assert total.total == sum_of_lines(text.split(b"\n"))


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        encode_rows(MaskedBatch("t", ("a", "b"), ([b"1", b"2"], [b"1"])))


def test_the_sum_is_that_of_the_format_and_knows_no_order() -> None:
    lines = [b"a\tb", b"", b"a\tb"]
    expected = sum(
        int.from_bytes(hashlib.blake2b(line, digest_size=8).digest(), "big") for line in lines
    )
    assert sum_of_lines(lines) == sum_of_lines(lines[::-1]) == expected % 2**64
    assert sum_of_lines(lines) != sum_of_lines(lines[:2])
