"""How the API shows what the use cases return."""

from collections.abc import Iterable

from ticketing.domain.accounts import Station
from ticketing.domain.ids import VisitorId
from ticketing.domain.museum import Gate
from ticketing.domain.offers import Offer
from ticketing.domain.tickets import Ticket, claims, shown_code
from ticketing.service.ports import House, LinkKind
from ticketing.service.tickets import ListedTicket, TicketCase, TicketOrder, state_of
from ticketing.web.api import gate_shapes, shapes
from ticketing.wire.moves import Move
from ticketing.wire.texts import Localised


def both(name: Localised) -> shapes.BothLanguages:
    """A text in both languages."""
    return shapes.BothLanguages.model_construct(de=name.de, en=name.en)


def offer_out(offer: Offer) -> shapes.OfferOut:
    """One offer."""
    return shapes.OfferOut(
        slug=offer.slug,
        number=offer.number,
        name=both(offer.name),
        price_cents=offer.price_cents,
        currency=offer.currency,
        pay_at_desk=offer.pay_at_desk,
        entries=offer.entries,
        per_day=offer.per_day,
        party_max=offer.party_max,
        validity=offer.validity,
        valid_from=offer.valid_from,
        valid_until=offer.valid_until,
        reentry=offer.reentry,
        gates=offer.gates,
        calendar=offer.calendar,
        proof=offer.proof,
        identity=offer.identity,
        offline=offer.offline,
        live=offer.live,
        active=offer.active,
        early_min=offer.early_min,
        late_min=offer.late_min,
    )


def gate_out(gate: Gate) -> shapes.GateOut:
    """One gate."""
    return shapes.GateOut(slug=gate.slug, name=both(gate.name))


def station_out(station: Station, house: House) -> gate_shapes.StationOut:
    """One station, without its keys."""
    return gate_shapes.StationOut(
        id=station.id,
        name=station.name,
        gate=station.gate,
        state=station.state(house.clock.now()),
        paired_at=station.paired_at,
        last_seen_at=station.last_seen_at,
        revoked_at=station.revoked_at,
        version=station.version,
        unsent=station.unsent,
        clock_diff_ms=station.clock_diff_ms,
        knows_newest_keys=station.ring == house.signer.ring().fingerprint(),
    )


def order_of(given: shapes.TicketIn) -> TicketOrder:
    """The order that was sent."""
    return TicketOrder(
        offer=given.offer,
        holder=given.holder,
        on=given.on,
        slot=given.slot,
        party=given.party,
        visitor=VisitorId(bytes.fromhex(given.visitor)) if given.visitor else None,
        reference=given.reference,
        paid=given.paid,
    )


def ticket_out(case: TicketCase, house: House) -> shapes.TicketWithPast:
    """One ticket with its moves and scans."""
    base = listed_one(case, case.barcode, house)
    return shapes.TicketWithPast(
        **base.model_dump(),
        moves=[_move_out(move) for move in case.moves],
        scans=[
            shapes.TicketScanOut(
                scan_id=scan.scan_id.hex(),
                at=scan.scanned_at,
                gate=scan.gate,
                verdict=scan.decision.verdict,
                reason=scan.decision.reason,
            )
            for scan in case.scans
        ],
    )


def listed_out(listed: Iterable[ListedTicket], house: House) -> list[shapes.TicketOut]:
    """Tickets in a list."""
    return [listed_one(one, house.signer.barcode(claims(one.ticket)).text, house) for one in listed]


def listed_one(listed: ListedTicket, barcode: str, house: House) -> shapes.TicketOut:
    """One ticket without its past; `barcode` is its text."""
    ticket, offer, zone = listed.ticket, listed.offer, house.museum.zone
    return shapes.TicketOut(
        id=ticket.id.hex(),
        issue=ticket.issue,
        barcode=barcode,
        short_code=shown_code(ticket.short_code),
        offer=offer.slug,
        holder=ticket.holder,
        party=ticket.party,
        entries=ticket.entries,
        valid_from=ticket.valid_from.astimezone(zone),
        valid_until=ticket.valid_until.astimezone(zone),
        state=state_of(house, listed).value,
        slot=ticket.slot,
        reference=ticket.reference,
        links=_links(ticket, house),
    )


def _links(ticket: Ticket, house: House) -> shapes.TicketLinks:
    base = house.museum.base_url
    own = f"{base}/api/v1/tickets/{ticket.id.hex()}"
    return shapes.TicketLinks(
        barcode_png=f"{own}/barcode.png",
        card_png=f"{own}/card.png",
        page=f"{base}/t/{house.links.make(LinkKind.TICKET, ticket.id)}",
    )


def _move_out(move: Move) -> shapes.MoveOut:
    return shapes.MoveOut(
        scan_id=move.scan_id.hex(),
        kind=move.kind.value,
        people=move.people,
        at=move.at,
        gate=move.gate,
    )
