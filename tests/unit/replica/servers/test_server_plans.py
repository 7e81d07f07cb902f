"""A captured server is planned for the image: what fits stays, what does not is told."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captured_servers import (
    DEMO_FACTS,
    DOCKER,
    DOCKER_EXTENSIONS,
    DOCKER_FACTS,
    FPM_CONF,
    RED_HAT,
    RED_HAT_EXTENSIONS,
    RED_HAT_FACTS,
    demo_files,
    planned,
    site,
    text_of,
)
from sandbox.replica.servers.credentials import PLACEHOLDER
from sandbox.replica.servers.image_contents import nearest_php
from sandbox.replica.servers.nginx_tree import NginxTree, statements
from sandbox.replica.servers.settings_files import check_commands
from sandbox.replica.servers.web_server import LogPlace, WebServer

SITE = "/etc/nginx/sites-enabled/shop"
FACTS = {"php.fpm.version": "8.2.1", "release.path": "/srv/app"}


def plan_site(body: bytes, **more: object) -> WebServer:
    return planned(site(body), facts=FACTS, **more)


def told(server: WebServer) -> str:
    return "\n".join(server.differs)


class TestDemo:
    def test_settings_stay_as_they_are_but_for_placeholders(self) -> None:
        server = planned()
        for path, text in demo_files().items():
            kept = text_of(server, path).splitlines()
            same = [line for line in text.decode().splitlines() if line in kept]
            assert len(same) >= len(kept) - 12, path
        assert server.differs == ()

    def test_facts_become_the_servers_own(self) -> None:
        server = planned()
        assert (server.php, server.release, server.port) == ("8.2", "/srv/shop/releases/1.5", 80)
        assert server.links == (("/srv/shop/current", "/srv/shop/releases/1.5"),)
        assert (server.time_zone, server.locale) == ("Europe/Berlin", "de_DE.UTF-8")
        assert {"/var/log/nginx", "/var/log/php", "/var/log/shop"} <= set(server.folders)
        assert LogPlace("/var/log/shop/shop.log", "application") in server.logs
        assert LogPlace("/var/log/php/slow.log", "php") in server.logs

    def test_extensions_that_production_does_not_load_are_taken_away(self) -> None:
        removed = planned().removed
        assert "/etc/php/8.2/fpm/conf.d/20-intl.ini" in removed
        assert "/etc/php/8.2/fpm/conf.d/20-pdo_mysql.ini" not in removed

    def test_rotated_logs_are_not_written_here(self) -> None:
        logs = tuple(
            LogPlace(f"/var/log/nginx/access.log{end}", "nginx-access")
            for end in ("", ".1", ".2.gz", "-20261130")
        )
        kept = [one.path for one in planned(logs=logs).logs if "access" in one.path]
        assert kept == ["/var/log/nginx/access.log"]


class TestLayouts:
    def test_red_hats_settings_lie_where_the_image_looks(self) -> None:
        server = planned(RED_HAT, facts=RED_HAT_FACTS, extensions=RED_HAT_EXTENSIONS)
        paths = {one.path for one in server.files}
        folder = "/etc/php/8.2/fpm"
        assert {f"{folder}/{one}" for one in ("php-fpm.conf", "php.ini", "pool.d/www.conf")} < paths
        assert not [path for path in paths if path.startswith(("/etc/php.", "/etc/php-fpm"))]
        assert "php 8.2 (production 8.1.30)" in server.differs
        assert "PHP's extension redis is not in the image" in server.differs
        assert ";extension=redis" in text_of(server, f"{folder}/conf.d/50-redis.ini")
        assert f"{folder}/conf.d/20-ctype.ini" not in server.removed  # built into Red Hat's PHP
        pool = text_of(server, f"{folder}/pool.d/www.conf")
        assert "user = www-data" in pool
        assert "php_value[session.save_handler] = files" in pool
        assert ";display_errors" in text_of(server, f"{folder}/php.ini")

    def test_tls_becomes_plain_and_php_still_hears_of_it(self) -> None:
        server = planned(RED_HAT, facts=RED_HAT_FACTS, extensions=RED_HAT_EXTENSIONS)
        text = text_of(server, "/etc/nginx/nginx.conf")
        assert server.port == 443
        assert "listen 443 default_server;" in text
        assert "ssl_certificate" not in text
        assert "fastcgi_param HTTPS on;" in text
        assert "certificates were not captured" in told(server)

    def test_dockers_settings_lie_where_the_image_looks(self) -> None:
        server = planned(DOCKER, facts=DOCKER_FACTS, extensions=DOCKER_EXTENSIONS)
        assert (server.php, server.port, server.links) == ("8.4", 8080, ())
        folder = "/etc/php/8.4/fpm"
        assert "pid = /run/php/php8.4-fpm.pid" in text_of(server, f"{folder}/php-fpm.conf")
        assert "listen = 9000" in text_of(server, f"{folder}/pool.d/zz-docker.conf")
        site_text = text_of(server, "/etc/nginx/conf.d/default.conf")
        assert "fastcgi_pass 127.0.0.1:9000;" in site_text
        assert f"{folder}/php.ini" in server.removed  # theirs has none
        assert f"{folder}/conf.d/20-intl.ini" in server.removed

    def test_variables_without_values_are_told_where_php_sees_them(self) -> None:
        names = ("HOME", "PHP_VERSION", "SHOP_TOKEN")
        server = planned(DOCKER, facts=DOCKER_FACTS, environment=names)
        assert "variables that PHP sees in production have no value: SHOP_TOKEN" in server.differs
        assert "variables" not in told(planned(environment=names))  # its pool passes none on

    def test_nothing_captured_is_a_plain_site_of_the_release(self) -> None:
        server = planned({}, facts={"release.path": "/srv/x/1"}, release={"htdocs/index.php": ""})
        assert "root /srv/x/1/htdocs;" in text_of(server, "/etc/nginx/sites-enabled/default")
        assert "php 8.2: the capture does not tell production's version" in server.differs
        assert "a plain site stands in" in told(server)

    def test_of_two_versions_of_php_the_one_that_answers_is_taken(self) -> None:
        files = demo_files() | {
            "/etc/php/7.4/fpm/php-fpm.conf": FPM_CONF.replace(b"8.2", b"7.4"),
            "/etc/php/7.4/fpm/php.ini": b"memory_limit = 1M\n",
        }
        server = planned(files, facts=DEMO_FACTS)
        assert server.php == "8.2"
        assert "memory_limit = 1M" not in text_of(server, "/etc/php/8.2/fpm/php.ini")
        assert "of 2 php-fpm only that of /etc/php/8.2/fpm is here" in server.differs


class TestNginx:
    @pytest.mark.parametrize(
        ("listen", "port"),
        [
            (b"", 80),
            (b"listen 80;", 80),
            (b"listen [::]:8080 ipv6only=off;", 8080),
            (b"listen 127.0.0.1:8081;", 8081),
            (b"listen kanarie.intern:8082;", 80),  # the port stayed in production, too
            (b"listen 10.20.30.40:8082 ssl;", 443),
            (b"listen 80; listen 443 ssl;", 443),
            (b"listen 8443 ssl http2 proxy_protocol;", 8443),
        ],
    )
    def test_application_listens_once_for_any_host_without_options(
        self, listen: bytes, port: int
    ) -> None:
        server = plan_site(listen + b" root /srv/app/public;")
        assert server.port == port
        assert text_of(server, SITE).count(f"listen {port} default_server;") == 1
        for word in ("ssl", "http2", "proxy_protocol", "[::]", "ipv6only"):
            assert word not in text_of(server, SITE)

    def test_server_of_the_application_takes_over_from_another_default(self) -> None:
        files = site(b"listen 80; root /srv/app/public;") | {
            "/etc/nginx/sites-enabled/a": b"server { listen 80 default_server; return 444; }\n"
        }
        server = planned(files, facts=FACTS)
        assert "listen 80 default_server;" in text_of(server, SITE)
        assert "default_server" not in text_of(server, "/etc/nginx/sites-enabled/a")
        assert "whatever host is asked for, port 80 serves the application" in server.differs

    def test_secret_socket_of_the_only_pool_is_the_same_on_both_sides(self) -> None:
        files = site(b"listen 80;", target=b"unix:/run/kanarie/kanarie.sock") | {
            "/etc/php/8.2/fpm/pool.d/k.conf": b"[shop]\nlisten = /run/kanarie/kanarie.sock\n"
        }
        server = planned(files, facts=FACTS)
        assert "listen = /run/php/1.sock" in text_of(server, "/etc/php/8.2/fpm/pool.d/k.conf")
        assert "fastcgi_pass unix:/run/php/1.sock;" in text_of(server, SITE)
        assert "/etc/php/8.2/fpm/pool.d/www.conf" in server.removed

    @pytest.mark.parametrize(
        "directive",
        [
            b"brotli on;",
            b"more_set_headers 'Server: x';",
            b"auth_basic Kanarie; auth_basic_user_file /etc/nginx/kanarie;",
            b"limit_conn_status kanarie;",
            b"include /etc/nginx/kanarie.conf;",
        ],
    )
    def test_what_the_image_cannot_do_is_left_out_and_told(self, directive: bytes) -> None:
        server = plan_site(b"listen 80; root /srv/app/public; " + directive)
        assert directive.split()[0].decode() + " " not in text_of(server, SITE).partition("loc")[0]
        assert SITE in told(server)

    def test_module_that_the_image_lacks_goes_with_its_file(self) -> None:
        folder = "/etc/nginx/modules-enabled"
        files = site(b"listen 80;") | {
            f"{folder}/50-mod-http-echo.conf": b"load_module modules/ngx_http_echo_module.so;",
            f"{folder}/50-mod-stream.conf": b"load_module modules/ngx_stream_module.so;",
        }
        server = planned(files, facts=FACTS)
        paths = {one.path for one in server.files}
        assert f"{folder}/50-mod-http-echo.conf" in paths
        assert f"{folder}/50-mod-stream.conf" not in paths
        assert "nginx's module ngx_stream_module is not in the image" in server.differs

    def test_group_of_other_servers_goes_to_the_sink_by_its_name(self) -> None:
        files = site(b"listen 80; location /x { proxy_pass http://search_api/; }") | {
            "/etc/nginx/conf.d/u.conf": b"upstream search_api { server 10.1.2.3:80; }\n"
        }
        server = planned(files, facts=FACTS)
        assert "server 127.0.0.1:9;" in text_of(server, "/etc/nginx/conf.d/u.conf")
        assert "search-api.sink.example; proxy_pass http://$sandbox" in text_of(server, SITE)

    def test_requests_for_other_servers_go_to_the_sink(self) -> None:
        body = b"listen 80; location /x { proxy_pass http://kanarie.intern:8080/a; }"
        server = plan_site(body)
        assert "proxy-pass.sink.example; proxy_pass http://$sandbox_server" in text_of(server, SITE)
        assert "resolver 127.0.0.11" in text_of(server, "/etc/nginx/nginx.conf")

    @given(st.binary(max_size=300))
    def test_any_bytes_are_cut_and_put_together_again(self, content: bytes) -> None:
        tree = NginxTree({"/etc/nginx/nginx.conf": content}, "/etc/nginx/nginx.conf")
        assert tree.result() == {"/etc/nginx/nginx.conf": content}
        for one in statements("/x", content):
            assert 0 <= one.start < one.end <= len(content)


class TestAnything:
    @settings(deadline=None, max_examples=60)
    @given(st.sampled_from(["nginx", "fpm", "php", "application"]), st.binary(max_size=200))
    def test_no_file_breaks_the_plan_and_no_placeholder_is_left_in_force(
        self, role: str, content: bytes
    ) -> None:
        path = {
            "nginx": SITE,
            "fpm": "/etc/php/8.2/fpm/pool.d/x.conf",
            "php": "/etc/php/8.2/fpm/conf.d/90-x.ini",
            "application": "/etc/shop/x.ini",
        }[role]
        server = planned(site(b"listen 80;") | {path: content}, facts=FACTS)
        for file in server.files:
            for line in file.content.splitlines():
                assert line.lstrip().startswith((b";", b"#")) or not PLACEHOLDER.search(line)

    def test_settings_of_the_system_are_not_the_applications(self) -> None:
        files = demo_files() | {
            "/usr/local/bin/x.ini": b"a = 1\n",
            "/etc/systemd/x.ini": b"a = 1\n",
        }
        server = planned(files)
        assert not [one for one in server.files if "x.ini" in one.path]
        assert told(server).count("no application has its settings there") == 2

    def test_no_included_file_replaces_a_part_of_the_system(self) -> None:
        start = "/usr/local/bin/start"
        files = site(b"listen 80; include /usr/local/bin/start;") | {start: b"gzip on;\n"}
        server = planned(files, facts=FACTS)
        assert start not in {one.path for one in server.files}
        assert f"{start} is left out: no server has its settings there" in server.differs


def test_checks_are_those_of_nginx_and_php() -> None:
    assert check_commands(planned()) == (("nginx", "-t"), ("php-fpm", "--test"))


@pytest.mark.parametrize(
    ("version", "nearest"),
    [("5.6.40", "7.4"), ("7.4.33", "7.4"), ("8.0", "8.2"), ("8.2.12", "8.2"), ("8.3.1", "8.4"),
     ("9.9", "8.4"), ("", ""), ("nonsense", "")],
)  # fmt: skip
def test_nearest_packaged_php_is_never_older_where_one_is_newer(version: str, nearest: str) -> None:
    assert nearest_php(version) == nearest
