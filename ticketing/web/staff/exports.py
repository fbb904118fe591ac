"""Lists that leave the house: every export of the site goes through `download`.

    kind = exports.asked_kind()
    exports.note("conflicts", kind, state="open")
    rows = walk(parts.store, lambda unit, cursor: conflicts.list_conflicts(unit, cursor=cursor))
    return exports.download(columns, (as_cells(one) for one in rows), name="conflicts", kind=kind)

CSV goes out while it is read. XLSX is a ZIP whose list of contents comes last: it is written
to a file without a name first. Neither is ever whole in memory.
"""

import re
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum
from typing import BinaryIO, Final

from flask import Response, request, stream_with_context

from ticketing.domain.spreadsheets import Column, Row, Sheet, csv_chunks
from ticketing.service import audit
from ticketing.service.errors import NotFound
from ticketing.web.parts import the_parts
from ticketing.web.staff import frame

_CHUNK_BYTES: Final = 64 * 1024
_NAME_LIMIT: Final = 60


class FileKind(StrEnum):
    """What a list can be taken out as."""

    CSV = "csv"
    XLSX = "xlsx"


MIME: Final = {
    "csv": "text/csv; charset=utf-8; header=present",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json; charset=utf-8",
    "pdf": "application/pdf",
    "zip": "application/zip",
}


def asked_kind() -> FileKind:
    """What the form of this request wants; 404 for what is none."""
    try:
        return FileKind(request.form.get("format", ""))
    except ValueError:
        raise NotFound("format") from None


def note(of: str, kind: FileKind, **wanted: str) -> None:
    """Write into the audit which list leaves the house, filtered by what; "" filters nothing."""
    parts = the_parts()
    action = audit.Action.LIST_EXPORTED
    with parts.store.unit() as unit:
        audit.note_list(unit, parts.house, action=action, of=of, kind=kind.value, wanted=wanted)


def download(
    columns: Iterable[Column],
    rows: Iterable[Row],
    *,
    name: str,
    kind: FileKind,
    day: date | None = None,
) -> Response:
    """The list as a file in the person's language; rows are read while it is sent.

    `name` is of the list, never of a person: it becomes the name of the file and of the sheet.
    `day` is the day of which the list tells, today unless said.
    """
    sheet = Sheet(
        title=name,
        columns=tuple(columns),
        rows=rows,
        lang=frame.the_lang(),
        zone=the_parts().house.museum.zone,
    )
    if kind is FileKind.CSV:
        return streamed(csv_chunks(sheet), name=name, ending=kind.value, day=day)
    file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115  closed when it is sent
    the_parts().sheets.xlsx(sheet, file)
    return of_file(file, name=name, ending=kind.value, day=day)


def streamed(
    chunks: Iterator[bytes], *, name: str, ending: str, day: date | None = None
) -> Response:
    """A file that is made while it is sent."""
    answer = Response(stream_with_context(chunks), content_type=MIME[ending])
    called = filename(name, ending, day)
    answer.headers["Content-Disposition"] = f'attachment; filename="{called}"'
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"  # a proxy passes the first byte on at once
    return answer


def of_file(file: BinaryIO, *, name: str, ending: str, day: date | None = None) -> Response:
    """A file that was written; it is closed when it is sent, or when nobody waits any more."""
    size = file.seek(0, 2)
    file.seek(0)
    answer = streamed(_pieces(file), name=name, ending=ending, day=day)
    answer.content_length = size
    answer.call_on_close(file.close)
    return answer


def filename(name: str, ending: str, day: date | None = None) -> str:
    """The name of a file, with the day: plain letters only, so that no header breaks."""
    told = day or frame.the_speaker().today()
    spelt = name.lower().translate(_UMLAUTS)
    plain = unicodedata.normalize("NFKD", spelt).encode("ascii", "ignore").decode()
    short = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_NAME_LIMIT].strip("-")
    return f"{short or 'einlass'}-{told.isoformat()}.{ending}"


_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_CHUNK_BYTES):
        yield piece
