"""What the bot can tell, and the menu (domain: pure)."""

from datetime import date, timedelta

from ticketing.domain.conversation import ids
from ticketing.domain.conversation.model import Ask, Choice, Facts, Line, Say, line
from ticketing.domain.money import money
from ticketing.domain.offers import Offer, Validity
from ticketing.domain.opening import last_admission, opening_on
from ticketing.domain.visitors import Lang

DAYS_AHEAD = 6


def greeting(facts: Facts) -> tuple[Say, Say]:
    """Who speaks, then the privacy notice: told before anything is asked."""
    hello = Say((line("greeting"),))
    notice = (
        line("notice.title"),
        line("notice.who", museum=facts.museum),
        line("notice.what"),
        line(
            "notice.how_long",
            messages=str(facts.kept.messages_days),
            tickets=str(facts.kept.tickets_days),
        ),
        line("notice.where"),
        line("notice.free"),
        line("notice.link", link=facts.privacy),
    )
    return hello, Say(notice)


def menu(facts: Facts, *lead: Line) -> Ask:
    """The menu below a line."""
    other = Lang.DE if facts.lang is Lang.EN else Lang.EN
    choices = (
        Choice(ids.TICKET, line("menu.ticket")),
        Choice(ids.MINE, line("menu.mine")),
        Choice(ids.HOURS, line("menu.hours")),
        Choice(ids.CONSENTS, line("menu.consents")),
        Choice(ids.lang(other), line(f"menu.lang.{other.value}")),
    )
    return Ask(lead or (line("menu.what"),), choices)


def hours(facts: Facts) -> Say:
    """Today in a sentence, the next days as a list, and where the house is."""
    days = (facts.today + timedelta(days=ahead) for ahead in range(1, DAYS_AHEAD + 1))
    where = (line("hours.where", address=facts.address),) if facts.address else ()
    return Say((_today(facts), *(_one_day(facts, day) for day in days), *where))


def prices(facts: Facts) -> Say:
    """One line for each offer on sale."""
    offers = sellable(facts)
    return Say(tuple(price(offer, facts) for offer in offers) or (line("prices.none"),))


def price(offer: Offer, facts: Facts) -> Line:
    """`Tageskarte · 9,00 €`, also a button's label."""
    amount = money(offer.price_cents, offer.currency, facts.lang)
    return line("offer.label", name=offer.name.in_(facts.lang), price=amount)


def sellable(facts: Facts) -> tuple[Offer, ...]:
    """Offers the chat can issue: active, free or paid at the desk, not over.

    A year starts today, so it is on sale only once its offer has begun. The chat has no
    question for a time yet, so an offer with slots is sold elsewhere.
    """
    return tuple(offer for offer in facts.offers if _is_sellable(offer, facts.today))


def long_day(day: date) -> Line:
    """`Sonntag, 4. Oktober`."""
    return _day("day.long", day, "weekday")


def short_day(day: date) -> Line:
    """`So 4. Oktober`."""
    return _day("day.short", day, "weekday.short")


def full_day(day: date) -> Line:
    """`Sonntag, 4. Oktober 2026`."""
    return _day("day.full", day, "weekday")


def _is_sellable(offer: Offer, today: date) -> bool:
    if not offer.active or offer.validity is Validity.SLOT:
        return False
    if offer.price_cents > 0 and not offer.pay_at_desk:
        return False
    if offer.valid_until is not None and offer.valid_until < today:
        return False
    is_early = offer.valid_from is not None and offer.valid_from > today
    return not (is_early and offer.validity is Validity.YEAR)


def _day(key: str, day: date, weekday: str) -> Line:
    return line(
        key,
        weekday=line(f"{weekday}.{day.weekday()}"),
        day=str(day.day),
        month=line(f"month.{day.month}"),
        year=str(day.year),
    )


def _today(facts: Facts) -> Line:
    day = long_day(facts.today)
    hours_today = opening_on(facts.calendar, facts.today)
    if hours_today is None:
        return line("hours.today_closed", day=day)
    if facts.local.time() >= hours_today.closes:
        return line("hours.today_over", day=day)
    last = last_admission(facts.calendar, facts.today) or hours_today.closes
    return line(
        "hours.today",
        day=day,
        opens=f"{hours_today.opens:%H:%M}",
        closes=f"{hours_today.closes:%H:%M}",
        last=f"{last:%H:%M}",
    )


def _one_day(facts: Facts, day: date) -> Line:
    hours_then = opening_on(facts.calendar, day)
    if hours_then is None:
        return line("hours.line_closed", day=short_day(day))
    return line(
        "hours.line",
        day=short_day(day),
        opens=f"{hours_then.opens:%H:%M}",
        closes=f"{hours_then.closes:%H:%M}",
    )
