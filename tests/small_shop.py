"""A small production and its bundle, made in seconds: two servers, three tables, a little PHP.

It breaks in three ways: everywhere on an order without a date, everywhere on a note, which is
written before it fails, and on web2 alone for a file that its roll-out lost.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from captured_servers import FPM_CONF, LOCATIONS, NGINX_CONF, NGINX_OWN
from captures import write_capture
from commands import option_file, sandbox
from database_servers import ROOT, DatabaseServer
from servers import ImageOf, answers, eventually, port_of, running

RELEASE = "/srv/shop/releases/7"
LOST = "library/Daily.php"
SETTINGS = "application/configs/application.ini"
ROWS = 3 + 4 + 2
SQL_MODE = "ONLY_FULL_GROUP_BY,NO_ENGINE_SUBSTITUTION"
SERVER_ARGUMENTS = (
    "--character-set-server=latin1", "--collation-server=latin1_german1_ci",
    f"--sql-mode={SQL_MODE}", "--default-time-zone=+03:00",
)  # fmt: skip
TABLES = (
    "CREATE TABLE customers (id INT PRIMARY KEY, email VARCHAR(80), city VARCHAR(40))",
    "CREATE TABLE orders (id INT PRIMARY KEY, customer_id INT, ordered_on DATE)",
    "ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers (id)",
    "CREATE TABLE notes (id INT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(80))",
    "INSERT INTO customers VALUES (1, 'a@b.example', 'Köln'), (2, NULL, ''), (3, '', NULL)",
    "INSERT INTO orders VALUES (1, 1, 20260102), (2, 1, 20260103), (3, 2, 20260104), (4, 3, 0)",
    "INSERT INTO notes VALUES (1, 'one'), (2, 'two')",
)
RULES = 'columns: {"*": keep}\ntables:\n  customers: {email: email}\n'

INDEX = """<?php
$root = dirname(__DIR__);
$shop = parse_ini_file("$root/application/configs/application.ini", true)['production'];
$shop = parse_ini_file('/etc/shop/local.ini') + $shop;
$path = explode('?', $_SERVER['REQUEST_URI'])[0];
header('Content-Type: application/json');

function database()
{
    global $shop;
    $at = $shop['resources.db.params.host'] . ';dbname=' . $shop['resources.db.params.dbname'];
    return new PDO(
        "mysql:host=$at;charset=" . $shop['resources.db.params.charset'],
        $shop['resources.db.params.username'], $shop['resources.db.params.password'],
        array(PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION)
    );
}

