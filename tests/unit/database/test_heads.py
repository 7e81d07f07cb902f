"""Heads as real servers show them, and as people type them."""

from __future__ import annotations

import pytest

from sandbox.bundle.definitions import creates
from sandbox.database.definitions import replace_definers
from sandbox.database.heads import plain_head
from sandbox.model import Family, ObjectKind, Schema, SchemaObject

BODY = "FOR EACH ROW SET @x = 'shop.a'"


@pytest.mark.parametrize(
    "definition",
    [
        "CREATE TABLE `t` (\n  `i` int(11) DEFAULT NULL\n) ENGINE=InnoDB",
        "CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`%` SQL SECURITY DEFINER VIEW `t` AS select 1",
        "CREATE DEFINER=`root`@`%` PROCEDURE `t`()\nSELECT 1",
        "CREATE DEFINER=`root`@`%` AGGREGATE FUNCTION `t`(x INT) RETURNS int(11)\nBEGIN END",
        "CREATE DEFINER=`root`@`%` EVENT `t` ON SCHEDULE EVERY 1 DAY DO SELECT 1",
        "CREATE SEQUENCE `t` start with 1 minvalue 1",
        f"CREATE DEFINER=`root`@`%` TRIGGER `t` BEFORE INSERT ON `a` {BODY}",
        "DROP TABLE t",
    ],
)
def test_a_plain_head_stays_as_it_is(definition: str) -> None:
    for kind in ObjectKind:
        assert plain_head(kind, "t", definition) == definition


@pytest.mark.parametrize(
    "head",
    [
        "TRIGGER shop.Trg BEFORE INSERT ON shop.a ",
        "TRIGGER IF NOT EXISTS shop.Trg BEFORE INSERT ON a ",
        "TRIGGER /* c */ `shop` . `Trg` -- d\n BEFORE INSERT ON # e\n `shop`.`a` ",
        "TRIGGER Trg BEFORE INSERT ON a ",
    ],
)
def test_a_trigger_loses_what_was_typed_besides(head: str) -> None:
    plain = plain_head(ObjectKind.TRIGGER, "Trg", f"CREATE DEFINER=`r`@`%` {head}{BODY}")
    assert plain == f"CREATE DEFINER=`r`@`%` TRIGGER `Trg` BEFORE INSERT ON `a` {BODY}"


@pytest.mark.parametrize(
    ("kind", "definition", "expected"),
    [
        (
            "table",
            "CREATE TABLE IF NOT EXISTS `shop`.`o` (\n a INT)",
            "CREATE TABLE `o` (\n a INT)",
        ),
        ("view", "CREATE OR REPLACE VIEW shop.o AS select 1", "CREATE VIEW `o` AS select 1"),
        ("procedure", "CREATE PROCEDURE shop.o() SELECT 1", "CREATE PROCEDURE `o`() SELECT 1"),
    ],
)
def test_every_kind_of_object_loses_it(kind: str, definition: str, expected: str) -> None:
    assert plain_head(ObjectKind(kind), "o", definition) == expected


def test_every_definition_of_a_source_gets_a_plain_head() -> None:
    typed = SchemaObject(
        ObjectKind.TRIGGER,
        "t",
        f"CREATE DEFINER=`r`@`%` TRIGGER shop.t AFTER UPDATE ON shop.a {BODY}",
    )
    schema = Schema("shop", Family.MARIADB, "10.11", "", "", {}, objects=(typed,))
    (plain,) = replace_definers(schema).objects
    assert creates(plain)
    assert plain.definition == (
        f"CREATE DEFINER=`definer1`@`%` TRIGGER `t` AFTER UPDATE ON `a` {BODY}"
    )
