"""Archives of servers: what the script writes is read, everything else is refused."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.capture import archive as module
from sandbox.capture.archive import CapturedLog, read_archive
from sandbox.errors import CaptureInvalid, ExitCode

PLAIN = {
    "FORMAT": b"sandbox-capture 1\n",
    "facts.tsv": b"name\tweb1\ntime.offset\t+0100\n",
    "missing.txt": b"/var/log/x.log: no right to read it\n",
    "roles.tsv": b"nginx\t/etc/nginx/nginx.conf\nnginx-access\t/var/log/nginx/access.log\n",
    "release.txt": b"a" * 64 + b"  library/Shop.php\nno line\n",
    "vocabulary.txt": b"order\nShop_Order\n",
    "facts/environment.txt": b"PATH\nDB_PASSWORD\nPATH\n",
    "facts/extensions.tsv": b"Core\t8.2.1\n",
    "facts/php-cli.ini": b'memory_limit = "128M"\n',
    "config/etc/nginx/nginx.conf": b"events {}\n",
    "logs/var/log/nginx/access.log": b"one\ntwo",
}


def written(
    folder: Path,
    files: dict[str, bytes] | None = None,
    more: Callable[[tarfile.TarFile], None] | None = None,
    *,
    mode: str = "w:gz",
    **options: int,
) -> Path:
    path = folder / "web1.tar.gz"
    with tarfile.open(path, mode, **options) as archive:  # type: ignore[call-overload]
        for name, content in (PLAIN if files is None else files).items():
            member = tarfile.TarInfo(f"capture/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        if more:
            more(archive)
    return path


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_reads_what_the_script_wrote(tmp_path: Path, mode: str) -> None:
    capture = read_archive(written(tmp_path, mode=mode))
    assert capture.name == "web1"
    assert capture.facts == {"name": "web1", "time.offset": "+0100"}
    assert capture.files == {"/etc/nginx/nginx.conf": b"events {}\n"}
    assert capture.roles == {"/etc/nginx/nginx.conf": "nginx"}
    assert capture.release == {"library/Shop.php": "a" * 64}
    assert capture.vocabulary == {"order", "Shop_Order"}
    assert capture.environment == ("DB_PASSWORD", "PATH")
    assert capture.extensions == {"Core": "8.2.1"}
    assert capture.missing == ("/var/log/x.log: no right to read it",)
    log = capture.logs["/var/log/nginx/access.log"]
    assert (log.kind, log.size, list(log.lines())) == ("nginx-access", 7, [b"one", b"two"])


def test_gives_the_beginning_of_a_line_without_end() -> None:
    log = CapturedLog.of(b"a" * 200_000 + b"\nnext\n")
    assert [len(line) for line in log.lines()] == [64 * 1024, 4]


def member(name: str, kind: bytes, **attributes: str) -> Callable[[tarfile.TarFile], None]:
    def add(archive: tarfile.TarFile) -> None:
        one = tarfile.TarInfo(name)
        one.type = kind
        for attribute, value in attributes.items():
            setattr(one, attribute, value)
        archive.addfile(one)

    return add


@pytest.mark.parametrize(
    "more",
    [
        member("/etc/passwd", tarfile.REGTYPE),
        member("capture/config/../../x", tarfile.REGTYPE),
        member("capture/config//etc/x", tarfile.REGTYPE),
        member("other/x", tarfile.REGTYPE),
        member("capture/unknown", tarfile.REGTYPE),
        member("capture/config/a", tarfile.SYMTYPE, linkname="/etc/passwd"),
        member("capture/config/a", tarfile.LNKTYPE, linkname="capture/FORMAT"),
        member("capture/config/a", tarfile.CHRTYPE),
        member("capture/config/a", tarfile.FIFOTYPE),
        member("capture/FORMAT", tarfile.REGTYPE),
    ],
    ids=[
        "absolute", "up", "empty part", "other folder", "unknown file", "link", "hard link",
        "device", "fifo", "twice",
    ],
)  # fmt: skip
def test_refuses_what_the_script_never_writes(
    tmp_path: Path, more: Callable[[tarfile.TarFile], None]
) -> None:
    path = written(tmp_path, more=more)
    with pytest.raises(CaptureInvalid, match="refused") as caught:
        read_archive(path)
    assert str(path) in caught.value.message
    assert caught.value.exit_code is ExitCode.BUNDLE


def test_refuses_more_than_a_capture_can_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path)
    for limit in ("MAX_MEMBERS", "MAX_TOTAL", "MAX_LOG", "MAX_LIST", "MAX_SETTINGS"):
        with monkeypatch.context() as patched:
            patched.setattr(module, limit, 3)
            with pytest.raises(CaptureInvalid, match="refused"):
                read_archive(path)


def test_refuses_a_header_that_would_fill_the_memory(tmp_path: Path) -> None:
    # A pax header of 64 MB: tarfile reads all of it at once.
    def add(archive: tarfile.TarFile) -> None:
        one = tarfile.TarInfo("capture/config/a")
        one.pax_headers = {"comment": "x" * 64 * 1024**2}
        archive.addfile(one)

    path = written(tmp_path, more=add, format=tarfile.PAX_FORMAT)
    with pytest.raises(CaptureInvalid, match="header"):
        read_archive(path)


def test_refuses_a_newer_format_and_says_so(tmp_path: Path) -> None:
    path = written(tmp_path, PLAIN | {"FORMAT": b"sandbox-capture 2\n"})
    with pytest.raises(CaptureInvalid, match=r"newer capture\.sh"):
        read_archive(path)


@pytest.mark.parametrize(
    "files",
    [{}, {"FORMAT": b"x"}, {"FORMAT": PLAIN["FORMAT"]}, PLAIN | {"facts.tsv": b"name\t../x\n"}],
    ids=["empty", "no format", "no facts", "hostile name"],
)
def test_refuses_an_archive_that_is_none_of_ours(tmp_path: Path, files: dict[str, bytes]) -> None:
    with pytest.raises(CaptureInvalid):
        read_archive(written(tmp_path, files))


def test_says_that_a_file_is_missing(tmp_path: Path) -> None:
    for path in (tmp_path / "none.tar", tmp_path):
        with pytest.raises(CaptureInvalid, match="not there, or may not be read"):
            read_archive(path)


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.99])
def test_refuses_an_archive_that_is_cut_off(tmp_path: Path, kept: float) -> None:
    path = written(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(CaptureInvalid):
        read_archive(path)


def test_says_that_an_archive_went_away_while_its_logs_are_read(tmp_path: Path) -> None:
    path = written(tmp_path)
    log = read_archive(path).logs["/var/log/nginx/access.log"]
    path.unlink()
    with pytest.raises(CaptureInvalid):
        list(log.lines())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=2000), packed=st.booleans())
def test_never_fails_but_by_refusing(tmp_path: Path, content: bytes, packed: bool) -> None:  # noqa: FBT001
    path = tmp_path / "any.tar"
    path.write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(CaptureInvalid):
        read_archive(path)
