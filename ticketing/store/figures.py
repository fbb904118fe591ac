"""Figures of whole days: added up from scans, kept, read; in the store room."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, insert, select, type_coerce, update
from sqlalchemy.dialects import postgresql, sqlite

from ticketing.store import positions, schema
from ticketing.store.occupancy import happened
from ticketing.store.types import EPOCH, BigInt
from ticketing.store.unit import Unit
from ticketing.wire.verdict import Reason

S, C = schema.scans.c, schema.cursors.c
F, R = schema.day_figures.c, schema.day_reasons.c
_READER = "figures/scans"
_HOUR = timedelta(hours=1)
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Quarter:
    """People in and out and refused scans of one quarter of an hour of the local clock, 0 to 95."""

    quarter: int
    entries: int
    exits: int
    refused: int


@dataclass(frozen=True, slots=True)
class DaySum:
    """The same of a whole local day."""

    day: date
    entries: int
    exits: int
    refused: int


@dataclass(frozen=True, slots=True)
class Touched:
    """The hours (their beginnings) that new or changed scans fall in, and up to where is read."""

    hours: tuple[datetime, ...]
    since_pos: int
    upto_pos: int


def touched(unit: Unit) -> Touched:
    """In which hours anything has changed since the figures were last kept."""
    found = unit.run(select(C.pos).where(C.name == _READER)).scalar_one_or_none()
    since = 0 if found is None else int(found)
    final = S.pos < positions.final_below(unit)
    newest = unit.run(select(func.max(S.pos)).where(final, S.pos > since)).scalar_one_or_none()
    if newest is None:
        return Touched((), since, since)
    hour = (type_coerce(happened(), BigInt) // _HOUR_MS).label("hour")
    query = select(hour).where(S.pos > since, S.pos <= newest).group_by(hour).order_by(hour)
    hours = tuple(EPOCH + int(one) * _HOUR for one in unit.run(query).scalars())
    return Touched(hours, since, int(newest))


def first_unread(unit: Unit) -> datetime | None:
    """When the first scan was recorded or changed that the figures do not know yet, if any."""
    read = select(C.pos).where(C.name == _READER).scalar_subquery()
    at = func.coalesce(S.settled_at, S.received_at)
    unread = select(at).where(S.pos > func.coalesce(read, 0)).order_by(S.pos).limit(1)
    return unit.run(unread).scalar_one_or_none()


def note_read(unit: Unit, read: Touched) -> None:
    """Go on from there next time; somebody who was faster stays ahead."""
    into = sqlite.insert if unit.is_sqlite else postgresql.insert
    row = {"name": _READER, "pos": 0, "key": ""}
    unit.run(into(schema.cursors).values(row).on_conflict_do_nothing())
    ahead = update(schema.cursors).where(C.name == _READER, C.pos < read.upto_pos)
    unit.run(ahead.values(pos=read.upto_pos))


def keep(unit: Unit, day: date, quarters: Sequence[Quarter], reasons: Mapping[Reason, int]) -> None:
    """Put a day's figures in the place of what was kept of it."""
    text = day.isoformat()
    unit.run(delete(schema.day_figures).where(F.day == text))
    unit.run(delete(schema.day_reasons).where(R.day == text))
    rows = [
        {
            "day": text,
            "quarter": one.quarter,
            "entries": one.entries,
            "exits": one.exits,
            "refused": one.refused,
        }
        for one in quarters
    ]
    if rows:
        unit.run(insert(schema.day_figures), rows)
    if reasons:
        told = [{"day": text, "reason": reason.value, "n": n} for reason, n in reasons.items()]
        unit.run(insert(schema.day_reasons), told)


def by_day(unit: Unit, first: date, last: date) -> tuple[DaySum, ...]:
    """The days from one to another on which anything happened."""
    query = (
        select(
            F.day.label("day"),
            func.sum(F.entries).label("entries"),
            func.sum(F.exits).label("exits"),
            func.sum(F.refused).label("refused"),
        )
        .where(F.day >= first.isoformat(), F.day <= last.isoformat())
        .group_by(F.day)
        .order_by(F.day)
    )
    return tuple(
        DaySum(
            date.fromisoformat(row["day"]),
            int(row["entries"]),
            int(row["exits"]),
            int(row["refused"]),
        )
        for row in unit.run(query).mappings()
    )


def quarters_of(unit: Unit, days: Sequence[date]) -> Mapping[date, tuple[Quarter, ...]]:
    """The quarters of some days, in order; days on which nothing happened are not there."""
    texts = [day.isoformat() for day in days]
    query = select(schema.day_figures).where(F.day.in_(texts)).order_by(F.day, F.quarter)
    found: dict[date, list[Quarter]] = {}
    for row in unit.run(query).mappings():
        quarter = Quarter(row["quarter"], row["entries"], row["exits"], row["refused"])
        found.setdefault(date.fromisoformat(row["day"]), []).append(quarter)
    return {day: tuple(quarters) for day, quarters in found.items()}


def reasons_of(unit: Unit, first: date, last: date) -> tuple[tuple[Reason, int], ...]:
    """Refused scans of some days by reason, most first."""
    n = func.sum(R.n).label("n")
    query = (
        select(R.reason.label("reason"), n)
        .where(R.day >= first.isoformat(), R.day <= last.isoformat())
        .group_by(R.reason)
        .order_by(n.desc(), R.reason)
    )
    rows = unit.run(query).mappings()
    return tuple((Reason(row["reason"]), int(row["n"])) for row in rows)
