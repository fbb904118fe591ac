"""/codes: one discount code looked at, redeemed, released. A code stands in bodies alone."""

from apiflask import APIBlueprint

from ticketing.domain.accounts import Scope
from ticketing.domain.ids import VisitorId
from ticketing.domain.offers import Offer
from ticketing.service import batch_codes, codes
from ticketing.service.code_guessing import Guesser
from ticketing.service.codes import Asked, Redeemed
from ticketing.web.access import needs
from ticketing.web.addresses import the_address
from ticketing.web.api import code_shapes as shapes
from ticketing.web.api.code_batches import effect_out
from ticketing.web.api.replay import replayable
from ticketing.web.api.views import both
from ticketing.web.parts import the_parts

bp = APIBlueprint("codes", __name__, url_prefix="/api/v1", tag="Discount codes")
_REFUSED = {409: "Not good: `type` ends in the reason", 429: "Too many wrong codes"}


@bp.post("/codes/check")
@needs(Scope.CODES_REDEEM)
@replayable
@bp.input(shapes.CheckIn)
@bp.output(shapes.CheckOut)
@bp.doc(responses=_REFUSED)
def check(json_data: shapes.CheckIn) -> shapes.CheckOut:
    """What a code takes off; nothing is reserved."""
    parts = the_parts()
    with parts.store.unit() as unit:
        found = codes.check_code(
            unit, parts.house, asked=_asked(json_data), guesser=_guesser(json_data)
        )
    discount, end = found.discount, found.batch.valid_until
    return shapes.CheckOut(
        batch=found.batch.id,
        name=found.batch.name,
        effect=effect_out(found.batch.effect),
        amount_cents=discount.amount_cents,
        discount_cents=discount.off_cents,
        to_pay_cents=_to_pay(discount.amount_cents, discount.off_cents),
        uses_left=found.uses_left,
        valid_until=None if end is None else end.astimezone(parts.house.museum.zone),
        offers=[_reduced(offer, cents) for offer, cents in found.offers],
    )


@bp.post("/codes/redeem")
@needs(Scope.CODES_REDEEM)
@replayable
@bp.input(shapes.RedeemIn)
@bp.output(shapes.RedemptionOut)
@bp.doc(responses=_REFUSED)
def redeem(json_data: shapes.RedeemIn) -> shapes.RedemptionOut:
    """Use a code once; the same redemption_id again gets the stored answer."""
    parts = the_parts()
    asked, guesser = _asked(json_data), _guesser(json_data)

    redeemed = parts.store.together(
        lambda unit: codes.redeem_code(
            unit,
            parts.house,
            asked=asked,
            redemption_id=json_data.redemption_id,
            guesser=guesser,
        )
    )
    return _redemption(redeemed)


@bp.post("/codes/release")
@needs(Scope.CODES_REDEEM)
@replayable
@bp.input(shapes.ReleaseIn)
@bp.output(shapes.RedemptionOut)
@bp.doc(responses=[404])
def release(json_data: shapes.ReleaseIn) -> shapes.RedemptionOut:
    """Give a use and its money back, once."""
    parts = the_parts()
    with parts.store.unit() as unit:
        return _redemption(
            codes.release_code(unit, parts.house, redemption_id=json_data.redemption_id)
        )


@bp.post("/codes/bind")
@needs(Scope.CODES_WRITE)
@replayable
@bp.input(shapes.BindIn)
@bp.output({}, status_code=204)
@bp.doc(responses=[404, 409])
def bind(json_data: shapes.BindIn) -> str:
    """Let only one visitor use a code, or whoever has it."""
    parts = the_parts()
    with parts.store.unit() as unit:
        batch_codes.bind_code(
            unit,
            parts.house,
            code=json_data.code,
            visitor=_visitor(json_data.visitor),
        )
    return ""


# ------------------------------------------------------------ shapes
def _asked(given: shapes.CheckIn) -> Asked:
    return Asked(
        code=given.code,
        offer=given.offer,
        amount_cents=given.amount_cents,
        visitor=_visitor(given.visitor),
    )


def _visitor(text: str | None) -> VisitorId | None:
    return None if text is None else VisitorId(bytes.fromhex(text))


def _guesser(given: shapes.CheckIn) -> Guesser:
    return Guesser(the_parts().house.actor.id, the_address(), given.client)


def _redemption(found: Redeemed) -> shapes.RedemptionOut:
    one = found.redemption
    return shapes.RedemptionOut(
        redemption_id=one.id,
        state=one.state,
        batch=found.batch.id,
        effect=effect_out(found.batch.effect),
        offer=found.offer,
        amount_cents=one.amount_cents,
        discount_cents=one.off_cents,
        to_pay_cents=_to_pay(one.amount_cents, one.off_cents),
        uses_left=found.uses_left,
        redeemed_at=one.at,
        released_at=one.released_at,
    )


def _to_pay(amount_cents: int | None, off_cents: int) -> int | None:
    return None if amount_cents is None else amount_cents - off_cents


def _reduced(offer: Offer, cents: int) -> shapes.ReducedOut:
    return shapes.ReducedOut(
        offer=offer.slug,
        offer_name=both(offer.name),
        price_cents=offer.price_cents,
        reduced_cents=cents,
        currency=offer.currency,
    )
