"""The opening calendar in words: today, the next days, what is not as usual."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from ticketing.domain.calendars import (
    CLOSED,
    DATES,
    DAYS,
    EASTER,
    LAST,
    LEAP_YEAR,
    YEARLY,
    facts_of,
    next_exceptions,
    written,
)
from ticketing.domain.opening import Calendar, Hours, easter, last_admission, opening_on
from ticketing.web.staff.speaker import Speaker
from ticketing.wire.texts import local_date

EN_DASH: Final = "\N{EN DASH}"
EASTER_DAYS: Final = (-48, -46, -3, -2, -1, 0, 1, 39, 49, 50, 60)
"""Days that have a name; Rose Monday to Corpus Christi."""
LOOKED_AHEAD_DAYS: Final = 366
NEXT_SHOWN: Final = 8
_WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day: its name, its date, its hours; `is_other` if it is not as its weekday."""

    weekday: str
    day: str
    hours: str
    is_other: bool = False


@dataclass(frozen=True, slots=True)
class ExceptionRow:
    """One exception: the fact it is, what it is called, its hours, when it comes next."""

    fact: str
    words: str
    hours: str
    next: str = ""
    is_past: bool = False


def hours_words(hours: Hours | None, speaker: Speaker) -> str:
    """The hours of a day, or that it is closed."""
    return said(written(hours), speaker)


def said(hours: str, speaker: Speaker) -> str:
    """Hours as facts have them, in words."""
    return speaker.say("closed") if hours == CLOSED else hours.replace("-", EN_DASH)


def today_words(calendar: Calendar, day: date, speaker: Speaker) -> str:
    """Today in one line, with the last admission."""
    hours, last = opening_on(calendar, day), last_admission(calendar, day)
    if hours is None or last is None:
        return speaker.say("opening_today_closed")
    told = hours_words(hours, speaker)
    if last == hours.closes:
        return speaker.say("opening_today", hours=told)
    return speaker.say("opening_today_last", hours=told, last=f"{last:%H:%M}")


def week(calendar: Calendar, day: date, speaker: Speaker) -> list[DayRow]:
    """The seven days from a day on."""
    days = [day + timedelta(days=ahead) for ahead in range(_WEEK)]
    return [_row(one, opening_on(calendar, one), calendar, speaker) for one in days]


def next_ones(calendar: Calendar, day: date, speaker: Speaker) -> list[DayRow]:
    """The next days that are not as usual."""
    found = next_exceptions(calendar, day, days=LOOKED_AHEAD_DAYS)[:NEXT_SHOWN]
    return [_row(one, hours, calendar, speaker) for one, hours in found]


def exceptions(calendar: Calendar, today: date, speaker: Speaker) -> list[ExceptionRow]:
    """Every exception that is entered; single days that are over stand last."""
    rows = [
        _exception(fact, str(hours), today, speaker)
        for fact, hours in facts_of(calendar).items()
        if "." in fact
    ]
    return sorted(rows, key=lambda row: row.is_past)


def fact_words(fact: str, speaker: Speaker) -> str:
    """What a fact of the calendar is called; one that somebody made up is told as it is."""
    kind, _, day = fact.partition(".")
    try:
        if kind in DAYS:
            return speaker.say(f"weekday_{DAYS.index(kind)}")
        if kind == DATES:
            return local_date(date.fromisoformat(day), None, speaker.lang)
        if kind == YEARLY:
            on = date.fromisoformat(f"{LEAP_YEAR}-{day}")
            return speaker.say("opening_every", day=on.day, month=speaker.say(f"month_{on.month}"))
        if kind == EASTER:
            return _after_easter(int(day), speaker)
    except ValueError:
        return fact
    return speaker.say("opening_last") if fact == LAST else fact


def _after_easter(after: int, speaker: Speaker) -> str:
    name = f"easter_{after}".replace("-", "before_")
    if speaker.knows(name):
        return speaker.say(name)
    return speaker.say("opening_after_easter", n=after)


def _row(day: date, hours: Hours | None, calendar: Calendar, speaker: Speaker) -> DayRow:
    return DayRow(
        weekday=speaker.say(f"weekday_{day.weekday()}"),
        day=speaker.short_day(day),
        hours=hours_words(hours, speaker),
        is_other=hours != calendar.weekly[day.weekday()],
    )


def _exception(fact: str, hours: str, today: date, speaker: Speaker) -> ExceptionRow:
    kind, _, day = fact.partition(".")
    told, words = said(hours, speaker), fact_words(fact, speaker)
    if kind == DATES:
        return ExceptionRow(fact, words, told, is_past=date.fromisoformat(day) < today)
    if kind == YEARLY:
        return ExceptionRow(fact, words, told)
    coming = next(
        one
        for year in (today.year, today.year + 1)
        if (one := easter(year) + timedelta(days=int(day))) >= today
    )
    return ExceptionRow(fact, words, told, next=local_date(coming, None, speaker.lang))
