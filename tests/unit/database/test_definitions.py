"""What is read out of SQL text: keys, definers, rights, dumps."""

from __future__ import annotations

import pytest

from sandbox.database.definitions import (
    Definers,
    foreign_keys,
    plain_indexes,
    replace_definers,
    unique_keys,
    without_connection,
)
from sandbox.database.dump_file import merge_objects, read_dump
from sandbox.database.grants import Grants, parse_grants
from sandbox.database.heads import kind_and_name
from sandbox.database.sql_text import Splitter, unwrap
from sandbox.errors import DumpFileInvalid, SourceError
from sandbox.model import Family, ForeignKey, Index, Key, ObjectKind, Schema, SchemaObject, Table

TABLE = """CREATE TABLE `t` (
  `a` int NOT NULL COMMENT 'UNIQUE KEY `no` (`no`)',
  `b` varchar(9) DEFAULT NULL,
  PRIMARY KEY (`a`),
  UNIQUE KEY `x,``)` (`b`(3) DESC,`a`) USING BTREE COMMENT 'c (`d`)',
  UNIQUE KEY `expression` ((lower(`b`)),`a`),
  UNIQUE KEY `hidden` (`b`) /*!80000 INVISIBLE */,
  UNIQUE KEY `INVISIBLE` (`b`) IGNORED,
  KEY `plain` (`b`),
  KEY `of, two` (`b`(3),`a` DESC) USING BTREE COMMENT 'c (`d`)',
  KEY `unseen` (`a`) /*!80000 INVISIBLE */,
  KEY `computed` ((lower(`b`))),
  FULLTEXT KEY `words` (`b`),
  CONSTRAINT `one` FOREIGN KEY (`a`, `b`) REFERENCES `p` (`x`, `y`) ON DELETE CASCADE,
  CONSTRAINT `two` FOREIGN KEY (`a`) REFERENCES `other`.`q` (`id`) ON UPDATE CASCADE,
  CONSTRAINT `check` CHECK (`a` > 0)
) ENGINE=InnoDB COMMENT='PRIMARY KEY (`b`)'"""


def test_keys_are_read_from_a_definition() -> None:
    assert unique_keys(TABLE) == (
        Key("PRIMARY", ("a",)),
        Key("x,`)", ("b", "a"), shortened=True),
        Key("hidden", ("b",), hidden=True),
        Key("INVISIBLE", ("b",), hidden=True),
    )
    assert foreign_keys("t", TABLE) == (
        (ForeignKey("one", "t", ("a", "b"), "p", ("x", "y"), cascades=True), ""),
        (ForeignKey("two", "t", ("a",), "q", ("id",)), "other"),
    )


def test_indexes_that_find_rows_are_read_from_a_definition() -> None:
    assert plain_indexes(TABLE) == (
        Index("plain", ("b",)),
        Index("of, two", ("b", "a"), shortened=True),
    )


@pytest.mark.parametrize(
    "account",
    [
        "`root`@`%`",
        "root@localhost",
        "'ro''ot'@'10.%'",
        '"root"@"h"',
        "`a``@b`@`h`",
        "CURRENT_USER()",
    ],
)
@pytest.mark.parametrize(
    "form",
    [
        "CREATE DEFINER={} TRIGGER `t` BEFORE INSERT ON x FOR EACH ROW SET @a = 1",
        "CREATE ALGORITHM=MERGE DEFINER={} SQL SECURITY INVOKER VIEW `v` AS select 1",
        "CREATE OR REPLACE DEFINER={} EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1",
    ],
)
def test_definer_is_replaced_in_the_head_only(form: str, account: str) -> None:
    told = form.format(account) + " /* DEFINER=`keep`@`me` */"
    assert Definers().replace(told) == (
        form.format("`definer1`@`%`") + " /* DEFINER=`keep`@`me` */"
    )


def test_same_account_gets_the_same_name() -> None:
    objects = tuple(
        SchemaObject(ObjectKind.VIEW, name, f"CREATE DEFINER={account} VIEW `{name}` AS select 1")
        for name, account in (("a", "`x`@`%`"), ("b", "`y`@`%`"), ("c", "'x'@'%'"))
    )
    schema = Schema("shop", Family.MARIADB, "11.8", "utf8mb4", "c", {}, objects)
    found = [item.definition.split(" VIEW")[0] for item in replace_definers(schema).objects]
    assert found == [f"CREATE DEFINER=`definer{number}`@`%`" for number in (1, 2, 1)]


