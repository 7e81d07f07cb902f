"""Reading schemas: everything that is there, and what an account cannot see."""

from __future__ import annotations

import dataclasses

import pytest

from database_servers import NOWHERE, DatabaseServer
from sandbox.database.connect import open_catalogue
from sandbox.database.definitions import replace_definers
from sandbox.database.dump_file import merge_objects
from sandbox.database.grants import read_grants
from sandbox.database.schema import read_schema
from sandbox.errors import RightMissing, RightRefused
from sandbox.export.preflight import Preflight, check_source
from sandbox.model import ForeignKey, Key, ObjectKind, Schema, SchemaObject

pytestmark = pytest.mark.docker


def read(server: DatabaseServer, database: str, user: str = "root") -> Schema:
    with open_catalogue(server.endpoint(database, user), NOWHERE) as catalogue:
        return read_schema(catalogue, database)


def check(server: DatabaseServer, database: str, user: str, **options: bool) -> Preflight:
    endpoint = server.endpoint(database, user)
    with open_catalogue(endpoint, NOWHERE) as catalogue:
        return check_source(catalogue, endpoint, **options)


def thing(schema: Schema, kind: ObjectKind, name: str) -> SchemaObject:
    (found,) = [item for item in schema.objects if (item.kind, item.name) == (kind, name)]
    return found


@pytest.fixture
def shop(database_server: DatabaseServer) -> str:
    """Make a database with an object of every kind."""
    database = database_server.make_database("CHARACTER SET latin1")
    sequence = ["CREATE SEQUENCE ticket START WITH 5 NOCACHE", "SELECT NEXTVAL(ticket)"]
    database_server.run(
        "SET sql_mode = 'PIPES_AS_CONCAT', collation_connection = 'utf8mb4_bin'",
        "SET time_zone = '+02:00'",
        "CREATE TABLE parent (a INT, b VARCHAR(9), PRIMARY KEY (a, b))",
        "CREATE TABLE child (id INT PRIMARY KEY, pa INT, pb VARCHAR(9), CONSTRAINT `f``k` FOREIGN "
        "KEY (pa, pb) REFERENCES parent (a, b) ON DELETE CASCADE ON UPDATE CASCADE)",
        "CREATE VIEW seen AS SELECT a FROM parent",
        "CREATE FUNCTION twice(x INT) RETURNS INT DETERMINISTIC RETURN 2 * x",
        "CREATE PROCEDURE nothing() SELECT 'DEFINER=`not`@`me`' || 'x'",
        "CREATE TRIGGER second BEFORE INSERT ON parent FOR EACH ROW SET NEW.a = NEW.a + 1",
        "CREATE TRIGGER first BEFORE INSERT ON parent FOR EACH ROW PRECEDES second "
        "SET NEW.a = NEW.a * 2",
        "CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO SELECT 1",
        *(sequence if database_server.is_mariadb else []),
        database=database,
    )
    return database


def test_every_object_comes_under_its_own_session(
    database_server: DatabaseServer, shop: str
) -> None:
    schema = read(database_server, shop)
    assert schema.unknown == ()
    assert (schema.database, schema.charset) == (shop, "latin1")
    assert schema.version.startswith(database_server.version)
    names = [(item.kind.value, item.name) for item in schema.objects]
    sequence = [("sequence", "ticket")] if database_server.is_mariadb else []
    assert names == [
        *sequence,
        ("table", "child"),
        ("table", "parent"),
        ("function", "twice"),
        ("procedure", "nothing"),
        ("view", "seen"),
        ("trigger", "first"),
        ("trigger", "second"),
        ("event", "nightly"),
    ]
    for kind, name in (
        (ObjectKind.FUNCTION, "twice"),
        (ObjectKind.PROCEDURE, "nothing"),
        (ObjectKind.TRIGGER, "first"),
        (ObjectKind.EVENT, "nightly"),
    ):
        found = thing(schema, kind, name)
        assert found.sql_mode == "PIPES_AS_CONCAT"
        assert (found.charset, found.collation) == ("utf8mb4", "utf8mb4_bin")
    assert thing(schema, ObjectKind.VIEW, "seen").collation == "utf8mb4_bin"
    assert thing(schema, ObjectKind.EVENT, "nightly").time_zone == "+02:00"
    if database_server.is_mariadb:
        assert thing(schema, ObjectKind.SEQUENCE, "ticket").position == 6


