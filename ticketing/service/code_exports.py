"""Codes leave the house: CSV, XLSX, sheets to print, pictures; in the service room.

CSV is sent while it is read, however many codes there are. The others are made at once where
that takes a second, and otherwise are a job: it is left behind and downloaded when it is done.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, BinaryIO, Final

from ticketing.domain.codes import KNOWN, MOST, Batch
from ticketing.domain.jobs import Job, JobKind
from ticketing.domain.spreadsheets import PROGRAMS, Column, ColumnKind, Row, Sheet, csv_chunks
from ticketing.service import audit, code_batches, jobs
from ticketing.service.audit import Action, Thing
from ticketing.service.code_lists import ListedCode, every_code, every_text
from ticketing.service.errors import Conflict
from ticketing.service.jobs import NewJob, Tell
from ticketing.service.ports import CodePress, CodeSheet, House, Sheets, Units
from ticketing.store.unit import Unit


class Format(StrEnum):
    """What codes can be taken out as."""

    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"
    ZIP = "zip"


LIMITS: Final[Mapping[Format, int]] = {
    Format.CSV: MOST,
    Format.XLSX: MOST,
    Format.PDF: 20_000,  # 834 sheets: a PDF is put together in memory
    Format.ZIP: 50_000,  # the list of contents is put together in memory
}
"""Codes that a file of a kind can hold."""
AT_ONCE: Final[Mapping[Format, int]] = {
    Format.CSV: MOST,
    Format.XLSX: 10_000,
    Format.PDF: 480,
    Format.ZIP: 2_000,
}
"""So many are made while the person waits: about a second."""
_TEXT, _WHOLE = ColumnKind.TEXT, ColumnKind.WHOLE
_MONEY, _MOMENT = ColumnKind.MONEY, ColumnKind.MOMENT
COLUMNS: Final[tuple[tuple[str, ColumnKind, int], ...]] = (
    ("code", _TEXT, 26),
    ("state", _TEXT, 12),
    ("sent", _MOMENT, 18),
    ("delivered", _MOMENT, 18),
    ("redeemed", _MOMENT, 18),
    ("last", _MOMENT, 18),
    ("uses", _WHOLE, 8),
    ("gate", _TEXT, 20),
    ("discount", _MONEY, 12),
)
"""The columns, their kinds and how wide they are; what they are called is for words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportWords:
    """An export in a language: its columns' and states' names, and what a code is worth.

    What is not named in `columns`, `states` or `gates` is called by its key.
    """

    lang: str = "en"
    columns: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)
    gates: Mapping[str, str] = field(default_factory=dict)
    worth: str = ""
    until: str = ""


FOR_PROGRAMS: Final = ExportWords(lang=PROGRAMS, columns={"discount": "discount_cents"})
Told = Callable[[int], object]


def check_size(batch: Batch, *, kind: Format) -> None:
    """Refuse what a file of that kind cannot hold.

    Raises:
        Conflict: `too_many_codes`, `batch_building`, `batch_failed`.
    """
    if not is_possible(batch, kind=kind):
        raise Conflict("too_many_codes")
    if batch.state not in KNOWN:
        raise Conflict(f"batch_{batch.state}")


def is_possible(batch: Batch, *, kind: Format) -> bool:
    """Whether a file of that kind can hold its codes."""
    return batch.tally.made <= LIMITS[kind]


def is_quick(batch: Batch, *, kind: Format) -> bool:
    """Whether it is made while the person waits."""
    return batch.tally.made <= AT_ONCE[kind]


def note_export(unit: Unit, house: House, *, batch: Batch, kind: Format) -> None:
    """Write into the audit log that codes leave the house."""
    unit.begin()
    _note(unit, house, batch=batch, kind=kind)
    unit.commit()


