"""Offers: what there are tickets for, what it costs, whom it lets in."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from apiflask import APIBlueprint
from flask import Response, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from ticketing.domain.accounts import Right
from ticketing.domain.merging import Facts, taken
from ticketing.domain.offers import BYTE_LIMIT, Live, Offer, Validity, edition
from ticketing.service import gates, offers
from ticketing.service.errors import Conflict, Invalid
from ticketing.service.offers import OfferChange
from ticketing.web.access import staff_may
from ticketing.web.parts import the_parts
from ticketing.web.staff import frame, merging, rows
from ticketing.web.staff.forms import Form, blank, the_form, typed_money
from ticketing.web.staff.frame import Place
from ticketing.web.staff.listing import Listing
from ticketing.web.staff.merging import Words, labels
from ticketing.web.staff.speaker import Speaker
from ticketing.web.words import Lang
from ticketing.wire.texts import Localised

bp = APIBlueprint("staff_offers", __name__, url_prefix=f"{frame.HOME}/offers", enable_openapi=False)
HERE: Final = f"{frame.HOME}/offers"
NAME_LIMIT: Final = 100
_FIELDS: Final = {
    "name.de": "name_de",
    "name.en": "name_en",
    "price_cents": "price",
    "entries": "entries",
}
_TOLERANCE_MIN: Final = 12 * 60
_BOXES: Final = ("pay_at_desk", "reentry", "calendar", "active")

_IS_ACTIVE: Final = {"active": True, "inactive": False}
_Key = Callable[[Offer], tuple[Any, ...]]
_SORTS: Final[dict[str, Callable[[Lang], _Key]]] = {
    "usual": lambda _: lambda one: (not one.active, one.number),
    "name": lambda lang: lambda one: (one.name.in_(lang).casefold(), one.number),
    "price": lambda _: lambda one: (one.price_cents, one.number),
}


@bp.get("")
@staff_may(Right.HOUSE_SEE)
def listed() -> Response:
    """Every offer, those that are sold first; years of exhibitions are filtered and sorted."""
    speaker = frame.the_speaker()
    state = the_state(request.args)
    listing = Listing.asked(speaker, _SORTS, {"state": state})
    shown = the_offers(request.args, speaker)
    return frame.show(
        "staff/offers.html",
        place=Place.OFFERS,
        offers=[rows.offer(one, speaker) for one in shown],
        is_any=bool(shown) or bool(_every_offer()),
        states=("", *_IS_ACTIVE),
        state=state,
        listing=listing,
        may_change=frame.may(Right.OFFERS_CHANGE),
    )


def the_state(given: Mapping[str, str]) -> str:
    """The filter of an address or form; what is none filters nothing."""
    asked = given.get("state", "")
    return asked if asked in _IS_ACTIVE else ""


def the_offers(given: Mapping[str, str], speaker: Speaker) -> list[Offer]:
    """The offers of a filter, sorted as it says."""
    state, key = the_state(given), _SORTS.get(given.get("sort", ""), _SORTS["usual"])
    wanted = (one for one in _every_offer() if _IS_ACTIVE.get(state, one.active) is one.active)
    return sorted(wanted, key=key(speaker.lang), reverse=given.get("down") == "yes")


def _every_offer() -> tuple[Offer, ...]:
    with the_parts().store.unit() as unit:
        return offers.list_offers(unit)


@bp.get("/new")
@staff_may(Right.OFFERS_CHANGE)
def new() -> Response:
    """The form of an offer that is not there yet."""
    speaker = frame.the_speaker()
    first = {"entries": "1", "party_max": "1", "early_min": "15", "late_min": "15", "active": "yes"}
    return _form_page("staff/offer_new.html", blank(speaker, validity="day", live="off", **first))


@bp.post("/new")
@staff_may(Right.OFFERS_CHANGE)
def create() -> AnyResponse:
    """Make an offer."""
    frame.checked_form()
    parts, form = the_parts(), the_form(frame.the_speaker())
    wanted = _new_offer(form)
    if wanted is not None:
        try:
            with parts.store.unit() as unit:
                offers.create_offer(unit, parts.house, offer=wanted)
            return frame.done(f"{HERE}/{wanted.slug}", "offer_made")
        except Invalid as refusal:
            form.take(refusal, _FIELDS)
        except Conflict:
            form.problem("slug", "refused_taken")
    return _form_page("staff/offer_new.html", form, status=422)


@bp.get("/<slug>")
@staff_may(Right.HOUSE_SEE)
def one(slug: str) -> Response:
    """One offer: what it promises, and the form to change it."""
    with the_parts().store.unit() as unit:
        offer = offers.get_offer(unit, slug=slug)
    return _offer_page(offer, _filled(_facts(offer), frame.the_speaker()))


@bp.post("/<slug>")
@staff_may(Right.OFFERS_CHANGE)
def change(slug: str) -> AnyResponse:
    """Change what no issued barcode carries; whoever comes second sees what the first did."""
    frame.checked_form()
    parts, speaker = the_parts(), frame.the_speaker()
    form = the_form(speaker)
    with parts.store.unit() as unit:
        present = offers.get_offer(unit, slug=slug)
    theirs = merging.left_to_others(form, _facts(present), _WORDS)
    wanted = _change(form)
    if form.problems:
        return _offer_page(present, form, status=422)
    mine = taken(_facts(offers.changed(present, wanted)), _facts(present), theirs)
    if theirs:
        wanted = _change(_filled(mine, speaker))
    try:
        with parts.store.unit() as unit:
            offers.change_offer(
                unit,
                parts.house,
                slug=slug,
                change=wanted,
                expected=form.value("edition") or None,
            )
    except Invalid as refusal:
        form.take(refusal, _FIELDS)
        return _offer_page(present, form, status=422)
    except Conflict:
        with parts.store.unit() as unit:
            present = offers.get_offer(unit, slug=slug)
        met = merging.meeting(form, mine, _facts(present), _WORDS)
        again = met.form(_filled(met.facts, speaker))
        return _offer_page(present, again, status=409, others=met.others)
    return frame.done(f"{HERE}/{slug}", "offer_changed")


# ------------------------------------------------------------ forms
def _new_offer(form: Form) -> Offer | None:
    """What the form says; None if something in it cannot be read."""
    slug = form.text("slug", most=NAME_LIMIT)
    price = form.cents("price")
    entries = form.whole("entries", least=0, most=BYTE_LIMIT)
    validity, live = form.choice("validity", Validity), form.choice("live", Live)
    first = form.day("valid_from", is_needed=validity is Validity.RANGE)
    last = form.day("valid_until", is_needed=validity is Validity.RANGE)
    change = _change(form)
    if form.problems or validity is None or live is None or change.name is None:
        return None
    return Offer(
        slug=slug,
        number=0,
        name=change.name,
        price_cents=price or 0,
        pay_at_desk=form.is_checked("pay_at_desk"),
        entries=entries or 0,
        per_day=None if isinstance(change.per_day, offers.Keep) else change.per_day,
        party_max=change.party_max or 1,
        validity=validity,
        valid_from=first,
        valid_until=last,
        reentry=form.is_checked("reentry"),
        gates=None if isinstance(change.gates, offers.Keep) else change.gates,
        calendar=form.is_checked("calendar"),
        proof=form.is_checked("proof"),
        identity=form.is_checked("identity"),
        offline=not form.is_checked("online_only"),
        live=live,
        active=form.is_checked("active"),
        early_min=_or_default(change.early_min),
        late_min=_or_default(change.late_min),
    )


def _or_default(minutes: int | None) -> int:
    return 15 if minutes is None else minutes


def _change(form: Form) -> OfferChange:
    german = form.text("name_de", most=NAME_LIMIT)
    english = form.text("name_en", most=NAME_LIMIT, is_needed=False)
    gates_in = form.chosen("gates")
    return OfferChange(
        name=Localised(german, english or german),
        price_cents=form.cents("price"),
        pay_at_desk=form.is_checked("pay_at_desk"),
        party_max=form.whole("party_max", least=1, most=BYTE_LIMIT),
        active=form.is_checked("active"),
        early_min=form.whole("early_min", least=0, most=_TOLERANCE_MIN, is_needed=False),
        late_min=form.whole("late_min", least=0, most=_TOLERANCE_MIN, is_needed=False),
        reentry=form.is_checked("reentry"),
        calendar=form.is_checked("calendar"),
        per_day=form.whole("per_day", least=1, most=BYTE_LIMIT, is_needed=False),
        gates=gates_in or None,
    )


def _filled(facts: Facts, speaker: Speaker) -> Form:
    """The form with what an offer is."""
    plain = {name: facts[name] for name in facts if name != "gates" and name not in _BOXES}
    sent: MultiDict[str, str] = MultiDict(plain)
    for name in _BOXES:
        if facts[name]:
            sent[name] = "yes"
    sent.setlist("gates", facts["gates"])
    return Form(sent, speaker)


def _facts(offer: Offer) -> dict[str, Any]:
    """What can be changed, as the form has it."""
    return {
        "name_de": offer.name.de,
        "name_en": offer.name.en,
        "price": typed_money(offer.price_cents),
        "party_max": str(offer.party_max),
        "per_day": "" if offer.per_day is None else str(offer.per_day),
        **{name: getattr(offer, name) for name in _BOXES},
        "gates": list(offer.gates or ()),
        "early_min": str(offer.early_min),
        "late_min": str(offer.late_min),
    }


def _plain(name: str, value: str, speaker: Speaker) -> str:
    if name == "gates" and not value:
        return speaker.say("value_every_gate")
    known = {"True": "yes", "False": "no", "": "none"}.get(value)
    return speaker.say(f"value_{known}") if known else value


_WORDS: Final = Words(labels("offer_"), _plain)


# ------------------------------------------------------------ pages
def _form_page(template: str, form: Form, *, status: int = 200) -> Response:
    return frame.show(template, place=Place.OFFERS, status=status, form=form, **_choices())


def _choices() -> dict[str, Any]:
    speaker = frame.the_speaker()
    with the_parts().store.unit() as unit:
        doors = [(gate.slug, gate.name.in_(speaker.lang)) for gate in gates.list_gates(unit)]
    return {
        "doors": doors,
        "validities": [(one.value, speaker.say(f"offer_validity_{one.value}")) for one in Validity],
        "lives": [(one.value, speaker.say(f"offer_live_{one.value}")) for one in Live],
    }


def _offer_page(
    offer: Offer, form: Form, *, status: int = 200, others: tuple[str, ...] | None = None
) -> Response:
    speaker = frame.the_speaker()
    return frame.show(
        "staff/offer.html",
        place=Place.OFFERS,
        status=status,
        offer=offer,
        row=rows.offer(offer, speaker),
        form=form,
        edition=edition(offer),
        was=merging.written(_facts(offer)),
        is_met=others is not None,
        others=others or (),
        has_slots=offer.validity is Validity.SLOT,
        may_change=frame.may(Right.OFFERS_CHANGE),
        **_choices(),
    )