def test_definers_become_names_that_say_nothing(database_server: DatabaseServer, shop: str) -> None:
    schema = replace_definers(read(database_server, shop))
    for item in schema.objects:
        if item.kind in {ObjectKind.SEQUENCE, ObjectKind.TABLE}:
            continue
        assert "DEFINER=`definer1`@`%`" in item.definition
        assert "root" not in item.definition
    assert "'DEFINER=`not`@`me`'" in thing(schema, ObjectKind.PROCEDURE, "nothing").definition


def test_keys_and_relations_of_all_forms(database_server: DatabaseServer) -> None:
    other = database_server.make_database()
    database_server.run("CREATE TABLE far (id INT PRIMARY KEY)", database=other)
    database = database_server.make_database()
    database_server.run(
        "CREATE TABLE a (x INT NOT NULL, y INT NOT NULL, n INT, t VARCHAR(50) NOT NULL, "
        "UNIQUE KEY late (n), UNIQUE KEY `odd,``(key)` (y DESC, x) COMMENT 'a (b)', "
        "UNIQUE KEY prefix (t(10)), KEY plain (n))",
        "CREATE TABLE self (id INT PRIMARY KEY, boss INT, "
        "CONSTRAINT chain FOREIGN KEY (boss) REFERENCES self (id) ON DELETE SET NULL)",
        "CREATE TABLE cross_over (id INT PRIMARY KEY, f INT, "
        f"CONSTRAINT abroad FOREIGN KEY (f) REFERENCES {other}.far (id))",
        "CREATE TABLE keyless (v INT, `g` INT AS (v * 2) VIRTUAL UNIQUE)",
        "CREATE TABLE m (id INT PRIMARY KEY) ENGINE=MyISAM COMMENT 'it''s\\n a `comment`'",
        database=database,
    )
    schema = read(database_server, database)
    assert schema.tables["a"].keys == (
        # In the server's order: keys without NULL first.
        *(
            (
                Key("odd,`(key)", ("y", "x")),
                Key("prefix", ("t",), shortened=True),
                Key("late", ("n",)),
            )
            if schema.tables["a"].keys[0].name != "late"
            else (
                Key("late", ("n",)),
                Key("odd,`(key)", ("y", "x")),
                Key("prefix", ("t",), shortened=True),
            )
        ),
    )
    assert [column.name for column in schema.tables["a"].identity] == ["y", "x"]
    assert schema.tables["self"].foreign_keys == (
        ForeignKey("chain", "self", ("boss",), "self", ("id",), cascades=False),
    )
    assert schema.tables["cross_over"].foreign_keys == ()
    assert schema.unknown == (
        f"table cross_over: foreign key abroad refers to another database, {other}.far",
    )
    assert schema.tables["keyless"].identity == ()
    assert not schema.tables["m"].transactional
    assert schema.tables["m"].comment == "it's\n a `comment`"


def test_odd_names_are_read(database_server: DatabaseServer) -> None:
    database = database_server.make_database()
    names = ["select", "a.b", "Tick`s", 'quo"te', "it's", "100%", "spa ce", "ümlaut", ":colon"]
    for name in names:
        quoted = "`" + name.replace("`", "``") + "`"
        database_server.run(
            f"CREATE TABLE {quoted} (id INT PRIMARY KEY, {quoted} VARCHAR(5), "
            f"UNIQUE KEY {quoted} ({quoted}))",
            database=database,
        )
    schema = read(database_server, database)
    assert sorted(schema.tables) == sorted(names)
    for name in names:
        assert schema.tables[name].keys == (Key("PRIMARY", ("id",)), Key(name, (name,)))
        assert thing(schema, ObjectKind.TABLE, name).definition.startswith("CREATE TABLE")


