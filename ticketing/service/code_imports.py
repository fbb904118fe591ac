"""Lists of codes are brought in: kept, looked through, stored; in the service room.

A list that was sent is kept for a day. A clerk looks it through and says what would come of it;
whoever sent it confirms, and a clerk stores it. Both are jobs: left behind and come back to.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from typing import Any, BinaryIO, Final

from ticketing.domain.audit import Actor, ActorKind
from ticketing.domain.code_imports import Outcome, Problem
from ticketing.domain.codes import BatchState
from ticketing.domain.jobs import Job, JobKind, JobState
from ticketing.domain.spreadsheets import PROGRAMS, Column, ColumnKind, Sheet, csv_chunks
from ticketing.domain.tables import BadTable, Encoding, Sniffer
from ticketing.service import audit, jobs
from ticketing.service.audit import Action, Facts, Thing
from ticketing.service.errors import NotFound
from ticketing.service.import_batches import Aim, aimed, aimed_again
from ticketing.service.import_codes import Matching, Standing, standing_of
from ticketing.service.import_reading import Reading, opened, read_all
from ticketing.service.jobs import NewJob, Tell
from ticketing.service.ports import House, Units
from ticketing.store import code_batches as batch_rows
from ticketing.store.unit import Unit

TOLD: Final = 100
"""Problems that are told at once; the others are in the file."""
_BATCHES_TOLD: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportWords:
    """What the list of problems says in a language; what is not named is called by its key."""

    lang: str = PROGRAMS
    titles: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be done with a list: with neither it is looked through and nothing is stored.

    Unless `skip_faulty`, one line that is wrong keeps all others from being stored.
    """

    is_stored: bool = False
    skip_faulty: bool = False


def steps(wanted: Wanted, lines: int) -> int:
    """How much there is to do: lines are read and compared, and once more if all must be good."""
    return lines * (2 + (wanted.is_stored and not wanted.skip_faulty))


@dataclass(frozen=True, slots=True)
class CodeList:
    """A list that was kept: its id, its bytes as often as asked, how they are written."""

    id: str
    pieces: Callable[[], Iterator[bytes]]
    encoding: Encoding


# ------------------------------------------------------------ keeping, beginning
def bring_in(
    store: Units,
    house: House,
    *,
    pieces: Iterable[bytes],
    wanted: Wanted,
    words: ImportWords | None = None,
) -> Job:
    """Keep a list that was sent, once it is seen to be one, and leave it to a clerk.

    Raises:
        BadTable: It is no table, or its heading cannot be read.
        Conflict: `uploads_full`.
    """
    with store.unit() as unit:
        upload = jobs.begin_upload(unit, house)
    try:
        sniffer = Sniffer()
        jobs.keep_file(store, job=upload, pieces=_sniffed(pieces, sniffer))
        seen = sniffer.done()
        opened(jobs.file_of(store, upload), seen.encoding, house.museum.zone)
    except BaseException:
        with store.unit() as unit:
            jobs.drop_job(unit, upload.number)
        raise
    with store.unit() as unit:
        unit.begin()
        upload = jobs.end_upload(unit, upload, result=asdict(seen))
        job = _begun(unit, house, upload, wanted=wanted, words=words)
        unit.commit()
    return job


def confirm_import(
    unit: Unit, house: House, *, upload: str, words: ImportWords | None = None
) -> Job:
    """Have the good lines of a list stored; one that is being stored, or was, is so only once.

    Raises:
        NotFound: `job`, also if the list never arrived whole.
    """
    unit.begin()
    found = jobs.get_job(unit, job=upload, kind=JobKind.UPLOAD)  # held: one of two begins
    if not found.result:
        raise NotFound("job")
    for job in jobs.jobs_about(unit, about=found.id, kind=JobKind.IMPORT):
        is_same = job.facts["wanted"]["is_stored"]
        if is_same and (job.is_under_way or job.result.get("is_stored")):
            unit.rollback()
            return job
    wanted = Wanted(is_stored=True, skip_faulty=True)
    job = _begun(unit, house, found, wanted=wanted, words=words)
    unit.commit()
    return job


