"""`reproduce` and `try` on a sandbox that is up: verdicts, and that nothing else is written to."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest

from commands import Ended, sandbox
from sandbox.replica.engine import Engine
from sandboxes import Sandbox, parts_of, running_up
from servers import eventually
from small_shop import SETTINGS, SmallShop

pytestmark = pytest.mark.docker


@pytest.fixture(autouse=True)
def nothing_else_changes(engine: Engine, shop: Sandbox) -> Iterator[None]:
    """Check that no clone is left, and that the sandbox's own rows stay what they were."""
    before = parts_of(engine, shop.name), rows_of(engine, shop)
    yield
    assert (parts_of(engine, shop.name), rows_of(engine, shop)) == before


def rows_of(engine: Engine, shop: Sandbox) -> str:
    sums = "CHECKSUM TABLE shop.customers, shop.orders, shop.notes"
    return shop.container(engine, "database").must_run(["mariadb", "--execute", sums])


def tried(shop: Sandbox, *arguments: object) -> Ended:
    usual = ("--healthy=3", "--repeat=2", "--name", shop.name, "--json")
    return sandbox("try", *map(str, arguments), *usual)


def test_what_failed_in_production_fails_here_on_the_same_servers(shop: Sandbox) -> None:
    done = sandbox("reproduce", "--name", shop.name, "--json")
    assert done.exit_code == 0, done.said
    requests = {one["url"]: one for one in done.data["requests"]}
    assert {url: one["answer"] for url, one in requests.items()} == dict.fromkeys(
        ("/orders/4", "/daily", "/notes"), "reproduced"
    )
    daily = {one["name"]: one["came"] for one in requests["/daily"]["servers"]}
    assert daily == {"web1": "works", "web2": "same"}


def test_a_patch_that_mends_one_failure_fixes_it(small: SmallShop, shop: Sandbox) -> None:
    old = "throw new DateError('a date cannot be read');"
    patch = small.patch("right", "library/Dates.php", old, "return null;")
    done = tried(shop, patch, "--request=r1")
    assert (done.exit_code, done.data["verdict"]) == (0, "FIXED"), done.said
    assert done.data["fixed"] == ["r1"]


@pytest.mark.heavy  # as the demo's test does
def test_a_patch_that_mends_nothing_has_no_effect(small: SmallShop, shop: Sandbox) -> None:
    patch = small.patch("comment", "library/Dates.php", "<?php\n", "<?php\n// mended\n")
    done = tried(shop, patch)
    assert (done.exit_code, done.data["verdict"]) == (3, "NO EFFECT"), done.said
    assert done.data["reproduced"] == ["r1", "r2", "r3"]


def test_a_patch_of_settings_in_the_release_counts(small: SmallShop, shop: Sandbox) -> None:
    """What it changes for others is seen, and production's other settings stay in force."""
    patch = small.patch("greeting", SETTINGS, '"hello"', '"good day"')
    done = tried(shop, patch)
    assert (done.exit_code, done.data["verdict"]) == (3, "NO EFFECT, BUT OTHERS CHANGED"), done.said
    changed = [one for one in done.data["pairs"] if one["effect"] == "changed"]
    assert {(one["url"], one["server"]) for one in changed} == {
        ("/about", "web1"), ("/about", "web2"),
    }  # fmt: skip
    (difference,) = changed[0]["differences"]
    assert difference["path"] == "$.greeting"


def test_a_patch_that_does_not_fit_is_refused(small: SmallShop, shop: Sandbox) -> None:
    patch = small.patch("unfit", "library/Dates.php", "implode", "join")
    patch.write_text(patch.read_text().replace("array_reverse", "array_turned"))
    ended = tried(shop, patch)
    assert ended.exit_code == 2, ended.said
    assert "library/Dates.php" in ended.said


@pytest.mark.parametrize(
    ("sent", "exit_code", "seconds"),
    [(signal.SIGINT, 130, 0.3), pytest.param(signal.SIGTERM, 143, 3, marks=pytest.mark.heavy)],
)
def test_an_experiment_that_is_ended_leaves_no_clone(
    engine: Engine, shop: Sandbox, sent: signal.Signals, exit_code: int, seconds: float
) -> None:
    before = parts_of(engine, shop.name)
    with running_up("reproduce", "--repeat=100", "--name", shop.name) as process:
        eventually(lambda: parts_of(engine, shop.name) != before)
        time.sleep(seconds)
        process.send_signal(sent)
        said = "".join(process.communicate(timeout=90))
    assert process.returncode == exit_code, said
    assert "Traceback" not in said