def test_columns_say_their_type_and_character_set(database_server: DatabaseServer) -> None:
    database = database_server.make_database()
    database_server.run(
        "CREATE TABLE t (id BIGINT UNSIGNED NOT NULL PRIMARY KEY, "
        "l VARCHAR(9) CHARACTER SET latin1 COLLATE latin1_german2_ci NOT NULL, "
        "e ENUM('a,b','c''d'), d DATETIME DEFAULT CURRENT_TIMESTAMP, j JSON)",
        database=database,
    )
    columns = {
        column.name: column for column in read(database_server, database).tables["t"].columns
    }
    assert columns["id"].is_integer
    assert not columns["id"].nullable
    assert "unsigned" in columns["id"].declared
    assert (columns["l"].charset, columns["l"].collation) == ("latin1", "latin1_german2_ci")
    assert columns["e"].kind == "enum"
    assert columns["e"].declared == "enum('a,b','c''d')"
    assert not columns["d"].generated
    assert columns["j"].kind == ("longtext" if database_server.is_mariadb else "json")


def test_hidden_primary_key_of_mysql_is_a_column(database_server: DatabaseServer) -> None:
    if database_server.is_mariadb:
        pytest.skip("a feature of MySQL")
    database = database_server.make_database()
    database_server.run(
        "SET sql_generate_invisible_primary_key = ON",
        "CREATE TABLE t (v INT)",
        "INSERT INTO t VALUES (7)",
        database=database,
    )
    table = read(database_server, database).tables["t"]
    assert [column.name for column in table.stored_columns] == ["my_row_id", "v"]
    assert [column.name for column in table.identity] == ["my_row_id"]


def test_system_versioned_tables_have_their_current_rows_only(
    database_server: DatabaseServer,
) -> None:
    if not database_server.is_mariadb:
        pytest.skip("a feature of MariaDB")
    database = database_server.make_database()
    database_server.run(
        "CREATE TABLE t (id INT PRIMARY KEY, s TIMESTAMP(6) GENERATED ALWAYS AS ROW START, "
        "e TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) "
        "WITH SYSTEM VERSIONING",
        database=database,
    )
    schema = read(database_server, database)
    assert [column.name for column in schema.tables["t"].stored_columns] == ["id"]
    assert [column.name for column in schema.tables["t"].identity] == ["id"]
    assert schema.unknown == ("table t: the history of its rows is not taken",)


def test_account_that_only_reads_knows_what_it_does_not_see(
    database_server: DatabaseServer, shop: str
) -> None:
    user = database_server.make_account(f"SELECT ON {shop}.*")
    schema = read(database_server, shop, user)
    assert sorted(schema.tables) == ["child", "parent"]
    assert schema.tables["child"].foreign_keys == (
        ForeignKey("f`k", "child", ("pa", "pb"), "parent", ("a", "b"), cascades=True),
    )
    assert "`f``k` FOREIGN KEY" in thing(schema, ObjectKind.TABLE, "child").definition
    routines = {
        "10.5": "SELECT ON mysql.proc",
        "10.11": "SELECT ON mysql.proc",
        "11.8": "SHOW CREATE ROUTINE",
        "9.7": "SHOW_ROUTINE",
    }[database_server.version]
    assert schema.unknown == (
        f"routines: no {routines} right",
        "view seen: no SHOW VIEW right",
        "triggers: no TRIGGER right",
        "events: no EVENT right",
    )


