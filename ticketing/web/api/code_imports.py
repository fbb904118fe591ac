"""/code-batches/import: a list of codes is brought in; how far that is, and what came of it."""

from enum import StrEnum
from typing import Final

from apiflask import APIBlueprint
from apiflask.schemas import FileSchema
from flask import Response

from ticketing.domain.accounts import Scope
from ticketing.domain.jobs import Job, JobKind, JobState
from ticketing.service import code_imports, jobs
from ticketing.service.code_imports import Wanted
from ticketing.service.errors import as_invalid
from ticketing.web.access import needs
from ticketing.web.api.replay import replayable
from ticketing.web.api.shapes import In, Out
from ticketing.web.api.uploads import pieces, takes_file
from ticketing.web.parts import the_parts

bp = APIBlueprint(
    "code_imports", __name__, url_prefix="/api/v1/code-batches/import", tag="Discount codes"
)
_CSV = FileSchema(type="string", format="binary")


class Mode(StrEnum):
    """What is to be done with a list."""

    CHECK = "check"  # nothing is stored
    ALL = "all"  # one faulty line keeps all out
    GOOD = "good"  # faulty lines are left out


_WANTED: Final = {
    Mode.CHECK: Wanted(),
    Mode.ALL: Wanted(is_stored=True),
    Mode.GOOD: Wanted(is_stored=True, skip_faulty=True),
}


class ImportQuery(In):
    """What is to be done with the list: nothing but a look, all of it or nothing, what is good."""

    mode: Mode = Mode.ALL


class CountsOut(Out):
    """What came of the lines, or would."""

    lines: int
    new: int
    changed: int
    unchanged: int
    faulty: int


class ImportedBatch(Out):
    """A batch that is made, changed as a whole, or only gets codes; null: not there yet."""

    id: str | None
    name: str
    kind: str
    new: int


class StoppedBatch(Out):
    """A batch that the list is about and that is stopped: no code of it is good until resumed."""

    id: str
    name: str


class ProblemOut(Out):
    """What is wrong with a line: the column by its English name, a fixed word."""

    line: int
    column: str
    problem: str


class FileProblemOut(Out):
    """Why a list cannot be read to its end; 0: not about one line or column."""

    problem: str
    line: int
    column: int


class ImportOut(Out):
    """One import; `stored` when it is done. The first hundred problems, all are in the CSV."""

    id: str
    state: JobState
    mode: Mode
    done: int
    total: int
    stored: bool | None
    counts: CountsOut | None
    batches: list[ImportedBatch]
    stopped: list[StoppedBatch]
    problems: list[ProblemOut]
    file: FileProblemOut | None


@bp.post("")
@needs(Scope.CODES_WRITE)
@takes_file
@replayable
@bp.input(ImportQuery, location="query")
@bp.output(ImportOut, status_code=202)
@bp.doc(responses=[415])
def begin_import(query_data: ImportQuery) -> ImportOut:
    """Bring a CSV of codes in; it is left to a clerk, and its id says how far it is."""
    parts, wanted = the_parts(), _WANTED[query_data.mode]
    with as_invalid():
        job = code_imports.bring_in(parts.store, parts.house, pieces=pieces(), wanted=wanted)
    return _out(job)


@bp.get("/<job>")
@needs(Scope.CODES_READ)
@bp.output(ImportOut)
@bp.doc(responses=[404])
def get_import(job: str) -> ImportOut:
    """How far an import is, and what came of it; kept for a day."""
    return _out(_job(job))


@bp.post("/<job>/confirm")
@needs(Scope.CODES_WRITE)
@replayable
@bp.output(ImportOut, status_code=202)
@bp.doc(responses=[404])
def confirm_import(job: str) -> ImportOut:
    """Store the good lines of a list that was looked through; again changes nothing."""
    parts, upload = the_parts(), _job(job).about
    with parts.store.unit() as unit:
        return _out(code_imports.confirm_import(unit, parts.house, upload=upload))


@bp.get("/<job>/problems.csv")
@needs(Scope.CODES_READ)
@bp.output(_CSV, content_type="text/csv")
@bp.doc(responses=[404])
def list_problems(job: str) -> Response:
    """Everything that is wrong with a list: line, column, problem; never what stands there."""
    found = code_imports.problems_of(the_parts().store, _job(job))
    return Response(found, content_type="text/csv; charset=utf-8")


# ------------------------------------------------------------ parts of the above
def _job(job: str) -> Job:
    with the_parts().store.unit() as unit:
        return jobs.get_job(unit, job=job, kind=JobKind.IMPORT)


def _out(job: Job) -> ImportOut:
    result = job.result if job.state is JobState.DONE else {}
    is_counted = "lines" in result
    wanted = Wanted(**job.facts["wanted"])
    return ImportOut(
        id=job.id,
        state=job.state,
        mode=next(mode for mode, one in _WANTED.items() if one == wanted),
        done=job.done,
        total=job.total,
        stored=result.get("is_stored"),
        counts=CountsOut(**{name: result[name] for name in CountsOut.model_fields})
        if is_counted
        else None,
        batches=[ImportedBatch(**one) for one in result.get("batches", ())],
        stopped=[StoppedBatch(**one) for one in result.get("stopped", ())],
        problems=[
            ProblemOut(line=line, column=column, problem=problem)
            for line, column, problem in result.get("problems", ())
        ],
        file=_file_problem(*result["file"]) if "file" in result else None,
    )


def _file_problem(problem: str, line: int, column: int) -> FileProblemOut:
    return FileProblemOut(problem=problem, line=line, column=column)
