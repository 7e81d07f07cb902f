"""Code from a folder, a ref or an archive is one archive, and fails as on the server."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from captured_servers import captured_server, filled_servers
from sandbox.errors import CodeRefused, PatchRefused
from sandbox.replica.servers.code import (
    Code,
    apply_patch,
    as_on_server,
    changed_files,
    compare_with_release,
    read_code,
)
from sandbox.replica.servers.release_settings import settle_settings
from sandbox.replica.servers.settings_files import plan_server

FILES = {
    "public/index.php": b"<?php echo 1;\n",
    "application/Bootstrap.php": b"<?php\nclass Bootstrap\n{\n}\n",
    "application/configs/application.ini": b'[production]\nshop.title = "Shop"\n'
    b'resources.db.params.host = "db.kanarie.example"\nshop.per_page = 20\nshop.days = 30\n',
    "application/configs/daily.php": b"<?php return array();\n",
    "data/logo.png": b"\x89PNG",
}
PATCH = b"""diff --git a/application/Bootstrap.php b/application/Bootstrap.php
--- a/application/Bootstrap.php
+++ b/application/Bootstrap.php
@@ -1,4 +1,5 @@
 <?php
 class Bootstrap
 {
+    // fixed
 }
"""
RENAMES = b"""diff --git a/application/Bootstrap.php b/library/Start.php
similarity index 100%
rename from application/Bootstrap.php
rename to library/Start.php
"""
CREATES = b"""diff --git a/application/configs/daily.php b/application/configs/daily.php
new file mode 100644
--- /dev/null
+++ b/application/configs/daily.php
@@ -0,0 +1 @@
+<?php return array();
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    for path, content in FILES.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return folder


@pytest.fixture
def repository(shop: Path) -> Path:
    for command in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "--all"],
        ["-c", "user.name=x", "-c", "user.email=x@x.example", "commit", "--quiet", "-m", "x"],
        ["tag", "1.5"],
    ):
        subprocess.run(["git", "-C", str(shop), *command], check=True, capture_output=True)
    (shop / "public/index.php").write_bytes(b"<?php // not committed\n")
    return shop


def patch(tmp_path: Path, content: bytes) -> Path:
    place = tmp_path / "fix.patch"
    place.write_bytes(content)
    return place


def release(**changed: bytes | None) -> dict[str, str]:
    """Give what a server lists of the shop, but for some files."""
    files: dict[str, bytes | None] = {**FILES, **changed}
    return {
        path: hashlib.sha256(content).hexdigest()
        for path, content in files.items()
        if content is not None and not path.endswith(".png")
    }


class TestSources:
    def test_folder_gives_its_files_without_gits_own(self, repository: Path) -> None:
        with read_code(str(repository)) as code:
            assert code.files == tuple(sorted(FILES))
            assert code.described == "the folder shop"
            assert code.read("public/index.php") == b"<?php // not committed\n"
        assert not code.archive.exists()

    @pytest.mark.parametrize("alone", [True, False])
    def test_ref_gives_what_is_committed(self, repository: Path, alone: bool) -> None:  # noqa: FBT001
        source = "1.5" if alone else f"{repository}@1.5"
        with read_code(source, repository=repository if alone else None) as code:
            assert code.described.startswith("shop at 1.5 (")
            assert {path: code.read(path) for path in code.files} == FILES

    def test_equal_files_have_one_digest_whatever_they_come_from(
        self, repository: Path, tmp_path: Path
    ) -> None:
        (repository / "public/index.php").write_bytes(FILES["public/index.php"])
        packed = tmp_path / "shop.tar.gz"
        with tarfile.open(packed, "w:gz") as archive:
            archive.add(repository, "shop-1.5")
        sources = (str(repository), f"{repository}@1.5", str(packed))
        codes = [read_code(source) for source in sources]
        assert len({code.digest for code in codes}) == 1
        assert len({code.archive.read_bytes() for code in codes}) == 1
        (repository / "public/index.php").chmod(0o755)
        with read_code(str(repository)) as changed:
            assert changed.digest != codes[0].digest
        for code in codes:
            code.remove()

    def test_links_stay_if_they_stay_inside(self, shop: Path) -> None:
        (shop / "current").symlink_to("public")
        (shop / "public/out").symlink_to("../../elsewhere")
        (shop / "public/passwd").symlink_to("/etc/passwd")
        os.mkfifo(shop / "pipe")
        with read_code(str(shop)) as code:
            assert set(code.files) == {*FILES, "current"}
            (told,) = code.told
            assert told.endswith("are no files: pipe, public/out, public/passwd")

    @pytest.mark.parametrize(
        ("name", "link"), [("a", "/etc/passwd"), ("a/b", "../../x"), ("../x", ""), ("/etc/x", "")]
    )
    def test_archive_that_leads_outside_is_refused(
        self, tmp_path: Path, name: str, link: str
    ) -> None:
        place = tmp_path / "bad.tar"
        with tarfile.open(place, "w") as archive:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = (tarfile.SYMTYPE, link) if link else (tarfile.REGTYPE, "")
            archive.addfile(entry, io.BytesIO())
        with pytest.raises(CodeRefused, match="outside"):
            read_code(str(place))

    @pytest.mark.parametrize(
        ("source", "message"),
        [
            ("nowhere", "the code nowhere is not there"),
            ("{shop}@9.9", "has no commit, tag or branch 9.9"),
            ("{shop}@--output=x", "cannot be the name"),
            ("{empty}", "holds no files"),
            ("{empty}@1", "is no git repository"),
            ("{file}", "is no tar archive"),
        ],
    )
    def test_what_cannot_be_code_is_refused_by_name(
        self, repository: Path, tmp_path: Path, source: str, message: str
    ) -> None:
        empty = tmp_path / "empty"
        empty.mkdir()
        file = tmp_path / "file"
        file.write_bytes(b"no archive at all")
        with pytest.raises(CodeRefused, match=message):
            read_code(source.format(shop=repository, empty=empty, file=file))

    def test_folder_that_is_no_application_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_bytes(b"x")
        with read_code(str(tmp_path)) as code:
            assert "does not look like an application" in code.told[0]