def _begun(
    unit: Unit, house: House, upload: Job, *, wanted: Wanted, words: ImportWords | None
) -> Job:
    facts = {
        "wanted": asdict(wanted),
        "words": asdict(words or ImportWords()),
        "actor": [house.actor.kind.value, house.actor.id],
    }
    total = steps(wanted, int(upload.result["lines"]))
    new = NewJob(kind=JobKind.IMPORT, about=upload.id, facts=facts, total=total)
    return jobs.begin_job(unit, house, wanted=new)


def newest_import(unit: Unit, *, upload: str) -> Job:
    """What was done last with a list.

    Raises:
        NotFound: `job`.
    """
    for job in jobs.jobs_about(unit, about=upload, kind=JobKind.IMPORT):
        return job
    raise NotFound("job")


def problems_of(store: Units, job: Job) -> Iterator[bytes]:
    """The file of what is wrong with a list, in pieces.

    Raises:
        NotFound: `job`, unless the list was read to its end.
    """
    if job.state is not JobState.DONE or "file" in job.result:
        raise NotFound("job")
    return jobs.file_of(store, job)


# ------------------------------------------------------------ doing
class Importer:
    """Does imports: as a craft of a clerk, and at once for whoever waits."""

    def __init__(self, store: Units, house: House) -> None:
        """Take the parts."""
        self._store = store
        self._house = house

    def __call__(self, job: Job, into: BinaryIO, tell: Tell) -> Mapping[str, Any]:
        """Do an import that was left behind, in the name of whoever left it."""
        with self._store.unit() as unit:
            upload = jobs.get_job(unit, job=job.about, kind=JobKind.UPLOAD)
        kind, name = job.facts["actor"]
        encoding = Encoding(upload.result["encoding"])
        listed = CodeList(upload.id, lambda: jobs.file_of(self._store, upload), encoding)
        mine = Importer(self._store, replace(self._house, actor=Actor(ActorKind(kind), name)))
        return mine.do(
            listed,
            into,
            wanted=Wanted(**job.facts["wanted"]),
            words=ImportWords(**job.facts["words"]),
            tell=tell,
            kept=standing_of(job.result),
        )

    def do(
        self,
        listed: CodeList,
        into: BinaryIO,
        *,
        wanted: Wanted,
        words: ImportWords,
        tell: Tell,
        kept: Standing | None = None,
    ) -> Mapping[str, Any]:
        """What came of a list; what is wrong with it is written into a file.

        `kept` is what a doer that died has noted.
        """
        try:
            reading = read_all(listed.pieces(), listed.encoding, self._house.museum.zone, tell)
        except BadTable as bad:
            return {"file": [bad.fault.value, bad.line, bad.column], "is_stored": False}
        before = steps(wanted, reading.lines) - reading.lines
        try:
            if wanted.is_stored and kept is None and not wanted.skip_faulty:
                seen = self._looked(reading, tell)
                is_good = not len(reading.problems)
                result = self._stored(listed, reading, tell, before=before) if is_good else seen
            elif wanted.is_stored:
                result = self._stored(listed, reading, tell, before=before, kept=kept)
            else:
                result = self._looked(reading, tell)
            into.writelines(csv_chunks(_sheet(reading.problems, words, self._house)))
        finally:
            reading.close()
        return result

    def _looked(self, reading: Reading, tell: Tell) -> Mapping[str, Any]:
        """What would come of a list; nothing is stored."""
        with self._store.unit() as unit:
            aims = aimed(unit, self._house, reading.wishes)
        matching = Matching(self._store, self._house, reading=reading, aims=aims)
        matching.look(tell, before=reading.lines)
        return {**_result(reading, aims, matching.standing), "is_stored": False}

    def _stored(
        self,
        listed: CodeList,
        reading: Reading,
        tell: Tell,
        *,
        before: int,
        kept: Standing | None = None,
    ) -> Mapping[str, Any]:
        """What came of a list that is stored, telling how much is done after `before`."""
        house = self._house
        with self._store.unit() as unit:
            if kept is None:
                aims = aimed(unit, house, reading.wishes)
                # Afterwards lines may lead elsewhere; and one that never ends has stored something.
                standing = Standing(plans=[aim.plan for aim in aims])
                unit.begin()
                self._log(unit, listed, {"lines": reading.lines, "state": "begun"})
                tell.keep(unit, before, asdict(standing))
                unit.commit()
            else:
                standing = kept
                settled = {*kept.made, *kept.changed}
                aims = aimed_again(unit, house, reading.wishes, plans=kept.plans, settled=settled)
        for aim in dict.fromkeys(aims):
            aim.target.is_changed |= aim.means in standing.changed
        matching = Matching(self._store, house, reading=reading, aims=aims)
        done = matching.store_all(tell, standing=standing, before=before)
        result = {**_result(reading, aims, matching.standing), "is_stored": True}
        if not matching.standing.is_finished:
            with self._store.unit() as unit:
                self._finish(unit, listed, matching.standing, result)
                tell.keep(unit, done, asdict(replace(matching.standing, is_finished=True)))
                unit.commit()
        return result

    def _finish(
        self, unit: Unit, listed: CodeList, standing: Standing, result: Mapping[str, Any]
    ) -> None:
        """Let new batches be used, and write into the audit log what came in."""
        told = ("lines", *(one.value for one in Outcome), "batches_made", "batches_changed")
        unit.begin()
        batch_rows.publish(unit, list(standing.made.values()))
        self._log(unit, listed, {name: result[name] for name in told} | {"state": "done"})

    def _log(self, unit: Unit, listed: CodeList, facts: Facts) -> None:
        thing = Thing("import", listed.id)
        audit.note(unit, self._house, action=Action.CODES_IMPORTED, object=thing, after=facts)


