import calendar
import re
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sandbox.masking.maskers.dates import (
    mask_date,
    mask_dates_in_text,
    move_written_date,
    offset_of,
)
from sandbox.masking.prf import Prf
from sandbox.masking.words import Words

PRF = Prf(b"key")
WORDS = Words(PRF)
# Far enough from the ends of the calendar.
DAYS = st.dates(date(3, 1, 1), date(9998, 1, 1))
GERMAN_MONTHS = "Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember"
SPELLINGS = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%Y", "%d. %m. %Y", "%d %B %Y", "%d-%b-%Y",
    "%B %d, %Y", "%Y-%m-%dT12:34:56Z", "%d.%m.%Y 12:34",
)  # fmt: skip


@given(DAYS, st.text(max_size=5))
def test_date_moves_by_whole_days_of_one_person(day: date, person: str) -> None:
    moved = day + offset_of(PRF, "date", person)
    assert mask_date(PRF, "date", f"{day} 12:34:56", person) == f"{moved} 12:34:56"
    assert 15 <= abs(offset_of(PRF, "date", person).days) <= 450


@given(DAYS, DAYS)
def test_dates_of_one_person_keep_order_and_distance(one: date, other: date) -> None:
    masked = [
        date.fromisoformat(mask_date(PRF, "date", day.isoformat(), "42")) for day in (one, other)
    ]
    assert masked[1] - masked[0] == other - one


@pytest.mark.parametrize(
    "text",
    ["0000-00-00", "1990-00-00", "1971-05-00", "1987-02-30", "0000-00-00 00:00:00", "9999-12-31"],
)
def test_zero_partial_and_impossible_dates_stay_in_columns_of_dates(text: str) -> None:
    assert mask_date(PRF, "date", text, "42") == text


@pytest.mark.parametrize("day", ["0001-01-02", "9999-12-30"])
def test_date_that_would_leave_the_calendar_goes_the_other_way(day: str) -> None:
    for person in map(str, range(40)):
        moved = date.fromisoformat(mask_date(PRF, "date", day, person))
        assert abs(moved - date.fromisoformat(day)) == abs(offset_of(PRF, "date", person))


@pytest.mark.parametrize("day", ["1970-01-01", "1970-05-05", "2037-12-31", "2038-01-19"])
def test_timestamp_moves_and_never_leaves_its_range(day: str) -> None:
    for person in map(str, range(40)):
        masked = mask_date(PRF, "date", f"{day} 03:14:07", person, timestamp=True)
        assert "1970-01-01" < masked[:10] < "2038-01-01"
        moved = date.fromisoformat(masked[:10])
        assert abs(moved - date.fromisoformat(day)) == abs(offset_of(PRF, "date", person))


def test_timestamp_of_more_than_32_bits_moves_back() -> None:
    for person in map(str, range(20)):
        masked = mask_date(PRF, "date", "2100-01-01 00:00:00", person, timestamp=True)
        assert "2098" < masked < "2100-01-01"


def test_what_no_server_writes_is_no_cell_of_a_date() -> None:
    with pytest.raises(ValueError, match="not a date"):
        mask_date(PRF, "date", "12.03.1980", "42")


@given(st.dates(date(1900, 1, 1), date(2090, 1, 1)), st.sampled_from(SPELLINGS))
def test_date_in_text_moves_like_the_date_and_keeps_its_spelling(day: date, spelling: str) -> None:
    moved = day + offset_of(PRF, "date", "42")
    # "May" does not tell whether names of months are written in full.
    assume("%b" not in spelling or day.month != 5)
    masked = mask_dates_in_text(PRF, "date", day.strftime(spelling), "42", WORDS.mask)
    assert masked == moved.strftime(spelling)


@given(st.dates(date(1971, 1, 1), date(2068, 1, 1)))
def test_date_of_a_short_year_moves_like_the_date(day: date) -> None:
    moved = day + offset_of(PRF, "date", "42")
    masked = mask_dates_in_text(PRF, "date", day.strftime("%d.%m.%y"), "42", WORDS.mask)
    assert masked == moved.strftime("%d.%m.%y")


@given(
    st.dates(date(1900, 1, 1), date(2090, 1, 1)),
    st.sampled_from(["{0}/{1}/{2}", "{1}/{0}/{2}", "{0}-{1}-{2}", "{0:02}/{1:02}/{2}"]),
    st.text(max_size=3),
)
def test_date_in_either_order_can_be_read_in_as_many_orders_as_before(
    day: date, spelling: str, person: str
) -> None:
    def orders(text: str) -> set[str]:
        one, other, year = map(int, re.split("[/-]", text))
        return {
            name
            for name, month, day_of_month in (("dm", other, one), ("md", one, other))
            if month <= 12 and day_of_month <= calendar.monthrange(year, month)[1]
        }

    text = spelling.format(day.day, day.month, day.year)
    masked = mask_dates_in_text(PRF, "date", text, person, WORDS.mask)
    assert masked != text
    assert orders(masked) == orders(text)


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("12. März 1980", rf"\d\d?\. (?:{GERMAN_MONTHS}) (?:1979|198[01])"),
        ("12. MÄRZ 1980", r"\d\d\. [A-ZÄ]+ \d{4}"),
        ("1.5.1966", r"\d\d?\.\d\d?\.\d{4}"),
        ("01.05.1966", r"\d\d\.\d\d\.\d{4}"),
        ("19800312T101112", r"\d{8}T101112"),
        ("geb. 12.3.1980", r"[a-z]{3}\. \d\d?\.\d\d?\.\d{4}"),
        ("1990-00-00", r"\d{4}-00-00"),
        ("0000-05-12", r"0000-\d\d-\d\d"),
        ("1980-13-12", r"\d{4}-\d\d-\d\d"),
    ],
)  # fmt: skip
def test_date_in_text_keeps_its_way_of_writing(text: str, spelling: str) -> None:
    masked = mask_dates_in_text(PRF, "date", text, "42", WORDS.mask)
    assert masked != text
    assert re.fullmatch(spelling, masked)


@pytest.mark.parametrize(
    "text",
    ["0000-00-00", "0000-00-00 00:00:00", "00000000", "00.00.0000", "2023-02-30", "30.02.1966",
     "31/04/1980", "2023-02-30 10:00:00", "31.12.9999"],
)  # fmt: skip
def test_days_that_nobody_was_born_on_stay_in_text(text: str) -> None:
    assert mask_dates_in_text(PRF, "date", text, "42", WORDS.mask) == text


def test_all_else_in_a_column_of_dates_is_masked() -> None:
    masked = mask_dates_in_text(PRF, "date", "1980-03-12 Petra Lindqvist", "42", WORDS.mask)
    assert masked[10:] == WORDS.mask(" Petra Lindqvist")
    assert move_written_date(PRF, "date", "Petra") is None
