"""Archives as the capture script would have written them on a server."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path


def write_capture(archive: Path, files: Mapping[str, str]) -> Path:
    """Write an archive of a server of which little more than the given files is known."""
    usual = {
        "FORMAT": "sandbox-capture 1\n",
        "facts.tsv": "name\tweb1\n",
        "missing.txt": "",
        "roles.tsv": "",
        "release.txt": "",
        "vocabulary.txt": "",
    }
    with tarfile.open(archive, "w:gz") as packed:
        for name, text in (usual | dict(files)).items():
            member = tarfile.TarInfo(f"capture/{name}")
            member.size = len(text.encode())
            packed.addfile(member, io.BytesIO(text.encode()))
    return archive
