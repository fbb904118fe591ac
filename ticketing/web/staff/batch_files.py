"""Codes as files: sent at once, or left to the clerk and downloaded when they are made."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO, Final

from apiflask import APIBlueprint
from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from ticketing.domain.accounts import Right
from ticketing.domain.codes import Batch
from ticketing.domain.jobs import Job, JobKind, JobState
from ticketing.domain.spreadsheets import csv_chunks
from ticketing.service import code_batches, code_exports, gates, jobs, offers
from ticketing.service.code_exports import COLUMNS, LIMITS, Exporter, ExportWords, Format
from ticketing.service.code_lists import CodeState
from ticketing.service.errors import Conflict, NotFound
from ticketing.web.access import staff_may
from ticketing.web.parts import the_parts
from ticketing.web.staff import batch_words as say
from ticketing.web.staff import exports, frame
from ticketing.web.staff.speaker import Speaker

HOME: Final = f"{frame.HOME}/codes"
bp = APIBlueprint("staff_code_files", __name__, url_prefix=HOME, enable_openapi=False)
_MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class FileRow:
    """One export that was left behind; `address` is "" while there is nothing to download."""

    what: str
    at: str
    state: str
    shape: str
    is_waiting: bool
    done: int
    total: int
    progress: str
    address: str


@bp.post("/<batch>/export")
@staff_may(Right.CODES_EXPORT)
def export(batch: str) -> AnyResponse:
    """The codes as a file: at once where that takes a second, else by the clerk."""
    frame.checked_form()
    parts, speaker, address = the_parts(), frame.the_speaker(), f"{HOME}/{batch}"
    kind = _format(request.form.get("format", ""))
    with parts.store.unit() as unit:
        found = code_batches.get_batch(unit, batch=batch)
        words = _words(speaker, found)
        try:
            code_exports.check_size(found, kind=kind)
        except Conflict as refusal:
            most = speaker.number(LIMITS[kind])
            return frame.not_done(address, f"codes_why_{refusal.reason}", most=most)
        house = parts.house
        if not code_exports.is_quick(found, kind=kind):
            code_exports.begin_export(unit, house, batch=found, kind=kind, words=words)
            return frame.done(f"{address}#files", "codes_done_begun")
        code_exports.note_export(unit, house, batch=found, kind=kind)
    return _sent(found, kind, words)


@bp.get("/<batch>/files")
@staff_may(Right.CODES_SEE)
def files(batch: str) -> Response:
    """How far the exports of a batch are, as a part of its page."""
    speaker = frame.the_speaker()
    with the_parts().store.unit() as unit:
        found = code_batches.get_batch(unit, batch=batch)
        left = jobs.jobs_about(unit, about=found.id, kind=JobKind.EXPORT)
    return frame.part("staff/batch_files.html", batch=found, files=rows_of(speaker, left))


@bp.get("/files/<job>")
@staff_may(Right.CODES_EXPORT)
def file(job: str) -> Response:
    """A file that the clerk has made."""
    parts = the_parts()
    with parts.store.unit() as unit:
        found = jobs.get_job(unit, job=job, kind=JobKind.EXPORT)
    if found.state is not JobState.DONE:
        raise NotFound("job")
    name, ending = str(found.result["name"]), str(found.result["format"])
    answer = exports.streamed(jobs.file_of(parts.store, found), name=name, ending=ending)
    answer.content_length = int(found.result.get("size", 0))
    return answer


# ------------------------------------------------------------ parts of the above
def offered(batch: Batch) -> list[str]:
    """As what the codes of a batch can be had."""
    return [one.value for one in Format if code_exports.is_possible(batch, kind=one)]


def too_many(speaker: Speaker, batch: Batch) -> str:
    """As what they cannot be had, and how many such a file can hold; "" if as anything."""
    told = [
        speaker.say("codes_at_most", what=one.value.upper(), most=speaker.number(LIMITS[one]))
        for one in Format
        if not code_exports.is_possible(batch, kind=one)
    ]
    return speaker.say("codes_too_many_for", what=", ".join(told)) if told else ""


def rows_of(speaker: Speaker, left: Iterable[Job]) -> list[FileRow]:
    """Exports in words."""
    return [_row(speaker, job) for job in left]


def _row(speaker: Speaker, job: Job) -> FileRow:
    shapes = {JobState.DONE: "", JobState.FAILED: "status--bad"}
    done, total = speaker.number(job.done), speaker.number(job.total)
    progress = speaker.say("codes_of", part=done, whole=total)
    if job.state is JobState.DONE:
        tenths = round(int(job.result.get("size", 0)) / _MEGABYTE, 1)
        size = f"{max(tenths, 0.1)}".replace(".", "," if speaker.lang == "de" else ".")
        progress = speaker.say("codes_file_size", size=size)
    return FileRow(
        what=str(job.facts["format"]).upper(),
        at=speaker.moment(job.created_at),
        state=speaker.say(f"codes_job_{job.state.value}"),
        shape=shapes.get(job.state, "status--off"),
        is_waiting=job.is_under_way,
        done=job.done,
        total=job.total,
        progress=progress,
        address=f"{HOME}/files/{job.id}" if job.state is JobState.DONE else "",
    )


def _sent(batch: Batch, kind: Format, words: ExportWords) -> Response:
    """The file itself; CSV while it is read."""
    parts = the_parts()
    if kind is Format.CSV:
        sheet = code_exports.sheet_of(parts.store, parts.house, batch=batch, words=words)
        return exports.streamed(csv_chunks(sheet), name=batch.name, ending=kind.value)
    exporter = Exporter(parts.store, parts.house, sheets=parts.sheets, press=parts.press)
    made: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115  closed when it is sent
    exporter.write(batch, made, kind=kind, words=words)
    return exports.of_file(made, name=batch.name, ending=kind.value)


def _words(speaker: Speaker, batch: Batch) -> ExportWords:
    """What an export is called in the person's language."""
    with the_parts().store.unit() as unit:
        known = {one.slug: one for one in offers.list_offers(unit)}
        doors = {one.slug: one.name.in_(speaker.lang) for one in gates.list_gates(unit)}
    return ExportWords(
        lang=speaker.lang,
        columns={name: speaker.say(f"codes_column_{name}") for name, _, _ in COLUMNS},
        states={one.value: speaker.say(f"codes_code_{one.value}") for one in CodeState},
        gates=doors,
        worth=say.worth(speaker, batch, known),
        until=say.until(speaker, batch),
    )


def _format(text: str) -> Format:
    try:
        return Format(text)
    except ValueError:
        raise NotFound("format") from None
