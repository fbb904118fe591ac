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
from ticketing.domain.stats import Step
from ticketing.service import audit, figures, stats, takings
from ticketing.service.gate import conflicts
from ticketing.service.stats import StatsQuery
from ticketing.service.takings import Line, Takings
from ticketing.web.access import staff_may
from ticketing.web.parts import the_parts
from ticketing.web.staff import frame
from ticketing.web.staff.forms import day_of
from ticketing.web.staff.frame import Place
from ticketing.web.staff.speaker import Speaker

bp = APIBlueprint("staff_report", __name__, url_prefix=f"{frame.HOME}/report", enable_openapi=False)
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
    today = speaker.today()
    day = min(day_of(request.args.get("day", "")) or today, today)
    with parts.store.unit() as unit:
        sums = figures.of_day(unit, house, day=day)
        query = StatsQuery(first=day, last=day, step=Step.DAY)
        inside = stats.occupancy(unit, house, query=query).items
        money = takings.takings(unit, house, day=day)
        people = audit.names(unit)
        found = conflicts.count_conflicts(unit, house, day=day)
    return frame.show(
        "staff/report.html",
        place=Place.NUMBERS,
        day=speaker.day(day),
        before=(day - _DAY).isoformat(),
        after=(day + _DAY).isoformat() if day < today else "",
        is_today=day == today,
        entries=sums.total.entries,
        exits=sums.total.exits,
        refused=sums.total.refused,
        highest=max((one.level.highest for one in inside), default=0),
        reasons=[(speaker.reason(one), speaker.number(n)) for one, n in sums.reasons],
        conflicts=_counted(found, speaker),
        offers=_offers(money, speaker),
        persons=_persons(money, people, speaker),
        tills=[_row("", "", line, speaker) for line in money.tills],
    )


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


def _persons(money: Takings, names: Mapping[str, str], speaker: Speaker) -> list[MoneyRow]:
    return [
        _row(
            _who(one.actor, names, speaker),
            speaker.say(f"report_kind_{one.kind.value}"),
            one.line,
            speaker,
        )
        for one in money.persons
    ]


def _who(actor: Actor, names: Mapping[str, str], speaker: Speaker) -> str:
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
