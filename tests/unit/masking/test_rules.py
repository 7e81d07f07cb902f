import re

import pytest

from sandbox.errors import SettingsError
from sandbox.masking.maskers.catalogue import MASKERS
from sandbox.masking.packs import packs_folder, with_packs
from sandbox.masking.rules import Precision, Rules, Source, parse_rules

SECTIONS = "extends, if_present, tables, columns, types, keys"
ALL_WRONG = """\
extends: [common, nobody]
tables:
  customers:
    email: emial
    name: {masker: name, colour: red}
    name: keep
    note: {domain: x}
    value: {masker: by_key}
    birth: {masker: date, person: [id]}
    json: {masker: json, keys: {email: emial, x: binary}}
  orders: keep
columns: [a]
nonsense: 1
if_present: perhaps
"""


def rules_of(text: str, *others: Source) -> Rules:
    return parse_rules([*others, Source("shop.yaml", text)])


def findings_of(text: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        rules_of(text)
    assert caught.value.exit_code == 10
    return caught.value.findings


def test_everything_wrong_is_told_at_once_with_file_and_line() -> None:
    with pytest.raises(SettingsError) as caught:
        rules_of(ALL_WRONG, Source("common.yaml", ""))
    assert caught.value.message == "The masking rules have 13 errors."
    in_order = sorted(caught.value.findings, key=lambda one: int(one.split(":")[1]))
    assert in_order == [
        "shop.yaml:1: extends nobody, which is not there",
        "shop.yaml:4: customers.email: there is no masker emial; did you mean email?",
        "shop.yaml:5: name has no option colour",
        "shop.yaml:6: name is there twice",
        "shop.yaml:7: names no masker",
        "shop.yaml:8: by_key needs the option key",
        "shop.yaml:9: option person has to be a single value",
        "shop.yaml:10: key email: there is no masker emial; did you mean email?",
        "shop.yaml:10: binary masks whole columns only, not what a key holds",
        "shop.yaml:11: table orders has to be a mapping",
        "shop.yaml:12: columns has to be a mapping",
        f"shop.yaml:13: nonsense is no section; there are {SECTIONS}",
        "shop.yaml:14: if_present is true or false",
    ]


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("tables:\n\tx: 1", "shop.yaml:2: no YAML: "),
        ("a: [", "shop.yaml:1: no YAML: "),
        ("- a", "shop.yaml:1: the file has to be a mapping"),
        ("tables: {a: {b: keep, c: [keep]}}", "shop.yaml:1: a rule has to be a mapping"),
        ("tables: {a: {b: {masker: keep, domain: d}}}", "shop.yaml:1: keep has no domain"),
        ("a\x00b", "shop.yaml:1: no YAML"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text: str, finding: str) -> None:
    assert any(one.startswith(finding) for one in findings_of(text))


def test_rule_is_read_with_masker_domain_types_and_options() -> None:
    (rule,) = rules_of(
        "tables:\n  customers:\n    data:\n      masker: json\n      domain: other\n"
        "      types: longtext\n      keys: {language: keep}\n"
    ).rules
    assert (rule.precision, rule.table, rule.column) == (Precision.EXACT, "customers", "data")
    assert (rule.masker, rule.domain, rule.types) == ("json", "other", "longtext")
    assert rule.options == {"keys.language": "keep"}
    assert rule.place == "shop.yaml:3"


@pytest.mark.parametrize(
    ("text", "precision", "table"),
    [
        ("tables: {a: {b: keep}}", Precision.EXACT, "a"),
        ("columns: {a.b: keep}", Precision.EXACT, "a"),
        ("tables: {a: {'b*': keep}}", Precision.TABLE_PATTERN, "a"),
        ("columns: {'a?.b': keep}", Precision.TABLE_PATTERN, "a?"),
        ("columns: {'*.b': keep}", Precision.COLUMN_PATTERN, "*"),
        ("columns: {b: keep}", Precision.COLUMN_PATTERN, "*"),
        ("types: {enum: keep}", Precision.TYPE, "*"),
    ],
)
def test_precision_follows_from_what_the_pattern_names(
    text: str, precision: Precision, table: str
) -> None:
    (rule,) = rules_of(text).rules
    assert (rule.precision, rule.table) == (precision, table)


def test_empty_file_and_empty_sections_are_no_errors() -> None:
    assert rules_of("") == Rules()
    assert rules_of("# nothing\ntables:\ncolumns:\n  # nothing\n") == Rules()


def test_anchor_is_told_at_the_line_of_its_use() -> None:
    _, second = rules_of("columns:\n  a: &x {masker: name}\n  b: *x\n").rules
    assert (second.masker, second.place) == ("name", "shop.yaml:3")


def test_rules_and_keys_keep_the_order_of_their_sources() -> None:
    rules = rules_of(
        "extends: common\ncolumns: {a: name}\nkeys: {a: name}",
        Source("common.yaml", "columns: {a: keep}\nkeys: {a: keep}"),
    )
    assert [rule.masker for rule in rules.rules] == ["keep", "name"]
    assert rules.keys == (("a", "keep"), ("a", "name"))


def test_shipped_packs_are_found_and_put_before_what_extends_them() -> None:
    own = Source("shop.yaml", "extends: [zend]")
    assert [source.name for source in with_packs([own])] == [
        "common.yaml",
        "zend.yaml",
        "shop.yaml",
    ]
    assert (packs_folder() / "common.yaml").is_file()


@pytest.mark.parametrize("name", ["nobody", "../README", "/etc/passwd"])
def test_pack_that_is_not_there_is_told_by_the_rules(name: str) -> None:
    own = Source("shop.yaml", f"extends: ['{name}']")
    assert with_packs([own]) == (own,)
    assert findings_of(own.text) == (f"shop.yaml:1: extends {name}, which is not there",)


def test_own_pack_of_a_shipped_name_takes_its_place() -> None:
    own = Source("shop.yaml", "extends: [common]")
    mine = Source("common.yaml", "columns: {a: keep}")
    assert with_packs([mine, own]) == (mine, own)


def test_shipped_packs_keep_no_text() -> None:
    packs = with_packs([Source("x.yaml", "extends: [common, zend]")])
    textual = {"char", "varchar", "text", "longtext", "json", "blob", "varbinary"}
    for rule in parse_rules(packs).rules:
        if rule.masker == "keep" and not rule.types:
            assert rule.precision is Precision.TYPE or rule.if_present, rule.place
        assert not (rule.masker == "keep" and set(rule.types.split("|")) & textual), rule.place


def test_documented_example_is_valid_and_every_masker_is_documented() -> None:
    document = (packs_folder().parent / "docs/masking.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", document, re.DOTALL)
    rules = parse_rules(with_packs([Source("shop.yaml", example)]))
    assert {rule.place.partition(":")[0] for rule in rules.rules} == {
        "common.yaml", "zend.yaml", "shop.yaml",
    }  # fmt: skip
    table = "".join(re.findall(r"^\| (`[^|]*) \|", document, re.MULTILINE))
    assert set(re.findall(r"`(\w+)`", table)) == set(MASKERS)