def test_address_of_a_remote_table_is_taken_out() -> None:
    definition = "CREATE TABLE t (a int) ENGINE=FEDERATED CONNECTION='mysql://u:p\\'w@h/d/t'"
    assert without_connection(definition) == (
        "CREATE TABLE t (a int) ENGINE=FEDERATED CONNECTION=''"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CREATE TABLE `shop`.`a``b` (x int)", ("table", "a`b")),
        ("CREATE AGGREGATE FUNCTION f(x INT) RETURNS INT …", ("function", "f")),
        ("create definer=`a`@`b` sql security definer view v as select 1", ("view", "v")),
        ("CREATE SEQUENCE IF NOT EXISTS `s` START WITH 1", ("sequence", "s")),
        ("CREATE DEFINER=`r` PACKAGE BODY `p` AS …", ("package body", "p")),
        ("CREATE INDEX i ON t (a)", None),
        ("SELECT 'CREATE TABLE t (a int)'", None),
    ],
)
def test_object_of_a_statement_is_told(text: str, expected: tuple[str, str] | None) -> None:
    assert kind_and_name(text) == expected


def test_rights_are_read_from_both_families() -> None:
    lines = [
        "GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*D821809F681A'",
        "GRANT SELECT (`id`, `na,me`), UPDATE (`b`) ON `shop`.`or.ders` TO `u`@`%`",
        "GRANT SELECT, SHOW VIEW ON `sh\\_p%`.* TO 'u'@'%' REQUIRE SSL WITH GRANT OPTION",
        "GRANT EXECUTE ON PROCEDURE `shop`.`p` TO `u`@`%`",
        "GRANT PROXY ON ''@'%' TO 'u'@'%' WITH GRANT OPTION",
        "GRANT `role`@`%`,`r`@`%` TO `u`@`%`",
        "GRANT role TO 'u'@'%'",
        "SET DEFAULT ROLE `role` FOR `u`@`%`",
        "GRANT APPLICATION_PASSWORD_ADMIN,SHOW_ROUTINE ON *.* TO `u`@`%`",
        "REVOKE SELECT ON `mysql`.* FROM `u`@`%`",
    ]
    grants = Grants(parse_grants(lines))
    assert [str(grant) for grant in grants.write_rights] == [
        "UPDATE on shop.or.ders",
        "GRANT OPTION on sh\\_p%.*",
        "EXECUTE on shop.p",
        "PROXY on *.*",
        "APPLICATION_PASSWORD_ADMIN on *.*",
    ]
    assert grants.allows("SELECT", "sh_p42", "any")
    assert not grants.allows("SELECT", "shop", "or.ders")
    assert grants.allows_some("SELECT", "shop", "or.ders")
    assert grants.allows("SHOW_ROUTINE")
    assert not grants.allows("SELECT")


def test_all_privileges_allow_all_but_what_was_revoked() -> None:
    grants = Grants(
        parse_grants(
            [
                "GRANT ALL PRIVILEGES ON *.* TO `u`@`%`",
                "REVOKE SELECT ON `mysql`.* FROM `u`@`%`",
            ]
        )
    )
    assert grants.allows("TRIGGER", "shop", "orders")
    assert not grants.allows("SELECT", "mysql", "proc")
    assert [str(grant) for grant in grants.write_rights] == ["ALL PRIVILEGES on *.*"]


def test_rights_that_cannot_be_read_stop_without_being_quoted() -> None:
    with pytest.raises(SourceError) as caught:
        parse_grants(["GRANT SOMETHING BY PASSWORD '*D821809F681A' ON NEW GROUND"])
    assert "D821" not in caught.value.message


def test_statements_are_cut_as_clients_cut_them() -> None:
    text = (
        "-- a ; comment\n# another ;\n/* and ; one */\n"
        "SELECT 'a;b', \"c;d\", `e;f`, 'it''s \\';' -- ; x\n, 1;\n"
        "delimiter //\nBEGIN; SELECT ';//'; END//\nDELIMITER ;\n"
        "/*!50003 SET x = ';' */ ;;\nSELECT 5--1;"
    )
    assert [item.text for item in Splitter(text).statements()] == [
        "SELECT 'a;b', \"c;d\", `e;f`, 'it''s \\';' -- ; x\n, 1",
        "BEGIN; SELECT ';//'; END",
        "/*!50003 SET x = ';' */",
        "SELECT 5--1",
    ]


def test_only_outer_conditional_comments_are_taken_off() -> None:
    assert unwrap(
        "/*!50003 CREATE*/ /*!50003 TRIGGER t SET @a = '*/' /* x */ /*!80000 , 1 */ */"
    ) == ("CREATE TRIGGER t SET @a = '*/' /* x */ /*!80000 , 1 */")
    assert unwrap("/*M!100616 SET x = 1 */") == "SET x = 1"


HEAD = "-- MySQL dump 10.13\n"
FOOT = "\n-- Dump completed on 2026-01-01\n"


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        (HEAD + "CREATE TABLE t (a int);\n\nINSERT INTO t VALUES ('secret');" + FOOT, 4, "rows"),
        (HEAD + "CREATE TABLE t (a int);\nGARBAGE 'secret';" + FOOT, 3, "no statement"),
        (HEAD + "CREATE TABLE t (a int);\nSELECT 'secret" + FOOT, 3, "string does not end"),
        (HEAD + "CREATE TABLE t (a int);\n/* secret" + FOOT, 3, "comment does not end"),
        (HEAD + "CREATE TABLE t (a int)" + FOOT, 2, "statement does not end"),
        (HEAD + "CREATE TABLE t (a int);\n", 3, "cut off"),
        (HEAD + "USE a;\nCREATE TABLE t (a int);\nUSE b;" + FOOT, 4, "second database"),
    ],
)
def test_what_is_no_dump_is_refused_with_its_line(text: str, line: int, what: str) -> None:
    with pytest.raises(DumpFileInvalid) as caught:
        read_dump(text)
    assert f"line {line}:" in caught.value.message
    assert what in caught.value.message
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("text", ["", "\n-- nothing\n", "SET NAMES utf8mb4;"])
def test_file_without_definitions_is_refused(text: str) -> None:
    with pytest.raises(DumpFileInvalid, match="defines nothing"):
        read_dump(text)


def test_stand_ins_of_views_are_no_objects() -> None:
    text = (
        "/*!50001 CREATE TABLE `v` (\n `a` tinyint NOT NULL\n) ENGINE=MyISAM */;\n"
        "/*!50001 CREATE VIEW `w` AS SELECT 1 AS `a`*/;\n"
        "/*!50001 CREATE VIEW `v` AS select 5 AS `a` */;\n"
        "/*!50001 CREATE VIEW `w` AS select 6 AS `a` */;\n"
    )
    assert [(item.kind, item.definition) for item in read_dump(text)] == [
        (ObjectKind.VIEW, "CREATE VIEW `v` AS select 5 AS `a`"),
        (ObjectKind.VIEW, "CREATE VIEW `w` AS select 6 AS `a`"),
    ]


def test_routine_is_read_in_its_own_character_set() -> None:
    text = (
        b"/*!50003 SET character_set_client = cp1251 */ ;\nDELIMITER ;;\n"
        b"CREATE PROCEDURE p() SELECT '\xef\xf0\xe8' ;;\nDELIMITER ;\n"
        b"/*!50003 SET character_set_client = @saved_cs_client */ ;\n"
    )
    (found,) = read_dump(text)
    assert (found.charset, found.definition) == ("cp1251", "CREATE PROCEDURE p() SELECT 'при'")
    with pytest.raises(DumpFileInvalid, match="not in its own character set"):
        read_dump(text.replace(b"cp1251", b"utf8mb4"))


def test_dump_that_lacks_a_kind_does_not_prove_that_there_is_none() -> None:
    table = Table("t", "InnoDB", ())
    schema = Schema(
        "shop",
        Family.MYSQL,
        "9.7",
        "utf8mb4",
        "c",
        {"t": table},
        (SchemaObject(ObjectKind.TABLE, "t", "CREATE TABLE `t` (a int)"),),
        ("triggers: no TRIGGER right", "view v: no SHOW VIEW right", "events: no EVENT right"),
    )
    objects = read_dump(
        "CREATE TABLE `t` (a bigint);CREATE TABLE hidden (a int);CREATE VIEW `v` AS select 1;"
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1;"
    )
    merged = merge_objects(schema, objects)
    assert [(item.kind.value, item.name) for item in merged.objects] == [
        ("table", "t"),
        ("view", "v"),
        ("event", "e"),
    ]
    assert merged.objects[0].definition == "CREATE TABLE `t` (a int)"
    assert merged.unknown == ("triggers: no TRIGGER right; the file of definitions holds none",)
