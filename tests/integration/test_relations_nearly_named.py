"""Names that nearly say a relation, on real data: used where one table fits, and only then."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from database_servers import NOWHERE, DatabaseServer
from sandbox.database.connect import open_catalogue
from sandbox.database.schema import read_schema
from sandbox.subset.relations.find import find_relations

pytestmark = pytest.mark.docker

KEY = "INT UNSIGNED AUTO_INCREMENT PRIMARY KEY"
DIGITS = " UNION ALL ".join(f"SELECT {n} AS d" for n in range(10))
NUMBERS = (
    "CREATE TABLE n (n INT PRIMARY KEY)",
    (
        "INSERT INTO n SELECT a.d + 10 * b.d + 100 * c.d + 1"
        f" FROM ({DIGITS}) a, ({DIGITS}) b, ({DIGITS}) c"
    ),
)


def rows_of(table: str, most: int, **columns: str) -> list[str]:
    """Give the statements that make a table: the key is a number that the server counts."""
    kinds = {name: value.partition(" = ")[::2] for name, value in columns.items()}
    made = ", ".join(f"`{name}` {kind}" for name, (kind, _) in kinds.items())
    named = ", ".join(["id", *(f"`{name}`" for name in kinds)])
    shown = ", ".join(["n", *(value for _, value in kinds.values())])
    return [
        f"CREATE TABLE {table} (id {KEY}{', ' if made else ''}{made})",
        f"INSERT INTO {table} ({named}) SELECT {shown} FROM n WHERE n <= {most}",
    ]


DESK = [
    *rows_of("users", 200, login="VARCHAR(20) = CONCAT('u', n)"),
    *rows_of("teams", 30),
    *rows_of("pages", 900),
    *rows_of("orders", 900),
    *rows_of("episodes", 900),
    *rows_of("comments", 900),
    *rows_of("priorities", 900),
    *rows_of(
        "tickets",
        1000,
        created_by="INT = n % 150 + 1",
        assignee="INT = IF(n % 3, n % 40 + 1, NULL)",
        to_user="INT = n % 90 + 1",
        shared_with_team="INT = n % 25 + 1",
        duplicate_of="INT = IF(n % 9, NULL, n DIV 2 + 1)",
        # None of these is a relation.
        sort_by="INT = n % 60 + 1",
        page="INT = n % 60 + 1",
        order="INT = n % 60 + 1",
        episode="INT = n % 60 + 1",
        comments="INT = n % 60 + 1",
        priority="INT = n % 60 + 1",
        needed_by="INT = n % 60 + 1",
        from_user="INT = n % 5 + 1",
        closed_by="INT = n % 400 + 1",
        user_agent="VARCHAR(9) = CONCAT('u', n % 90 + 1)",
    ),
    "CREATE TABLE sla_levels (id INT PRIMARY KEY, level_code VARCHAR(9) NOT NULL UNIQUE)",
    "INSERT INTO sla_levels VALUES (1, 'gold'), (2, 'silver'), (3, 'bronze'), (4, 'none')",
    "CREATE TABLE queues (id INT PRIMARY KEY, slug VARCHAR(9) NOT NULL UNIQUE)",
    "INSERT INTO queues SELECT n, CONCAT('q', n) FROM n WHERE n < 20",
    *rows_of(
        "mails",
        500,
        sla="VARCHAR(9) = ELT(1 + n % 3, 'gold', 'Silver', 'bronze')",
        queue_slug="VARCHAR(9) = CONCAT('q', n % 19 + 1)",
    ),
]
DESK_TRUTH = {
    "tickets.created_by -> users.id",
    "tickets.assignee -> users.id",
    "tickets.to_user -> users.id",
    "tickets.shared_with_team -> teams.id",
    "tickets.duplicate_of -> tickets.id",
    "mails.sla -> sla_levels.level_code",
    "mails.queue_slug -> queues.slug",
}
RIVALS = [
    *rows_of("users", 200),
    *rows_of("agents", 150),
    *rows_of(
        "notes",
        1000,
        created_by="INT = n % 120 + 1",  # users and agents have all of them
        owner="INT = n % 190 + 1",  # only users have
    ),
]
CLIENTS = [
    *rows_of("admin_users", 60),
    *rows_of("customers", 900),
    # Numbers of people who left, that customers have as well; and of people who are there.
    *rows_of("prices", 1000, changed_by="INT = n % 90 + 1", approved_by="INT = n % 50 + 1"),
]
SHOP = [
    *(
        f"CREATE TABLE {name} ({key} {KEY})"
        for name, key in (
            ("shop_invoice", "entity_id"),
            ("shop_invoice_payment", "entity_id"),
            ("log_visitor", "visitor_id"),
            ("store_group", "group_id"),
            ("customer_group", "customer_group_id"),
        )
    ),
    "CREATE TABLE shop_invoice_grid (entity_id INT UNSIGNED PRIMARY KEY)",
    "CREATE TABLE log_url (url_id INT UNSIGNED, visitor_id INT UNSIGNED)",
    "CREATE TABLE customer_entity (entity_id INT UNSIGNED PRIMARY KEY, group_id INT UNSIGNED)",
    "CREATE TABLE site (site_id INT UNSIGNED PRIMARY KEY, group_id INT UNSIGNED)",
    "INSERT INTO shop_invoice SELECT n FROM n",
    "INSERT INTO shop_invoice_payment SELECT n FROM n WHERE n < 900",
    "INSERT INTO shop_invoice_grid SELECT n FROM n WHERE n < 900",
    "INSERT INTO log_visitor SELECT n FROM n",
    "INSERT INTO store_group SELECT n FROM n WHERE n < 50",
    "INSERT INTO customer_group SELECT n FROM n WHERE n < 50",
    "INSERT INTO log_url SELECT n, n % 500 + 1 FROM n",
    "INSERT INTO customer_entity SELECT n, n % 40 + 1 FROM n",
    "INSERT INTO site SELECT n, n % 40 + 1 FROM n WHERE n < 300",
]


@pytest.fixture
def made(request: pytest.FixtureRequest, database_server: DatabaseServer) -> Iterator[set[str]]:
    """Give the relations that are used of a database that statements make."""
    database = database_server.make_database()
    statements: list[str] = request.param
    database_server.run(*NUMBERS, *statements, "DROP TABLE n", database=database)
    with open_catalogue(database_server.endpoint(database), NOWHERE) as catalogue:
        found = find_relations(read_schema(catalogue, database), catalogue)
    yield {str(one) for one in found.used}
    database_server.run(f"DROP DATABASE {database}")


@pytest.mark.parametrize("made", [DESK], indirect=True, ids=["desk"])
def test_names_that_nearly_say_it_are_used_and_what_tempts_is_not(made: set[str]) -> None:
    assert made == DESK_TRUTH


@pytest.mark.parametrize("made", [RIVALS], indirect=True, ids=["rivals"])
def test_where_several_tables_of_people_fit_none_is_used(made: set[str]) -> None:
    assert made == {"notes.owner -> users.id"}


@pytest.mark.parametrize("made", [CLIENTS], indirect=True, ids=["clients"])
def test_where_it_may_have_been_a_client_nobody_is_taken_for_sure(made: set[str]) -> None:
    assert made == set()


@pytest.mark.parametrize("made", [SHOP], indirect=True, ids=["shop"])
def test_keys_of_others_tell_from_numbers_of_ones_own_and_groups_from_groups(
    made: set[str],
) -> None:
    assert made == {
        "shop_invoice_grid.entity_id -> shop_invoice.entity_id",
        "log_url.visitor_id -> log_visitor.visitor_id",
        "site.group_id -> store_group.group_id",
    }
