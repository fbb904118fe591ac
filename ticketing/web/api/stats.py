"""/stats: who came, and how many were inside."""

from datetime import datetime
from typing import Annotated

from apiflask import APIBlueprint
from pydantic import ConfigDict, Field, StringConstraints

from ticketing.domain.accounts import Scope
from ticketing.service import stats
from ticketing.service.stats import MOST, Span, StatsQuery, Step
from ticketing.web.access import needs
from ticketing.web.api import shapes
from ticketing.web.parts import the_parts

bp = APIBlueprint("stats", __name__, url_prefix="/api/v1", tag="Stats")


class Steps(shapes.In):
    """Which local days, both included, in which steps; today unless said."""

    from_: shapes.Day | None = Field(default=None, alias="from")
    to: shapes.Day | None = None
    step: Step = Step.HOUR
    cursor: Annotated[str, StringConstraints(max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=MOST)] = MOST


class StepOut(shapes.Out):
    """From when until when, in the museum's zone."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    begins: datetime = Field(alias="from")
    until: datetime


class EntriesOut(StepOut):
    """People in and out by tickets, refused scans, people counted by hand (net)."""

    entries: int
    exits: int
    refused: int
    by_hand: int


class Entries(shapes.Out):
    """A page of steps."""

    items: list[EntriesOut]
    next_cursor: str | None = None


class OccupancyOut(StepOut):
    """People inside at the end of the step, and the most at any time of it."""

    inside: int
    highest: int


class Occupancy(shapes.Out):
    """A page of steps."""

    items: list[OccupancyOut]
    next_cursor: str | None = None


@bp.get("/stats/entries")
@needs(Scope.STATS_READ)
@bp.input(Steps, location="query")
@bp.output(Entries)
def entries(query_data: Steps) -> Entries:
    """People in and out by 15 minutes, hours or local days, oldest first."""
    parts = the_parts()
    with parts.store.unit() as unit:
        found = stats.entries(unit, parts.house, query=_query(query_data))
    items = [
        EntriesOut(
            **_local(one.span),
            entries=one.sums.entries,
            exits=one.sums.exits,
            refused=one.sums.refused,
            by_hand=one.sums.by_hand,
        )
        for one in found.items
    ]
    return Entries(items=items, next_cursor=found.next_cursor)


@bp.get("/stats/occupancy")
@needs(Scope.STATS_READ)
@bp.input(Steps, location="query")
@bp.output(Occupancy)
def occupancy(query_data: Steps) -> Occupancy:
    """People inside by 15 minutes, hours or local days, oldest first."""
    parts = the_parts()
    with parts.store.unit() as unit:
        found = stats.occupancy(unit, parts.house, query=_query(query_data))
    items = [
        OccupancyOut(**_local(one.span), inside=one.level.inside, highest=one.level.highest)
        for one in found.items
    ]
    return Occupancy(items=items, next_cursor=found.next_cursor)


def _query(asked: Steps) -> StatsQuery:
    return StatsQuery(
        first=asked.from_,
        last=asked.to,
        step=asked.step,
        cursor=asked.cursor,
        limit=asked.limit,
    )


def _local(span: Span) -> dict[str, datetime]:
    zone = the_parts().house.museum.zone
    return {"begins": span.since.astimezone(zone), "until": span.until.astimezone(zone)}
