"""Lists as CSV: what Excel makes of them, and what nobody can smuggle in."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ticketing.domain.spreadsheets import (
    PROGRAMS,
    Column,
    ColumnKind,
    Row,
    Rows,
    Sheet,
    csv_chunks,
    safe,
)

BERLIN = ZoneInfo("Europe/Berlin")
COLUMNS = (
    Column("Name"),
    Column("Anzahl", ColumnKind.WHOLE),
    Column("Betrag", ColumnKind.MONEY),
    Column("Tag", ColumnKind.DAY),
    Column("Zeit", ColumnKind.MOMENT),
)


def a_sheet(rows: Rows, lang: str = "de", columns: tuple[Column, ...] = COLUMNS) -> Sheet:
    """A list in a language."""
    return Sheet(title="Liste", columns=columns, rows=rows, lang=lang, zone=BERLIN)


def written(rows: Rows, **options: Any) -> str:
    """The whole CSV as Excel decodes it."""
    return b"".join(csv_chunks(a_sheet(rows, **options))).decode("utf-8-sig")


def a_row() -> Row:
    """One cell of each kind."""
    return (
        "Zoë",
        1840,
        123_456,
        date(2026, 10, 4),
        datetime(2026, 10, 4, 12, 30, 9, 5, tzinfo=UTC),
    )


def test_german_is_split_at_semicolons_and_its_numbers_have_commas() -> None:
    """As Excel expects it on a German computer; times in the museum's zone."""
    assert written([a_row()]) == (
        "Name;Anzahl;Betrag;Tag;Zeit\r\nZoë;1840;1234,56;2026-10-04;2026-10-04 14:30\r\n"
    )


def test_programs_get_whole_cents_and_exact_times() -> None:
    """And no mark before the first column's name; a formula is none here either."""
    sheet = a_sheet([a_row(), ("=1", None, -5, None, None)], lang=PROGRAMS)
    assert b"".join(csv_chunks(sheet)).decode() == (
        "Name,Anzahl,Betrag,Tag,Zeit\r\n"
        "Zoë,1840,123456,2026-10-04,2026-10-04T14:30:09+02:00\r\n"
        "'=1,,-5,,\r\n"
    )


def test_english_is_split_at_commas_and_its_numbers_have_points() -> None:
    """As everywhere else."""
    assert written([a_row()], lang="en").splitlines()[1] == (
        "Zoë,1840,1234.56,2026-10-04,2026-10-04 14:30"
    )


def test_it_begins_with_a_byte_order_mark() -> None:
    """Without it Excel shows ZoÃ«."""
    assert next(csv_chunks(a_sheet([]))).startswith(b"\xef\xbb\xbfName")


@pytest.mark.parametrize(
    ("cents", "text"), [(0, "0,00"), (5, "0,05"), (-5, "-0,05"), (-1234, "-12,34")]
)
def test_money_keeps_its_cents(cents: int, text: str) -> None:
    """Below nothing, too; a minus of a number is no formula."""
    columns = (Column("Betrag", ColumnKind.MONEY),)
    assert written([(cents,)], columns=columns).splitlines() == ["Betrag", text]


def test_nothing_is_an_empty_cell() -> None:
    """Of whatever kind."""
    assert written([(None,) * 5]).splitlines()[1] == ";;;;"


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+49 30 1234",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        '=HYPERLINK("http://x";"y")',
        "＝1+1",  # noqa: RUF001  wide signs, as an Asian keyboard types them
        "＠x",  # noqa: RUF001
    ],
)
def test_what_begins_like_a_formula_is_only_text(text: str) -> None:
    """A visitor's name must not run on the office's computer."""
    assert safe(text) == f"'{text}"
    read = list(csv.reader(io.StringIO(written([(text, *a_row()[1:])])), delimiter=";"))
    assert read[1][0] == f"'{text}"


@pytest.mark.parametrize("text", ["", "Zoë", "a=b", "1+1", "HERBST-K7Q2M9X4T8B", " =1"])
def test_other_text_is_left_alone(text: str) -> None:
    """Only the first sign counts; a blank before it makes it text by itself."""
    assert safe(text) == text


def test_headings_are_safe_too() -> None:
    """Wherever they come from."""
    assert written([], columns=(Column("=cmd"),)) == "'=cmd\r\n"


@pytest.mark.parametrize("text", ["a;b", 'say "x"', "two\nlines", "a\r\nb"])
def test_separators_quotes_and_breaks_stay_within_their_cell(text: str) -> None:
    """Read back, it is what it was."""
    out = io.StringIO(written([(text, None, None, None, None)]), newline="")
    assert next(row for n, row in enumerate(csv.reader(out, delimiter=";")) if n == 1)[0] == text


def test_a_row_of_the_wrong_length_is_a_fault() -> None:
    """A column that moved would be read as another one."""
    with pytest.raises(ValueError, match="zip"):
        written([("a",)])


def test_rows_are_read_only_as_they_are_asked_for() -> None:
    """The heading goes out before the first row is read; a million rows are never in memory."""
    taken = 0

    def rows() -> Iterator[Row]:
        nonlocal taken
        for _ in range(10_000):
            taken += 1
            yield a_row()

    chunks = csv_chunks(a_sheet(rows()))
    next(chunks)
    assert taken == 0
    next(chunks)
    assert taken == 2_000
    assert sum(chunk.count(b"\r\n") for chunk in chunks) == 8_000


@pytest.mark.parametrize(("lang", "text"), [("de", "-7,05"), ("en", "-7.05"), (PROGRAMS, "-705")])
def test_an_amount_is_written_like_money(lang: str, text: str) -> None:
    """Its currency stands in a column of its own."""
    columns = (Column("x", ColumnKind.AMOUNT),)
    assert written([(-705,)], lang=lang, columns=columns) == f"x\r\n{text}\r\n"
