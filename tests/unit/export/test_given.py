"""Which rows given requests name, and which names of members are those of masked columns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandbox.capture.given_requests import GivenRequest
from sandbox.errors import UsageError
from sandbox.export.given import ColumnNames, read_given, rows_of, was_found_elsewhere
from sandbox.masking.assignment import Treatment, Treatments
from sandbox.model import Column, Family, ForeignKey, Key, Schema, Table
from sandbox.subset.closure import Found

MAIL = "petra@post.example"
HEX = MAIL.encode().hex()


def table(name: str, columns: str, *keys: str, refers: str = "") -> Table:
    made = []
    for one in columns.split():
        column, _, kind = one.partition(":")
        kind = kind or "int"
        charset = "" if kind == "int" else "utf8mb4"
        made.append(Column(column, kind, kind, nullable=False, charset=charset))
    foreign = (ForeignKey("fk", name, (refers,), "customers", ("id",)),) if refers else ()
    return Table(
        name, "InnoDB", tuple(made), tuple(Key(key, (key,)) for key in ("id", *keys)), foreign
    )


TABLES = (
    table(
        "customers", "id email:varchar login:varchar name:varchar phone:varchar", "email", "login"
    ),
    table("products", "id sku:varchar name:varchar", "sku"),
    table("baskets", "id customer_id", "customer_id"),
    table("orders", "id customer_id", refers="customer_id"),
    table("wishes", "id customer_id"),
)  # fmt: skip
SCHEMA = Schema(
    "shop", Family.MARIADB, "10.11", "utf8mb4", "utf8mb4_bin", {one.name: one for one in TABLES}
)


def request(url: str = "/api/baskets", **fields: object) -> GivenRequest:
    return GivenRequest.model_validate_json(json.dumps({"method": "POST", "url": url, **fields}))


def test_members_of_a_body_name_rows_by_key() -> None:
    body = {"product_id": 17, "items": [{"product_id": 18}], "quantity": 1, "page": 9, "sku": True}
    seeds, rows = rows_of(request(body=body), 3, SCHEMA)
    assert {(one.table, one.values) for one in seeds} == {
        ("products", ("17",)),
        ("products", ("18",)),
    }
    assert {one.because for one in seeds} == {"named in the body of given request 3"}
    assert rows == ()


def test_parameters_of_a_form_name_rows_like_members() -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    form = request(headers=headers, body="product_id=17&email=petra%40post.example")
    seeds, rows = rows_of(form, 1, SCHEMA)
    assert {(one.table, one.values) for one in seeds} == {("products", ("17",))}
    assert [one.table for one in rows] == ["customers", "baskets"]


@pytest.mark.parametrize(
    "given",
    [
        request(body={"who": MAIL}),
        request(url=f"/api/baskets?who={MAIL.replace('@', '%40')}"),
        request(before=[{"method": "POST", "url": "/api/session", "body": {"user": MAIL}}]),
        request(body=f"<mail>{MAIL}</mail>"),
    ],
    ids=["body", "url", "login", "text"],
)
def test_a_mail_address_names_a_row_and_what_the_path_says_of_it(given: GivenRequest) -> None:
    customers, baskets = rows_of(given, 1, SCHEMA)[1]
    literal = f"_utf8mb4 x'{HEX}'"
    who = f"`email` IN ({literal}) OR `login` IN ({literal})"
    assert (customers.table, customers.where) == ("customers", who)
    assert (baskets.table, baskets.where) == (
        "baskets",
        f"`customer_id` IN (SELECT `id` FROM `customers` WHERE {who})",
    )
    assert MAIL not in customers.because + baskets.because


def test_a_declared_child_comes_along_anyway() -> None:
    _, rows = rows_of(request("/api/orders", body={"who": MAIL}), 1, SCHEMA)
    assert [one.table for one in rows] == ["customers"]


def test_only_what_no_table_has_is_told() -> None:
    mail = Found("customers", "has a mail address of given request 1", 0)
    other = Found("admins", mail.because, 1)
    basket = Found("baskets", "belongs to whom a mail address names, in given request 1", 0)
    assert not was_found_elsewhere(mail, (mail, basket))
    assert was_found_elsewhere(mail, (mail, other))
    assert not was_found_elsewhere(
        mail, (mail, Found("admins", "has a mail address of given request 2", 1))
    )
    assert was_found_elsewhere(basket, (mail, basket))
    assert not was_found_elsewhere(Found("orders", "named in a URL", 0), (other,))


def names_of(**masked: str) -> ColumnNames:
    """Give the names of a schema whose columns, written ``table__column``, are masked."""
    treatments = {
        (table.name, column.name): Treatment(
            masked.get(f"{table.name}__{column.name}", "keep"), "", "a rule"
        )
        for table in TABLES
        for column in table.columns
    }
    return ColumnNames(SCHEMA, Treatments(treatments))


def test_a_member_is_a_persons_if_the_column_of_its_paths_table_is_masked() -> None:
    persons = names_of(customers__name="name", customers__phone="phone").are_of_persons
    assert persons("/api/customers/9", "name")
    assert not persons("/api/products/9", "name")
    assert persons("/api/baskets", "name")
    assert persons("/api/products/9", "phone")
    assert persons("/api/products/9", "Phone")
    assert not persons("/api/customers/9", "sku")
    assert not persons("/api/customers/9", "other")


def test_a_member_that_ends_like_a_masked_column_is_a_persons() -> None:
    persons = names_of(customers__name="name", customers__id="digits").are_of_persons
    for name in ("billing_name", "newName", "customer_name", "CustomerName"):
        assert persons("/api/baskets", name)
    # What stands around it or in front of it says which table's column it is.
    assert not persons("/api/baskets", "product_name")
    assert not persons("/api/baskets/product", "name")
    assert persons("/api/products/customer", "name")
    assert not persons("/api/baskets", "product_id")
    assert not persons("/api/baskets", "basket_id")


def test_a_member_is_a_key_if_it_names_one_that_is_kept_or_a_table() -> None:
    keys = names_of(customers__login="username").are_of_keys
    for name in ("id", "sku", "customer_id", "customer", "order_no", "orders", "email"):
        assert keys("/api/other", name)
    for name in ("login", "phone", "name", "number", "x"):
        assert not keys("/api/other", name)
    assert keys("/api/products", "sku")


def test_files_are_read_in_order_and_name_captured_servers_only(tmp_path: Path) -> None:
    one, two = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    one.write_text('{"method": "GET", "url": "/1", "servers": ["web1"]}\n')
    two.write_text('# seen by ops\n{"method": "GET", "url": "/2"}')
    assert [given.url for given in read_given([one, two], {"web1"})] == ["/1", "/2"]
    with pytest.raises(UsageError) as strange:
        read_given([two, one], {"web2"})
    assert "web1" not in strange.value.message
    with pytest.raises(UsageError, match="FileNotFoundError"):
        read_given([tmp_path / "none"], set())
    two.write_bytes(b"#" * (8 * 1024 * 1024 + 1))
    with pytest.raises(UsageError, match="8 MiB"):
        read_given([two], set())
