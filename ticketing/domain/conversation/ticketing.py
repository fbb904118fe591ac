"""Getting a ticket: offer, day, persons, name (domain: pure)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice

from ticketing.domain.commands import fold, typed_day, typed_number
from ticketing.domain.consent import Purpose
from ticketing.domain.conversation import answering, ids
from ticketing.domain.conversation.consenting import to_menu
from ticketing.domain.conversation.model import (
    TICKET_PLACES,
    Ask,
    Choice,
    Draft,
    Facts,
    Issue,
    Line,
    Place,
    ShowTicket,
    Step,
    Turn,
    line,
)
from ticketing.domain.offers import Offer, Validity
from ticketing.domain.opening import last_admission, opening_on
from ticketing.domain.tickets import BadHolder, clean_holder

DAY_BUTTONS = 3
PARTY_BUTTONS = 10
BOOKABLE_DAYS = 366


def begin(state: Step, facts: Facts, *lead: Line) -> Turn:
    """Show what there are tickets for."""
    if facts.issued_today >= facts.limit:
        return _over_limit(state, facts)
    if not answering.sellable(facts):
        return to_menu(state, facts, lead=(line("ticket.none"), line("menu.what")))
    return _at(state, None, Place.OFFER, ask_offer(facts, *lead))


def begin_with(state: Step, facts: Facts, slug: str) -> Turn:
    """An offer's button, whenever it was shown."""
    if facts.issued_today >= facts.limit:
        return _over_limit(state, facts)
    if _offer(facts, slug) is None:
        return offer_gone(state, facts)
    return ask_missing(state, facts, Draft(slug))


def ask_missing(state: Step, facts: Facts, draft: Draft, *lead: Line) -> Turn:
    """Ask for the first thing the draft does not say yet."""
    offer = _offer(facts, draft.offer)
    if offer is None:
        return offer_gone(state, facts)
    if offer.validity is Validity.DAY and draft.on is None:
        return _at(state, draft, Place.DAY, ask_day(offer, facts, *lead))
    if offer.party_max > 1 and draft.party == 0:
        return _at(state, draft, Place.PARTY, ask_party(offer, *lead))
    return _at(state, draft, Place.NAME, ask_name(*lead))


def repeat(state: Step, facts: Facts, *lead: Line) -> Turn:
    """Ask again what is asked right now; a draft that no longer holds starts over."""
    draft = state.draft
    if draft is None:
        return begin(state, facts, *lead)
    offer = _offer(facts, draft.offer)
    if offer and draft.on and (problem := day_problem(offer, draft.on, facts)):
        return ask_missing(state, facts, Draft(draft.offer), problem)
    return ask_missing(state, facts, draft, *lead)


def back(state: Step, facts: Facts) -> Turn:
    """One question back; from the first one to the menu."""
    draft = state.draft
    if state.place not in TICKET_PLACES or draft is None:
        return to_menu(state, facts)
    if state.place is Place.NAME and draft.party:
        return repeat(replace(state, draft=replace(draft, party=0)), facts)
    if state.place in {Place.NAME, Place.PARTY} and draft.on:
        return repeat(replace(state, draft=Draft(draft.offer)), facts)
    return begin(state, facts)


def hear(state: Step, facts: Facts, text: str) -> Turn | None:
    """A typed answer to the question for offer, day or persons; None if it is none."""
    if state.place is Place.OFFER:
        offer = _named(facts, text)
        return begin_with(state, facts, offer.slug) if offer else None
    if state.place is Place.DAY:
        day = typed_day(text, facts.today)
        return choose_day(state, facts, day) if day else None
    persons = typed_number(text)
    return None if persons is None else choose_party(state, facts, persons)


def choose_day(state: Step, facts: Facts, day: date) -> Turn:
    """The day of the visit."""
    draft = state.draft
    offer = _offer(facts, draft.offer) if draft else None
    if draft is None or offer is None:
        return offer_gone(state, facts)
    if problem := day_problem(offer, day, facts):
        return ask_missing(state, facts, Draft(draft.offer), problem)
    hint = () if day == facts.today else closed_on(day, facts)  # today's comes with the ticket
    return ask_missing(state, facts, replace(draft, on=day), *hint)


def closed_on(day: date, facts: Facts) -> tuple[Line, ...]:
    """Word that the house is closed that day, for offers the calendar does not bind."""
    if opening_on(facts.calendar, day):
        return ()
    return (line("day.closed_hint", day=answering.long_day(day)),)


def choose_party(state: Step, facts: Facts, persons: int) -> Turn:
    """How many persons the ticket is for."""
    draft = state.draft
    offer = _offer(facts, draft.offer) if draft else None
    if draft is None or offer is None:
        return offer_gone(state, facts)
    if not 1 <= persons <= offer.party_max:
        return repeat(state, facts, line("party.range", most=str(offer.party_max)))
    return ask_missing(state, facts, replace(draft, party=persons))


def choose_name(state: Step, facts: Facts, text: str) -> Turn:
    """The holder's name: the last question, then the ticket."""
    if "?" in text:  # no name has one; "habt ihr morgen offen?" must not become a holder
        return repeat(state, facts, line("name.question"))
    try:
        holder = clean_holder(text)
    except BadHolder as error:
        return repeat(state, facts, line(f"name.{error.problem}"))
    if facts.issued_today >= facts.limit:
        return _over_limit(state, facts)
    again = repeat(state, facts)  # offers may have changed since the first question
    draft = state.draft
    offer = _offer(facts, draft.offer) if draft else None
    if draft is None or offer is None or again.state.place is not Place.NAME:
        return again
    issue = Issue(offer, draft.on, draft.party or 1, holder)
    return to_menu(state, facts, issue, lead=(line("menu.more"),))


