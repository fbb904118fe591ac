"""Long work that is left behind: begun, done, looked at, handed out; in the service room.

Files are stored and read in parts, each in a transaction of its own: a gate waits for none.
"""

import logging
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import IO, Any, BinaryIO, Final, Protocol

from ticketing.domain.jobs import KEPT, PART_BYTES, UPLOADS_BYTES, Job, JobKind, JobState
from ticketing.service.errors import Conflict, NotFound
from ticketing.service.ports import House, Units
from ticketing.store import batches
from ticketing.store import jobs as rows
from ticketing.store.jobs import JobClaim
from ticketing.store.unit import Unit

log = logging.getLogger("ticketing.jobs")
LEASE: Final = timedelta(seconds=30)
TRIES: Final = 5
"""Doers of one job; after so many that died it has failed."""
_TOLD_EVERY: Final = timedelta(milliseconds=500)
_ID_BYTES: Final = 16
_SHOWN: Final = 5
_OLD_AT_ONCE: Final = 20


class Overtaken(Exception):  # noqa: N818  it is nobody's error
    """Somebody else does the job now, or the process ends: leave it."""


class Tell(Protocol):
    """Told how far a job is; raises Overtaken if it is to be left."""

    def __call__(self, done: int, /) -> None:
        """So many steps are behind it."""

    def keep(self, unit: Unit, done: int, result: Mapping[str, Any], /) -> None:
        """The same within the caller's transaction, with what the next doer is to go on from."""


class Craft(Protocol):
    """Knows how to do one kind of job."""

    def __call__(self, job: Job, into: BinaryIO, tell: Tell) -> Mapping[str, Any]:
        """Do it, write its file if it has one; the result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job to be begun; as `domain.jobs.Job`."""

    kind: JobKind
    about: str
    facts: Mapping[str, Any] = field(default_factory=dict, repr=False)
    total: int = 0
    state: JobState = JobState.QUEUED


def new_id(house: House) -> str:
    """An id that nobody guesses and that says nothing."""
    return house.chance.draw(_ID_BYTES).hex()


def begin_job(unit: Unit, house: House, *, wanted: NewJob) -> Job:
    """Store a job; a clerk finds it. Within the caller's transaction, if there is one."""
    job = Job(
        id=new_id(house),
        kind=wanted.kind,
        about=wanted.about,
        state=wanted.state,
        created_at=house.clock.now(),
        created_by=house.actor.id,
        facts=wanted.facts,
        total=wanted.total,
    )
    if unit.writing:
        return rows.add(unit, job)
    unit.begin()
    stored = rows.add(unit, job)
    unit.commit()
    return stored


def begin_upload(unit: Unit, house: House) -> Job:
    """A job that is nothing but a file from outside, for jobs about it.

    `keep_file` brings the file, `end_upload` says that it is whole.

    Raises:
        Conflict: `uploads_full` while too much is kept.
    """
    if rows.count_bytes(unit, JobKind.UPLOAD) >= UPLOADS_BYTES:
        raise Conflict("uploads_full")
    new = NewJob(kind=JobKind.UPLOAD, about="", state=JobState.DONE)
    return begin_job(unit, house, wanted=new)


def end_upload(unit: Unit, upload: Job, *, result: Mapping[str, Any]) -> Job:
    """Note what is known of a file that has come, within the caller's transaction."""
    rows.note(unit, upload.number, result)
    return replace(upload, result=result)


def recent_uploads(unit: Unit) -> tuple[Job, ...]:
    """The newest files from outside that came whole."""
    return rows.uploads(unit, limit=_SHOWN)


def get_job(unit: Unit, *, job: str, kind: JobKind) -> Job:
    """The job of an id; within a transaction nobody else has it until that ends.

    Raises:
        NotFound: `job`.
    """
    found = rows.hold(unit, job) if unit.writing else rows.find(unit, job)
    if found is None or found.kind is not kind:
        raise NotFound("job")
    return found


def jobs_about(unit: Unit, *, about: str, kind: JobKind) -> tuple[Job, ...]:
    """The newest jobs about something."""
    return rows.about(unit, about, kind=kind, limit=_SHOWN)


def keep_file(store: Units, *, job: Job, pieces: Iterable[bytes]) -> int:
    """Store a job's file; its size in bytes."""
    size = 0
    with store.unit() as unit:
        for n, piece in enumerate(_even(pieces)):
            unit.begin()
            rows.add_part(unit, job.number, n, piece)
            unit.commit()
            batches.fold_log(unit)
            size += len(piece)
    return size


def pieces_of(file: IO[bytes]) -> Iterator[bytes]:
    """A file that is open, from where it stands."""
    return iter(lambda: file.read(PART_BYTES), b"")


def file_of(store: Units, job: Job) -> Iterator[bytes]:
    """A job's file in pieces, each read with a unit of its own.

    Raises:
        NotFound: `job`, if some of it is gone: its time has run out.
    """
    n = size = 0
    while True:
        with store.unit() as unit:
            piece = rows.part(unit, job.number, n)
        if piece is None:
            break
        yield piece
        n, size = n + 1, size + len(piece)
    if size < job.result.get("size", 0):
        raise NotFound("job")


