"""Says what the service knows in the words of a language: times, money, states."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from ticketing.domain import money as amounts
from ticketing.domain.museum import local_day
from ticketing.domain.offers import Offer, Validity
from ticketing.domain.opening import Hours
from ticketing.domain.tickets import ShownState
from ticketing.web.pages import teller
from ticketing.web.parts import the_parts, the_room
from ticketing.web.words import Lang
from ticketing.wire.facts import Evidence
from ticketing.wire.texts import local_date, local_time, render
from ticketing.wire.verdict import Reason

NO_BREAK: Final = "\N{NO-BREAK SPACE}"
TICKET_SHAPES: Final = {
    ShownState.VALID: "",
    ShownState.UNPAID: "status--off",
    ShownState.BLOCKED: "status--bad",
    ShownState.REVOKED: "status--bad",
}
"""The class of a state's sign; states that are over have `status--idle`."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Times are said in the museum's zone; now is the house's clock."""

    lang: Lang

    def say(self, key: str, /, **values: str | int) -> str:
        """A text of the pages."""
        return teller(self.lang)(key, **values)

    def knows(self, key: str) -> bool:
        """Whether there is a text of that key."""
        return key in the_room().words.texts[self.lang]

    def now(self) -> datetime:
        """The present time, aware."""
        return the_parts().house.clock.now()

    def local(self, at: datetime) -> date:
        """The date of an aware time."""
        return local_day(at, the_parts().house.museum.zone)

    def today(self) -> date:
        """The present date."""
        return self.local(self.now())

    def day(self, at: datetime | date) -> str:
        """A date: "So 4. Okt. 2026"."""
        return local_date(at, the_parts().house.museum.zone, self.lang)

    def weekday(self, at: datetime) -> str:
        """The name of a day of the week: "Sonntag"."""
        local = at.astimezone(the_parts().house.museum.zone)
        return self.say(f"weekday_{local.weekday()}")

    def short_day(self, day: date) -> str:
        """Day and month alone: "4.10." or "4 Oct", which cannot be two days."""
        if self.lang == "de":
            return f"{day.day}.{day.month}."
        _, number, month, _ = local_date(day, None, self.lang).split()
        return f"{number} {month}"

    def time(self, at: datetime) -> str:
        """A time: "14:42"."""
        return local_time(at, the_parts().house.museum.zone)

    def moment(self, at: datetime) -> str:
        """The time, with the date unless it is today."""
        is_today = self.day(at) == self.day(self.now())
        return self.time(at) if is_today else f"{self.day(at)}, {self.time(at)}"

    def money(self, cents: int, currency: str = "EUR") -> str:
        """A price: "3,50 €", "€3.50", "frei"."""
        return amounts.money(cents, currency, self.lang)

    def amount(self, cents: int, currency: str = "EUR") -> str:
        """Money that was counted: of nothing "0,00 €"."""
        return amounts.amount(cents, currency, self.lang)

    def price(self, offer: Offer) -> str:
        """What a ticket costs; where it may be for several persons: "21,00 € je Ticket"."""
        price = self.money(offer.price_cents, offer.currency)
        is_for_several = offer.price_cents and offer.party_max > 1
        return self.say("price_per_ticket", price=price) if is_for_several else price

    def number(self, n: int) -> str:
        """With its thousands set apart: "1.840" or "1,840"."""
        return f"{n:,}".replace(",", "." if self.lang == "de" else ",")

    def percent(self, part: int, of: int) -> str:
        """A whole share: "92 %" or "92%"; of nothing it is 0."""
        share = round(100 * part / of) if of else 0
        return f"{share}{NO_BREAK}%" if self.lang == "de" else f"{share}%"

    def reason(self, reason: Reason) -> str:
        """Why a scan was decided so, in a few words that tell nothing of the ticket."""
        zone = the_parts().house.museum.zone
        return render(reason, self.lang, Evidence(), zone, self.now()).title

    def hours(self, hours: Hours | None) -> str:
        """Whether the house is open now, and until or from when."""
        if hours is None:
            return self.say("staff_shut")
        local = self.now().astimezone(the_parts().house.museum.zone).time()
        if local < hours.opens:
            return self.say("staff_opens", opens=f"{hours.opens:%H:%M}")
        if local < hours.closes:
            return self.say("staff_open", closes=f"{hours.closes:%H:%M}")
        return self.say("staff_shut")

    def validity(self, offer: Offer) -> str:
        """For how long a ticket of an offer is good."""
        if offer.validity is not Validity.RANGE or not (offer.valid_from and offer.valid_until):
            return self.say(f"validity_{offer.validity.value}")
        first, last = (
            local_date(day, None, self.lang) for day in (offer.valid_from, offer.valid_until)
        )
        return self.say("validity_range", first=first, last=last)
