"""A generated database of any size in a MariaDB of its own, and what the benchmarks do with it."""

from __future__ import annotations

import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.replica.base import BaseSource
from sandbox.replica.containers import Container, ContainerSpec, File, start_container, wait_until
from sandbox.replica.engine import connect_engine
from sandbox.replica.images import ensure_images
from sandbox.replica.recipes import Wanted, plan_images
from sandbox.report.progress import TerminalProgress
from sandbox.report.terminal import console_for

_ROWS_PER_MEGABYTE = 5500  # of order_items; the other tables go with them
_SETTINGS = b"[mysqld]\nlog_bin\ninnodb_buffer_pool_size=3G\ninnodb_flush_log_at_trx_commit=0\n"
_RULES = """\
extends: [common]
tables:
  customers: {notes: free_text}
  order_items: {sku: keep}
  audit: {message: free_text, payload: json}
"""
_SCHEMA = """
CREATE TABLE customers (id INT PRIMARY KEY, email VARCHAR(120) NOT NULL, first_name VARCHAR(60),
  last_name VARCHAR(60), phone VARCHAR(40), street VARCHAR(120), city VARCHAR(80),
  birth_date DATE, notes TEXT, created_at DATETIME, UNIQUE KEY (email)) ENGINE=InnoDB;
CREATE TABLE orders (id INT PRIMARY KEY, customer_id INT NOT NULL, status ENUM('new','paid','sent'),
  total DECIMAL(12,2), ordered_at DATETIME, client_ip VARCHAR(45), CONSTRAINT orders_customer
  FOREIGN KEY (customer_id) REFERENCES customers (id)) ENGINE=InnoDB;
CREATE TABLE order_items (order_id INT NOT NULL, line_no INT NOT NULL, sku VARCHAR(24),
  quantity INT, price DECIMAL(10,2), weight FLOAT, PRIMARY KEY (order_id, line_no), CONSTRAINT
  items_order FOREIGN KEY (order_id) REFERENCES orders (id)) ENGINE=InnoDB;
CREATE TABLE audit (id BIGINT PRIMARY KEY, at DATETIME(6), customer_id INT, message TEXT,
  payload LONGTEXT) ENGINE=InnoDB;
"""
_ROWS = """
INSERT INTO customers SELECT seq, CONCAT('kunde', seq, '@', ELT(1 + seq % 5, 'post', 'web', 'mail',
  'netz', 'firma'), '.example'), ELT(1 + seq % 7, 'Petra', 'Georg', 'Änne', 'Jörg', 'Paula', 'Max',
  'Ute'), CONCAT(ELT(1 + seq % 6, 'Meyer', 'Müller', 'Strasser', 'Lind', 'Groß', 'Weber'),
  IF(seq % 9, '', '-Schmidt')), CONCAT('+49 30 ', 1000000 + seq), CONCAT('Hauptstraße ', seq % 200),
  ELT(1 + seq % 4, 'Berlin', 'München', 'Köln', 'Ulm'),
  IF(seq % 50, DATE('1950-01-01') + INTERVAL seq % 20000 DAY, '0000-00-00'),
  CONCAT('Called about order ', seq, ', asked for Mrs. Lindqvist'), NOW() - INTERVAL seq MINUTE
  FROM seq_1_to_{customers};
INSERT INTO orders SELECT seq, 1 + seq % {customers}, 1 + seq % 3, seq % 900 + 0.99, NOW() -
  INTERVAL seq MINUTE, CONCAT('10.', seq % 256, '.', seq % 199, '.7') FROM seq_1_to_{orders};
INSERT INTO order_items SELECT 1 + seq DIV 3, seq % 3, CONCAT('SKU-', seq % 5000), 1 + seq % 4,
  seq % 90 + 0.5, seq / 7 FROM seq_1_to_{items} WHERE 1 + seq DIV 3 <= {orders};
INSERT INTO audit SELECT seq, NOW(6), 1 + seq % {customers}, CONCAT('Petra Lindqvist changed the
  address to Hauptstraße ', seq % 300, ', mail kunde', 1 + seq % {customers}, '@post.example. ',
  REPEAT('The order was packed and sent on the same day. ', 4)),
  CONCAT('{{"user":{{"name":"Georg Meyer ', seq % 1000, '","email":"kunde', seq % {customers},
  '@post.example"}},"items":[1,2,', seq, '],"note":"', REPEAT('packed ', 12), '"}}')
  FROM seq_1_to_{audit};
"""