def mine(state: Step, facts: Facts) -> Turn:
    """The visitor's tickets that may still admit, sent once more."""
    if not facts.own:
        return to_menu(state, facts, lead=(line("mine.none"), line("menu.what")))
    shown = (ShowTicket(own.id) for own in facts.own)
    return to_menu(state, facts, *shown, lead=(line("menu.more"),))


def unclear(state: Step, facts: Facts) -> Turn:
    """An answer that does not fit the question."""
    return repeat(state, facts, line(f"{state.place.value}.unclear"))


def offer_gone(state: Step, facts: Facts) -> Turn:
    """The offer is not on sale any more: show what is."""
    return begin(state, facts, line("offer.gone"))


def ask_offer(facts: Facts, *lead: Line) -> Ask:
    """Which offer."""
    offers = answering.sellable(facts)
    choices = (Choice(ids.offer(o.slug), answering.price(o, facts)) for o in offers)
    return Ask((*lead, line("offer.which")), (*choices, _cancel()))


def ask_day(offer: Offer, facts: Facts, *lead: Line) -> Ask:
    """Which day; buttons for the next three that can be had."""
    words = ("day.today", "day.tomorrow", "day.after_tomorrow")
    choices = []
    for day in islice(_good_days(offer, facts), DAY_BUTTONS):
        ahead = (day - facts.today).days
        label = line(words[ahead]) if ahead < len(words) else answering.short_day(day)
        choices.append(Choice(ids.day(day), label))
    return Ask((*lead, line("day.which")), (*choices, _back(), _cancel()))


def ask_party(offer: Offer, *lead: Line) -> Ask:
    """How many persons."""
    most = min(offer.party_max, PARTY_BUTTONS)
    choices = (Choice(ids.party(n), line("party.label", n=str(n))) for n in range(1, most + 1))
    which = line("party.which", most=str(offer.party_max))
    return Ask((*lead, which), (*choices, _back(), _cancel()))


def ask_name(*lead: Line) -> Ask:
    """Whose ticket."""
    return Ask((*lead, line("name.which")), (_back(), _cancel()))


def day_problem(offer: Offer, day: date, facts: Facts) -> Line | None:
    """Why there is no ticket for that local day; None if there is one."""
    if day < facts.today:
        return line("day.past", day=answering.full_day(day))
    if (day - facts.today).days > BOOKABLE_DAYS:
        return line("day.far")
    if offer.valid_from and day < offer.valid_from:
        return line("day.before", day=answering.full_day(offer.valid_from))
    if offer.valid_until and day > offer.valid_until:
        return line("day.behind", day=answering.full_day(offer.valid_until))
    return _calendar_problem(day, facts) if offer.calendar else None


def _calendar_problem(day: date, facts: Facts) -> Line | None:
    last = last_admission(facts.calendar, day)
    if last is None:
        return line("day.closed", day=answering.long_day(day))
    if day == facts.today and facts.local.time() >= last:
        return line("day.late", last=f"{last:%H:%M}")
    return None


def _good_days(offer: Offer, facts: Facts) -> Iterator[date]:
    days = (facts.today + timedelta(days=ahead) for ahead in range(BOOKABLE_DAYS + 1))
    return (day for day in days if _is_good_day(offer, day, facts))


def _is_good_day(offer: Offer, day: date, facts: Facts) -> bool:
    """Whether to propose the day: today if there is a ticket, later days if also open."""
    if day_problem(offer, day, facts):
        return False
    return day == facts.today or opening_on(facts.calendar, day) is not None


def _offer(facts: Facts, slug: str) -> Offer | None:
    return next((o for o in answering.sellable(facts) if o.slug == slug), None)


def _named(facts: Facts, text: str) -> Offer | None:
    """The offer of that name or number in the list; the only one that begins so."""
    offers, wanted = answering.sellable(facts), fold(text)
    number = typed_number(text)
    if number is not None and 1 <= number <= len(offers):
        return offers[number - 1]
    names = [(fold(offer.name.in_(facts.lang)), offer) for offer in offers]
    exact = [offer for name, offer in names if name == wanted]
    near = [offer for name, offer in names if wanted and name.startswith(wanted)]
    if exact:
        return exact[0]
    return near[0] if len(near) == 1 else None


def _over_limit(state: Step, facts: Facts) -> Turn:
    lead = (line("ticket.limit", limit=str(facts.limit)), line("menu.what"))
    return to_menu(state, facts, lead=lead)


def _at(state: Step, draft: Draft | None, place: Place, ask: Ask) -> Turn:
    return Turn(replace(_quiet(state), place=place, draft=draft), (ask,))


def _quiet(state: Step) -> Step:
    # Who goes for a ticket passes an open consent question by.
    passed = state.asked if state.purpose is None else tuple(Purpose)
    return replace(state, asked=passed, purpose=None, missed=0, shown=None)


def _back() -> Choice:
    return Choice(ids.BACK, line("choice.back"))


def _cancel() -> Choice:
    return Choice(ids.CANCEL, line("choice.cancel"))
