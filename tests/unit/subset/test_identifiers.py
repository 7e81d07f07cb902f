"""Rows that logs and requests name become seeds; what leads nowhere is told without its value."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import UsageError
from sandbox.model import Column, Family, ForeignKey, Key, Schema, Table
from sandbox.subset.identifiers import (
    Seed,
    Source,
    Unresolved,
    identifiers_in,
    read_log_mentions,
    read_request,
    resolve_mentions,
)
from sandbox.subset.names import tables_by_name


def table(name: str, columns: str, *keys: Key, refers: tuple[ForeignKey, ...] = ()) -> Table:
    made = []
    for one in columns.split():
        column, _, kind = one.partition(":")
        made.append(Column(column, kind or "int", kind or "int", charset="utf8mb4" * bool(kind)))
    return Table(name, "InnoDB", tuple(made), keys, refers)


ID = Key("PRIMARY", ("id",))
TABLES = (
    table(
        "orders", "id customer_id coupon_id status:varchar", ID,
        refers=(ForeignKey("orders_customer", "orders", ("customer_id",), "customers", ("id",)),),
    ),
    table(
        "customers", "id number:char email:varchar login:varchar", ID,
        Key("customers_number", ("number",)), Key("customers_login", ("login",)),
    ),
    table("order_items", "order_id line_no", Key("PRIMARY", ("order_id", "line_no"))),
    table("products", "id sku:varchar", ID, Key("products_sku", ("sku",))),
    table("coupons", "id code:varchar", ID, Key("both", ("code", "id"))),
    table("countries", "code:char", Key("PRIMARY", ("code",))),
    table("addresses", "id", ID),
)  # fmt: skip
SCHEMA = Schema(
    "shop", Family.MARIADB, "10.11", "utf8mb4", "utf8mb4_bin", {one.name: one for one in TABLES}
)


def seeds(text: str) -> set[tuple[str, str, str]]:
    found, _ = resolve_mentions(identifiers_in(text), SCHEMA)
    return {(one.table, ",".join(one.columns), ",".join(one.values)) for one in found}


ORDER, CUSTOMER = ("orders", "id", "4711"), ("customers", "id", "9")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GET /api/orders/4711", {ORDER}),
        ("/api/v1/orders/4711/", {ORDER}),
        ("https://shop.example/orders/4711#x", {ORDER}),
        ("GET /order/view/id/4711", {ORDER}),
        ("GET /customers/9/orders/4711", {ORDER, CUSTOMER}),
        ("GET /orders/4711/items/2", {ORDER}),
        ("GET /x?customer_id=9&orderId=4711", {ORDER, CUSTOMER}),
        ("GET /api/orders?id=4711&page=2", {ORDER}),
        ("GET /api/orders?filter[customer]=9", {CUSTOMER}),
        ("GET /api/customers?login=a%40b.de", {("customers", "login", "a@b.de")}),
        ("GET /products/SKU-9.1", {("products", "sku", "SKU-9.1")}),
        ("GET /api/orders?days=4711&v=9", set()),
        ("GET /orders/2026/11/25", set()),
        ("GET /orders/page/4711", set()),
        ("GET /api/v2/4711", set()),
        ("in /srv/orders/4711.php on line 9", set()),
    ],
)
def test_urls(text: str, expected: set[tuple[str, str, str]]) -> None:
    assert seeds(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("UPDATE `customers` SET `login` = 'x' WHERE (`customers`.`id` = 9)", {CUSTOMER}),
        ("SELECT * FROM orders o WHERE o.id = 4711 AND o.status = 'new'", {ORDER}),
        ("SELECT 1 FROM shop.orders AS o JOIN customers c ON c.id = 9 WHERE o.id IN (4711, '4712')",
         {ORDER, ("orders", "id", "4712"), CUSTOMER}),
        ("DELETE FROM orders WHERE customer_id=9 LIMIT 3", {CUSTOMER}),
        ("SELECT * FROM orders WHERE coupon_id=3", {("coupons", "id", "3")}),
        ("SELECT * FROM customers WHERE login = 'O''N\\\\'", {("customers", "login", "O'N\\")}),
        ("SELECT * FROM orders, customers WHERE id = 4711", set()),
        ("SELECT * FROM orders WHERE id = 4711.5", set()),
        ("SELECT * FROM orders WHERE id = 'abc'", set()),
    ],
)  # fmt: skip
def test_statements(text: str, expected: set[tuple[str, str, str]]) -> None:
    assert seeds(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Duplicate entry 'it's' for key 'customers_login'", {("customers", "login", "it's")}),
        ("Duplicate entry 'x' for key 'customers.customers_login'", {("customers", "login", "x")}),
        ("Duplicate entry '12-3' for key 'order_items.PRIMARY'",
         {("order_items", "order_id,line_no", "12,3")}),
        ("Duplicate entry '12-3' for key 'PRIMARY', query was: INSERT INTO order_items VALUES (?)",
         {("order_items", "order_id,line_no", "12,3")}),
        ("Duplicate entry 'A-1-7' for key 'both'", {("coupons", "code,id", "A-1,7")}),
        ("Duplicate entry '12-3' for key 'PRIMARY'", set()),
        ("Duplicate entry 'x' for key 'gone'", set()),
    ],
)  # fmt: skip
def test_values_entered_twice(text: str, expected: set[tuple[str, str, str]]) -> None:
    assert seeds(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("order 4711 placed by customer #9 at 10:05:54", {ORDER, CUSTOMER}),
        ("Order no. 4711 is late", {ORDER}),
        ('{"order_id":4711,"customerId": "9"}', {ORDER, CUSTOMER}),
        ("orderId=4711 customer: 9", {ORDER, CUSTOMER}),
        (
            "#0 /srv/x.php(12): Shop_Order->find(4711)\n#1 Api->getCustomer(9, 'x')",
            {ORDER, CUSTOMER},
        ),
        ("order 4711.50 EUR, order 12:30, order 2026-11-25, orders 5%", set()),
        ("line 53 of page 2, code 4711", set()),
    ],
)
def test_messages(text: str, expected: set[tuple[str, str, str]]) -> None:
    assert seeds(text) == expected


def test_names_are_the_same_in_singular_plural_and_every_case() -> None:
    for name in ("order_item", "orderItems", "OrderItem", "order-items", "ORDER_ITEMS"):
        assert [one.name for one in tables_by_name(SCHEMA, name)] == ["order_items"], name
    for name, of in (
        ("country", "countries"),
        ("address", "addresses"),
        ("Addresses", "addresses"),
    ):
        assert [one.name for one in tables_by_name(SCHEMA, name)] == [of]
    assert tables_by_name(SCHEMA, "item") == tables_by_name(SCHEMA, "") == ()


def test_a_prefix_that_most_tables_share_may_be_left_out() -> None:
    names = ("tbl_orders", "tbl_users", "tbl_items", "log")
    tables = {name: table(name, "id", ID) for name in names}
    schema = Schema("shop", Family.MYSQL, "9", "utf8mb4", "utf8mb4_bin", tables)
    assert [one.name for one in tables_by_name(schema, "order")] == ["tbl_orders"]


def test_of_several_tables_of_that_name_none_is_taken() -> None:
    tables = {name: table(name, "id", ID) for name in ("user", "users")}
    schema = Schema("shop", Family.MYSQL, "9", "utf8mb4", "utf8mb4_bin", tables)
    assert [one.name for one in tables_by_name(schema, "users")] == ["users"]
    assert tables_by_name(schema, "user-s") == ()


def test_says_where_a_row_was_named_but_not_its_value() -> None:
    found, lost = resolve_mentions(
        identifiers_in("GET /orders/4711?x=998877 Duplicate entry '998877' for key 'gone'"), SCHEMA
    )
    assert found == (Seed("orders", ("id",), ("4711",), "named in a URL"),)
    assert {one.source for one in lost} == {Source.QUERY, Source.KEY}
    assert all(one.count == 1 for one in lost)
    told = "".join(map(str, (*found, *lost))) + repr(found) + repr(lost)
    assert "998877" not in told
    assert "4711" not in told


LOG = b"""\
2026-11-25T11:05:52+01:00 INFO order 5 placed
2026-11-25T11:05:54+01:00 ERR GET /api/orders/4711 500 Shop_Exception: no in a.php:1
2026-11-25T11:05:54+01:00 ERR GET /api/orders/4711 500 Shop_Exception: no in a.php:1
2026-11-25T11:05:55+01:00 CRIT customer 9 is lost
\xff\xfe garbage
"""


def test_only_errors_of_a_log_are_looked_at_and_each_mention_counts_once(tmp_path: Path) -> None:
    file = tmp_path / "shop.log"
    file.write_bytes(LOG)
    for log in (LOG, file):
        found = read_log_mentions(log)
        assert (found.events, found.cut, len(found.mentions)) == (3, False, 2)
        rows, _ = resolve_mentions(found, SCHEMA)
        assert {(one.table, one.values) for one in rows} == {
            ("orders", ("4711",)), ("customers", ("9",)),
        }  # fmt: skip


def test_requests_answered_with_an_error_are_looked_at() -> None:
    log = (
        b'1.1.1.1 - - [25/Nov/2026:10:05:54 +0000] "GET /api/orders/4711 HTTP/1.1" 500 1 "-" "-"\n'
        b'1.1.1.1 - - [25/Nov/2026:10:05:54 +0000] "GET /api/orders/5 HTTP/1.1" 200 1 "-" "-"\n'
    )
    rows, _ = resolve_mentions(read_log_mentions(log), SCHEMA)
    assert [one.values for one in rows] == [("4711",)]


def test_of_a_text_in_no_known_form_every_line_is_looked_at() -> None:
    rows, _ = resolve_mentions(read_log_mentions(b"from the ticket:\nGET /orders/4711"), SCHEMA)
    assert [one.values for one in rows] == [("4711",)]


def test_a_long_log_is_cut_and_says_so() -> None:
    found = read_log_mentions(LOG, most_events=2)
    assert (found.events, found.cut) == (1, True)


def test_a_log_that_is_missing_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_log_mentions(tmp_path / "none.log")


def test_a_request_has_to_be_one() -> None:
    assert [one.value for one in read_request("GET /api/orders/4711")] == ["4711"]
    with pytest.raises(UsageError):
        read_request("orders 4711")


PIECES = st.lists(
    st.sampled_from([
        "GET ", "/orders", "/4711", "?", "customer=9", "&", "SELECT * FROM ", "orders o ", "WHERE ",
        "o.id = 4711", "IN (1,", "'", "\\", "Duplicate entry '", "' for key '", "customers_login'",
        "order #", "4711", "%zz", "->find(", "\n", "ü", "\x00", "-", "`", "=",
    ]),
    max_size=25,
).map("".join)  # fmt: skip


@given(text=PIECES | st.text(max_size=200))
def test_never_fails_and_gives_values_that_fit_the_columns(text: str) -> None:
    found, _ = resolve_mentions(identifiers_in(text), SCHEMA)
    for one in found:
        for name, value in zip(one.columns, one.values, strict=True):
            column = SCHEMA.tables[one.table].column(name)
            assert not column.is_integer or value.lstrip("-").isdigit()


def test_what_stands_once_is_not_said_to_stand_times() -> None:
    assert str(Unresolved(Source.URL, 1, "why")) == f"{Source.URL.value}, once: why"
    assert str(Unresolved(Source.URL, 2, "why")) == f"{Source.URL.value}, 2 times: why"
