"""Jobs and their files; in the store room.

Whoever does a job holds a lease with a fencing number, as the makers of batches do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, insert, or_, select, update

from ticketing.domain.jobs import Job, JobKind, JobState
from ticketing.store import schema
from ticketing.store.prepared import Row
from ticketing.store.unit import Unit

T, _P = schema.jobs.c, schema.job_parts.c
_OPEN = T.state.in_((JobState.QUEUED.value, JobState.RUNNING.value))
_PARTS_AT_ONCE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class JobClaim:
    """A job that is being done, by whoever has this fencing number."""

    job: Job
    fence: int


def add(unit: Unit, job: Job) -> Job:
    """Store a new job."""
    values = {name: getattr(job, name) for name in _PLAIN}
    values |= {"facts": dict(job.facts), "result": dict(job.result), "fence": 0}
    row = unit.run(insert(schema.jobs).values(values).returning(*T)).mappings().one()
    return to_job(row)


def find(unit: Unit, job_id: str) -> Job | None:
    """The job of an id."""
    row = unit.run(select(schema.jobs).where(T.id == job_id)).mappings().first()
    return None if row is None else to_job(row)


def hold(unit: Unit, job_id: str) -> Job | None:
    """The same, and nobody else holds it until the transaction ends."""
    query = select(schema.jobs).where(T.id == job_id)
    row = unit.run(query if unit.is_sqlite else query.with_for_update()).mappings().first()
    return None if row is None else to_job(row)


def about(unit: Unit, subject: str, *, kind: JobKind, limit: int) -> tuple[Job, ...]:
    """The newest jobs about something."""
    query = select(schema.jobs).where(T.about == subject, T.kind == kind.value)
    found = unit.run(query.order_by(T.number.desc()).limit(limit))
    return tuple(to_job(row) for row in found.mappings())


def uploads(unit: Unit, *, limit: int) -> tuple[Job, ...]:
    """The newest files from outside of which something was noted: they came whole."""
    query = select(schema.jobs).where(T.kind == JobKind.UPLOAD.value, T.result != {})
    found = unit.run(query.order_by(T.number.desc()).limit(limit))
    return tuple(to_job(row) for row in found.mappings())


# ------------------------------------------------------------ doing
def is_any_waiting(unit: Unit, *, now: datetime) -> bool:
    """Whether there is a job that nobody does."""
    return unit.run(select(T.number).where(_OPEN, _is_free(now)).limit(1)).first() is not None


def claim(unit: Unit, *, now: datetime, lease_until: datetime) -> JobClaim | None:
    """The oldest job that nobody does, for whoever asks first; None if there is none."""
    first = select(func.min(T.number)).where(_OPEN, _is_free(now)).scalar_subquery()
    statement = (
        update(schema.jobs)
        .where(T.number == first, _OPEN, _is_free(now))
        .values(lease_until=lease_until, fence=T.fence + 1, state=JobState.RUNNING.value)
        .returning(*T)
    )
    row = unit.run(statement).mappings().first()
    return None if row is None else JobClaim(job=to_job(row), fence=row["fence"])


def change(unit: Unit, held: JobClaim, **values: Any) -> bool:  # noqa: ANN401  columns of many kinds
    """Set columns of a job that one does; False if another has taken over."""
    statement = (
        update(schema.jobs)
        .where(T.number == held.job.number, T.fence == held.fence, _OPEN)
        .values(values)
        .returning(T.number)
    )
    return unit.run(statement).first() is not None


def note(unit: Unit, number: int, result: Mapping[str, Any]) -> None:
    """Set what came of a job that nobody does: a file from outside."""
    unit.run(update(schema.jobs).where(T.number == number).values(result=dict(result)))


def _is_free(now: datetime) -> ColumnElement[bool]:
    return or_(T.lease_until.is_(None), T.lease_until < now)


# ------------------------------------------------------------ files
def add_part(unit: Unit, number: int, n: int, content: bytes) -> None:
    """Store the next part of a job's file."""
    unit.run(insert(schema.job_parts).values(job=number, n=n, content=content))


def part(unit: Unit, number: int, n: int) -> bytes | None:
    """One part of a file, None behind its end."""
    query = select(_P.content).where(_P.job == number, _P.n == n)
    found = unit.run(query).scalar_one_or_none()
    return None if found is None else bytes(found)


def count_bytes(unit: Unit, kind: JobKind) -> int:
    """How much the files of all jobs of a kind hold."""
    held = func.coalesce(func.sum(func.length(_P.content)), 0)
    query = select(held).select_from(schema.job_parts).join(schema.jobs, T.number == _P.job)
    return int(unit.run(query.where(T.kind == kind.value)).scalar_one())


def drop_some_parts(unit: Unit, number: int) -> bool:
    """Take some parts of a file away; False if there are none left."""
    some = select(_P.n).where(_P.job == number).order_by(_P.n).limit(_PARTS_AT_ONCE)
    last = list(unit.run(some).scalars())
    if not last:
        return False
    unit.run(delete(schema.job_parts).where(_P.job == number, _P.n <= last[-1]))
    return True


def ended_before(unit: Unit, before: datetime, *, limit: int) -> tuple[Job, ...]:
    """Jobs that were begun before a time; not those that a younger one still reads."""
    others = schema.jobs.alias()
    is_open = others.c.state.in_((JobState.QUEUED.value, JobState.RUNNING.value))
    is_young = others.c.created_at >= before
    is_read = exists().where(others.c.about == T.id, is_open, is_young)
    query = select(schema.jobs).where(T.created_at < before, ~is_read)
    query = query.order_by(T.number).limit(limit)
    return tuple(to_job(row) for row in unit.run(query).mappings())


def drop(unit: Unit, number: int) -> None:
    """Take away a job without parts."""
    unit.run(delete(schema.jobs).where(T.number == number))


# ------------------------------------------------------------ rows
_PLAIN = ("id", "kind", "about", "state", "done", "total", "created_at", "created_by")


def to_job(row: Row) -> Job:
    """The job of a row that holds the table's columns."""
    plain: dict[str, Any] = {name: row[T[name]] for name in _PLAIN}
    plain |= {"kind": JobKind(row[T.kind]), "state": JobState(row[T.state])}
    return Job(number=row[T.number], facts=row[T.facts], result=row[T.result], **plain)
