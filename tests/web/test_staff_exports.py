"""Lists that leave the site as files."""

import zipfile
from collections.abc import Iterator
from io import BytesIO

import pytest
from apiflask import APIFlask

from ticketing.domain.spreadsheets import Column, Row
from ticketing.service.pages import Page, walk
from ticketing.store.unit import Store, Unit
from ticketing.web.staff import exports
from ticketing.web.staff.exports import FileKind

COLUMNS = (Column("Name"),)


@pytest.mark.parametrize(
    ("lang", "text"),
    [("de", b"\xef\xbb\xbfName\r\nZo\xc3\xab\r\n"), ("en", b"\xef\xbb\xbfName\r\n")],
)
def test_a_csv_is_sent_as_a_file_that_nobody_keeps(app: APIFlask, lang: str, text: bytes) -> None:
    """Its type, its name with the day, and no cache."""
    with app.test_request_context(f"/staff?lang={lang}"):
        answer = exports.download(COLUMNS, [("Zoë",)], name="Über Größe", kind=FileKind.CSV)
        assert answer.get_data().startswith(text)
    assert answer.content_type == "text/csv; charset=utf-8; header=present"
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="ueber-groesse-2026-10-04.csv"'
    )
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_xlsx_is_written_to_a_file_first(app: APIFlask) -> None:
    """So its size is known; the file is gone when it was sent."""
    with app.test_request_context("/staff"):
        answer = exports.download(COLUMNS, [("Zoë",)], name="Liste", kind=FileKind.XLSX)
        sent = answer.get_data()
    assert answer.content_length == len(sent)
    assert zipfile.ZipFile(BytesIO(sent)).testzip() is None
    answer.close()


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ('a"; filename="x.exe', "a-filename-x-exe-2026-10-04.csv"),
        ("a\r\nSet-Cookie: x=1", "a-set-cookie-x-1-2026-10-04.csv"),
        ("../../etc/passwd", "etc-passwd-2026-10-04.csv"),
        ("博物館", "einlass-2026-10-04.csv"),
        ("x" * 300, "x" * 60 + "-2026-10-04.csv"),
    ],
)
def test_no_name_breaks_the_header(app: APIFlask, name: str, file: str) -> None:
    """Plain letters, digits and hyphens are all that is left."""
    with app.test_request_context("/staff"):
        assert exports.filename(name, "csv") == file


def test_rows_are_not_read_before_they_are_sent(app: APIFlask) -> None:
    """The first byte does not wait for the last row."""
    taken: list[int] = []

    def rows() -> Iterator[Row]:
        taken.append(1)
        yield ("x",)

    with app.test_request_context("/staff"):
        answer = exports.download(COLUMNS, rows(), name="x", kind=FileKind.CSV)
        pieces = iter(answer.response)
        next(pieces)
        assert taken == []


def test_a_walk_reads_page_after_page_each_with_a_unit_of_its_own(store: Store) -> None:
    """No connection is held while somebody downloads slowly."""
    seen: list[Unit] = []

    def read(unit: Unit, cursor: str | None) -> Page[int]:
        seen.append(unit)
        at = int(cursor or 0)
        return Page((at, at + 1), str(at + 2) if at < 4 else None)

    assert list(walk(store, read)) == [0, 1, 2, 3, 4, 5]
    assert len({id(unit) for unit in seen}) >= 1
    assert len(seen) == 3