def drop_file(unit: Unit, number: int) -> None:
    """Take a job's file away, a few parts at a time."""
    while True:
        unit.begin()
        is_more = rows.drop_some_parts(unit, number)
        unit.commit()
        if not is_more:
            return


def drop_job(unit: Unit, number: int) -> None:
    """Take a job away with its file."""
    drop_file(unit, number)
    unit.begin()
    rows.drop(unit, number)
    unit.commit()


def drop_old(store: Units, house: House) -> int:
    """Take away what is over its time; how many jobs went."""
    gone = 0
    with store.unit() as unit:
        for job in rows.ended_before(unit, house.clock.now() - KEPT, limit=_OLD_AT_ONCE):
            drop_job(unit, job.number)
            gone += 1
    return gone


class Doer:
    """Does one job after the other; several do no harm to each other."""

    def __init__(self, store: Units, house: House, crafts: Mapping[JobKind, Craft]) -> None:
        """Take the parts; `crafts` know how each kind is done."""
        self._store = store
        self._house = house
        self._crafts = crafts
        self._is_stopping = False

    def stop(self) -> None:
        """Leave what is being done to the next doer."""
        self._is_stopping = True

    def look(self) -> bool:
        """Do the next job that nobody does; whether there was one."""
        held = self._next()
        if held is None:
            return False
        if held.fence > TRIES:
            self._end(held, JobState.FAILED, {"problem": "given_up"})
            return True
        try:
            self._do(held)
        except Overtaken:
            self._let_go(held)
        except Exception as error:  # noqa: BLE001  one broken job must not stop the others
            log.error("job: %s", type(error).__name__)  # noqa: TRY400  a traceback may quote data
            self._end(held, JobState.FAILED, {"problem": "broken"})
        return True

    def _do(self, held: JobClaim) -> None:
        craft = self._crafts[held.job.kind]
        told = _Told(self, held, self._house.clock.now())
        with tempfile.TemporaryFile() as file:
            result = dict(craft(held.job, file, told))
            if file.tell():
                with self._store.unit() as unit:
                    drop_file(unit, held.job.number)  # what a doer that died has left
                file.seek(0)
                result["size"] = keep_file(self._store, job=held.job, pieces=pieces_of(file))
        self._end(held, JobState.DONE, result)

    def _next(self) -> JobClaim | None:
        now = self._house.clock.now()
        with self._store.unit() as unit:
            if not rows.is_any_waiting(unit, now=now):
                return None
            unit.begin()
            held = rows.claim(unit, now=now, lease_until=now + LEASE)
            unit.commit()
            return held

    def note(self, held: JobClaim, done: int) -> None:
        """Say how far a job is; raises Overtaken if it is to be left."""
        if self._is_stopping:
            raise Overtaken
        lease_until = self._house.clock.now() + LEASE
        if not self._change(held, done=done, lease_until=lease_until):
            raise Overtaken

    def keep(self, unit: Unit, held: JobClaim, done: int, result: Mapping[str, Any]) -> None:
        """Say it within a transaction: what is kept in it is kept by one doer alone."""
        if self._is_stopping:
            raise Overtaken
        lease_until = self._house.clock.now() + LEASE
        if not rows.change(unit, held, done=done, result=dict(result), lease_until=lease_until):
            raise Overtaken

    def _end(self, held: JobClaim, state: JobState, result: Mapping[str, Any]) -> None:
        done = held.job.total if state is JobState.DONE else held.job.done
        self._change(held, state=state.value, result=dict(result), lease_until=None, done=done)

    def _let_go(self, held: JobClaim) -> None:
        self._change(held, lease_until=None, state=JobState.QUEUED.value)

    def _change(self, held: JobClaim, **values: Any) -> bool:  # noqa: ANN401  columns of many kinds
        with self._store.unit() as unit:
            unit.begin()
            is_ours = rows.change(unit, held, **values)
            unit.commit()
            return is_ours


@dataclass(slots=True)
class _Told:
    """Passes on how far a job is, not more often than somebody looks."""

    doer: Doer
    held: JobClaim
    told_at: datetime

    def __call__(self, done: int) -> None:
        now = self.doer._house.clock.now()  # noqa: SLF001  of the same module
        if now - self.told_at >= _TOLD_EVERY:
            self.told_at = now
            self.doer.note(self.held, done)

    def keep(self, unit: Unit, done: int, result: Mapping[str, Any]) -> None:
        self.told_at = self.doer._house.clock.now()  # noqa: SLF001  of the same module
        self.doer.keep(unit, self.held, done, result)


def _even(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in parts of one size."""
    kept = bytearray()
    for piece in pieces:
        kept += piece
        while len(kept) >= PART_BYTES:
            yield bytes(kept[:PART_BYTES])
            del kept[:PART_BYTES]
    if kept:
        yield bytes(kept)
