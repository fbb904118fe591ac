"""Commands for the slots of an offer."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click

from ticketing.app import App
from ticketing.cli.output import show_all, with_app
from ticketing.domain.slots import Series, SlotPlaces
from ticketing.service import slots
from ticketing.service.slots import SlotQuery

_WEEKDAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
_COLUMNS = ("id", "starts_at", "ends_at", "capacity", "sold", "free")
_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def slot() -> None:
    """Slots of an offer: add some, list them with their places."""


@slot.command("add")
@click.argument("offer_slug", metavar="OFFER")
@click.option("--from", "first", type=_DAY, required=True, help="First day.")
@click.option("--until", "last", type=_DAY, help="Last day (default: the first).")
@click.option(
    "--at", "times", multiple=True, required=True, metavar="HH:MM", help="Starts; repeat."
)
@click.option("--minutes", type=click.IntRange(1, 1440), required=True, help="Length.")
@click.option("--capacity", type=int, required=True, help="Persons.")
@click.option("--weekday", "weekdays", type=click.Choice(_WEEKDAYS), multiple=True)
@with_app
def slot_add(app: App, /, **options: Any) -> None:
    """Make slots; what exists at the same start stays as it is."""
    first: datetime = options["first"]
    last: datetime = options["last"] or first
    chosen = options["weekdays"] or _WEEKDAYS
    series = Series(
        first=first.date(),
        last=last.date(),
        times=tuple(_clock(text) for text in options["times"]),
        length=timedelta(minutes=options["minutes"]),
        capacity=options["capacity"],
        weekdays=frozenset(_WEEKDAYS.index(name) for name in chosen),
    )
    with app.store.unit() as unit:
        made = slots.add_series(unit, app.house, offer=options["offer_slug"], series=series)
    _show(made, app.house.museum.zone, empty="All of these exist already.")


@slot.command("list")
@click.argument("offer_slug", metavar="OFFER")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@with_app
def slot_list(app: App, *, offer_slug: str, limit: int) -> None:
    """List the slots that are not over, with what is sold and free."""
    query = SlotQuery(offer=offer_slug, since=app.house.clock.now(), limit=limit)
    with app.store.unit() as unit:
        found = slots.list_slots(unit, query=query)
    _show(found.items, app.house.museum.zone, empty="No slots: ticketing offer slot add")


def _show(found: tuple[SlotPlaces, ...], zone: ZoneInfo, *, empty: str) -> None:
    rows = [
        {
            "id": one.slot.id,
            "starts_at": one.slot.starts_at.astimezone(zone).isoformat(timespec="minutes"),
            "ends_at": one.slot.ends_at.astimezone(zone).isoformat(timespec="minutes"),
            "capacity": one.slot.capacity,
            "sold": one.sold,
            "free": one.free,
        }
        for one in found
    ]
    show_all(rows, columns=_COLUMNS, empty=empty)


def _clock(text: str) -> time:
    try:
        return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007  a time of day has no zone
    except ValueError:
        raise click.BadParameter("a local time like 10:30 is wanted", param_hint="--at") from None
