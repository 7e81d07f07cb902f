"""A definition is cut up at its own commas, whatever stands in names, strings and parentheses."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sandbox.diff.table_text import comment_of, default_of, rest_of, table_text

NASTY = st.text(alphabet="ab`'\"\\,()#-/* \n;", max_size=12)
NAMES = NASTY.filter(lambda name: bool(name.strip()))
TYPES = st.sampled_from(["int(11)", "decimal(10,2)", "enum('a,b','c)')", "varchar(20)"])


def quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


@given(
    st.dictionaries(NAMES, st.tuples(TYPES, NASTY, NASTY), min_size=1, max_size=5),
    st.dictionaries(NAMES, st.sampled_from(["KEY", "UNIQUE KEY"]), max_size=3),
    NASTY,
)
def test_columns_keys_and_options_are_cut_where_the_server_put_them(
    columns: dict[str, tuple[str, str, str]], keys: dict[str, str], comment: str
) -> None:
    told = {
        name: f"{kind} NOT NULL DEFAULT {literal(default)} COMMENT {literal(said)}"
        for name, (kind, default, said) in columns.items()
    }
    first = quoted(next(iter(columns)))
    bodies = {name: f"{kind} {quoted(name)} ({first})" for name, kind in keys.items()}
    lines = [*(f"{quoted(name)} {text}" for name, text in told.items()), *bodies.values()]
    options = f"ENGINE=InnoDB COMMENT={literal(comment)}"
    inner = ",\n  ".join(lines)
    text = table_text(f"CREATE TABLE `t` (\n  {inner}\n) {options}")
    assert dict(text.columns) == told
    assert dict(text.keys) == {
        (kind.lower(), name): bodies[name] for name, kind in keys.items()
    }  # fmt: skip
    assert text.options == options
    for name, (kind, default, said) in columns.items():
        column = text.columns[name]
        assert default_of(column) == literal(default)
        assert comment_of(column) == f"COMMENT {literal(said)}"
        assert rest_of(column, kind) == ""
