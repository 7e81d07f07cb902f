"""How `sandbox up` reads `--app` and `--replies`."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.cli.up import _apps, _replies
from sandbox.errors import UsageError


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ([], {}),
        (["~/src/shop"], {"": "~/src/shop"}),
        (["shop@1.5", "web2=1.4"], {"": "shop@1.5", "web2": "1.4"}),
        (["web1=a", "web2=b=c"], {"web1": "a", "web2": "b=c"}),
        (["/src/a=b"], {"": "/src/a=b"}),
        (["web2=/src/a=b@v=1"], {"web2": "/src/a=b@v=1"}),
    ],
)
def test_code_is_of_a_server_or_of_all_others(given: list[str], read: dict[str, str]) -> None:
    assert _apps(given) == read


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["a", "b"], "the code of all servers is given twice"),
        (["web1=a", "web1=a"], "the code of web1 is given twice"),
        (["a", "=b"], "the code of all servers is given twice"),
        ([""], "names no code"),
        (["web1="], "names no code"),
        (["="], "names no code"),
    ],
)
def test_code_that_is_given_twice_or_not_at_all_is_refused(given: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        _apps(given)


def test_no_replies_are_none() -> None:
    assert _replies(None) == b""


def test_replies_are_given_on_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "replies.json"
    file.write_text('[{"path": "/größe", "status": 201, "body": {"id": "$serial"}}, {}]', "utf-8")
    assert _replies(file) == file.read_bytes()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no list of replies"),
        (b"[", "is no list of replies"),
        (b"[" * 100_000, "is no list of replies"),
        (b"{}", "is no list of replies"),
        (b'["a"]', "is no list of replies"),
        (b"null", "is no list of replies"),
        (b'[{"status": 99}]', "is no list of replies"),
        (b'[{"statsu": 200}]', "is no list of replies"),
        (b"\xff\xff\xff", "is not UTF-8"),
    ],
)
def test_replies_that_are_none_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "replies.json"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=message):
        _replies(file)


def test_replies_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    for place in (tmp_path / "nowhere.json", tmp_path):
        with pytest.raises(UsageError, match="cannot be read"):
            _replies(place)
