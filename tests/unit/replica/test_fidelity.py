from __future__ import annotations

import datetime as dt

import pytest

from bundle_samples import manifest_of
from sandbox.bundle.manifest import ColumnEntry, TableEntry
from sandbox.capture.archive import ServerCapture
from sandbox.replica.fidelity import compare_data, compare_server
from sandbox.replica.servers.captured import CapturedServer

FACTS = {
    "system.ID": "debian", "system.VERSION_ID": "12", "php.fpm.version": "8.2.1",
    "nginx.version": "1.22.1", "time.zone": "Europe/Berlin", "captured_at": "yesterday",
}  # fmt: skip


def differences(production: CapturedServer, here: ServerCapture) -> set[tuple[str, str, str]]:
    """Give what differs, as name, value there and value here."""
    found = compare_server(production, here)
    assert all(one.where == production.name for one in found)
    return {(one.what, one.production, one.here) for one in found}


def test_servers_that_are_the_same_do_not_differ() -> None:
    same = {
        "facts": FACTS, "extensions": {"pdo": "1"}, "release": {"a.php": "1"},
        "php_settings": b'memory_limit = "1M"\n',
    }  # fmt: skip
    assert compare_server(CapturedServer("web1", **same), ServerCapture("web1", **same)) == ()  # type: ignore[arg-type]


def test_what_production_does_not_tell_is_no_difference() -> None:
    here = ServerCapture(
        "web1", facts=FACTS, extensions={"pdo": "1"}, release={"a.php": "1"},
        php_settings=b'memory_limit = "1M"\n',
    )  # fmt: skip
    assert compare_server(CapturedServer("web1"), here) == ()


def test_facts_that_say_when_or_by_whom_are_not_compared() -> None:
    here = FACTS | {"captured_at": "today", "php.fpm.version": "8.2.9", "system.VERSION_ID": "13"}
    assert differences(CapturedServer("web1", facts=FACTS), ServerCapture("web1", facts=here)) == {
        ("operating system", "debian 12", "debian 13"),
        ("php-fpm", "8.2.1", "8.2.9"),
    }


def test_extensions_that_are_missing_added_or_older_differ() -> None:
    there = {"gd": "8.2.1", "pdo": "1", "Zend OPcache": "1", "apcu": ""}
    here = {"pdo": "2", "Zend OPcache": "1", "xdebug": "3"}
    production = CapturedServer("web1", extensions=there)
    assert differences(production, ServerCapture("web1", extensions=here)) == {
        ("extension apcu", "loaded", ""),
        ("extension gd", "8.2.1", ""),
        ("extension pdo", "1", "2"),
        ("extension xdebug", "", "3"),
    }


def test_settings_of_php_that_left_production_are_compared() -> None:
    there = b'a.b = "1"\nsecret = "@secret:secret:text:3-3@"\ncli.prompt = "x"\nonly = "there"\n'
    here = b'a.b = "2"\nsecret = "abc"\ncli.prompt = "y"\nmore = "here"\nbroken\n'
    production = CapturedServer("web1", php_settings=there)
    assert differences(production, ServerCapture("web1", php_settings=here)) == {
        ("php a.b", "1", "2")
    }


def test_files_of_the_release_are_compared_by_their_digests() -> None:
    there = {f"{name}.php": name for name in ("same", "lost", "other")}
    here = there | {"other.php": "changed", "new.php": "new"}
    del here["lost.php"]
    found = compare_server(
        CapturedServer("web1", release=there), ServerCapture("web1", release=here)
    )
    assert {(one.what, one.why) for one in found} == {
        ("code not here", "lost.php"),
        ("code only here", "new.php"),
        ("code not the same", "other.php"),
    }


def test_of_many_files_some_are_named_and_the_others_counted() -> None:
    there = {f"{number}.php": "x" for number in range(8)}
    (one,) = compare_server(
        CapturedServer("web1", release=there | {"same.php": "x"}),
        ServerCapture("web1", release={"same.php": "x"}),
    )
    assert one.why == "0.php, 1.php, 2.php, 3.php, 4.php and 3 more"
    assert (one.production, one.here) == ("9 files", "1 files")


def test_a_broken_text_is_compared_as_far_as_it_goes() -> None:
    production = CapturedServer("web1", php_settings=b'a = "\xff"\nb = "1"\n')
    here = ServerCapture("web1", php_settings=b'a = "\xff"\nb = "2"\n')
    assert differences(production, here) == {("php b", "1", "2")}


@pytest.mark.parametrize(
    ("in_source", "kept", "told"),
    [
        (0, True, []),
        (None, True, []),
        (3_000_000, True, ["rows"]),
        (0, False, ["personal data"]),
        (3_000_000, False, ["rows", "personal data"]),
    ],
)
def test_a_sample_and_its_masking_are_differences(
    in_source: int | None, told: list[str], *, kept: bool
) -> None:
    manifest = manifest_of().model_copy(
        update={
            "created": dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
            "tables": [
                TableEntry(
                    name="orders", engine="InnoDB", rows_in_source=in_source,
                    columns=[ColumnEntry(name="id", kind="int", declared="int", kept=kept)],
                )
            ],
        }
    )  # fmt: skip
    found = list(compare_data(manifest))
    assert [one.what for one in found] == told
    if "rows" in told:
        assert (found[0].production, found[0].here) == ("about 3,000,000", "0")