@dataclass(frozen=True)
class Shop:
    """The database, and a folder that goes with it.

    Attributes:
        container: Its server.
        folder: On this machine.
    """

    container: Container
    folder: Path

    def address(self, database: str = "shop") -> str:
        """Give the address of a database on the server."""
        return f"mysql://root@127.0.0.1:{self.container.port(3306)}/{database}"

    @property
    def login(self) -> str:
        """The option that holds the password."""
        return f"--defaults-file={self.folder / 'login.cnf'}"

    def export(self, out: Path) -> float:
        """Export all rows into a bundle, and give the largest memory of a process in MB."""
        return sandbox(
            "export",
            f"--source={self.address()}",
            self.login,
            f"--key-file={self.folder / 'key'}",
            f"--rules={self.folder / 'rules.yaml'}",
            "--allow-write-grants",
            "--sample=100%",
            f"--out={out}",
        )

    def inside(self, command: str) -> str:
        """Run a shell command beside the server, so that no pipe of ours slows it down."""
        return self.container.must_run(["sh", "-c", command])


@contextmanager
def shop(name: str, megabytes: int) -> Iterator[Shop]:
    """Start a server with a database of about that size, and remove it afterwards."""
    password = secrets.token_hex(16)
    with connect_engine(timeout=600) as engine, tempfile.TemporaryDirectory() as place:
        plan = plan_images([Wanted("mariadb", "10.11")])
        had = ensure_images(engine, plan, BaseSource(), TerminalProgress(console_for("stderr")))
        container = start_container(
            engine,
            ContainerSpec(
                f"prod-sandbox-bench-{name}",
                had[-1].image.reference,
                "bridge",
                ports={3306: 0},
                environment={"MARIADB_ROOT_PASSWORD": password, "MYSQL_DATABASE": "shop"},
                files=(
                    File("/etc/mysql/conf.d/50-bench.cnf", _SETTINGS),
                    File("/root/.my.cnf", f"[client]\npassword={password}\n".encode(), 0o600),
                ),
            ),
        )
        try:
            wait_until(container, lambda: container.run(["ready"]).exit_code == 0, what="database")
            made = Shop(container, Path(place))
            _fill(made, megabytes)
            _prepare(made.folder, password)
            yield made
        finally:
            container.remove()


def _fill(made: Shop, megabytes: int) -> None:
    items = megabytes * _ROWS_PER_MEGABYTE
    sizes = {"customers": items // 15, "orders": items // 3, "items": items, "audit": items // 3}
    script = "SET sql_mode='';SET foreign_key_checks=0;" + _SCHEMA + _ROWS.format(**sizes)
    made.container.put([File("/srv/fill.sql", script.encode())])
    made.inside("mariadb --default-character-set=utf8mb4 shop < /srv/fill.sql")
    tables = "customers, orders, order_items, audit"
    made.container.must_run(["mariadb", "shop", f"--execute=ANALYZE TABLE {tables}"])


def _prepare(folder: Path, password: str) -> None:
    (folder / "rules.yaml").write_text(_RULES)
    (folder / "login.cnf").touch(0o600)
    (folder / "login.cnf").write_text(f"[client]\npassword={password}\n")
    sandbox("keygen", "--out", str(folder / "key"))


def sandbox(*arguments: str) -> float:
    """Run our command, and give the largest memory of any of its processes in MB."""
    command = [sys.executable, "-m", "sandbox", *arguments]
    with subprocess.Popen(command, stdout=sys.stderr) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command)
    return usage.ru_maxrss / 1024


def timed(way: Callable[[], object]) -> float:
    """Give the seconds that something takes."""
    began = time.monotonic()
    way()
    return time.monotonic() - began


def spread(values: list[float], unit: str = "s") -> str:
    """Say what rounds came to."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"median {middle:6.2f} {unit}   (min {low:.2f}, max {high:.2f}, {len(values)} rounds)"
