"""What crosses the edge of the driver: a number, and a name that stands in our own statement."""

import pytest

from sandbox.database.driver_errors import translated
from sandbox.errors import SourceChanged, SourceError, StatementFailed

SQL = "SELECT id FROM `orders` WHERE (placed > '2026' AND note = 'Xylophanta')"


def failed(number: int, said: str, sql: str = SQL) -> SourceError:
    kind = type("OperationalError", (Exception,), {"__module__": "MySQLdb"})
    with pytest.raises(SourceError) as caught, translated("rows by key", sql=sql):
        raise kind(number, said)
    assert "Xylophanta" not in f"{caught.value}{caught.value.reason}"
    assert caught.value.__cause__ is None
    return caught.value


@pytest.mark.parametrize(
    ("number", "said", "reason"),
    [
        (1054, "Unknown column 'placed' in 'WHERE'", "there is no such column: placed"),
        (1054, "Unknown column 'o.placed' in 'where clause'", "there is no such column: placed"),
        (1054, "Unknown column 'elsewhere' in 'WHERE'", "there is no such column"),
        (1064, "You have an error near 'Xylophanta')' at line 1", "that is no SQL"),
        (1242, "Subquery returns more than 1 row", "a subquery gives more than one row"),
    ],
)
def test_an_error_in_a_statement_says_what_is_wrong_with_it(
    number: int, said: str, reason: str
) -> None:
    error = failed(number, said)
    assert isinstance(error, StatementFailed)
    assert error.reason == f"{reason} (error {number})"
    assert error.message == f"The server refused a statement: rows by key (error {number})."


def test_other_errors_give_no_reason() -> None:
    assert failed(1366, "Incorrect string value: 'Xylophanta'").reason == ""
    missing = failed(1146, "Table 'shop.nope' doesn't exist")
    assert isinstance(missing, SourceChanged)
    assert missing.reason == "there is no such table (error 1146)"
