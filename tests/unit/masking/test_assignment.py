import re
from dataclasses import replace

import pytest

from sandbox.errors import MaskingRefused
from sandbox.masking.assignment import Treatments, assign_treatments
from sandbox.masking.maskers.catalogue import MASKERS
from sandbox.masking.rules import Source, parse_rules
from sandbox.model import Column, Family, ForeignKey, Key, Origin, Schema, Table


def text(name: str, declared: str = "varchar(40)", **facts: object) -> Column:
    kind = declared.partition("(")[0]
    column = Column(name, kind, declared, charset="utf8mb4", collation="utf8mb4_unicode_ci")
    return replace(column, **facts)  # type: ignore[arg-type]


CUSTOMERS = Table(
    "customers",
    "InnoDB",
    (
        Column("id", "int", "int(10) unsigned", nullable=False),
        text("email"),
        text("nickname"),
        Column("born", "date", "date"),
        Column("kind", "enum", "enum('a','b')"),
        text("full", generated=True),
    ),
    (Key("PRIMARY", ("id",)), Key("customers_email", ("email",))),
)
ORDERS = Table(
    "orders",
    "InnoDB",
    (Column("id", "int", "int", nullable=False), text("customer_email")),
    (Key("PRIMARY", ("id",)),),
    (ForeignKey("orders_customer", "orders", ("customer_email",), "customers", ("email",)),),
)
SCHEMA = Schema(
    "shop", Family.MARIADB, "10.11", "utf8mb4", "utf8mb4_unicode_ci",
    {"customers": CUSTOMERS, "orders": ORDERS},
)  # fmt: skip
NOT_UNIQUE = "password is not one-to-one, and the key customers_email is unique; there are keep, "
GOOD = """\
tables:
  customers: {email: email, nickname: name, born: {masker: date, person: id}}
  orders: {customer_email: email}
types: {enum: keep}
"""


def assign(rules: str, schema: Schema = SCHEMA, *, shape: bool = False) -> Treatments:
    return assign_treatments(
        schema,
        parse_rules([Source("shop.yaml", rules)]),
        unclassified="shape" if shape else "refuse",
    )


def findings_of(rules: str, schema: Schema = SCHEMA, *, shape: bool = False) -> tuple[str, ...]:
    with pytest.raises(MaskingRefused) as caught:
        assign(rules, schema, shape=shape)
    assert caught.value.exit_code == 12
    return caught.value.findings


def test_every_stored_column_gets_one_treatment() -> None:
    treatments = assign(GOOD)
    assert {name: one.masker for name, one in treatments.by_column.items()} == {
        ("customers", "id"): "keep",
        ("customers", "email"): "email",
        ("customers", "nickname"): "name",
        ("customers", "born"): "date",
        ("customers", "kind"): "keep",
        ("orders", "id"): "keep",
        ("orders", "customer_email"): "email",
    }
    born = treatments.of("customers", "born")
    assert (born.rule, born.domain, dict(born.options)) == ("shop.yaml:2", "date", {"person": "id"})
    assert treatments.of("customers", "id").kept
    assert treatments.of("customers", "id").rule == "surrogate key"


def test_all_findings_come_together() -> None:
    rules = """\
tables:
  customers:
    email: password
    born: {masker: date, person: nobody}
    kind: email
    gone: keep
  nobody: {x: keep}
"""
    found = [
        re.sub(r"there are keep, [^(]*", "there are keep, ", one) for one in findings_of(rules)
    ]
    assert sorted(found) == [
        "customers.born   date   person: there is no column nobody (shop.yaml:4)",
        f"customers.email   varchar(40)   {NOT_UNIQUE}(shop.yaml:3)",
        "customers.gone   no such column (shop.yaml:6)",
        "customers.kind   enum   email cannot mask this type; there is keep (shop.yaml:5)",
        "customers.nickname   varchar(40)   no rule",
        "nobody.x   no such table (shop.yaml:7)",
        "orders.customer_email   varchar(40)   no rule",
    ]


def test_a_misspelt_name_is_told_what_it_may_have_meant() -> None:
    rules = """\
tables:
  customers: {emial: email, born: {masker: date, person: ids}, nickname: name, zzz: keep}
  Ordres: {customer_email: email}
columns: {email: email, customer_email: email, kind: keep}
"""
    assert findings_of(rules) == (
        "customers.emial   no such column; did you mean email? (shop.yaml:2)",
        "customers.zzz   no such column (shop.yaml:2)",
        "Ordres.customer_email   no such table; did you mean orders? (shop.yaml:3)",
        "customers.born   date   person: there is no column ids; did you mean id? (shop.yaml:2)",
    )


