"""/offers and /gates: what there are tickets for, and the doors."""

from apiflask import APIBlueprint

from ticketing.domain.accounts import Scope
from ticketing.domain.offers import Offer
from ticketing.service import gates, offers
from ticketing.service.offers import KEEP
from ticketing.service.pages import by_age, cut
from ticketing.web.access import needs
from ticketing.web.api import shapes, views
from ticketing.web.api.replay import replayable
from ticketing.web.parts import the_parts
from ticketing.wire.texts import Localised

bp = APIBlueprint("offers", __name__, url_prefix="/api/v1", tag="Offers")


@bp.get("/offers")
@needs(Scope.OFFERS_READ)
@bp.input(shapes.ShortListQuery, location="query")
@bp.output(shapes.Offers)
def list_offers(query_data: shapes.ShortListQuery) -> shapes.Offers:
    """Every offer, active or not."""
    with the_parts().store.unit() as unit:
        listed = offers.list_offers(unit)
    found = cut(
        listed,
        lambda offer: f"{offer.number:08x}",
        cursor=query_data.cursor,
        limit=query_data.limit,
    )
    items = [views.offer_out(offer) for offer in found.items]
    return shapes.Offers(items=items, next_cursor=found.next_cursor)


@bp.post("/offers")
@needs(Scope.OFFERS_WRITE)
@replayable
@bp.input(shapes.OfferIn)
@bp.output(shapes.OfferOut, status_code=201)
@bp.doc(responses=[409])
def create_offer(json_data: shapes.OfferIn) -> shapes.OfferOut:
    """Make an offer."""
    parts = the_parts()
    with parts.store.unit() as unit:
        return views.offer_out(offers.create_offer(unit, parts.house, offer=_offer(json_data)))


@bp.patch("/offers/<slug>")
@needs(Scope.OFFERS_WRITE)
@replayable
@bp.input(shapes.OfferPatch)
@bp.output(shapes.OfferOut)
def change_offer(slug: str, json_data: shapes.OfferPatch) -> shapes.OfferOut:
    """Change what no issued barcode carries."""
    parts = the_parts()
    name, told = json_data.name, json_data.model_fields_set
    change = offers.OfferChange(
        name=None if name is None else Localised(name.de, name.en),
        price_cents=json_data.price_cents,
        pay_at_desk=json_data.pay_at_desk,
        party_max=json_data.party_max,
        active=json_data.active,
        early_min=json_data.early_min,
        late_min=json_data.late_min,
        reentry=json_data.reentry,
        calendar=json_data.calendar,
        per_day=json_data.per_day if "per_day" in told else KEEP,
        gates=json_data.gates if "gates" in told else KEEP,
    )
    with parts.store.unit() as unit:
        changed = offers.change_offer(unit, parts.house, slug=slug, change=change)
    return views.offer_out(changed)


@bp.get("/gates")
@needs(Scope.OFFERS_READ)
@bp.input(shapes.ShortListQuery, location="query")
@bp.output(shapes.Gates)
def list_gates(query_data: shapes.ShortListQuery) -> shapes.Gates:
    """Every gate."""
    with the_parts().store.unit() as unit:
        listed = gates.list_gates(unit)
    found = cut(
        listed,
        lambda gate: by_age(gate.created_at, gate.slug),
        cursor=query_data.cursor,
        limit=query_data.limit,
    )
    items = [views.gate_out(gate) for gate in found.items]
    return shapes.Gates(items=items, next_cursor=found.next_cursor)


@bp.post("/gates")
@needs(Scope.OFFERS_WRITE)
@replayable
@bp.input(shapes.GateIn)
@bp.output(shapes.GateOut, status_code=201)
@bp.doc(responses=[409])
def add_gate(json_data: shapes.GateIn) -> shapes.GateOut:
    """Make a gate."""
    parts = the_parts()
    name = Localised(json_data.name.de, json_data.name.en)
    with parts.store.unit() as unit:
        return views.gate_out(gates.add_gate(unit, parts.house, slug=json_data.slug, name=name))


def _offer(given: shapes.OfferIn) -> Offer:
    """The offer that was sent; number 0 asks for the next free one."""
    fields = {name: getattr(given, name) for name in shapes.OfferIn.model_fields}
    localised = Localised(given.name.de, given.name.en)
    return Offer(**fields | {"name": localised, "number": given.number or 0})
