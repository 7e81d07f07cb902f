"""How much memory does a closure of ten million keys take?

Makes a table of parents and a table of nine times as many children in a MariaDB of its own, whose
keys are one whole number, two of them, or text, and takes half of the parents with their children.
Prints what the largest memory of a process that does so is above that of one that takes nothing.
``python benchmarks/closure_memory.py [MILLIONS] [number|pair|text ...]``
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from multiprocessing.queues import SimpleQueue
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.shop import Shop, shop
from sandbox.cli.access import endpoint_of
from sandbox.database.connect import open_catalogue, open_reader
from sandbox.database.schema import read_schema
from sandbox.database.statements import StatementLog
from sandbox.subset.closure import choose_rows
from sandbox.subset.plan import plan_subset
from sandbox.subset.request import CoverRequest, SampleRequest, Share

_MILLIONS = 10
_KILOBYTES = 1024
_CHILDREN = 9  # of each parent
# By form of the key: its columns, their types, and what they hold for the number n.
_FORMS = {
    "number": ("id", "id INT NOT NULL", "{n}"),
    "pair": ("a, b", "a INT NOT NULL, b INT NOT NULL", "{n} DIV 100, {n} MOD 100"),
    "text": ("code", "code VARCHAR(20) CHARACTER SET latin1 NOT NULL", "CONCAT('customer-', {n})"),
}
_TABLES = """
DROP TABLE IF EXISTS children, parents;
CREATE TABLE parents ({types}, PRIMARY KEY ({columns})) ENGINE=InnoDB;
INSERT INTO parents SELECT {parent} FROM seq_1_to_{parents};
CREATE TABLE children (line INT, {types}, PRIMARY KEY ({key}), CONSTRAINT c FOREIGN KEY ({columns})
  REFERENCES parents ({columns})) ENGINE=InnoDB;
INSERT INTO children SELECT seq, {owner} FROM seq_1_to_{children};
ANALYZE TABLE parents, children;
"""


def main() -> None:
    """Measure each form of a key, and print what it takes."""
    millions = float(sys.argv[1]) if len(sys.argv) > 1 else _MILLIONS
    with shop("keys", 1) as made:
        for form in sys.argv[2:] or _FORMS:
            _fill(made, form, int(millions * 2_000_000))
            _, empty, _ = _measured(made, 0.0)
            keys, full, seconds = _measured(made, 0.5)
            print(
                f"{form:8} {keys:12,} keys  {full - empty:8.1f} MB above {empty:.0f} MB"
                f"  {seconds:7.1f} s",
                flush=True,
            )


def _fill(made: Shop, form: str, rows: int) -> None:
    columns, types, value = _FORMS[form]
    parents = rows // (1 + _CHILDREN)
    # A number is the key of a child by itself, so that its keys are numbers too.
    alone = form == "number"
    script = _TABLES.format(
        types=types,
        columns=columns,
        parents=parents,
        parent=value.format(n="seq"),
        owner=value.format(n=f"(1 + (seq - 1) DIV {_CHILDREN})"),
        key="line" if alone else f"{columns}, line",
        children=parents * _CHILDREN,
    )
    made.inside(f'mariadb shop <<"END"\nSET foreign_key_checks=0, unique_checks=0;{script}\nEND')


def _measured(made: Shop, fraction: float) -> tuple[int, float, float]:
    """Give keys, megabytes and seconds of a process that takes a part of the parents."""
    context = multiprocessing.get_context("spawn")
    answers: SimpleQueue[tuple[int, float, float]] = context.SimpleQueue()
    process = context.Process(
        target=_take, args=(made.address(), made.folder / "login.cnf", fraction, answers)
    )
    process.start()
    answer = answers.get()
    process.join()
    return answer


def _take(
    address: str, login: Path, fraction: float, answers: SimpleQueue[tuple[int, float, float]]
) -> None:
    log = StatementLog()
    endpoint = endpoint_of(address, login, None, insecure=True)
    with open_catalogue(endpoint, log) as catalogue:
        schema = read_schema(catalogue, "shop")
    shares = {"parents": Share(fraction)}
    request = SampleRequest(Share(0.0), shares, small=0, cover=CoverRequest(rows=0))
    plan = plan_subset(schema, request, frozenset())
    began = time.monotonic()
    with open_reader(endpoint, log, snapshot=True) as reader:
        subset = choose_rows(schema, plan, reader, secret=b"s" * 32)
    keys = sum(map(len, subset.keys.values()))
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KILOBYTES
    answers.put((keys, largest, time.monotonic() - began))


if __name__ == "__main__":
    main()
