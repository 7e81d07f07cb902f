"""A plan as text: whatever it holds is read back, and what is no plan is refused with its line."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, get_type_hints

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from sandbox.database.session import Limits
from sandbox.errors import PlanInvalid
from sandbox.export.plan_file.describing import seals_of
from sandbox.export.plan_file.document import (
    Asked,
    ColumnLine,
    NamedLine,
    OddLine,
    PlanDocument,
    ReadLine,
    RelationLine,
    SourceLines,
    TableLines,
    parse_plan,
)
from sandbox.export.plan_file.rendering import render, scalar
from sandbox.export.plan_file.values import beyond_defaults, form_of, shown, types_of
from sandbox.export.request import ExportRequest
from sandbox.model import Family, Origin
from sandbox.subset.budget import Budget, Unit
from sandbox.subset.plan import Role
from sandbox.subset.relations.found import Confidence
from sandbox.subset.request import SampleRequest, Share, parse_share

# What an export is asked for is in its plan, or is given again by whoever carries the plan out.
GIVEN_AGAIN = {
    "endpoint", "out", "key", "rules", "unclassified", "logs", "requests", "given", "ddl",
    "captures", "show_sql", "allow_write_grants", "app", "profiles",
}  # fmt: skip
FOUND = {"relations", "plan"}  # what was found along them is in the plan

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
names = st.one_of(texts, st.sampled_from(["on", "no", "12", "1:30", "~", "2026-11-30", "", "a: b"]))
numbers = st.integers(0, 10**12)
shares = st.one_of(
    st.builds(lambda rows: Share(rows=rows), numbers),
    st.builds(lambda part: parse_share(f"{part / 10_000:.4f}%"), st.integers(0, 10**6)),
)


def values_of(kind: type) -> st.SearchStrategy[Any]:
    """Give any value of a dataclass, by the types of its fields; so none can be forgotten."""
    return st.builds(kind, **{name: _any(one) for name, one in types_of(kind).items()})


def _any(kind: Any) -> st.SearchStrategy[Any]:
    known: dict[Any, st.SearchStrategy[Any]] = {
        str: names,
        int: numbers,
        float: st.floats(0, 1e9),
        Share: shares,
        timedelta: st.builds(timedelta, seconds=st.integers(0, 10**9)),
        datetime: st.datetimes(),
        Budget: st.builds(Budget, st.integers(1, 1 << 60), st.sampled_from(Unit)),
    }
    if kind in known:
        return known[kind]
    if hasattr(kind, "__dataclass_fields__"):
        return values_of(kind)
    inner: tuple[Any, ...] = getattr(kind, "__args__", ())
    if getattr(kind, "__origin__", None) is tuple:
        return st.lists(_any(inner[0]), max_size=2).map(tuple)
    if inner[:1] == (str,):
        return st.dictionaries(names, _any(inner[1]), max_size=2)
    if type(None) in inner:
        return st.one_of(st.none(), *(_any(one) for one in inner if one is not type(None)))
    raise TypeError(f"no strategy for {kind}")


def _without_fault(asked: Asked) -> Asked:
    limits = {one.name: getattr(asked.limits, one.name) or 1 for one in fields(Limits)}
    return replace(asked, readers=1 + asked.readers % 16, limits=Limits(**limits))


counts = st.sampled_from(["<10", "12", "about 1,200"])
tables = st.builds(
    TableLines,
    role=st.sampled_from(Role),
    owner=st.lists(names, max_size=2),
    why=texts,
    rows=numbers,
    of=st.one_of(numbers, names),
    definition=texts,
    reads=st.lists(st.builds(ReadLine, what=texts, how=st.lists(texts, max_size=2)), max_size=2),
    columns=st.dictionaries(
        names, st.builds(ColumnLine, type=texts, treatment=texts), min_size=1, max_size=3
    ),
)
documents = st.builds(
    PlanDocument.model_construct,
    tool=names,
    request=values_of(Asked).map(_without_fault),
    source=st.builds(
        SourceLines, fingerprint=names, family=st.sampled_from(Family), version=names, key=names
    ),
    relations=st.lists(
        st.builds(
            RelationLine,
            relation=texts,
            origin=st.sampled_from(Origin),
            confidence=st.sampled_from(Confidence),
            optional=st.booleans(),
            cascades=st.booleans(),
        ),
        max_size=2,
    ),
    tables=st.dictionaries(names, tables, max_size=2),
    odd=st.lists(
        st.builds(OddLine, table=names, column=names, name=names, rows=counts, taken=counts),
        max_size=2,
    ),
    named=st.lists(st.builds(NamedLine, table=names, because=texts, rows=numbers), max_size=2),
    unknown=st.lists(texts, max_size=2),
    seals=st.dictionaries(names, names, max_size=2),
)


# A plan is made of many values: on a busy machine each takes its time.
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(documents)
def test_what_is_written_is_read_back(document: PlanDocument) -> None:
    assert parse_plan("plan.yaml", render(document)).document == document


@given(st.one_of(names, texts))
def test_a_text_is_one_line_and_stays_what_it_is(value: str) -> None:
    written = scalar(value)
    assert len(written.splitlines()) <= 1
    assert yaml.safe_load(f"key: {written}") == {"key": value}
    assert yaml.safe_load(f"[{written}, {{{written}: {written}}}]") == [value, {value: value}]


def test_every_field_of_a_request_has_its_place() -> None:
    in_plan = {one.name for one in fields(Asked)}
    asked = {one.name for one in fields(ExportRequest)}
    assert in_plan | GIVEN_AGAIN | FOUND == asked
    hints = get_type_hints(ExportRequest)
    assert {name: hints[name] for name in in_plan} == dict(types_of(Asked))


def test_every_field_of_a_sample_is_in_the_text() -> None:
    text = render(parse_plan("p", BASE).document)
    for kind in (SampleRequest, Limits):
        for one in fields(kind):
            assert f"    {one.name}:" in text


def test_a_type_without_a_form_is_found_while_it_is_built() -> None:
    @dataclass(frozen=True)
    class Odd:
        field: complex

    with pytest.raises(TypeError, match="no form"):
        form_of(Odd)
    with pytest.raises(TypeError, match="no form"):
        shown(1j)


def test_lengths_of_time_and_moments_are_written_for_people() -> None:
    @dataclass(frozen=True)
    class Window:
        last: timedelta | None = None
        begin: datetime | None = None

    window = Window(timedelta(days=30), datetime.fromisoformat("2026-10-01"))
    assert shown(window) == {"last": "30d", "begin": "2026-10-01T00:00:00"}
    adapter: TypeAdapter[Any] = TypeAdapter(form_of(Window))
    assert adapter.validate_json(json.dumps(shown(window))) == window


BASE = """\
format: 1
tool: x
request:
  sample:
    default: 5%
