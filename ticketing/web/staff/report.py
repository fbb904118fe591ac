"""The end-of-day report: who came, who was refused and why, what the tills hold."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from apiflask import APIBlueprint
from flask import Response, request

from ticketing.domain.accounts import Right
from ticketing.domain.audit import Actor, ActorKind
from ticketing.domain.conflicts import Conflict
from ticketing.domain.museum import day_bounds, is_plausible_day, local_day
from ticketing.domain.stats import Step
from ticketing.service import figures, staff_people, stats, takings
from ticketing.service.figures import Numbers
from ticketing.service.gate import conflicts, stations
from ticketing.service.stats import StatsQuery
from ticketing.service.takings import Line, Takings
from ticketing.web.access import staff_may
from ticketing.web.parts import the_parts
from ticketing.web.staff import frame
from ticketing.web.staff.frame import Place
from ticketing.web.staff.speaker import Speaker
from ticketing.wire.facts import Evidence
from ticketing.wire.texts import render

bp = APIBlueprint("staff_report", __name__, url_prefix=f"{frame.HOME}/report", enable_openapi=False)
_MOST_CONFLICTS: Final = 200
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
    parts, speaker = the_parts(), frame.the_speaker()
    house = parts.house
    today = local_day(house.clock.now(), house.museum.zone)
    day = min(_asked(today), today)
    with parts.store.unit() as unit:
        figures.refresh(unit, house)  # the last minute too: somebody is about to go home
        found = figures.numbers(unit, first=day, last=day)
        query = StatsQuery(first=day, last=day, step=Step.DAY)
        inside = stats.occupancy(unit, house, query=query).items
        money = takings.takings(unit, house, day=day)
        staff, paired = staff_people.list_people(unit, house), stations.list_stations(unit)
        open_ones = conflicts.list_conflicts(unit, limit=_MOST_CONFLICTS).items
    people = {str(one.staff.id): one.staff.name for one in staff}
    people |= {str(one.id): one.name for one in paired}
    sums = found.days[0] if found.days else None
    return frame.show(
        "staff/report.html",
        place=Place.NUMBERS,
        day=speaker.day(day),
        before=(day - _DAY).isoformat(),
        after=(day + _DAY).isoformat() if day < today else "",
        is_today=day == today,
        entries=sums.entries if sums else 0,
        exits=sums.exits if sums else 0,
        refused=sums.refused if sums else 0,
        highest=max((one.level.highest for one in inside), default=0),
        reasons=_reasons(found, speaker),
        conflicts=_counted([one.conflict for one in open_ones], day, speaker),
        offers=_offers(money, speaker),
        persons=_persons(money, people, speaker),
        tills=[_row("", "", line, speaker) for line in money.tills],
    )


def _asked(today: date) -> date:
    try:
        day = date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        return today
    return day if is_plausible_day(day) else today


def _reasons(found: Numbers, speaker: Speaker) -> list[tuple[str, str]]:
    zone, now = the_parts().house.museum.zone, speaker.now()
    return [
        (render(reason, speaker.lang, Evidence(), zone, now).title, speaker.number(n))
        for reason, n in found.reasons
    ]


def _counted(found: list[Conflict], day: date, speaker: Speaker) -> list[tuple[str, int, str]]:
    """The conflicts of a day by kind: how many, and how they stand."""
    since, until = day_bounds(day, the_parts().house.museum.zone)
    of_day = [one for one in found if since <= one.found_at < until]
    pairs = sorted({(one.kind.value, one.state.value) for one in of_day})
    return [
        (
            speaker.say(f"conflict_{kind}"),
            sum((one.kind.value, one.state.value) == (kind, state) for one in of_day),
            speaker.say(f"conflicts_state_{state}"),
        )
        for kind, state in pairs
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


def _persons(money: Takings, names: dict[str, str], speaker: Speaker) -> list[MoneyRow]:
    return [
        _row(
            _who(one.actor, names, speaker),
            speaker.say(f"report_kind_{one.kind.value}"),
            one.line,
            speaker,
        )
        for one in money.persons
    ]


def _who(actor: Actor, names: dict[str, str], speaker: Speaker) -> str:
    if actor.kind in {ActorKind.STAFF, ActorKind.STATION}:
        return names.get(actor.id, speaker.say("report_somebody"))
    return speaker.say(f"actor_{actor.kind.value}")


def _row(what: str, where: str, line: Line, speaker: Speaker) -> MoneyRow:
    def told(n: int, cents: int) -> str:
        return f"{speaker.number(n)} · {speaker.money(cents, line.currency)}" if n else ""

    return MoneyRow(
        what=what,
        where=where,
        taken=told(line.taken, line.taken_cents),
        returned=told(line.returned, line.returned_cents),
        left=speaker.money(line.cents, line.currency),
    )
