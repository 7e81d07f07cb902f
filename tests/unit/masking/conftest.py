"""The demo's schema, its rules, and a masker for them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sandbox.masking.assignment import Treatments, assign_treatments
from sandbox.masking.masker import Masker
from sandbox.masking.packs import with_packs
from sandbox.masking.rules import Source, parse_rules
from sandbox.model import Column, Family, ForeignKey, Key, Schema, Table

KEY = b"a key of tests, and of nothing else"
_DEMO = Path(__file__).resolve().parents[3] / "docker/demo"
_TABLE = re.compile(
    r"CREATE TABLE (\w+) \((.*?)\n\) ENGINE=(\w+) DEFAULT CHARSET=(\w+) COLLATE=(\w+)", re.DOTALL
)
_COLUMN = re.compile(
    r"(\w+)\s+((\w+)(?:\([^)]*\))?(?: UNSIGNED)?)(?:\s+CHARACTER SET (\w+) COLLATE (\w+))?(.*)"
)
_KEY_OF = re.compile(r"(PRIMARY KEY|UNIQUE KEY (\w+)) \(([^)]*)\)")
_FOREIGN_KEY = re.compile(
    r"CONSTRAINT (\w+) FOREIGN KEY \(([^)]*)\) REFERENCES (\w+) \(([^)]*)\)(.*)"
)
_TEXTS = {"char", "varchar", "text", "mediumtext", "longtext", "enum", "set"}


@pytest.fixture(scope="session")
def shop_rules() -> Source:
    """Give the demo's own rules."""
    file = _DEMO / "masking_rules/shop.yaml"
    return Source(file.name, file.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def shop_schema() -> Schema:
    """Give the demo's schema, read from its SQL."""
    text = (_DEMO / "database/schema.sql").read_text(encoding="utf-8")
    tables = {found[1]: _read_table(found) for found in _TABLE.finditer(text)}
    assert len(tables) == text.count("CREATE TABLE")
    return Schema("shop", Family.MARIADB, "10.11", "utf8mb4", "utf8mb4_unicode_ci", tables)


@pytest.fixture(scope="session")
def shop_treatments(shop_schema: Schema, shop_rules: Source) -> Treatments:
    return assign_treatments(
        shop_schema, parse_rules(with_packs([shop_rules])), unclassified="refuse"
    )


@pytest.fixture(scope="session")
def shop_masker(shop_schema: Schema, shop_treatments: Treatments) -> Masker:
    return Masker(
        shop_schema, shop_treatments, KEY, ["class Shop_Order_Exception", "BasketsController"]
    )


def _read_table(found: re.Match[str]) -> Table:
    name, inside, engine, charset, collation = found.groups()
    columns: list[Column] = []
    keys: list[Key] = []
    foreign_keys: list[ForeignKey] = []
    for line in (line.strip().rstrip(",") for line in inside.strip().splitlines()):
        key, foreign = _KEY_OF.match(line), _FOREIGN_KEY.match(line)
        if key:
            keys.append(Key(key[2] or "PRIMARY", tuple(key[3].split(", "))))
        elif foreign:
            own, parents = tuple(foreign[2].split(", ")), tuple(foreign[4].split(", "))
            foreign_keys.append(ForeignKey(foreign[1], name, own, foreign[3], parents))
        elif not line.startswith(("KEY", "FULLTEXT")):
            columns.append(_read_column(line, charset, collation))
    return Table(name, engine, tuple(columns), tuple(keys), tuple(foreign_keys))


def _read_column(line: str, charset: str, collation: str) -> Column:
    found = _COLUMN.match(line)
    assert found, line
    name, declared, kind, own_charset, own_collation, rest = found.groups()
    is_text = kind.lower() in _TEXTS
    return Column(
        name,
        kind.lower(),
        declared.lower(),
        nullable="NOT NULL" not in rest,
        charset=(own_charset or charset) if is_text else "",
        collation=(own_collation or collation) if is_text else "",
        generated=" AS (" in rest,
    )
