"""Cells of a table: numbers, money and days as Germans and English people write them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.domain import cells
from ticketing.domain.cells import CellFault

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("7,20", 720), ("7.20", 720), ("7,5", 750), ("7", 700), ("0", 0), ("7,20 €", 720),
        ("€7.20", 720), ("EUR 7,20", 720), ("7 Euro", 700), ("1.234,50", 123_450),
        ("1,234.50", 123_450), ("1 234,50", 123_450), ("1'234.50", 123_450), ("1.234", 123_400),
        ("1,234", 123_400), ("1.234.567", 123_456_700), ("1.234,5", 123_450),
    ],
)  # fmt: skip
def test_money(text: str, cents: int) -> None:
    """With a comma or a point, with thousands or without, with a sign before or behind."""
    assert cells.cents(text) == cents


@pytest.mark.parametrize(
    "text", ["", "-7", "7,205,1", "1.23.456", "1,234,50", "x", "7,20 $", "\u0667", "1" * 13,
      "1.234.567.890.123"]
)  # fmt: skip
def test_what_is_no_money(text: str) -> None:
    """Rather refused than guessed."""
    assert cells.cents(text) is CellFault.NOT_MONEY


@pytest.mark.parametrize(
    ("text", "number"), [("5", 5), ("1.000", 1000), ("1,000", 1000), ("2 000 000", 2_000_000)]
)
def test_whole_numbers(text: str, number: int) -> None:
    """With thousands or without."""
    assert cells.whole(text) == number


@pytest.mark.parametrize("text", ["", "1.5", "-1", "1.000,000", "1e3", "²", "1" * 13])
def test_what_is_no_whole_number(text: str) -> None:
    """Half ones neither."""
    assert cells.whole(text) is CellFault.NOT_WHOLE


def test_percent() -> None:
    """With the sign or without."""
    assert [cells.percent(text) for text in ("20", "20%", "20 %")] == [20, 20, 20]
    assert cells.percent("0,2") is CellFault.NOT_WHOLE


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-04", "04.10.2026", "4.10.2026", "4.10.26", "4. 10. 2026", "4 October 2026",
        "4. Oktober 2026", "4 Oct 2026", "4. Okt. 2026", "October 4, 2026", "Oct 4 2026",
    ],
)  # fmt: skip
def test_a_day_in_either_language(text: str) -> None:
    """From its first moment in the museum's zone; as an end, that day is the last one."""
    assert cells.moment(text, BERLIN) == datetime(2026, 10, 3, 22, tzinfo=UTC)
    assert cells.moment(text, BERLIN, is_end=True) == datetime(2026, 10, 4, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-04 14:30", "2026-10-04T14:30", "2026-10-04T14:30:00+02:00",
        "2026-10-04T12:30:00Z", "04.10.2026 14:30", "04.10.2026, 14:30 Uhr", "4.10.2026 14:30:00",
        "4 Oct 2026 14:30", "04.10.2026, 14:30:00 Uhr",
    ],
)  # fmt: skip
def test_a_time_of_a_day(text: str) -> None:
    """As it is, at either end; the museum's own where no offset is said."""
    for is_end in (False, True):
        assert cells.moment(text, BERLIN, is_end=is_end) == datetime(
            2026, 10, 4, 12, 30, tzinfo=UTC
        )


@pytest.mark.parametrize("text", ["4.10.2026 9:05", "04.10.2026 9:05:00", "2026-10-04 9:05"])
def test_an_hour_may_have_one_digit(text: str) -> None:
    """With seconds, too."""
    assert cells.moment(text, BERLIN) == datetime(2026, 10, 4, 7, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "month"), [("March", 3), ("März", 3), ("Maerz", 3), ("Mrz", 3), ("Jänner", 1),
    ("Mai", 5), ("May", 5), ("Dezember", 12), ("December", 12), ("Sept", 9)],
)  # fmt: skip
def test_months_have_names(name: str, month: int) -> None:
    """And short ones."""
    found = cells.moment(f"2 {name} 2026", BERLIN)
    assert isinstance(found, datetime)
    assert found.astimezone(BERLIN).date() == date(2026, month, 2)


@pytest.mark.parametrize(
    "text", ["", "x", "2026-13-01", "31.02.2026", "4 Foo 2026", "4 Octoberfest 2026", "20261004",
    "2026-10-04 25:00", "1999-12-31", "2101-01-01", "9999-12-31T23:59-14:00"],
)  # fmt: skip
def test_what_is_no_day(text: str) -> None:
    """Nor one that can be meant."""
    assert cells.moment(text, BERLIN) is CellFault.NOT_DAY


@pytest.mark.parametrize("text", ["04/10/2026", "10/4/26", "2026/10/04", "31/12/2026 10:00"])
def test_a_day_with_strokes_is_refused(text: str) -> None:
    """Two people would read it differently."""
    assert cells.moment(text, BERLIN) is CellFault.AMBIGUOUS_DAY


def test_yes_and_no() -> None:
    """In both languages."""
    assert [cells.yes_or_no(text) for text in ("Ja", "yes", "x", "1", "WAHR")] == [True] * 5
    assert [cells.yes_or_no(text) for text in ("Nein", "no", "0", "false")] == [False] * 4
    assert cells.yes_or_no("maybe") is CellFault.NOT_YES_OR_NO


def test_a_word_takes_a_limit_away() -> None:
    """An empty cell does not."""
    assert all(map(cells.is_nothing, ("-", "unbegrenzt", "Unlimited", "ALLE")))
    assert not any(map(cells.is_nothing, ("", "0", "some")))


@pytest.mark.parametrize(
    ("cell", "text"),
    [("  a  b ", "a b"), ("'=1+1", "=1+1"), ("'tis", "'tis"), ("7\N{NO-BREAK SPACE}€", "7 €")],
)
def test_the_text_of_a_cell(cell: str, text: str) -> None:
    """Without the apostrophe of our own exports."""
    assert cells.plain(cell) == text


@pytest.mark.parametrize("text", ["a\0b", "a\nb", "a\tb", "\x7f", "\x85", "\u2028", "\ufeff"])
def test_what_nobody_sees_is_found(text: str) -> None:
    """NUL and line ends as well."""
    assert cells.has_control(text)
    assert not cells.has_control("Zoë Müßig €")


@given(st.integers(0, 10**13))
def test_money_is_read_as_it_is_written(amount: int) -> None:
    """In both languages."""
    units, part = divmod(amount, 100)
    english = f"{units:,}.{part:02}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert cells.cents(english) == cells.cents(german) == amount


@given(st.dates(date(2000, 1, 2), date(2099, 12, 30)))
def test_a_day_is_read_as_it_is_written(day: date) -> None:
    """Whichever way, also where the clocks change."""
    start = cells.moment(day.isoformat(), BERLIN)
    assert isinstance(start, datetime)
    assert start.astimezone(BERLIN).date() == day
    assert cells.moment(f"{day.day}.{day.month}.{day.year}", BERLIN) == start


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No reader breaks."""
    for reader in (cells.whole, cells.percent, cells.cents):
        assert isinstance(reader(text), int | CellFault)
    assert isinstance(cells.moment(text, BERLIN), datetime | CellFault)
    assert isinstance(cells.yes_or_no(text), bool | CellFault)
