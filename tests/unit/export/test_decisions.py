"""How an export decides what becomes of each column."""

from pathlib import Path

import pytest

from sandbox.database.address import parse_address
from sandbox.database.connect import make_endpoint
from sandbox.database.credentials import Credentials
from sandbox.database.secret import Secret
from sandbox.errors import MaskingRefused
from sandbox.export.decisions import decide_masking
from sandbox.export.request import ExportRequest
from sandbox.model import Column, Family, Schema, Table
from sandbox.subset.request import SampleRequest, Share

NOTES = Table("notes", "InnoDB", (Column("xyzzy", "text", "text", charset="utf8mb4"),))
SCHEMA = Schema("shop", Family.MARIADB, "10.11", "utf8mb4", "utf8mb4_bin", {"notes": NOTES})


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def request(*rules: Path, unclassified: str = "refuse") -> ExportRequest:
    endpoint = make_endpoint(
        Credentials(parse_address("mysql://ops@127.0.0.1/shop"), Secret("")), insecure=True
    )
    return ExportRequest(
        endpoint,
        Path("bundle"),
        SampleRequest(Share()),
        key=b"k" * 32,
        rules=rules,
        unclassified=unclassified,  # type: ignore[arg-type]
    )


def test_a_refusal_says_where_rules_were_looked_for_in_vain(tmp_path: Path) -> None:
    with pytest.raises(MaskingRefused) as caught:
        decide_masking(request(), SCHEMA, {})
    assert f"there is no {tmp_path}/masking_rules/*.yaml" in caught.value.hint
    assert caught.value.hint.endswith("Add the missing rules. Then run again.")
    assert caught.value.findings == ("notes.xyzzy   text   no rule",)


def test_an_export_that_goes_on_without_rules_of_its_own_knows_it(tmp_path: Path) -> None:
    decided = decide_masking(request(unclassified="shape"), SCHEMA, {})
    assert str(tmp_path) in decided.no_own_rules


def test_nothing_is_said_where_there_are_rules(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("columns: {id: keep}\n")
    with pytest.raises(MaskingRefused) as caught:
        decide_masking(request(tmp_path / "rules.yaml"), SCHEMA, {})
    assert caught.value.hint == "Add the missing rules. Then run again."
