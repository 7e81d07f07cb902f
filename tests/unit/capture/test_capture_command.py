"""`sandbox capture` prints the script as it is, and shows an archive without its values."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

import sandbox.capture
from sandbox.cli.capture import Captured, Script, capture
from sandbox.errors import UsageError
from sandbox.report.terminal import console_for

SCRIPT = Path(sandbox.capture.__file__).with_name("capture.sh").read_text()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "web1.tar"
    access = (
        b'10.0.0.1 - - [25/Nov/2026:10:00:00 +0000] "GET /orders/4711?k=kanarie HTTP/1.1" 500 1'
        b' "-" "-"\n'
    )
    files = {
        "FORMAT": b"sandbox-capture 1\n",
        "facts.tsv": b"name\tweb1\nphp.fpm.version\t8.2.1\n",
        "roles.tsv": b"application\t/a.ini\nnginx-access\t/var/log/access.log\n",
        "missing.txt": b"php: it did not answer\n",
        "config/a.ini": b"password = kanarie\n",
        "logs/var/log/access.log": access,
    }
    with tarfile.open(path, "w") as made:
        for name, content in files.items():
            member = tarfile.TarInfo(f"capture/{name}")
            member.size = len(content)
            made.addfile(member, io.BytesIO(content))
    return path


def test_prints_the_script_byte_for_byte(capsys: pytest.CaptureFixture[str]) -> None:
    result = capture(script=True)
    assert isinstance(result, Script)
    console_for("stdout").print(result.text())
    assert capsys.readouterr().out == SCRIPT
    assert result.data() == {"script": SCRIPT}


def test_shows_what_an_archive_holds_without_its_values(
    archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = capture(archive)
    assert isinstance(result, Captured)
    console_for("stdout").print(result.text())
    shown = capsys.readouterr().out
    for part in ("web1", "8.2.1", "1 application", "/var/log/access.log", "500 GET /orders/N",
                 "php: it did not answer", "This archive holds secrets"):  # fmt: skip
        assert part in shown
    data = result.data()
    assert data["settings"] == {"/a.ini": "application"}
    assert [one["signature"] for one in data["failing"]] == ["500 GET /orders/N"]
    assert "kanarie" not in shown + json.dumps(data)


def test_wants_either_the_script_or_an_archive(archive: Path) -> None:
    for given in ({}, {"archive": archive, "script": True}):
        with pytest.raises(UsageError, match="--script or an ARCHIVE"):
            capture(**given)  # type: ignore[arg-type]
