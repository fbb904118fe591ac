"""Commands for what is sold and shown: gates, offers, tickets."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from ticketing.app import App
from ticketing.cli.output import show, show_all, with_app
from ticketing.cli.slots import slot
from ticketing.domain.offers import Offer, Validity
from ticketing.domain.tickets import find_ticket_id, shown_code
from ticketing.edge.painter import Painter
from ticketing.service import bulk, gates, offers, tickets
from ticketing.service.errors import NotFound
from ticketing.service.ports import House
from ticketing.service.tickets import ListedTicket, TicketCase, TicketOrder, card_facts
from ticketing.store.unit import Unit
from ticketing.wire.keys import KeyId
from ticketing.wire.texts import Localised
from ticketing.wire.token import TicketId
from ticketing.wire.verdict import TicketState


# ------------------------------------------------------------ gates
@click.group()
def gate() -> None:
    """Gates: the doors of the house."""


@gate.command("add")
@click.argument("slug")
@click.option("--name", required=True, help="Name in German.")
@click.option("--name-en", help="Name in English (default: as in German).")
@with_app
def gate_add(app: App, *, slug: str, name: str, name_en: str | None) -> None:
    """Make a gate."""
    with app.store.unit() as unit:
        made = gates.add_gate(
            unit,
            app.house,
            slug=slug,
            name=Localised(name, name_en or name),
        )
    show({"slug": made.slug}, text=f"Gate {made.slug} made.")


@gate.command("list")
@with_app
def gate_list(app: App) -> None:
    """List the gates."""
    with app.store.unit() as unit:
        found = gates.list_gates(unit)
    rows = [{"slug": g.slug, "name": g.name.de, "name_en": g.name.en} for g in found]
    show_all(rows, columns=("slug", "name", "name_en"), empty="No gates yet: ticketing gate add")


# ------------------------------------------------------------ offers
@click.group()
def offer() -> None:
    """Offers: what there are tickets for."""


@offer.command("add")
@click.argument("slug")
@click.option("--name", required=True, help="Name in German.")
@click.option("--name-en", help="Name in English (default: as in German).")
@click.option("--price-cents", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--pay-at-desk", is_flag=True, help="The desk takes the money.")
@click.option("--entries", type=int, default=1, show_default=True, help="0 is unlimited.")
@click.option("--party-max", type=int, default=1, show_default=True, help="Persons at most.")
@click.option("--validity", type=click.Choice([v.value for v in Validity]), default="day")
@click.option("--from", "valid_from", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--until", "valid_until", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--proof", is_flag=True, help="Staff check a proof of reduction.")
@with_app
def offer_add(app: App, /, **options: Any) -> None:
    """Make an offer."""
    wanted = Offer(
        slug=options["slug"],
        number=0,
        name=Localised(options["name"], options["name_en"] or options["name"]),
        price_cents=options["price_cents"],
        pay_at_desk=options["pay_at_desk"],
        entries=options["entries"],
        party_max=options["party_max"],
        validity=Validity(options["validity"]),
        valid_from=_day(options["valid_from"]),
        valid_until=_day(options["valid_until"]),
        proof=options["proof"],
    )
    with app.store.unit() as unit:
        made = offers.create_offer(unit, app.house, offer=wanted)
    show(_offer_row(made), text=f"Offer {made.slug} made, number {made.number}.")


offer.add_command(slot)


def _day(at: datetime | None) -> date | None:
    return None if at is None else at.date()


@offer.command("list")
@with_app
def offer_list(app: App) -> None:
    """List the offers."""
    with app.store.unit() as unit:
        rows = [_offer_row(found) for found in offers.list_offers(unit)]
    columns = ("number", "slug", "name", "price_cents", "active")
    show_all(rows, columns=columns, empty="No offers yet: ticketing offer add")


def _offer_row(found: Offer) -> dict[str, Any]:
    return {
        "number": found.number,
        "slug": found.slug,
        "name": found.name.de,
        "price_cents": found.price_cents,
        "active": found.active,
    }


# ------------------------------------------------------------ tickets
@click.group()
def ticket() -> None:
    """Tickets: issued, shown, taken back."""


@ticket.command("issue")
@click.option("--offer", "slug", required=True, metavar="SLUG")
@click.option("--holder", required=True, metavar="NAME")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="The day (default: today).")
@click.option("--slot", "slot_id", metavar="ID", help="The time slot, for offers with slots.")
@click.option("--party", type=int, default=1, show_default=True)
@click.option("--unpaid", is_flag=True, help="The desk still takes the money.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the card, PNG.")
@with_app
def ticket_issue(app: App, /, **options: Any) -> None:
    """Issue a ticket."""
    out: Path | None = options["out"]
    order = TicketOrder(
        offer=options["slug"],
        holder=options["holder"],
        on=_day(options["on"]),
        slot=options["slot_id"],
        party=options["party"],
        paid=False if options["unpaid"] else None,
    )
    with app.store.unit() as unit:
        case = tickets.issue_ticket(unit, app.house, order=order)
    if out is not None:
        out.write_bytes(Painter().card(card_facts(case, app.house.museum, lang="de")))
    written = f", card in {out}" if out else ""
    show(_case_row(case, app.house), text=f"{case.ticket.id.hex()}  {_short(case)}{written}")


@ticket.command("show")
@click.argument("ticket_id", metavar="ID")
@with_app
def ticket_show(app: App, *, ticket_id: str) -> None:
    """Show one ticket."""
    with app.store.unit() as unit:
        case = tickets.get_ticket(unit, app.house, ticket_id=_id(ticket_id))
    row = _case_row(case, app.house)
    show(row, text="\n".join(f"{name:12} {value}" for name, value in row.items()))


@ticket.command("list")
@click.option("--offer", "slug", metavar="SLUG")
@click.option("--state", type=click.Choice([s.value for s in TicketState]))
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@with_app
def ticket_list(app: App, *, slug: str | None, state: str | None, limit: int) -> None:
    """List tickets, newest first."""
    wanted = None if state is None else TicketState(state)
    with app.store.unit() as unit:
        page = tickets.list_tickets(unit, offer=slug, state=wanted, limit=limit)
    rows = [_row(listed, app.house) for listed in page.items]
    columns = ("id", "short_code", "offer", "holder", "state", "valid_from")
    show_all(rows, columns=columns, empty="No tickets.")


@ticket.command("revoke")
@click.argument("ticket_id", metavar="ID")
@click.option("--reason", default="", help="Why; shown to staff.")
@with_app
def ticket_revoke(app: App, *, ticket_id: str, reason: str) -> None:
    """Take a ticket back for good."""
    with app.store.unit() as unit:
        case = tickets.revoke_ticket(unit, app.house, ticket_id=_id(ticket_id), reason=reason)
    _show_state(case, app.house)


@ticket.command("block")
@click.argument("ticket_id", metavar="ID")
@with_app
def ticket_block(app: App, *, ticket_id: str) -> None:
    """Stop a ticket for a while."""
    with app.store.unit() as unit:
        case = tickets.block_ticket(unit, app.house, ticket_id=_id(ticket_id))
    _show_state(case, app.house)


@ticket.command("unblock")
@click.argument("ticket_id", metavar="ID")
@with_app
def ticket_unblock(app: App, *, ticket_id: str) -> None:
    """Let a blocked ticket be good again."""
    with app.store.unit() as unit:
        case = tickets.unblock_ticket(unit, app.house, ticket_id=_id(ticket_id))
    _show_state(case, app.house)


@ticket.command("pay")
@click.argument("ticket_id", metavar="ID")
@with_app
def ticket_pay(app: App, *, ticket_id: str) -> None:
    """Mark a ticket as paid."""
    with app.store.unit() as unit:
        case = tickets.pay_ticket(unit, app.house, ticket_id=_id(ticket_id))
    _show_state(case, app.house)


@ticket.command("reissue")
@click.argument("ticket_id", metavar="ID", required=False)
@click.option("--key", type=click.IntRange(0, 255), metavar="ID", help="All tickets under a key.")
@with_app
def ticket_reissue(app: App, *, ticket_id: str | None, key: int | None) -> None:
    """Give a ticket a new barcode and short code, or all tickets under a key new barcodes."""
    if (ticket_id is None) == (key is None):
        raise click.UsageError("name a ticket or a --key, not both")
    with app.store.unit() as unit:
        if ticket_id is not None:
            case = tickets.reissue_ticket(unit, app.house, ticket_id=_id(ticket_id))
            text = f"{case.ticket.id.hex()} has issue {case.ticket.issue}."
            show(_case_row(case, app.house), text=text)
        if key is not None:
            _reissue_key(unit, app.house, KeyId(key))


def _reissue_key(unit: Unit, house: House, key: KeyId) -> None:
    made = bulk.reissue_key(unit, house, key_id=key)
    left = f" {made.exhausted} had too many issues." if made.exhausted else ""
    row = {"key": key, "reissued": made.done, "exhausted": made.exhausted}
    show(row, text=f"{made.done} tickets under key {key} have a new barcode.{left}")


def _show_state(case: TicketCase, house: House) -> None:
    row = _case_row(case, house)
    show(row, text=f"{row['id']} is {case.ticket.state.value}.")


def _id(text: str) -> TicketId:
    found = find_ticket_id(text.lower())
    if found is None:
        raise NotFound("ticket")
    return found


def _short(case: TicketCase) -> str:
    return shown_code(case.ticket.short_code)


def _row(listed: ListedTicket, house: House) -> dict[str, Any]:
    return {
        "id": listed.ticket.id.hex(),
        "short_code": shown_code(listed.ticket.short_code),
        "offer": listed.offer.slug,
        "holder": listed.ticket.holder,
        "party": listed.ticket.party,
        "slot": listed.ticket.slot,
        "state": tickets.state_of(house, listed).value,
        "valid_from": listed.ticket.valid_from.isoformat(),
        "valid_until": listed.ticket.valid_until.isoformat(),
    }


def _case_row(case: TicketCase, house: House) -> dict[str, Any]:
    return {**_row(case, house), "issue": case.ticket.issue, "barcode": case.barcode}
