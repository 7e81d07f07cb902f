"""Answers are compared as typed trees, and what differs on the same side does not count."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.experiment.compare import Difference, Kind, compare, noise_of
from sandbox.replica.exchange import Heard

_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("a1.", max_size=2)
)
TREES = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["a", "b", "c d", "[0]", "]"]), inner, max_size=3)
    ),
    max_leaves=12,
)


def answer(body: Any, status: int = 200, *headers: tuple[str, str]) -> Heard:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Heard(status, headers or (("Content-Type", "application/json"),), content, 0.1)


def said(before: Any, after: Any) -> list[str]:
    return [str(one) for one in compare(answer(before), answer(after))]


@given(TREES)
def test_an_answer_does_not_differ_from_itself(tree: Any) -> None:
    assert compare(answer(tree), answer(json.dumps(tree, indent=2).encode())) == ()


@given(TREES, TREES)
def test_answers_differ_both_ways_or_not_at_all(one: Any, other: Any) -> None:
    there, back = compare(answer(one), answer(other)), compare(answer(other), answer(one))
    assert bool(there) == bool(back)


@given(TREES, TREES)
def test_what_differs_on_the_same_side_is_never_told_of_the_other(one: Any, other: Any) -> None:
    noise = noise_of([answer(one), answer(other)])
    assert compare(answer(one), answer(other), noise) == ()


@given(TREES, TREES)
@settings(max_examples=200)
def test_trees_that_json_tells_apart_are_told_apart(one: Any, other: Any) -> None:
    if compare(answer(one), answer(other)) == ():
        assert json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True) or one == other


@given(st.lists(st.text("ab", max_size=2), max_size=6), st.lists(st.text("ab", max_size=2)))
def test_lines_are_compared_as_trees_are(one: list[str], other: list[str]) -> None:
    before, after = (answer(("<p>\n" + "\n".join(text)).encode()) for text in (one, other))
    assert compare(before, before) == ()
    assert bool(compare(before, after)) == (before.body != after.body)
    assert compare(before, after, noise_of([before, after])) == ()


def test_each_kind_of_difference_is_told_with_its_path() -> None:
    before = {"gone": 1, "n": 1, "t": 1, "v": "x", "o": [1, 2], "l": [{"a": 1}, {"a": 2}]}
    after = {"new": None, "n": "1", "t": [], "v": "y", "o": [2, 1], "l": [{"a": 1}]}
    assert compare(answer(before), answer(after, 500)) == (
        Difference("status", Kind.STATUS, "200", "500"),
        Difference("$.gone", Kind.MISSING, "1"),
        Difference("$.n", Kind.NUMBER_AS_TEXT, "1", '"1"'),
        Difference("$.t", Kind.TYPE, "1", "[]"),
        Difference("$.v", Kind.VALUE, '"x"', '"y"'),
        Difference("$.o", Kind.ORDER),
        Difference("$.l[1]", Kind.MISSING, '{"a": 2}', key="$.l[]"),
        Difference("$.new", Kind.EXTRA, after="null"),
    )


def test_true_is_no_number_and_a_number_is_the_same_however_it_is_written() -> None:
    assert said([True], [1]) == ["$[0] true → 1 (type)"]
    assert compare(answer(b"[1.10, 1, 100]"), answer(b"[1.1, 1.0, 1e2]")) == ()
    assert said("1.50", 1.5) == ['$ "1.50" → 1.5 (number as text)']
    assert said("1.5x", 1.5) == ['$ "1.5x" → 1.5 (type)']


def test_an_item_that_goes_missing_in_the_middle_is_the_only_difference() -> None:
    items = [{"id": number, "name": f"n{number}"} for number in range(9)]
    assert said(items, items[:4] + items[5:]) == ['$[4] is missing, was {"id": 4, "name": "n4"}']


def test_a_list_is_aligned_in_spite_of_a_time_in_each_item() -> None:
    def items(stamp: int) -> list[Any]:
        return [{"id": number, "seen": stamp + number} for number in range(5)]

    noise = noise_of([answer(items(100)), answer(items(200))])
    changed = [one for one in items(300) if one["id"] != 1]
    found = compare(answer(items(100)), answer(changed), noise)
    assert [(one.path, one.kind) for one in found] == [("$[1]", Kind.MISSING)]


def test_noise_in_one_item_does_not_hide_the_others() -> None:
    noise = noise_of([answer([{"a": 1}, {"a": 1}]), answer([{"a": 2}, {"a": 1}])])
    found = compare(answer([{"a": 1}, {"a": 1}]), answer([{"a": 3}, {"a": 3}]), noise)
    assert [str(one) for one in found] == ["$[1].a 1 → 3"]


def test_headers_that_matter_are_compared_and_cookies_by_name() -> None:
    before = answer({}, 302, ("Location", "/a"), ("Set-Cookie", "S=1; Path=/"), ("Date", "1"))
    after = answer({}, 302, ("location", "/b"), ("set-cookie", "S=2"), ("Date", "2"))
    assert [str(one) for one in compare(before, after)] == ['header Location "/a" → "/b"']
    none = answer({}, 302, ("Location", "/a"))
    assert [str(one) for one in compare(before, none)] == ['header Set-Cookie "S" → none']


def test_a_document_built_to_break_recursion_is_compared_as_text() -> None:
    deep = b"[" * 900 + b"]" * 900
    assert compare(answer(deep), answer(deep)) == ()
    assert [one.kind for one in compare(answer(deep), answer(b"[]"))] == [Kind.TEXT]


def page(*lines: str, title: str = "Orders", size: int = 2_000) -> Heard:
    head = [f"<head><title>{title}</title>", "</head>"]
    body = "\n".join([*head, *(f"<p>{number}</p>" for number in range(size)), *lines])
    return answer(body.encode(), 200, ("Content-Type", "text/html"))


def test_a_token_in_a_long_page_hides_nothing_else() -> None:
    before = [page(f"token {number}", "total 7", size=4_000) for number in range(2)]
    noise = noise_of(before)
    assert noise == {"line 4002"}
    assert compare(before[0], page("token 3", "total 7", size=4_000), noise) == ()
    changed = compare(before[0], page("token 3", "total 8", size=4_000), noise)
    assert [str(one) for one in changed] == ['line 4003 "total 7" → "total 8"']
    shorter = compare(before[0], page("token 3", size=4_000), noise)
    assert [str(one) for one in shorter] == ['line 4003 is missing, was "total 7"']
    more = compare(before[0], page("token 3", "new", "total 7", size=4_000), noise)
    assert [str(one) for one in more] == ['line 4003 is new: "new"']


def test_large_texts_with_nothing_in_common_are_not_laid_beside_each_other() -> None:
    one, other = b"a\n" * 5000, b"b\n" * 5001
    assert [str(found) for found in compare(answer(one), answer(other))] == [
        "body 10,000 bytes → 10,002 bytes"
    ]


def test_where_lines_come_and_go_size_and_title_still_count() -> None:
    before = [page(*("more",) * number) for number in range(2)]
    noise = noise_of(before)
    assert noise == {"lines"}
    assert compare(before[0], page("another", "other"), noise) == ()
    (cut,) = compare(before[0], page(size=900), noise)
    assert str(cut) == "size 22,925 bytes → 9,825 bytes"
    found = compare(before[0], page(title="An error"), noise)
    assert [one.path for one in found] == ["line 0", "title"]
    titles = noise_of([page(), page("more", title="Orders, page 2")])
    assert "title" in titles


def test_where_members_come_and_go_an_empty_list_still_counts() -> None:
    before = [answer({"lines": [1, 2]}), answer({"lines": [1, 2, 3]})]
    noise = noise_of(before)
    assert noise == {"$.lines[]"}
    assert compare(before[0], answer({"lines": [1]}), noise) == ()
    found = compare(before[0], answer({"lines": []}), noise)
    assert [(str(one), one.kind) for one in found] == [("$.lines 2 of them → empty", Kind.EMPTIED)]
    empty = noise_of([answer({"lines": []}), *before])
    assert compare(answer({"lines": []}), answer({"lines": [4]}), empty) == ()
