"""Commands about one visitor: what is kept, shown and erased."""

import json

import click

from ticketing.app import App
from ticketing.cli.output import show, with_app
from ticketing.domain.ids import VisitorId
from ticketing.domain.visitors import find_visitor_id
from ticketing.service import people
from ticketing.service.errors import NotFound


@click.group()
def visitor() -> None:
    """Visitors: what is kept of one, for the visitor to have or to lose."""


@visitor.command("export")
@click.argument("visitor_id", metavar="ID")
@with_app
def visitor_export(app: App, *, visitor_id: str) -> None:
    """Print all that is kept of a visitor, as JSON."""
    with app.store.unit() as unit:
        record = people.export(unit, app.house, visitor=_id(visitor_id))
    told = people.record_json(app.house, record)
    show(told, text=json.dumps(told, ensure_ascii=False, indent=2))


@visitor.command("erase")
@click.argument("visitor_id", metavar="ID")
@with_app
def visitor_erase(app: App, *, visitor_id: str) -> None:
    """Erase a visitor for good; tickets and codes stay good, of nobody."""
    gone = people.erase(app.store, app.house, visitor=_id(visitor_id))
    show(
        {
            "id": visitor_id,
            "messages": gone.messages,
            "tickets": gone.tickets,
            "codes": gone.codes,
            "redemptions": gone.redemptions,
            "declarations": gone.declarations,
            "identities": gone.identities,
        },
        text=f"Erased: {gone.messages} messages, the name on {gone.tickets} tickets,"
        f" {gone.codes} bindings of codes, {gone.redemptions} uses of codes,"
        f" {gone.declarations} answers, {gone.identities} addresses.",
    )


def _id(text: str) -> VisitorId:
    found = find_visitor_id(text.lower())
    if found is None:
        raise NotFound("visitor")
    return found
