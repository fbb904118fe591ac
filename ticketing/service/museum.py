"""The day at a glance, for staff; in the service room."""

from dataclasses import dataclass

from ticketing.domain.museum import day_bounds, local_day
from ticketing.domain.opening import Hours, opening_on
from ticketing.service.gate.scans import inside
from ticketing.service.ports import House
from ticketing.store import scans, tickets
from ticketing.store.unit import Unit
from ticketing.wire.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Figures of the present local day; `hours` None is closed.

    `admitted` counts people, `refused` and `asked` (attention not settled yet or
    lapsed) count scans, `issued` tickets.
    """

    inside: int
    admitted: int
    refused: int
    asked: int
    issued: int
    hours: Hours | None


def overview(unit: Unit, house: House) -> Overview:
    """How the day is going."""
    zone, now = house.museum.zone, house.clock.now()
    today = local_day(now, zone)
    since, _ = day_bounds(today, zone)
    tallies = {tally.verdict: tally for tally in scans.tallies(unit, since=since)}
    counts = {verdict: tally.scans for verdict, tally in tallies.items()}
    admitted = tallies.get(Verdict.ADMIT)
    return Overview(
        inside=inside(unit, house),
        admitted=0 if admitted is None else admitted.people,
        refused=counts.get(Verdict.REFUSE, 0),
        asked=counts.get(Verdict.ATTENTION, 0),
        issued=tickets.count(unit, since=since),
        hours=opening_on(house.museum.hours, today),
    )