def take_out(unit: Unit, house: House, *, batch: str, kind: Format) -> Batch:
    """The batch whose codes are written at once, however many: noted, then written.

    Raises:
        NotFound: `batch`.
        Conflict: As `check_size`.
    """
    found = code_batches.get_batch(unit, batch=batch)
    check_size(found, kind=kind)
    note_export(unit, house, batch=found, kind=kind)
    return found


def begin_export(
    unit: Unit, house: House, *, batch: Batch, kind: Format, words: ExportWords
) -> Job:
    """Leave an export to a clerk.

    Raises:
        Conflict: As `check_size`.
    """
    check_size(batch, kind=kind)
    wanted = NewJob(
        kind=JobKind.EXPORT,
        about=batch.id,
        facts={"format": kind.value, "words": asdict(words)},
        total=batch.tally.made,
    )
    unit.begin()
    job = jobs.begin_job(unit, house, wanted=wanted)
    _note(unit, house, batch=batch, kind=kind)
    unit.commit()
    return job


def sheet_of(
    store: Units, house: House, *, batch: Batch, words: ExportWords, told: Told = lambda _n: None
) -> Sheet:
    """The codes of a batch as a list; rows are read while it is written."""
    columns = [Column(words.columns.get(name, name), kind, wide) for name, kind, wide in COLUMNS]
    return Sheet(
        title=batch.name,
        columns=tuple(columns),
        rows=_rows(every_code(store, batch), words, told),
        lang=words.lang,
        zone=house.museum.zone,
    )


class Exporter:
    """Writes exports: as a craft of a clerk, and at once for whoever waits."""

    def __init__(self, store: Units, house: House, *, sheets: Sheets, press: CodePress) -> None:
        """Take the parts."""
        self._store = store
        self._house = house
        self._sheets = sheets
        self._press = press

    def __call__(self, job: Job, into: BinaryIO, tell: Tell) -> Mapping[str, Any]:
        """Do an export that was left behind."""
        with self._store.unit() as unit:
            batch = code_batches.get_batch(unit, batch=job.about)
        kind, words = Format(job.facts["format"]), ExportWords(**job.facts["words"])
        self.write(batch, into, kind=kind, words=words, told=tell)
        return {"format": kind.value, "name": batch.name}

    def write(
        self,
        batch: Batch,
        into: BinaryIO,
        *,
        kind: Format,
        words: ExportWords,
        told: Told = lambda _n: None,
    ) -> None:
        """Write the whole file, telling how many codes are in it."""
        match kind:
            case Format.CSV:
                into.writelines(csv_chunks(self._sheet(batch, words, told)))
            case Format.XLSX:
                self._sheets.xlsx(self._sheet(batch, words, told), into)
            case Format.PDF:
                facts = CodeSheet(
                    title=batch.name,
                    museum=self._house.fresh().museum.name,
                    worth=words.worth,
                    until=words.until,
                    lang=words.lang,
                )
                self._press.pdf(facts, every_text(self._store, batch, told=told), into)
            case Format.ZIP:
                self._press.zip(every_text(self._store, batch, told=told), into)

    def _sheet(self, batch: Batch, words: ExportWords, told: Told) -> Sheet:
        return sheet_of(self._store, self._house, batch=batch, words=words, told=told)


def _note(unit: Unit, house: House, *, batch: Batch, kind: Format) -> None:
    audit.note(
        unit,
        house,
        action=Action.BATCH_EXPORTED,
        object=Thing("batch", batch.id),
        after={"format": kind.value, "count": batch.tally.made},
    )


def _rows(found: Iterator[ListedCode], words: ExportWords, told: Told) -> Iterator[Row]:
    states, gates = words.states, words.gates
    for done, one in enumerate(found, start=1):
        yield (
            one.text,
            states.get(one.state, one.state),
            one.sent_at,
            one.delivered_at,
            one.redeemed_at,
            one.last_at,
            one.uses,
            None if one.gate is None else gates.get(one.gate, one.gate),
            one.off_cents,
        )
        told(done)