def test_recommended_rights_show_all_but_triggers_and_events(
    database_server: DatabaseServer, shop: str
) -> None:
    grants = [f"SELECT, SHOW VIEW ON {shop}.*"]
    grants += {
        "10.5": ["SELECT ON mysql.proc", "SLAVE MONITOR, BINLOG MONITOR ON *.*"],
        "10.11": ["SELECT ON mysql.proc", "SLAVE MONITOR, BINLOG MONITOR ON *.*"],
        "11.8": [f"SHOW CREATE ROUTINE ON {shop}.*", "SLAVE MONITOR, BINLOG MONITOR ON *.*"],
        "9.7": ["SHOW_ROUTINE ON *.*", "REPLICATION CLIENT, PROCESS ON *.*"],
    }[database_server.version]
    user = database_server.make_account(*grants)
    schema = read(database_server, shop, user)
    assert schema.unknown == ("triggers: no TRIGGER right", "events: no EVENT right")
    everything = {
        (item.kind, item.name): item.definition for item in read(database_server, shop).objects
    }
    for item in schema.objects:
        assert everything[item.kind, item.name] == item.definition
    preflight = check(database_server, shop, user)
    assert [missing.right for missing in preflight.missing] == ["TRIGGER", "EVENT"]
    assert preflight.is_replica is False
    assert preflight.write_rights == ()
    assert (not preflight.one_session) is database_server.is_mariadb
    assert preflight.has_one_moment
    assert "a primary" in str(preflight)


def test_tables_that_may_be_hidden_are_said(database_server: DatabaseServer, shop: str) -> None:
    user = database_server.make_account(f"SELECT ON {shop}.child")
    schema = read(database_server, shop, user)
    assert list(schema.tables) == ["child"]
    assert schema.tables["child"].foreign_keys == ()
    unknown = " / ".join(schema.unknown)
    assert "tables: the account has SELECT on single tables only" in unknown
    assert (
        f"table child: foreign key f`k is not followed: the account lacks SELECT on {shop}.parent"
    ) in schema.unknown


def test_reference_to_a_table_that_is_not_there_is_said(
    database_server: DatabaseServer, shop: str
) -> None:
    database_server.run("SET foreign_key_checks = 0", "DROP TABLE parent", database=shop)
    schema = read(database_server, shop)
    assert schema.tables["child"].foreign_keys == ()
    said = "table child: foreign key f`k is not followed: there is no table parent"
    assert said in schema.unknown


def test_table_of_which_only_columns_are_granted_needs_a_definition(
    database_server: DatabaseServer, shop: str
) -> None:
    user = database_server.make_account(
        f"SELECT (a) ON {shop}.parent", f"SELECT (id, pa) ON {shop}.child"
    )
    with pytest.raises(RightMissing, match=r"child, parent\.") as caught:
        read(database_server, shop, user)
    assert "--ddl" in caught.value.hint
    dumped = tuple(
        item for item in read(database_server, shop).objects if item.kind is ObjectKind.TABLE
    )
    with open_catalogue(database_server.endpoint(shop, user), NOWHERE) as catalogue:
        schema = read_schema(catalogue, shop, dumped=dumped)
        merged = merge_objects(schema, dumped)
    assert merged.objects == dumped
    child, parent = schema.tables["child"], schema.tables["parent"]
    assert [column.name for column in child.columns] == ["id", "pa"]
    assert (child.keys, child.foreign_keys) == ((Key("PRIMARY", ("id",)),), ())
    assert (parent.keys, parent.identity) == ((), ())
    lacks = f"the account lacks SELECT on its columns in {shop}.child"
    assert "table child: columns on which the account lacks SELECT" in merged.unknown
    assert f"table child: foreign key f`k is not followed: {lacks}" in merged.unknown


def test_account_without_any_table_is_one_clear_error(
    database_server: DatabaseServer, shop: str
) -> None:
    user = database_server.make_account(f"SHOW VIEW ON {shop}.*")
    with pytest.raises(RightMissing):
        check(database_server, shop, user)
    with pytest.raises(RightMissing):
        read(database_server, shop, user)


