"""`sandbox.toml`: every finding at once, each with its line, none with a value."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import SettingsError
from sandbox.settings import Settings, load_settings
from sandbox.toml_lines import find_lines

SECRET = "hunter2geheim"  # noqa: S105 - what must never be echoed

NO_IMAGE = (
    "must be an image such as registry.example:5000/php:5.6-fpm or a version such as 8.2; "
    "credentials belong into `docker login`"
)
NO_MIRROR = "must be the http or https address of a Debian archive, without user and password"


def written(folder: Path, text: str) -> Path:
    file = folder / "sandbox.toml"
    file.write_text(text)
    return file


def findings_of(folder: Path, text: str) -> list[str]:
    file = written(folder, text)
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    shown = [caught.value.message, caught.value.hint, *caught.value.findings]
    assert not any(SECRET in line for line in shown)
    return [finding.removeprefix(f"{file}:") for finding in caught.value.findings]


def test_no_file_means_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings() == Settings()
    assert Settings().images.registry == "auto"


def test_roles_are_set_to_images_or_versions(tmp_path: Path) -> None:
    settings = load_settings(
        written(
            tmp_path,
            '[images]\nphp = "php:5.6-fpm"\nmysql = "reg.example:5000/db/mysql:5.7"\n'
            'mariadb = "10.5"\n'
            'base = "reg.example:5000/debian"\nregistry = "never"\n[engine]\ntimeout = 5\n',
        )
    )
    assert settings.images.roles == {
        "php": "php:5.6-fpm",
        "mysql": "reg.example:5000/db/mysql:5.7",
        "mariadb": "10.5",
    }
    assert settings.images.base == "reg.example:5000/debian"
    assert settings.engine.timeout == 5


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ('php = "5.6"', "images.php: must be one of 7.4, 8.2, 8.4, which packages hold"),
        ('mysql = "my-image"', "images.mysql: must be one of 9.7, which packages hold"),
        ('zf1 = "pear"', "images.zf1: must be one of debian, composer, which packages hold"),
    ],
)
def test_a_version_that_nothing_packages_is_found_in_the_file(
    tmp_path: Path, setting: str, said: str
) -> None:
    (finding,) = findings_of(tmp_path, f'[images]\nregistry = "never"\n{setting}\n')
    assert finding == f"3: {said}, or an image with its tag, NAME:TAG."


def test_a_named_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        load_settings(tmp_path / "absent.toml")


def test_all_findings_come_at_once_each_with_its_line(tmp_path: Path) -> None:
    text = (
        "[images]\n"
        "# a comment\n"
        'regsitry = "never"\n'
        "php = 8.2\n"
        f'mysql = "user:{SECRET}@reg.example/mysql:8"\n'
        f'mirror = "http://user:{SECRET}@mirror.example/debian"\n'
        'sink = ""\n'
        "\n"
        "[engine]\n"
        "timeout = 0\n"
        "[enginee]\n"
    )
    assert findings_of(tmp_path, text) == [
        "3: images.regsitry: there is no such setting. Did you mean registry?",
        "4: images.php: must be text in quotes.",
        f"5: images.mysql: {NO_IMAGE}.",
        f"6: images.mirror: {NO_MIRROR}.",
        "10: engine.timeout: must be at least 1.",
        "11: enginee: there is no such setting. Did you mean engine?",
    ]


def test_a_value_where_a_table_belongs_is_named(tmp_path: Path) -> None:
    assert findings_of(tmp_path, f'images = "{SECRET}"\n') == [
        "1: images: must be a table, [images]."
    ]


def test_an_allowed_choice_is_listed(tmp_path: Path) -> None:
    assert findings_of(tmp_path, f'[images]\nregistry = "{SECRET}"\n') == [
        "2: images.registry: must be 'auto' or 'never'."
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f'[images]\nphp = "{SECRET}\n', ":2: no valid TOML at column"),
        ("[images\n", ":1: no valid TOML at column"),
        (f'php = """{SECRET}', "it ends too early"),
    ],
)
def test_a_syntax_error_names_its_line_and_no_value(tmp_path: Path, text: str, said: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    assert said in caught.value.message
    assert SECRET not in caught.value.message


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.toml"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="is not UTF-8 text"):
        load_settings(file)


def test_lines_are_found_in_every_form_of_key() -> None:
    text = b'# c\na = 1\n[b."c d"]\ne.f = { g = 2 }\n[[h]]\ni = """\nx\n"""\nj = 3\n'
    lines = find_lines(text)
    assert lines[("a",)] == 2
    assert lines[("b", "c d")] == 3
    assert lines[("b", "c d", "e", "f")] == 4
    assert lines[("b", "c d", "e", "f", "g")] == 4
    assert lines[("h", "j")] == 9


@given(st.lists(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), unique=True, min_size=1))
def test_lines_of_any_flat_file_are_its_own(keys: list[str]) -> None:
    text = "".join(f"{key} = 1\n" for key in keys).encode()
    assert find_lines(text) == {(key,): line for line, key in enumerate(keys, start=1)}


