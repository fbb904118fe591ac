"""/visitors: what is kept of a visitor, shown and erased."""

from datetime import datetime
from typing import Any

from apiflask import APIBlueprint

from ticketing.domain.accounts import Scope
from ticketing.domain.consent import Action, Purpose
from ticketing.domain.ids import VisitorId
from ticketing.domain.visitors import Lang, find_visitor_id
from ticketing.service import people
from ticketing.service.errors import NotFound
from ticketing.web.access import needs
from ticketing.web.api import shapes
from ticketing.web.api.replay import replayable
from ticketing.web.parts import the_parts

bp = APIBlueprint("visitors", __name__, url_prefix="/api/v1", tag="Visitors")


class IdentityOut(shapes.Out):
    """Where a visitor can be reached: kind of channel, the museum's account there."""

    id: str
    channel: str
    account: str
    created_at: datetime
    last_event_at: datetime


class VisitorOut(shapes.Out):
    """A visitor: no name is kept of one; `consents` has the purposes that were answered."""

    id: str
    lang: Lang
    created_at: datetime
    identities: list[IdentityOut]
    consents: dict[Purpose, Action]


class AddressOut(IdentityOut):
    """The same with the address itself, as hex of its bytes."""

    address: str


class SaidOut(shapes.Out):
    """One message."""

    conversation: str
    direction: str
    kind: str
    at: datetime
    content: dict[str, Any]


class VisitOut(shapes.Out):
    """One use of a ticket."""

    kind: str
    people: int
    at: datetime
    gate: str


class OwnTicketOut(shapes.Out):
    """One ticket of the visitor."""

    id: str
    offer: str
    holder: str
    party: int
    valid_from: datetime
    valid_until: datetime
    state: str
    reference: str | None
    moves: list[VisitOut]


class OwnCodeOut(shapes.Out):
    """One discount code that is bound to the visitor."""

    code: str
    batch: str
    uses: int
    sent_at: datetime | None
    delivered_at: datetime | None


class OwnRedemptionOut(shapes.Out):
    """One use of a discount code by the visitor."""

    code: str
    batch: str
    at: datetime
    gate: str | None
    amount_cents: int | None
    off_cents: int
    released_at: datetime | None


class OwnMailOut(shapes.Out):
    """A ticket that went out by e-mail; the address is kept only until it is sent."""

    ticket: str
    lang: str
    state: str
    created_at: datetime
    settled_at: datetime | None


class ExportOut(VisitorOut):
    """All that is kept of a visitor; `declarations` as the ledger keeps them."""

    addresses: list[AddressOut]
    messages: list[SaidOut]
    declarations: list[dict[str, Any]]
    tickets: list[OwnTicketOut]
    codes: list[OwnCodeOut]
    redemptions: list[OwnRedemptionOut]
    mails: list[OwnMailOut]


class ErasedOut(shapes.Out):
    """How many rows are gone; tickets, codes, redemptions and declarations have lost the person."""

    id: str
    messages: int
    tickets: int
    codes: int
    redemptions: int
    declarations: int
    identities: int


@bp.get("/visitors/<visitor>")
@needs(Scope.VISITORS_READ)
@bp.output(VisitorOut)
def get_visitor(visitor: str) -> VisitorOut:
    """A visitor, without a word that was said."""
    with the_parts().store.unit() as unit:
        profile = people.get_visitor(unit, visitor=_id(visitor))
    return VisitorOut(**people.profile_json(profile))


@bp.post("/visitors/<visitor>/export")
@needs(Scope.VISITORS_READ)
@bp.output(ExportOut)
def export(visitor: str) -> ExportOut:
    """All that is kept of a visitor, for the visitor to have."""
    parts = the_parts()
    with parts.store.unit() as unit:
        record = people.export(unit, parts.house, visitor=_id(visitor))
    return ExportOut(**people.record_json(parts.house, record))


@bp.post("/visitors/<visitor>/erase")
@needs(Scope.VISITORS_WRITE)
@replayable
@bp.output(ErasedOut)
def erase(visitor: str) -> ErasedOut:
    """Erase a visitor for good; tickets and codes stay good, of nobody."""
    parts = the_parts()
    gone = people.erase(parts.store, parts.house, visitor=_id(visitor))
    return ErasedOut(
        id=visitor,
        messages=gone.messages,
        tickets=gone.tickets,
        codes=gone.codes,
        redemptions=gone.redemptions,
        declarations=gone.declarations,
        identities=gone.identities,
    )


def _id(text: str) -> VisitorId:
    """The id of an address; any other text names no visitor."""
    found = find_visitor_id(text)
    if found is None:
        raise NotFound("visitor")
    return found