source: {fingerprint: a, family: mariadb, version: 10.11.6-MariaDB, key: b}
tables:
  orders:
    role: target
    why: 5 % of its rows
    rows: 5
    of: about 100
    definition: cd
    columns:
      id: {type: int(11), treatment: kept}
"""


def test_the_documents_example_is_a_plan() -> None:
    page = (Path(__file__).parents[4] / "docs/plan.md").read_text()
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    document = parse_plan("plan.md", example).document
    assert document.request.sample.where == {"people": "country_id = 1"}
    described = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert described == set(PlanDocument.model_fields) - {"format", "tool"}


def test_what_a_person_leaves_out_has_its_default() -> None:
    document = parse_plan("plan.yaml", BASE).document
    assert document.request == Asked(SampleRequest(Share(0.05)))


@pytest.mark.parametrize(
    ("before", "after", "finding"),
    [
        ("default: 5%", "default: 200%", "p.yaml:5: request.sample.default: a sample is a"),
        ("default: 5%", "defualt: 5%", "p.yaml:5: request.sample.defualt: a plan has no such"),
        ("default: 5%", "default: 5%\n  readers: 99", "p.yaml:3: request: readers are 1 to 16"),
        ("sample:", "limits: {network: 0}\n  sample:", "p.yaml:3: request: none of the limits"),
        ("default: 5%", "small: -1\n    default: 5%", "p.yaml:5: request.sample.small: Input"),
        ("role: target", "role: boss", "p.yaml:9: tables.orders.role: Input should be"),
        ("rows: 5", "rows: -5", "p.yaml:11: tables.orders.rows: Input should be greater"),
        ("rows: 5", "rows: five", "p.yaml:11: tables.orders.rows: Input should be a valid"),
        ("tool: x", "tool: *x", "p.yaml:2: no YAML"),
        ("tool: x", "tool: !!python/name:os.system x", "p.yaml:2: a plan has no tags"),
        ("tool: x", "tool: x\ntool: y", "p.yaml:3: tool is there twice"),
        ("format: 1", "format: 2", "p.yaml:1: format: Input should be less"),
        ("    of: about 100\n", "", "p.yaml:8: tables.orders.of: is missing"),
        ("tool: x", "tool: &x x\nunknown: [*x]", "p.yaml:2: a plan has no aliases"),
        ("tool: x", "tool: " + 40 * "[" + 40 * "]", "not nested that deep"),
        ("sample:", 'sample:\n    windows: {a: [{column: b, last: "999999999999d"}]}', "shorter"),
        (BASE, "", "p.yaml:1: there is nothing in it"),
        (BASE, "SELECT 1", "p.yaml:1: a plan is a mapping, and this is none"),
    ],
)
def test_what_is_no_plan_is_refused_with_its_line(before: str, after: str, finding: str) -> None:
    with pytest.raises(PlanInvalid) as refused:
        parse_plan("p.yaml", BASE.replace(before, after, 1))
    assert finding in "\n".join([refused.value.message, *refused.value.findings])


def test_what_would_end_in_a_recursion_is_refused() -> None:
    with pytest.raises(PlanInvalid, match="nested too deep"):
        parse_plan("p.yaml", 700 * "[")


@pytest.mark.parametrize("one", ["1,", "[", "- 1\n", "a: 1\n", "{a: 1},"])
def test_what_would_fill_the_memory_is_refused_before_it_is_read(one: str) -> None:
    with pytest.raises(PlanInvalid, match="more than 1,000,000 values"):
        parse_plan("p.yaml", 1_000_001 * one)


def test_what_stands_in_a_broken_plan_is_not_repeated() -> None:
    with pytest.raises(PlanInvalid) as refused:
        parse_plan("p.yaml", BASE.replace("rows: 5", "rows: Xylophanta"))
    assert "Xylophanta" not in str(refused.value.findings)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(values_of(Asked), values_of(Asked))
def test_what_is_sealed_of_a_request_tells_it_from_every_other(one: Asked, other: Asked) -> None:
    assert (beyond_defaults(one) == beyond_defaults(other)) == (shown(one) == shown(other))
    assert beyond_defaults(one) == beyond_defaults(replace(one))


def test_a_field_that_a_later_version_adds_breaks_no_seal() -> None:
    @dataclass(frozen=True, slots=True)
    class Later(SampleRequest):
        added: int = 7

    before, now = SampleRequest(Share(0.05), small=9), Later(Share(0.05), small=9)
    assert shown(before) != shown(now)
    assert beyond_defaults(before) == beyond_defaults(now)


def test_a_part_that_was_emptied_breaks_its_seal() -> None:
    sealed = parse_plan("p.yaml", f"{BASE}inputs: {{logs: 2}}\nunknown: [much]\n").document
    emptied = parse_plan("p.yaml", BASE).document
    before, now = (seals_of(one, b"key" * 11) for one in (sealed, emptied))
    assert {name for name in before if before[name] != now[name]} == {"inputs", "unknown"}
    assert before.keys() == now.keys() == set(PlanDocument.model_fields) - {"seals"}