@pytest.mark.parametrize("text", ["user:pw@reg.example/x:1", "a b", "UPPER/x", "x:", "-x"])
def test_what_is_no_image_is_refused(tmp_path: Path, text: str) -> None:
    (finding,) = findings_of(tmp_path, f'[images]\nphp = "{text}"\n')
    assert finding.startswith("2: images.php: must be an image")


def test_relations_are_read_as_they_are_shown(tmp_path: Path) -> None:
    text = (
        '[relations]\nconfirmed = ["a.b -> c.id", "a.(x, y) -> d.(x, y)"]\n'
        """rejected = ["n.o_id -> u.id where o_type = 'user'"]\n"""
    )
    relations = load_settings(written(tmp_path, text)).relations
    assert relations.confirmed == ["a.b -> c.id", "a.(x, y) -> d.(x, y)"]
    assert relations.rejected == ["n.o_id -> u.id where o_type = 'user'"]
    wrong = f'[relations]\nconfirmed = [\n  "a.b -> c.id",\n  "{SECRET}",\n]\n'
    (finding,) = findings_of(tmp_path, wrong)
    assert finding.startswith("2: relations.confirmed.1: must be written orders.customer_id -> ")


def test_own_classes_of_odd_rows_are_read_and_their_findings_name_them(tmp_path: Path) -> None:
    text = (
        "[sample]\ncover = 5\nprofile_time = 0\n"
        '[[cover]]\nname = "leap days"\ntable = "people"\nsql = "born LIKE \'%-02-29\'"\n'
    )
    settings = load_settings(written(tmp_path, text))
    assert (settings.sample.cover, settings.sample.profile_time) == (5, 0)
    assert [(one.name, one.table) for one in settings.cover] == [("leap days", "people")]
    wrong = f'[[cover]]\nname = "{SECRET};"\ntabel = "people"\nsql = "TRUE"\n'
    said = sorted(finding.partition(": ")[2] for finding in findings_of(tmp_path, wrong))
    assert said == [
        "cover.0.name: must be letters, digits, spaces, dots and dashes, 64 at most.",
        "cover.0.tabel: there is no such setting. Did you mean table?",
        "cover.0.table: is missing.",
    ]


def test_windows_are_written_with_or_without_quotes(tmp_path: Path) -> None:
    dotted, quoted = (
        load_settings(written(tmp_path, f'[sample.window]\n{key} = "30d"\n')).sample.window
        for key in ("orders.placed", '"orders.placed"')
    )
    assert dotted == quoted == {"orders": {"placed": "30d"}}
    both = '"orders.placed" = "30d"\norders.shipped = "2w"\n"orders.paid" = "12h"\n'
    found = load_settings(written(tmp_path, f"[sample.window]\n{both}")).sample.window
    assert found == {"orders": {"placed": "30d", "shipped": "2w", "paid": "12h"}}
    alone = load_settings(written(tmp_path, '[sample.window]\norders = "30d"\n'))
    assert alone.sample.window == {"orders": {"": "30d"}}  # the plan asks by which column


def test_limits_of_children_are_numbers_or_texts(tmp_path: Path) -> None:
    sample = load_settings(
        written(
            tmp_path,
            "[sample]\nchildren = 50\n"
            'per_parent = { orders = 20, items = "all", visits = "9 newest by at" }\n',
        )
    ).sample
    assert (sample.children, sample.per_parent) == (
        "50",
        {"orders": "20", "items": "all", "visits": "9 newest by at"},
    )


def test_what_is_asked_of_targets_and_means_nothing_is_found_with_the_rest(tmp_path: Path) -> None:
    assert findings_of(
        tmp_path,
        "[sample]\n"
        'children = "9 newest by at"\n'
        f'per_parent = {{ orders = "{SECRET}", items = 0 }}\n'
        "[sample.window]\n"
        f'orders.placed = "{SECRET}"\n'
        "[sample.strata]\n"
        "orders = { by = [], least = 5 }\n"
        "items = { by = ['kind'], least = 0 }\n"
        "visits = { by = ['kind'], last = 5 }\n",
    ) == [
        "2: sample.children: newest by a column goes for one table: per_parent.",
        (
            "3: sample.per_parent.items: a limit of children is one row at least; "
            "--sample TABLE=none takes none."
        ),
        (
            "3: sample.per_parent.orders: a limit of children is a number of rows, all, "
            "or the newest by a column: 20 newest by placed."
        ),
        (
            "5: sample.window.orders.placed: a window is 30d (or 12h, 2w), "
            "or 2026-10-01..2026-11-01, of which one side may be missing."
        ),
        "7: sample.strata.orders: strata are of one column, or of several different ones.",
        "8: sample.strata.items.least: must be at least 1.",
        "9: sample.strata.visits.last: there is no such setting. Did you mean least?",
        "9: sample.strata.visits.least: is missing.",
    ]
