"""`sandbox up`: what is up then is production in small, and several do not disturb each other."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest

from commands import sandbox
from sandbox.replica.engine import Engine
from sandbox.replica.owned_images import owned_images
from sandboxes import Sandbox, get, parts_of, read_until, remove, running_up, up_arguments
from small_shop import LOST, RELEASE, ROWS, SQL_MODE, SmallShop

pytestmark = pytest.mark.docker

SECOND = f"test-{os.getpid()}-second"


class TestUp:
    def test_ends_with_addresses_that_answer_from_the_data(self, shop: Sandbox) -> None:
        assert set(shop.data["urls"]) == {"web1", "web2", "sink"}
        for server in ("web1", "web2"):
            answer = shop.get(server, "/orders/1")
            assert (answer.status, answer.json) == (
                200,
                {
                    "id": 1, "customer_id": 1, "ordered_on": "2026-01-02", "city": "Köln",
                    "date": "02.01.2026",
                },
            )  # fmt: skip
        assert shop.get("sink", "/").status == 200

    def test_tells_what_it_is_as_json_without_the_password(
        self, engine: Engine, shop: Sandbox
    ) -> None:
        data = shop.data
        assert (data["database"]["rows"], data["database"]["tables"]) == (ROWS, 3)
        assert [one["name"] for one in data["servers"]] == ["web1", "web2"]
        assert data["blocked"] > 100
        state = json.loads(shop.container(engine, "gateway").read("/etc/sandbox/state.json"))
        assert len(state["database"]["password"]) > 10
        assert state["database"]["password"] not in shop.said.said

    def test_production_s_settings_are_in_force(self, engine: Engine, shop: Sandbox) -> None:
        answer = shop.get("web1", "/about")
        assert answer.headers["Cache-Control"] == "max-age=604800"
        assert answer.json == {
            "database": [SQL_MODE, "+03:00", "latin1"], "memory": "77M", "vars": "1234",
            "zone": "Pacific/Auckland", "greeting": "hello",
        }  # fmt: skip
        web1 = shop.container(engine, "web1")
        workers = "grep -la '[p]hp-fpm: pool shop' /proc/[0-9]*/cmdline | wc -l"
        assert int(web1.must_run(["sh", "-c", workers])) == 3
        assert web1.must_run(["date", "+%Z"]).strip() in {"NZDT", "NZST"}

    def test_nothing_of_a_placeholder_is_left_in_settings(
        self, engine: Engine, shop: Sandbox
    ) -> None:
        command = ["sh", "-c", f"cat /etc/shop/* /etc/php/8.2/fpm/*/* {RELEASE}/*/*/*"]
        text = shop.container(engine, "web1").must_run(command)
        assert "resources.db.params.password" in text
        assert "@secret:" not in text
        assert "firma" not in text

    def test_a_file_that_one_server_lacks_is_left_out_there(
        self, engine: Engine, shop: Sandbox
    ) -> None:
        assert shop.get("web1", "/daily").json == {"orders": 4}
        assert shop.get("web2", "/daily").status == 500
        lost = ["test", "-e", f"{RELEASE}/{LOST}"]
        assert [shop.container(engine, one).run(lost).exit_code for one in ("web1", "web2")] == [
            0,
            1,
        ]
        told = {one["name"] for one in shop.data["servers"] if LOST in one["code"]}
        assert told == {"web2"}

    def test_an_outbound_call_ends_in_the_sink(self, shop: Sandbox) -> None:
        assert shop.get("web1", "/charge").json["said"] == "charged"
        (call,) = shop.get("sink", "/api/calls").json
        assert (call["method"], call["status"]) == ("GET", 201)


@pytest.fixture(scope="module")
def second(engine: Engine, small: SmallShop, shop: Sandbox) -> Iterator[tuple[str, str, str]]:
    """Bring another one of the same bundle up, and once more meanwhile; give what was said."""
    assert shop.name != SECOND
    try:
        with running_up(*up_arguments(small, SECOND)) as process:
            before = read_until(process, "images")
            meanwhile = sandbox(*up_arguments(small, SECOND))
            said, more = process.communicate(timeout=240)
        assert process.returncode == 0, before + more
        assert meanwhile.exit_code == 14, meanwhile.said
        yield said, before + more, meanwhile.said
    finally:
        remove(engine, SECOND)


class TestTwo:
    def test_second_one_says_where_it_is_and_what_comes_next(
        self, second: tuple[str, str, str], small: SmallShop
    ) -> None:
        said, progress, _ = second
        assert f"database  {ROWS} rows in 3 tables, mariadb 10.11" in said
        assert f"the folder {small.code.name}" in said
        assert f"Next:  sandbox reproduce --name {SECOND}" in said
        stages = [line.split()[0] for line in progress.splitlines()]
        assert "load" not in stages  # the golden database of the first one is used

    def test_a_second_up_of_the_same_name_is_told_that_one_is_at_work(
        self, second: tuple[str, str, str]
    ) -> None:
        assert second[2].count("error: ") == 1
        assert f"another command works on the sandbox {SECOND}" in second[2]
        assert "--name" in second[2]

    def test_both_answer_at_ports_of_their_own(
        self, second: tuple[str, str, str], engine: Engine, shop: Sandbox
    ) -> None:
        assert second
        container = Sandbox(SECOND, shop.said).container(engine, "gateway")
        ports = {name: container.port(inner) for name, inner in (("web1", 10001), ("sink", 8025))}
        assert not set(ports.values()) & set(shop.data["ports"].values())
        assert get(ports["web1"], "/orders/2").json["date"] == "03.01.2026"
        assert get(ports["sink"], "/api/calls").json == []

    def test_a_name_that_is_taken_is_refused_with_what_to_do(
        self, small: SmallShop, engine: Engine, shop: Sandbox
    ) -> None:
        before = parts_of(engine, shop.name)
        ended = sandbox(*up_arguments(small, shop.name))
        assert (ended.exit_code, ended.stderr.count("error: ")) == (14, 1)
        assert "--replace" in ended.stderr
        assert parts_of(engine, shop.name) == before
        assert shop.get("web1", "/orders/1").status == 200

    def test_replace_puts_another_one_in_its_place_with_code_for_one_server(
        self, second: tuple[str, str, str], small: SmallShop, engine: Engine, shop: Sandbox
    ) -> None:
        assert second
        was = Sandbox(SECOND, shop.said).container(engine, "web1").id
        other = small.folder / "other"
        other.mkdir()
        (other / "public").mkdir()
        (other / "public/index.php").write_text("<?php echo 'other code';")
        done = sandbox(*up_arguments(small, SECOND, f"--app=web2={other}", "--replace", "--json"))
        assert done.exit_code == 0, done.said
        assert f"the sandbox {SECOND} was replaced" in done.stderr
        replaced = Sandbox(SECOND, done)
        assert replaced.container(engine, "web1").id != was
        assert replaced.get("web1", "/orders/1").status == 200
        assert replaced.get("web2", "/orders/1").body == b"other code"

    def test_down_removes_all_of_one_and_nothing_of_the_other(
        self, second: tuple[str, str, str], engine: Engine, shop: Sandbox
    ) -> None:
        assert second
        before = parts_of(engine, shop.name), owned_images(engine, shop.name)
        assert parts_of(engine, SECOND)
        done = sandbox("down", "--name", SECOND, "--yes")
        assert done.exit_code == 0, done.said
        assert parts_of(engine, SECOND) == []
        assert owned_images(engine, SECOND) == ()
        assert (parts_of(engine, shop.name), owned_images(engine, shop.name)) == before
        assert shop.get("web1", "/orders/1").status == 200
