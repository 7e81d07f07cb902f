"""Captured servers of several layouts, masked by the real code as an export would."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sandbox.capture.archive import ServerCapture
from sandbox.capture.configuration import mask_configuration
from sandbox.capture.placeholders import Placeholders
from sandbox.model import MaskedText
from sandbox.replica.servers.captured import CapturedServer, PlaceholderEntry
from sandbox.replica.servers.credentials import Filled, fill_servers
from sandbox.replica.servers.roles import roles_of
from sandbox.replica.servers.settings_files import plan_server
from sandbox.replica.servers.web_server import LogPlace, WebServer

DEMO = Path(__file__).parent.parent / "docker/demo"
SEED = b"s" * 32

NGINX_CONF = b"""user www-data;
pid /run/nginx.pid;
error_log /var/log/nginx/error.log;
include /etc/nginx/modules-enabled/*.conf;
events { worker_connections 768; }
http {
    include /etc/nginx/mime.types;
    access_log /var/log/nginx/access.log;
    include /etc/nginx/conf.d/*.conf;
    include /etc/nginx/sites-enabled/*;
}
"""
FPM_CONF = b"""[global]
pid = /run/php/php8.2-fpm.pid
error_log = /proc/self/fd/2
include=/etc/php/8.2/fpm/pool.d/*.conf
"""
# Files that nginx brings; a capture has them as they are included.
NGINX_OWN = {
    "/etc/nginx/mime.types": b"types {\n    text/html html htm;\n    text/css css;\n}\n",
    "/etc/nginx/fastcgi_params": b"fastcgi_param QUERY_STRING $query_string;\n"
    b"fastcgi_param REQUEST_METHOD $request_method;\n"
    b"fastcgi_param REQUEST_URI $request_uri;\n"
    b"fastcgi_param HTTPS $https if_not_empty;\n",
}
LOCATIONS = b"""
    location / { try_files $uri /index.php$is_args$args; }
    location ~ \\.php$ {
        include fastcgi_params;
        fastcgi_param SCRIPT_FILENAME $realpath_root$fastcgi_script_name;
        fastcgi_pass %s;
    }
"""


def demo_files(server: str = "web1") -> dict[str, bytes]:
    """Give the settings of a web server of the demo production, as operations have them."""
    web = DEMO / "production/web"
    local = (web / "local.ini").read_text()
    for name in ("DB_PASSWORD", "REPORTS_PASSWORD"):
        local = local.replace(f"@{name}@", f"{name.lower()}-0123456789abcdef")
    application = DEMO / "shop/application/configs/application.ini"
    return NGINX_OWN | {
        "/etc/nginx/nginx.conf": NGINX_CONF,
        "/etc/nginx/sites-enabled/default": (web / "nginx-site.conf").read_bytes(),
        "/etc/php/8.2/fpm/php-fpm.conf": FPM_CONF,
        "/etc/php/8.2/fpm/php.ini": b"[PHP]\nengine = On\nshort_open_tag = Off\n",
        "/etc/php/8.2/fpm/pool.d/www.conf": (web / "fpm-pool.conf").read_bytes(),
        "/etc/php/8.2/fpm/conf.d/10-pdo.ini": b"extension=pdo.so\n",
        "/etc/php/8.2/fpm/conf.d/10-mysqlnd.ini": b"extension=mysqlnd.so\n",
        "/etc/php/8.2/fpm/conf.d/20-pdo_mysql.ini": b"extension=pdo_mysql.so\n",
        "/etc/php/8.2/fpm/conf.d/90-shop.ini": (web / "php.ini").read_bytes(),
        "/etc/shop/local.ini": local.replace("@SERVER_NAME@", server).encode(),
        "/srv/shop/releases/1.5/application/configs/application.ini": application.read_bytes(),
    }


DEMO_FACTS = {
    "php.fpm.version": "8.2.12",
    "release.path": "/srv/shop/releases/1.5",
    "time.zone": "Europe/Berlin",
    "locale": "de_DE.UTF-8",
}


def captured_server(  # noqa: PLR0913 - what a server is made of
    name: str = "web1",
    files: Mapping[str, bytes] | None = None,
    *,
    facts: Mapping[str, str] | None = None,
    extensions: tuple[str, ...] = (),
    release: Mapping[str, str] | None = None,
    logs: tuple[LogPlace, ...] = (),
    missing: tuple[str, ...] = (),
    environment: tuple[str, ...] = (),
    placeholders: Placeholders | None = None,
) -> CapturedServer:
    """Give a server as a bundle has it: its settings masked by the real code."""
    whole = demo_files(name) if files is None else dict(files)
    facts = DEMO_FACTS if facts is None else facts
    path = facts.get("release.path", "")
    capture = ServerCapture(
        name, facts=facts, files=whole, roles=roles_of(whole, path), release=release or {}
    )
    masked = mask_configuration(capture, lambda text, _: MaskedText(text), placeholders)
    texts = {place: text.content for place, text in masked.files.items()}
    return CapturedServer(
        name=name,
        facts=facts,
        files=texts,
        roles=roles_of(texts, path),
        extensions=dict.fromkeys(extensions, "1"),
        release=release or {},
        logs=logs,
        missing=missing,
        environment=environment,
    )


def filled_servers(
    *servers: CapturedServer, placeholders: Placeholders | None = None, database: str = "shop"
) -> Filled:
    """Fill the placeholders of servers."""
    listed = placeholders.listed() if placeholders else ()
    entries = [
        PlaceholderEntry(
            placeholder=str(one),
            name=one.name,
            kind=one.kind,
            length=one.length,
            scheme=one.scheme,
            places=list(places),
        )
        for one, places in listed
    ]
    return fill_servers(servers, entries, database=database, seed=SEED)


def planned(files: Mapping[str, bytes] | None = None, **more: object) -> WebServer:
    """Plan one server of the replica from production's settings in clear."""
    placeholders = Placeholders()
    server = captured_server(files=files, placeholders=placeholders, **more)  # type: ignore[arg-type]
    return plan_server(server, filled_servers(server, placeholders=placeholders))


def text_of(server: WebServer, path: str) -> str:
    """Give one of a server's files."""
    return next(one.content.decode() for one in server.files if one.path == path)


def site(body: bytes, *, target: bytes = b"unix:/run/php/php-fpm.sock") -> dict[str, bytes]:
    """Give nginx's settings with one site of these directives, and what hands over to PHP."""
    inside = body + LOCATIONS % target
    return NGINX_OWN | {
        "/etc/nginx/nginx.conf": NGINX_CONF,
        "/etc/nginx/sites-enabled/shop": b"server {\n" + inside + b"}\n",
    }


RED_HAT = NGINX_OWN | {
    "/etc/nginx/nginx.conf": b"""user nginx;
worker_processes auto;
error_log /var/log/nginx/error.log notice;
pid /run/nginx.pid;
include /usr/share/nginx/modules/*.conf;
events { worker_connections 1024; }
http {
    log_format main '$remote_addr - $remote_user [$time_local] "$request" $status';
    access_log /var/log/nginx/access.log main;
    include /etc/nginx/mime.types;
    include /etc/nginx/conf.d/*.conf;
    server {
        listen 80 default_server;
        listen [::]:80 default_server;
        server_name shop.kanarie.example;
        return 301 https://$host$request_uri;
    }
    server {
        listen 443 ssl http2;
        listen [::]:443 ssl http2;
        server_name shop.kanarie.example;
        root /var/www/shop/current/public;
        ssl_certificate /etc/pki/tls/certs/shop.crt;
        ssl_certificate_key /etc/pki/tls/private/shop.key;
        ssl_protocols TLSv1.2 TLSv1.3;
        if ($host = "kanarie.example") { return 301 https://shop.kanarie.example$request_uri; }
        location / { try_files $uri /index.php$is_args$args; }
        location /kanarie/ { proxy_pass http://kanarie.intern:8080; }
        location ~ \\.php$ {
            include fastcgi_params;
            fastcgi_param SCRIPT_FILENAME $realpath_root$fastcgi_script_name;
            fastcgi_pass php-fpm;
        }
    }
}
""",
    "/etc/nginx/conf.d/php-fpm.conf": b"""upstream php-fpm {
    server unix:/run/php-fpm/www.sock;
}
""",
    "/etc/php-fpm.conf": b"""include=/etc/php-fpm.d/*.conf
[global]
pid = /run/php-fpm/php-fpm.pid
error_log = /var/log/php-fpm/error.log
daemonize = yes
""",
    "/etc/php-fpm.d/www.conf": b"""[www]
user = apache
group = apache
listen = /run/php-fpm/www.sock
listen.acl_users = apache,nginx
listen.allowed_clients = 127.0.0.1
pm = dynamic
pm.max_children = 50
pm.start_servers = 5
pm.min_spare_servers = 5
pm.max_spare_servers = 35
slowlog = /var/log/php-fpm/www-slow.log
php_admin_value[error_log] = /var/log/php-fpm/www-error.log
php_admin_flag[log_errors] = on
php_value[session.save_handler] = redis
php_value[session.save_path] = "tcp://kanarie:6379?auth=kanarie"
env[DB_HOST] = kanarie
env[DB_NAME] = kanarie
env[DB_USER] = kanarie
env[DB_PASSWORD] = kanarie
""",
    "/etc/php.ini": b"[PHP]\nmemory_limit = 512M\nextension_dir = /usr/lib64/php/modules\n"
    b"[kanarie.example]\ndisplay_errors = On\n",
    "/etc/php.d/20-curl.ini": b"extension=curl\n",
    "/etc/php.d/20-pdo.ini": b"extension=pdo\n",
    "/etc/php.d/20-mysqlnd.ini": b"extension=mysqlnd\n",
    "/etc/php.d/30-pdo_mysql.ini": b"extension=pdo_mysql\n",
    "/etc/php.d/50-redis.ini": b"extension=redis\nredis.session.locking_enabled = 1\n",
}
RED_HAT_FACTS = {
    "php.fpm.version": "8.1.30",
    "release.path": "/var/www/shop/releases/20261001",
    "time.zone": "Europe/Berlin",
}
RED_HAT_EXTENSIONS = (
    "Core",
    "curl",
    "date",
    "json",
    "mysqlnd",
    "PDO",
    "pdo_mysql",
    "redis",
    "ctype",
)

DOCKER = NGINX_OWN | {
    "/etc/nginx/nginx.conf": NGINX_CONF.replace(b"www-data", b"nginx"),
    "/etc/nginx/conf.d/default.conf": b"server {\n"
    b"    listen 8080;\n    root /var/www/html/public;\n" + LOCATIONS % b"kanarie:9000" + b"}\n",
    "/usr/local/etc/php-fpm.conf": b"[global]\ninclude=etc/php-fpm.d/*.conf\n",
    "/usr/local/etc/php-fpm.d/docker.conf": b"""[global]
error_log = /proc/self/fd/2
log_limit = 8192
[www]
access.log = /proc/self/fd/2
clear_env = no
catch_workers_output = yes
decorate_workers_output = no
""",
    "/usr/local/etc/php-fpm.d/www.conf": b"""[www]
user = www-data
group = www-data
listen = 127.0.0.1:9000
pm = dynamic
pm.max_children = 5
pm.start_servers = 2
pm.min_spare_servers = 1
pm.max_spare_servers = 3
""",
    "/usr/local/etc/php-fpm.d/zz-docker.conf": b"[global]\ndaemonize = no\n[www]\nlisten = 9000\n",
    "/usr/local/etc/php/conf.d/docker-php-ext-pdo_mysql.ini": b"extension=pdo_mysql\n",
    "/usr/local/etc/php/conf.d/docker-php-ext-opcache.ini": b"zend_extension=opcache\n",
    "/usr/local/etc/php/conf.d/docker-php-ext-apcu.ini": b"extension=apcu\napc.enabled=1\n",
}
DOCKER_FACTS = {"php.fpm.version": "8.4.1", "release.path": "/var/www/html"}
DOCKER_EXTENSIONS = (
    "Core", "ctype", "curl", "date", "dom", "fileinfo", "filter", "hash", "iconv", "json",
    "libxml", "mbstring", "mysqlnd", "openssl", "pcre", "PDO", "pdo_mysql", "Phar", "posix",
    "readline", "Reflection", "session", "SimpleXML", "sodium", "SPL", "standard", "tokenizer",
    "xml", "xmlreader", "xmlwriter", "zlib", "Zend OPcache", "apcu",
)  # fmt: skip