@pytest.mark.parametrize(
    "right", ["INSERT", "TRIGGER", "EVENT", "LOCK TABLES", "EXECUTE", "ALL PRIVILEGES"]
)
def test_rights_to_write_are_refused_unless_allowed(
    database_server: DatabaseServer, shop: str, right: str
) -> None:
    user = database_server.make_account(f"SELECT, SHOW VIEW ON {shop}.*", f"{right} ON {shop}.*")
    with pytest.raises(RightRefused) as caught:
        check(database_server, shop, user)
    assert caught.value.findings
    assert user in caught.value.message
    preflight = check(database_server, shop, user, allow_write_grants=True)
    assert preflight.write_rights == caught.value.findings


def test_write_rights_on_columns_and_in_roles_are_found(
    database_server: DatabaseServer, shop: str
) -> None:
    user = database_server.make_account(
        f"SELECT ON {shop}.*", f"UPDATE (b) ON {shop}.parent", r"SELECT ON `odd\_name%`.*"
    )
    inner, outer = f"{user}_inner", f"{user}_outer"
    database_server.run(
        f"CREATE ROLE {inner}",
        f"CREATE ROLE {outer}",
        f"GRANT DELETE ON {shop}.* TO {inner}",
        f"GRANT {inner} TO {outer}",
        f"GRANT {outer} TO {user}",
    )
    with open_catalogue(database_server.endpoint(shop, user), NOWHERE) as catalogue:
        grants = read_grants(catalogue)
        current = str(catalogue.value("SELECT CURRENT_ROLE()"))
    assert current in {"None", "NONE"}
    assert sorted(str(grant) for grant in grants.write_rights) == sorted(
        [f"DELETE on {shop}.*", f"UPDATE on {shop}.parent"]
    )
    assert grants.allows("SELECT", shop)
    assert grants.allows("SELECT", "odd_name7")
    assert not grants.allows("SELECT", "oddxname7")
    assert not grants.allows("UPDATE", shop, "parent")


def test_rights_of_a_default_role_count(database_server: DatabaseServer, shop: str) -> None:
    user = database_server.make_account("USAGE ON *.*")
    role = f"{user}_role"
    on = "TO" if not database_server.is_mariadb else "FOR"
    database_server.run(
        f"CREATE ROLE {role}",
        f"GRANT SELECT, SHOW VIEW ON {shop}.* TO {role}",
        f"GRANT {role} TO {user}",
        f"SET DEFAULT ROLE {role} {on} {user}",
    )
    schema = read(database_server, shop, user)
    assert thing(schema, ObjectKind.VIEW, "seen").definition
    assert check(database_server, shop, user).write_rights == ()


def test_password_hash_of_the_account_goes_nowhere(
    database_server: DatabaseServer, shop: str
) -> None:
    user = database_server.make_account(f"SELECT ON {shop}.*")
    with open_catalogue(database_server.endpoint(shop, user), NOWHERE) as catalogue:
        assert "IDENTIFIED" not in repr(dataclasses.asdict(read_grants(catalogue)))


def test_tables_outside_the_snapshot_are_named(database_server: DatabaseServer, shop: str) -> None:
    database_server.run("CREATE TABLE m (id INT) ENGINE=MyISAM", database=shop)
    user = database_server.make_account(f"SELECT ON {shop}.*")
    preflight = check(database_server, shop, user)
    assert preflight.outside_snapshot == (("m", "MyISAM"),)
    assert not preflight.has_one_moment
    assert preflight.is_replica is None
    assert preflight.frees_locks is not database_server.is_mariadb


def test_view_over_a_missing_table_does_not_stop_the_rest(
    database_server: DatabaseServer, shop: str
) -> None:
    database_server.run(
        "CREATE TABLE gone (id INT)",
        "CREATE VIEW broken AS SELECT id FROM gone",
        "DROP TABLE gone",
        database=shop,
    )
    schema = read(database_server, shop)
    broken = [item for item in schema.objects if item.name == "broken"]
    assert broken or any(text.startswith("view broken:") for text in schema.unknown)
