"""Edge: lists as XLSX by xlsxwriter, a row at a time.

In `constant_memory` a row goes to a file of its own as soon as the next begins: a million
rows need no more memory than one. Cells are written by the kind of their column, never by
guess: a text is a text, whatever it looks like.
"""

from collections.abc import Callable
from itertools import islice
from typing import Any, BinaryIO, Final

import xlsxwriter  # type: ignore[import-untyped]

from ticketing.domain.spreadsheets import Column, ColumnKind, Sheet, local, safe

ROWS_OF_A_SHEET: Final = 1_048_575
"""What Excel shows on one sheet besides the heading; what is beyond goes to the next."""
_OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
_NAME_LIMIT: Final = 31
_NOT_IN_NAMES: Final = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
_CENTS: Final = 100
_CELL_LIMIT: Final = 32_767
"""Letters that Excel takes in a cell; xlsxwriter drops a longer text without a word."""
_FORMATS: Final = {  # the decimal point is the reader's own: Excel translates these
    ColumnKind.MONEY: {"de": '#,##0.00 "€"', "en": '"€"#,##0.00'},
    ColumnKind.AMOUNT: {"de": "#,##0.00", "en": "#,##0.00"},
    ColumnKind.DAY: {"de": "dd.mm.yyyy", "en": "yyyy-mm-dd"},
    ColumnKind.MOMENT: {"de": "dd.mm.yyyy hh:mm", "en": "yyyy-mm-dd hh:mm"},
}
_Write = Callable[[int, int, Any], object]


class Sheets:
    """Writes lists as XLSX."""

    def xlsx(self, sheet: Sheet, into: BinaryIO) -> None:
        """Write the whole file; `into` can be sought in."""
        book = xlsxwriter.Workbook(into, _OPTIONS)
        rows, number = iter(sheet.rows), 1
        while _page(book, sheet, rows, number) == ROWS_OF_A_SHEET:
            number += 1
        book.close()


def _page(book: Any, sheet: Sheet, rows: Any, number: int) -> int:  # noqa: ANN401  xlsxwriter has no types
    """One sheet of the book; how many rows it took."""
    name = sheet.title.translate(_NOT_IN_NAMES).strip()[: _NAME_LIMIT - 4] or "Einlass"
    page = book.add_worksheet(name if number == 1 else f"{name} {number}")
    page.freeze_panes(1, 0)
    bold = book.add_format({"bold": True, "bottom": 1})
    for at, column in enumerate(sheet.columns):
        page.set_column(at, at, column.width)
        page.write_string(0, at, safe(column.title), bold)
    writers = [_writer(book, page, column, sheet) for column in sheet.columns]
    written = 0
    for written, row in enumerate(islice(rows, ROWS_OF_A_SHEET), start=1):
        for at, cell in enumerate(row):
            if cell is not None:
                writers[at](written, at, cell)
    return written


def _writer(book: Any, page: Any, column: Column, sheet: Sheet) -> _Write:  # noqa: ANN401  xlsxwriter has no types
    """How a cell of a column is written: row, column, value."""
    known = _FORMATS.get(column.kind)
    look = book.add_format({"num_format": known[sheet.lang]} if known else {})

    def text(row: int, at: int, value: str) -> object:
        return page.write_string(row, at, safe(value)[:_CELL_LIMIT])

    def moment(row: int, at: int, value: Any) -> object:  # noqa: ANN401  an aware time
        return page.write_datetime(row, at, local(value, sheet.zone), look)

    match column.kind:
        case ColumnKind.TEXT:
            return text
        case ColumnKind.WHOLE:
            number: _Write = page.write_number
            return number
        case ColumnKind.MONEY | ColumnKind.AMOUNT:
            return lambda row, at, value: page.write_number(row, at, value / _CENTS, look)
        case ColumnKind.DAY:
            return lambda row, at, value: page.write_datetime(row, at, value, look)
        case ColumnKind.MOMENT:
            return moment
