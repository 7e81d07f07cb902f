"""Settings leave a server by the allow-list only; their structure stays."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.capture.archive import ServerCapture
from sandbox.capture.configuration import mask_configuration, write_placeholders
from sandbox.capture.ini import split_ini
from sandbox.capture.masked import mask_facts
from sandbox.capture.nginx import directives, log_formats, split_nginx
from sandbox.capture.placeholders import Placeholders
from sandbox.errors import MaskingRefused
from sandbox.masking.segments import (
    Allowed,
    JsonString,
    Placeholder,
    ToMask,
    Verbatim,
    assemble,
)
from sandbox.model import MaskedText

ROLES = ("nginx", "fpm", "php", "application")
CANARY = b"kanarie"


def mask(text: bytes, _kind: str) -> MaskedText:
    """Mask as strictly as the real masker is with words it does not know: digits stay."""
    return MaskedText(re.sub(rb"[A-Za-z\x80-\xff]", b"x", text))


def masked(content: bytes, role: str, path: str = "/etc/a.ini", **more: object) -> bytes:
    capture = ServerCapture("web1", files={path: content}, roles={path: role}, **more)  # type: ignore[arg-type]
    return mask_configuration(capture, mask).files[path].content


APPLICATION = rb"""
; the old password was Kanarie-0815, ask Kanarie
;resources.db.params.password = kanarie
[production]
resources.db.params.password = "kanarie"
resources.db.params.username = kanarie
resources.db.params.host = db.kanarie.example
resources.db.params.dbname = 'kanarie'
shop.payment.url = "https://user:kanarie@pay.example/x?key=kanarie"
shop.payment.key = kanarie;kanarie
shop.payment.secret = "kanarie ; kanarie" ; kanarie
shop.apiKey="multi
kanarie
line"
shop.text = "say \"kanarie\" here"
shop.text2 = kanarie "kanarie" kanarie
shop.constant = KANARIE
shop.joined = APPLICATION_PATH "/kanarie/x"
shop.joined2 = APPLICATION_PATH KANARIE
shop.path = /srv/kanarie/data
shop.type = kanarie
shop.adapter = "Kanarie_Adapter"
shop.charset = kanarie
shop.format = "%message% kanarie"
shop.locale = kanarie
shop.driver_options.1002 = "SET SESSION x = 'kanarie'"
mail.defaultFrom.name = "Frau Kanarie"
mail.auth = kanarie
phpSettings.sendmail_path = "/usr/sbin/sendmail -t -i -f kanarie@x.example"
phpSettings.error_log = "/srv/kanarie/error.log"
export TOKEN=kanarie
list[] = kanarie
list[kanarie@x.example] = 1
[kanarie.example : production]
no setting but kanarie
<?php define('DB', 'kanarie'); ?>
a = "not closed kanarie
b = it's kanarie
"""

FPM = rb"""
[kanarie.example]
user = kanarie
listen = kanarie.example:9000
listen.allowed_clients = kanarie
env[DB_PASSWORD] = kanarie
env[HOME] = /home/kanarie
php_admin_value[sendmail_path] = /usr/sbin/sendmail -t -i -f kanarie@x.example
php_value[session.save_path] = "tcp://redis:6379?auth=kanarie"
php_admin_value[mysqli.default_pw] = kanarie
access.format = "%R kanarie"
chroot = /home/kanarie
"""

PHP = rb"""
mysqli.default_pw = kanarie
mysqli.default_user = "kanarie"
mysqli.default_host = kanarie.example
session.save_path = "tcp://127.0.0.1:6379?auth=kanarie"
session.save_path = "/var/lib/php/sessions?auth=kanarie"
session.cookie_domain = .kanarie.example
sendmail_from = kanarie@x.example
newrelic.license = "kanarie"
auto_prepend_file = /srv/kanarie/x.php
error_prepend_string = "<b>kanarie</b>"
user_agent = "Kanarie/1"
date.timezone = "kanarie kanarie"
include_path = ".:/srv/kanarie"
[HOST=kanarie.example]
memory_limit = kanarie
"""

NGINX = rb"""
# Kanarie's server, password kanarie
user kanarie;
env SECRET=kanarie;
http {
  log_format main '$remote_addr kanarie "$request"';
  map $http_authorization $ok {
    default 0; "Bearer kanarie" 1; kanarie 1; ~kanarie 2; include kanarie;
  }
  geo $place { 10.1.2.3 kanarie; }
  upstream backend { server kanarie.example:8080 weight=5; server kanarie:80; }
  limit_req_zone $binary_remote_addr zone=one:10m rate=1r/s;
  server {
    listen kanarie.example:80;
    server_name kanarie.example www.kanarie.example ~^kanarie$;
    auth_basic "Kanarie";
    auth_basic_user_file /etc/nginx/kanarie.htpasswd;
    ssl_certificate /etc/ssl/kanarie.pem;
    ssl_password_file /etc/ssl/kanarie;
    secure_link_secret kanarie;
    proxy_set_header Authorization "Basic kanarie";
    proxy_set_header X-Env kanarie;
    add_header X-Key 'kanarie';
    fastcgi_param DB_PASS kanarie;
    fastcgi_param APPLICATION_ENV kanarie;
    fastcgi_param PHP_VALUE "mysqli.default_pw=kanarie";
    set $token kanarie;
    set $named kanarie1;
    if ($http_x_token = kanarie) { return 403 "kanarie"; }
    if ($http_x_token = "\"kanarie") { return 301 https://kanarie.example/$uri; }
    rewrite ^/kanarie/(.*)$ /x?token=kanarie last;
    location /kanarie { proxy_pass http://user:kanarie@kanarie.example:81/x; }
    location ~ ^/(kanarie|x)/ { alias /srv/kanarie/; }
    content_by_lua_block { local key = "kanarie" if key then ngx.say("}") end }
    third_party kanarie kanarie=1 x=kanarie;
    "kanarie" kanarie;
    error_page 500 /kanarie.html;
    resolver kanarie;
    allow kanarie; index kanarie.html; include kanarie/*.conf; root /srv/kanarie;
  }
}
kanarie
"""


@pytest.mark.parametrize(
    ("content", "role"),
    [(APPLICATION, "application"), (FPM, "fpm"), (PHP, "php"), (NGINX, "nginx")],
    ids=["application.ini", "fpm pool", "php.ini", "nginx"],
)
@pytest.mark.parametrize("ends", [b"\n", b"\r\n"], ids=["lf", "crlf"])
def test_no_canary_leaves(content: bytes, role: str, ends: bytes) -> None:
    assert content.lower().count(CANARY) >= 11
    left = masked(content.replace(b"\n", ends), role)
    assert [line for line in left.lower().split(b"\n") if CANARY in line] == []


@pytest.mark.parametrize("role", ["fpm", "php", "application"])
@pytest.mark.parametrize(
    "name",
    [
        "password",
        "db.pw",
        "shop.apiKey",
        "x.secret",
        "auth.token",
        "http.proxy_password",
        "env[PIN]",
        "mail.pin",
        "a.dsn",
    ],
)
@pytest.mark.parametrize(
    "value", ["4711", "on", "true", "/var/log/nginx", "localhost", "12M", "E_ALL"]
)
def test_a_secret_name_never_leaves_its_value(role: str, name: str, value: str) -> None:
    left = masked(f"{name} = {value}\n".encode(), role).decode()
    assert left.startswith(f'{name} = "@secret:')
    assert f" {value}" not in left


def test_long_numbers_of_unknown_settings_stay_behind() -> None:
    left = masked(b"shop.merchant = 123456789012\nshop.per_page = 20\n", "application")
    assert left == b'shop.merchant = "@secret:shop.merchant:number:9-16@"\nshop.per_page = 20\n'


def test_a_group_of_servers_that_is_not_defined_is_a_host() -> None:
    left = masked(b"location / { proxy_pass http://payment; }", "nginx")
    assert left == b"location / { proxy_pass @secret:proxy_pass:url:9-16@; }"


@pytest.mark.parametrize(
    "line",
    [
        b"http { server { listen 10.20.30.40:8082; } }",
        b"http { server { listen [fd00::17]:80; } }",
        b"http { upstream app { server 10.20.30.40:80; server 10.20.30.41; } }",
        b"stream { server { proxy_pass 10.20.30.40:3306; } }",
        b"http { server { location / { fastcgi_pass 10.20.30.40:9000; } } }",
        b"http { server { location / { proxy_pass http://10.20.30.40/api; } } }",
    ],
)
def test_addresses_of_nginx_never_leave(line: bytes) -> None:
    text = masked(line, "nginx", "/etc/nginx/nginx.conf")
    assert not re.search(rb"20\.30|fd00", text)
    assert b"@secret:" in text


def test_structure_and_harmless_values_stay() -> None:
    content = (
        b"[production]\n"
        b'bootstrap.path = APPLICATION_PATH "/Bootstrap.php"\n'
        b'resources.db.adapter = "Pdo_Mysql"\n'
        b'resources.db.params.charset = "utf8mb4"\n'
        b"resources.db.params.driver_options.1002 = \"SET NAMES 'utf8' COLLATE utf8_bin\"\n"
        b'resources.log.stream.writerParams.stream = "/var/log/shop/shop.log"\n'
        b'resources.log.format = "%timestamp% %message%" PHP_EOL\n'
        b"phpSettings.display_errors = 0\n"
        b'phpSettings.date.timezone = "Europe/Berlin"\n'
        b"\n[qa : production]\n"
        b"shop.on = true\n"
    )
    left = masked(
        content, "application",
        vocabulary=frozenset({"shop"}), release={"application/Bootstrap.php": "0" * 64},
    )  # fmt: skip
    assert left == content


def test_settings_of_php_and_fpm_stay() -> None:
    content = (
        b"[shop]\nuser = www-data\nlisten = /run/php/php-fpm.sock\npm = static\n"
        b"pm.max_children = 6\nrequest_terminate_timeout = 60s\nslowlog = /var/log/php/slow.log\n"
        b"php_admin_value[memory_limit] = 256M\n"
        b"php_admin_value[error_reporting] = E_ALL & ~E_NOTICE\n"
        b'php_value[session.name] = "SHOPSESSID"\nsession.cookie_httponly = 1\n'
        b'disable_functions = "exec,shell_exec"\nzend_extension=opcache.so\n'
    )
    assert masked(content, "fpm") == content


def test_settings_of_nginx_stay() -> None:
    content = (
        b"user www-data;\nworker_processes auto;\nhttp {\n"
        b"  log_format main '$remote_addr [$time_local] \"$request\" $status rt=$request_time';\n"
        b"  access_log /var/log/nginx/access.log main;\n"
        b"  gzip_types application/json text/css;\n"
        b"  map $http_upgrade $connection { default upgrade; '' close; }\n"
        b"  server {\n    listen 80 default_server;\n    server_name _;\n"
        b"    client_max_body_size 16m;\n    root /var/www/html/public;\n"
        b"    location / { try_files $uri /index.php$is_args$args; }\n"
        b"    location ~ \\.php$ {\n      include fastcgi_params;\n"
        b"      fastcgi_param SCRIPT_FILENAME $realpath_root$fastcgi_script_name;\n"
        b"      fastcgi_param APPLICATION_ENV production;\n"
        b"      fastcgi_pass unix:/run/php/php-fpm.sock;\n    }\n"
        b"    location /api { proxy_pass http://app$request_uri; }\n"
        b"    add_header X-Frame-Options SAMEORIGIN always;\n  }\n"
        b"  upstream app { server 127.0.0.1:9000 weight=5; }\n}\n"
    )
    expected = content.replace(
        b"default upgrade; '' close;",
        b"default @secret:map:text:1-8@; '' @secret:map~2:text:1-8@;",
    )
    assert masked(content, "nginx") == expected


def test_equal_values_have_equal_placeholders_across_servers() -> None:
    registry = Placeholders()
    lefts = []
    for server, password in (("web1", b"one"), ("web2", b"one"), ("web3", b"two")):
        capture = ServerCapture(
            server, files={"/a.ini": b"db.password = " + password}, roles={"/a.ini": "application"}
        )
        lefts.append(mask_configuration(capture, mask, registry).files["/a.ini"].content)
    assert lefts[0] == lefts[1] == b'db.password = "@secret:db.password:password:1-8@"'
    assert lefts[2] == b'db.password = "@secret:db.password~2:password:1-8@"'
    listed = json.loads(write_placeholders(registry).content)["placeholders"]
    assert [one["places"] for one in listed] == [
        ["web1:/a.ini:1", "web2:/a.ini:1"],
        ["web3:/a.ini:1"],
    ]


def test_placeholders_tell_kind_length_and_scheme_only() -> None:
    registry = Placeholders()
    capture = ServerCapture(
        "web1",
        files={"/a.ini": b"pay.url = https://kanarie.example/\n"},
        roles={"/a.ini": "application"},
    )
    mask_configuration(capture, mask, registry)
    content = write_placeholders(registry).content
    (one,) = json.loads(content)["placeholders"]
    assert (one["kind"], one["length"], one["scheme"]) == ("url", "17-32", "https")
    assert CANARY not in content


def test_of_unknown_kinds_of_files_nothing_leaves() -> None:
    files = {"/srv/config.php": b"<?php return ['a' => 'kanarie'];", "/a.ini": b"a\0b"}
    capture = ServerCapture("web1", files=files, roles=dict.fromkeys(files, "application"))
    left = mask_configuration(capture, mask)
    assert (dict(left.files), left.left_out) == ({}, ("/a.ini", "/srv/config.php"))


def test_facts_leave_by_form_only() -> None:
    capture = ServerCapture(
        "web1",
        facts={
            "name": "web1", "php.fpm.version": "8.2.1", "locale": "kanarie is it",
            "release.path": "/srv/shop", "kanarie!": "x", "release.VERSION": "1.5",
        },
        release={"library/A.php": "a" * 64},
        extensions={"Core": "8.2.1", "x": "kanarie\x00"},
        environment=("DB_PASSWORD", "kanarie=1"),
        missing=("/srv/kanarie/x.log: no right to read it", "php: kanarie"),
    )  # fmt: skip
    content = mask_facts(capture, mask).content
    told = json.loads(content)
    assert CANARY not in content
    assert told["facts"]["release.path"] == "/srv/shop"
    assert told["facts"]["php.fpm.version"] == "8.2.1"
    assert told["facts"]["release.VERSION"] == "1.5"
    assert told["release"] == {"library/A.php": "a" * 64}
    assert told["environment"][0] == "DB_PASSWORD"


def test_a_piece_that_does_not_fit_its_rule_is_refused_without_showing_it() -> None:
    for piece in (
        Verbatim(b"kanarie", Allowed.NUMBER),
        Verbatim(b"a b", Allowed.PATH),
        Placeholder("a b", "text", "1-8"),
        JsonString((Verbatim(b"kanarie", Allowed.SWITCH),)),
    ):
        with pytest.raises(MaskingRefused) as caught:
            assemble([piece], mask)
        assert "kanarie" not in str(caught.value) + caught.value.hint + repr(piece)


def test_json_strings_are_escaped_after_masking() -> None:
    def shout(_text: bytes, _kind: str) -> MaskedText:
        return MaskedText(b'"\\\n\xff')

    pieces = (Verbatim(b"a", Allowed.NAME), ToMask(b"x", "log"))
    left = assemble([JsonString(pieces)], shout).content
    assert json.loads(left) == 'a"\\\n\\xff'


def test_a_masked_comment_stays_one_line() -> None:
    def shout(_text: bytes, _kind: str) -> MaskedText:
        return MaskedText(b"one\nshop.on = 1")

    capture = ServerCapture("w", files={"/a.ini": b"; hello\n"}, roles={"/a.ini": "php"})
    assert mask_configuration(capture, shout).files["/a.ini"].content == b"; one shop.on = 1\n"


STRUCTURE = st.lists(
    st.sampled_from([
        b"a", b"=", b" ", b"\n", b"\r\n", b'"', b"'", b";", b"#", b"[", b"]", b"{", b"}", b"\\",
        b"$x", b"\xff", b"\xc3", b".", b"/", b"4711", b"map ", b"x_by_lua_block ",
        b"APPLICATION_PATH ",
    ]),
    max_size=40,
).map(b"".join)  # fmt: skip


@given(content=STRUCTURE | st.binary(max_size=300))
def test_cutting_loses_no_byte(content: bytes) -> None:
    parts = (s.before + s.name + s.equals + s.value + s.after for s in split_ini(content))
    assert b"".join(parts) == content
    assert b"".join(token.text for token in split_nginx(content)) == content
    list(directives(content))
    log_formats([content])


@given(content=STRUCTURE | st.binary(max_size=300), role=st.sampled_from(ROLES))
def test_masking_never_fails(content: bytes, role: str) -> None:
    capture = ServerCapture("w", files={"/a.ini": content}, roles={"/a.ini": role})
    left = mask_configuration(capture, mask)
    assert left.files or b"\0" in content


@given(
    name=st.sampled_from(["password", "shop.x.y", "env[A]", "mail.from", "x.token", "a.list[]"]),
    before=STRUCTURE, after=STRUCTURE, role=st.sampled_from(["fpm", "php", "application"]),
)  # fmt: skip
def test_no_value_of_an_unknown_setting_leaves(
    name: str, before: bytes, after: bytes, role: str
) -> None:
    # The value's own line ends and brackets would make it a name, which is structure.
    one_line = re.compile(rb"[\r\n\[\]=]")
    content = b"%b = %bkanarie%b\n" % (
        name.encode(), one_line.sub(b"", before), one_line.sub(b"", after)
    )  # fmt: skip
    assert CANARY not in masked(content, role)
