"""Today's opening hours in words, for the chat and the staff page."""

from dataclasses import dataclass

from ticketing.domain.museum import local_day
from ticketing.domain.opening import last_admission, opening_on
from ticketing.web.pages import teller
from ticketing.web.parts import the_parts
from ticketing.web.words import Lang
from ticketing.wire.texts import local_date


@dataclass(frozen=True, slots=True)
class Today:
    """The date, the hours, and the last admission ("" when closed)."""

    date: str
    hours: str
    last: str


def today_of(lang: Lang) -> Today:
    """Today in the museum's zone."""
    house = the_parts().house
    say = teller(lang)
    day = local_day(house.clock.now(), house.museum.zone)
    date = local_date(day, None, lang)
    hours = opening_on(house.museum.hours, day)
    last = last_admission(house.museum.hours, day)
    if hours is None or last is None:
        return Today(date, say("closed"), "")
    opens, closes = f"{hours.opens:%H:%M}", f"{hours.closes:%H:%M}"
    until = say("last_admission", at=f"{last:%H:%M}") if last != hours.closes else ""
    return Today(date, say("hours", opens=opens, closes=closes), until)