def test_a_masker_that_does_not_fit_is_told_which_do() -> None:
    (finding,) = findings_of(GOOD.replace("born: {masker: date, person: id}", "born: name"))
    assert finding == (
        "customers.born   date   name cannot mask this type; "
        "there are keep, date, generalise, constant (shop.yaml:2)"
    )


@pytest.mark.parametrize(
    ("rules", "hint"),
    [
        ("types: {enum: keep, date: date, varchar: shape}\ntables: {x: {y: keep}}", "An account"),
        (GOOD.replace("nickname: name, ", ""), "Add the missing rules. Then run again."),
        (GOOD.replace("born: {masker: date, person: id}", "born: name"), "Give the column a"),
        (GOOD.replace("customer_email: email", "customer_email: name"), "Give both sides"),
    ],
)  # fmt: skip
def test_the_hint_fits_what_was_found(rules: str, hint: str) -> None:
    with pytest.raises(MaskingRefused) as caught:
        assign(rules)
    assert caught.value.hint.startswith(hint)
    assert ("missing rules" in caught.value.hint) == ("missing rules" in hint)


@pytest.mark.parametrize("masker", sorted(set(MASKERS) - {"keep"}))
def test_no_masker_that_may_unite_values_is_let_on_a_unique_key(masker: str) -> None:
    options = "".join(f", {option}: email" for option in MASKERS[masker].required)
    rules = f"columns: {{email: {{masker: {masker}{options}}}}}\n"
    rules += "tables: {customers: {nickname: name, born: date}, orders: {customer_email: keep}}\n"
    found = [one for one in findings_of(rules) if one.startswith("customers.email ")]
    applies = "text" in MASKERS[masker].applies_to
    if applies and not MASKERS[masker].one_to_one:
        assert "is not one-to-one" in found[0]
    elif not applies:
        assert "cannot mask this type" in found[0]
    else:
        assert not found


def test_date_of_a_person_is_not_unique_and_the_date_of_a_column_is() -> None:
    table = replace(CUSTOMERS, keys=(*CUSTOMERS.keys, Key("born_once", ("born",))))
    schema = replace(SCHEMA, tables={"customers": table, "orders": ORDERS})
    assert "born_once" in findings_of(GOOD, schema)[0]
    assign(GOOD.replace("{masker: date, person: id}", "date"), schema)


@pytest.mark.parametrize("other", ["name", "{masker: email, domain: apart}", "keep"])
def test_both_sides_of_a_reference_have_to_be_masked_alike(other: str) -> None:
    rules = GOOD.replace("customer_email: email", f"customer_email: {other}")
    (finding,) = findings_of(rules)
    assert finding.startswith(
        "orders.customer_email   varchar(40)   refers to customers.email, and they are masked "
    )


@pytest.mark.parametrize(
    ("rules", "masker"),
    [
        ("types: {varchar: shape}\ncolumns: {nick*: name}", "name"),
        ("columns: {nick*: name, nickname: email}", "email"),
        ("columns: {nickname: email, nick*: name}", "name"),
        ("columns: {'custo*.nickname': token, nickname: email}", "token"),
        ("columns: {customers.nickname: iban, 'customers.nick*': token, 'nick*': email}", "iban"),
        ("columns: {NickName: name}", "name"),
        ("columns: {'x|nickname|y': name}", "name"),
        ("types: {'varchar(40)': name}", "name"),
        ("columns: {nickname: {masker: keep, types: int}}\ntypes: {varchar: name}", "name"),
    ],
)
def test_closest_rule_wins_and_the_later_one_of_equals(rules: str, masker: str) -> None:
    treatments = assign(rules, shape=True)
    assert treatments.of("customers", "nickname").masker == masker


def test_rule_that_may_be_absent_is_no_finding() -> None:
    own, absent = Source("shop.yaml", GOOD), "columns: {gone.x: keep, customers.gone: keep}\n"
    sources = [own, Source("zend.yaml", f"if_present: true\n{absent}")]
    assign_treatments(SCHEMA, parse_rules(sources), unclassified="refuse")
    assert len(findings_of(GOOD + absent)) == 2


