"""A small schema, its masker, and what becomes of definitions with it."""

from __future__ import annotations

from sandbox.masking.assignment import assign_treatments
from sandbox.masking.definitions import MaskedDefinition, mask_definition
from sandbox.masking.masker import Masker
from sandbox.masking.rules import Source, parse_rules
from sandbox.model import Column, Family, Key, ObjectKind, Schema, SchemaObject, Table

RULES = """
tables:
  people:
    email: email
    last_name: name
    status: keep
    age: digits
    born: {masker: date, person: id}
    decade: {masker: generalise, unit: "10"}
    setting: {masker: by_key, key: status}
    photo: binary
    place: ip
"""


def text(name: str) -> Column:
    return Column(name, "varchar", "varchar(60)", charset="latin1", collation="latin1_german1_ci")


def people_masker() -> Masker:
    """Give a masker of one table of people."""
    number = Column("id", "int", "int(11)", nullable=False)
    columns = (
        number, text("email"), text("last_name"), text("status"), Column("age", "int", "int(11)"),
        Column("born", "date", "date"), Column("decade", "int", "int(11)"), text("setting"),
        Column("photo", "varbinary", "varbinary(30)"), Column("place", "binary", "binary(16)"),
    )  # fmt: skip
    people = Table("people", "InnoDB", columns, (Key("PRIMARY", ("id",)),))
    schema = Schema("shop", Family.MARIADB, "10.11", "latin1", "latin1_german1_ci",
                    {"people": people})  # fmt: skip
    treatments = assign_treatments(
        schema, parse_rules([Source("own.yaml", RULES)]), unclassified="refuse"
    )
    return Masker(schema, treatments, b"a key of tests, and of nothing else", ["paid open"])


def mask(masker: Masker, kind: ObjectKind, definition: str, mode: str | None = None) -> str:
    return done(masker, kind, definition, mode).text.content.decode()


def done(
    masker: Masker, kind: ObjectKind, definition: str, mode: str | None = None
) -> MaskedDefinition:
    return mask_definition(SchemaObject(kind, "people", definition, sql_mode=mode), masker)


def said(masker: Masker, words: str) -> str:
    """Give what a text becomes in logs."""
    return masker.mask_text(words.encode(), "plain").content.decode()


def value(masker: Masker, column: str, content: str) -> str:
    """Give what a value becomes in its column."""
    cell = masker.mask_value("people", column, content.encode("latin1"))
    assert cell is not None
    return cell.decode("latin1")
