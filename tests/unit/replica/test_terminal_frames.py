"""Taking the engine's frames apart."""

from __future__ import annotations

import struct

import pytest

from sandbox.replica.terminal_exec import _Frames


def frame(stream: int, payload: bytes) -> bytes:
    return struct.pack(">BxxxL", stream, len(payload)) + payload


@pytest.mark.parametrize("size", [1, 3, 8, 1000])
def test_frames_are_taken_apart_wherever_they_are_cut(size: int) -> None:
    out, errors = bytearray(), bytearray()
    frames = _Frames(out.extend, errors.extend)
    sent = frame(1, b"one ") + frame(2, b"bad") + frame(1, b"") + frame(1, b"two")
    for begin in range(0, len(sent), size):
        frames.take(sent[begin : begin + size])
    assert (bytes(out), bytes(errors)) == (b"one two", b"bad")