def test_shape_takes_what_no_rule_speaks_of() -> None:
    treatments = assign("", shape=True)
    by_name = {name: one.masker for (_, name), one in treatments.by_column.items()}
    assert by_name == {
        "id": "keep", "email": "shape", "nickname": "shape", "born": "date", "kind": "keep",
        "customer_email": "shape",
    }  # fmt: skip


def test_shape_still_refuses_what_has_none() -> None:
    table = Table("places", "InnoDB", (Column("spot", "point", "point"),))
    schema = replace(SCHEMA, tables={"places": table})
    assert findings_of("", schema, shape=True) == ("places.spot   point   no rule",)
    assign("tables: {places: {spot: keep}}", schema)


def test_surrogate_keys_are_kept_and_keys_that_are_text_need_a_rule() -> None:
    parent = Table("a", "InnoDB", (text("code", nullable=False),), (Key("PRIMARY", ("code",)),))
    reference = ForeignKey("f", "b", ("nr",), "c", ("nr",))
    child = Table("b", "InnoDB", (Column("nr", "int", "int"),), (), (reference,))
    referred = Table("c", "InnoDB", (Column("nr", "int", "int"),))
    schema = replace(SCHEMA, tables={"a": parent, "b": child, "c": referred})
    assert findings_of("", schema) == ("a.code   varchar(40)   no rule",)


def test_finding_of_an_enum_does_not_list_its_values() -> None:
    rules = GOOD.replace("types: {enum: keep}", "")
    assert findings_of(rules) == ("customers.kind   enum   no rule",)


def undeclared(only: tuple[str, str] | None = None, column: str = "customer_email") -> Schema:
    key = replace(ORDERS.foreign_keys[0], columns=(column,), origin=Origin.NAME, only=only)
    columns = (*ORDERS.columns, text("kind", "varchar(9)"), Column("nr", "int", "int"))
    orders = replace(ORDERS, columns=columns, foreign_keys=(key,))
    return replace(SCHEMA, tables={"customers": CUSTOMERS, "orders": orders})


def test_undeclared_reference_without_a_rule_is_masked_like_its_parent() -> None:
    rules = GOOD.replace("{customer_email: email}", "{kind: keep, nr: keep}")
    one = assign(rules, undeclared()).of("orders", "customer_email")
    assert (one.masker, one.domain) == ("email", assign(GOOD).of("customers", "email").domain)
    assert one.rule.startswith("as customers.email, shop.yaml:")
    kept = rules.replace("email: email", "email: keep")
    assert "orders.customer_email   varchar(40)   no rule" in findings_of(kept, undeclared())


def test_undeclared_reference_with_a_rule_of_its_own_has_to_agree() -> None:
    rules = GOOD.replace("{customer_email: email}", "{customer_email: name, kind: keep, nr: keep}")
    (finding,) = findings_of(rules, undeclared())
    assert "refers to customers.email, undeclared, and they are masked differently" in finding


def test_numbers_that_are_no_identity_are_not_kept_for_an_undeclared_reference() -> None:
    card = Column("card", "bigint", "bigint", nullable=False)
    by_id, by_card = Key("PRIMARY", ("id",)), Key("card", ("card",))
    number = Column("id", "int", "int", nullable=False)
    cards = Table("cards", "InnoDB", (number, card), (by_id, by_card))
    refers = ForeignKey("fk", "payments", ("card",), "cards", ("card",))
    names = replace(refers, columns=("card_id",), parent_columns=("id",), origin=Origin.NAME)
    columns = (number, card, replace(number, name="card_id"))

    def by_origin(origin: Origin) -> Schema:
        keys = (replace(refers, origin=origin), names)
        payments = Table("payments", "InnoDB", columns, (by_id,), keys)
        return replace(SCHEMA, tables={"cards": cards, "payments": payments})

    nothing = "tables: {}"
    assert findings_of(nothing, by_origin(Origin.NAME)) == (
        "cards.card   bigint   no rule",
        "payments.card   bigint   no rule",
    )
    assert assign(nothing, by_origin(Origin.DECLARED)).of("cards", "card").kept


def test_column_that_says_which_table_is_meant_has_to_be_kept() -> None:
    rules = GOOD.replace("{customer_email: email}", "{kind: name, nr: keep}")
    (finding,) = findings_of(rules, undeclared(("kind", "customer")))
    assert "orders.kind   varchar(9)   says which table customer_email refers to" in finding
    assign(rules.replace("kind: name", "kind: keep"), undeclared(("kind", "customer")))
