"""A second reader of bundles, written from `docs/bundle-format.md`; shares no code with the writer.

It knows format 1 and nothing else, reads everything into memory, and asserts what the format says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import zstandard

Row = tuple[bytes | None, ...]

_ESCAPES = {ord("t"): 9, ord("n"): 10, ord("r"): 13, ord("0"): 0, ord("\\"): 92}


def read_rows(text: bytes) -> Iterator[Row]:
    r"""Read rows byte by byte: TAB and LF end, ``\`` escapes, ``\N`` is NULL."""
    row: list[bytes | None] = []
    cell = bytearray()
    is_null = False
    position = 0
    while position < len(text):
        byte = text[position]
        if byte == ord("\\"):
            position += 1
            if text[position] == ord("N"):
                assert not cell, "NULL stands alone"
                assert not is_null, "NULL stands alone"
                is_null = True
            else:
                cell.append(_ESCAPES[text[position]])
        elif byte in (9, 10):
            assert not (is_null and cell), "NULL stands alone"
            row.append(None if is_null else bytes(cell))
            cell, is_null = bytearray(), False
            if byte == 10:
                yield tuple(row)
                row = []
        else:
            assert byte not in (13, 0), "an unescaped control byte"
            cell.append(byte)
        position += 1
    assert not row
    assert not cell
    assert not is_null, "the last row is ended"


class ReadBundle:
    """A bundle, read whole.

    Args:
        root: Its folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.manifest: dict[str, Any] = json.loads((root / "manifest.json").read_bytes())
        assert self.manifest["format"] == 1
        self._check_files()

    def tables(self) -> dict[str, list[Row]]:
        """Give the rows of every table."""
        return {table["name"]: self._rows(table) for table in self.manifest["tables"]}

    def definitions(self) -> dict[tuple[str, str], str]:
        """Give every definition by kind and name."""
        return {
            (one["kind"], one["name"]): (self.root / one["path"]).read_text("utf-8")
            for one in self.manifest["objects"]
        }

    def reasons(self) -> dict[str, list[dict[str, Any] | None]]:
        """Give of every table what each row came for, in the order of its rows."""
        return {table["name"]: self._reasons(table) for table in self.manifest["tables"]}

    def _reasons(self, table: dict[str, Any]) -> list[dict[str, Any] | None]:
        reasons: list[dict[str, Any] | None] = table.get("reasons", [])
        if len(reasons) < 2:
            return [*reasons, None][:1] * int(table["rows"])
        told: list[dict[str, Any] | None] = []
        for part in table["parts"]:
            stored = (self.root / part["reasons"]["path"]).read_bytes()
            text = zstandard.ZstdDecompressor().decompressobj().decompress(stored)
            assert len(text) == part["reasons"]["bytes"]
            of_part: list[dict[str, Any] | None] = []
            for line in text.decode("ascii").splitlines():
                rows, number = line.split("\t")
                of_part += [[None, *reasons][int(number)]] * int(rows)
            assert len(of_part) == part["rows"]
            told += of_part
        return told

    def _check_files(self) -> None:
        named = {"manifest.json"}
        for one in (*self.manifest["objects"], *self.manifest["files"]):
            content = (self.root / one["path"]).read_bytes()
            assert len(content) == one["bytes"]
            assert hashlib.sha256(content).hexdigest() == one["sha256"]
            named.add(one["path"])
        for table in self.manifest["tables"]:
            named |= {part["path"] for part in table["parts"]}
        assert named == {
            path.relative_to(self.root).as_posix()
            for path in self.root.rglob("*")
            if not path.is_dir()
        }

    def _rows(self, table: dict[str, Any]) -> list[Row]:
        rows: list[Row] = []
        for part in table["parts"]:
            _, database, folder, _ = part["path"].split("/")
            assert unquote_to_bytes(database).decode() == self.manifest["source"]["database"]
            assert unquote_to_bytes(folder).decode() == table["name"]
            stored = (self.root / part["path"]).read_bytes()
            assert len(stored) == part["stored_bytes"]
            assert hashlib.sha256(stored).hexdigest() == part["sha256"]
            text = zstandard.ZstdDecompressor().decompressobj().decompress(stored)
            assert len(text) == part["bytes"]
            lines = text.split(b"\n")[:-1]
            assert len(lines) == part["rows"]
            if table["ordered"]:
                assert hashlib.sha256(text).hexdigest() == part["text_sha256"]
            else:
                hashes = [hashlib.blake2b(line, digest_size=8).digest() for line in lines]
                total = sum(int.from_bytes(one, "big") for one in hashes) % 2**64
                assert total == part["rows_sum"]
            rows += read_rows(text)
        width = len(table["columns"])
        assert all(len(row) == width for row in rows)
        assert len(rows) == table["rows"]
        return rows
