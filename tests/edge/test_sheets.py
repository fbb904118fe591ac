"""XLSX as Excel opens it: typed cells, no formulas, a million rows in little memory."""

import io
import re
import tracemalloc
import zipfile
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.domain.test_spreadsheets import COLUMNS, a_row, a_sheet
from ticketing.domain.spreadsheets import Column, ColumnKind, Rows
from ticketing.edge import sheets
from ticketing.edge.sheets import Sheets


def parts_of(rows: Rows, **options: Any) -> dict[str, str]:
    """The files within the XLSX."""
    file = io.BytesIO()
    Sheets().xlsx(a_sheet(rows, **options), file)
    with zipfile.ZipFile(file) as book:
        return {name: book.read(name).decode() for name in book.namelist()}


def test_each_cell_has_the_type_of_its_column() -> None:
    """Text inline, money in euros, times as the day numbers of a spreadsheet."""
    page = parts_of([a_row()])["xl/worksheets/sheet1.xml"]
    assert "<t>Zoë</t>" in page
    assert "<v>1840</v>" in page
    assert "<v>1234.56</v>" in page
    assert "<v>46299</v>" in page  # 4 October 2026
    assert re.search(r"<v>46299\.604\d+</v>", page)  # 14:30 in Berlin


@pytest.mark.parametrize("text", ["=1+1", "{=1}", "+1", "@x", "http://x", "123", "-1"])
def test_text_stays_text(text: str) -> None:
    """No formula, no link, no number is made of it."""
    files = parts_of([(text,)], columns=(Column("=A1"),))
    page = files["xl/worksheets/sheet1.xml"]
    assert "<f>" not in page
    assert "hyperlink" not in page
    assert page.count('t="inlineStr"') == 2
    assert "&#39;=A1" in page or "'=A1" in page


@pytest.mark.parametrize(("lang", "look"), [("de", "dd.mm.yyyy hh:mm"), ("en", "yyyy-mm-dd hh:mm")])
def test_times_look_as_the_reader_writes_them(lang: str, look: str) -> None:
    """The cell holds the time, its format says how it looks."""
    assert look in parts_of([a_row()], lang=lang)["xl/styles.xml"]


def test_an_amount_has_no_sign_of_a_currency() -> None:
    """Another column names it."""
    files = parts_of([(123_456,)], columns=(Column("x", ColumnKind.AMOUNT),))
    assert "<v>1234.56</v>" in files["xl/worksheets/sheet1.xml"]
    assert "€" not in files["xl/styles.xml"]


def test_a_text_that_no_cell_holds_is_cut() -> None:
    """Excel takes 32,767 letters; without that the cell would be empty."""
    page = parts_of([("x" * 40_000,)], columns=(Column("Code"),))["xl/worksheets/sheet1.xml"]
    assert f">{'x' * 32_767}<" in page


def test_nothing_is_no_cell() -> None:
    """An empty cell is not 0."""
    page = parts_of([(None,) * len(COLUMNS)])["xl/worksheets/sheet1.xml"]
    assert 'r="2"' not in page


def test_what_is_too_long_for_one_sheet_goes_on_in_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Excel would refuse the whole file."""
    monkeypatch.setattr(sheets, "ROWS_OF_A_SHEET", 3)
    files = parts_of([("a",)] * 7, columns=(Column("Code"),))
    counts = [files[f"xl/worksheets/sheet{n}.xml"].count("<row ") for n in (1, 2, 3)]
    assert counts == [4, 4, 2]
    assert 'name="Liste 3"' in files["xl/workbook.xml"]


@pytest.mark.parametrize("title", ["a/b[c]:*?\\d", "'", "x" * 99, ""])
def test_any_title_is_a_name_that_excel_takes(title: str) -> None:
    """Some signs and long names are refused by Excel."""
    sheet = a_sheet([], columns=(Column("x"),))
    file = io.BytesIO()
    Sheets().xlsx(
        type(sheet)(title=title, columns=sheet.columns, rows=[], lang="de", zone=UTC), file
    )
    assert zipfile.ZipFile(file).testzip() is None


def test_many_rows_need_no_more_memory_than_few() -> None:
    """Thirty thousand rows stay below two megabytes."""
    row = ("Zoë", 1, 2, date(2026, 10, 4), datetime(2026, 10, 4, tzinfo=UTC))
    file = io.BytesIO()
    tracemalloc.start()
    Sheets().xlsx(a_sheet(row for _ in range(30_000)), file)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000 + 2 * len(file.getvalue())