class TestRelease:
    def compare(self, shop: Path, listed: dict[str, str]) -> Code:
        with read_code(str(shop)) as code:
            return as_on_server(code, captured_server(release=listed))

    def test_file_that_the_server_lacks_is_left_out(self, shop: Path) -> None:
        listed = release(**{"application/configs/daily.php": None})
        with self.compare(shop, listed) as code:
            assert set(code.files) == set(FILES) - {"application/configs/daily.php"}
            assert code.told == (
                "web1 lacks 1 file, left out here too: application/configs/daily.php",
            )

    def test_differences_are_told_and_nothing_else_changes(self, shop: Path) -> None:
        listed = release(**{"public/index.php": b"other", "library/Old.php": b"x"})
        with self.compare(shop, listed) as code:
            assert code.files == tuple(sorted(FILES))
            assert code.told == (
                "web1 runs 1 file with another content: public/index.php",
                "web1 has 1 file that the code lacks: library/Old.php",
            )

    def test_without_a_list_or_with_that_of_another_application_nothing_is_left_out(
        self, shop: Path
    ) -> None:
        for listed in ({}, {"wp-login.php": "0" * 64}):
            with self.compare(shop, listed) as code:
                assert code.files == tuple(sorted(FILES))
                assert code.told

    def test_kinds_of_files_that_are_not_listed_are_not_missing(self, shop: Path) -> None:
        (shop / "big.php").write_bytes(b"x" * 1_100_000)
        (shop / "ä b.php").write_bytes(b"x")
        with read_code(str(shop)) as code:
            compared = compare_with_release(code, release())
        assert (compared.missing_on_server, compared.changed, compared.unknown) == ((), (), ())