if (preg_match('~^/orders/(\\d+)$~', $path, $found)) {
    require "$root/library/Dates.php";
    $sql = 'SELECT o.*, c.city FROM orders o JOIN customers c ON c.id = o.customer_id';
    $order = database()->query("$sql WHERE o.id = $found[1]")->fetch(PDO::FETCH_ASSOC);
    if (!$order) {
        http_response_code(404);
    } else {
        $order['date'] = Dates::shown($order['ordered_on']);
        echo json_encode($order);
    }
} elseif ($path === '/about') {
    $sql = 'SELECT @@GLOBAL.sql_mode, @@GLOBAL.time_zone, @@GLOBAL.character_set_server';
    echo json_encode(array(
        'database' => database()->query($sql)->fetch(PDO::FETCH_NUM),
        'memory' => ini_get('memory_limit'), 'vars' => ini_get('max_input_vars'),
        'zone' => date_default_timezone_get(), 'greeting' => $shop['shop.greeting'],
    ));
} elseif ($path === '/daily') {
    require "$root/library/Daily.php";
    echo json_encode(Daily::report());
} elseif ($path === '/notes') {
    require "$root/library/Notes.php";
    $text = json_decode(file_get_contents('php://input'), true)['text'];
    echo json_encode(array('id' => Notes::add(database(), $text)));
} elseif ($path === '/charge') {
    $how = stream_context_create(array('http' => array('ignore_errors' => true, 'timeout' => 10)));
    $said = file_get_contents($shop['shop.payment.url'], false, $how);
    echo json_encode(array('said' => $said, 'first' => $http_response_header[0]));
} else {
    http_response_code(404);
}
"""
DATES = """<?php
class DateError extends Exception {}
class Dates
{
    public static function shown($date)
    {
        if ($date === '0000-00-00') {
            throw new DateError('a date cannot be read');
        }
        return implode('.', array_reverse(explode('-', $date)));
    }
}
"""
DAILY = """<?php
class Daily
{
    public static function report()
    {
        return array('orders' => 4);
    }
}
"""
NOTES = """<?php
class NoteError extends Exception {}
class Notes
{
    public static function add($database, $text)
    {
        $database->prepare('INSERT INTO notes (text) VALUES (?)')->execute(array($text));
        throw new NoteError('the note is not there');
    }
}
"""
APPLICATION = """[production]
resources.db.params.charset = "utf8mb4"
shop.greeting = "hello"
shop.payment.timeout = 5
"""
CODE = {
    "public/index.php": INDEX, "library/Dates.php": DATES, LOST: DAILY, "library/Notes.php": NOTES,
    SETTINGS: APPLICATION, "VERSION": "7\n",
}  # fmt: skip

LOCAL = """resources.db.params.host = "db.firma.example"
resources.db.params.dbname = "shop"
resources.db.params.username = "shop"
resources.db.params.password = "firma-0123456789abcdef"
shop.payment.url = "http://payment.firma.example/v1/charges"
"""
POOL = """[shop]
user = www-data
group = www-data
listen = /run/php/php-fpm.sock
listen.owner = www-data
listen.group = www-data
pm = static
pm.max_children = 3
php_admin_value[max_input_vars] = 1234
"""
PHP = """display_errors = Off
log_errors = On
error_log = /var/log/php/shop.log
memory_limit = 77M
date.timezone = Pacific/Auckland
"""
SITE = """server {
    listen 80 default_server;
    root /srv/shop/current/public;
    expires 7d;
"""

ROLES = {
    "etc/nginx/": "nginx", "etc/php/8.2/fpm/conf.d": "php", "etc/php/8.2/fpm/": "fpm",
    "etc/shop/": "application", "srv/": "application",
}  # fmt: skip
LOGS = {"/var/log/nginx/access.log": "nginx-access", "/var/log/php/shop.log": "php"}
BROKEN = {  # what PHP logs of it, and what the line begins with that it comes from
    "GET /orders/4": ("DateError: a date cannot be read", "library/Dates.php", "throw new"),
    "GET /daily": (
        f"Error: Failed opening required '{RELEASE}/{LOST}' (include_path='.')",
        "public/index.php",
        'require "$root/library/Daily.php',
    ),
}
UNCAUGHT = """[{when}] PHP Fatal error:  Uncaught {what} in {place}:{line}
Stack trace:
#0 {{main}}
  thrown in {place} on line {line}
"""


@dataclass(frozen=True)
class SmallShop:
    """What a developer has of it.

    Attributes:
        bundle: The bundle.
        code: Folder of the code.
        folder: Where more can be put.
    """

    bundle: Path
    code: Path
    folder: Path

    def another(self, name: str) -> Path:
        """Give a bundle of the same rows that needs a golden database of its own."""
        copy = self.folder / f"{name}.bundle"
        shutil.copytree(self.bundle, copy)
        manifest = json.loads((copy / "manifest.json").read_text())
        manifest["tool_version"] += f"-{name}"
        (copy / "manifest.json").write_text(json.dumps(manifest))
        return copy

    def patch(self, name: str, path: str, old: str, new: str) -> Path:
        """Write a patch of one file of the code, as git makes them."""
        one, other = self.folder / "a" / path, self.folder / "b" / path
        for place, text in ((one, CODE[path]), (other, CODE[path].replace(old, new))):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        made = subprocess.run(
            ["git", "diff", "--no-index", "--no-prefix", f"a/{path}", f"b/{path}"],
            cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert made.returncode == 1, made.stderr
        patch = self.folder / f"{name}.patch"
        patch.write_text(made.stdout)
        return patch


def make_small_shop(image_of: ImageOf, folder: Path) -> SmallShop:
    """Run the database for as long as its export takes, and give what a developer gets."""
    code = folder / "shop"
    for path, text in CODE.items():
        (code / path).parent.mkdir(parents=True, exist_ok=True)
        (code / path).write_text(text)
    with running(
        image_of("mariadb", "10.11"),
        ports=(3306,),
        environment={"MYSQL_ROOT_PASSWORD": ROOT},
        command=list(SERVER_ARGUMENTS),
    ) as container:
        eventually(lambda: answers(container))
        server = DatabaseServer("mariadb", "10.11", container, port_of(container, 3306))
        server.run("CREATE DATABASE shop CHARACTER SET latin1 COLLATE latin1_german1_ci")
        server.run(*TABLES, database="shop")
        bundle = _export(server.port, folder)
    return SmallShop(bundle, code, folder)


def _export(port: int, folder: Path) -> Path:
    ops = folder / "ops"
    ops.mkdir()
    option_file(ops, ROOT)
    (ops / "rules.yaml").write_text(RULES)
    (ops / "requests.jsonl").write_text(json.dumps(_note()) + "\n")
    assert sandbox("keygen", "--out", ops / "key").exit_code == 0
    done = sandbox(
        "export",
        f"--source=mysql://root@127.0.0.1:{port}/shop",
        f"--defaults-file={ops / 'reader.cnf'}",
        f"--key-file={ops / 'key'}",
        f"--rules={ops / 'rules.yaml'}",
        "--allow-write-grants",
        "--sample=100%",
        f"--requests={ops / 'requests.jsonl'}",
        *(f"--server={name}={captured(ops, name)}" for name in ("web1", "web2")),
        f"--out={folder / 'small.bundle'}",
        folder=ops,
    )
    assert done.exit_code == 0, done.said
    return folder / "small.bundle"


def _note() -> dict[str, object]:
    """Give the request that writes a note, as somebody wrote it down."""
    return {
        "name": "a note", "method": "POST", "url": "/notes", "body": {"text": "three"},
        "headers": {"Content-Type": "application/json"},
        "failed": {"status": 500, "exception": "NoteError", "place": "library/Notes.php:8"},
    }  # fmt: skip


def captured(folder: Path, name: str) -> Path:
    """Give what the capture script would have written on a server."""
    code = {path: text for path, text in CODE.items() if name == "web1" or path != LOST}
    config = {path.lstrip("/"): text.decode() for path, text in NGINX_OWN.items()} | {
        "etc/nginx/nginx.conf": NGINX_CONF.decode(),
        "etc/nginx/sites-enabled/shop": SITE
        + (LOCATIONS % b"unix:/run/php/php-fpm.sock").decode()
        + "}\n",
        "etc/php/8.2/fpm/php-fpm.conf": FPM_CONF.decode(),
        "etc/php/8.2/fpm/pool.d/shop.conf": POOL,
        "etc/php/8.2/fpm/conf.d/10-pdo.ini": "extension=pdo.so\n",
        "etc/php/8.2/fpm/conf.d/10-mysqlnd.ini": "extension=mysqlnd.so\n",
        "etc/php/8.2/fpm/conf.d/20-pdo_mysql.ini": "extension=pdo_mysql.so\n",
        "etc/php/8.2/fpm/conf.d/90-shop.ini": PHP,
        "etc/shop/local.ini": LOCAL,
        RELEASE.lstrip("/") + "/" + SETTINGS: APPLICATION,
    }
    facts = {
        "name": name, "php.fpm.version": "8.2.12", "release.path": RELEASE,
        "time.zone": "Pacific/Auckland", "time.offset": "+0100",
    }  # fmt: skip
    digests = {path: hashlib.sha256(text.encode()).hexdigest() for path, text in code.items()}
    return write_capture(
        folder / f"{name}.tar.gz",
        {
            "facts.tsv": "".join(f"{one}\t{value}\n" for one, value in facts.items()),
            "roles.tsv": "".join(
                f"{role}\t{path}\n"
                for path, role in (LOGS | {f"/{one}": _role(one) for one in config}).items()
            ),
            "release.txt": "".join(f"{digest}  {path}\n" for path, digest in digests.items()),
            "vocabulary.txt": "orders\nabout\ndaily\nnotes\ncharge\nDateError\nNoteError\n",
            **{f"config/{path}": text for path, text in config.items()},
            **_logs(name),
        },
    )


def _role(path: str) -> str:
    return next(role for start, role in ROLES.items() if path.startswith(start))


def _logs(server: str) -> Mapping[str, str]:
    access, php = [], []
    asked = {
        "GET /orders/1": 200, "GET /about": 200, "GET /orders/4": 500,
        "GET /daily": 200 if server == "web1" else 500,
    }  # fmt: skip
    for second, (request, status) in enumerate(asked.items()):
        at = f"30/Nov/2026:13:00:{second * 10:02} +0100"
        access.append(f'192.0.2.7 - - [{at}] "{request} HTTP/1.1" {status} 73 "-" "curl"\n')
        if status != 200:
            what, file, start = BROKEN[request]
            line = next(n for n, one in enumerate(CODE[file].splitlines(), 1) if start in one)
            place = f"{RELEASE}/{file}"
            when = f"30-Nov-2026 12:00:{second * 10:02} UTC"
            php.append(UNCAUGHT.format(when=when, what=what, place=place, line=line))
    return {f"logs{path}": "".join(text) for path, text in zip(LOGS, (access, php), strict=True)}
