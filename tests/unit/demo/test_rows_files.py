"""The files and the script that loads them: stable, whole, exact."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import demo_production
from demo_production.rows import Shop, TableFile, build_shop, load_statement, write_shop
from demo_production.rows.files import write_row
from demo_production.rows.records.people import AdminUser
from demo_production.rows.records.traces import Setting
from demo_production.rows.tables import TABLE_NAMED, TABLES

SMALL = 0.04
DEMO = Path(demo_production.__file__).parents[1]


def _digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_equal_seed_gives_equal_bytes_in_another_process(tmp_path: Path) -> None:
    other = subprocess.Popen(
        [sys.executable, "-m", "demo_production.rows", tmp_path / "b", "--scale", str(SMALL)],
        env={**os.environ, "PYTHONPATH": str(DEMO), "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"},
        stdout=subprocess.DEVNULL,
    )
    write_shop(build_shop(scale=SMALL), tmp_path / "a")
    assert other.wait() == 0
    assert _digests(tmp_path / "a") == _digests(tmp_path / "b")


def test_another_seed_gives_other_people(shop: Shop) -> None:
    # The bcrypt hashes of another seed would take a second: the stream itself is asked.
    assert shop.chance("customers").random() != Shop(2012, 1.0).chance("customers").random()


def test_every_file_has_as_many_lines_as_rows(files: Mapping[str, TableFile]) -> None:
    lines = {table: file.path.read_bytes().count(b"\n") for table, file in files.items()}
    assert lines == {table: file.rows for table, file in files.items()}


def test_every_line_has_a_cell_for_every_column(files: Mapping[str, TableFile]) -> None:
    for file in files.values():
        lines = file.path.read_bytes().split(b"\n")[:-1]
        assert {line.count(b"\t") + 1 for line in lines} == {len(file.columns)}, file.table


def test_sizes_follow_the_scale(files: Mapping[str, TableFile]) -> None:
    assert files["customers"].rows == 1000
    assert files["orders"].rows == 2000
    assert files["legacy_customers"].rows == 300
    assert files["categories"].rows == 180
    assert len(files) == len(TABLES)


def test_null_empty_and_escaped_text_are_told_apart() -> None:
    settings = TABLE_NAMED["settings"]
    assert write_row(settings, Setting("a", None)) == "a\t\\N\n"
    assert write_row(settings, Setting("a", "")) == "a\t\n"
    assert write_row(settings, Setting("a", "\\N")) == "a\t\\\\N\n"
    assert write_row(settings, Setting("a", "\t\n\\\0\x1a\r")) == "a\t\\t\\n\\\\\\0\\Z\r\n"


def test_binary_values_travel_as_hexadecimal_digits() -> None:
    row = AdminUser(0, "u", "n", "e", "h", None, None, b"\xc0\x00\x02\x09")
    assert write_row(TABLE_NAMED["admin_users"], row) == "0\tu\tn\te\th\t\\N\t\\N\tc0000209\n"


def test_statement_restores_bits_and_names_every_column(files: Mapping[str, TableFile]) -> None:
    assert load_statement(files["products"], PurePosixPath("/srv/rows")) == (
        "LOAD DATA INFILE '/srv/rows/products.tsv' INTO TABLE products CHARACTER SET utf8mb4\n"
        "  FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n'\n"
        "  (@id, sku, supplier_id, name, description, details, price, tax_class, weight_kg, "
        "@flags, channels, replaced_by, available_on, active)\n"
        "  SET flags = CAST(@flags AS UNSIGNED), id = @id;"
    )


def test_local_statement_lets_the_client_send_the_file(files: Mapping[str, TableFile]) -> None:
    statement = load_statement(files["settings"], PurePosixPath("/x"), local=True)
    assert statement.startswith("LOAD DATA LOCAL INFILE '/x/settings.tsv' INTO TABLE settings")


def test_items_are_loaded_without_their_generated_total(files: Mapping[str, TableFile]) -> None:
    assert "line_total" not in files["order_items"].columns


def test_script_loads_and_counts_every_table(files: Mapping[str, TableFile]) -> None:
    script = (files["orders"].path.parent / "load.sql").read_text(encoding="utf-8")
    for file in files.values():
        assert f"INTO TABLE {file.table} " in script
        assert f"IF found <> {file.rows} OR @warnings <> {file.warnings} THEN" in script
    assert script.count("SIGNAL SQLSTATE '45000'") == len(TABLES)


def test_legacy_file_is_latin1_and_the_others_are_utf8(files: Mapping[str, TableFile]) -> None:
    for file in files.values():
        content = file.path.read_bytes()
        if file.table == "legacy_customers":
            assert "Straße".encode("latin-1") in content or "ü".encode("latin-1") in content
            assert b"Preis 5 \x80, Zeichen \x81 unbekannt" in content
        else:
            content.decode("utf-8")
