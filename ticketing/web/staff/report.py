"""The end-of-day report: who came, who was refused and why, what the tills hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from apiflask import APIBlueprint
from flask import Response, request

from ticketing.domain.accounts import Right
from ticketing.domain.audit import Actor, ActorKind
from ticketing.domain.conflicts import ConflictKind, ConflictState
from ticketing.service import report
from ticketing.service.report import DayReport
from ticketing.service.takings import Line, Takings
from ticketing.web.access import staff_may
from ticketing.web.parts import the_parts
from ticketing.web.staff import frame
from ticketing.web.staff.forms import day_of
from ticketing.web.staff.frame import Place
from ticketing.web.staff.speaker import Speaker

HOME: Final = f"{frame.HOME}/report"
bp = APIBlueprint("staff_report", __name__, url_prefix=HOME, enable_openapi=False)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class MoneyRow:
    """What was taken and given back, and what is left."""

    what: str
    where: str
    taken: str
    returned: str
    left: str


@bp.get("")
@staff_may(Right.REPORTS_SEE)
def shown() -> Response:
    """The report of a local day, today unless another is asked for."""
    speaker = frame.the_speaker()
    found, today = the_report(request.args), speaker.today()
    day, total = found.day, found.numbers.total
    return frame.show(
        "staff/report.html",
        place=Place.NUMBERS,
        day=speaker.day(day),
        asked=day.isoformat(),
        before=(day - _DAY).isoformat(),
        after=(day + _DAY).isoformat() if day < today else "",
        is_today=day == today,
        entries=total.entries,
        exits=total.exits,
        refused=total.refused,
        highest=found.highest,
        reasons=[(speaker.reason(one), speaker.number(n)) for one, n in found.numbers.reasons],
        conflicts=_counted(found.conflicts, speaker),
        offers=_offers(found.money, speaker),
        persons=_persons(found, speaker),
        tills=[_row("", "", line, speaker) for line in found.money.tills],
    )


def the_report(given: Mapping[str, str]) -> DayReport:
    """The report of the day of an address or form; a day to come or none is today."""
    parts, today = the_parts(), frame.the_speaker().today()
    day = min(day_of(given.get("day", "")) or today, today)
    with parts.store.unit() as unit:
        return report.report_of(unit, parts.house, day=day)


def who(actor: Actor, names: Mapping[str, str], speaker: Speaker) -> str:
    """What somebody is called through whose hands money went."""
    if actor.kind in {ActorKind.STAFF, ActorKind.STATION}:
        return names.get(actor.id, speaker.say("report_somebody"))
    return speaker.say(f"actor_{actor.kind.value}")


def _counted(
    found: Mapping[tuple[ConflictKind, ConflictState], int], speaker: Speaker
) -> list[tuple[str, int, str]]:
    return [
        (speaker.say(f"conflict_{kind}"), n, speaker.say(f"conflicts_state_{state}"))
        for (kind, state), n in found.items()
    ]


def _offers(money: Takings, speaker: Speaker) -> list[MoneyRow]:
    return [
        _row(
            one.offer.name.in_(speaker.lang),
            speaker.say(f"report_kind_{one.kind.value}"),
            one.line,
            speaker,
        )
        for one in money.offers
    ]


def _persons(found: DayReport, speaker: Speaker) -> list[MoneyRow]:
    return [
        _row(
            who(one.actor, found.names, speaker),
            speaker.say(f"report_kind_{one.kind.value}"),
            one.line,
            speaker,
        )
        for one in found.money.persons
    ]


def _row(what: str, where: str, line: Line, speaker: Speaker) -> MoneyRow:
    def told(n: int, cents: int) -> str:
        return f"{speaker.number(n)} · {speaker.amount(cents, line.currency)}" if n else ""

    return MoneyRow(
        what=what,
        where=where,
        taken=told(line.taken, line.taken_cents),
        returned=told(line.returned, line.returned_cents),
        left=speaker.amount(line.cents, line.currency),
    )
