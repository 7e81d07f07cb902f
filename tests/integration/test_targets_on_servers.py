"""Windows, strata and limits of children on real servers: which rows they let in, and how.

What is expected is worked out from the rows as the test made them, not asked of the server.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from database_servers import NOWHERE, DatabaseServer
from sandbox.database.connect import open_catalogue, open_reader
from sandbox.database.schema import read_schema
from sandbox.errors import UsageError
from sandbox.export.choice import read_clock
from sandbox.subset.closure import NamedRows, Subset, choose_rows
from sandbox.subset.keys import draw
from sandbox.subset.limits import parse_limit
from sandbox.subset.plan import SubsetPlan, plan_subset
from sandbox.subset.request import SampleRequest, Share, parse_share
from sandbox.subset.strata import StrataRequest
from sandbox.subset.windows import parse_window

pytestmark = pytest.mark.docker

SECRET = b"secret"
ROWS = 3000
COLUMNS = ("day", "at", "moment", "unix", "big")
BEGIN = datetime(2026, 9, 1, tzinfo=UTC)
RARE = {7: "refunded", 1400: "refunded", 2999: "lost"}


def status_of(number: int) -> str | None:
    if number in RARE:
        return RARE[number]
    return None if number % 500 == 3 else ("open", "Open", "paid")[number % 3]


def at(number: int) -> datetime | None:
    """One row every 45 minutes, for about three months; some have no time."""
    return None if number % 97 == 5 else BEGIN + timedelta(minutes=45 * number)


def shown(number: int) -> str:
    moment, status = at(number), status_of(number)
    quoted = "NULL" if status is None else f"'{status}'"
    if moment is None:
        return f"({number}, {number % 40}, {quoted}, NULL, NULL, NULL, NULL, NULL)"
    text, unix = moment.strftime("'%Y-%m-%d %H:%M:%S'"), int(moment.timestamp())
    return f"({number}, {number % 40}, {quoted}, DATE({text}), {text}, {text}, {unix}, {unix})"


def orders(engine: str = "InnoDB") -> list[str]:
    rows = ", ".join(shown(number) for number in range(ROWS))
    return [
        "SET time_zone = '+00:00'",
        "CREATE TABLE customers (id INT PRIMARY KEY)",
        f"INSERT INTO customers VALUES {', '.join(f'({n})' for n in range(40))}",
        "CREATE TABLE orders (id INT PRIMARY KEY, customer_id INT NOT NULL, status VARCHAR(20), "
        "day DATE, at DATETIME, moment TIMESTAMP NULL, unix INT UNSIGNED, big BIGINT, "
        "KEY (customer_id), KEY (day), KEY (at), KEY (moment), KEY (unix), KEY (big)"
        + (", FOREIGN KEY (customer_id) REFERENCES customers (id)" if engine == "InnoDB" else "")
        + f") ENGINE={engine} COLLATE utf8mb4_unicode_ci",
        f"INSERT INTO orders VALUES {rows}",
        "ANALYZE TABLE orders",
    ]


@pytest.fixture(scope="module")
def shop(database_server: DatabaseServer) -> str:
    database = database_server.make_database()
    database_server.run(*orders(), database=database)
    return database


def asked(**facts: Any) -> SampleRequest:
    request = {"default": Share(0.0), "small": 0, **facts}
    return SampleRequest(**request)


def choose(
    server: DatabaseServer, shop: str, request: SampleRequest, *named: NamedRows
) -> tuple[Subset, SubsetPlan]:
    endpoint = server.endpoint(shop)
    with open_catalogue(endpoint, NOWHERE) as catalogue:
        schema = read_schema(catalogue, shop)
    with open_reader(endpoint, NOWHERE, snapshot=True) as reader:
        now = read_clock(reader) if request.needs_clock else None
        plan = plan_subset(schema, request, frozenset(), now)
        return choose_rows(schema, plan, reader, secret=SECRET, named=named), plan


def numbers_of(subset: Subset, table: str) -> set[int]:
    return {key for key in subset.keys[table] if isinstance(key, int)}


def window_of(column: str, text: str, share: str = "all") -> SampleRequest:
    windows = {"orders": (parse_window(column, text),)}
    return asked(tables={"orders": parse_share(share)}, windows=windows)


def within(begin: datetime | None, end: datetime | None, *, days: bool = False) -> set[int]:
    found = set()
    for number in range(ROWS):
        moment = at(number)
        if moment is None:
            continue
        if days:
            moment = moment.replace(hour=0, minute=0)
        if (begin is None or begin <= moment) and (end is None or moment < end):
            found.add(number)
    return found


@pytest.mark.parametrize("column", COLUMNS)
def test_a_window_lets_the_same_rows_in_whatever_holds_the_time(
    database_server: DatabaseServer, shop: str, column: str
) -> None:
    begin, end = datetime(2026, 10, 3, 7, 30, tzinfo=UTC), datetime(2026, 10, 5, tzinfo=UTC)
    days = column == "day"
    for text, expected in (
        ("2026-10-03 07:30..2026-10-05", within(begin.replace(hour=0, minute=0), end, days=days)
         if days else within(begin, end)),
        ("2026-11-28..", within(datetime(2026, 11, 28, tzinfo=UTC), None)),
        ("..2026-09-02", within(None, datetime(2026, 9, 2, tzinfo=UTC))),
        ("2031-01-01..", set()),
    ):  # fmt: skip
        subset, plan = choose(database_server, shop, window_of(column, text))
        assert numbers_of(subset, "orders") == expected
        assert subset.met == {"orders": len(expected)}
        assert subset.counted == {}
        if 0 < len(expected) < ROWS / 20:
            form = "" if database_server.is_mariadb else "FORMAT=TRADITIONAL "
            sql = f"EXPLAIN {form}SELECT id FROM orders WHERE {plan.tables['orders'].where}"
            (explained,) = database_server.ask(sql, shop)
            assert {b"range", column.encode()} <= set(explained)
    share, _ = choose(database_server, shop, window_of(column, "2026-10-03..2026-10-25", "20%"))
    drawn = {one for one in range(ROWS) if draw(SECRET, "orders", one) < int(0.2 * (1 << 64))}
    window = within(datetime(2026, 10, 3, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC))
    assert numbers_of(share, "orders") == drawn & window


def test_a_window_that_reaches_back_ends_where_the_servers_clock_is(
    database_server: DatabaseServer,
) -> None:
    database = database_server.make_database()
    ages = {1: "-2 HOUR", 2: "-23 HOUR", 3: "-25 HOUR", 4: "+14 HOUR", 5: "+30 HOUR"}
    columns = {
        "at": "{}",
        "moment": "{}",
        "day": "DATE({})",
        "unix": "TIMESTAMPDIFF(SECOND, '1970-01-01', {})",
    }
    rows = [
        f"({number}, {', '.join(made.format(f'UTC_TIMESTAMP() + INTERVAL {age}') for made in columns.values())})"  # noqa: E501
        for number, age in ages.items()
    ]
    database_server.run(
        "SET time_zone = '+00:00'",
        "CREATE TABLE orders "
        "(id INT PRIMARY KEY, at DATETIME, moment TIMESTAMP, day DATE, unix BIGINT)",
        f"INSERT INTO orders VALUES {', '.join(rows)}",
        database=database,
    )
    for column in ("at", "moment", "unix"):
        subset, _ = choose(database_server, database, window_of(column, "24h"))
        assert numbers_of(subset, "orders") == {1, 2, 4}
    days, _ = choose(database_server, database, window_of("day", "24h"))
    assert {1, 2, 4} <= numbers_of(days, "orders")


def test_a_window_and_a_condition_are_both_met(database_server: DatabaseServer, shop: str) -> None:
    request = asked(
        tables={"orders": Share(1.0)},
        where={"orders": "status = 'paid' OR status = 'lost' -- by bytes or not"},
        windows={
            "orders": (parse_window("at", "2026-10-03.."), parse_window("day", "..2026-10-09"))
        },
    )
    subset, _ = choose(database_server, shop, request)
    window = within(datetime(2026, 10, 3, tzinfo=UTC), datetime(2026, 10, 9, tzinfo=UTC))
    assert numbers_of(subset, "orders") == {n for n in window if status_of(n) in {"paid", "lost"}}


@pytest.mark.parametrize("storage", ["InnoDB", "MyISAM"])
def test_each_value_has_its_rows_and_stays_as_production_grows(
    database_server: DatabaseServer, storage: str
) -> None:
    database = database_server.make_database()
    database_server.run(*orders(storage), database=database)
    request = asked(
        tables={"orders": parse_share("1%")}, strata={"orders": StrataRequest(("status",), 4)}
    )
    before, plan = choose(database_server, database, request)
    assert plan.tables["orders"].why == "1 % of its rows; 4 at least of each status"
    assert numbers_of(before, "orders") == expected_of(range(ROWS))
    # By bytes, whatever the collation takes for equal: open and Open are two.
    assert before.strata["orders"].strata == len({status_of(n) for n in range(ROWS)}) == 6
    kept = Counter(status_of(n) for n in numbers_of(before, "orders"))
    assert min(kept[one] for one in (None, "open", "Open", "paid")) >= 4
    assert (kept["refunded"], kept["lost"]) == (2, 1)

    more = range(ROWS, ROWS + 300)
    rows = ", ".join(shown(number) for number in more)
    database_server.run(
        "SET time_zone = '+00:00'", f"INSERT INTO orders VALUES {rows}", database=database
    )
    after, _ = choose(database_server, database, request)
    assert numbers_of(after, "orders") == expected_of(range(ROWS + 300))
    gone = numbers_of(before, "orders") - numbers_of(after, "orders")
    # Only where a stratum had to be filled, and new rows of it are drawn before.
    share = {n for n in range(ROWS) if draw(SECRET, "orders", n) < int(0.01 * (1 << 64))}
    assert not gone & share
    assert len(gone) <= len(numbers_of(after, "orders") & set(more))


def expected_of(numbers: Iterable[int]) -> set[int]:
    in_order = sorted(numbers, key=lambda number: draw(SECRET, "orders", number))
    strata: dict[str | None, list[int]] = defaultdict(list)
    for number in in_order:
        strata[status_of(number)].append(number)
    share = {n for n in in_order if draw(SECRET, "orders", n) < int(0.01 * (1 << 64))}
    return share | {number for members in strata.values() for number in members[:4]}


def test_too_many_values_are_refused_with_the_column_and_what_is_allowed(
    database_server: DatabaseServer, shop: str
) -> None:
    with pytest.raises(UsageError, match=r"orders\.big: there are more than 1,000 different"):
        choose(database_server, shop, asked(
            default=Share(0.01), strata={"orders": StrataRequest(("big",), 1)}
        ))  # fmt: skip


@pytest.mark.parametrize("column", ["id", *COLUMNS])
def test_the_newest_children_of_a_row_come_along(
    database_server: DatabaseServer, shop: str, column: str
) -> None:
    limits = {"orders": parse_limit(f"3 newest by {column}")}
    subset, _ = choose(
        database_server,
        shop,
        asked(default=Share(rows=1), per_parent=limits),
        NamedRows("customers", "id IN (5, 11)", "test"),
    )
    families: dict[int, list[int]] = defaultdict(list)
    for number in range(ROWS):
        families[number % 40].append(number)

    def age(number: int) -> tuple[float, int]:
        moment = at(number)
        drawn = draw(SECRET, "orders", number)
        if column == "id":
            return (-number, drawn)
        if moment is None:
            return (0, drawn)
        return (-(moment.date().toordinal() if column == "day" else moment.timestamp()), drawn)

    customers = numbers_of(subset, "customers")
    assert {5, 11} <= customers
    expected = {n for one in customers for n in sorted(families[one], key=age)[:3]}
    assert numbers_of(subset, "orders") == expected
    assert list(subset.cut.values()) == [len(customers)]


@pytest.mark.parametrize(("limit", "most"), [("all", ROWS), ("2", 2)])
def test_a_limit_of_one_table_goes_before_that_of_all(
    database_server: DatabaseServer, shop: str, limit: str, most: int
) -> None:
    request = asked(children=1, default=Share(rows=1), per_parent={"orders": parse_limit(limit)})
    subset, _ = choose(database_server, shop, request)
    (customer,) = numbers_of(subset, "customers")
    family = [number for number in range(ROWS) if number % 40 == customer]
    in_order = sorted(family, key=lambda number: draw(SECRET, "orders", number))
    assert numbers_of(subset, "orders") == set(in_order[:most])