# ------------------------------------------------------------ saying it
def _sniffed(pieces: Iterable[bytes], sniffer: Sniffer) -> Iterator[bytes]:
    for piece in pieces:
        sniffer.look(piece)
        yield piece


def _result(reading: Reading, aims: Sequence[Aim], standing: Standing) -> dict[str, Any]:
    """What came of a list, as JSON."""
    news: Counter[Aim] = Counter()
    for place, n in standing.new_of.items():
        news[aims[int(place)]] += n
    touched = []
    for aim in dict.fromkeys(aims):
        new = news[aim]
        is_made = aim.batch is None or aim.batch.id in standing.made
        is_changed = aim.means in standing.changed
        if new or is_changed:
            kind = "made" if is_made else "changed" if is_changed else "grown"
            touched.append({"id": aim.id, "name": aim.name, "kind": kind, "new": new})
    stopped = [
        {"id": aim.batch.id, "name": aim.name}
        for aim in dict.fromkeys(aims)
        if aim.batch and aim.batch.state is BatchState.STOPPED and aim.batch.id not in standing.made
    ]
    kinds = Counter(one["kind"] for one in touched)
    counts = {one.value: standing.counts.get(one.value, 0) for one in Outcome}
    return {
        "lines": reading.lines,
        **counts,
        Outcome.FAULTY.value: len(reading.problems),
        "batches_made": kinds["made"],
        "batches_changed": kinds["changed"],
        "batches": touched[:_BATCHES_TOLD],
        "stopped": stopped[:_BATCHES_TOLD],
        "first": _first(reading, standing),
        "problems": [list(problem) for problem in islice(reading.problems, TOLD)],
    }


def _first(reading: Reading, standing: Standing) -> list[list[Any]]:
    """The first lines with what came of them; a fault is told by the problems."""
    faulty = Outcome.FAULTY.value
    return [
        [one.line, one.code, one.batch, standing.outcomes.get(str(one.line), faulty)]
        for one in reading.first
    ]


def _sheet(problems: Iterable[Problem], words: ImportWords, house: House) -> Sheet:
    titles = [words.titles.get(name, name) for name in ("line", "column", "problem")]
    kinds = (ColumnKind.WHOLE, ColumnKind.TEXT, ColumnKind.TEXT)
    return Sheet(
        title="",
        columns=tuple(Column(title, kind) for title, kind in zip(titles, kinds, strict=True)),
        rows=(
            (line, words.columns.get(column, column), words.faults.get(fault, fault))
            for line, column, fault in problems
        ),
        lang=words.lang,
        zone=house.museum.zone,
    )
