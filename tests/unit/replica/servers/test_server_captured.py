"""Servers are read from a bundle that may come from anywhere."""

from __future__ import annotations

import contextlib
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.bundle.manifest import FileEntry, Manifest, SourceEntry
from sandbox.bundle.reader import Bundle
from sandbox.errors import BundleInvalid
from sandbox.model import Family
from sandbox.replica.servers.captured import as_capture, read_placeholders, read_servers
from sandbox.replica.servers.web_server import LogPlace

FACTS = {
    "facts": {"name": "web1", "php.fpm.version": "8.2.1", "release.path": "/srv/shop/releases/1"},
    "extensions": {"Core": "8.2.1"},
    "environment": ["HOME"],
    "release": {"public/index.php": "0" * 64},
    "missing": ["php: it did not answer"],
}


def bundle(root: Path, files: dict[str, bytes], what: str = "settings") -> Bundle:
    entries = []
    for path, content in files.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        kind = "log, php" if path.startswith("logs/") else what
        digest = hashlib.sha256(content).hexdigest()
        entries.append(FileEntry(path=path, bytes=len(content), sha256=digest, what=kind))
    source = SourceEntry(
        fingerprint="f", family=Family.MARIADB, version="1", database="shop",
        charset="utf8mb4", collation="utf8mb4_bin",
    )  # fmt: skip
    manifest = Manifest(
        tool_version="1", created=datetime(2026, 1, 1, tzinfo=UTC), source=source, files=entries
    )
    return Bundle(root, manifest)


def server_files(facts: object = FACTS) -> dict[str, bytes]:
    return {
        "config/servers/web1/facts.json": json.dumps(facts).encode(),
        "config/servers/web1/files/etc/nginx/nginx.conf": b"events {}\nhttp { include x/*; }\n",
        "config/servers/web1/files/etc/nginx/x/shop": b"server {}\n",
        "config/servers/web1/files/etc/php/8.2/fpm/pool.d/www.conf": b"[www]\n",
        "config/servers/web1/files/etc/php/8.2/fpm/php.ini": b"[PHP]\n",
        "config/servers/web1/files/srv/shop/releases/1/application/configs/a.ini": b"a = 1\n",
        "config/servers/web1/files/php-cli.ini": b'memory_limit = "1M"\n',
        "logs/web1/var/log/php/fpm.log": b"x\n",
    }


def test_server_is_read_with_roles_and_logs(tmp_path: Path) -> None:
    (server,) = read_servers(bundle(tmp_path, server_files()))
    assert (server.name, server.release_path) == ("web1", "/srv/shop/releases/1")
    assert {path.rpartition("/")[2]: role for path, role in server.roles.items()} == {
        "nginx.conf": "nginx", "shop": "nginx", "www.conf": "fpm", "php.ini": "php",
        "a.ini": "application",
    }  # fmt: skip
    assert server.logs == (LogPlace("/var/log/php/fpm.log", "php"),)
    assert server.php_settings == b'memory_limit = "1M"\n'
    capture = as_capture(server)
    assert (capture.name, capture.logs) == ("web1", {})
    assert (capture.files, capture.release) == (server.files, server.release)


def test_bundle_without_servers_has_none(tmp_path: Path) -> None:
    empty = bundle(tmp_path, {})
    assert (read_servers(empty), read_placeholders(empty)) == ((), ())


@pytest.mark.parametrize(
    "facts",
    [
        [], {}, {"facts": 1}, {"facts": {"a": 1}},
        {"facts": {"release.path": "relative"}},
        {"facts": {"release.path": "/srv/../etc"}},
        {"facts": {"release.path": "/srv/$(reboot);"}},
        {"facts": {"release.path": "/srv/a\nb"}},
        {"facts": {}, "release": {"../x.php": "0" * 64}},
        {"facts": {}, "release": {"x.php": "no digest"}},
        {"facts": {"a": "x" * 5000}},
    ],
)  # fmt: skip
def test_facts_that_no_server_has_are_refused_without_repeating_them(
    tmp_path: Path, facts: object
) -> None:
    with pytest.raises(BundleInvalid) as caught:
        read_servers(bundle(tmp_path, server_files(facts)))
    assert "reboot" not in caught.value.message + "".join(caught.value.findings)


def test_settings_without_facts_and_changed_settings_are_refused(tmp_path: Path) -> None:
    files = server_files()
    whole = bundle(tmp_path, files)
    (tmp_path / "config/servers/web1/files/etc/nginx/x/shop").write_bytes(b"server {!\n")
    with pytest.raises(BundleInvalid, match="does not match its digest"):
        read_servers(whole)
    del files["config/servers/web1/facts.json"]
    with pytest.raises(BundleInvalid, match="no facts"):
        read_servers(bundle(tmp_path, files))


def listed_one(**changed: str) -> bytes:
    one = {"placeholder": "@secret:a:host:1-8@", "name": "a", "kind": "host", "length": "1-8"}
    return json.dumps({"placeholders": [one | changed]}).encode()


def test_list_of_placeholders_is_read(tmp_path: Path) -> None:
    (one,) = read_placeholders(bundle(tmp_path, {"config/placeholders.json": listed_one()}))
    assert (one.name, one.kind, one.places) == ("a", "host", [])


@pytest.mark.parametrize(
    "listed",
    [b"[]", b"{", listed_one(placeholder="@secret:a:b@"), listed_one(name="a;b")],
)
def test_list_of_placeholders_of_another_form_is_refused(tmp_path: Path, listed: bytes) -> None:
    with pytest.raises(BundleInvalid, match="cannot be understood"):
        read_placeholders(bundle(tmp_path, {"config/placeholders.json": listed}))


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=100))
def test_any_bytes_for_facts_are_refused_or_read(content: bytes) -> None:
    import tempfile  # noqa: PLC0415 - a fixture would be one folder for all examples

    with tempfile.TemporaryDirectory() as folder:
        made = bundle(Path(folder), {"config/servers/web1/facts.json": content})
        with contextlib.suppress(BundleInvalid):
            assert read_servers(made)[0].name == "web1"
