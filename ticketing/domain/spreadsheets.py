"""Lists as spreadsheets read them: typed columns, safe cells, CSV; in the domain room.

A cell that begins like a formula gets an apostrophe before it, in CSV and XLSX alike (an XLSX
is saved as CSV sooner or later). Numbers, money and times are typed and never text.

CSV is UTF-8 with a byte order mark, without which Excel reads umlauts as two letters each.
Excel splits at the list separator of the computer's region: a semicolon where the comma is in
the numbers (German), a comma elsewhere. So the language decides both: `;` and `7,20` in German,
`,` and `7.20` in English. Times are `2026-10-04 14:30` in the museum's zone, which Excel and
LibreOffice read as a time in either language.

Programs have a language of their own, `PROGRAMS`: commas, no mark, whole cents, and times as
ISO 8601 with their offset, as everywhere in the API.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from enum import StrEnum
from itertools import islice
from typing import Any, Final

Cell = str | int | date | datetime | None
"""Text, a whole number (cents in columns of money and amounts), a date, an aware time, nothing."""
Row = Sequence[Cell]
Rows = Iterable[Row]

BOM: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
PROGRAMS: Final = ""
SEPARATORS: Final = {"de": ";", "en": ",", PROGRAMS: ","}
DECIMAL: Final = {"de": ",", "en": "."}
_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001  Excel reads the wide ones too
_CENTS: Final = 100
_ROWS_AT_ONCE: Final = 2_000


class ColumnKind(StrEnum):
    """What the cells of a column are."""

    TEXT = "text"
    WHOLE = "whole"
    MONEY = "money"  # cells are cents
    AMOUNT = "amount"  # the same where another column names the currency
    DAY = "day"
    MOMENT = "moment"  # cells are aware times


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading in the reader's language, what it holds, how wide it is shown."""

    title: str
    kind: ColumnKind = ColumnKind.TEXT
    width: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One list: its name, its columns, its rows (read once), and for whom it is written."""

    title: str
    columns: tuple[Column, ...]
    rows: Rows
    lang: str
    zone: tzinfo


def safe(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(_DANGEROUS) else text


def local(at: datetime, zone: tzinfo) -> datetime:
    """A time as a spreadsheet holds it: in the zone, without saying so, to the second."""
    return at.astimezone(zone).replace(tzinfo=None, microsecond=0)


def csv_chunks(sheet: Sheet) -> Iterator[bytes]:
    """The list as CSV, in pieces: the heading at once, then some thousand rows each.

    Rows are taken when they are asked for: the whole is never in memory.
    """
    mark = "" if sheet.lang == PROGRAMS else BOM
    yield _lines(sheet.lang, [[safe(column.title) for column in sheet.columns]], mark)
    writers = [_written(column.kind, sheet) for column in sheet.columns]
    rows = iter(sheet.rows)
    while some := list(islice(rows, _ROWS_AT_ONCE)):
        yield _lines(sheet.lang, (_texts(row, writers) for row in some))


_Write = Callable[[Any], object]


def _texts(row: Row, writers: Sequence[_Write]) -> list[object]:
    return ["" if cell is None else write(cell) for write, cell in zip(writers, row, strict=True)]


def _lines(lang: str, rows: Iterable[Sequence[object]], before: str = "") -> bytes:
    text = io.StringIO(newline="")
    text.write(before)
    csv.writer(text, delimiter=SEPARATORS[lang]).writerows(rows)
    return text.getvalue().encode()


def _written(kind: ColumnKind, sheet: Sheet) -> _Write:
    """How a cell of a kind is written."""
    is_plain, zone = sheet.lang == PROGRAMS, sheet.zone

    def money(cents: int) -> str:
        sign, (whole, rest) = "-" if cents < 0 else "", divmod(abs(cents), _CENTS)
        return f"{sign}{whole}{DECIMAL[sheet.lang]}{rest:02}"

    def moment(at: datetime) -> str:
        return local(at, zone).isoformat(" ", "minutes")

    def exact(at: datetime) -> str:
        return at.astimezone(zone).isoformat(timespec="seconds")

    match kind:
        case ColumnKind.TEXT:
            return safe
        case ColumnKind.WHOLE:
            return int
        case ColumnKind.MONEY | ColumnKind.AMOUNT:
            return int if is_plain else money
        case ColumnKind.DAY:
            return date.isoformat
        case _:  # ColumnKind.MOMENT
            return exact if is_plain else moment