class TestPatches:
    def test_patch_changes_a_copy(self, shop: Path, tmp_path: Path) -> None:
        fix = patch(tmp_path, PATCH)
        with read_code(str(shop)) as code, apply_patch(code, fix) as fixed:
            assert b"// fixed" in (fixed.read("application/Bootstrap.php") or b"")
            assert b"// fixed" not in (code.read("application/Bootstrap.php") or b"")
            assert fixed.described == "the folder shop with fix.patch"
        assert changed_files(fix) == ("application/Bootstrap.php",)

    def test_file_that_a_patch_creates_may_be_there_on_one_server_and_not_on_another(
        self, shop: Path, tmp_path: Path
    ) -> None:
        fix = patch(tmp_path, CREATES + PATCH)
        with read_code(str(shop)) as code, apply_patch(code, fix) as fixed:
            assert fixed.files == code.files
            assert b"// fixed" in (fixed.read("application/Bootstrap.php") or b"")
            whole = fixed.digest
        (shop / "application/configs/daily.php").unlink()
        with read_code(str(shop)) as code, apply_patch(code, fix) as fixed:
            assert fixed.digest == whole

    def test_patch_that_does_not_fit_names_the_file(self, shop: Path, tmp_path: Path) -> None:
        (shop / "application/Bootstrap.php").write_bytes(b"<?php\n// another\n")
        with read_code(str(shop)) as code, pytest.raises(PatchRefused) as caught:
            apply_patch(code, patch(tmp_path, CREATES + PATCH))
        assert caught.value.findings == ("application/Bootstrap.php does not fit at line 1",)

    def test_patch_of_a_file_that_is_not_there_names_it(self, shop: Path, tmp_path: Path) -> None:
        (shop / "application/Bootstrap.php").unlink()
        with read_code(str(shop)) as code, pytest.raises(PatchRefused) as caught:
            apply_patch(code, patch(tmp_path, PATCH))
        assert caught.value.findings == ("application/Bootstrap.php is not there",)

    def test_patch_that_renames_what_is_not_there_is_never_taken_for_applied(
        self, shop: Path, tmp_path: Path
    ) -> None:
        fix = patch(tmp_path, RENAMES)
        with read_code(str(shop)) as code, apply_patch(code, fix) as fixed:
            assert set(fixed.files) - set(code.files) == {"library/Start.php"}
        (shop / "application/Bootstrap.php").unlink()
        with read_code(str(shop)) as code, pytest.raises(PatchRefused) as caught:
            apply_patch(code, fix)
        assert caught.value.findings == ("application/Bootstrap.php is not there",)

    def test_patch_never_writes_outside(self, shop: Path, tmp_path: Path) -> None:
        outside = PATCH.replace(b"application/Bootstrap.php", b"../outside.php")
        (tmp_path / "outside.php").write_bytes(FILES["application/Bootstrap.php"])
        with read_code(str(shop)) as code, pytest.raises(PatchRefused):
            apply_patch(code, patch(tmp_path, outside))
        assert (tmp_path / "outside.php").read_bytes() == FILES["application/Bootstrap.php"]

    def test_what_is_no_patch_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(PatchRefused, match="is no patch"):
            changed_files(patch(tmp_path, b"hello\n"))

    def test_without_git_it_says_so(
        self, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with read_code(str(shop)) as code, pytest.raises(CodeRefused, match="git is not installed"):
            apply_patch(code, patch(tmp_path, PATCH))


class TestSettingsOfTheRelease:
    PATH = "application/configs/application.ini"

    def settled(self, code: Code, production: bytes, before: Code | None = None) -> str:
        facts = {"php.fpm.version": "8.2.1", "release.path": "/srv/shop"}
        files = {f"/srv/shop/{self.PATH}": production}
        listed = {self.PATH: hashlib.sha256(production).hexdigest()}
        captured = captured_server("web1", files, facts=facts, release=listed)
        server = plan_server(captured, filled_servers(captured))
        (text,) = (
            one.content.decode()
            for one in settle_settings(server, captured, code, before)
            if one.path.endswith(self.PATH)
        )
        return text

    def test_same_file_as_in_production_keeps_all_but_what_leads_there(self, shop: Path) -> None:
        with read_code(str(shop)) as code:
            text = self.settled(code, FILES[self.PATH])
        assert text == (
            '[production]\nshop.title = "Shop"\nresources.db.params.host = "database"\n'
            "shop.per_page = 20\nshop.days = 30\n"
        )

    def test_production_with_another_file_has_its_own(self, shop: Path) -> None:
        production = FILES[self.PATH].replace(b"20", b"50").replace(b"shop.days = 30\n", b"")
        with read_code(str(shop)) as code:
            text = self.settled(code, production)
        assert "shop.per_page = 50" in text
        assert "shop.days" not in text

    @pytest.mark.parametrize("same", [True, False])
    def test_what_a_patch_sets_holds_either_way(self, shop: Path, same: bool) -> None:  # noqa: FBT001
        production = FILES[self.PATH] if same else FILES[self.PATH].replace(b"20", b"50")
        with read_code(str(shop)) as before:
            changed = FILES[self.PATH].replace(
                b"shop.days = 30\n", b"shop.days = 7\nshop.new = 1\n"
            )
            (shop / self.PATH).write_bytes(changed)
            with read_code(str(shop)) as code:
                text = self.settled(code, production, before)
        assert "shop.days = 7\nshop.new = 1\n" in text
        assert f"shop.per_page = {20 if same else 50}\n" in text
        assert 'host = "database"' in text
