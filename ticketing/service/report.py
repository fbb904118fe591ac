"""The report of a local day: who came, who was refused, what was paid; in the service room."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ticketing.domain.conflicts import ConflictKind, ConflictState
from ticketing.domain.stats import Step
from ticketing.service import audit, figures, stats, takings
from ticketing.service.figures import DayNumbers
from ticketing.service.gate import conflicts
from ticketing.service.ports import House
from ticketing.service.stats import StatsQuery
from ticketing.service.takings import Takings
from ticketing.store.unit import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class DayReport:
    """One day; `highest` is the most people inside, `names` those of staff and stations by id."""

    day: date
    numbers: DayNumbers
    highest: int
    money: Takings
    conflicts: Mapping[tuple[ConflictKind, ConflictState], int]
    names: Mapping[str, str]


def report_of(unit: Unit, house: House, *, day: date) -> DayReport:
    """The report of a local day of the museum, of the present one until now."""
    query = StatsQuery(first=day, last=day, step=Step.DAY)
    inside = stats.occupancy(unit, house, query=query).items
    return DayReport(
        day=day,
        numbers=figures.of_day(unit, house, day=day),
        highest=max((one.level.highest for one in inside), default=0),
        money=takings.takings(unit, house, day=day),
        conflicts=conflicts.count_conflicts(unit, house, day=day),
        names=audit.names(unit),
    )
