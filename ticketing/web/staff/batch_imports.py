"""Lists of codes on the site: sent, looked through, confirmed, followed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from apiflask import APIBlueprint
from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from ticketing.domain.accounts import Right
from ticketing.domain.code_imports import COLUMNS, FAULTS, Outcome
from ticketing.domain.jobs import Job, JobState
from ticketing.domain.tables import LINES_LIMIT, BadTable
from ticketing.service import code_imports, jobs
from ticketing.service.code_imports import TOLD, ImportWords, Wanted
from ticketing.service.errors import Conflict
from ticketing.web.access import staff_may
from ticketing.web.parts import the_parts
from ticketing.web.staff import batches, exports, frame
from ticketing.web.staff.forms import Form, blank, the_form
from ticketing.web.staff.frame import Place
from ticketing.web.staff.speaker import Speaker

HOME: Final = f"{batches.HOME}/import"
bp = APIBlueprint("staff_code_imports", __name__, url_prefix=HOME, enable_openapi=False)
_SHAPES: Final = {Outcome.FAULTY.value: "status--bad", Outcome.UNCHANGED.value: "status--off"}


@dataclass(frozen=True, slots=True)
class Line:
    """One of the first lines, with what comes of it."""

    number: str
    code: str
    batch: str
    outcome: str
    shape: str


@dataclass(frozen=True, slots=True)
class ImportView:
    """Where an import stands, in words; `problem` is why the file cannot be read."""

    id: str
    at: str
    state: str
    is_stored: bool
    progress: str
    percent: int
    problem: str
    counts: list[tuple[str, str]]
    batches: list[tuple[str | None, str, str]]
    stopped: list[tuple[str, str]]
    first: list[Line]
    problems: list[tuple[str, str, str]]
    more: str
    good: str


@bp.get("")
@staff_may(Right.CODES_CHANGE)
def new() -> Response:
    """The form, and the lists that were sent lately."""
    return _new_page(blank(frame.the_speaker()))


@bp.post("")
@staff_may(Right.CODES_CHANGE)
def send() -> AnyResponse:
    """Keep a list and have it looked through; what is no list is told beside the field."""
    frame.checked_form()
    parts, speaker = the_parts(), frame.the_speaker()
    form, sent = the_form(speaker), request.files.get("list")
    if sent is None or not sent.filename:
        form.problem("list", "wrong_missing")
        return _new_page(form, status=422)
    try:
        job = code_imports.bring_in(
            parts.store,
            parts.house,
            pieces=jobs.pieces_of(sent.stream),
            wanted=Wanted(),
            words=_words(speaker),
        )
    except BadTable as bad:
        form.problems["list"] = _file_problem(speaker, bad.fault.value, bad.line, bad.column)
        return _new_page(form, status=422)
    except Conflict:
        form.problem("list", "codes_in_full")
        return _new_page(form, status=409)
    return frame.done(f"{HOME}/{job.about}", "codes_in_sent")


@bp.get("/<upload>")
@staff_may(Right.CODES_CHANGE)
def shown(upload: str) -> Response:
    """What would come of a list, how far it is, or what came of it."""
    return frame.show(
        "staff/batch_import.html", place=Place.CODES, view=_view(frame.the_speaker(), upload)
    )


@bp.get("/<upload>/progress")
@staff_may(Right.CODES_CHANGE)
def progress(upload: str) -> Response:
    """How far it is, as a part of its page."""
    return frame.part("staff/batch_import_progress.html", view=_view(frame.the_speaker(), upload))


@bp.post("/<upload>/confirm")
@staff_may(Right.CODES_CHANGE)
def confirm(upload: str) -> AnyResponse:
    """Store the good lines."""
    frame.checked_form()
    parts, words = the_parts(), _words(frame.the_speaker())
    with parts.store.unit() as unit:
        code_imports.confirm_import(unit, parts.house, upload=upload, words=words)
    return frame.done(f"{HOME}/{upload}", "codes_in_confirmed")


@bp.get("/<upload>/problems")
@staff_may(Right.CODES_CHANGE)
def problems(upload: str) -> Response:
    """Every faulty line, as CSV."""
    found = code_imports.problems_of(the_parts().store, _newest(upload))
    return exports.streamed(found, name=frame.the_speaker().say("codes_in_file"), ending="csv")


# ------------------------------------------------------------ parts of the above
def _new_page(form: Form, *, status: int = 200) -> Response:
    speaker = frame.the_speaker()
    with the_parts().store.unit() as unit:
        recent = jobs.recent_uploads(unit)
    return frame.show(
        "staff/batch_import_new.html",
        place=Place.CODES,
        status=status,
        form=form,
        most=speaker.number(LINES_LIMIT),
        recent=[
            (one.id, speaker.moment(one.created_at), speaker.number(_lines(one))) for one in recent
        ],
    )


def _lines(upload: Job) -> int:
    """The lines of a file below its heading."""
    return max(0, int(upload.result["lines"]) - 1)


def _words(speaker: Speaker) -> ImportWords:
    return ImportWords(
        lang=speaker.lang,
        titles={key: speaker.say(f"codes_in_title_{key}") for key in ("line", "column", "problem")},
        columns={one.value: speaker.say(f"codes_in_col_{one.value}") for one in COLUMNS},
        faults={one.value: speaker.say(f"codes_in_fault_{one.value}") for one in FAULTS},
    )


def _newest(upload: str) -> Job:
    with the_parts().store.unit() as unit:
        return code_imports.newest_import(unit, upload=upload)


def _file_problem(speaker: Speaker, fault: str, line: int, column: int) -> str:
    text = speaker.say(f"codes_in_fault_{fault}")
    if column:
        return f"{text} {speaker.say('codes_in_at_column', n=column)}"
    return f"{text} {speaker.say('codes_in_at_line', n=speaker.number(line))}" if line else text


def _view(speaker: Speaker, upload: str) -> ImportView:
    """The newest import of a list."""
    job = _newest(upload)
    is_stored = bool(job.facts["wanted"]["is_stored"])
    result = job.result if job.state is JobState.DONE else {}
    state = {JobState.DONE: "done", JobState.FAILED: "failed"}.get(job.state, "waiting")
    percent = min(100, 100 * job.done // max(1, job.total))
    faulty = int(result.get("faulty", 0))
    good = int(result.get("new", 0)) + int(result.get("changed", 0))
    return ImportView(
        id=upload,
        at=speaker.moment(job.created_at),
        state="unread" if "file" in result else state,
        is_stored=is_stored,
        progress=speaker.say(
            "codes_in_storing" if is_stored else "codes_in_checking", percent=percent
        ),
        percent=percent,
        problem=_file_problem(speaker, *result["file"]) if "file" in result else "",
        counts=[
            (speaker.say(f"codes_in_is_{one.value}"), speaker.number(int(result[one.value])))
            for one in Outcome
            if one.value in result
        ],
        batches=[_batch(speaker, one) for one in result.get("batches", ())],
        stopped=[(one["id"], one["name"]) for one in result.get("stopped", ())],
        first=[_line(speaker, one) for one in result.get("first", ())],
        problems=[
            (
                speaker.number(line),
                speaker.say(f"codes_in_col_{column}"),
                speaker.say(f"codes_in_fault_{fault}"),
            )
            for line, column, fault in result.get("problems", ())
        ],
        more=speaker.number(faulty - TOLD) if faulty > TOLD else "",
        good=speaker.number(good) if good else "",
    )


def _batch(speaker: Speaker, one: Mapping[str, Any]) -> tuple[str | None, str, str]:
    text = speaker.say(f"codes_in_kind_{one['kind']}", n=speaker.number(one["new"]))
    return one["id"], one["name"], text


def _line(speaker: Speaker, told: list[Any]) -> Line:
    number, code, batch, outcome = told
    return Line(
        number=speaker.number(number),
        code=code,
        batch=batch,
        outcome=speaker.say(f"codes_in_is_{outcome}"),
        shape=_SHAPES.get(outcome, ""),
    )
