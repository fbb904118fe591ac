"""Opening hours: the week, the last admission, exceptions; and what comes of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from apiflask import APIBlueprint
from flask import Response
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from ticketing.domain.accounts import Right
from ticketing.domain.calendars import (
    CLOSED,
    DATES,
    DAYS,
    EASTER,
    LAST,
    LAST_LIMIT_MIN,
    LEAP_YEAR,
    YEARLY,
    calendar_of,
)
from ticketing.domain.opening import Calendar
from ticketing.service.settings import Facts, Part, Setting
from ticketing.web.access import staff_may
from ticketing.web.staff import days_ahead, frame, setting_pages
from ticketing.web.staff.days_ahead import fact_words, said
from ticketing.web.staff.forms import Form, blank, the_form
from ticketing.web.staff.setting_pages import HERE, PartPage, Unsaved
from ticketing.web.staff.speaker import Speaker

bp = APIBlueprint("staff_settings_opening", __name__, url_prefix=HERE, enable_openapi=False)
MOST_DAYS: Final = 62
"""Days that one exception may be entered for at once."""


def _plain(_: str, value: str, speaker: Speaker) -> str:
    return said(value, speaker) if value else speaker.say("opening_as_usual")


PAGE: Final = PartPage(Part.OPENING, Right.CONTENT_CHANGE, fact_words, plain=_plain)


@dataclass(frozen=True, slots=True)
class _Forms:
    """The forms of the page, one of them as it was sent."""

    week: Form
    dates: Form
    yearly: Form
    easter: Form


@bp.get("/opening")
@staff_may(Right.SETTINGS_SEE)
def shown() -> Response:
    """When the house is open."""
    setting = setting_pages.get(PAGE)
    return _show(setting, _fresh(setting))


@bp.post("/opening")
@staff_may(Right.CONTENT_CHANGE)
def change_week() -> AnyResponse:
    """Set the week and the last admission; exceptions stay."""
    frame.checked_form()
    form, setting = the_form(frame.the_speaker()), setting_pages.get(PAGE)
    week = {day: _hours(form, day) for day in DAYS}
    last = form.whole(LAST, least=0, most=LAST_LIMIT_MIN)
    facts = {**setting.facts, **week, LAST: last}
    page = replace(PAGE, names=_week_names(facts))
    outcome = setting_pages.save(page, form, facts, told="opening_week_saved")
    if isinstance(outcome, Unsaved):
        shown = outcome.form(form, _week_form)
        return _show(setting, replace(_fresh(setting), week=shown), outcome)
    return outcome


@bp.post("/opening/exceptions/<kind>")
@staff_may(Right.CONTENT_CHANGE)
def add_exception(kind: str) -> AnyResponse:
    """Enter hours for a day or some; what was entered for the same day before is replaced."""
    frame.checked_form()
    form, setting = the_form(frame.the_speaker()), setting_pages.get(PAGE)
    days = _READ[kind](form) if kind in _READ else ()
    hours = _hours(form, kind)
    entered = {f"{kind}.{day}": hours for day in days}
    page = replace(PAGE, names=dict.fromkeys([*entered, "exceptions"], f"{kind}_to"))
    facts = {**setting.facts, **entered} if entered else None
    outcome = setting_pages.save(page, form, facts, told="opening_exception_saved")
    if isinstance(outcome, Unsaved):
        forms, form = _fresh(setting), outcome.form(form, lambda _: form)  # a day stays as entered
        return _show(setting, replace(forms, **{kind: form}) if kind in _READ else forms, outcome)
    return outcome


@bp.post("/opening/remove")
@staff_may(Right.CONTENT_CHANGE)
def remove() -> AnyResponse:
    """Take an exception out: the day is like any other of its kind again."""
    frame.checked_form()
    form, setting = the_form(frame.the_speaker()), setting_pages.get(PAGE)
    gone = form.value("fact")
    facts = dict(setting.facts)
    if "." in gone:  # a day of the week stays, whatever was sent
        facts.pop(gone, None)
    outcome = setting_pages.save(PAGE, form, facts, told="opening_exception_removed")
    if isinstance(outcome, Unsaved):
        return _show(setting, _fresh(setting), outcome)
    return outcome


@bp.post("/opening/back")
@staff_may(Right.CONTENT_CHANGE)
def take_back() -> AnyResponse:
    """Undo the last change."""
    return setting_pages.take_back(PAGE)


# ------------------------------------------------------------ forms
def _hours(form: Form, prefix: str) -> str:
    """What two fields say: hours, or closed without any."""
    fields = (f"{prefix}_from", f"{prefix}_to")
    if not any(form.value(name).strip() for name in fields):
        return CLOSED
    opens, closes = (form.clock(name) for name in fields)
    return CLOSED if opens is None or closes is None else f"{opens:%H:%M}-{closes:%H:%M}"


def _dates(form: Form) -> tuple[str, ...]:
    first = form.day("first")
    last = form.day("last", is_needed=False) or first
    if first is None or last is None:
        return ()
    if not 0 <= (last - first).days < MOST_DAYS:
        form.problem("last", "opening_wrong_last", most=MOST_DAYS)
        return ()
    return tuple(
        (first + timedelta(days=ahead)).isoformat() for ahead in range((last - first).days + 1)
    )


def _yearly(form: Form) -> tuple[str, ...]:
    day = form.whole("day", least=1, most=31)
    month = form.whole("month", least=1, most=12)
    if day is None or month is None:
        return ()
    try:
        date(LEAP_YEAR, month, day)
    except ValueError:
        form.problem("day", "opening_wrong_day")
        return ()
    return (f"{month:02d}-{day:02d}",)


def _easter(form: Form) -> tuple[str, ...]:
    known = {str(after) for after in days_ahead.EASTER_DAYS}
    after = form.value("after")
    if after not in known:
        form.problem("after", "wrong_choice")
        return ()
    return (after,)


_READ: Final = {DATES: _dates, YEARLY: _yearly, EASTER: _easter}


def _week_names(facts: Mapping[str, Any]) -> dict[str, str]:
    """A day that is too short for the new last admission, if no day of the week, is its fault."""
    return {name: f"{name}_to" if name in DAYS else LAST for name in facts}


def _fresh(setting: Setting) -> _Forms:
    speaker = frame.the_speaker()
    return _Forms(
        week=_week_form(setting.facts),
        dates=blank(speaker),
        yearly=blank(speaker),
        easter=blank(speaker),
    )


def _week_form(facts: Facts) -> Form:
    sent: MultiDict[str, str] = MultiDict({LAST: str(facts[LAST])})
    for day in DAYS:
        hours = "" if facts[day] == CLOSED else str(facts[day])
        opens, _, closes = hours.partition("-")
        sent[f"{day}_from"], sent[f"{day}_to"] = opens, closes
    return Form(sent, frame.the_speaker())


# ------------------------------------------------------------ the page
def _show(setting: Setting, forms: _Forms, outcome: Unsaved | None = None) -> Response:
    speaker = frame.the_speaker()
    if outcome is not None and outcome.met is not None:
        setting = setting_pages.get(PAGE)
    calendar, today = calendar_of(setting.facts), speaker.today()
    return setting_pages.show(
        "staff/settings_opening.html",
        PAGE,
        setting,
        outcome,
        forms=forms,
        days=[(day, speaker.say(f"weekday_{number}")) for number, day in enumerate(DAYS)],
        months=[(str(n), speaker.say(f"month_{n}")) for n in range(1, 13)],
        easter_days=[(n, fact_words(f"{EASTER}.{n}", speaker)) for n in days_ahead.EASTER_DAYS],
        **_ahead(calendar, today, speaker),
        exceptions=days_ahead.exceptions(calendar, today, speaker),
    )


def _ahead(calendar: Calendar, today: date, speaker: Speaker) -> dict[str, Any]:
    return {
        "today": days_ahead.today_words(calendar, today, speaker),
        "week": days_ahead.week(calendar, today, speaker),
        "next": days_ahead.next_ones(calendar, today, speaker),
    }
